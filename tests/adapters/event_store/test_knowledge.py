"""The writer's memory: bounded, and what was asked for lately stays."""

import pytest

from adapters.event_store import knowledge
from adapters.event_store.knowledge import Knowledge, Remembered


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
