"""The demo's clock: it is led, it never goes back, and it ends as the real one."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from api.demo.clock import DemoClock

NOW = datetime(2026, 3, 2, 18, 0, tzinfo=UTC)
START = NOW - timedelta(hours=24)
LEADS = st.lists(st.integers(-3_600, 30 * 3_600), max_size=20)


@given(LEADS)
def test_it_never_goes_back_and_never_past_the_present(leads: list[int]) -> None:
    """Wherever it is led, each reading is at or after the last and none is in the future."""
    clock = DemoClock(START, real=lambda: NOW)
    read = [clock()]
    for seconds in leads:
        clock.lead_to(START + timedelta(seconds=seconds))
        read.append(clock())
    assert read == sorted(read)
    assert read[-1] <= NOW


def test_it_stands_where_it_was_led_to() -> None:
    """Between two leads no time passes, however long the machine takes."""
    clock = DemoClock(START)
    clock.lead_to(START + timedelta(hours=3))
    assert clock() == clock() == START + timedelta(hours=3)


def test_it_becomes_the_real_clock() -> None:
    """After it has met the present it goes on by itself, and cannot be led any more."""
    later = NOW + timedelta(seconds=2)
    times = iter([NOW, NOW, later, NOW + timedelta(seconds=1)])
    clock = DemoClock(START, real=lambda: next(times))
    clock.lead_to(NOW)
    clock.meet_the_present()
    assert [clock(), clock(), clock()] == [NOW, later, later]
