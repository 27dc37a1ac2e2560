"""Calls as tables: read from the API's own documents, on this machine or over HTTP."""

from collections.abc import Sequence
from typing import Any, Final

from rich.table import Table

from api.cli.output import table

Json = dict[str, Any]
ARROWS: Final = {"inbound": "in", "outbound": "out"}


def who(party: Json | None) -> str:
    """A caller or callee: who it is, or why that cannot be said."""
    if not party:
        return "-"
    return str(party["value"]["address"]) if party["value"] else f"[{party['state']}]"


def clock(moment: str | None) -> str:
    """A time of the API to the second, without its date."""
    return moment[11:19] if moment else ""


def lasted(seconds: int | None) -> str:
    """A duration as people write it."""
    return "" if seconds is None else f"{seconds // 60}:{seconds % 60:02}"


def calls_table(calls: Sequence[Json], *, with_ids: bool = False) -> Table:
    """A page of the call log."""
    columns = ("started", "", "caller", "callee", "outcome", "talk", "legs")
    rows = ((*_call(call), *([call["id"]] if with_ids else [])) for call in calls)
    return table((*columns, "call") if with_ids else columns, rows)


def _call(call: Json) -> tuple[object, ...]:
    return (
        (call["started_at"] or "")[:19].replace("T", " "),
        ARROWS.get(call["direction"] or "", ""),
        who(call["caller"]),
        who(call["callee"]),
        call["outcome"] or "goes on",
        lasted(call["talk_seconds"]),
        call["leg_count"],
    )


def steps_table(call: Json) -> Table:
    """A call's way, step by step."""
    names = leg_names(call)
    return table(
        ("at", "leg", "who", "step", ""),
        (
            (
                clock(step["at"]),
                names[step["leg_id"]],
                _party_of(call, step["leg_id"]),
                step["kind"],
                step["detail"],
            )
            for step in call["steps"]
        ),
    )


def history_table(entries: Sequence[Json]) -> Table:
    """Every entry of a call: when it happened, and when we learnt it."""
    legs = dict.fromkeys(str(entry["fields"].get("leg_id")) for entry in entries)
    names = {leg: str(number) for number, leg in enumerate(legs, 1)}
    return table(
        ("", "happened", "learnt", "entry", "leg", "personal values"),
        (
            (
                entry["version"],
                clock(entry["occurred_at"]),
                clock(entry["recorded_at"]),
                entry["name"],
                names[str(entry["fields"].get("leg_id"))],
                ", ".join(f"{name}: {one['state']}" for name, one in entry["sealed"].items()),
            )
            for entry in entries
        ),
    )


def entries_table(entries: Sequence[Json]) -> Table:
    """Every entry of a workspace: when it happened, who did it, and why."""
    return table(
        ("", "happened", "entry", "who", "why"),
        (
            (
                entry["version"],
                (entry["occurred_at"] or "")[:19].replace("T", " "),
                entry["name"],
                entry["actor"],
                entry["fields"].get("reason"),
            )
            for entry in entries
        ),
    )


def leg_names(call: Json) -> dict[str, str]:
    """The legs by id, the first one first."""
    legs = sorted(call["legs"], key=lambda leg: (leg["parent_id"] is not None, leg["id"]))
    return {leg["id"]: str(number) for number, leg in enumerate(legs, 1)}


def _party_of(call: Json, leg_id: str) -> str:
    """Whom a leg reaches; of an inbound one, who called."""
    leg = next(leg for leg in call["legs"] if leg["id"] == leg_id)
    return who(leg["caller"] if leg["direction"] == "inbound" else leg["callee"])
