"""The rules of settings, dial targets and integrations."""

from collections.abc import Iterator
from dataclasses import replace

from domain.errors import Refused
from domain.workspaces.commands import (
    ChangeSettings,
    DisableIntegration,
    EnableIntegration,
    RemoveDialTarget,
    SetDialTarget,
)
from domain.workspaces.events import (
    DialTargetRemoved,
    DialTargetSet,
    IntegrationDisabled,
    IntegrationEnabled,
    RetentionPeriodCleared,
    RetentionPeriodSet,
    WorkspaceEvent,
)
from domain.workspaces.state import SETTINGS, Workspace
from domain.workspaces.words import (
    Kept,
    RecordingMode,
    RecordingPolicy,
    Routing,
    RoutingRule,
    RoutingStep,
)


def change_settings(workspace: Workspace, command: ChangeSettings) -> Iterator[WorkspaceEvent]:
    """An event for each setting that is another one than before."""
    _check_recording(command.recording)
    _check_routing(workspace, command.routing)
    _check_retention(workspace, command)
    for name, kind in SETTINGS.items():
        wanted = getattr(command, name)
        if wanted is not None and wanted != getattr(workspace.settings, name):
            yield kind(**command.said, setting=wanted)
    for (category, campaign), days in _periods(command).items():
        before = workspace.settings.periods.get((category, campaign))
        if days == before:
            continue
        if days is None:
            yield RetentionPeriodCleared(**command.said, category=category, campaign=campaign)
        else:
            yield RetentionPeriodSet(
                **command.said, category=category, campaign=campaign, days=days
            )


def set_dial_target(workspace: Workspace, command: SetDialTarget) -> Iterator[WorkspaceEvent]:
    """Names it, unless it is known to be the same person's number already."""
    known = workspace.dial_targets.get(command.target)
    if known is None or known.subject_id is None or known.subject_id != command.subject_id:
        yield DialTargetSet(**command.said, target=command.target, number=command.number)


def remove_dial_target(
    workspace: Workspace, command: RemoveDialTarget
) -> Iterator[WorkspaceEvent]:
    """Removes it, unless a routing rule still dials it."""
    routing = workspace.settings.routing
    if routing and any(command.target in _named(rule) for rule in routing.rules):
        raise Refused("dial_target_in_use")
    if command.target in workspace.dial_targets:
        yield DialTargetRemoved(**command.said, target=command.target)


def enable_integration(
    workspace: Workspace, command: EnableIntegration
) -> Iterator[WorkspaceEvent]:
    """Enables it; again where the terms or the fields are other ones."""
    if workspace.settings.integrations.get(command.integration) != command.setting:
        yield IntegrationEnabled(
            **command.said, integration=command.integration, setting=command.setting
        )


def disable_integration(
    workspace: Workspace, command: DisableIntegration
) -> Iterator[WorkspaceEvent]:
    """Disables what is enabled."""
    if command.integration in workspace.settings.integrations:
        yield IntegrationDisabled(**command.said, integration=command.integration)


def _periods(command: ChangeSettings) -> dict[tuple[Kept, str | None], int | None]:
    """The periods asked for; of two for the same thing, the last."""
    return {(one.category, one.campaign): one.days for one in command.retention or ()}


def _check_recording(policy: RecordingPolicy | None) -> None:
    if policy is not None and policy.mode is not RecordingMode.off and policy.prompt is None:
        raise Refused("recording_without_announcement")


def _check_routing(workspace: Workspace, routing: Routing | None) -> None:
    for rule in routing.rules if routing else ():
        if (rule.step is RoutingStep.dial) is not bool(rule.targets):
            raise Refused("dialling_needs_targets")
        if rule.then and not rule.targets:
            raise Refused("dialling_needs_targets")
        if rule.room is not None and not rule.step.has_room:
            raise Refused("room_needs_queue_or_conference")
        if rule.unanswered is RoutingStep.dial or (rule.unanswered and rule.unanswered.has_room):
            raise Refused("unanswered_cannot_dial")
        if not workspace.dial_targets.keys() >= _named(rule):
            raise Refused("no_such_dial_target")


def _named(rule: RoutingRule) -> set[str]:
    """The dial targets that a rule speaks of."""
    return {*(rule.targets or ()), *(rule.then or ()), *(rule.called or ())}


def _check_retention(workspace: Workspace, command: ChangeSettings) -> None:
    """Every period must be one that the policy lets choose, also after the policy changed."""
    before = workspace.settings.retention
    wanted = {**before.periods, **_periods(command)}
    periods = {place: days for place, days in wanted.items() if days is not None}
    after = replace(before, profile=command.profile or before.profile, periods=periods)
    if after != before and not after.is_allowed(command.occurred_at.date()):
        raise Refused("retention_period_not_allowed")
