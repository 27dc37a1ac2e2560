"""The call log as a projection: its table, its columns, and how they are sent."""

from collections.abc import Sequence

import msgspec

from adapters.postgres.arrays import BigInts, Ints, Jsons, Texts, Times, Uuids
from projections.call_log.build import CallSoFar, Named, fold, row
from projections.projection import Column, Projection


def named_json(values: Sequence[Named | None]) -> Jsons:
    """Parties as JSON."""
    return Jsons([None if value is None else msgspec.json.encode(value) for value in values])


CALL_LOG: Projection[CallSoFar] = Projection(
    name="call_log",
    key="call_id",
    prefix="call.",
    columns=(
        Column("workspace_id", Uuids),
        Column("call_id", Uuids),
        Column("version", Ints),
        Column("position", BigInts),
        Column("first_recorded_at", Times),
        Column("recorded_at", Times),
        Column("sort_at", Times),
        Column("started_at", Times),
        Column("answered_at", Times),
        Column("ended_at", Times),
        Column("ring_seconds", Ints),
        Column("talk_seconds", Ints),
        Column("duration_seconds", Ints),
        Column("direction", Texts),
        Column("outcome", Texts),
        Column("leg_count", Ints),
        Column("leg_statuses", Texts, "string_to_array({}, ',')"),
        Column("caller_subject", Uuids),
        Column("callee_subject", Uuids),
        Column("caller", named_json),
        Column("callee", named_json),
    ),
    fold=fold,
    row=row,
)
