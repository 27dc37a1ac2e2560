"""What is answered to whoever wants to market something."""

from enum import StrEnum

from pydantic import BaseModel, ConfigDict, Field


class Reason(StrEnum):
    """Why something may be marketed to a number, or not."""

    given = "given"
    asked = "asked"
    refused = "refused"
    withdrawn = "withdrawn"
    expired = "expired"
    suppressed = "suppressed"
    restricted = "restricted"
    unknown = "unknown"


class MarketingAnswer(BaseModel):
    """Whether something may be marketed to a number."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"is_allowed": False, "reason": "suppressed"}]}
    )

    is_allowed: bool
    reason: Reason = Field(
        description="Where the consent stands: only `given` allows it; `suppressed`: who had the "
        "number said no and was erased; `restricted`: who has it had its use restricted "
        "(GDPR Art. 18); `unknown`: nothing was ever said of it."
    )
