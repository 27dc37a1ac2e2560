"""What is made of the figures, before anybody believes them."""

import asyncio
from collections.abc import Sequence

import pytest

from bench.measure import Bar, Measurement, in_turn, percentile


def test_all_sides_run_in_turn_after_a_round_that_does_not_count() -> None:
    """A machine that slows down half way slows down all sides."""
    order: list[str] = []

    async def ours() -> float:
        order.append("ours")
        return float(len(order))

    async def other() -> float:
        order.append("other")
        return float(len(order))

    figures = asyncio.run(in_turn(ours, other, runs=2))
    assert order == ["ours", "other"] * 3
    assert figures == [[3, 5], [4, 6]]


@pytest.mark.parametrize(
    ("bar", "ratio", "holds"),
    [
        (Bar(">=", 2), 2.0, True),
        (Bar(">=", 2), 1.99, False),
        (Bar("<=", 1.25), 1.25, True),
        (Bar("<=", 1.25), 1.26, False),
    ],
)
def test_a_bar_holds_on_its_own_side_only(bar: Bar, ratio: float, *, holds: bool) -> None:
    """A rate must not be lower than its bar, a time not higher."""
    assert bar.holds(ratio) is holds


def test_one_odd_run_moves_neither_the_ratio_nor_the_bar_nor_the_noise() -> None:
    """Medians are compared, not means, and a single stumble of the machine is forgiven."""
    found = Measurement("ms", "a stand-in", [2, 2, 2, 2, 90], [1, 1, 1, 1, 1], Bar("<=", 2))
    assert found.ratio == 2
    assert found.holds is True


@pytest.mark.parametrize(
    ("ours", "other", "is_noisy"),
    [
        ([1, 1], [1, 1.26], True),
        ([1, 1.26], [1, 1], True),
        ([1, 1.25], [1, 1.25], False),
        ([1, 1, 1, 1.3, 1.3], [1] * 5, True),
        ([1, 1, 1, 1, 1.3], [1] * 5, False),
    ],
)
def test_a_machine_on_which_a_side_varies_by_a_quarter_is_called_noisy(
    ours: Sequence[float], other: Sequence[float], *, is_noisy: bool
) -> None:
    """A ratio is worth what the machine was quiet."""
    assert Measurement("ms", "a stand-in", ours, other).is_noisy is is_noisy


def test_a_noisy_figure_claims_nothing() -> None:
    """Neither that a bar holds nor that it does not."""
    said = Measurement("ms", "a stand-in", [1, 2], [1, 1], Bar("<=", 9)).as_json()
    assert said["noisy"] is True
    assert said["holds"] is None


def test_a_bar_with_a_unit_is_held_by_our_own_figure() -> None:
    """Milliseconds are not times the other side's."""
    bar = Bar("<=", 10, "ms")
    assert Measurement("ms", "a stand-in", [9], [1], bar).holds is True
    assert Measurement("ms", "a stand-in", [11], [9], bar).holds is False
    assert str(bar) == "<= 10 ms"


def test_a_bar_that_does_not_apply_is_not_judged() -> None:
    """Where the floor itself is slow, nothing is asked of ours."""
    found = Measurement("ms", "a stand-in", [1], [1], Bar("<=", 10, "ms"), applies=False)
    assert found.holds is None


def test_where_there_is_no_other_side_there_is_no_ratio() -> None:
    """The shape is the same, and says so."""
    said = Measurement("ms", "nothing", [1], bar=Bar("<=", 10, "ms")).as_json()
    assert said["other"] is said["ratio"] is None
    assert said["other_runs"] == []
    assert said["holds"] is True


def test_without_a_bar_nothing_is_claimed() -> None:
    """What has no bar yet neither holds nor fails."""
    said = Measurement("ms", "a stand-in", [1], [1]).as_json()
    assert said["bar"] is None
    assert said["holds"] is None


def test_a_percentile_is_never_beyond_what_was_seen() -> None:
    """Few figures must not be drawn out to a time that nobody waited."""
    assert percentile([1, 2], 99) <= 2
    assert percentile(list(range(101)), 99) == 99
