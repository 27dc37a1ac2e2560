"""Which days of the books are looked at, when, and for how long; and what is kept of it."""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Final
from uuid import uuid4

from cells import asynchronous, new_cell, new_workspace

from adapters.postgres.embedded import Urls
from adapters.reconciler.days import (
    LONGEST_ABSENCE,
    BookDay,
    Books,
    close_look,
    open_days,
    read_days,
    turn_page,
)

HOUR: Final = timedelta(hours=1)
NOW: Final = datetime(2026, 3, 10, 12, tzinfo=UTC)


def day(number: int, looked_at: datetime | None = None, following: str | None = None) -> BookDay:
    """A day of March."""
    return BookDay(date(2026, 3, number), following, None, looked_at)


def days_of(found: list[BookDay]) -> list[int]:
    """Which days of March, or of February with a minus."""
    return [one.day.day if one.day.month == 3 else -one.day.day for one in found]


def test_a_new_account_begins_yesterday() -> None:
    """What was before its workspace came to us is none of our calls."""
    assert days_of(open_days([], NOW)) == [9, 10]


def test_a_day_is_open_until_a_look_a_day_after_its_end() -> None:
    """The look that counts began then or later."""
    closing = datetime(2026, 3, 10, tzinfo=UTC)
    known = [day(8, closing), day(9, NOW - HOUR)]
    assert days_of(open_days(known, NOW)) == [9, 10]
    known = [day(8, closing - timedelta(seconds=1)), day(9, NOW - HOUR)]
    assert days_of(open_days(known, NOW)) == [8, 9, 10]


def test_no_day_is_passed_over() -> None:
    """After an absence every day in between is made up for, as far back as there is a point."""
    assert days_of(open_days([day(5, NOW)], NOW)) == [6, 7, 8, 9, 10]
    last_year = [BookDay(date(2025, 6, 1), None, None, NOW)]
    found = open_days(last_year, NOW)
    assert found[0].day == NOW.date() - LONGEST_ABSENCE
    assert len(found) == LONGEST_ABSENCE.days + 1


def test_a_day_is_due_when_its_last_look_is_long_ago_or_was_broken_off() -> None:
    """Or when it is time for the last one; never once it is closed."""
    assert day(10).is_due(NOW, HOUR)
    assert day(10, NOW - HOUR).is_due(NOW, HOUR)
    assert not day(10, NOW - HOUR / 2).is_due(NOW, HOUR)
    assert day(10, NOW - HOUR / 2, "Page=1").is_due(NOW, HOUR)
    closing = datetime(2026, 3, 10, tzinfo=UTC)
    assert day(8, closing - HOUR / 4).is_due(closing, HOUR)
    assert not day(8, closing).is_due(NOW, HOUR)


@asynchronous
async def test_what_is_kept_of_a_look(postgres: Urls, tmp_path: Path) -> None:
    """The next page while it is under way; when it began, once it has come to its end."""
    async with new_cell(postgres, tmp_path) as home:
        books = Books.of(home.address.workspace_id, "AC1")
        stranger = Books.of((await new_workspace(home)).address.workspace_id, "AC1")
        today = NOW.date()
        async with home.cell.writing.connection() as writing:
            await turn_page(writing, books, today, "Page=1", NOW - HOUR)
            await turn_page(writing, books, today, "Page=2", NOW - HOUR)
            await close_look(writing, stranger, today, NOW)
            await close_look(writing, Books.of(books.workspace_id, "AC2"), today, NOW)
        async with home.cell.scoped(books.workspace_id) as reading:
            assert await read_days(reading, books, NOW) == [
                BookDay(today, "Page=2", NOW - HOUR, None)
            ]
            # The database itself hides another workspace's.
            assert await read_days(reading, stranger, NOW) == []
        async with home.cell.writing.connection() as writing:
            await close_look(writing, books, today, NOW - HOUR)
            await close_look(writing, books, today, NOW - 2 * HOUR)  # a slower one, at once
        async with home.cell.scoped(books.workspace_id) as reading:
            assert await read_days(reading, books, NOW) == [BookDay(today, None, None, NOW - HOUR)]
            # However long ago it was: what comes after it was never looked at.
            later = NOW + timedelta(days=400)
            assert [one.day for one in await read_days(reading, books, later)] == [today]


def test_an_account_is_known_by_an_id_of_ours() -> None:
    """The same account is the same books in one workspace, and others in another."""
    mine, yours = uuid4(), uuid4()
    assert Books.of(mine, "AC1") == Books.of(mine, "AC1")
    assert len({Books.of(mine, "AC1"), Books.of(mine, "AC2"), Books.of(yours, "AC1")}) == 3
    assert "AC1" not in str(Books.of(mine, "AC1"))
