"""One line of the erasure ledger: what is to be destroyed, or what became of that.

Stored for ever: JSON, ids and times only. Each line holds the SHA-256 of the line before it, so
that none can be taken out, changed or put in between without all that follow.
"""

import hashlib
from datetime import datetime
from enum import StrEnum
from typing import Final
from uuid import UUID

import msgspec

FORMAT: Final = 1
NOTHING_BEFORE: Final = "0" * 64


class Kind(StrEnum):
    """What an act destroys. More may be added; a line of a kind we do not know stops the gate."""

    subject_erased = "subject_erased"
    workspace_ended = "workspace_ended"
    bucket_expired = "bucket_expired"


class Said(StrEnum):
    """What a line says of an act."""

    intended = "intended"
    """It is about to be done. On the disk before the transaction that does it can commit."""

    done = "done"
    """Its transaction has committed. Missing where the program died right then."""

    given_up = "given_up"
    """Its transaction was rolled back: nothing was destroyed."""


class Act(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """What is destroyed: whose key, by its id, and why."""

    kind: Kind
    workspace_id: UUID
    id: UUID
    reason: str | None = None


class Line(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """A line as it is stored, without its end."""

    format: int
    cell: str
    number: int
    """1, 2, 3 ... in the cell's file: no gaps."""

    before: str
    """SHA-256, in hex, of the line before."""

    at: datetime
    said: Said
    act: Act | None = None
    """What is intended."""

    of: int | None = None
    """The number of the line whose act is done or given up."""

    @property
    def text(self) -> bytes:
        """The bytes that are stored, and hashed."""
        return msgspec.json.encode(self)

    @property
    def sha256(self) -> str:
        """What the next line commits to."""
        return hashlib.sha256(self.text).hexdigest()


def read_line(text: bytes) -> Line | None:
    """The line that these bytes are, to the byte; ``None`` where they are none."""
    try:
        line = _DECODER.decode(text)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None
    return line if line.text == text else None


_DECODER = msgspec.json.Decoder(Line)
