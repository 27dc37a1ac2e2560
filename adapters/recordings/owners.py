"""Who locks the audio of a recording: whoever is heard on it, as its call tells."""

from base64 import b64decode, b64encode
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Final, NamedTuple

from adapters.keys.shares import shares_of, together
from domain.calls.call import CALL
from domain.calls.events import CallEvent
from domain.calls.outcome import is_over
from domain.calls.speakers import Speakers, Voices, speakers
from domain.calls.state import Call
from domain.messages import Entry
from domain.personal_data import Category, Clear
from domain.recordings.events import RecordingCompleted

OWNERS: Final = 2
"""Of one sealed value; a key of more is in two shares."""

PATIENCE: Final = timedelta(hours=1)
"""How long a call may go on, by what we know of it, after its recording is complete."""


class Locked(NamedTuple):
    """A track's key on its way into the vault."""

    key: Clear
    share: Clear | None


def voices(call: Sequence[Entry]) -> Speakers | None:
    """Who is heard, as far as the call tells; ``None`` where it names nobody."""
    return speakers(_folded(call))


def is_known(call: Sequence[Entry], recording: Sequence[Entry], now: datetime) -> bool:
    """Whether it can be told by now who is heard.

    A recording is often complete before the last callback of its call came in, and whoever that
    one names would not be among the owners. So the call's end is waited for, though not for ever.
    """
    if is_over(_folded(call)):
        return True
    completed = (e.recorded_at for e in recording if isinstance(e.event, RecordingCompleted))
    return now > min(completed, default=now) + PATIENCE


def owners(heard: Speakers, tracks: int) -> tuple[Voices, ...]:
    """Who locks each track."""
    return (heard.first, heard.second) if tracks > 1 else (heard.all,)


def locked(key: bytes, owners: Voices) -> Locked:
    """A track's key, which opens only with the keys of all of these."""
    if len(owners) <= OWNERS:
        return Locked(_clear(key, owners), None)
    one, other = shares_of(key)
    return Locked(_clear(one, owners[:OWNERS]), _clear(other, owners[OWNERS:]))


def unlocked(key: dict[str, Any], share: dict[str, Any] | None) -> bytes:
    """The track's key again, of what the vault holds of it."""
    one = b64decode(key["key"])
    return one if share is None else together(one, b64decode(share["key"]))


def _folded(call: Sequence[Entry]) -> Call:
    return CALL.fold(entry.event for entry in call if isinstance(entry.event, CallEvent))


def _clear(key: bytes, owners: Voices) -> Clear:
    return Clear({"key": b64encode(key).decode()}, Category.recording, about=owners)
