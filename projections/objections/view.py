"""The objections as a projection: their table, its columns, and how they are sent."""

from adapters.postgres.arrays import BigInts, Ints, Texts, Times, Uuids
from projections.objections.build import ObjectionsSoFar, fold, row
from projections.projection import Column, Projection

OBJECTIONS: Projection[ObjectionsSoFar] = Projection(
    name="objections",
    key="call_id",
    prefix="call.recording_object",
    columns=(
        Column("workspace_id", Uuids),
        Column("call_id", Uuids),
        Column("version", Ints),
        Column("position", BigInts),
        Column("first_recorded_at", Times),
        Column("open_legs", Texts, "string_to_array({}, ',')::uuid[]"),
    ),
    fold=fold,
    row=row,
)
