"""What the questions and answers about a workspace's closure look like."""

from pydantic import BaseModel, ConfigDict, Field

from api.schemas import Moment
from api.schemas_settings import Note
from domain.workspaces.words import ClosureReason


class ClosureRequest(BaseModel):
    """Why the workspace is closed."""

    model_config = ConfigDict(extra="forbid")

    reason: ClosureReason
    note: Note | None = None


class ClosureDetail(BaseModel):
    """Whether the workspace is closed, and what was promised with it."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "is_closed": True,
                    "closed_at": "2026-03-02T13:58:07Z",
                    "reason": "terminated",
                    "keys_destroyed_from": "2026-05-01T13:58:07Z",
                    "is_final": False,
                    "version": 6,
                }
            ]
        }
    )

    is_closed: bool
    closed_at: Moment | None = None
    reason: ClosureReason | None = None
    keys_destroyed_from: Moment | None = Field(
        default=None,
        description="From this day on its key is destroyed, unless a legal hold stands.",
    )
    is_final: bool = Field(
        default=False, description="Whether it is: then nothing of it opens any more."
    )
    version: int = Field(description="Of the workspace's stream.")
