"""Turns what Twilio says of a recording, in a callback or in its books, into our own words.

As with calls, nothing of a form is lost: what finds no place goes into `unknown_fields`, to be
sealed. What surprises: a callback names no party and bears no time of its own; its address of the
audio is taken for true only where it is one of Twilio's; conferences have no leg.
"""

import re
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Final, TypeVar
from urllib.parse import urlsplit
from uuid import UUID

import orjson

from adapters.twilio.callbacks import PROVIDER
from adapters.twilio.forms import Form, NotUnderstood
from adapters.twilio.moments import read_moment
from domain.identifiers import call_id, leg_id, recording_id
from domain.personal_data import Category, Clear
from domain.recordings.commands import ReportRecording
from domain.recordings.events import Encryption
from domain.recordings.words import Heard, RecordingStatus, Source

Word = TypeVar("Word")

_SID: Final = re.compile(r"[A-Za-z0-9-]{2,64}")
_NUMBER: Final = re.compile(r"[0-9]{1,9}")
_HOST: Final = re.compile(r"api(?:\.[a-z0-9-]{1,30}){0,2}\.twilio\.com")
_MEDIA: Final = re.compile(
    r"/2010-04-01/Accounts/(?P<account>AC[0-9a-f]{32})/Recordings/(?P<sid>RE[0-9a-f]{32})"
    r"(?:\.wav|\.mp3)?"
)
_STATUSES: Final = {
    "in-progress": RecordingStatus.started,
    "paused": RecordingStatus.started,
    "stopped": RecordingStatus.started,
    "processing": RecordingStatus.started,
    "completed": RecordingStatus.completed,
    "absent": RecordingStatus.absent,
    "failed": RecordingStatus.failed,
}
_SOURCES: Final = {
    "RecordVerb": Source.message,
    "DialVerb": Source.dialed_call,
    "OutboundAPI": Source.outbound_call,
    "Conference": Source.conference,
    "StartConferenceRecordingAPI": Source.conference,
    "StartCallRecordingAPI": Source.request,
    "Trunking": Source.trunk,
}
_HEARD: Final = {"inbound": Heard.inbound, "outbound": Heard.outbound, "both": Heard.both}
_CHANNELS: Final = {"1": 1, "2": 2}
_ENCRYPTED: Final = (
    ("public_key_sid", "encrypted_cek", "iv"),
    ("encryption_public_key_sid", "encryption_cek", "encryption_iv"),
)
"""As the guide names them, and as the description of the REST API does."""

_RESOURCE: Final = {
    "RecordingSid": "sid",
    "AccountSid": "account_sid",
    "CallSid": "call_sid",
    "ConferenceSid": "conference_sid",
    "RecordingStatus": "status",
    "RecordingDuration": "duration",
    "RecordingChannels": "channels",
    "RecordingStartTime": "start_time",
    "RecordingSource": "source",
    "RecordingTrack": "track",
    "RecordingUrl": "media_url",
    "ErrorCode": "error_code",
    "EncryptionDetails": "encryption_details",
}
"""What a recording of the books says, by the names that callbacks have for it."""


def read_recording(workspace_id: UUID, form: Form) -> tuple[UUID, ReportRecording]:
    """Answer the id of the recording and what the callback reports of it.

    Raises:
        NotUnderstood: With a code, and nothing else, whatever the form holds.
    """
    sid = _sid(form, "RecordingSid", "no_recording_sid")
    if not form.values.get("CallSid", "") and form.values.get("ConferenceSid", ""):
        raise NotUnderstood("conference_recording")
    leg = _sid(form, "CallSid", "no_call_sid")
    reader = _Reader(form)
    status = reader.word("RecordingStatus", _STATUSES)
    if status is None:
        is_told = form.values.get("RecordingStatus", "")
        raise NotUnderstood("unknown_status" if is_told else "no_status")
    report = ReportRecording(
        provider_id=sid,
        account_id=reader.sid("AccountSid"),
        call_id=call_id(workspace_id, PROVIDER, leg),
        leg_id=leg_id(workspace_id, PROVIDER, leg),
        status=status,
        source=reader.word("RecordingSource", _SOURCES),
        channels=reader.word("RecordingChannels", _CHANNELS),
        heard=reader.word("RecordingTrack", _HEARD),
        started_at=reader.moment("RecordingStartTime"),
        duration_seconds=reader.number("RecordingDuration", 7 * 24 * 60 * 60),
        error_code=reader.number("ErrorCode", 100_000),
        media_url=reader.media("RecordingUrl", sid),
        encryption=reader.encryption("EncryptionDetails"),
        unknown_fields=reader.rest(),
    )
    return recording_id(workspace_id, PROVIDER, sid), report


