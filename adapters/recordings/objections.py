"""What an objection to being recorded asks of us, until nothing is left of the recordings.

In this order: every recording of the call that we know of is forbidden, so that nothing of it is
kept from then on; what Twilio still records is stopped; and once Twilio says that a recording is
complete its copy is deleted (``copies``), which it refuses before (20009). The objection is met
when the call is over and all of that has come to its end. Broken off anywhere, it is gone through
again from the beginning, and finds done what was done.
"""

from collections.abc import Mapping, Sequence
from typing import Final
from uuid import UUID, uuid4

import aiohttp
import structlog

from adapters.cell import Cell
from adapters.event_store.history import read_stream
from adapters.event_store.requests import Request
from adapters.event_store.writer import Clock
from adapters.recordings.keeping import folded
from adapters.recordings.owners import call_of
from adapters.twilio.controls import CURRENT, Controls, is_done
from adapters.workspaces.credentials import read_credentials
from domain.calls.call import CALL
from domain.calls.commands import MeetObjection
from domain.calls.outcome import is_over
from domain.calls.state import Call
from domain.messages import Context
from domain.recordings.commands import Forbid
from domain.recordings.recording import RECORDING
from domain.recordings.state import Recording
from domain.recordings.words import Ground, ProviderCopy, RecordingStatus

ACTOR: Final = "policy:objection"
_NEVER: Final = frozenset({RecordingStatus.absent, RecordingStatus.failed})
log = structlog.get_logger()


class Objections:
    """Attends to the objections in one cell."""

    def __init__(
        self, cell: Cell, session: aiohttp.ClientSession, clock: Clock, standin: str | None = None
    ) -> None:
        self._cell = cell
        self._session = session
        self._clock = clock
        self._standin = standin
        self._stopped: set[tuple[UUID, str]] = set()
        """What this process has stopped: it need not ask again."""

    async def attend(self, workspace_id: UUID, call_id: UUID, recordings: Sequence[UUID]) -> bool:
        """Do what can be done by now; whether the objection is met.

        Args:
            workspace_id: Whose call it is.
            call_id: To whose recording somebody objects.
            recordings: Those of the call that we know of.
        """
        async with self._cell.scoped(workspace_id) as connection:
            call = call_of(await read_stream(connection, call_id))
            known = {one: folded(await read_stream(connection, one)) for one in recordings}
            key = await self._cell.workspace_key(connection, workspace_id)
            credentials = await read_credentials(connection, key)
        for recording_id in known:
            # Whoever was told so before hears nothing new.
            command = Forbid(ground=Ground.objection)
            place, context = (workspace_id, recording_id), Context(ACTOR, uuid4())
            await self._cell.writer.handle(Request(*place, RECORDING, command, context))
        account = next((r.account_id for r in known.values() if r.account_id), None)
        account = account or next(iter(credentials.account_sids), "")
        controls = Controls(self._session, credentials, account, self._standin)
        is_stopped = await self._stop(controls, call_id, call, known)
        if not (is_stopped and is_over(call) and all(map(is_gone, known.values()))):
            return False
        for leg_id in call.recording.objections - call.recording.met:
            met = MeetObjection(leg_id=leg_id, occurred_at=self._clock())
            request = Request(workspace_id, call_id, CALL, met, Context(ACTOR, uuid4()))
            await self._cell.writer.handle(request)
        return True

    async def _stop(
        self, controls: Controls, call_id: UUID, call: Call, known: Mapping[UUID, Recording]
    ) -> bool:
        """Stop what is under way, also what we were not told of; whether nothing is any more."""
        if is_over(call) or call.root is None or call.root.provider_id is None:
            return True  # the provider itself ended it with the call
        running = [r.provider_id for r in known.values() if r.status is RecordingStatus.started]
        is_stopped = True
        for sid in [one for one in running if one] or [CURRENT]:
            if (call_id, sid) in self._stopped:
                continue
            answer = await controls.stop(call.root.provider_id, sid)
            if is_done(answer):
                self._stopped.add((call_id, sid))
            else:
                log.warning("recording.not_stopped", status=answer.status, code=answer.code)
                is_stopped = False
        return is_stopped


def is_gone(recording: Recording) -> bool:
    """Whether nothing of it is left, with us or at the provider."""
    if recording.can_be_heard:
        return False
    return recording.copy is ProviderCopy.deleted or recording.status in _NEVER
