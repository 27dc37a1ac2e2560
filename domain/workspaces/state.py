"""What is known of a workspace: its settings, its members, and whether it is closed."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from types import MappingProxyType
from typing import Any, Final, NamedTuple, TypeVar, assert_never
from uuid import UUID

from domain.personal_data import Personal, Sealed
from domain.workspaces.events import (
    AiPolicySet,
    DialTargetRemoved,
    DialTargetSet,
    IntegrationDisabled,
    IntegrationEnabled,
    InvitationWithdrawn,
    MemberInvited,
    MemberJoined,
    MemberRemoved,
    MemberRoleChanged,
    MfaPolicySet,
    OldMasterKeyDestroyed,
    ProfileSet,
    ProviderDeletionSet,
    RecordingPolicySet,
    RegionSet,
    RetentionPeriodCleared,
    RetentionPeriodSet,
    RoutingSet,
    SettingSet,
    TranscriptionPolicySet,
    WorkspaceClosed,
    WorkspaceEvent,
    WorkspaceKeyRotated,
    WorkspaceKeysDestroyed,
    WorkspaceRemainsDeleted,
    WorkspaceReopened,
)
from domain.workspaces.retention import Periods, Retention
from domain.workspaces.words import (
    AiPolicy,
    ClosureReason,
    Integration,
    MfaPolicy,
    ProfileName,
    ProviderDeletion,
    RecordingPolicy,
    Residence,
    Role,
    Routing,
    TranscriptionPolicy,
)

Key = TypeVar("Key")
Value = TypeVar("Value")

SETTINGS: Final[Mapping[str, type[SettingSet]]] = MappingProxyType(
    {
        "profile": ProfileSet,
        "recording": RecordingPolicySet,
        "transcription": TranscriptionPolicySet,
        "ai": AiPolicySet,
        "routing": RoutingSet,
        "region": RegionSet,
        "mfa": MfaPolicySet,
        "provider_deletion": ProviderDeletionSet,
    }
)
"""The settings that are set as a whole, in the order they are told, and what tells of each."""

_NAMES: Final[Mapping[type, str]] = {event: name for name, event in SETTINGS.items()}


@dataclass(frozen=True, slots=True)
class Settings:
    """What the controller set. ``None`` was never set: then nothing is recorded, sent or kept."""

    profile: ProfileName | None = None
    recording: RecordingPolicy | None = None
    transcription: TranscriptionPolicy | None = None
    ai: AiPolicy | None = None
    routing: Routing | None = None
    region: Residence | None = None
    mfa: MfaPolicy | None = None
    provider_deletion: ProviderDeletion | None = None
    periods: Periods = field(default_factory=dict)
    integrations: Mapping[str, Integration] = field(default_factory=dict)

    @property
    def retention(self) -> Retention:
        """What its retention periods rest on."""
        country = self.region.country if self.region else None
        return Retention(self.profile or ProfileName.baseline, country, self.periods)


class Owned(NamedTuple):
    """A personal value that an entry of the workspace holds."""

    version: int
    """The entry's."""

    value: Personal

    @property
    def subject_id(self) -> UUID | None:
        """Whose it is, once it is sealed."""
        return self.value.subjects[0] if isinstance(self.value, Sealed) else None


class Invitation(NamedTuple):
    """Somebody may join, or did."""

    email: Owned
    role: Role
    expires_at: datetime
    is_accepted: bool = False


class Closure(NamedTuple):
    """The workspace is closed."""

    closed_at: datetime | None
    reason: ClosureReason
    keys_destroyed_from: datetime
    is_final: bool = False
    """Whether its key is destroyed."""

    is_empty: bool = False
    """Whether nothing that leads to a person is left of it either."""


class KeyEpoch(NamedTuple):
    """What the workspace's last key rotation said."""

    number: int
    begun_at: datetime
    old_master_key_id: str
    old_destroyed_from: datetime | None = None
    """Since when no older copy opens; ``None``: its master key is still there."""


@dataclass(frozen=True, slots=True)
class Workspace:
    """A workspace after some of its events."""

    version: int = 0
    settings: Settings = field(default_factory=Settings)
    dial_targets: Mapping[str, Owned] = field(default_factory=dict)
    invitations: Mapping[UUID, Invitation] = field(default_factory=dict)
    members: Mapping[UUID, Role] = field(default_factory=dict)
    closure: Closure | None = None
    key_epoch: KeyEpoch | None = None


