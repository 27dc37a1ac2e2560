"""Turns what Twilio says of a transcription into our own words, and cleans what may be kept of it.

What surprises: as with messages, a field that is not named here is lost, and is meant to be. The
labels and hints of a transcription name people, and what Twilio passes on of the machine's own
answer repeats every word apart, so that nobody would find a card number in it.
"""

import re
from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import Any, Final, NamedTuple
from uuid import UUID

import orjson

from adapters.twilio.callbacks import PROVIDER
from adapters.twilio.forms import Form, NotUnderstood
from adapters.twilio.moments import read_moment
from domain.identifiers import call_id, leg_id, recording_id, transcription_id
from domain.transcriptions.commands import Provenance
from domain.transcriptions.redaction import redacted
from domain.transcriptions.words import Channel, Kind, TranscriptionStatus

AVAILABLE: Final = "voice_intelligence_transcript_available"

_SID: Final = re.compile(r"[A-Za-z0-9_-]{2,64}")
_NUMBER: Final = re.compile(r"[0-9]{1,9}")
_LANGUAGE: Final = re.compile(r"[A-Za-z]{2,8}(?:-[A-Za-z0-9]{1,8}){0,3}")
_ENGINE: Final = re.compile(r"[A-Za-z0-9_.-]{1,40}")
_TEXTS: Final = frozenset({"TranscriptionText", "TranscriptionData"})
_KEPT: Final = frozenset(
    (
        *_TEXTS,
        *("AccountSid", "CallSid", "TranscriptionSid", "RecordingSid", "TranscriptionEvent"),
        *("TranscriptionStatus", "SequenceId", "Timestamp", "Track", "LanguageCode", "Final"),
        *("TranscriptionEngine", "TranscriptionErrorCode", "From", "To", "Caller", "Called"),
    )
)
_NAMING: Final = ("account_sid", "service_sid", "transcript_sid", "event_type")
_TRACKS: Final = {"inbound_track": Channel.first, "outbound_track": Channel.second}
"""Inbound is what Twilio hears of the leg that it listens on, outbound what that leg is told."""

_STATUSES: Final = {
    "transcription-started": TranscriptionStatus.started,
    "transcription-stopped": TranscriptionStatus.completed,
    "transcription-error": TranscriptionStatus.failed,
}
_MESSAGE_STATUSES: Final = {
    "completed": TranscriptionStatus.completed,
    "failed": TranscriptionStatus.failed,
}
_MESSAGE_ENGINE: Final = "twilio"
_MESSAGE_LANGUAGE: Final = "en-US"
"""The one language that Twilio transcribes messages in."""


class Heard(NamedTuple):
    """What a machine heard, as it came: with whatever was said in it."""

    channel: Channel
    number: int
    text: str
    occurred_at: datetime | None = None
    started_ms: int | None = None
    ended_ms: int | None = None
    confidence: Decimal | None = None
    language: str | None = None
    engine: str | None = None

    def __repr__(self) -> str:
        """Say which segment it is, never what was said."""
        return f"Heard({self.channel}, {self.number})"


class Report(NamedTuple):
    """How far a transcription is."""

    status: TranscriptionStatus
    occurred_at: datetime | None = None
    engine: str | None = None
    language: str | None = None
    error_code: int | None = None


class Said(NamedTuple):
    """What a callback says of a transcription."""

    transcription_id: UUID
    provenance: Provenance
    report: Report | None = None
    heard: Heard | None = None


def is_transcription(form: Form) -> bool:
    """Whether the form speaks of a transcription, wherever it was sent."""
    values = form.values  # Written out: every webhook is asked.
    return (
        "TranscriptionSid" in values
        or "TranscriptionText" in values
        or "TranscriptionData" in values
    )


def is_partial(form: Form) -> bool:
    """Whether it says what a machine may hear differently in a moment: nothing of that is kept."""
    fields = set(form.fields)
    return ("TranscriptionEvent", "transcription-content") in fields and (
        not fields.isdisjoint((("Final", "false"), ("Final", "False")))
    )


def cleaned(form: Form, *, with_text: bool) -> Form:
    """What may be kept of a callback that is not understood: any text of it without cards."""
    language = language_of(dict(form.fields).get("LanguageCode"))
    return Form(
        [
            (name, redacted(value, language).text if name in _TEXTS else value)
            for name, value in form.fields
            if name in _KEPT and (with_text or name not in _TEXTS)
        ]
    )


def cleaned_json(body: bytes) -> bytes:
    """The same of a body that is no form: what a service says that names the transcript alone."""
    said = _json(body)
    return orjson.dumps({name: said[name] for name in _NAMING if _sid_of(said, name) is not None})


def read_transcription(workspace_id: UUID, form: Form) -> Said:
    """Answer what a callback says of a transcription: of a message, or of a call that goes on.

    Raises:
        NotUnderstood: With a code, and nothing else, whatever the form holds.
    """
    if form.values.get("TranscriptionEvent", ""):
        return _read_live(workspace_id, form)
    return _read_message(workspace_id, form)


