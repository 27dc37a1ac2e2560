"""A workspace as it was at any time. There is no table: its stream is short, and never behind."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

import msgspec

from adapters.event_store.history import read_stream
from adapters.postgres.pool import Connection
from domain.messages import Entry
from domain.workspaces.events import WorkspaceEvent
from domain.workspaces.state import SETTINGS, Workspace
from domain.workspaces.workspace import WORKSPACE
from projections import timeline


class SettingChange(NamedTuple):
    """A setting that differs between two times."""

    setting: str
    before: Any
    after: Any


async def entries_of(connection: Connection, workspace_id: UUID) -> list[Entry]:
    """Every entry of the workspace's own stream, in order."""
    return await read_stream(connection, workspace_id)


def workspace_at(
    entries: Sequence[Entry], *, known_at: datetime | None = None, as_of: datetime | None = None
) -> Workspace:
    """The workspace as it was known at one time, as far as it had happened by another."""
    then = timeline.at(entries, known_at=known_at, as_of=as_of)
    return WORKSPACE.fold(e.event for e in then if isinstance(e.event, WorkspaceEvent))


def differences(before: Workspace, after: Workspace) -> list[SettingChange]:
    """Every setting that is not the same in both, in the order that settings are told."""
    one, two = told(before), told(after)
    return [SettingChange(name, one[name], two[name]) for name in one if one[name] != two[name]]


def told(workspace: Workspace) -> dict[str, Any]:
    """The settings as plain JSON. People are subject ids."""
    settings = workspace.settings
    periods = sorted(settings.periods.items(), key=lambda one: (one[0][0], one[0][1] or ""))
    found = {
        **{name: getattr(settings, name) for name in SETTINGS},
        "retention": [
            {"category": category, "campaign": campaign, "days": days}
            for (category, campaign), days in periods
        ],
        "integrations": dict(sorted(settings.integrations.items())),
        "dial_targets": {
            name: target.subject_id for name, target in sorted(workspace.dial_targets.items())
        },
    }
    plain: dict[str, Any] = msgspec.to_builtins(found)
    return plain
