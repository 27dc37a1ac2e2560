"""Deletes the audio that no key opens any more: after the keys, the objects.

EDPB 02/2025 v2.0, par. 51: ciphertext that is kept for ever is not erased. The key went with its
owner or its bucket, in the vault; here the sealed object goes too, and the history says so.
"""

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID, uuid4

from adapters.accesses.access import Inward
from adapters.cell import Cell
from adapters.event_store.history import read_stream
from adapters.event_store.requests import Request
from adapters.objects.store import ObjectStore
from adapters.recordings.keeping import ACTOR, folded
from adapters.recordings.owners import is_kept_back, track_keys
from domain.errors import NotFound
from domain.messages import Context
from domain.personal_data import Need
from domain.recordings.commands import DeleteTrack
from domain.recordings.recording import RECORDING
from domain.recordings.words import Loss

STRAY: Final = timedelta(days=1)
"""So old an object of which no recording knows is nobody's: attempts are much shorter."""


class Ender:
    """Deletes what ended, in one cell."""

    def __init__(self, cell: Cell, objects: ObjectStore) -> None:
        self._cell = cell
        self._objects = objects

    async def end(self, workspace_id: UUID, recording_id: UUID) -> int:
        """Delete the tracks of a recording that can no longer be heard; how many these were.

        Of an ended workspace none: its objects go with all that it has left. What may not be kept
        waits for a hold on it to be released, as what has expired does.
        First the object, then the entry: broken off in between, it is done again.
        """
        async with self._cell.scoped(workspace_id) as connection:
            entries = await read_stream(connection, recording_id)
            try:
                key = await self._cell.workspace_key(connection, workspace_id)
            except NotFound:
                return 0
            # What anybody can still open for any need has not ended.
            keys = await track_keys(connection, key, entries, Inward.what_ended, tuple(Need))
            recording, place = folded(entries), (workspace_id, recording_id)
            is_kept = await is_kept_back(connection, *place, recording)
        ended = [
            (number, one.loss)
            for number, one in enumerate(keys)
            if one.loss is not None and number not in recording.deleted_tracks
            if not (is_kept and one.loss is Loss.forbidden)
        ]
        for number, loss in ended:
            if recording.stored is not None:
                await self._objects.delete(recording.stored.tracks[number].name)
            command, context = DeleteTrack(track=number, reason=loss), Context(ACTOR, uuid4())
            await self._cell.writer.handle(Request(*place, RECORDING, command, context))
        return len(ended)

    async def delete_strays(
        self, workspace_id: UUID, known: Collection[str], now: datetime
    ) -> list[str]:
        """Delete old objects of which no recording knows; their names.

        There should be none. An attempt that was overtaken and killed right then leaves one.
        """
        found = [
            one.name
            async for one in self._objects.each(workspace_id)
            if one.name not in known and one.modified_at < now - STRAY
        ]
        for name in found:
            await self._objects.delete(name)
        return found
