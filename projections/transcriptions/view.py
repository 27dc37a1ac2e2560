"""The transcriptions as a projection: its table, its columns, and how they are sent."""

from adapters.postgres.arrays import BigInts, Ints, Times, Uuids
from projections.projection import Column, Projection
from projections.transcriptions.build import TranscriptionSoFar, fold, row

TRANSCRIPTIONS: Projection[TranscriptionSoFar] = Projection(
    name="transcriptions",
    key="transcription_id",
    prefix="transcription.",
    columns=(
        Column("workspace_id", Uuids),
        Column("transcription_id", Uuids),
        Column("version", Ints),
        Column("position", BigInts),
        Column("call_id", Uuids),
        Column("first_recorded_at", Times),
        Column("is_due", Ints, "{} = 1"),
        Column("attempts", Ints),
        Column("tried_at", Times),
    ),
    fold=fold,
    row=row,
)
