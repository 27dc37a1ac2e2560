"""What goes at the provider when something is to go there: everything of the call, or the message.

Whoever is erased stands in the resource of every leg, as who called or who was called, and is
heard on its recordings. So it is never one leg that goes.
"""

from collections.abc import Iterable

from domain.calls.events import LegRegistered
from domain.messages import Event
from domain.provider_copies.events import Copy
from domain.provider_copies.words import CopyKind
from domain.recordings.events import RecordingAnnounced
from domain.text_messages.events import MessageRegistered
from domain.workspaces.state import Settings
from domain.workspaces.words import ProviderCopy


def copy_goes_once_stored(settings: Settings) -> bool:
    """Whether the provider's copy of a recording goes as soon as we have stored ours.

    A setting that was never set keeps it.
    """
    told = settings.provider_deletion
    return told is not None and told.recordings is ProviderCopy.deleted_once_stored


def copy_goes_at_expiry(settings: Settings) -> bool:
    """Whether the provider's copy of a recording goes at the latest when ours expires."""
    told = settings.provider_deletion
    return told is not None and told.recordings is not ProviderCopy.kept


def copies_told(events: Iterable[Event]) -> tuple[Copy, ...]:
    """The legs of a call and its recordings, or a message, as the provider told us of them."""
    found: dict[str, Copy] = {}
    for event in events:
        match event:
            case LegRegistered(parent_provider_id=None):
                found[event.provider_id] = _leg(event)
            case LegRegistered(parent_provider_id=str(parent)):
                found[event.provider_id] = _leg(event)
                # Of the parent we may hear later, or never.
                found.setdefault(parent, Copy(kind=CopyKind.leg, provider_id=parent))
            case MessageRegistered():
                found[event.provider_id] = Copy(
                    kind=CopyKind.message, provider_id=event.provider_id
                )
            case RecordingAnnounced():
                found[event.provider_id] = Copy(
                    kind=CopyKind.recording, provider_id=event.provider_id
                )
            case _:
                pass
    return tuple(found.values())


def _leg(event: LegRegistered) -> Copy:
    """It was made by the time of its first report, if that has one, or before."""
    return Copy(
        kind=CopyKind.leg,
        provider_id=event.provider_id,
        parent_provider_id=event.parent_provider_id,
        created_at=event.occurred_at,
    )
