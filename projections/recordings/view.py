"""The recordings as a projection: its table, its columns, and how they are sent."""

from adapters.postgres.arrays import BigInts, Ints, Texts, Times, Uuids
from projections.projection import Column, Projection
from projections.recordings.build import RecordingSoFar, fold, row

RECORDINGS: Projection[RecordingSoFar] = Projection(
    name="recordings",
    key="recording_id",
    prefix="recording.",
    columns=(
        Column("workspace_id", Uuids),
        Column("recording_id", Uuids),
        Column("version", Ints),
        Column("position", BigInts),
        Column("call_id", Uuids),
        Column("first_recorded_at", Times),
        Column("work", Texts),
        Column("attempts", Ints),
        Column("tried_at", Times),
        Column("owners", Texts, "string_to_array({}, ',')::uuid[]"),
        Column("bucket_id", Uuids),
        Column("objects", Texts, "string_to_array({}, ',')"),
    ),
    fold=fold,
    row=row,
)
