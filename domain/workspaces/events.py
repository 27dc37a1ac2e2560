"""What can happen to a workspace. Stored for ever: additions only, a golden file for each.

Who did it and when we learnt of it stand in the entry; why, here.
"""

from datetime import datetime
from typing import ClassVar
from uuid import UUID

from domain.messages import Event
from domain.personal_data import Personal
from domain.workspaces.words import (
    AiPolicy,
    ChangeReason,
    ClosureReason,
    Integration,
    Kept,
    MfaPolicy,
    ProfileName,
    ProviderDeletion,
    RecordingPolicy,
    Residence,
    Role,
    Routing,
    TranscriptionPolicy,
)


class Changed(Event):
    """Somebody changed something of the workspace. The base of what follows."""

    reason: ChangeReason
    note: Personal | None = None
    """What they wrote about it. It may name people, so it is sealed."""


class ProfileSet(Changed):
    """The workspace goes by a company's published policy."""

    name: ClassVar[str] = "workspace.profile_set"

    setting: ProfileName


class RecordingPolicySet(Changed):
    """Whether calls are recorded from now on, and on whose consent."""

    name: ClassVar[str] = "workspace.recording_policy_set"

    setting: RecordingPolicy


class TranscriptionPolicySet(Changed):
    """Whether recorded calls are transcribed from now on."""

    name: ClassVar[str] = "workspace.transcription_policy_set"

    setting: TranscriptionPolicy


class AiPolicySet(Changed):
    """Whether transcriptions are analysed by a machine from now on."""

    name: ClassVar[str] = "workspace.ai_policy_set"

    setting: AiPolicy


class RoutingSet(Changed):
    """What is done with incoming calls from now on."""

    name: ClassVar[str] = "workspace.routing_set"

    setting: Routing


class RegionSet(Changed):
    """Where everything of the workspace has to lie."""

    name: ClassVar[str] = "workspace.region_set"

    setting: Residence


class MfaPolicySet(Changed):
    """Whether members need a second factor from now on."""

    name: ClassVar[str] = "workspace.mfa_policy_set"

    setting: MfaPolicy


class ProviderDeletionSet(Changed):
    """What becomes of the provider's copies from now on."""

    name: ClassVar[str] = "workspace.provider_deletion_set"

    setting: ProviderDeletion


class RetentionPeriodSet(Changed):
    """How long something is kept. It holds for what is there already, too."""

    name: ClassVar[str] = "workspace.retention_period_set"

    category: Kept
    days: int
    campaign: str | None = None


class RetentionPeriodCleared(Changed):
    """There is no such period any more: the next lower rule holds."""

    name: ClassVar[str] = "workspace.retention_period_cleared"

    category: Kept
    campaign: str | None = None


class DialTargetSet(Changed):
    """Routing rules may name this number from now on."""

    name: ClassVar[str] = "workspace.dial_target_set"

    target: str
    """Its name among the workspace's dial targets; not a person's."""

    number: Personal


class DialTargetRemoved(Changed):
    """A number is no dial target any more."""

    name: ClassVar[str] = "workspace.dial_target_removed"

    target: str


class IntegrationEnabled(Changed):
    """The controller directed us to share with an integration, knowing the risks."""

    name: ClassVar[str] = "workspace.integration_enabled"

    integration: str
    setting: Integration


class IntegrationDisabled(Changed):
    """Nothing is shared with the integration any more."""

    name: ClassVar[str] = "workspace.integration_disabled"

    integration: str


class MemberInvited(Changed):
    """Somebody may join until a certain time."""

    name: ClassVar[str] = "workspace.member_invited"

    invitation_id: UUID
    email: Personal
    role: Role
    expires_at: datetime


class InvitationWithdrawn(Changed):
    """An invitation is good for nothing any more."""

    name: ClassVar[str] = "workspace.invitation_withdrawn"

    invitation_id: UUID


class MemberJoined(Event):
    """Whoever was invited accepted."""

    name: ClassVar[str] = "workspace.member_joined"

    invitation_id: UUID
    subject_id: UUID
    role: Role


class MemberRoleChanged(Changed):
    """A member may see and do other things from now on."""

    name: ClassVar[str] = "workspace.member_role_changed"

    subject_id: UUID
    role: Role


class MemberRemoved(Changed):
    """A member may see and do nothing any more."""

    name: ClassVar[str] = "workspace.member_removed"

    subject_id: UUID


class WorkspaceClosed(Event):
    """Nothing of the workspace can be reached any more. All of it is still there."""

    name: ClassVar[str] = "workspace.closed"

    reason: ClosureReason
    note: Personal | None = None
    keys_destroyed_from: datetime
    """The promised day: from then on its key is destroyed, unless a hold stands."""


class WorkspaceReopened(Changed):
    """The closure was taken back before the promised day."""

    name: ClassVar[str] = "workspace.reopened"


class WorkspaceKeysDestroyed(Event):
    """The workspace's key was destroyed in the transaction that wrote this entry.

    From here on no sealed value of the workspace opens, in any copy of this database
    whose keys are not older than this entry.
    """

    name: ClassVar[str] = "workspace.keys_destroyed"


class WorkspaceKeyRotated(Event):
    """Everything under the workspace's key was wrapped anew, under a key never used before.

    What was destroyed before ``begun_at`` opens in no copy of this database, of whatever age, once
    the old master key is gone.
    """

    name: ClassVar[str] = "workspace.key_rotated"

    epoch: int
    """The number of the new wrapping key: 1, 2, 3 ..."""

    begun_at: datetime
    old_master_key_id: str
    new_master_key_id: str
    keys_rewrapped: int
    """Of subjects and buckets, credentials and whatever else lies under the key."""


class OldMasterKeyDestroyed(Event):
    """The master key that wrapped the workspace's key until its last rotation is no more."""

    name: ClassVar[str] = "workspace.old_master_key_destroyed"

    master_key_id: str
    destroyed_from: datetime
    """Gone for good from then on: at once, or when a key service's waiting period ends."""


class WorkspaceRemainsDeleted(Event):
    """After the workspace's key, its boxes and its objects went whatever else led to a person.

    What is left are ids, times, and counts.
    """

    name: ClassVar[str] = "workspace.remains_deleted"

    keys_deleted: int
    """Wrapped keys of subjects, of which nobody can unwrap one."""

    lookups_deleted: int
    """Keyed hashes by which somebody was found again."""

    credentials_deleted: int


SettingSet = (
    ProfileSet
    | RecordingPolicySet
    | TranscriptionPolicySet
    | AiPolicySet
    | RoutingSet
    | RegionSet
    | MfaPolicySet
    | ProviderDeletionSet
)
"""Each sets the whole of one setting."""

WorkspaceEvent = (
    SettingSet
    | RetentionPeriodSet
    | RetentionPeriodCleared
    | DialTargetSet
    | DialTargetRemoved
    | IntegrationEnabled
    | IntegrationDisabled
    | MemberInvited
    | InvitationWithdrawn
    | MemberJoined
    | MemberRoleChanged
    | MemberRemoved
    | WorkspaceClosed
    | WorkspaceReopened
    | WorkspaceKeysDestroyed
    | WorkspaceKeyRotated
    | OldMasterKeyDestroyed
    | WorkspaceRemainsDeleted
)
