"""A telephone that waits in queues and meets others in conferences, as our answers say."""

from dataclasses import dataclass, field
from email.utils import format_datetime
from typing import Final
from xml.etree import ElementTree as ET

from phones import phone
from serving import House

from api.demo.phone import Form, Phone

CONFERENCE: Final = f"CF{7:032x}"


@dataclass(slots=True, kw_only=True)
class Waiter(Phone):
    """One call; whom it meets is on a call of their own."""

    rooms: list[str] = field(default_factory=list)
    """The queues and conferences, by the names that Twilio knows them by."""

    told: str = ""
    """Where the conference is told of."""

    over: str = ""
    """What is asked when it is there no longer."""

    waiting: str = ""

    async def wait(self, seconds: int) -> None:
        """Have waited for so long: Twilio asks what to do meanwhile."""
        form = [*self._leg(), ("CallStatus", "in-progress"), ("QueueTime", str(seconds))]
        document = ET.fromstring(await self.post(self.waiting, form))  # noqa: S314 - our own
        self.heard += [verb.text or "" for verb in document if verb.tag == "Say"]
        if any(verb.tag == "Leave" for verb in document):
            await self.leave("leave", seconds)

    async def leave(self, result: str, seconds: int = 30) -> None:
        """Wait no longer."""
        said = [("QueueResult", result), ("QueueTime", str(seconds)), ("QueueSid", "QU1")]
        if result == "hangup":
            await self._ask(self.over, said, status="completed")
            await self._end()
        else:
            await self._ask(self.over, said)

    def meeting(self, event: str, number: int, came: str | None = None) -> Form:
        """What is told of the conference."""
        stamp = format_datetime(self.now().replace(microsecond=0))
        return [
            ("AccountSid", self.account_sid),
            ("ConferenceSid", CONFERENCE),
            ("FriendlyName", self.rooms[-1]),
            ("StatusCallbackEvent", event),
            ("SequenceNumber", str(number)),
            ("Timestamp", stamp),
            *([("CallSid", came), ("Muted", "false")] if came else []),
        ]

    async def hang_up(self) -> None:
        """End it, wherever it is by now."""
        if self.over and not self.is_over and self.waiting:
            await self.leave("hangup")
        elif self.over and not self.is_over:
            await self._ask(self.over, [("DialCallStatus", "completed")])
        await Phone.hang_up(self)

    async def _do(self, document: ET.Element) -> None:
        verb = next(iter(document), None)
        noun = None if verb is None else verb.find("Conference")
        if verb is None or (verb.tag != "Enqueue" and noun is None):
            await Phone._do(self, document)  # noqa: SLF001 - super() knows no class with slots
            return
        self._status = "in-progress"
        self.over = verb.attrib["action"]
        if noun is not None:
            self.rooms.append(noun.text or "")
            self.told = noun.attrib["statusCallback"]
            return
        self.rooms.append(verb.text or "")
        self.waiting = verb.attrib["waitUrl"]
        await self.wait(0)


def waiter(house: House, *, seed: int = 1, caller: str | None = None) -> Waiter:
    """Somebody who calls the house."""
    one = phone(house, seed=seed) if caller is None else phone(house, seed=seed, caller=caller)
    return Waiter(
        post=one.post,
        root=one.root,
        account_sid=one.account_sid,
        caller=one.caller,
        called=one.called,
        now=one.now,
        rng=one.rng,
    )
