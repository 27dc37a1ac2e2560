"""The demo from beginning to end: play the day, look at it, ask, erase, check all of it."""

import asyncio
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Final

import aiohttp
import orjson
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from adapters.settings import Settings
from adapters.wiring import now
from api.demo.checks import (
    Found,
    call_id_of,
    check_answers,
    check_calls,
    check_dead_letters,
    check_erased,
    check_held,
    check_receipt,
)
from api.demo.clock import DemoClock
from api.demo.dashboard import Dashboard, Json, Unexpected
from api.demo.day import Day, make_day
from api.demo.play import Provider, Tally
from api.demo.proof import verify_offline
from api.demo.recording import check_recorded, play_recorded
from api.demo.stage import Stage, any_port, demo_settings, set_stage
from api.demo.story import ROWS, Story
from api.stopping import told_to_stop

SETTLE_SECONDS: Final = 30
SHOWN_PROBLEMS: Final = 20


@dataclass(frozen=True, slots=True)
class Options:
    """How the demo is to be."""

    port: int = 8000
    calls: int = 2000
    seed: int = 1
    stays: bool = False
    names_home: bool = False
    """Whether the environment says where it is to lie."""


@dataclass(slots=True)
class Report:
    """How it went."""

    counts: dict[str, int] = field(default_factory=dict)
    wrong: list[str] = field(default_factory=list)
    """Everything that is not as it should be; empty when all of it is."""

    is_broken_off: bool = False


async def demo(settings: Settings, options: Options, console: Console) -> Report:
    """Run the demo. Whatever the day shows that it should not is in the report."""
    report = Report()
    with told_to_stop() as stop:
        day = make_day(now(), options.calls, options.seed)
        clock = DemoClock(day.start)
        settings = await demo_settings(settings, names_home=options.names_home)
        listener = any_port(options.port)
        async with set_stage(settings, listener, clock, day) as stage:
            performance = asyncio.create_task(_Performance(day, clock, stage, console).run(report))
            stopped = asyncio.create_task(stop.wait())
            await asyncio.wait({performance, stopped}, return_when=asyncio.FIRST_COMPLETED)
            if not performance.done():
                performance.cancel()
                report.is_broken_off = True
            elif performance.exception() is None and options.stays:
                console.print(f"\nStays up at {stage.base_url}; Ctrl-C ends everything.")
                await stop.wait()
            stopped.cancel()
            await asyncio.gather(performance, stopped, return_exceptions=True)
    if not report.is_broken_off:
        performance.result()
    return report


