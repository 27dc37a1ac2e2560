"""The message log as a projection: its table, its columns, and how they are sent."""

from adapters.postgres.arrays import BigInts, Ints, Texts, Times, Uuids
from projections.call_log.view import named_json
from projections.message_log.build import MessageSoFar, fold, row
from projections.projection import Column, Projection

MESSAGE_LOG: Projection[MessageSoFar] = Projection(
    name="message_log",
    key="message_id",
    prefix="message.",
    columns=(
        Column("workspace_id", Uuids),
        Column("message_id", Uuids),
        Column("version", Ints),
        Column("position", BigInts),
        Column("first_recorded_at", Times),
        Column("recorded_at", Times),
        Column("direction", Texts),
        Column("status", Texts),
        Column("error_code", Ints),
        Column("segments", Ints),
        Column("media", Ints),
        Column("opt_out", Texts),
        Column("sender_subject", Uuids),
        Column("recipient_subject", Uuids),
        Column("sender", named_json),
        Column("recipient", named_json),
    ),
    fold=fold,
    row=row,
)