def read_available(workspace_id: UUID, body: bytes) -> tuple[Said, str | None]:
    """Answer which transcript a service has finished, and the account that it is of.

    Raises:
        NotUnderstood: As above.
    """
    said = _json(body)
    if said.get("event_type") != AVAILABLE:
        raise NotUnderstood("unknown_event")
    sid, account = said.get("transcript_sid"), _sid_of(said, "account_sid")
    if not isinstance(sid, str) or not _SID.fullmatch(sid):
        raise NotUnderstood("bad_transcript_sid" if sid else "no_transcript_sid")
    provenance = Provenance(provider_id=sid, account_id=account, kind=Kind.intelligence)
    report = Report(TranscriptionStatus.available)
    return Said(transcription_id(workspace_id, PROVIDER, sid), provenance, report), account


def confidence_of(value: object) -> Decimal | None:
    """A machine's confidence, if it is one; as it was written, without a float's noise."""
    try:
        found = Decimal(str(value))
    except InvalidOperation:
        return None
    return found if found.is_finite() and 0 <= found <= 1 else None


def language_of(text: object) -> str | None:
    """A language tag, if it is one."""
    return text if isinstance(text, str) and _LANGUAGE.fullmatch(text) else None


def _read_live(workspace_id: UUID, form: Form) -> Said:
    said = _said(workspace_id, form, Kind.live)
    word, at = form.values.get("TranscriptionEvent", ""), _moment(form)
    if word == "transcription-content":
        return said._replace(heard=_heard(form, at))
    status = _STATUSES.get(word)
    if status is None:
        raise NotUnderstood("unknown_event")
    is_start = status is TranscriptionStatus.started
    report = Report(
        status,
        at,
        _engine(form.values.get("TranscriptionEngine", "")) if is_start else None,
        _language(form) if is_start else None,
        _number(form, "TranscriptionErrorCode"),
    )
    return said._replace(report=report)


def _heard(form: Form, at: datetime | None) -> Heard:
    if form.values.get("Final", "").lower() != "true":
        raise NotUnderstood("bad_final")
    number = _number(form, "SequenceId")
    if number is None:
        raise NotUnderstood("no_sequence")
    told = _json(form.values.get("TranscriptionData", ""))
    text = told.get("transcript")
    if not isinstance(text, str):
        raise NotUnderstood("bad_transcription_data")
    return Heard(
        _TRACKS.get(form.values.get("Track", ""), Channel.both),
        number,
        text,
        occurred_at=at,
        confidence=confidence_of(told.get("confidence")),
        language=_language(form),
        engine=_machine(form),
    )


def _read_message(workspace_id: UUID, form: Form) -> Said:
    said = _said(workspace_id, form, Kind.message)
    word = form.values.get("TranscriptionStatus", "")
    status = _MESSAGE_STATUSES.get(word)
    if status is None:
        raise NotUnderstood("unknown_status" if word else "no_status")
    text, heard = form.values.get("TranscriptionText", ""), None
    if status is TranscriptionStatus.completed and text:
        heard = Heard(Channel.both, 0, text, language=_MESSAGE_LANGUAGE, engine=_MESSAGE_ENGINE)
    return said._replace(report=Report(status), heard=heard)


def _said(workspace_id: UUID, form: Form, kind: Kind) -> Said:
    sid, call = _sid(form, "TranscriptionSid"), _sid(form, "CallSid")
    if sid is None or call is None:
        raise NotUnderstood("no_call_sid" if sid else "no_transcription_sid")
    recording = _sid(form, "RecordingSid")
    provenance = Provenance(
        provider_id=sid,
        account_id=_sid(form, "AccountSid"),
        kind=kind,
        call_id=call_id(workspace_id, PROVIDER, call),
        leg_id=leg_id(workspace_id, PROVIDER, call),
        recording_id=recording_id(workspace_id, PROVIDER, recording) if recording else None,
    )
    return Said(transcription_id(workspace_id, PROVIDER, sid), provenance)


def _machine(form: Form) -> str | None:
    """Whose machine it was, where its own answer says so in sound JSON, which not all is."""
    return _engine(_json(form.values.get("TranscriptionProviderData", "")).get("Provider"))


def _json(text: str | bytes) -> Mapping[str, Any]:
    """The object that a text is in JSON; an empty one for a text that is none."""
    try:
        said = orjson.loads(text)
    except orjson.JSONDecodeError:
        return {}
    return said if isinstance(said, dict) else {}


def _engine(text: object) -> str | None:
    return text if isinstance(text, str) and _ENGINE.fullmatch(text) else None


def _language(form: Form) -> str | None:
    return language_of(form.values.get("LanguageCode", ""))


def _moment(form: Form) -> datetime | None:
    text = form.values.get("Timestamp", "")
    return read_moment(text) if text else None


def _number(form: Form, name: str) -> int | None:
    text = form.values.get(name, "")
    return int(text) if _NUMBER.fullmatch(text) else None


def _sid(form: Form, name: str) -> str | None:
    return _sid_of({name: form.values.get(name, "")}, name)


def _sid_of(said: Mapping[str, Any], name: str) -> str | None:
    text = said.get(name)
    return text if isinstance(text, str) and _SID.fullmatch(text) else None