class _Performance:
    """One day, played and looked at."""

    def __init__(self, day: Day, clock: DemoClock, stage: Stage, console: Console) -> None:
        self._day = day
        self._clock = clock
        self._stage = stage
        self._console = console
        self._story = Story(console)

    async def run(self, report: Report) -> None:
        """Everything the demo shows, and what of it is wrong."""
        tally = await self._play()
        self._clock.meet_the_present()
        async with aiohttp.ClientSession() as session:
            dashboards = [
                Dashboard(session, self._stage.base_url, self._stage.workspaces[o.account_sid])
                for o in self._day.offices
            ]
            try:
                await self._look(report, tally, dashboards)
                await self._record(report, session)
                await self._ask(report, dashboards[0])
                await self._erase(report, dashboards[0])
            except Unexpected as error:
                report.wrong.append(str(error))
        self._conclude(report, dashboards)

    async def _play(self) -> Tally:
        columns = (
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
        )
        workspaces = {sid: made.workspace_id for sid, made in self._stage.workspaces.items()}
        provider = Provider(self._stage.base_url, workspaces, self._clock)
        with Progress(*columns, console=self._console) as bar:
            title = f"a day of {len(self._day.calls):,} calls"
            task = bar.add_task(title, total=len(self._day.deliveries))
            return await provider.play(self._day.deliveries, lambda: bar.advance(task))

    async def _look(self, report: Report, tally: Tally, dashboards: Sequence[Dashboard]) -> None:
        """Show and check what arrived."""
        report.wrong += check_answers(tally, self._day.deliveries)
        counts: Counter[str] = Counter(sent=tally.sent)
        for office, dashboard in zip(self._day.offices, dashboards, strict=True):
            played = [call for call in self._day.calls if call.office is office]
            entries = sum(call.expected.entries for call in played)
            found = await _settled(dashboard, entries)
            report.wrong += check_calls(found, played)
            report.wrong += check_dead_letters(found, self._day.deliveries, office.account_sid)
            counts.update(_counts(found))
        report.counts = dict(counts)
        self._story.arrived(tally, report.counts)
        page = await dashboards[0].newest(ROWS)
        self._story.page(self._day.offices[0].name, page)

    async def _record(self, report: Report, session: aiohttp.ClientSession) -> None:
        """Three who are asked whether they may be recorded."""
        stage = self._stage
        outcomes = await play_recorded(
            session, stage.base_url, stage.recorded, stage.auth_token, stage.exchange
        )
        report.wrong += check_recorded(outcomes)
        self._story.recorded(outcomes)

    async def _ask(self, report: Report, dashboard: Dashboard) -> None:
        """What did we know of this call then?"""
        question = self._day.question
        call_id = call_id_of(dashboard.workspace_id, question.call.sid)
        current = await dashboard.call(call_id)
        then = await dashboard.call(call_id, known_at=_text(question.asked_at))
        self._story.timeline(current, await dashboard.history(call_id))
        self._story.question(question.asked_at, then, current)
        if then["outcome"] is not None or then["answered_at"] is None:
            report.wrong.append("at the time asked about the call was known to go on")
        if current["outcome"] != question.call.expected.outcome:
            report.wrong.append("the call that was asked about did not end as it did")

    async def _erase(self, report: Report, dashboard: Dashboard) -> None:
        """Erase a regular caller of the newest page, and look again."""
        office = self._day.offices[0]
        number = self._a_regular(await dashboard.newest(ROWS))
        # A customer may call the other office too, which is another controller's affair.
        ours = [c for c in self._day.calls if (c.office, c.customer) == (office, number)]
        (subject,) = await dashboard.subjects(number)
        ids = [call_id_of(dashboard.workspace_id, call.sid) for call in ours[:5]]
        preview = await dashboard.preview(subject["subject_id"])
        soon = (datetime.now(UTC) + timedelta(days=30)).date()
        hold_id = await dashboard.hold(ids[0], soon)
        certificate = await dashboard.erase(subject["subject_id"])
        self._story.erasure(preview, certificate, len(ours))
        page = await dashboard.newest(ROWS)
        self._story.page(self._day.offices[0].name, page, ", after the erasure")
        pages: list[object] = [page, await dashboard.calls()]
        pages += [await dashboard.history(call_id) for call_id in ids]
        report.wrong += check_erased(pages, number)
        await self._show_held(report, dashboard, subject["subject_id"], ids[0])
        await dashboard.release(hold_id)
        await self._prove(report, dashboard, subject["subject_id"])
        if await dashboard.subjects(number):
            report.wrong.append("the erased number still leads to somebody")

    async def _show_held(
        self, report: Report, dashboard: Dashboard, subject_id: str, call_id: str
    ) -> None:
        """One of their calls is held: it opens for the claim alone, and the receipt says so."""
        receipt = await dashboard.receipt(subject_id)
        plain = await dashboard.call(call_id)
        needed = await dashboard.call(call_id, need="legal_claims")
        self._story.held(receipt)
        report.wrong += check_held(receipt, plain, needed, subject_id)

    async def _prove(self, report: Report, dashboard: Dashboard, subject_id: str) -> None:
        """Have a receipt issued, and check it as somebody would who has nothing but the key."""
        receipt = await self._final(dashboard, subject_id)
        file, keys = (self._stage.home / name for name in ("receipt.json", "receipt-keys.json"))
        file.write_bytes(orjson.dumps(receipt))
        keys.write_bytes(orjson.dumps(await dashboard.receipt_keys()))
        verdict = await verify_offline(file, keys)
        self._story.receipt(receipt, file, verdict)
        report.wrong += check_receipt(receipt, verdict)

    async def _final(self, dashboard: Dashboard, subject_id: str) -> Json:
        """The receipt once every store is done, or after a while in any case."""
        deadline = asyncio.get_running_loop().time() + SETTLE_SECONDS
        while True:
            await self._stage.let_twilio_delete()
            receipt = await dashboard.receipt(subject_id)
            if receipt["state"] == "done" or asyncio.get_running_loop().time() > deadline:
                return receipt
            await asyncio.sleep(0.2)

    def _a_regular(self, page: list[Json]) -> str:
        """Of the customers on the page, the one with the most calls."""
        office = self._day.offices[0]
        calls = Counter(c.customer for c in self._day.calls if c.office is office)
        shown: set[str] = {
            party["value"]["address"]
            for row in page
            for party in (row["caller"], row["callee"])
            if party and party["value"]
        }
        return max((n for n in shown if n in calls and n.startswith("+")), key=calls.__getitem__)

    def _conclude(self, report: Report, dashboards: Sequence[Dashboard]) -> None:
        question = self._day.question
        named = {o.name: one for o, one in zip(self._day.offices, dashboards, strict=True)}
        call_id = call_id_of(dashboards[0].workspace_id, question.call.sid)
        self._story.try_it(self._stage.base_url, named, call_id, question.asked_at)
        for line in report.wrong[:SHOWN_PROBLEMS]:
            self._story.say(f"[bold red]wrong:[/] {line}")
        checked = f"{len(self._day.calls):,} calls checked"
        verdict = f"{len(report.wrong)} things are wrong" if report.wrong else "all of it is right"
        self._story.say(f"\n{checked}: {verdict}.")


async def _settled(dashboard: Dashboard, entries: int) -> Found:
    """What is shown once the views have seen so many entries, or after a while in any case."""
    deadline = asyncio.get_running_loop().time() + SETTLE_SECONDS
    while True:
        calls = await dashboard.calls()
        seen = sum(call["version"] for call in calls)
        if seen >= entries or asyncio.get_running_loop().time() > deadline:
            return Found(dashboard.workspace_id, calls, await dashboard.dead_letters())
        await asyncio.sleep(0.2)


def _counts(found: Found) -> dict[str, int]:
    return {
        "calls": len(found.calls),
        "entries": sum(call["version"] for call in found.calls),
        "dead_letters": len(found.dead_letters),
    }


def _text(moment: datetime) -> str:
    return moment.isoformat().replace("+00:00", "Z")
