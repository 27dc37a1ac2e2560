"""What remains at the provider after a deletion, and until when.

Sources: the deletion terms (``deleteSla``) in Twilio's OpenAPI description, its glossary on
personal data (a property's minimum time to live), and its pages on recordings, Voice Insights and
BulkExport. Where a day is unknown the latest possible one is named, never an earlier one.
"""

from datetime import date, datetime, timedelta
from typing import Final

from domain.provider_copies.events import Copy, Residual
from domain.provider_copies.words import CopyKind, Remains

NUMBERS: Final = timedelta(days=120)
"""From when it came to be: until then numbers are kept, deleted or not."""

BACKUPS: Final = timedelta(days=30)
"""From the deletion on."""

METADATA: Final = timedelta(days=40)
"""From the deletion of a recording on."""

SUMMARIES: Final = timedelta(days=30)
"""From the call's end on; a call lasts a day at most."""

EXPORTS: Final = timedelta(days=7)
"""From when the file of a day is made: on the day after it."""

DEBUGGER: Final = timedelta(days=30)
"""From the last request on, which may have been the deletion itself."""

A_DAY: Final = timedelta(days=1)


def residuals(copy: Copy, deleted_at: datetime) -> tuple[Residual, ...]:
    """What remains of a copy that was deleted then."""
    day = deleted_at.date()
    born = (copy.created_at or deleted_at).date()
    match copy.kind:
        case CopyKind.recording:
            return (Residual(what=Remains.recording_metadata, until=day + METADATA),)
        case CopyKind.transcription | CopyKind.transcript:
            return (Residual(what=Remains.backups, until=day + BACKUPS),)
        case CopyKind.leg:
            summaries = Residual(what=Remains.call_summaries, until=born + A_DAY + SUMMARIES)
            return (*_of_parties(day, born), *_still_there(day, summaries))
        case CopyKind.message:
            return _of_parties(day, born)


def _of_parties(day: date, born: date) -> tuple[Residual, ...]:
    exports = Residual(what=Remains.bulk_exports, until=born + A_DAY + EXPORTS)
    return (
        Residual(what=Remains.numbers, until=max(born + NUMBERS, day + BACKUPS)),
        *_still_there(day, exports),
        Residual(what=Remains.debugger, until=day + DEBUGGER),
        Residual(what=Remains.event_sinks),
    )


def _still_there(day: date, residual: Residual) -> tuple[Residual, ...]:
    return (residual,) if residual.until is None or residual.until >= day else ()
