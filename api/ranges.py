"""Which bytes of a representation are asked for (RFC 9110, section 14): one range, or all."""

import re
from typing import Final, NamedTuple

from starlette.datastructures import Headers

_RANGE: Final = re.compile(r"bytes=([0-9]{0,15})-([0-9]{0,15})", re.ASCII | re.IGNORECASE)


class Unsatisfiable(Exception):  # noqa: N818 - what the standard calls it
    """The range begins where there is nothing any more."""


class ByteRange(NamedTuple):
    """From which byte to before which."""

    start: int
    end: int


def asked_for(headers: Headers, length: int, tag: str) -> ByteRange | None:
    """The range that is asked for; ``None`` for all of it.

    What is not one range of bytes is passed over, as the standard allows: several ranges, other
    units, nonsense. So is a range of another representation than this (``If-Range``); a date there
    is never this one's, for it has none.

    Raises:
        Unsatisfiable: It lies beyond the end.
    """
    found = _RANGE.fullmatch(headers.get("range", "").strip())
    if found is None or headers.get("if-range", tag) != tag or not any(found.groups()):
        return None
    first, last = (int(text) if text else None for text in found.groups())
    if first is None:
        start, end = max(length - (last or 0), 0), length
    else:
        start, end = first, length if last is None else min(last + 1, length)
    if first is not None and last is not None and last < first:
        return None
    if start >= end:
        raise Unsatisfiable
    return ByteRange(start, end)


def is_named(headers: Headers, name: str, tag: str) -> bool:
    """Whether a condition of this name holds of the representation with this tag."""
    named = [one.strip().removeprefix("W/") for one in headers.get(name, "").split(",")]
    return tag in named or "*" in named
