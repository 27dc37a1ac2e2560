"""Requests to a workspace, as tests ask them: of somebody, at a time, for a reason."""

from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID, uuid4

from reports import START, at
from sealing import seal

from adapters.event_store.requests import Request
from domain.messages import Context
from domain.personal_data import Category, Clear, Sealed
from domain.workspaces.commands import (
    AcceptInvitation,
    ChangeSettings,
    CloseWorkspace,
    InviteMember,
)
from domain.workspaces.events import MemberInvited, MemberJoined
from domain.workspaces.words import (
    AiPolicy,
    ChangeReason,
    ClosureReason,
    Prompt,
    RecordingMode,
    RecordingPolicy,
    Role,
    TranscriptionPolicy,
)
from domain.workspaces.workspace import WORKSPACE

PROMPT: Final = {"prompt_id": "rec", "version": 1, "language": "en", "text_sha256": "ab" * 32}
"""A prompt, as the API is told of one."""

ASKED: Final = RecordingPolicy(
    mode=RecordingMode.asked,
    prompt=Prompt(prompt_id="recorded", version=1, language="en", text_sha256="ab" * 32),
)
SAID: Final[dict[str, Any]] = {"occurred_at": at(0), "reason": ChangeReason.instruction}
"""When and why, of a request and of its events alike."""

FIRST, SECOND = UUID(int=1), UUID(int=2)


def email(address: str) -> Clear:
    """Somebody's address."""
    value = {"address": address, "kind": "email"}
    return Clear(value, Category.account, f"email:{address}")


def change(**settings: Any) -> ChangeSettings:  # noqa: ANN401 - any setting
    """Set these."""
    return ChangeSettings(**{**SAID, **settings})


def invite(
    address: str = "ann@example.com",
    invitation_id: UUID = FIRST,
    role: Role = Role.admin,
    **more: Any,  # noqa: ANN401 - whatever else the command takes
) -> InviteMember:
    """Invite somebody for a week."""
    week = {"expires_at": at(0) + timedelta(days=7)}
    return InviteMember(
        **{**SAID, **week, **more},
        invitation_id=invitation_id,
        email=email(address),
        role=role,
    )


def accept(invitation_id: UUID = FIRST, seconds: float = 60) -> AcceptInvitation:
    """Join, so many seconds after the day began."""
    return AcceptInvitation(occurred_at=at(seconds), invitation_id=invitation_id)


def close(seconds: float = 0) -> CloseWorkspace:
    """Close the workspace."""
    return CloseWorkspace(occurred_at=at(seconds), reason=ClosureReason.terminated)


def sealed_email(address: str) -> Sealed:
    """Somebody's address as an entry holds it."""
    return seal(email(address))


def subject_of(address: str) -> UUID:
    """Whose address it is."""
    return sealed_email(address).subjects[0]


def joined(
    address: str, invitation_id: UUID, role: Role = Role.admin
) -> tuple[MemberInvited, MemberJoined]:
    """Somebody was invited and joined."""
    return (
        MemberInvited(
            **SAID,
            invitation_id=invitation_id,
            email=sealed_email(address),
            role=role,
            expires_at=at(0) + timedelta(days=7),
        ),
        MemberJoined(
            occurred_at=at(60),
            invitation_id=invitation_id,
            subject_id=subject_of(address),
            role=role,
        ),
    )


def transcribing_is_on(
    workspace_id: UUID, since: datetime = START, *, is_on: bool = True, ai: bool = True
) -> Request:
    """The workspace has its calls recorded, transcribed and analysed, or not any more."""
    settings = {"transcription": TranscriptionPolicy(is_on=is_on), "ai": AiPolicy(is_on=ai)}
    command = change(recording=ASKED, occurred_at=since, **settings)
    return Request(workspace_id, workspace_id, WORKSPACE, command, Context("cli", uuid4()))


def recording_is_on(workspace_id: UUID, since: datetime = START) -> Request:
    """The workspace has its calls recorded, after a question."""
    command = change(recording=ASKED, occurred_at=since)
    return Request(workspace_id, workspace_id, WORKSPACE, command, Context("cli", uuid4()))
