"""The call log over HTTP: filters, sorts, pages, one call at any time, and its history."""

import asyncio
import random
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from cells import asynchronous
from serving import House, serving
from twilio_forms import (
    CALLEE,
    CALLER,
    START,
    UNANSWERED,
    Form,
    call_callbacks,
    call_sid,
    incoming_form,
    leg_callbacks,
)

from adapters.postgres.embedded import Urls
from adapters.workspaces.api_keys import Scope


def some_calls() -> list[Form]:
    """Four calls an hour apart: answered inbound, then busy, canceled and answered outbound."""
    hour = timedelta(hours=1)
    outbound = [
        form
        for number, (status, statuses) in enumerate(
            {"busy": UNANSWERED["busy"], "canceled": UNANSWERED["canceled"]}.items(), start=1
        )
        for form in leg_callbacks(
            call_sid(10 + number),
            direction="outbound-api",
            caller=CALLEE,
            callee=f"+3247000000{number}",
            statuses=statuses,
            start=START + number * hour,
        )
        if status
    ]
    last = leg_callbacks(
        call_sid(13),
        direction="outbound-api",
        caller=CALLEE,
        callee="+32470000003",
        start=START + 3 * hour,
        talk_seconds=300,
    )
    return [*call_callbacks(call_sid(1), call_sid(2)), *outbound, *last]


async def outcomes(house: House, **parameters: str | int) -> list[str]:
    """The outcomes of the page that answers these parameters."""
    answer = await house.get("/calls", params=parameters)
    assert answer.status_code == 200, answer.text
    return [call["outcome"] for call in answer.json()["data"]]


@asynchronous
async def test_each_filter_finds_what_it_names(database: Urls, tmp_path: Path) -> None:
    """And nothing else; several filters hold together."""
    async with serving(database, tmp_path) as house:
        await house.hear(*some_calls())
        newest = ["answered", "canceled", "busy", "answered"]
        assert await outcomes(house) == newest
        assert await outcomes(house, direction="inbound") == ["answered"]
        assert await outcomes(house, outcome="busy") == ["busy"]
        assert await outcomes(house, leg_status="canceled") == ["canceled"]
        assert await outcomes(house, min_duration=100) == ["answered"]
        assert await outcomes(house, max_duration=0) == ["canceled", "busy"]
        assert await outcomes(house, min_duration=46, max_duration=46) == ["answered"]
        assert await outcomes(house, number=CALLER) == ["answered"]
        assert await outcomes(house, number=CALLEE) == newest
        assert await outcomes(house, number="+32470000003") == ["answered"]
        assert await outcomes(house, number="0032 470 00 00 02", outcome="busy") == []
        assert await outcomes(house, number="+32470999999") == []
        assert await outcomes(house, number="anonymous") == []


@asynchronous
async def test_a_range_of_time_holds_its_beginning_only(database: Urls, tmp_path: Path) -> None:
    """So that ranges side by side show each call once. An offset counts."""
    async with serving(database, tmp_path) as house:
        await house.hear(*some_calls())
        busy_at = "2026-03-02T14:58:07Z"
        assert await outcomes(house, started_after=busy_at) == ["answered", "canceled", "busy"]
        assert await outcomes(house, started_before=busy_at) == ["answered"]
        in_brussels = {
            "started_after": "2026-03-02T15:58:07+01:00",
            "started_before": "2026-03-02T15:58:07.000001+01:00",
        }
        assert await outcomes(house, **in_brussels) == ["busy"]


@asynchronous
async def test_each_sort_has_its_order(database: Urls, tmp_path: Path) -> None:
    """By start or by duration, up or down; ties are settled, so that pages never overlap."""
    async with serving(database, tmp_path) as house:
        await house.hear(*some_calls())
        newest = ["answered", "canceled", "busy", "answered"]
        assert await outcomes(house, sort="-started_at") == newest
        assert await outcomes(house, sort="started_at") == newest[::-1]
        for sort, descending in (("-duration", True), ("duration", False)):
            page = (await house.get("/calls", params={"sort": sort})).json()["data"]
            durations = [call["duration_seconds"] for call in page]
            assert durations == sorted(durations, reverse=descending)


