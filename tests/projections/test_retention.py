"""What another period would take is what it takes; and nothing that is counted changes by it."""

from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final
from uuid import UUID, uuid4

from asking import change
from cells import Home, asynchronous, new_cell
from clocks import SetClock
from holding import hold, placing, restrict
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import structs
from recordings import begin, report, store
from twilio_forms import call_callbacks, call_sid
from views import catch_up, rebuilt, rows_of

from adapters.event_store.requests import Request
from adapters.objects.store import ObjectStore, new_name
from adapters.postgres.embedded import Urls
from adapters.recordings.ending import Ender
from adapters.twilio.addresses import lookup_of
from domain.decider import AnyDecider
from domain.expiries.events import BucketsDestroyed
from domain.identifiers import expiry_id
from domain.messages import Command, Context
from domain.personal_data import Category, Clear
from domain.recordings.recording import RECORDING
from domain.workspaces.commands import ChangeSettings
from domain.workspaces.words import Kept, RetentionPeriod
from domain.workspaces.workspace import WORKSPACE
from projections.call_log.view import CALL_LOG
from projections.recordings.view import RECORDINGS
from projections.retention.read import Simulation, Taken, gone_through, simulate
from projections.workspaces.read import entries_of, workspace_at

AGENT: Final = "client:front_desk"
PEOPLE: Final = [f"+3247000000{n}" for n in range(3)]
PERIODS: Final = {
    Kept.recordings: (1, 90),
    Kept.unclassified: (1, 90),
    Kept.call_metadata: (365, 730),
}
"""What may be chosen."""

VIEWS: Final = (CALL_LOG, RECORDINGS)


@dataclass(frozen=True)
class Call:
    """A call some days after the one before it, and what became of it."""

    days_after: int
    caller: str
    is_recorded: bool = True
    is_held: bool = False


CALLS: Final = st.builds(
    Call,
    st.integers(0, 40),
    st.sampled_from(PEOPLE),
    st.booleans(),
    st.sampled_from([False, False, True]),
)


@st.composite
def wishes(draw: st.DrawFn) -> tuple[Kept, int, int]:
    """A shorter period than the longest, and how long after the last call it is wished."""
    kept = draw(st.sampled_from(list(PERIODS)))
    shortest, longest = PERIODS[kept]
    days = draw(st.integers(shortest, longest))
    return kept, days, draw(st.integers(max(days - 20, 0), longest))


@dataclass(slots=True)
class Story:
    """A cell in which calls were taken, recorded and held."""

    home: Home
    store: ObjectStore
    clock: SetClock

    @property
    def own(self) -> UUID:
        """The workspace."""
        return self.home.address.workspace_id

    async def tell(self, stream_id: UUID, decider: AnyDecider, command: Command) -> None:
        """Ask something of a stream."""
        asked = Request(self.own, stream_id, decider, command, Context("test", uuid4()))
        await self.home.cell.writer.handle(asked)

    async def hear(self, number: int, call: Call) -> None:
        """Take a call, and what comes with it."""
        self.clock.let_pass(days=call.days_after)
        sids = call_sid(number), call_sid(number + 100)
        forms = call_callbacks(*sids, caller=call.caller, agent=AGENT)
        (first, *_) = await self.home.hear(*([*form, ("Odd", "1")] for form in forms))
        if call.is_recorded:
            await self.record(first.stream_id, call.caller)
        if call.is_held:
            await hold(self.home, placing(calls=[first.stream_id], at=self.clock()))

    async def record(self, call_id: UUID, caller: str) -> None:
        """Keep some audio of a call, a track for each side."""
        names = new_name(self.own), new_name(self.own)
        for name in names:
            async with self.store.writing(name) as file:
                await file.write(b"x" * 72)
        keys = {"first_key": _key(caller), "second_key": _key(AGENT)}
        stored = structs.replace(store(names), **keys)
        told = structs.replace(report(), call_id=call_id)
        recording = uuid4()
        for command in (told, begin(names), stored):
            await self.tell(recording, RECORDING, command)

    async def keep_for(self, kept: Kept, days: int) -> None:
        """Set a period."""
        await self.tell(self.own, WORKSPACE, _period(kept, days))

    async def predict(self, kept: Kept, days: int) -> Simulation:
        """What would go if that were the period."""
        async with self.home.cell.scoped(self.own) as connection:
            now = workspace_at(await entries_of(connection, self.own))
            then = WORKSPACE.fold(WORKSPACE.decide(now, _period(kept, days)), now)
            today = self.clock().date()
            return await simulate(connection, then, (self.own, kept, None), today)

    async def sweep(self) -> Taken:
        """Take what is due now; how much that was, by what is left."""
        before = await self._there()
        await self.home.cell.expiries.finish()
        recordings = {stream for stream, _, name in before["boxes"] if name == "recording.stored"}
        ender = Ender(self.home.cell, self.store)
        ended = {one for one in recordings if await ender.end(self.own, one)}
        after = await self._there()
        boxes = before["boxes"] - after["boxes"]
        objects = before["objects"] - after["objects"]
        of_calls = {stream for stream, _, name in boxes if name.startswith("call.")}
        return Taken(
            sum(after["buckets"]) - sum(before["buckets"]),
            len(boxes),
            0,
            len(of_calls) + len(ended),  # each has one recording
            len(ended),
            len(objects),
            sum(size for _, size in objects),
        )

    async def _there(self) -> dict[str, Any]:
        stream = await self.home.stream(expiry_id(self.own))
        boxes = "SELECT stream_id, (version, field), name FROM vault"
        return {
            "boxes": set(await self.home.address.sql(boxes)),
            "objects": {(one.name, one.size) async for one in self.store.each(self.own)},
            "buckets": [e.event.buckets for e in stream if isinstance(e.event, BucketsDestroyed)],
        }