def evolve(workspace: Workspace, event: WorkspaceEvent) -> Workspace:
    """The workspace after one more event."""
    workspace = replace(workspace, version=workspace.version + 1)
    match event:
        case DialTargetSet():
            number = Owned(workspace.version, event.number)
            targets = {**workspace.dial_targets, event.target: number}
            return replace(workspace, dial_targets=targets)
        case DialTargetRemoved():
            targets = _without(workspace.dial_targets, event.target)
            return replace(workspace, dial_targets=targets)
        case (
            MemberInvited()
            | InvitationWithdrawn()
            | MemberJoined()
            | MemberRoleChanged()
            | MemberRemoved()
        ):
            return _people(workspace, event)
        case (
            WorkspaceClosed()
            | WorkspaceReopened()
            | WorkspaceKeysDestroyed()
            | WorkspaceRemainsDeleted()
        ):
            return replace(workspace, closure=_closure(workspace.closure, event))
        case WorkspaceKeyRotated() | OldMasterKeyDestroyed():
            return replace(workspace, key_epoch=_key_epoch(workspace.key_epoch, event))
        case _:
            return replace(workspace, settings=_settings(workspace.settings, event))


def _settings(
    settings: Settings,
    event: SettingSet
    | RetentionPeriodSet
    | RetentionPeriodCleared
    | IntegrationEnabled
    | IntegrationDisabled,
) -> Settings:
    match event:
        case RetentionPeriodSet():
            place = event.category, event.campaign
            return replace(settings, periods={**settings.periods, place: event.days})
        case RetentionPeriodCleared():
            place = event.category, event.campaign
            return replace(settings, periods=_without(settings.periods, place))
        case IntegrationEnabled():
            enabled = {**settings.integrations, event.integration: event.setting}
            return replace(settings, integrations=enabled)
        case IntegrationDisabled():
            enabled = _without(settings.integrations, event.integration)
            return replace(settings, integrations=enabled)
        case _:
            changed: dict[str, Any] = {_NAMES[type(event)]: event.setting}
            return replace(settings, **changed)


def _people(
    workspace: Workspace,
    event: MemberInvited | InvitationWithdrawn | MemberJoined | MemberRoleChanged | MemberRemoved,
) -> Workspace:
    invitations, members = workspace.invitations, workspace.members
    match event:
        case MemberInvited():
            email = Owned(workspace.version, event.email)
            invitation = Invitation(email, event.role, event.expires_at)
            invitations = {**invitations, event.invitation_id: invitation}
        case InvitationWithdrawn():
            invitations = _without(invitations, event.invitation_id)
        case MemberJoined():
            accepted = invitations[event.invitation_id]._replace(is_accepted=True)
            invitations = {**invitations, event.invitation_id: accepted}
            members = {**members, event.subject_id: event.role}
        case MemberRoleChanged():
            members = {**members, event.subject_id: event.role}
        case MemberRemoved():
            members = _without(members, event.subject_id)
        case _:
            assert_never(event)
    return replace(workspace, invitations=invitations, members=members)


def _closure(
    closure: Closure | None,
    event: WorkspaceClosed | WorkspaceReopened | WorkspaceKeysDestroyed | WorkspaceRemainsDeleted,
) -> Closure | None:
    match event:
        case WorkspaceClosed():
            return Closure(event.occurred_at, event.reason, event.keys_destroyed_from)
        case WorkspaceReopened():
            return None
        case WorkspaceKeysDestroyed():
            return closure._replace(is_final=True) if closure else None
        case WorkspaceRemainsDeleted():
            return closure._replace(is_empty=True) if closure else None
        case _:
            assert_never(event)


def _key_epoch(
    epoch: KeyEpoch | None, event: WorkspaceKeyRotated | OldMasterKeyDestroyed
) -> KeyEpoch | None:
    match event:
        case WorkspaceKeyRotated():
            return KeyEpoch(event.epoch, event.begun_at, event.old_master_key_id)
        case OldMasterKeyDestroyed():
            return epoch._replace(old_destroyed_from=event.destroyed_from) if epoch else None
        case _:
            assert_never(event)


def _without(mapping: Mapping[Key, Value], key: Key) -> dict[Key, Value]:
    return {name: value for name, value in mapping.items() if name != key}
