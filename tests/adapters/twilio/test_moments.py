"""The usual spelling of a time is read fast, and no differently than by the library."""

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

from hypothesis import example, given
from hypothesis import strategies as st

from adapters.twilio.moments import any_moment, read_moment

DAYS = "Mon|Tue|Wed|Thu|Fri|Sat|Sun|mon|Monday"
MONTHS = "Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec|mar|Mrz"
almost_usual = st.from_regex(
    rf"({DAYS}),? [0-9]{{1,2}} ({MONTHS}) (19|20|00|21)[0-9]{{2}} "
    r"[0-9]{2}:[0-9]{2}:[0-9]{2} ([+]0000|-0000|[+]0100|GMT)",
    fullmatch=True,
)
seconds_of_a_century = st.integers(0, 3_155_673_600 - 1)


def slowly(text: str) -> datetime | None:
    """What the libraries alone make of it."""
    try:
        return any_moment(text)
    except (ValueError, OverflowError, IndexError):
        return None


@given(almost_usual | st.text(max_size=40))
@example("Mon, 02 Mar 2026 13:58:60 +0000")
@example("Mon, 30 Feb 2026 24:00:00 +0000")
@example("Mon, 02 Mar 2026 13:58:07 +0000\n")
def test_any_text_is_the_time_that_the_library_reads(text: str) -> None:
    """Impossible days, wrong weekdays, leap seconds and other zones included."""
    assert read_moment(text) == slowly(text)


@given(seconds_of_a_century)
def test_the_usual_spelling_is_read_back(seconds: int) -> None:
    """Any second of the years that can be meant."""
    moment = datetime(2000, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds)
    assert read_moment(format_datetime(moment)) == moment