@pytest.mark.parametrize(
    "query",
    [
        "colour=red",
        "Direction=inbound",
        "direction=sideways",
        "direction=inbound&direction=outbound",
        "limit=0",
        "limit=501",
        "limit=ten",
        "limit=",
        "min_duration=-1",
        "max_duration=99999999999999999999",
        "started_after=2026-04-01",
        "started_after=2026-04-01T14:02:00",
        "started_after=1772459000",
        "started_after=9999-12-31T23:59:59-14:00",
        "started_before=2026-02-30T14:02:00Z",
        "sort=price",
        "cursor=x",
        "cursor=%C3%A9",
        "number=",
        "number=" + "9" * 201,
    ],
)
@asynchronous
async def test_a_wrong_question_is_refused(database: Urls, tmp_path: Path, query: str) -> None:
    """An unknown, repeated or impossible parameter is 400, names itself and quotes nothing."""
    async with serving(database, tmp_path) as house:
        answer = await house.get(f"/calls?{query}")
        name, _, value = query.partition("&")[0].partition("=")
        assert answer.status_code == 400
        assert answer.headers["content-type"] == "application/problem+json"
        if name == "cursor":
            assert answer.json()["type"] == "/problems/invalid-cursor"
        else:
            assert [one["parameter"] for one in answer.json()["errors"]] == [name]
        assert len(value) < 4 or value not in answer.text


async def walk(house: House, **parameters: str | int) -> list[str]:
    """The ids of every call, page after page."""
    found: list[str] = []
    cursor: str | None = ""
    while cursor is not None:
        extra = {"cursor": cursor} if cursor else {}
        answer = await house.get("/calls", params={**parameters, **extra})
        assert answer.status_code == 200, answer.text
        found += [call["id"] for call in answer.json()["data"]]
        cursor = answer.json()["next_cursor"]
    return found


@pytest.mark.parametrize("sort", ["-started_at", "started_at", "-duration", "duration"])
@asynchronous
async def test_pages_lose_and_double_nothing_while_calls_come_in(
    database: Urls, tmp_path: Path, sort: str
) -> None:
    """Whatever is inserted between two pages, each call that was there is shown once."""
    dice = random.Random(sort)

    def ended(number: int) -> Form:
        # Few starts and few durations: most places are ties.
        start = START + timedelta(minutes=dice.randrange(5))
        talk = dice.randrange(3)
        return leg_callbacks(call_sid(number), start=start, talk_seconds=talk)[-1]

    async with serving(database, tmp_path) as house:
        await house.hear(*(ended(number) for number in range(40)))
        there = set(await walk(house, limit=500))
        found: list[str] = []
        cursor: str | None = ""
        newcomer = 1000
        while cursor is not None:
            extra = {"cursor": cursor} if cursor else {}
            answer = await house.get("/calls", params={"sort": sort, "limit": 7, **extra})
            found += [call["id"] for call in answer.json()["data"]]
            cursor = answer.json()["next_cursor"]
            await house.hear(ended(newcomer), ended(newcomer + 1))
            newcomer += 2
        assert len(there) == 40
        assert len(found) == len(set(found))
        assert there <= set(found)


@asynchronous
async def test_a_cursor_belongs_to_its_question(database: Urls, tmp_path: Path) -> None:
    """With other filters, another sort or workspace it is 400; another limit is fine."""
    async with serving(database, tmp_path) as house:
        neighbour = await house.neighbour()
        for one in (house, neighbour):
            await one.hear(*some_calls())
        parameters: dict[str, str | int] = {"limit": 1, "direction": "outbound"}
        cursor = (await house.get("/calls", params=parameters)).json()["next_cursor"]

        async def status(asked: House, **changes: str | int) -> int:
            changed = {**parameters, "cursor": cursor, **changes}
            return (await asked.get("/calls", params=changed)).status_code

        assert await status(house) == 200
        assert await status(house, limit=100) == 200
        assert await status(house, direction="inbound") == 400
        assert await status(house, number=CALLEE) == 400
        assert await status(house, sort="started_at") == 400
        assert await status(house, cursor=cursor[:-4] + "AAAA") == 400
        assert await status(neighbour) == 400


@asynchronous
async def test_without_the_scope_values_are_withheld(database: Urls, tmp_path: Path) -> None:
    """A key that may not open values sees everything else, and cannot ask by number."""
    async with serving(database, tmp_path) as house:
        await house.hear(*some_calls())
        blind = await house.new_key(Scope.calls_read)
        page = (await house.get("/calls", key=blind)).json()["data"]
        history = await house.get(f"/calls/{page[-1]['id']}/history", key=blind)
        detail = await house.get(f"/calls/{page[-1]['id']}", key=blind)
        parties = [call[role] for call in page for role in ("caller", "callee")]
        assert {(party["state"], party["value"]) for party in parties} == {("withheld", None)}
        for answer in (history, detail):
            assert answer.status_code == 200
            assert CALLER not in answer.text
        refused = await house.get("/calls", key=blind, params={"number": CALLER})
        assert (refused.status_code, refused.json()["scope"]) == (403, "values:open")


