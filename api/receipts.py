"""Issuing receipts of erasures, and finding the last one, for the routes and the command line."""

import hashlib
from typing import Any
from uuid import UUID

import orjson

from adapters.cell import Cell
from adapters.event_store.history import read_stream
from adapters.event_store.requests import Request
from adapters.postgres.pool import Connection
from adapters.wiring import Ledger
from domain.errors import NotFound, Refused
from domain.identifiers import receipts_id
from domain.messages import Context
from domain.receipts.commands import IssueReceipt
from domain.receipts.events import ReceiptIssued
from domain.receipts.receipts import RECEIPTS
from domain.receipts.words import ReceiptState
from projections.receipts.compose import compose, same

ATTEMPTS = 5


async def last_receipt(connection: Connection, workspace_id: UUID, subject_id: UUID) -> str:
    """The text of the last receipt, as it was signed; ``NotFound`` where none was issued."""
    found = await _last(connection, workspace_id, subject_id)
    if found is None:
        raise NotFound("receipt")
    return found.receipt


async def issue_receipt(
    ledger: Ledger, cell: Cell, workspace_id: UUID, subject_id: UUID, context: Context
) -> str:
    """A receipt of what can be said now: a new one, or the last where it says the same.

    Raises:
        Refused: The subject is not erased.
    """
    for _ in range(ATTEMPTS):
        async with cell.scoped(workspace_id) as connection:
            last = await _last(connection, workspace_id, subject_id)
            document = await compose(connection, workspace_id, subject_id, ledger.clock())
        if last is not None and same(orjson.loads(last.receipt), document):
            return last.receipt
        text = ledger.receipt_key.sign(document).decode()
        place = (workspace_id, receipts_id(workspace_id, subject_id))
        command = IssueReceipt(
            occurred_at=ledger.clock(),
            subject_id=subject_id,
            state=ReceiptState(document["state"]),
            sha256=hashlib.sha256(text.encode()).hexdigest(),
            receipt=text,
            after=last.sha256 if last else None,
        )
        try:
            await cell.writer.handle(Request(*place, RECEIPTS, command, context))
        except Refused:
            continue  # another one was issued meanwhile, and may say the same
        return text
    raise Refused("another_receipt_meanwhile")


async def _last(
    connection: Connection, workspace_id: UUID, subject_id: UUID
) -> ReceiptIssued | None:
    stream = await read_stream(connection, receipts_id(workspace_id, subject_id))
    events: list[Any] = [entry.event for entry in stream]
    return RECEIPTS.fold(events).last
