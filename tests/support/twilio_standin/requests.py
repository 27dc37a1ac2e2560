"""What a valid request is, by the OpenAPI descriptions of Twilio's REST API.

``twilio_api_v2010``, and ``twilio_intelligence_v2`` for transcripts.

A name it does not know is refused (error 20001), as is a value of the wrong shape.
"""

import re
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from email.utils import parsedate_to_datetime
from typing import Final

Check = Callable[[str], bool]

MOST_OF_A_PAGE: Final = 1000
STATUSES: Final = (
    *("queued", "ringing", "in-progress", "canceled", "completed", "failed", "busy", "no-answer"),
)
_ODD: Final = "%m/%d/%Y %H:%M:%S"
"""A date that the description's own example is given in, followed by a time zone's name."""


class Refusal(Exception):  # noqa: N818 - an answer, not an error
    """A request that Twilio turns away, with its status, code and text."""

    def __init__(self, status: int, code: int, message: str) -> None:
        super().__init__(message)
        self.status, self.code, self.message = status, code, message


def not_found(path: str) -> Refusal:
    """There is no such resource, or not for this account."""
    return Refusal(404, 20404, f"The requested resource {path} was not found")


def day_of(text: str) -> date | None:
    """The day that a filter means: of a time too, only the day is looked at."""
    for read in (datetime.fromisoformat, parsedate_to_datetime, _odd):
        try:
            found = read(text)
        except (ValueError, TypeError, IndexError):
            continue
        return (found.astimezone(UTC) if found.tzinfo else found).date()
    return None


def _odd(text: str) -> datetime:
    return datetime.strptime(text.rpartition(" ")[0], _ODD)  # noqa: DTZ007 - its zone is a name


def _is_day(text: str) -> bool:
    return day_of(text) is not None


def _is_text(_: str) -> bool:
    return True


def _is_truth(text: str) -> bool:
    return text in {"true", "false"}


def _is_status(text: str) -> bool:
    return text in STATUSES


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit()


def _is_page_size(text: str) -> bool:
    return _is_number(text) and 1 <= int(text) <= MOST_OF_A_PAGE


def _sid(prefix: str) -> Check:
    pattern = re.compile(f"{prefix}[0-9a-fA-F]{{32}}")
    return lambda text: pattern.fullmatch(text) is not None


def _around(name: str) -> dict[str, Check]:
    return {f"{name}{sign}": _is_day for sign in ("", "<", ">")}


_PAGING: Final = {"PageSize": _is_page_size, "Page": _is_number, "PageToken": _is_text}
ALLOWED: Final[Mapping[str, Mapping[str, Check]]] = {
    "Calls": {
        "To": _is_text,
        "From": _is_text,
        "ParentCallSid": _sid("CA"),
        "Status": _is_status,
        **_around("StartTime"),
        **_around("EndTime"),
        **_PAGING,
    },
    "Events": _PAGING,
    "Recordings": {
        "CallSid": _sid("CA"),
        "ConferenceSid": _sid("CF"),
        "IncludeSoftDeleted": _is_truth,
        **_around("DateCreated"),
        **_PAGING,
    },
    "Call": {},
    "Recording": {"IncludeSoftDeleted": _is_truth},
    "Media": {"RequestedChannels": lambda text: text in {"1", "2"}},
    "Deletion": {},
    "Transcriptions": _PAGING,
    "Transcripts": {
        "ServiceSid": _sid("GA"),
        "SourceSid": _sid("RE"),
        "Status": _is_text,
        **_PAGING,
    },
    "Lead": {
        "Url": lambda text: text.startswith(("https://", "http://")),
        "Method": lambda text: text in {"GET", "POST"},
    },
    "Start": {
        "RecordingStatusCallbackEvent": _is_text,
        "RecordingStatusCallback": lambda text: text.startswith(("https://", "http://")),
        "RecordingStatusCallbackMethod": lambda text: text in {"GET", "POST"},
        "Trim": lambda text: text in {"trim-silence", "do-not-trim"},
        "RecordingChannels": lambda text: text in {"mono", "dual"},
        "RecordingTrack": lambda text: text in {"inbound", "outbound", "both"},
    },
    "Control": {
        "Status": lambda text: text in {"in-progress", "paused", "stopped"},
        "PauseBehavior": lambda text: text in {"skip", "silence"},
    },
    "Transcript": {},
    "Sentences": {"Redacted": _is_truth, "WordTimestamps": _is_truth, **_PAGING},
}
"""The query of each operation."""


def validate(operation: str, query: Mapping[str, str]) -> None:
    """Let a valid query pass.

    Raises:
        Refusal: A parameter is unknown, or cannot be meant so.
    """
    allowed = ALLOWED[operation]
    if unknown := sorted(set(query) - set(allowed)):
        raise Refusal(400, 20001, f"Unknown parameters: {', '.join(unknown)}")
    for name, value in query.items():
        if not allowed[name](value):
            if name == "PageSize" and _is_number(value):
                raise Refusal(400, 20007, "Page size too large")
            raise Refusal(400, 20001, f"Invalid value of {name}")
