"""What a withdrawn consent to being recorded asks of us, until nothing is left that rested on it.

Every recording that rested on it is forbidden: from then on nobody hears it, and the rounds of the
recordings delete it here and have it deleted at the provider. A hold lets the audio wait for its
release, and the withdrawal stays unmet until then. Broken off anywhere, it is gone through again
from the beginning, and finds done what was done.
"""

from collections.abc import Sequence
from typing import Final, NamedTuple
from uuid import UUID, uuid4

from adapters.cell import Cell
from adapters.event_store.history import read_stream
from adapters.event_store.requests import Request
from adapters.event_store.writer import Clock
from adapters.postgres.pool import Connection
from adapters.recordings.keeping import began_at, consent_to_recording, folded
from adapters.recordings.objections import is_gone
from adapters.recordings.owners import call_of
from adapters.workspaces.then import settings_at
from domain.consents.commands import MeetWithdrawal
from domain.consents.consent import CONSENT, Consent
from domain.consents.words import Purpose
from domain.decider import AnyDecider
from domain.identifiers import consent_id
from domain.messages import Command, Context
from domain.policies.withdrawal import prohibition
from domain.recordings.commands import Forbid
from domain.recordings.recording import RECORDING
from domain.recordings.state import Recording

ACTOR: Final = "policy:withdrawal"


class Reached(NamedTuple):
    """A recording that a withdrawal reaches, and what it asks of it."""

    recording_id: UUID
    recording: Recording
    forbid: Forbid


class Withdrawals:
    """Attends to the withdrawals in one cell."""

    def __init__(self, cell: Cell, clock: Clock) -> None:
        self._cell = cell
        self._clock = clock

    async def attend(
        self, workspace_id: UUID, subject_id: UUID, recordings: Sequence[UUID]
    ) -> bool:
        """Do what can be done by now; whether all of this subject's withdrawals are met.

        Args:
            workspace_id: Whose subject it is.
            subject_id: Who withdrew their consent to being recorded.
            recordings: Those that they may be heard on, as far as we know of them.
        """
        async with self._cell.scoped(workspace_id) as connection:
            consent = await consent_to_recording(connection, workspace_id, subject_id)
            told = [
                await _reached(connection, workspace_id, subject_id, consent, one)
                for one in recordings
            ]
        found = [one for one in told if one is not None]
        for one in found:
            # Whatever was forbidden before, on this ground or another, hears nothing new.
            await self._tell(workspace_id, one.recording_id, RECORDING, one.forbid)
        if not all(is_gone(one.recording) for one in found):
            return False
        stream, rested = consent_id(workspace_id, subject_id, Purpose.recording), len(found)
        for withdrawn_at in sorted(consent.owed):
            met = MeetWithdrawal(
                occurred_at=self._clock(), withdrawn_at=withdrawn_at, recordings=rested
            )
            await self._tell(workspace_id, stream, CONSENT, met)
        return True

    async def _tell(
        self, workspace_id: UUID, stream_id: UUID, decider: AnyDecider, command: Command
    ) -> None:
        context = Context(ACTOR, uuid4())
        await self._cell.writer.handle(Request(workspace_id, stream_id, decider, command, context))


async def _reached(
    connection: Connection,
    workspace_id: UUID,
    subject_id: UUID,
    consent: Consent,
    recording_id: UUID,
) -> Reached | None:
    """The recording, if it rested on this consent."""
    entries = await read_stream(connection, recording_id)
    recording = folded(entries)
    if recording.call_id is None:
        return None
    call = call_of(await read_stream(connection, recording.call_id))
    workspace = await read_stream(connection, workspace_id)
    began = began_at(entries, recording)
    settings = settings_at(workspace, began)
    forbid = prohibition(consent, subject_id, settings, recording.report, call, began)
    return Reached(recording_id, recording, forbid) if forbid else None
