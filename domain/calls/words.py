"""The closed sets of words about calls: statuses, directions, steps and outcomes."""

from enum import StrEnum


class LegStatus(StrEnum):
    """Where a leg is. A terminal status is never left again."""

    queued = "queued"
    dialing = "dialing"
    ringing = "ringing"
    answered = "answered"
    completed = "completed"
    busy = "busy"
    failed = "failed"
    no_answer = "no_answer"
    canceled = "canceled"

    @property
    def is_terminal(self) -> bool:
        """Whether the leg has ended."""
        return self in TERMINAL

    @property
    def rank(self) -> int:
        """How far the leg has come; of two statuses the higher one holds."""
        return RANK[self]


RANK = {
    LegStatus.queued: 0,
    LegStatus.dialing: 1,
    LegStatus.ringing: 2,
    LegStatus.answered: 3,
    # Two different ends of one leg are a provider's contradiction. The order below settles it
    # the same way whichever came first: the end that was billed wins.
    LegStatus.canceled: 4,
    LegStatus.failed: 5,
    LegStatus.no_answer: 6,
    LegStatus.busy: 7,
    LegStatus.completed: 8,
}
TERMINAL = frozenset(status for status, rank in RANK.items() if rank > RANK[LegStatus.answered])


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
