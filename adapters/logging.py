"""Log lines that cannot hold a personal value: named events, and keys whose values have a form.

Safety is an allow-list, not a search for what looks personal: a key that is not listed is left
out, and so is a value that does not have its key's form. Libraries write free text, so of their
lines only the place and the error's class are kept. To log something new, add its key here.
"""

import logging
import re
import sys
import traceback
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, Final, Literal, TextIO
from uuid import UUID

import orjson
import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

from adapters.log_lines import Lines

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
    r"[A-Z]{3,7}": ("method",),
    r"(/(v\d|[a-z_.-]+|\{[a-z_]+\}))+": ("route",),
    r"[\w.<>]+:\d+": ("at",),
    r"[A-Za-z_]\w*": ("error",),
    r"\d{4}-\d\d-\d\dT[\d:.]+Z": ("timestamp",),
}
_FORMS: Final = {key: re.compile(form) for form, keys in _KEYS_BY_FORM.items() for key in keys}
_IDS: Final = frozenset(_KEYS_BY_FORM[_ID])
_NUMBERS: Final = frozenset(
    (
        *("attempt", "batch", "bytes", "calls", "cells", "count", "duration_ms", "entries"),
        *("lag", "omitted", "pid", "port", "position", "status", "version", "workspaces"),
    )
)
"""Counts, durations, codes. A telephone number is a string everywhere, so it is none of these."""

_MOST: Final = 10**18
"""No number of ours has more digits than eighteen."""

_id = UUID.__str__
"""Fails for everything that is no id."""

_USUAL: Final = structlog.make_filtering_bound_logger(logging.INFO)
"""What hears as much as a server is told to by default."""

SAFE_KEYS: Final = _NUMBERS.union(_FORMS)
"""Every key a log line may hold."""


def configure(
    renderer: Literal["json", "console"] = "json",
    *,
    level: int = logging.INFO,
    stream: TextIO | None = None,
) -> None:
    """Send our events, and what little we keep of the libraries' lines, to `stream` (stderr)."""
    _beginning.cache_clear()
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
        logger_factory=Lines(stream or sys.stderr).logger,
        cache_logger_on_first_use=False,
    )
    logging.basicConfig(handlers=[_Libraries()], level=logging.WARNING, force=True)
    for name in ("uvicorn", "uvicorn.error", "uvicorn.access", "twilio", "psycopg"):
        library = logging.getLogger(name)
        library.handlers.clear()
        library.propagate = True
        library.setLevel(logging.NOTSET)


def request_answered(
    request_id: UUID,
    *,
    method: str,
    status: int,
    duration_ms: float,
    route: str | None,
    workspace_id: UUID | None,
) -> None:
    """Say ``request.answered``. A request that met no route of ours has neither route nor place.

    A server says it thousands of times a second. So what is the same each time goes through the
    processors once; what differs is two ids, a number and a time, and can be nothing else.
    """
    config = structlog.get_config()
    is_usual = config["wrapper_class"] is _USUAL and config["processors"][-1] is _as_json
    if route is None or workspace_id is None or not is_usual:
        place: dict[str, object] = {} if route is None else {"route": route}
        if route is not None and workspace_id is not None:
            place["workspace_id"] = workspace_id
        structlog.get_logger().info(
            "request.answered", method=method, status=status, duration_ms=duration_ms, **place
        )
        return
    now = datetime.now(UTC).isoformat().removesuffix("+00:00")
    config["logger_factory"]().info(
        f'{_beginning(method, status, route)},"workspace_id":"{_id(workspace_id)}",'
        f'"duration_ms":{duration_ms:.1f},"request_id":"{_id(request_id)}","timestamp":"{now}Z"}}'
    )


@lru_cache(maxsize=1024)
def _beginning(method: str, status: int, route: str) -> str:
    """The line as the processors make it, as far as it is the same for all such requests."""
    event: Any = {"event": "request.answered", "method": method, "status": status, "route": route}
    for process in structlog.get_config()["processors"]:
        event = process(None, "info", event)
    said = orjson.loads(event)
    same = {key: said[key] for key in said if key not in ("request_id", "timestamp")}
    return orjson.dumps(same).decode().removesuffix("}")


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
    if isinstance(value, int | float):
        return key in _NUMBERS and not isinstance(value, bool) and -_MOST < value < _MOST
    if isinstance(value, UUID):
        return key in _IDS
    form = _FORMS.get(key)
    return form is not None and value is not None and form.fullmatch(str(value)) is not None


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
