"""A receipt's document: ids, numbers, hashes and times, and what every store answered."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, Final
from uuid import UUID

import msgspec

from adapters.event_store.history import read_stream
from adapters.postgres.pool import Connection
from domain.errors import NotFound, Refused
from domain.messages import Entry
from domain.receipts.answers import Answer, state_of
from domain.subjects.events import ErasureReason, SubjectErased, SubjectEvent
from domain.subjects.subject import SUBJECT
from projections.receipts.answers import Asked, ask_every_store

FORMAT: Final = "ringledger.erasure-receipt/1"

_ENTRIES: Final = """
    SELECT position, version, name, recorded_at, encode(sha256(body), 'hex') FROM entries
    WHERE stream_id = %s ORDER BY version
"""
_IS_THERE: Final = "SELECT FROM subjects WHERE workspace_id = %s AND subject_id = %s"
_KEPT: Final = """
    SELECT count(*) FROM consent_register WHERE workspace_id = %s AND subject_id = %s
"""

Document = dict[str, Any]


async def compose(
    connection: Connection, workspace_id: UUID, subject_id: UUID, now: datetime
) -> Document:
    """What can be said of a subject's erasure now, unsigned.

    Raises:
        NotFound: The workspace has no such subject.
        Refused: They are not erased, and nobody asked for it.
    """
    if not (await connection.execute(_IS_THERE, (workspace_id, subject_id))).rowcount:
        raise NotFound("subject")
    stream = await read_stream(connection, subject_id)
    erased = next((e for e in stream if isinstance(e.event, SubjectErased)), None)
    reason = _reason(stream)
    if reason is None:
        raise Refused("not_erased")
    asked = Asked(connection, workspace_id, subject_id, stream, erased, now.astimezone(UTC))
    answers = await ask_every_store(asked)
    rows = await (await connection.execute(_ENTRIES, (subject_id,))).fetchall()
    kept = await asked.one(_KEPT)
    return {
        "format": FORMAT,
        "workspace_id": str(workspace_id),
        "subject_id": str(subject_id),
        "reason": reason.value,
        "erased_at": _text(erased.recorded_at) if erased else None,
        "issued_at": _text(now),
        "state": state_of(answers).value,
        "answers": _told(answers),
        "kept": [{"what": "consents", "count": kept, "because": "GDPR Art. 7(1)"}] if kept else [],
        "entries": [_entry(*row) for row in rows],
    }


def _reason(stream: Sequence[Entry]) -> ErasureReason | None:
    """Why they were erased, or are to be; ``None`` where nobody asked for it."""
    events = [entry.event for entry in stream if isinstance(entry.event, SubjectEvent)]
    asked = SUBJECT.fold(events).asked
    done = next((event for event in events if isinstance(event, SubjectErased)), None)
    found = done or asked
    return found.reason if found else None


def same(one: Document, other: Document) -> bool:
    """Whether two receipts say the same, but for when and with which signature."""
    apart = ("issued_at", "signed_with", "signature")
    return all(one.get(name) == other.get(name) for name in {*one, *other} - {*apart})


def _told(answers: Sequence[Answer]) -> list[Document]:
    found: list[Document] = msgspec.to_builtins(list(answers))
    return found


def _entry(position: int, version: int, name: str, at: datetime, sha256: str) -> Document:
    return {
        "position": position,
        "version": version,
        "name": name,
        "recorded_at": _text(at),
        "sha256": sha256,
    }


def _text(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")
