"""What the demo shows: the day in numbers, the call log, one call as it was, and an erasure."""

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Final

from rich.console import Console
from rich.table import Table

from api.cli.output import print_table, table
from api.cli.tables import calls_table, clock, history_table, lasted, steps_table
from api.demo.dashboard import Dashboard, Json
from api.demo.delivery import Kind
from api.demo.play import Tally
from api.demo.recording import NAME, Outcome

ROWS: Final = 12


class Story:
    """Tells what happened, on a console."""

    def __init__(self, console: Console) -> None:
        self._console = console

    def say(self, text: str = "") -> None:
        """One line."""
        self._console.print(text, highlight=False)

    def arrived(self, tally: Tally, counts: dict[str, int]) -> None:
        """The day in numbers."""
        rows = [
            ("callbacks sent", tally.sent),
            ("accepted (200, 204)", tally.status(200) + tally.status(204)),
            ("  of them repeats, which changed nothing", tally.count(Kind.repeat)),
            ("  of them odd, kept as dead letters", counts["dead_letters"]),
            ("refused (403): the signature does not hold", tally.status(403)),
            ("entries in the history of the calls", counts["entries"]),
            ("calls in the call log", counts["calls"]),
            ("callbacks a second", round(tally.sent / tally.seconds)),
        ]
        self._show(table(("what arrived", ""), ((name, f"{n:,}") for name, n in rows)))

    def page(self, name: str, calls: list[Json], note: str = "") -> None:
        """A page of the call log."""
        self._show(calls_table(calls), f"{name}: the newest calls{note} (UTC)")

    def timeline(self, call: Json, history: list[Json]) -> None:
        """One call's steps, and the entries that say so."""
        self._show(steps_table(call), f"The way of call {call['id']} (UTC)")
        title = "Its history: when it happened, as the provider says, and when we learnt it"
        self._show(history_table(history), title)

    def question(self, asked_at: datetime, then: Json, now: Json) -> None:
        """What we knew of a call at a time, beside what we know now."""
        at = f"{asked_at:%H:%M}"
        rows = (
            (name, read(then), read(now))
            for name, read in (
                ("outcome", lambda call: call["outcome"] or "goes on"),
                ("answered", lambda call: clock(call["answered_at"])),
                ("ended", lambda call: clock(call["ended_at"])),
                ("talk", lambda call: lasted(call["talk_seconds"])),
                ("legs", _statuses),
                ("entries", lambda call: call["version"]),
                ("learnt last", lambda call: clock(call["recorded_at"])),
            )
        )
        title = f"What did we know of this call at {at}? (known_at={asked_at:%Y-%m-%dT%H:%M:%SZ})"
        self._show(table(("", f"at {at}", "now"), rows), title)

    def recorded(self, outcomes: Sequence[Outcome]) -> None:
        """Three callers who were asked whether their call may be recorded."""
        rows = (
            (
                found.story.title,
                found.consent,
                len(found.recordings),
                "both channels" if found.is_kept else "nothing",
                "kept" if found.left_at_provider else "nothing",
            )
            for found in outcomes
        )
        columns = ("the caller", "consent", "recordings begun", "kept here", "at the provider")
        title = f"{NAME}: may this call be recorded? Press 1 to agree"
        self._show(table(columns, rows), title)

    def erasure(self, preview: Json, certificate: Json, calls: int) -> None:
        """What the erasure was to take, and what its certificate says."""
        values = sum(preview["values"].values())
        self.say(
            f"[bold]What an erasure would take:[/] {preview['keys']} key, {values} sealed values, "
            f"the way from the number, and Twilio's copies of {preview['provider_copies']} calls"
        )
        self.say(
            f"[bold]Erased:[/] one regular caller, with {calls} calls: "
            f"entry {certificate['position']:,} of the history, "
            f"at {clock(certificate['erased_at'])}"
        )

    def held(self, receipt: Json) -> None:
        """What a legal hold keeps of somebody who was erased."""
        found = next(one for one in receipt["answers"] if one["store"] == "holds")
        self.say(
            f"[bold]Held:[/] one of their calls, for a claim. It opens for that need alone; the "
            f"receipt is {receipt['state']} and waits for {found.get('count')} hold. Now released:"
        )

    def receipt(self, receipt: Json, file: Path, verdict: str) -> None:
        """What every store answered, and that the receipt is genuine."""
        rows = [
            (*(one.get(name) for name in ("store", "state", "count", "what")), _until(one))
            for one in receipt["answers"]
        ]
        title = f"The signed receipt, after the release and by Twilio's word: {receipt['state']}"
        self._show(table(("store", "says", "how many", "what remains", "until"), rows), title)
        keys = file.with_name("receipt-keys.json")
        self._paste(f"ringledger verify-receipt {file} --key {keys}")
        self._paste(f"  {verdict}\n")

    def try_it(
        self, base_url: str, dashboards: dict[str, Dashboard], call_id: str, asked_at: datetime
    ) -> None:
        """Lines to paste into another terminal."""
        for name, dashboard in dashboards.items():
            self.say(f"[bold]{name}[/]  workspace {dashboard.workspace_id}")
            self._paste(f"  api key {dashboard.api_key}")
        first = next(iter(dashboards.values()))
        self.say("\n[bold]Try[/] (in another terminal)")
        for line in _curl_lines(first, call_id, asked_at):
            self._paste(line)
        self.say(f"\nThe API reference: [link]{base_url}/docs[/link]")

    def _paste(self, line: str) -> None:
        # Not wrapped: it must survive being pasted.
        self._console.print(line, highlight=False, markup=False, soft_wrap=True)

    def _show(self, shown: Table, title: str = "") -> None:
        # A title of the table itself would be broken at the table's width.
        if title:
            self._console.print(f"[bold]{title}[/]", highlight=False)
        print_table(shown, self._console)
        self._console.print()


def _until(answer: Json) -> str | None:
    return answer.get("until") or answer.get("ends_with")


def _statuses(call: Json) -> str:
    return ", ".join(leg["status"] or "?" for leg in call["legs"])


def _curl_lines(dashboard: Dashboard, call_id: str, asked_at: datetime) -> list[str]:
    questions = (
        ("the missed calls", "calls?outcome=missed&limit=5"),
        ("that call", f"calls/{call_id}"),
        ("as we knew it then", f"calls/{call_id}?known_at={asked_at:%Y-%m-%dT%H:%M:%SZ}"),
        ("its history", f"calls/{call_id}/history"),
        ("what nobody understood", "dead-letters"),
    )
    return [
        f"export RL={dashboard.url} KEY={dashboard.api_key}",
        *(
            f'curl -s -H "Authorization: Bearer $KEY" "$RL/{address}"   # {what}'
            for what, address in questions
        ),
    ]
