"""The text of a segment: sealed for whoever is heard in it, and opened for whoever may read it."""

from base64 import b64decode, b64encode
from collections.abc import Sequence
from typing import Final, NamedTuple
from uuid import UUID

from adapters.accesses.access import Access
from adapters.event_store.values import Reference, open_values
from adapters.keys.shares import shares_of, together
from adapters.keys.workspace_key import WorkspaceKey
from adapters.postgres.pool import Connection
from domain.personal_data import Category, Clear, Personal, Reading, ReadingState, Sealed
from domain.transcriptions.state import Version

OWNERS: Final = 2
"""Of one sealed value; a text of more is in two shares."""


class Locked(NamedTuple):
    """A text on its way into the vault."""

    text: Clear
    share: Clear | None


def locked(text: str, owners: Sequence[Personal]) -> Locked:
    """A text that opens only with the keys of all of these, at most four."""
    if len(owners) <= OWNERS:
        return Locked(_clear({"text": text}, owners), None)
    one, other = (b64encode(share).decode() for share in shares_of(text.encode()))
    return Locked(
        _clear({"share": one}, owners[:OWNERS]), _clear({"share": other}, owners[OWNERS:])
    )


def locked_again(text: str, version: Version) -> Locked:
    """A text in the place of another, for the same owners."""
    if version.share is None:
        return Locked(_clear({"text": text}, (version.text,)), None)
    one, other = (b64encode(share).decode() for share in shares_of(text.encode()))
    return Locked(
        _clear({"share": one}, (version.text,)), _clear({"share": other}, (version.share,))
    )


async def read_texts(
    connection: Connection,
    key: WorkspaceKey,
    stream_id: UUID,
    versions: Sequence[Version],
    access: Access,
) -> list[Reading]:
    """Each text, as ``{"text": ...}``, or why it cannot be read; in their order.

    Raises:
        IntegrityAlarm: A text does not authenticate, or is missing and nobody destroyed its key.
    """
    pairs = [_references(stream_id, version) for version in versions]
    wanted = [reference for pair in pairs for reference in pair]
    readings = await open_values(connection, key, wanted, access)
    found = dict(zip(wanted, readings, strict=True))
    return [_joined([found[reference] for reference in pair]) for pair in pairs]


def _references(stream_id: UUID, version: Version) -> list[Reference]:
    fields = (("text", version.text), ("share", version.share))
    return [
        Reference(stream_id, version.version, name, sealed)
        for name, sealed in fields
        if isinstance(sealed, Sealed)
    ]


def _joined(readings: Sequence[Reading]) -> Reading:
    for reading in readings:
        if reading.value is None:
            return reading
    values = [reading.value or {} for reading in readings]
    if len(values) == 1:
        return readings[0]
    one, other = (b64decode(value["share"]) for value in values)
    return Reading(ReadingState.value, {"text": together(one, other).decode()})


def _clear(value: dict[str, str], owners: Sequence[Personal]) -> Clear:
    return Clear(value, Category.transcription, about=tuple(owners))
