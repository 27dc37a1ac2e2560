"""A reader's access: without one no personal value opens, and what opens is written down."""

from asyncio import Future
from collections.abc import Sequence
from enum import Enum
from typing import NamedTuple, TypeAlias
from uuid import UUID, uuid4

from adapters.accesses.recorder import AccessRecorder
from adapters.accesses.row import sealed
from adapters.keys.workspace_key import WorkspaceKey
from domain.accesses import AccessEntry, Reader


class Recorded(NamedTuple):
    """Somebody's access: each opening is an access entry."""

    reader: Reader
    recorder: AccessRecorder

    def begin(
        self, key: WorkspaceKey, subjects: Sequence[UUID], streams: Sequence[UUID]
    ) -> Future[None]:
        """Begin to write down that these subjects' values in these streams are opened.

        Nobody may be given any of them before what comes back is done. It raises as
        ``AccessRecorder.record`` does.
        """
        entry = AccessEntry(
            uuid4(), key.workspace_id, self.recorder.clock(), self.reader, subjects, streams
        )
        origin = self.reader.origin
        return self.recorder.record(entry, None if origin is None else sealed(origin, entry, key))


class Inward(Enum):
    """Why the program itself opens values that nobody is shown: each reason is a word here."""

    what_ended = "what_ended"
    """Whatever no key opens any more is deleted."""

    what_can_be_heard = "what_can_be_heard"
    """It is told which tracks of a recording can be heard. A playback is noted by itself."""

    call_is_put_through = "call_is_put_through"
    """A caller is put through to the workspace's own numbers: those are told to the provider."""

    playback_goes_on = "playback_goes_on"
    """A playback that was noted when it began looks whether it may go on."""

    card_may_be_cut = "card_may_be_cut"
    """A card number that a pause cut in two is looked for, to be taken out before it is kept."""


Access: TypeAlias = Recorded | Inward
"""Without one nothing opens."""
