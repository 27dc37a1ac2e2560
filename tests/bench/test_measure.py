"""What is made of the figures, before anybody believes them."""

import asyncio

import pytest

from bench.measure import Bar, Measurement, in_turn


def test_both_sides_run_in_turn_after_a_run_that_does_not_count() -> None:
    """A machine that slows down half way slows down both sides."""
    order: list[str] = []

    async def ours() -> float:
        order.append("ours")
        return float(len(order))

    async def other() -> float:
        order.append("other")
        return float(len(order))

    figures = asyncio.run(in_turn(ours, other, 2))
    assert order == ["ours", "other"] * 3
    assert figures == ([3, 5], [4, 6])


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


def test_one_odd_run_moves_neither_the_ratio_nor_the_bar() -> None:
    """Medians are compared, not means."""
    found = Measurement("ms", "a stand-in", [2, 2, 90], [1, 1, 1], Bar("<=", 2))
    assert found.ratio == 2
    assert found.holds is True


def test_a_machine_whose_other_side_varies_by_half_is_called_noisy() -> None:
    """A ratio is worth what the machine was quiet."""
    assert Measurement("ms", "a stand-in", [1], [1.0, 1.6]).is_noisy
    assert not Measurement("ms", "a stand-in", [1], [1.0, 1.5]).is_noisy


def test_without_a_bar_nothing_is_claimed() -> None:
    """What has no bar yet neither holds nor fails."""
    said = Measurement("ms", "a stand-in", [1], [1]).as_json()
    assert said["bar"] is None
    assert said["holds"] is None
