"""What an account's books hold: calls, recordings, and every request that was made for a call.

Resources have the fields, spellings and nulls of the OpenAPI description's own examples: times in
RFC 2822, whole seconds as text, prices negative and late.
"""

import re
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from email.utils import format_datetime
from typing import Any, Final

from twilio_forms import Form

Resource = dict[str, Any]

VERSION: Final = "2010-04-01"
SOFT_DELETED_FOR: Final = timedelta(days=40)
EVENTS_AFTER: Final = timedelta(minutes=15)
"""How long after a call's end its events can be read
(twilio.com/docs/voice/api/call-event-resource)."""

ENDED: Final = frozenset({"completed", "busy", "failed", "no-answer", "canceled"})
_WORD: Final = re.compile(r"(?<!^)(?=[A-Z])")
_CALL_PARTS: Final = (
    *("notifications", "recordings", "payments", "events", "siprec", "streams"),
    *("transcriptions", "user_defined_message_subscriptions", "user_defined_messages"),
)
_RECORDING_PARTS: Final = ("add_on_results", "transcriptions")


@dataclass
class Recording:
    """A recording: its metadata, its audio, and when either can be had."""

    resource: Resource
    media: bytes
    media_from: datetime | None = None
    """Media may lag behind the callback; until then there is none (404)."""

    deleted_at: datetime | None = None

    def seen(self, now: datetime, *, deleted_too: bool) -> Resource | None:
        """Its metadata, which outlives its audio by 40 days for who asks for it."""
        if self.deleted_at is None:
            return self.resource
        if not deleted_too or now - self.deleted_at >= SOFT_DELETED_FOR:
            return None
        return {**self.resource, "status": "deleted", "date_updated": rfc2822(self.deleted_at)}