@asynchronous
async def test_a_call_is_shown_with_its_legs_and_its_way(database: Urls, tmp_path: Path) -> None:
    """Its legs, who was on them, when, and what our routing did."""
    async with serving(database, tmp_path) as house:
        await house.post(incoming_form(call_sid(1)), "voice/incoming")
        await house.hear(*call_callbacks(call_sid(1), call_sid(2)))
        (listed,) = (await house.get("/calls")).json()["data"]
        call = (await house.get(f"/calls/{listed['id']}")).json()
        parent, child = call["legs"]
        assert (parent["provider_id"], child["provider_id"]) == (call_sid(1), call_sid(2))
        assert child["parent_id"] == parent["id"]
        assert parent["caller"]["value"] == {"address": CALLER, "kind": "e164", "country": "GB"}
        assert child["callee"]["value"]["address"] == "client:front_desk"
        kinds = [step["kind"] for step in call["steps"]]
        assert kinds[:4] == ["routed", "received", "dialed", "rang"]
        shared = {"outcome", "started_at", "talk_seconds", "caller", "callee", "version"}
        for name in shared - {"caller", "callee"}:
            assert call[name] == listed[name]


@asynchronous
async def test_what_was_known_then_is_answered_for_ever(database: Urls, tmp_path: Path) -> None:
    """The same ``known_at`` gives the same bytes, whatever came later; before all, 404."""
    async with serving(database, tmp_path) as house:
        forms = call_callbacks(call_sid(1), call_sid(2))
        await house.hear(*forms[:3])
        (listed,) = (await house.get("/calls")).json()["data"]
        path, then = f"/calls/{listed['id']}", listed["recorded_at"]
        first = await house.get(path, params={"known_at": then})
        await asyncio.sleep(0.01)
        await house.hear(*forms[3:])
        again = await house.get(path, params={"known_at": then})
        now = (await house.get(path)).json()
        assert first.content == again.content
        assert again.json()["outcome"] is None
        assert again.json()["version"] == listed["version"] < now["version"]
        assert now["outcome"] == "answered"
        early = await house.get(path, params={"known_at": "2020-01-01T00:00:00+02:00"})
        assert (early.status_code, early.json()["type"]) == (404, "/problems/not-known-yet")
        future = await house.get(path, params={"known_at": "2199-01-01T00:00:00Z"})
        assert (future.status_code, future.json()["errors"][0]["parameter"]) == (400, "known_at")


@asynchronous
async def test_what_was_true_then_is_a_clock_of_its_own(database: Urls, tmp_path: Path) -> None:
    """``as_of`` counts what had happened by then, by the provider's clock."""
    async with serving(database, tmp_path) as house:
        await house.hear(*call_callbacks(call_sid(1), call_sid(2)))
        (listed,) = (await house.get("/calls")).json()["data"]

        async def at(**clocks: str) -> dict[str, Any]:
            answer = await house.get(f"/calls/{listed['id']}", params=clocks)
            found: dict[str, Any] = answer.json()
            return found

        ringing = await at(as_of="2026-03-02T14:58:17+01:00")
        assert ringing["outcome"] is None
        assert [leg["status"] for leg in ringing["legs"]] == ["answered", "ringing"]
        assert ringing["as_of"] == "2026-03-02T13:58:17Z"
        assert (await at(as_of="2026-03-02T13:00:00Z"))["type"] == "/problems/not-known-yet"


@asynchronous
async def test_the_history_shows_every_entry(database: Urls, tmp_path: Path) -> None:
    """When it happened, when we learnt it, who caused it, and under which request."""
    async with serving(database, tmp_path) as house:
        answer = await house.post(incoming_form(call_sid(1)), "voice/incoming")
        request_id = answer.headers["x-request-id"]
        await house.hear(*call_callbacks(call_sid(1), call_sid(2)))
        (call,) = (await house.get("/calls")).json()["data"]
        history = (await house.get(f"/calls/{call['id']}/history")).json()["data"]
        assert [entry["version"] for entry in history] == list(range(1, call["version"] + 1))
        assert [entry["cause_id"] for entry in history[:3]] == [request_id] * 3
        assert {entry["actor"] for entry in history} == {"twilio"}
        assert {entry["correlation_id"] for entry in history} == {call["id"]}
        registered = history[0]
        assert registered["name"] == "call.leg_registered"
        assert registered["occurred_at"] is None
        assert registered["sealed"]["caller"]["value"]["address"] == CALLER
        assert len(registered["sealed"]["caller"]["commitment"]) == 64
        ended = history[-1]
        assert ended["name"] == "call.leg_ended"
        assert ended["occurred_at"] < ended["recorded_at"]
        assert ended["fields"]["status"] == "completed"
