"""The provider's copies as a projection: its table, its columns, and how they are sent."""

from collections.abc import Sequence

import msgspec

from adapters.postgres.arrays import BigInts, Ints, Jsons, Texts, Times, Uuids
from domain.provider_copies.state import Deletion
from projections.projection import Column, Projection
from projections.provider_copies.build import CopiesSoFar, fold, row


def _json(values: Sequence[list[Deletion]]) -> Jsons:
    return Jsons([msgspec.json.encode(value) for value in values])


PROVIDER_COPIES: Projection[CopiesSoFar] = Projection(
    name="provider_copies",
    key="copies_id",
    prefix="provider_copies.",
    columns=(
        Column("workspace_id", Uuids),
        Column("copies_id", Uuids),
        Column("version", Ints),
        Column("position", BigInts),
        Column("of_id", Uuids),
        Column("subjects", Texts, "string_to_array({}, ',')::uuid[]"),
        Column("parties", Texts, "string_to_array({}, ',')::uuid[]"),
        Column("asked_at", Times),
        Column("is_done", Texts, "{}::boolean"),
        Column("next_at", Times),
        Column("deletions", _json),
    ),
    fold=fold,
    row=row,
)
