"""The closed sets of words about holds: what is held, and on which ground."""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from domain.personal_data import Need


class Scope(StrEnum):
    """How far a hold reaches."""

    subject = "subject"
    """All that is known of one data subject."""

    call = "call"
    """One call: its parties, its recordings, and whatever else names it."""

    matter = "matter"
    """The subjects and the calls that one case is about."""

    workspace = "workspace"
    """Everything."""


class Ground(StrEnum):
    """Why erasure has to wait (GDPR Art. 17(3))."""

    legal_obligation = "legal_obligation"
    """(b): the law has it kept, or a task in the public interest."""

    public_health = "public_health"
    """(c)."""

    archiving = "archiving"
    """(d): archives in the public interest, research, statistics."""

    legal_claims = "legal_claims"
    """(e): to establish, exercise or defend legal claims."""


OPENS_FOR: Final[Mapping[Ground, Need]] = MappingProxyType(
    {
        Ground.legal_obligation: Need.public_interest,
        Ground.public_health: Need.public_interest,
        Ground.archiving: Need.public_interest,
        Ground.legal_claims: Need.legal_claims,
    }
)
"""For what may be read what nothing but a hold on that ground keeps."""
