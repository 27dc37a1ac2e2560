"""The closed sets of words about calls: statuses, directions, steps and outcomes."""

from enum import StrEnum
from typing import Self


class LegStatus(StrEnum):
    """Where a leg is. A terminal status is never left again."""

    rank: int
    """How far the leg has come; of two statuses the higher one holds."""

    is_terminal: bool
    """Whether the leg has ended."""

    def __new__(cls, value: str, rank: int) -> Self:
        """A word with its rank: attributes, for every fold compares them."""
        status = str.__new__(cls, value)
        status._value_ = value
        status.rank = rank
        status.is_terminal = rank > 3  # noqa: PLR2004 - the rank of ``answered``, see below
        return status

    __hash__ = str.__hash__  # an enum's own is Python, and every report in a set is asked for it

    queued = "queued", 0
    dialing = "dialing", 1
    ringing = "ringing", 2
    answered = "answered", 3
    # Two different ends of one leg are a provider's contradiction. The order below settles it
    # the same way whichever came first: the end that was billed wins.
    canceled = "canceled", 4
    failed = "failed", 5
    no_answer = "no_answer", 6
    busy = "busy", 7
    completed = "completed", 8


class Direction(StrEnum):
    """Which way a call or a leg goes, seen from the workspace."""

    inbound = "inbound"
    outbound = "outbound"


class Answerer(StrEnum):
    """Who or what picked up, where the provider listened."""

    unknown = "unknown"
    human = "human"
    fax = "fax"
    machine = "machine"

    @property
    def rank(self) -> int:
        """Of two findings the later, more certain one holds."""
        return tuple(Answerer).index(self)


class Step(StrEnum):
    """What our routing did with a call."""

    dial = "dial"
    voicemail = "voicemail"
    reject = "reject"
    transfer = "transfer"
    """Whoever is on the line is put through to somebody else."""

    queue = "queue"
    """The caller waits until somebody takes the call."""

    conference = "conference"
    """The caller meets whoever else calls, and the call is answered by that."""


class QueueResult(StrEnum):
    """Why a caller waits no longer."""

    bridged = "bridged"
    """Somebody who dialled the queue talked to them."""

    redirected = "redirected"
    """They were led elsewhere, as a transfer does."""

    hung_up = "hung_up"
    left = "left"
    """They had waited long enough."""

    full = "full"
    """There was no place; they never waited."""

    failed = "failed"

    @property
    def reached_nobody(self) -> bool:
        """Whether the waiting came to nothing, and not by the caller's own doing."""
        return self in (QueueResult.left, QueueResult.full, QueueResult.failed)


class InConference(StrEnum):
    """What is told of a conference."""

    started = "started"
    joined = "joined"
    left = "left"
    ended = "ended"


class Outcome(StrEnum):
    """How a call ended, for the people who read call logs."""

    answered = "answered"
    missed = "missed"
    abandoned = "abandoned"
    voicemail = "voicemail"
    busy = "busy"
    failed = "failed"
    canceled = "canceled"
    blocked = "blocked"
    no_answer = "no_answer"


class RecordingPlan(StrEnum):
    """What is done about recording a call, the strictest first."""

    none = "none"
    """It is not recorded, and nobody is asked."""

    ask_everybody = "ask_everybody"
    """The caller is asked, and whoever picks up; recorded once both agreed by an act."""

    ask_caller = "ask_caller"
    announce_to_everybody = "announce_to_everybody"
    """Both hear the announcement; recorded while both stay on the line."""

    announce_to_caller = "announce_to_caller"

    @property
    def asks(self) -> bool:
        """Whether it takes an express yes."""
        return self in (RecordingPlan.ask_caller, RecordingPlan.ask_everybody)

    @property
    def needs_everybody(self) -> bool:
        """Whether it takes more than the caller."""
        return self in (RecordingPlan.ask_everybody, RecordingPlan.announce_to_everybody)


class PlanReason(StrEnum):
    """Why that is the plan."""

    not_enabled = "not_enabled"
    """The workspace does not have its calls recorded."""

    no_text = "no_text"
    """There is no text that could be said, or no language that it could be said in."""

    nobody_to_ask = "nobody_to_ask"
    """The provider does not name who calls, so that nobody's consent could be shown."""

    withdrawn = "withdrawn"
    """The caller took their consent back, or objected, and has said nothing else since."""

    workspace = "workspace"
    """The workspace says whose consent it wants."""

    jurisdiction = "jurisdiction"
    """The rule of the strictest place decides."""


class Answer(StrEnum):
    """What somebody answered who was asked, or was told, that the call is recorded."""

    agreed = "agreed"
    """By the key that says yes."""

    stayed = "stayed"
    """They heard all of the announcement and stayed on the line."""

    silent = "silent"
    """They pressed nothing in time."""

    left = "left"
    """They hung up before they had answered."""

    refused = "refused"
    """They pressed another key."""
