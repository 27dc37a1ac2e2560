"""Opaque cursors: a place in a list, sealed to the question that it continues."""

import binascii
import hmac
import struct
from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import Final
from uuid import UUID

from adapters.keys.workspace_key import WorkspaceKey
from api.problems import Problem
from projections.paging import Place

_PLACE: Final = struct.Struct("!q16s")


def write_cursor(key: WorkspaceKey, question: bytes, place: Place | None) -> str | None:
    """The cursor of the page after ``place``; ``None`` where there is none."""
    if place is None:
        return None
    packed = _PLACE.pack(place.key, place.row_id.bytes)
    return urlsafe_b64encode(packed + _tag(key, question, packed)).decode()


def read_cursor(key: WorkspaceKey, question: bytes, text: str | None) -> Place | None:
    """The place that a cursor names; a problem for one of another question or workspace."""
    if text is None:
        return None
    try:
        raw = urlsafe_b64decode(text.encode("ascii"))
    except (binascii.Error, UnicodeEncodeError):
        raise Problem("invalid-cursor") from None
    packed, tag = raw[: _PLACE.size], raw[_PLACE.size :]
    if not hmac.compare_digest(tag, _tag(key, question, packed)):
        raise Problem("invalid-cursor")
    sort_key, row_id = _PLACE.unpack(packed)
    return Place(sort_key, UUID(bytes=row_id))


def _tag(key: WorkspaceKey, question: bytes, packed: bytes) -> bytes:
    # The place has a fixed length and comes first, so no two pairs are the same text.
    return bytes.fromhex(key.tag(b"cursor" + packed + question))
