"""A telephone that calls a workspace, and Twilio between the two: it does what our answers say.

Where the other players of the demo send a fixed story, this one follows the TwiML: it listens,
presses keys, records where it is told to, dials, and posts to the addresses that it was given.
"""

from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from email.utils import format_datetime
from random import Random
from typing import Final
from xml.etree import ElementTree as ET

Form = list[tuple[str, str]]
Post = Callable[[str, Form], Awaitable[str]]
"""Posts a form, signed, to an address; what was answered."""

HANGS_UP: Final = None
NOTHING: Final = ""


@dataclass(slots=True)
class Recorded:
    """A recording that was begun."""

    sid: str
    call_sid: str
    callback: str
    source: str
    started_at: datetime
    is_over: bool = False


@dataclass(slots=True, kw_only=True)
class Phone:
    """One call, from the first ring on."""

    post: Post
    root: str
    """Where the workspace's webhooks are."""

    account_sid: str
    caller: str
    called: str
    now: Callable[[], datetime]
    keys: Sequence[str | None] = ()
    """What the caller does at each question: a key, ``NOTHING``, or ``HANGS_UP``."""

    callee_keys: Sequence[str | None] = ("1",)
    """The same of whoever picks up."""

    picks_up: Sequence[bool] = (True,)
    """Whether somebody picks up, for each time that telephones ring."""

    rng: Random = field(default_factory=lambda: Random(1))  # noqa: S311 - ids for a play
    heard: list[str] = field(default_factory=list)
    callee_heard: list[str] = field(default_factory=list)
    recordings: list[Recorded] = field(default_factory=list)
    dialled: list[list[str]] = field(default_factory=list)
    sid: str = ""
    child: str = ""
    is_over: bool = False
    _status: str = "ringing"
    _after: str | None = None
    _child_told: str = ""
    _callee: str = ""
    _numbers: dict[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.sid = self._new("CA")
        self._caller_acts, self._callee_acts = iter(self.keys), iter(self.callee_keys)
        self._rings = iter(self.picks_up)

    _caller_acts: Iterator[str | None] = field(init=False)
    _callee_acts: Iterator[str | None] = field(init=False)
    _rings: Iterator[bool] = field(init=False)

    @property
    def is_connected(self) -> bool:
        """Whether two people talk."""
        return bool(self.child) and not self.is_over

    async def ring(self) -> None:
        """Call, and go as far as the two who talk, or as the end."""
        await self._ask(f"{self.root}/voice/incoming", [])

    async def hang_up(self) -> None:
        """End it: the legs, what was recorded, and what was to come after the dialled leg."""
        if self.is_connected:
            await self._tell_child("completed", [("CallDuration", "42")])
            self.child = ""
            if self._after:
                await self._ask(self._after, [("DialCallStatus", "completed")])
        await self._end()

    async def recorded(self, one: Recorded) -> None:
        """The recording is complete, and it is told."""
        one.is_over = True
        await self._tell_recording(one, "completed", [("RecordingDuration", "42")])

    async def _ask(self, address: str, said: Form, *, status: str | None = None) -> None:
        """Ask what to do and do it."""
        form = [*self._leg(), ("CallStatus", status or self._status), *said]
        answer = await self.post(address, form)
        if status is None:
            await self._do(ET.fromstring(answer))  # noqa: S314 - our own answer

    async def _do(self, document: ET.Element) -> None:
        for verb in document:
            match verb.tag:
                case "Say":
                    self.heard.append(verb.text or "")
                case "Start":
                    await self._record(
                        verb[0].attrib["recordingStatusCallback"], "StartCallRecordingAPI"
                    )
                case "Redirect":
                    self._status = "in-progress"
                    await self._redirected(verb.text or "")
                    return
                case "Gather":
                    await self._gathered(verb)
                    return
                case "Dial":
                    await self._dial(verb)
                    return
                case "Record":
                    self._status = "in-progress"
                    await self._record(verb.attrib["recordingStatusCallback"], "RecordVerb")
                    await self._ask(verb.attrib["action"], [("Digits", "hangup")])
                    return
                case _:
                    pass
        await self._end()

    async def _redirected(self, address: str) -> None:
        if next(self._caller_acts, NOTHING) is HANGS_UP:
            await self._end()
        else:
            await self._ask(address, [])

    async def _gathered(self, verb: ET.Element) -> None:
        self._status = "in-progress"
        self.heard += [say.text or "" for say in verb]
        key = next(self._caller_acts, NOTHING)
        if key is HANGS_UP:
            await self._ask(verb.attrib["action"], [("Digits", "")], status="completed")
            await self._end()
        else:
            await self._ask(verb.attrib["action"], [("Digits", key or "")])

    async def _dial(self, verb: ET.Element) -> None:
        nouns = list(verb)
        self.dialled.append([noun.text or "" for noun in nouns])
        self._after = verb.attrib.get("action")
        for noun in nouns[1:]:
            await self._lose(noun)
        self.child, self._child_told = self._new("CA"), nouns[0].attrib["statusCallback"]
        self._callee = nouns[0].text or ""
        await self._tell_child("initiated", [])
        await self._tell_child("ringing", [])
        if not next(self._rings, False):
            await self._tell_child("no-answer", [("CallDuration", "0")])
            self.child = ""
            if self._after:
                await self._ask(self._after, [("DialCallStatus", "no-answer")])
            else:
                await self._end()
            return
        await self._tell_child("in-progress", [])
        if address := nouns[0].attrib.get("url"):
            await self._whisper(address)
        self._status = "in-progress"

    async def _lose(self, noun: ET.Element) -> None:
        """One of several who were dialled at once, and were not the first to pick up."""
        self.child, self._child_told = self._new("CA"), noun.attrib["statusCallback"]
        self._callee = noun.text or ""
        await self._tell_child("initiated", [])
        await self._tell_child("canceled", [("CallDuration", "0")])

    async def _whisper(self, address: str) -> None:
        """What whoever picked up hears and presses before they are connected."""
        form = [*self._leg(self.child, self._callee), ("CallStatus", "in-progress")]
        document = ET.fromstring(await self.post(address, form))  # noqa: S314 - our own answer
        for verb in document:
            if verb.tag == "Say":
                self.callee_heard.append(verb.text or "")
            elif verb.tag == "Gather":
                self.callee_heard += [say.text or "" for say in verb]
                key = next(self._callee_acts, NOTHING)
                await self.post(verb.attrib["action"], [*form, ("Digits", key or "")])
            elif verb.tag == "Redirect":
                await self.post(verb.text or "", form)

    async def _record(self, callback: str, source: str) -> None:
        one = Recorded(self._new("RE"), self.sid, callback, source, self.now())
        self.recordings.append(one)
        await self._tell_recording(one, "in-progress", [])

    async def _end(self) -> None:
        if self.is_over:
            return
        self.is_over = True
        form = [*self._leg(), ("CallStatus", "completed"), ("CallDuration", "60")]
        await self.post(f"{self.root}/voice/status", [*form, *self._numbered(self.sid)])
        for one in self.recordings:
            if not one.is_over:
                await self.recorded(one)

    async def _tell_child(self, status: str, said: Form) -> None:
        form = [*self._leg(self.child, self._callee), *said, ("CallStatus", status)]
        await self.post(self._child_told, [*form, *self._numbered(self.child)])

    async def _tell_recording(self, one: Recorded, status: str, said: Form) -> None:
        form = [
            ("AccountSid", self.account_sid),
            ("CallSid", one.call_sid),
            ("RecordingSid", one.sid),
            ("RecordingStatus", status),
            ("RecordingChannels", "1" if one.source == "RecordVerb" else "2"),
            ("RecordingSource", one.source),
            ("RecordingTrack", "both"),
            ("RecordingStartTime", format_datetime(one.started_at.replace(microsecond=0))),
            ("ErrorCode", "0"),
        ]
        await self.post(one.callback, [*form, *said])

    def _leg(self, child: str | None = None, callee: str = "") -> Form:
        lineage = [("ParentCallSid", self.sid)] if child else []
        return [
            ("CallSid", child or self.sid),
            ("AccountSid", self.account_sid),
            *lineage,
            ("From", self.caller),
            ("To", callee if child else self.called),
            ("Direction", "outbound-dial" if child else "inbound"),
            ("ApiVersion", "2010-04-01"),
        ]

    def _numbered(self, sid: str) -> Form:
        number = self._numbers[sid] = self._numbers.get(sid, -1) + 1
        stamp = format_datetime(self.now().replace(microsecond=0))
        return [
            ("SequenceNumber", str(number)),
            ("Timestamp", stamp),
            ("CallbackSource", "call-progress-events"),
        ]

    def _new(self, kind: str) -> str:
        return f"{kind}{self.rng.getrandbits(128):032x}"