@dataclass
class Account:
    """One account and its books."""

    number: int
    calls: dict[str, Resource] = field(default_factory=dict)
    recordings: dict[str, Recording] = field(default_factory=dict)
    events: dict[str, list[Resource]] = field(default_factory=dict)
    """By call: each request made of the workspace's application, and what it answered."""

    transcriptions: dict[str, Resource] = field(default_factory=dict)
    transcripts: dict[str, Resource] = field(default_factory=dict)
    """Of Conversational Intelligence, which is a service of its own."""

    sentences: dict[str, list[Resource]] = field(default_factory=dict)
    """By transcript."""

    messages: dict[str, Resource] = field(default_factory=dict)
    callbacks: dict[str, str] = field(default_factory=dict)
    """By recording: where the application is told of it."""

    led: dict[str, str] = field(default_factory=dict)
    """By call: where the application was to be asked what to do with it."""

    unfinished: set[str] = field(default_factory=set)
    """Calls that ended and yet cannot be deleted: that may last for 14 days (error 20009)."""

    @property
    def sid(self) -> str:
        """The account's own id."""
        return f"AC{self.number:032x}"

    @property
    def auth_token(self) -> str:
        """What it signs with, and one way to log in."""
        return f"{self.number:032d}"

    @property
    def api_key(self) -> tuple[str, str]:
        """The other way to log in: a key's id and its secret."""
        return f"SK{self.number:032x}", f"secret of key {self.number}"

    def admits(self, login: str, secret: str) -> bool:
        """Whether this opens the account."""
        return (login, secret) in ((self.sid, self.auth_token), self.api_key)

    def note(self, form: Form, url: str, response: Resource | None) -> None:
        """Write down a request that was made for a call; no response where nobody heard it."""
        parameters = {snake(name): value for name, value in form}
        request = {"method": "POST", "url": url, "parameters": parameters}
        event = {"request": request, "response": response}
        self.events.setdefault(dict(form)["CallSid"], []).append(event)

    def add_call(self, sid: str, created: datetime, **fields: object) -> Resource:
        """A call as it is when it was just made; ``fields`` say what became of it."""
        uri = f"/{VERSION}/Accounts/{self.sid}/Calls/{sid}"
        self.calls[sid] = {
            "sid": sid,
            "account_sid": self.sid,
            "parent_call_sid": None,
            "date_created": rfc2822(created),
            "date_updated": rfc2822(created),
            **dict.fromkeys(("from", "from_formatted", "to", "to_formatted"), ""),
            **dict.fromkeys(("phone_number_sid", "group_sid", "trunk_sid")),
            "status": "queued",
            **dict.fromkeys(("start_time", "end_time", "duration", "price")),
            "price_unit": "USD",
            "direction": "outbound-api",
            **dict.fromkeys(("answered_by", "forwarded_from", "caller_name")),
            "queue_time": "0",
            "api_version": VERSION,
            "uri": f"{uri}.json",
            "subresource_uris": _parts(uri, _CALL_PARTS),
            **fields,
        }
        return self.calls[sid]

    def add_recording(
        self, sid: str, call_sid: str, created: datetime, media: bytes, **fields: object
    ) -> Recording:
        """A finished recording of a call, from its first second."""
        uri = f"/{VERSION}/Accounts/{self.sid}/Recordings/{sid}"
        self.recordings[sid] = Recording(
            {
                "sid": sid,
                "account_sid": self.sid,
                "call_sid": call_sid,
                "conference_sid": None,
                **dict.fromkeys(("date_created", "date_updated", "start_time"), rfc2822(created)),
                "duration": "4",
                "channels": 1,
                "source": "StartCallRecordingAPI",
                "status": "completed",
                **dict.fromkeys(("error_code", "encryption_details", "price")),
                "price_unit": "USD",
                "api_version": VERSION,
                "uri": f"{uri}.json",
                "subresource_uris": _parts(uri, _RECORDING_PARTS),
                "media_url": f"https://api.twilio.com{uri}",
                **fields,
            },
            media,
        )
        return self.recordings[sid]

    def add_transcription(self, sid: str, recording_sid: str, created: datetime) -> Resource:
        """A text that was asked for with a recording."""
        self.transcriptions[sid] = {
            "sid": sid,
            "account_sid": self.sid,
            "recording_sid": recording_sid,
            **dict.fromkeys(("date_created", "date_updated"), rfc2822(created)),
            "duration": "4",
            "status": "completed",
            "transcription_text": "",
            "type": "fast",
            "price": None,
            "price_unit": "USD",
            "api_version": VERSION,
            "uri": f"/{VERSION}/Accounts/{self.sid}/Transcriptions/{sid}.json",
        }
        return self.transcriptions[sid]

    def add_transcript(
        self,
        sid: str,
        recording_sid: str | None,
        created: datetime,
        *said: tuple[int, str],
        **fields: object,
    ) -> Resource:
        """A text of Conversational Intelligence, and what was heard on each channel."""
        at = created.replace(microsecond=0).isoformat().replace("+00:00", "Z")
        self.transcripts[sid] = {
            "sid": sid,
            "account_sid": self.sid,
            "service_sid": f"GA{1:032x}",
            **dict.fromkeys(("date_created", "date_updated"), at),
            "status": "completed",
            "channel": {"media_properties": {"source_sid": recording_sid}},
            "data_logging": False,
            "language_code": "en-US",
            "customer_key": None,
            "media_start_time": None,
            "duration": 4,
            "url": f"https://intelligence.twilio.com/v2/Transcripts/{sid}",
            "redaction": True,
            "links": {},
            "encryption_credential_sid": None,
            **fields,
        }
        self.sentences[sid] = [
            {
                "media_channel": channel,
                "sentence_index": number,
                "start_time": f"{number * 2}.5",
                "end_time": f"{number * 2 + 1}.25",
                "transcript": text,
                "sid": f"GX{number:032x}",
                "confidence": "0.91",
                "words": [{"word": word} for word in text.split()],
            }
            for number, (channel, text) in enumerate(said)
        ]
        return self.transcripts[sid]

    def add_message(self, sid: str, created: datetime, **fields: object) -> Resource:
        """A message that was delivered."""
        self.messages[sid] = {
            "sid": sid,
            "account_sid": self.sid,
            "status": "delivered",
            **dict.fromkeys(("date_created", "date_updated", "date_sent"), rfc2822(created)),
            **fields,
        }
        return self.messages[sid]


def snake(name: str) -> str:
    """A parameter's name as events have it: ``CallSid`` is ``call_sid``."""
    return _WORD.sub("_", name).lower()


def rfc2822(moment: datetime) -> str:
    """A time as resources have it: whole seconds, with an offset."""
    return format_datetime(moment.replace(microsecond=0))


def _parts(uri: str, names: tuple[str, ...]) -> dict[str, str]:
    spelt = {name: "".join(word.capitalize() for word in name.split("_")) for name in names}
    return {name: f"{uri}/{part}.json" for name, part in spelt.items()}
