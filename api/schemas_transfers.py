"""What a transfer looks like."""

from pydantic import BaseModel, ConfigDict, Field

from api.schemas_settings import Name


class Transfer(BaseModel):
    """Whom a call is to be put through to."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"target": "desk"}]})

    target: Name = Field(description="One of the workspace's dial targets.")


class TransferState(BaseModel):
    """What became of it."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"is_recording_stopped": False}]})

    is_recording_stopped: bool = Field(
        description="Whether the call is not recorded any more: whoever it is put through to was "
        "not asked, and everybody would have to agree."
    )
