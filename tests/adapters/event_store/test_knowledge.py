"""The writer's memory: bounded, and what was asked for lately stays."""

from uuid import uuid4

import pytest

from adapters.event_store import knowledge
from adapters.event_store.knowledge import Knowledge, Remembered
from adapters.event_store.requests import Stream
from domain.calls.call import CALL


def test_what_is_asked_for_stays_and_the_rest_goes(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is never larger than two generations and what came since."""
    monkeypatch.setattr(knowledge, "LIMIT", 10)
    memory = Remembered[int, str]()
    memory.put(-1, "asked for")
    for number in range(1, 1000):
        memory.put(number, "once")
        assert memory.get(-1) == "asked for"
        memory.age()
        assert len(memory) <= 2 * (10 + 1)
    assert memory.get(1) is None
    assert memory[999] == "once"


def test_what_is_not_known_and_must_be_is_an_error() -> None:
    """A batch never goes on with a key that nobody read."""
    with pytest.raises(KeyError):
        Remembered[int, str]()[7]


def test_what_is_forgotten_is_not_found_in_the_older_half(monkeypatch: pytest.MonkeyPatch) -> None:
    """Forgetting means both generations."""
    monkeypatch.setattr(knowledge, "LIMIT", 0)
    memory = Remembered[int, str]()
    memory.put(1, "young")
    memory.age()
    memory.put(1, "young again")
    memory.forget((1,))
    assert memory.get(1) is None


def test_a_gap_after_our_last_batch_means_that_somebody_else_appended() -> None:
    """Alone, one batch follows the other."""
    known = Knowledge()
    known.appended(100, 5)
    known.appended(105, 2)
    assert (known.seen, known.is_behind) == (107, False)
    known.appended(110, 1)
    assert (known.seen, known.is_behind) == (107, True)


def test_a_gap_is_what_others_appended_until_it_is_taken_in() -> None:
    """Our own batches after it are not read; then it is as if nobody had come between."""
    known = Knowledge()
    known.begin(100)
    known.appended(103, 2)
    known.appended(105, 4)
    assert known.gap == (100, 103)
    known.appended(110, 1)
    assert known.gap == (100, 110)
    known.caught_up()
    known.appended(111, 1)
    assert (known.seen, known.is_behind) == (112, False)


def test_who_is_far_behind_forgets_the_streams_and_reads_no_gap(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """An idle process does not read an hour of another's work before it goes on."""
    monkeypatch.setattr(knowledge, "FAR_BEHIND", 10)
    known = Knowledge()
    known.begin(0)
    known.streams.put(1, Stream(CALL, uuid4(), 1, CALL.initial))
    known.appended(11, 1)
    assert (known.seen, known.gap, len(known.streams)) == (12, None, 0)
