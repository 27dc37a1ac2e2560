"""The withdrawals as a projection: their table, its columns, and how they are sent."""

from adapters.postgres.arrays import BigInts, Ints, Uuids
from projections.projection import Column, Projection
from projections.withdrawals.build import WithdrawalsSoFar, fold, row

WITHDRAWALS: Projection[WithdrawalsSoFar] = Projection(
    name="withdrawals",
    key="consent_id",
    prefix="consent.withdraw",
    columns=(
        Column("workspace_id", Uuids),
        Column("consent_id", Uuids),
        Column("version", Ints),
        Column("position", BigInts),
        Column("subject_id", Uuids),
        Column("is_owed", Ints, "{} = 1"),
    ),
    fold=fold,
    row=row,
)
