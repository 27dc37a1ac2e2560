"""What a withdrawn consent to being transcribed asks of us, until nothing is left of the texts.

The boxes of every text in which its subject is heard are emptied, in each version, and then the
history is told so; a hold or a restriction lets them wait for its end. Broken off anywhere, it is
gone through again from the beginning, and finds done what was done.
"""

from collections.abc import Sequence
from typing import Final
from uuid import UUID, uuid4

from adapters.cell import Cell
from adapters.event_store.history import read_stream
from adapters.event_store.requests import Request
from adapters.event_store.writer import Clock
from adapters.transcriptions.hearing import consent_to_transcription, folded
from domain.consents.commands import MeetWithdrawal
from domain.consents.consent import CONSENT
from domain.consents.words import Purpose
from domain.decider import AnyDecider
from domain.identifiers import consent_id
from domain.messages import Command, Context
from domain.policies.withdrawal import segments_taken_back
from domain.transcriptions.commands import ForgetSegment
from domain.transcriptions.state import Segment
from domain.transcriptions.transcription import TRANSCRIPTION

ACTOR: Final = "policy:withdrawal"
_EMPTY: Final = "SELECT empty_boxes(%s, %s, %s)"


class Forgetter:
    """Attends to withdrawn consents to being transcribed, in one cell."""

    def __init__(self, cell: Cell, clock: Clock) -> None:
        self._cell = cell
        self._clock = clock

    async def attend(
        self, workspace_id: UUID, subject_id: UUID, transcriptions: Sequence[UUID]
    ) -> bool:
        """Do what can be done by now; whether all of this subject's withdrawals are met.

        Args:
            workspace_id: Whose subject it is.
            subject_id: Who withdrew their consent to being transcribed.
            transcriptions: Those that they may be heard in, as far as we know of them.
        """
        async with self._cell.scoped(workspace_id) as connection:
            consent = await consent_to_transcription(connection, workspace_id, subject_id)
            found: dict[UUID, Sequence[Segment]] = {}
            for transcription_id in transcriptions:
                entries = await read_stream(connection, transcription_id)
                said = folded(entries), entries[0].recorded_at
                found[transcription_id] = segments_taken_back(consent, subject_id, *said)
        gone = [await self._forget(workspace_id, *one) for one in found.items()]
        if not all(gone):
            return False
        stream = consent_id(workspace_id, subject_id, Purpose.transcription)
        segments = sum(map(len, found.values()))
        for withdrawn_at in sorted(consent.owed):
            met = MeetWithdrawal(
                occurred_at=self._clock(), withdrawn_at=withdrawn_at, segments=segments
            )
            await self._tell(workspace_id, stream, CONSENT, met)
        return True

    async def _forget(
        self, workspace_id: UUID, transcription_id: UUID, segments: Sequence[Segment]
    ) -> bool:
        """Empty the boxes of these, then say so; whether they are gone."""
        versions = [version.version for one in segments for version in one.versions]
        async with self._cell.writing.connection() as connection:
            place = workspace_id, transcription_id, versions
            ((is_gone,),) = await (await connection.execute(_EMPTY, place)).fetchall()
        for one in segments if is_gone else ():
            command = ForgetSegment(channel=one.key.channel, number=one.key.number)
            await self._tell(workspace_id, transcription_id, TRANSCRIPTION, command)
        return bool(is_gone)

    async def _tell(
        self, workspace_id: UUID, stream_id: UUID, decider: AnyDecider, command: Command
    ) -> None:
        context = Context(ACTOR, uuid4())
        await self._cell.writer.handle(Request(workspace_id, stream_id, decider, command, context))
