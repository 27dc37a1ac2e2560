"""How a consent's entries become its row in the register. Pure.

The row holds the statement that was last, not where the consent stands: that changes as time
passes, without an entry.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from domain.consents.consent import Consent, evolve, last_by
from domain.consents.events import ConsentEvent, ConsentGiven
from domain.messages import Entry


@dataclass(frozen=True, slots=True)
class ConsentSoFar:
    """A consent as far as its entries were read."""

    consent_id: UUID
    workspace_id: UUID
    recorded_at: datetime
    version: int
    position: int
    consent: Consent


def fold(so_far: ConsentSoFar | None, entry: Entry) -> ConsentSoFar:
    """One more entry of the consent."""
    event: Any = entry.event
    return ConsentSoFar(
        consent_id=entry.stream_id,
        workspace_id=entry.workspace_id,
        recorded_at=entry.recorded_at,
        version=entry.version,
        position=entry.position,
        consent=evolve(so_far.consent if so_far else Consent(), event),
    )


def row(so_far: ConsentSoFar) -> tuple[Any, ...]:
    """The consent's row, in the order of its columns."""
    last = last_by(so_far.consent)
    if last is None:
        raise TypeError("a consent of which nothing was said")
    given = last if isinstance(last, ConsentGiven) else None
    return (
        so_far.workspace_id,
        so_far.consent_id,
        last.subject_id,
        last.purpose,
        last.kind,
        so_far.version,
        so_far.position,
        so_far.recorded_at,
        said(last),
        last.occurred_at,
        given.form if given else None,
        given.expires_at if given else None,
        last.evidence.channel,
        last.evidence.prompt_id,
        last.evidence.prompt_version,
        last.evidence.text_sha256,
        last.evidence.policy_version,
        last.evidence.table_version,
        last.evidence.rule,
    )


def said(event: ConsentEvent) -> str:
    """What a statement says, in a word: ``asked``, ``given``, ``refused`` or ``withdrawn``."""
    return event.name.removeprefix("consent.")