def _key(number: str) -> Clear:
    owner = Clear({}, Category.call_metadata, lookup=lookup_of(number))
    return Clear({"key": "AAAA"}, Category.recording, about=(owner,))


def _period(kept: Kept, days: int) -> ChangeSettings:
    return change(retention=(RetentionPeriod(category=kept, days=days),))


@settings(max_examples=12, deadline=None)
@given(
    st.lists(CALLS, min_size=1, max_size=5),
    st.none() | st.sampled_from(PEOPLE),
    wishes(),
)
def test_what_would_go_is_what_goes(
    postgres: Urls, told: list[Call], restricted: str | None, wish: tuple[Kept, int, int]
) -> None:
    """To the bucket, value, call, recording, object and byte; no view is another one after it."""

    @asynchronous
    async def story() -> None:
        clock, (kept, days, later) = SetClock(), wish
        with TemporaryDirectory() as name:
            folder = Path(name)
            async with new_cell(postgres, folder, clock) as home:
                own = Story(home, ObjectStore.in_folder(folder / "objects"), clock)
                for number, call in enumerate(told):
                    await own.hear(number, call)
                if restricted and (subject := await home.subject_of(restricted)):
                    await restrict(home, subject)
                await own.keep_for(kept, PERIODS[kept][1])
                clock.let_pass(days=later)
                await own.sweep()
                await catch_up(home)
                log = await rows_of(home, CALL_LOG)
                predicted = (await own.predict(kept, days)).now
                await own.keep_for(kept, days)
                assert await own.sweep() == predicted._replace(kept=0)
                assert (await own.predict(kept, days)).now.buckets == 0
                for view in VIEWS:
                    await catch_up(home, view)
                    assert (await rebuilt(home, view)).is_equal
                assert await rows_of(home, CALL_LOG) == log

    story()


@asynchronous
async def test_what_goes_later_is_told_by_day(postgres: Urls, tmp_path: Path) -> None:
    """The days of the month to come, each with what is due on it; and what is gone, for good."""
    clock = SetClock()
    async with new_cell(postgres, tmp_path, clock) as home:
        own = Story(home, ObjectStore.in_folder(tmp_path / "objects"), clock)
        for number in range(3):
            await own.hear(number, Call(10, PEOPLE[number]))
        found = await own.predict(Kept.recordings, 5)
        today = clock().date()
        assert found.now == Taken(2, 4, 0, 2, 2, 4, 288)
        assert [((one.on - today).days, one.buckets, one.values) for one in found.later] == [
            (6, 1, 2)
        ]
        await own.keep_for(Kept.recordings, 5)
        await own.sweep()
        await own.keep_for(Kept.recordings, 90)
        async with home.cell.scoped(own.own) as connection:
            gone = await gone_through(connection, own.own, Kept.recordings, None)
            assert gone is not None
            assert (today - gone).days == 10
            assert await gone_through(connection, own.own, Kept.recordings, "spring") is None
            assert await gone_through(connection, own.own, Kept.call_metadata, None) is None
