"""Log lines that cannot hold a personal value: named events, and keys whose values have a form.

Safety is an allow-list, not a search for what looks personal: a key that is not listed is left
out, and so is a value that does not have its key's form. Libraries write free text, so of their
lines only the place and the error's class are kept. To log something new, add its key here.
"""

import logging
import re
import sys
import traceback
from typing import Final, Literal, TextIO

import orjson
import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

_WORD: Final = r"[a-z][a-z_]*\d{0,4}([./][a-z_]*\d{0,4}){0,5}"
_ID: Final = r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|[A-Z]{2}[0-9a-f]{32}"

_KEYS_BY_FORM: Final = {
    # Random ids and the provider's; a subject's id is random and never used twice.
    _ID: (
        *("call_id", "causation_id", "correlation_id", "dead_letter_id", "entry_id", "leg_id"),
        *("provider_id", "request_id", "subject_id", "workspace_id"),
    ),
    # Words of our own vocabularies.
    _WORD: (
        *("action", "category", "cell", "code", "entry_name", "event", "level", "library"),
        *("migration", "outcome", "projection", "reason", "role", "state", "view"),
    ),
    # Counts, durations, codes. A telephone number is a string everywhere, so it is none of these.
    r"-?\d{1,18}(\.\d{1,18})?": (
        *("attempt", "batch", "bytes", "calls", "cells", "count", "duration_ms", "entries"),
        *("lag", "omitted", "pid", "port", "position", "status", "version", "workspaces"),
    ),
    r"[A-Z]{3,7}": ("method",),
    r"(/(v\d|[a-z_.-]+|\{[a-z_]+\}))+": ("route",),
    r"[\w.<>]+:\d+": ("at",),
    r"[A-Za-z_]\w*": ("error",),
    r"\d{4}-\d\d-\d\dT[\d:.]+Z": ("timestamp",),
}
_FORMS: Final = {key: re.compile(form) for form, keys in _KEYS_BY_FORM.items() for key in keys}
_NUMBERS: Final = frozenset(key for key, form in _FORMS.items() if form.fullmatch("1"))

SAFE_KEYS: Final = frozenset(_FORMS)
"""Every key a log line may hold."""


def configure(
    renderer: Literal["json", "console"] = "json",
    *,
    level: int = logging.INFO,
    stream: TextIO | None = None,
) -> None:
    """Send our events, and what little we keep of the libraries' lines, to `stream` (stderr)."""
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            reduce_error,
            keep_safe,
            _RENDERERS[renderer],
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.PrintLoggerFactory(stream or sys.stderr),
        cache_logger_on_first_use=False,
    )
    logging.basicConfig(handlers=[_Libraries()], level=logging.WARNING, force=True)
    for name in ("uvicorn", "uvicorn.error", "uvicorn.access", "twilio", "psycopg"):
        library = logging.getLogger(name)
        library.handlers.clear()
        library.propagate = True
        library.setLevel(logging.NOTSET)


def keep_safe(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """Leave out every key that is not listed and every value without its key's form."""
    safe = {key: value for key, value in event.items() if _is_safe(key, value)}
    if omitted := len(event) - len(safe):
        safe["omitted"] = omitted
    return safe


def reduce_error(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """Replace an exception by its class and the place it came from: its text may quote a value."""
    info = event.pop("exc_info", None)
    error = sys.exc_info()[1] if info is True else info[1] if isinstance(info, tuple) else info
    if isinstance(error, BaseException):
        event["error"] = type(error).__name__
        if frames := traceback.extract_tb(error.__traceback__):
            event["at"] = f"{frames[-1].name}:{frames[-1].lineno}"
    return event


def _is_safe(key: str, value: object) -> bool:
    if key not in _FORMS or isinstance(value, bool) or value is None:
        return False
    if (key in _NUMBERS) != isinstance(value, int | float):
        return False
    return _FORMS[key].fullmatch(str(value)) is not None


class _Libraries(logging.Handler):
    """Passes on that a library spoke, and from where, but not what it said."""

    def emit(self, record: logging.LogRecord) -> None:
        structlog.get_logger().log(
            record.levelno,
            "library.spoke",
            library=record.name,
            at=f"{record.module}:{record.lineno}",
            exc_info=record.exc_info,
        )


def _as_json(_logger: WrappedLogger, _method: str, event: EventDict) -> str:
    return orjson.dumps(event, default=str).decode()


_RENDERERS: Final[dict[str, Processor]] = {
    "json": _as_json,
    "console": structlog.dev.ConsoleRenderer(colors=False),
}
