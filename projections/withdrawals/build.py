"""How the withdrawals of a consent become its row. Pure."""

from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

from domain.consents.consent import CONSENT, Consent
from domain.consents.events import ConsentWithdrawalMet, ConsentWithdrawn
from domain.consents.words import Purpose
from domain.messages import Entry
from domain.policies.withdrawal import FOLLOWED


@dataclass(frozen=True, slots=True)
class WithdrawalsSoFar:
    """The withdrawals of a consent, as far as its entries were read."""

    workspace_id: UUID
    consent_id: UUID
    version: int = 0
    position: int = 0
    subject_id: UUID | None = None
    purpose: Purpose | None = None
    consent: Consent = CONSENT.initial


def fold(so_far: WithdrawalsSoFar | None, entry: Entry) -> WithdrawalsSoFar:
    """One more entry of the consent: it was withdrawn, or that was met."""
    told = so_far or WithdrawalsSoFar(entry.workspace_id, entry.stream_id)
    event = entry.event
    if not isinstance(event, ConsentWithdrawn | ConsentWithdrawalMet):
        return told
    return replace(
        told,
        version=entry.version,
        position=entry.position,
        subject_id=event.subject_id,
        purpose=event.purpose,
        consent=CONSENT.evolve(told.consent, event),
    )


def row(so_far: WithdrawalsSoFar) -> tuple[Any, ...]:
    """The row of the consent, in the order of the view's columns."""
    return (
        so_far.workspace_id,
        so_far.consent_id,
        so_far.version,
        so_far.position,
        so_far.subject_id,
        int(so_far.purpose in FOLLOWED and bool(so_far.consent.owed)),
    )
