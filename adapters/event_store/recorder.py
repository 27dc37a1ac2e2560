"""The eventsourcing library's own recorder over a cell, for its tools and its contract suites.

It reads through the view `stored_events` and appends through the same SQL function as everything
else, so that its ids are the cell's: contiguous, and in the order of the commits. It knows no
personal value; what it appends holds none. Only who wants the library imports this module: the
library changes `dataclasses` for the whole process when it is imported.
"""

from collections.abc import Sequence
from typing import Final
from uuid import UUID

from eventsourcing.persistence import StoredEvent
from eventsourcing.postgres import PostgresApplicationRecorder, PostgresDatastore
from psycopg import Connection, Cursor
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from psycopg.rows import DictRow, dict_row

from adapters.event_store.appending import APPEND
from adapters.event_store.requests import Clock
from adapters.event_store.rows import EntryRow, parameters
from adapters.postgres.pool import Role, acting_as

_ROLE: Final[Role] = "ringledger_writer"


class CellDatastore(PostgresDatastore):
    """The library's pool of connections, each inside one cell and with a writer's rights."""

    def __init__(self, url: str, schema: str, *, max_connections: int = 4) -> None:
        super().__init__(*[""] * 5, schema=schema, pool_size=1, max_overflow=max_connections - 1)
        # The library takes a URL in five pieces, and would lose what else it says.
        inside = acting_as(make_conninfo(url, options=f"-c search_path={schema}"), _ROLE)
        self.pool.kwargs = {**conninfo_to_dict(inside), "row_factory": dict_row}


class CellRecorder(PostgresApplicationRecorder):
    """Stored events of one workspace, in its cell's history."""

    def __init__(self, datastore: CellDatastore, workspace_id: UUID, clock: Clock) -> None:
        super().__init__(datastore)
        self._workspace_id = workspace_id
        self._clock = clock
        self.channel_name = f"ringledger_{datastore.schema}"

    def create_table(self) -> None:
        """Do nothing: the cell's tables come from its migrations."""

    def insert_events(
        self,
        stored_events: Sequence[StoredEvent],
        **_: object,
    ) -> Sequence[int] | None:
        """Append in one transaction; answers the positions.

        Unlike the library's own it never tries again: after a lost connection only the caller
        can tell a repeat from a conflict.

        Raises:
            IntegrityError: A stream has an event of that version already.
        """
        if not stored_events:
            return None
        with self.datastore.get_connection() as connection:
            before = self._append(connection, stored_events)
        return list(range(before + 1, before + 1 + len(stored_events)))

    def _append(self, connection: Connection[DictRow], events: Sequence[StoredEvent]) -> int:
        epoch = _one(connection.execute("SELECT epoch FROM counter"))
        entries = [
            EntryRow(
                self._workspace_id,
                UUID(str(e.originator_id)),
                e.originator_version,
                1,
                e.topic,
                e.state,
            )
            for e in events
        ]
        return _one(
            connection.execute(APPEND, parameters(epoch, self._clock(), entries), prepare=True)
        )


def _one(cursor: Cursor[DictRow]) -> int:
    """The first column of the only row."""
    (row,) = cursor.fetchall()
    found: int = next(iter(row.values()))
    return found
