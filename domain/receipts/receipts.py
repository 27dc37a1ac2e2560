"""The rules of receipts: each takes the place of the one before, and none is taken back."""

from collections.abc import Sequence
from dataclasses import dataclass

from domain.decider import Decider
from domain.errors import Refused
from domain.receipts.commands import ReceiptCommand
from domain.receipts.events import ReceiptEvent, ReceiptIssued


@dataclass(frozen=True, slots=True)
class Receipts:
    """The receipts of one erasure: the last of them."""

    last: ReceiptIssued | None = None


def decide(receipts: Receipts, command: ReceiptCommand) -> Sequence[ReceiptEvent]:
    """Issue it once. Who made it beside another one that came first makes it again."""
    last = receipts.last.sha256 if receipts.last else None
    if command.sha256 == last:
        return ()
    if command.after != last:
        raise Refused("another_receipt_meanwhile")
    return (
        ReceiptIssued(
            occurred_at=command.occurred_at,
            subject_id=command.subject_id,
            state=command.state,
            sha256=command.sha256,
            receipt=command.receipt,
        ),
    )


def evolve(_receipts: Receipts, event: ReceiptEvent) -> Receipts:
    """The receipts after one more."""
    return Receipts(event)


RECEIPTS = Decider(initial=Receipts(), decide=decide, evolve=evolve)
