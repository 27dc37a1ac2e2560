"""What can be asked of a workspace.

The time is the asker's, for the rules have no clock. So are facts of other streams: whether an
address is a known subject's, whether a hold stands.
"""

from datetime import datetime
from typing import TypedDict
from uuid import UUID

from domain.messages import Command
from domain.personal_data import Clear
from domain.workspaces.words import (
    AiPolicy,
    ChangeReason,
    ClosureReason,
    Integration,
    MfaPolicy,
    ProfileName,
    ProviderDeletion,
    RecordingPolicy,
    Residence,
    RetentionPeriod,
    Role,
    Routing,
    TranscriptionPolicy,
)


class WorkspaceRequest(Command):
    """The base of what can be asked."""

    occurred_at: datetime
    expected_version: int | None = None
    """What the asker has seen: refused where somebody changed something since."""


class Said(TypedDict):
    """What every event of a change takes over from its command."""

    occurred_at: datetime
    reason: ChangeReason
    note: Clear | None


class Change(WorkspaceRequest):
    """The base of what changes something, and says why."""

    reason: ChangeReason
    note: Clear | None = None

    @property
    def said(self) -> Said:
        """When it was asked, and why."""
        return {"occurred_at": self.occurred_at, "reason": self.reason, "note": self.note}


class ChangeSettings(Change):
    """Set what is given here and leave the rest: all of it, or nothing where a rule says no."""

    profile: ProfileName | None = None
    recording: RecordingPolicy | None = None
    transcription: TranscriptionPolicy | None = None
    ai: AiPolicy | None = None
    routing: Routing | None = None
    region: Residence | None = None
    mfa: MfaPolicy | None = None
    provider_deletion: ProviderDeletion | None = None
    retention: tuple[RetentionPeriod, ...] | None = None


class SetDialTarget(Change):
    """Name a number that routing rules may dial."""

    target: str
    number: Clear
    subject_id: UUID | None = None
    """Whose number it is, where that is known."""


class RemoveDialTarget(Change):
    """Make a number no dial target any more."""

    target: str


class EnableIntegration(Change):
    """Share with an integration."""

    integration: str
    setting: Integration


class DisableIntegration(Change):
    """Share nothing with an integration any more."""

    integration: str


class InviteMember(Change):
    """Let somebody join until a certain time."""

    invitation_id: UUID
    email: Clear
    subject_id: UUID | None = None
    """Whose address it is, where that is known."""

    role: Role
    expires_at: datetime


class WithdrawInvitation(Change):
    """Make an invitation good for nothing."""

    invitation_id: UUID


class AcceptInvitation(WorkspaceRequest):
    """Join."""

    invitation_id: UUID


class ChangeMemberRole(Change):
    """Let a member see and do other things."""

    subject_id: UUID
    role: Role


class RemoveMember(Change):
    """Let a member see and do nothing any more."""

    subject_id: UUID


class CloseWorkspace(WorkspaceRequest):
    """Make the workspace unreachable, and promise a day for its key."""

    reason: ClosureReason
    note: Clear | None = None


class ReopenWorkspace(Change):
    """Take a closure back before the promised day."""


class DestroyKeys(WorkspaceRequest):
    """Keep the promise of a closure."""

    is_held: bool
    """Whether a legal hold stands on anything of the workspace (GDPR Art. 17(3)(e))."""


class RotateKey(WorkspaceRequest):
    """Say that everything under the workspace's key was wrapped anew."""

    epoch: int
    begun_at: datetime
    old_master_key_id: str
    new_master_key_id: str
    keys_rewrapped: int


class ConfirmMasterKeyDestroyed(WorkspaceRequest):
    """Say that the master key before the last rotation is no more."""

    master_key_id: str
    destroyed_from: datetime


class ConfirmRemains(WorkspaceRequest):
    """Nothing that leads to a person is left of the workspace: so many of each were deleted."""

    keys: int
    lookups: int
    credentials: int


WorkspaceCommand = (
    ChangeSettings
    | SetDialTarget
    | RemoveDialTarget
    | EnableIntegration
    | DisableIntegration
    | InviteMember
    | WithdrawInvitation
    | AcceptInvitation
    | ChangeMemberRole
    | RemoveMember
    | CloseWorkspace
    | ReopenWorkspace
    | DestroyKeys
    | RotateKey
    | ConfirmMasterKeyDestroyed
    | ConfirmRemains
)
