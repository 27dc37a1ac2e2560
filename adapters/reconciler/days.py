"""How far an account's books were read, day by day: kept in the workspace's cell.

A UTC day is read again and again until a day after its end: calls go on after midnight, and
prices come late. Its last look is thorough; then it is closed.
"""

from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Final, NamedTuple
from uuid import UUID, uuid5

from adapters.postgres.pool import Connection

OPEN_FOR: Final = timedelta(days=1)
"""How long after its end a day is read again. A call lasts a day at most, a price comes within
hours."""

LONGEST_ABSENCE: Final = timedelta(days=30)
"""What was not read for longer is not read any more: Twilio keeps requests for 30 days."""

_RECORDINGS: Final = "recordings?"
_READ = """
    SELECT day, following, began_at, looked_at FROM book_days
    WHERE workspace_id = %(workspace)s AND account_id = %(account)s AND day >= least(%(since)s, (
        SELECT max(day) FROM book_days
        WHERE workspace_id = %(workspace)s AND account_id = %(account)s
    )) ORDER BY day
"""
_TURN = """
    INSERT INTO book_days (workspace_id, account_id, day, following, began_at)
    VALUES (%s, %s, %s, %s, %s) ON CONFLICT (workspace_id, account_id, day)
    DO UPDATE SET following = excluded.following, began_at = excluded.began_at
"""
_LOOKED = """
    INSERT INTO book_days (workspace_id, account_id, day, looks, looked_at)
    VALUES (%s, %s, %s, 1, %s) ON CONFLICT (workspace_id, account_id, day)
    DO UPDATE SET following = NULL, began_at = NULL, looks = book_days.looks + 1,
        looked_at = greatest(book_days.looked_at, excluded.looked_at)
"""


class Books(NamedTuple):
    """One account's books, in one workspace."""

    workspace_id: UUID
    account_id: UUID

    @classmethod
    def of(cls, workspace_id: UUID, account_sid: str) -> "Books":
        """Under an id of ours: the account's own is a credential, and is kept sealed."""
        return cls(workspace_id, uuid5(workspace_id, f"account/twilio/{account_sid}"))


class Bookmark(NamedTuple):
    """Where a look at a day is: in the list of its legs, and after that of its recordings."""

    is_in_recordings: bool = False
    following: str | None = None
    """The next page; ``None`` for the first."""

    @classmethod
    def read(cls, text: str | None) -> "Bookmark":
        """As it was written down."""
        if text is None or not text.startswith(_RECORDINGS):
            return cls(is_in_recordings=False, following=text)
        return cls(is_in_recordings=True, following=text.removeprefix(_RECORDINGS) or None)

    @property
    def text(self) -> str:
        """To be written down. The first page of the first list needs no mark."""
        return f"{_RECORDINGS if self.is_in_recordings else ''}{self.following or ''}"

    def turned(self, following: str | None) -> "Bookmark | None":
        """After a page, of which this is the next; ``None`` after the last of both lists."""
        if following is None and self.is_in_recordings:
            return None
        return Bookmark(self.is_in_recordings or following is None, following)


class BookDay(NamedTuple):
    """A day of the books, as far as it was read."""

    day: date
    following: str | None = None
    """What the look that is under way goes on with."""

    began_at: datetime | None = None
    looked_at: datetime | None = None
    """When the last look that came to its end began."""

    @property
    def closes_at(self) -> datetime:
        """From when on a look at it is the last."""
        return datetime.combine(self.day, time(), UTC) + timedelta(days=1) + OPEN_FOR

    @property
    def is_closed(self) -> bool:
        """Whether it had its last look."""
        return self.looked_at is not None and self.looked_at >= self.closes_at

    def is_due(self, now: datetime, every: timedelta) -> bool:
        """Whether it should be looked at now: a look was broken off, or was long enough ago."""
        if self.is_closed:
            return False
        waits = self.looked_at is not None and self.looked_at + every > now
        return self.following is not None or not waits or now >= self.closes_at


def open_days(known: Sequence[BookDay], now: datetime) -> list[BookDay]:
    """Every day that is not closed, the oldest first; also those that nobody ever looked at.

    An account that was never read begins yesterday.
    """
    today = now.date()
    by_day = {one.day: one for one in known}
    first = min(by_day, default=today - timedelta(days=1))
    oldest = max(first, today - LONGEST_ABSENCE)
    days = (oldest + timedelta(days=number) for number in range((today - oldest).days + 1))
    found = (by_day.get(day, BookDay(day)) for day in days)
    return [one for one in found if not one.is_closed]


async def read_days(connection: Connection, books: Books, now: datetime) -> list[BookDay]:
    """What is known of the days that may be open still, and of the last one in any case."""
    asked = {
        "workspace": books.workspace_id,
        "account": books.account_id,
        "since": now.date() - LONGEST_ABSENCE,
    }
    rows = await connection.execute(_READ, asked)
    return [BookDay(*row) for row in await rows.fetchall()]


async def turn_page(
    connection: Connection, books: Books, day: date, following: str, began_at: datetime
) -> None:
    """Everything before this page is durable: whoever goes on begins with it."""
    await connection.execute(_TURN, (*books, day, following, began_at))


async def close_look(connection: Connection, books: Books, day: date, began_at: datetime) -> None:
    """The whole day was read, as it was when the look began or later."""
    await connection.execute(_LOOKED, (*books, day, began_at))
