"""Personal values: ``Clear`` on their way in, ``Sealed`` in the history.

A rule may pass a ``Clear`` on and ask whether there is one; it never reads it.
Whatever a reader gets back is a ``Reading``: a value, or the reason why there is none.
"""

from datetime import date
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Final, NamedTuple, TypeAlias
from uuid import UUID

import msgspec


class Category(StrEnum):
    """What kind of value it is; each kind has its own retention period."""

    call_metadata = "call_metadata"
    """Numbers, names and places of the parties."""

    recording = "recording"
    """What was said in a call. Here lie the keys of its audio, which lies elsewhere."""

    unclassified = "unclassified"
    """Fields of a callback that we do not know."""

    dead_letter = "dead_letter"
    """A whole callback that could not be understood."""

    consent_evidence = "consent_evidence"
    """What somebody said in their own words when they were asked for their consent."""

    transcription = "transcription"
    """What a machine wrote down of what was said, and what somebody made of that."""

    account = "account"
    """A workspace's own people: members' addresses, dial targets, notes on settings."""


class Sealed(msgspec.Struct, frozen=True, gc=False, forbid_unknown_fields=True):
    """What an entry holds in the place of a personal value. It outlives the value."""

    subjects: tuple[UUID, ...]
    """Whose value it is. With several, the erasure of any one of them erases it."""

    category: Category
    bucket: UUID
    commitment: str | None
    """SHA-256 over the sealed box and its key check, in hex; ``None`` for a value
    that came for a subject erased before, and was never kept."""


class Clear:
    """A personal value in flight, before it is sealed. Nothing prints it or writes it down.

    Neither a struct nor a dataclass: those are written as JSON, and an event whose value
    somebody forgot to seal must fail there instead.
    """

    __slots__ = ("about", "category", "day", "lookup", "subject", "value")

    def __init__(
        self,
        value: dict[str, Any],
        category: Category,
        lookup: str | None = None,
        about: "tuple[Personal, ...]" = (),
        subject: UUID | None = None,
        day: date | None = None,
    ) -> None:
        self.value: Final = value
        self.category: Final = category
        self.lookup: Final = lookup
        """The canonical text by which the same person is found again; ``None`` where
        nobody can be recognised (a withheld number is nobody's number)."""

        self.about: Final = about
        """Whose value it is, where that is somebody named elsewhere."""

        self.subject: Final = subject
        """Whose value it is, where we know them by their id: the subject of the command."""

        self.day: Final = day
        """The UTC day from which its period counts; that on which it is kept where not given."""

    def __repr__(self) -> str:
        """Say that there is a value, not which."""
        return f"Clear({self.category})"


if TYPE_CHECKING:
    Personal: TypeAlias = Clear | Sealed
    """A personal field's value: ``Clear`` on its way in, ``Sealed`` from then on."""
else:
    # At run time only the history's reader looks at a field's type, and it never meets the other.
    Personal = Sealed


class ReadingState(StrEnum):
    """Why a reader has a value, or has none."""

    value = "value"
    erased = "erased"
    expired = "expired"
    restricted = "restricted"
    """GDPR Art. 18: it is kept and not used, unless the reader has a ``Need``."""

    withheld = "withheld"


class Need(StrEnum):
    """What restricted values are read for (GDPR Art. 18(2)), or those that only a hold keeps."""

    consent = "consent"
    """The subject agreed to it."""

    legal_claims = "legal_claims"
    """To establish, exercise or defend legal claims."""

    rights_of_another = "rights_of_another"
    """To protect the rights of another person."""

    public_interest = "public_interest"
    """An important one, of the Union or of a Member State."""


class Reading(NamedTuple):
    """What a reader gets for a personal field."""

    state: ReadingState
    value: dict[str, Any] | None = None

    def __repr__(self) -> str:
        """Say which state it is in, never the value."""
        return f"Reading({self.state})"
