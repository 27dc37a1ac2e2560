"""Transcriptions for tests: what is said of one, and Twilio's callbacks about it."""

import json
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, Final

from reports import START, WORKSPACE, at, leg_of, party
from twilio_forms import ACCOUNT_SID, Form, call_sid

from domain.identifiers import call_id
from domain.personal_data import Category, Clear
from domain.transcriptions.commands import AddSegment, Provenance, ReportTranscription
from domain.transcriptions.words import Channel, Kind, TranscriptionStatus

CALL: Final = call_id(WORKSPACE, "test", "line")
PROVENANCE: Final = Provenance(
    provider_id="GT1", account_id="AC1", kind=Kind.live, call_id=CALL, leg_id=leg_of("line")
)


def told(status: TranscriptionStatus, **said: Any) -> ReportTranscription:  # noqa: ANN401 - any field
    """The provider's word on the test's transcription."""
    return ReportTranscription(**{"provenance": PROVENANCE, **said}, status=status)


def heard(
    number: int,
    text: str = "Hello?",
    channel: Channel = Channel.first,
    **said: Any,  # noqa: ANN401 - any field
) -> AddSegment:
    """What a machine heard."""
    usual: dict[str, Any] = {"occurred_at": at(number), "confidence": Decimal("0.97")}
    return AddSegment(
        **{"provenance": PROVENANCE, **usual, **said},
        channel=channel,
        number=number,
        text=spoken(text),
    )


def spoken(text: str) -> Clear:
    """A text of somebody's."""
    return Clear({"text": text}, Category.transcription, about=(party(),))


def transcription_sid(number: int = 1) -> str:
    """Make the SID of a test's n-th transcription."""
    return f"GT{number:032x}"


def live_form(
    event: str, sequence: int, *, number: int = 1, call: int = 1, start: datetime = START
) -> Form:
    """Build a callback of a transcription that goes on, as Twilio posts it."""
    moment = start + timedelta(seconds=9 + sequence)
    return [
        ("TranscriptionSid", transcription_sid(number)),
        ("TranscriptionEvent", f"transcription-{event}"),
        ("CallSid", call_sid(call)),
        ("AccountSid", ACCOUNT_SID),
        ("Timestamp", moment.strftime("%Y-%m-%dT%H:%M:%S.%f") + "123Z"),
        ("SequenceId", str(sequence)),
    ]


def started_form(
    sequence: int = 1, *, number: int = 1, call: int = 1, start: datetime = START
) -> Form:
    """It begins: with labels and hints that name people."""
    hints = {"speechModel": "telephony", "hints": "Alice Johnson, Bob Martin"}
    return [
        *live_form("started", sequence, number=number, call=call, start=start),
        ("ProviderConfiguration", json.dumps(hints)),
        ("Name", "Chris Transcription"),
        ("TranscriptionEngine", "google"),
        ("LanguageCode", "en-US"),
        ("PartialResults", "true"),
        ("Track", "both_tracks"),
        ("InboundTrackLabel", "Alice Johnson"),
    ]


def content_form(
    sequence: int,
    text: str,
    *,
    track: str = "inbound_track",
    final: str = "true",
    number: int = 1,
    call: int = 1,
    start: datetime = START,
) -> Form:
    """Something was heard; the machine's own answer repeats it, word by word."""
    confidence = 0.9956335
    words = [{"word": word, "confidence": confidence} for word in text.split()]
    return [
        *live_form("content", sequence, number=number, call=call, start=start),
        ("LanguageCode", "en-US"),
        ("Track", track),
        ("Final", final),
        ("TranscriptionData", json.dumps({"transcript": text, "confidence": confidence})),
        ("TranscriptionProviderData", json.dumps({"Provider": "deepgram", "words": words})),
    ]


def message_form(text: str, *, status: str = "completed", number: int = 1, call: int = 1) -> Form:
    """Build the callback of a transcribed message."""
    return [
        ("TranscriptionSid", f"TR{number:032x}"),
        ("TranscriptionStatus", status),
        ("TranscriptionText", text),
        ("TranscriptionType", "fast"),
        ("RecordingSid", f"RE{number:032x}"),
        ("CallSid", call_sid(call)),
        ("CallStatus", "completed"),
        ("AccountSid", ACCOUNT_SID),
        ("From", "+447700900123"),
        ("To", "+12025550100"),
        ("url", "https://example.com/voicemail/store"),
    ]