def form_of(resource: Mapping[str, Any]) -> Form:
    """A recording as Twilio's books have it, as the form that a callback would have been."""
    fields = []
    for name, key in _RESOURCE.items():
        value = resource.get(key)
        if isinstance(value, dict):
            fields.append((name, orjson.dumps(value).decode()))
        elif value is not None:
            fields.append((name, str(value)))
    return Form(fields)


def media_url(account: str, recording: str) -> str:
    """Where Twilio keeps a recording's audio if it does not say otherwise."""
    return f"https://api.twilio.com/2010-04-01/Accounts/{account}/Recordings/{recording}"


def is_twilios(url: str) -> bool:
    """Whether the address is one of Twilio's, over TLS, and neither a port nor a login in it."""
    parts = urlsplit(url)
    return parts.scheme == "https" and _HOST.fullmatch(parts.netloc) is not None


class _Reader:
    """Reads a form's values, and knows which of its fields have found a place."""

    def __init__(self, form: Form) -> None:
        self._form = form
        self._placed = {"RecordingSid", "CallSid"}

    def sid(self, name: str) -> str | None:
        """The provider's id that stands there."""
        return self._found(name, lambda text: text if _SID.fullmatch(text) else None)

    def word(self, name: str, meanings: Mapping[str, Word]) -> Word | None:
        """What the field's word means, if it is one of these."""
        return self._found(name, meanings.get)

    def number(self, name: str, most: int) -> int | None:
        """What the field counts, if that is at all likely."""

        def number(text: str) -> int | None:
            return int(text) if _NUMBER.fullmatch(text) and int(text) <= most else None

        return self._found(name, number)

    def moment(self, name: str) -> datetime | None:
        """The field's time, in UTC."""
        return self._found(name, read_moment)

    def media(self, name: str, sid: str) -> str | None:
        """The address of this recording's audio, in one spelling."""

        def media(text: str) -> str | None:
            parts = urlsplit(text.replace("http:", "https:", 1))
            found = _MEDIA.fullmatch(parts.path)
            if not is_twilios(parts.geturl()) or found is None or found["sid"] != sid:
                return None
            return media_url(found["account"], sid).replace("api.twilio.com", parts.netloc)

        return self._found(name, media)

    def encryption(self, name: str) -> Encryption | None:
        """How the audio is encrypted, by either set of names."""
        return self._found(name, _encryption)

    def rest(self) -> Clear | None:
        """Every field that has found no place, in order and with its repeats."""
        left = [
            [name, value]
            for name, value in self._form.fields
            if name not in self._placed and value
        ]
        return Clear({"fields": left}, Category.unclassified) if left else None

    def _found(self, name: str, read: Callable[[str], Word | None]) -> Word | None:
        text = self._form.values.get(name, "")
        try:
            found = read(text) if text else None
        except ValueError:  # An address or a JSON that is none.
            found = None
        if found is not None:
            self._placed.add(name)
        return found


def _sid(form: Form, name: str, missing: str) -> str:
    sid = form.values.get(name, "")
    if not sid:
        raise NotUnderstood(missing)
    if not _SID.fullmatch(sid):
        raise NotUnderstood(missing.replace("no_", "bad_", 1))
    return sid


def _encryption(text: str) -> Encryption | None:
    said = orjson.loads(text)
    for names in _ENCRYPTED if isinstance(said, dict) else ():
        values = [value for name in names if isinstance(value := said.get(name), str)]
        if len(values) == len(names) and all(values):
            return Encryption(key_id=values[0], wrapped_key=values[1], nonce=values[2])
    return None
