"""What the questions and answers about members and invitations look like."""

from typing import Annotated, Any, Final
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from api.schemas import Moment, Party
from api.schemas_settings import Reasoned
from domain.workspaces.words import Role

_EMAIL: Final[dict[str, Any]] = {
    "subject_id": "0b9b5f0a-2f0e-4c57-9d84-6f0f0d6a1c11",
    "state": "value",
    "value": {"address": "ann@example.com", "kind": "email"},
}
_INVITATION: Final[dict[str, Any]] = {
    "invitation_id": "4b9375c9-7d4a-49ab-9703-0f457e1d1708",
    "email": _EMAIL,
    "role": "agent",
    "expires_at": "2026-03-09T13:58:07Z",
    "is_accepted": False,
}

Email = Annotated[
    str,
    Field(
        max_length=254,
        pattern=r"^[^@\s]{1,64}@[^@\s]{1,189}$",
        description="It is kept sealed.",
        examples=["ann@example.com"],
    ),
]


class Member(BaseModel):
    """Somebody who may see and do what their role allows."""

    subject_id: UUID
    role: Role
    email: Party | None


class Invitation(BaseModel):
    """Somebody may join until a certain time, or did."""

    invitation_id: UUID
    email: Party
    role: Role
    expires_at: Moment
    is_accepted: bool


class MemberList(BaseModel):
    """The members and every invitation that was not withdrawn."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "version": 5,
                    "data": [
                        {
                            "subject_id": "0b9b5f0a-2f0e-4c57-9d84-6f0f0d6a1c11",
                            "role": "admin",
                            "email": _EMAIL,
                        }
                    ],
                    "invitations": [_INVITATION],
                }
            ]
        }
    )

    version: int
    data: list[Member]
    invitations: list[Invitation]


class InvitationRequest(Reasoned):
    """Whom to invite, as what and until when."""

    email: Email
    role: Role
    expires_at: AwareDatetime = Field(description="30 days from now at most.")


class Invited(BaseModel):
    """The invitation that was made."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"invitation_id": "4b9375c9-7d4a-49ab-9703-0f457e1d1708", "version": 5}]
        }
    )

    invitation_id: UUID
    version: int


class RoleChange(Reasoned):
    """A member's new role."""

    role: Role
