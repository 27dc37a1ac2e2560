"""The rules of a dead letter: kept once, replayed at most once."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import assert_never

from domain.dead_letters.events import DeadLetterEvent, DeadLetterKept, DeadLetterReplayed
from domain.decider import Decider
from domain.errors import Refused
from domain.messages import Command
from domain.personal_data import Clear


class KeepDeadLetter(Command):
    """Keep a callback that could not be understood."""

    channel: str
    reason: str
    callback: Clear


class CloseDeadLetter(Command):
    """Say that it was understood on a later try."""


DeadLetterCommand = KeepDeadLetter | CloseDeadLetter


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """Whether it is kept, and whether it still waits."""

    is_kept: bool = False
    is_replayed: bool = False


def decide(letter: DeadLetter, command: DeadLetterCommand) -> Sequence[DeadLetterEvent]:
    """Keep once; close once, and only what was kept."""
    match command:
        case KeepDeadLetter():
            if letter.is_kept:
                return ()
            return (
                DeadLetterKept(
                    channel=command.channel, reason=command.reason, callback=command.callback
                ),
            )
        case CloseDeadLetter():
            if not letter.is_kept:
                raise Refused("no_such_dead_letter")
            return () if letter.is_replayed else (DeadLetterReplayed(),)
        case _:
            assert_never(command)


def evolve(letter: DeadLetter, event: DeadLetterEvent) -> DeadLetter:
    """The dead letter after one more event."""
    match event:
        case DeadLetterKept():
            return replace(letter, is_kept=True)
        case DeadLetterReplayed():
            return replace(letter, is_replayed=True)
        case _:
            assert_never(event)


DEAD_LETTER = Decider(initial=DeadLetter(), decide=decide, evolve=evolve)
