"""Whenever somebody is erased, the deletion of all that the provider holds of them is asked for.

It is asked before the last sealed box of theirs is deleted: the boxes are what leads to their
calls. None can be added after the erasure, so that whoever looks then finds every call, and what
broke off half-way finds the rest. A view could be behind.
"""

import asyncio
from collections.abc import Collection, Iterator, Sequence
from itertools import islice
from typing import Final, LiteralString
from uuid import UUID, uuid4

from adapters.event_store.history import LAST_POSITION, read_streams
from adapters.event_store.requests import Request, subjects_of
from adapters.event_store.writer import CellWriter
from adapters.postgres.pool import Connection
from domain.identifiers import copies_id
from domain.messages import Context, Entry
from domain.policies.provider_deletion import copies_told
from domain.provider_copies.commands import AskDeletion
from domain.provider_copies.copies import PROVIDER_COPIES
from domain.provider_copies.words import Why
from domain.recordings.events import RecordingAnnounced

ACTOR: Final = "policy:provider_deletion"
AT_ONCE: Final = 64
"""Streams that are read at a time, and commands that wait at the writer: callbacks must find room
there, and somebody may have had very many calls."""

_STREAMS: Final[LiteralString] = """
    SELECT DISTINCT stream_id FROM vault
    WHERE (subject_ids[1] = %(subject)s OR subject_ids[2] = %(subject)s)
        AND workspace_id = %(workspace)s
        AND split_part(name, '.', 1) IN ('call', 'recording', 'message')
"""


class Asker:
    """Asks for deletions in one cell."""

    def __init__(self, writer: CellWriter) -> None:
        self._writer = writer

    async def of_subject(
        self, connection: Connection, workspace_id: UUID, subject_id: UUID
    ) -> None:
        """Ask for all that the provider holds of an erased subject. Twice is as good as once.

        The connection must be one that may see the vault.
        """
        places = {"subject": subject_id, "workspace": workspace_id}
        rows = await (await connection.execute(_STREAMS, places)).fetchall()
        for streams in _some([stream_id for (stream_id,) in rows]):
            entries = await read_streams(connection, streams, LAST_POSITION)
            found = dict(_by_call(entries))
            missing = [call_id for call_id in found if call_id not in streams]
            told = await read_streams(connection, missing, LAST_POSITION)
            for call_id, more in _by_call(told):
                found[call_id] += more
            # Together: they are written down in one go.
            await asyncio.gather(
                *(
                    self._ask(workspace_id, call_id, of_call, subject_id)
                    for call_id, of_call in found.items()
                )
            )

    async def _ask(
        self, workspace_id: UUID, call_id: UUID, entries: Sequence[Entry], subject_id: UUID
    ) -> None:
        parties = {party for entry in entries for party in subjects_of(entry.event)}
        command = AskDeletion(
            of=call_id,
            why=Why.erasure,
            subject_id=subject_id,
            parties=tuple(sorted(parties)),
            copies=copies_told(entry.event for entry in entries),
        )
        stream_id, context = copies_id(workspace_id, call_id), Context(ACTOR, uuid4())
        await self._writer.handle(
            Request(workspace_id, stream_id, PROVIDER_COPIES, command, context)
        )


def _by_call(entries: Sequence[Entry]) -> Iterator[tuple[UUID, list[Entry]]]:
    """The entries of each call or message; a recording's belong to the call that it is of."""
    calls = {
        entry.stream_id: entry.event.call_id
        for entry in entries
        if isinstance(entry.event, RecordingAnnounced)
    }
    found: dict[UUID, list[Entry]] = {}
    for entry in entries:
        found.setdefault(calls.get(entry.stream_id, entry.stream_id), []).append(entry)
    yield from found.items()


def _some(streams: Collection[UUID]) -> Iterator[list[UUID]]:
    left = iter(streams)
    while some := list(islice(left, AT_ONCE)):
        yield some
