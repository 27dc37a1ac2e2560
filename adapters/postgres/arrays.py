"""Arrays in PostgreSQL's binary form, of a type that never depends on what is in them.

psycopg chooses an array's type by looking at its elements, so that an empty list or a
small number makes another prepared statement. Here the caller names it; it is faster too.
"""

import struct
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, timedelta
from functools import cache
from typing import Any, ClassVar
from uuid import UUID

from psycopg import adapters
from psycopg.adapt import Dumper
from psycopg.pq import Format

_HEADER = struct.Struct("!iiIii")
_EMPTY = struct.Struct("!iiI")
_NULL = b"\xff\xff\xff\xff"
_SIXTEEN = b"\x00\x00\x00\x10"
_INT = struct.Struct("!ii")
_SMALL = struct.Struct("!ih")
_BIG = struct.Struct("!iq")
_EPOCH = date(2000, 1, 1).toordinal()
_EPOCH_TIME = datetime(2000, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


class Array:
    """One dimension of one type. ``element`` and ``oid`` are PostgreSQL's ids of the types."""

    element: ClassVar[int]
    oid: ClassVar[int]
    __slots__ = ("data", "elements")

    def __init__(self, items: Sequence[Any]) -> None:
        self.elements = parts = self._pack(items)
        """Each after its length: as they stand in COPY's rows too."""

        if parts:
            # The null flag may be set without a null.
            header = _HEADER.pack(1, 1, self.element, len(parts), 1)
            self.data = header + b"".join(parts)
        else:
            self.data = _EMPTY.pack(0, 0, self.element)

    @staticmethod
    def _pack(items: Sequence[Any]) -> list[bytes]:
        raise NotImplementedError


class Uuids(Array):
    """``uuid[]``."""

    element, oid = 2950, 2951

    @staticmethod
    def _pack(items: Sequence[UUID | None]) -> list[bytes]:
        # Not ``bytes``, a property written in Python: there are four ids in every row.
        return [_NULL if i is None else _SIXTEEN + i.int.to_bytes(16, "big") for i in items]


class RawUuids(Array):
    """``uuid[]``, of ids as they came from PostgreSQL."""

    element, oid = 2950, 2951

    @staticmethod
    def _pack(items: Sequence[bytes]) -> list[bytes]:
        return [_SIXTEEN + i for i in items]


class Ints(Array):
    """``integer[]``."""

    element, oid = 23, 1007

    @staticmethod
    def _pack(items: Sequence[int | None]) -> list[bytes]:
        return [_NULL if i is None else _INT.pack(4, i) for i in items]


class SmallInts(Array):
    """``smallint[]``."""

    element, oid = 21, 1005

    @staticmethod
    def _pack(items: Sequence[int]) -> list[bytes]:
        return [_SMALL.pack(2, i) for i in items]


class Bytes(Array):
    """``bytea[]``."""

    element, oid = 17, 1001

    @staticmethod
    def _pack(items: Sequence[bytes | None]) -> list[bytes]:
        return [_sized(i) for i in items]


class Texts(Array):
    """``text[]``."""

    element, oid = 25, 1009

    @staticmethod
    def _pack(items: Sequence[str | None]) -> list[bytes]:
        return [_sized(None if i is None else i.encode()) for i in items]


class Dates(Array):
    """``date[]``."""

    element, oid = 1082, 1182

    @staticmethod
    def _pack(items: Sequence[date]) -> list[bytes]:
        return [_INT.pack(4, i.toordinal() - _EPOCH) for i in items]


class BigInts(Array):
    """``bigint[]``."""

    element, oid = 20, 1016

    @staticmethod
    def _pack(items: Sequence[int]) -> list[bytes]:
        return [_BIG.pack(8, i) for i in items]


class Times(Array):
    """``timestamptz[]``, of aware times."""

    element, oid = 1184, 1185

    @staticmethod
    def _pack(items: Sequence[datetime | None]) -> list[bytes]:
        return [
            _NULL if i is None else _BIG.pack(8, (i - _EPOCH_TIME) // _MICROSECOND) for i in items
        ]


class Jsons(Array):
    """``jsonb[]``, of JSON already encoded."""

    element, oid = 3802, 3807

    @staticmethod
    def _pack(items: Sequence[bytes | None]) -> list[bytes]:
        return [_NULL if i is None else _sized(b"\x01" + i) for i in items]


def columns(
    rows: Sequence[tuple[Any, ...]], kinds: Sequence[Callable[[Any], Array]]
) -> list[Array]:
    """Rows as one array for each of their columns."""
    if not rows:
        return [_empty(kind) for kind in kinds]
    return [kind(column) for kind, column in zip(kinds, zip(*rows, strict=True), strict=True)]


@cache
def _empty(kind: Callable[[Any], Array]) -> Array:
    return kind(())


def big_int(number: int) -> bytes:
    """A single ``bigint``."""
    return number.to_bytes(8, "big", signed=True)


def time(moment: datetime) -> bytes:
    """A single ``timestamptz``, of an aware time."""
    return big_int((moment - _EPOCH_TIME) // _MICROSECOND)


def moment(microseconds: int) -> datetime:
    """The time that a ``timestamptz`` is in its binary form."""
    return _EPOCH_TIME + microseconds * _MICROSECOND


def _sized(item: bytes | None) -> bytes:
    return _NULL if item is None else len(item).to_bytes(4, "big") + item


def _register(kind: type[Array]) -> None:
    class _Dumper(Dumper):
        format = Format.BINARY
        oid = kind.oid

        def dump(self, obj: Array) -> bytes:
            return obj.data

    adapters.register_dumper(kind, _Dumper)


for _kind in Array.__subclasses__():
    _register(_kind)
