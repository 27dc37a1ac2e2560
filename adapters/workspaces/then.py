"""What a workspace has set, or had set at some time, for whoever acts on it."""

from collections.abc import Iterable
from datetime import datetime

from domain.messages import Entry
from domain.workspaces.events import WorkspaceEvent
from domain.workspaces.state import Settings
from domain.workspaces.workspace import WORKSPACE


def settings_of(workspace: Iterable[Entry]) -> Settings:
    """The settings that a workspace's entries come to."""
    events = (entry.event for entry in workspace if isinstance(entry.event, WorkspaceEvent))
    return WORKSPACE.fold(events).settings


def settings_at(workspace: Iterable[Entry], moment: datetime) -> Settings:
    """The settings as they stood then."""
    return settings_of(
        entry for entry in workspace if (entry.occurred_at or entry.recorded_at) <= moment
    )
