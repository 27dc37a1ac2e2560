"""What the answers about retention look like."""

from datetime import date

from pydantic import BaseModel, ConfigDict, Field

from domain.workspaces.profiles import Start, Unit
from domain.workspaces.retention import Level
from domain.workspaces.words import Kept


class Period(BaseModel):
    """So long."""

    model_config = ConfigDict(from_attributes=True)

    length: int
    unit: Unit


class Ruling(BaseModel):
    """What one rule says."""

    model_config = ConfigDict(from_attributes=True)

    level: Level
    period: Period | None = Field(description="`null` for as long as the rule stands.")
    source: str = Field(description="A row of the promise register, a law, or `setting`.")


class RetentionExplained(BaseModel):
    """How long something is kept, and why."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "category": "recordings",
                    "campaign": "spring",
                    "ruling": {
                        "level": "campaign",
                        "period": {"length": 30, "unit": "days"},
                        "source": "setting",
                    },
                    "overrides": [
                        {
                            "level": "profile",
                            "period": {"length": 90, "unit": "days"},
                            "source": "promise 53",
                        }
                    ],
                    "counted_from": "kept",
                    "reason": "To hear what was said while a call is still dealt with.",
                    "gone_through": "2026-01-30",
                }
            ]
        }
    )

    category: Kept
    campaign: str | None
    ruling: Ruling = Field(description="The rule that holds.")
    overrides: list[Ruling] = Field(description="Those that would hold without it, in order.")
    counted_from: Start
    reason: str = Field(description="Why such a thing is kept at all.")
    gone_through: date | None = Field(
        description="Whatever was kept up to and with this UTC day is gone, and stays so; "
        "`null` where nothing went."
    )


class Taken(BaseModel):
    """What would go at once."""

    model_config = ConfigDict(from_attributes=True)

    buckets: int = Field(description="Days of a campaign, of one kind of value.")
    values: int = Field(description="Sealed values in them.")
    kept: int = Field(description="Values that a hold or a restriction would keep of them.")
    calls: int = Field(description="That lose one of these, or their audio.")
    recordings: int = Field(description="Whose audio would go.")
    objects: int = Field(description="Of theirs in the object store.")
    bytes: int = Field(description="Of these objects.")


class Step(BaseModel):
    """What would go on a later day."""

    model_config = ConfigDict(from_attributes=True)

    on: date = Field(description="A UTC day, at whose beginning they are due.")
    buckets: int
    values: int


class RetentionSimulated(BaseModel):
    """What would go if the period were this."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "category": "recordings",
                    "campaign": None,
                    "days": 30,
                    "ruling": {
                        "level": "workspace",
                        "period": {"length": 30, "unit": "days"},
                        "source": "setting",
                    },
                    "now": {
                        "buckets": 60,
                        "values": 2400,
                        "kept": 2,
                        "calls": 1200,
                        "recordings": 1200,
                        "objects": 2400,
                        "bytes": 1_843_200_000,
                    },
                    "later": [{"on": "2026-03-03", "buckets": 1, "values": 40}],
                }
            ]
        }
    )

    category: Kept
    campaign: str | None
    days: int | None
    ruling: Ruling = Field(description="The rule that would hold.")
    now: Taken = Field(description="At the next sweep.")
    later: list[Step] = Field(description="In the month after it, day by day.")
