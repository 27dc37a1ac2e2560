"""The library's projection of the same view: a transaction an event, with upsert and tracking.

It folds in memory with our own rules, so that an event costs it no more than that one upsert.
"""

from threading import Event
from typing import Any
from uuid import UUID

import msgspec
from eventsourcing.persistence import Tracking
from eventsourcing.postgres import PostgresDatastore, PostgresTrackingRecorder
from eventsourcing.projection import Projection
from psycopg.sql import SQL, Identifier
from psycopg.types.json import Jsonb

from bench.library.application import CallHistory
from bench.library.bodies import read, referred
from domain.messages import Entry
from projections.call_log.build import CallSoFar, Named, fold
from projections.call_log.view import CALL_LOG

TABLE = "library_call_log"
LONGEST_SECONDS = 120.0
_COLUMNS = [column.name for column in CALL_LOG.columns]


class CallLogView(PostgresTrackingRecorder):
    """The table, with the columns and indexes of ours: whoever measures has made it so."""

    def __init__(
        self,
        datastore: PostgresDatastore,
        **options: Any,  # noqa: ANN401 - the library's own
    ) -> None:
        super().__init__(datastore, **options)
        names = [Identifier(name) for name in _COLUMNS]
        self._upsert = SQL(
            "INSERT INTO {table} ({names}) VALUES ({values}) "
            "ON CONFLICT (call_id) DO UPDATE SET ({names}) = ROW ({excluded})"
        ).format(
            table=Identifier(TABLE),
            names=SQL(", ").join(names),
            values=SQL(", ").join(
                SQL(column.expression).format(SQL("%s")) for column in CALL_LOG.columns
            ),
            excluded=SQL(", ").join(SQL("excluded.{}").format(name) for name in names),
        )

    def put(self, row: tuple[Any, ...], tracking: Tracking) -> None:
        """A row and how far we are, in one transaction."""
        values = [_as_json(value) if isinstance(value, Named) else value for value in row]
        with self.datastore.transaction(commit=True) as cursor:
            self._insert_tracking(cursor, tracking)
            cursor.execute(self._upsert, values, prepare=True)


class CallLogProjection(Projection[CallLogView]):
    """Folds and upserts, from when it is let go until it has reached a position."""

    def __init__(self, view: CallLogView) -> None:
        super().__init__(view)
        self._may_start = Event()
        self._has_arrived = Event()
        self._target = 0
        self._known: dict[UUID, CallSoFar] = {}

    def process_event(
        self,
        domain_event: Any,  # noqa: ANN401 - the library's own
        tracking: Tracking,
    ) -> None:
        """One event, one transaction."""
        self._may_start.wait()
        entry = _entry(domain_event, tracking)
        folded = fold(self._known.get(entry.stream_id), entry)
        self._known[entry.stream_id] = folded
        self.view.put(CALL_LOG.row(folded), tracking)
        if entry.position >= self._target:
            self._has_arrived.set()

    def run_to(self, target: int) -> None:
        """Let it go, and wait until it has reached the position."""
        self._target = target
        self._may_start.set()
        if not self._has_arrived.wait(LONGEST_SECONDS):
            raise TimeoutError(target)


def _entry(event: CallHistory.Happened, tracking: Tracking) -> Entry:
    return Entry(
        position=tracking.notification_id,
        workspace_id=event.originator_id,
        stream_id=event.originator_id,
        version=event.originator_version,
        recorded_at=event.timestamp,
        event=read(event.name, event.body, referred),
        origin=(event.body["actor"], event.body["cause_id"], ""),
    )


def _as_json(party: Named) -> Jsonb:
    return Jsonb(party, dumps=msgspec.json.encode)
