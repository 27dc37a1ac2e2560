"""How each workspace wants its calls answered, remembered for a few seconds as credentials are.

Its settings and the numbers of its dial targets, opened. A call goes on by the settings under
which it came in: the addresses that we hand out for it name their version.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple
from uuid import UUID
from zoneinfo import ZoneInfo

from adapters.accesses.access import Inward
from adapters.event_store.history import read_stream
from adapters.event_store.values import Reference, open_values
from adapters.twilio.addresses import lookup_of
from adapters.wiring import Ledger
from api.remembered import Remembered
from domain.messages import Entry
from domain.personal_data import Sealed
from domain.policies.routing import Route, route, route_of
from domain.workspaces.events import WorkspaceEvent
from domain.workspaces.state import Settings, Workspace
from domain.workspaces.words import RoutingStep
from domain.workspaces.workspace import WORKSPACE


class Way(NamedTuple):
    """What is done with a call, and whom to dial, group after group."""

    step: RoutingStep
    groups: Sequence[Sequence[str]] = ()
    unanswered: RoutingStep | None = None
    rule: int | None = None
    finds_machines: bool = False
    room: str | None = None


@dataclass(frozen=True, slots=True, repr=False)
class Office:
    """A workspace's settings at one version, and its named numbers in the clear."""

    version: int
    settings: Settings
    numbers: Mapping[str, str]
    """By name; a number whose owner was erased is not among them."""

    @property
    def country(self) -> str | None:
        """Where the workspace is, and its agents without a number are taken to be."""
        return self.settings.region.country if self.settings.region else None

    def way(self, now: datetime, called: str | None, otherwise: str | None) -> Way:
        """What is done with a call that comes in.

        Args:
            now: When, in any zone.
            called: The lookup of the number that was called.
            otherwise: Whom to dial where no routing was ever set.
        """
        routing = self.settings.routing
        if routing is None:
            return _unrouted(otherwise)
        local = now.astimezone(ZoneInfo(routing.time_zone))
        return self._way(route(routing, local, self._names(called)))

    def way_by(self, rule: int | None, otherwise: str | None) -> Way:
        """The same of a call for which it was decided before, by this rule or by none."""
        if rule is None:
            return _unrouted(otherwise)
        return self._way(route_of(self.settings.routing, rule))

    @property
    def names(self) -> Sequence[str]:
        """The names of the numbers, in an order that is the same for this version."""
        return sorted(self.numbers)

    def _way(self, found: Route) -> Way:
        groups = [self._dialled(group) for group in found.groups]
        groups = [group for group in groups if group]
        step = found.step
        if step is RoutingStep.dial and not groups:  # All of them were erased.
            step = found.unanswered or RoutingStep.reject
        return Way(step, groups, found.unanswered, found.rule, found.finds_machines, found.room)

    def _dialled(self, names: Collection[str]) -> list[str]:
        return [self.numbers[name] for name in names if name in self.numbers]

    def _names(self, called: str | None) -> Collection[str]:
        return [name for name, number in self.numbers.items() if lookup_of(number) == called]


class Offices(Remembered[Office]):
    """The offices of a ledger's workspaces."""

    def __init__(self, ledger: Ledger) -> None:
        super().__init__(self._now, "settings")
        self._ledger = ledger

    async def at(self, workspace_id: UUID, version: int | None) -> Office:
        """As the workspace was at a version, which is nearly always what it is."""
        office = await self.get(workspace_id)
        if version is None or version == office.version:
            return office
        return await self._of(workspace_id, version)

    async def _now(self, workspace_id: UUID) -> Office:
        return await self._of(workspace_id)

    async def _of(self, workspace_id: UUID, version: int | None = None) -> Office:
        cell = await self._ledger.cell_of(workspace_id)
        async with cell.scoped(workspace_id) as connection:
            entries = await read_stream(connection, workspace_id)
            workspace = _folded(entries[:version])
            places = _places(workspace_id, workspace)
            key = await cell.workspace_key(connection, workspace_id)
            readings = await open_values(
                connection, key, list(places.values()), Inward.call_is_put_through
            )
        numbers = {
            name: str(reading.value["address"])
            for name, reading in zip(places, readings, strict=True)
            if reading.value is not None
        }
        return Office(workspace.version, workspace.settings, numbers)


def _unrouted(otherwise: str | None) -> Way:
    return Way(RoutingStep.dial, [[otherwise]]) if otherwise else Way(RoutingStep.reject)


def _folded(entries: Sequence[Entry]) -> Workspace:
    return WORKSPACE.fold(e.event for e in entries if isinstance(e.event, WorkspaceEvent))


def _places(workspace_id: UUID, workspace: Workspace) -> dict[str, Reference]:
    return {
        name: Reference(workspace_id, target.version, "number", target.value)
        for name, target in workspace.dial_targets.items()
        if isinstance(target.value, Sealed)
    }
