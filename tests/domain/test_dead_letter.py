"""The rules of a dead letter, one story each."""

from scenario import Scenario

from domain.dead_letters.dead_letter import (
    DEAD_LETTER,
    CloseDeadLetter,
    DeadLetter,
    KeepDeadLetter,
)
from domain.dead_letters.events import DeadLetterKept, DeadLetterReplayed
from domain.personal_data import Category, Clear

CALLBACK = Clear({"fields": [["CallStatus", "sideways"]]}, Category.dead_letter)
KEEP = KeepDeadLetter(channel="voice/status", reason="unknown_status", callback=CALLBACK)
KEPT = DeadLetterKept(channel="voice/status", reason="unknown_status", callback=CALLBACK)


def test_it_is_kept_whole() -> None:
    """Where it came in, why it was not understood, and all that it said."""
    Scenario(DEAD_LETTER).when(KEEP).then(KEPT)


def test_it_is_kept_once() -> None:
    """A retry of the same callback is the same dead letter, even after it was understood."""
    Scenario(DEAD_LETTER).given(KEPT).when(KEEP).nothing_happens()
    Scenario(DEAD_LETTER).given(KEPT, DeadLetterReplayed()).when(KEEP).nothing_happens()


def test_it_is_closed_once() -> None:
    """Understood on a later try, it waits no longer; a second replay says nothing."""
    Scenario(DEAD_LETTER).given(KEPT).when(CloseDeadLetter()).then(DeadLetterReplayed()).when(
        CloseDeadLetter()
    ).nothing_happens()


def test_only_what_was_kept_can_be_closed() -> None:
    """There is no such dead letter."""
    Scenario(DEAD_LETTER).when(CloseDeadLetter()).refused("no_such_dead_letter")


def test_what_is_known_of_it() -> None:
    """Whether it is kept, and whether it still waits."""
    assert Scenario(DEAD_LETTER).state == DeadLetter()
    assert Scenario(DEAD_LETTER).given(KEPT).state == DeadLetter(is_kept=True)
    assert Scenario(DEAD_LETTER).given(KEPT, DeadLetterReplayed()).state == DeadLetter(
        is_kept=True, is_replayed=True
    )
