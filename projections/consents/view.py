"""The consent register as a projection: its table, its columns, and how they are sent."""

from adapters.postgres.arrays import BigInts, Ints, Texts, Times, Uuids
from projections.consents.build import ConsentSoFar, fold, row
from projections.projection import Column, Projection

CONSENT_REGISTER: Projection[ConsentSoFar] = Projection(
    name="consent_register",
    key="consent_id",
    prefix="consent.",
    columns=(
        Column("workspace_id", Uuids),
        Column("consent_id", Uuids),
        Column("subject_id", Uuids),
        Column("purpose", Texts),
        Column("kind", Texts),
        Column("version", Ints),
        Column("position", BigInts),
        Column("recorded_at", Times),
        Column("said", Texts),
        Column("said_at", Times),
        Column("form", Texts),
        Column("expires_at", Times),
        Column("channel", Texts),
        Column("prompt_id", Texts),
        Column("prompt_version", Texts),
        Column("text_sha256", Texts),
        Column("policy_version", Texts),
        Column("table_version", Texts),
        Column("rule", Texts),
    ),
    fold=fold,
    row=row,
)
