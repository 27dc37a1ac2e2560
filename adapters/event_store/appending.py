"""The one way into the history: the cell's SQL function ``append()``, and how it says no."""

from typing import Any, Final
from uuid import UUID

from adapters.postgres.arrays import Array, big_int, time
from adapters.postgres.channel import Answer, Call, Channel, Rows

ARGUMENTS: Final = 26

APPEND: Final = f"SELECT (append({', '.join(['%b'] * ARGUMENTS)})).o_position"
"""For a cursor of psycopg."""

_APPEND: Final = b"append"
_CONFLICTS: Final = b"conflicts"
_NUMBERED: Final = ", ".join(f"${number}" for number in range(1, ARGUMENTS + 1))
STATEMENTS: Final = {
    _APPEND: f"SELECT (append({_NUMBERED})).o_position",
    _CONFLICTS: """
        SELECT DISTINCT stream_id FROM entries
        JOIN unnest($1::uuid[], $2::integer[]) AS wanted (stream_id, version)
        USING (stream_id, version)
    """,
}
"""What the channel has prepared."""

STALE: Final = "RL001"
"""A key was destroyed since the writer read the keys."""

STREAM_VERSION: Final = "entries_stream_version"
"""The constraint that somebody else's append to the same stream breaks."""


def append(channel: Channel, parameters: tuple[Any, ...]) -> Answer:
    """Append durably, all or nothing.

    Raises:
        psycopg.Error: When it is awaited. See the function: ``STALE``, a unique violation, or
            that the cell moves.
    """
    epoch, now, *arrays = parameters
    # PostgreSQL reads an empty array as slowly as a full one, and NULL at once: one part in ten.
    data = [array.data if array.elements else None for array in arrays]
    return channel.send(Call(_APPEND, [big_int(epoch), time(now), *data]))


def position_before(answer: list[Rows]) -> int:
    """The position before the first entry that was appended."""
    return int.from_bytes(answer[0][0][0], "big")


async def conflicts(channel: Channel, streams: Array, versions: Array) -> frozenset[UUID]:
    """The streams of which somebody else has taken one of these versions."""
    (rows,) = await channel.call(Call(_CONFLICTS, (streams.data, versions.data)))
    return frozenset(UUID(bytes=stream) for (stream,) in rows)
