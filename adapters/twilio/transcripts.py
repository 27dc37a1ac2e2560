"""Turns what Conversational Intelligence made of a recording into our own words.

What surprises: a service's word that it has a transcript comes before the books show one, now and
then; its channels tell speakers apart only where the recording's did.
"""

import re
from collections.abc import Iterable
from decimal import Decimal, InvalidOperation
from typing import Final, NamedTuple

from adapters.twilio.client import Resource
from adapters.twilio.transcriptions import Heard, confidence_of, language_of
from domain.transcriptions.words import Channel

ENGINE: Final = "twilio_intelligence"

_RECORDING: Final = re.compile(r"RE[0-9a-fA-F]{32}")
_CALL: Final = re.compile(r"CA[0-9a-fA-F]{32}")
_OVER: Final = frozenset({"failed", "canceled", "error"})
_DAY: Final = 24 * 60 * 60
_CHANNELS: Final = {1: Channel.first, 2: Channel.second}


class Transcript(NamedTuple):
    """What the books say of a transcript."""

    is_complete: bool
    is_over: bool
    """Whether there will never be one."""

    is_encrypted: bool
    language: str | None
    recording_sid: str | None
    call_sid: str | None
    """The call, where the account gave it to the service as the customer's key."""


def read_transcript(said: Resource) -> Transcript:
    """What the books say of it; whatever they say is answered."""
    status = said.get("status")
    source = _mapping(_mapping(said.get("channel")).get("media_properties")).get("source_sid")
    return Transcript(
        is_complete=status == "completed",
        is_over=status in _OVER,
        is_encrypted=bool(said.get("encryption_credential_sid")),
        language=language_of(said.get("language_code")),
        recording_sid=_matching(_RECORDING, source),
        call_sid=_matching(_CALL, said.get("customer_key")),
    )


def read_sentences(
    sentences: Iterable[Resource], language: str | None, *, is_dual: bool
) -> list[Heard]:
    """What was heard, as it came; a sentence without a text or a number says nothing."""
    return [
        Heard(
            _CHANNELS.get(one.get("media_channel", 0), Channel.both) if is_dual else Channel.both,
            number,
            text,
            started_ms=_milliseconds(one.get("start_time")),
            ended_ms=_milliseconds(one.get("end_time")),
            confidence=confidence_of(one.get("confidence")),
            language=language,
            engine=ENGINE,
        )
        for one in sentences
        if isinstance(text := one.get("transcript"), str)
        and isinstance(number := one.get("sentence_index"), int)
    ]


def _milliseconds(seconds: object) -> int | None:
    try:
        found = Decimal(str(seconds))
    except InvalidOperation:
        return None
    return round(found * 1000) if found.is_finite() and 0 <= found < _DAY else None


def _matching(pattern: re.Pattern[str], text: object) -> str | None:
    return text if isinstance(text, str) and pattern.fullmatch(text) else None


def _mapping(value: object) -> Resource:
    return value if isinstance(value, dict) else {}
