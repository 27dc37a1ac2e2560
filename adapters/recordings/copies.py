"""Deletes the provider's own copies, and writes down what it says to that.

States that survive a restart: asked, failed so often, confirmed. What is left at Twilio then is
metadata (ids, times, duration), for 40 days after the deletion, and is named with that date.
"""

from contextlib import suppress
from datetime import timedelta
from typing import Final
from uuid import UUID, uuid4

from adapters.accesses.access import Inward
from adapters.cell import Cell
from adapters.event_store.history import read_stream
from adapters.event_store.requests import Request
from adapters.event_store.writer import Clock
from adapters.recordings.keeping import ACTOR, folded
from adapters.recordings.owners import is_kept_back, track_keys
from adapters.twilio.media import Media, located
from adapters.workspaces.credentials import read_credentials
from adapters.workspaces.then import settings_of
from domain.errors import Refused
from domain.messages import Context
from domain.personal_data import Need
from domain.policies.provider_deletion import copy_goes_at_expiry
from domain.recordings.commands import (
    AskDeletion,
    ConfirmDeletion,
    FailDeletion,
    RecordingCommand,
)
from domain.recordings.recording import RECORDING
from domain.recordings.words import Loss, ProviderCopy

RESIDUAL: Final = timedelta(days=40)
"""How long Twilio keeps a deleted recording's metadata (its recordings resource)."""


class Copies:
    """The provider's copies of one cell's recordings."""

    def __init__(self, cell: Cell, media: Media, clock: Clock) -> None:
        self._cell = cell
        self._media = media
        self._clock = clock

    async def ask_at_expiry(self, workspace_id: UUID, recording_id: UUID) -> bool:
        """Whenever audio has expired here, ask for the copy's deletion if the workspace says so.

        Whether it is asked for by now. To be done before the expired track is deleted, which
        leads nowhere after that.
        """
        async with self._cell.scoped(workspace_id) as connection:
            entries = await read_stream(connection, recording_id)
            workspace = await read_stream(connection, workspace_id)
            key = await self._cell.workspace_key(connection, workspace_id)
            # What a hold keeps has not expired.
            every = tuple(Need)
            keys = await track_keys(connection, key, entries, Inward.what_ended, every)
        losses = {one.loss for one in keys}
        if Loss.expired not in losses or not copy_goes_at_expiry(settings_of(workspace)):
            return False
        await self.ask(workspace_id, recording_id)
        return True

    async def ask_of_forbidden(self, workspace_id: UUID, recording_id: UUID) -> None:
        """Ask for the deletion of one that may not be kept, once no hold is in the way."""
        async with self._cell.scoped(workspace_id) as connection:
            recording = folded(await read_stream(connection, recording_id))
            is_kept = await is_kept_back(connection, workspace_id, recording_id, recording)
        if recording.forbidden is not None and not is_kept:
            await self.ask(workspace_id, recording_id)

    async def ask(self, workspace_id: UUID, recording_id: UUID) -> None:
        """Ask for the copy's deletion. Of one that is not complete Twilio deletes nothing yet."""
        with suppress(Refused):
            await self._tell(workspace_id, recording_id, AskDeletion())

    async def delete(self, workspace_id: UUID, recording_id: UUID) -> bool:
        """Delete one whose deletion was asked for; whether the provider has confirmed it.

        Ours is gone of one that may not be kept: theirs waits for a hold on it to be released.
        Twilio refuses while a recording is not final (409, code 20009); that is written down,
        and it is asked again later.
        """
        async with self._cell.scoped(workspace_id) as connection:
            recording = folded(await read_stream(connection, recording_id))
            key = await self._cell.workspace_key(connection, workspace_id)
            credentials = await read_credentials(connection, key)
            waits = recording.forbidden is not None and await is_kept_back(
                connection, workspace_id, recording_id, recording
            )
        if recording.copy is not ProviderCopy.asked or waits:
            return recording.copy is ProviderCopy.deleted
        answer, now = await self._media.delete(located(recording, credentials)), self._clock()
        told: ConfirmDeletion | FailDeletion
        if answer.is_gone:
            told = ConfirmDeletion(residual_until=(now + RESIDUAL).date(), occurred_at=now)
        else:
            told = FailDeletion(
                attempt=recording.deletion_attempts + 1,
                status=answer.status,
                error_code=answer.code,
                occurred_at=now,
            )
        await self._tell(workspace_id, recording_id, told)
        return answer.is_gone

    async def _tell(
        self, workspace_id: UUID, recording_id: UUID, command: RecordingCommand
    ) -> None:
        place, context = (workspace_id, recording_id), Context(ACTOR, uuid4())
        await self._cell.writer.handle(Request(*place, RECORDING, command, context))
