"""The end of a workspace over HTTP: 410 everywhere, taken back in time, and then without a key."""

import re
from pathlib import Path
from typing import Any

import httpx
from cells import asynchronous
from clocks import SetClock
from serving import AUTH_TOKEN, House, serving
from twilio_forms import CALLER, call_callbacks, call_sid, incoming_form, leg_callbacks

from adapters.postgres.embedded import Urls
from adapters.workspaces.api_keys import Scope
from api.dashboards import create_dashboards

PATHS: dict[str, dict[str, Any]] = create_dashboards().openapi()["paths"]
ID = "5b0f1c9e-3f4e-4d0a-9a57-0c5a4f3c2d10"


async def close(house: House) -> httpx.Response:
    """Close the workspace."""
    body = {"reason": "terminated", "note": "Ann Other left"}
    return await house.ask("POST", f"{house.here}/closure", json=body)


async def reopen(house: House) -> httpx.Response:
    """Take the closure back."""
    return await house.ask("DELETE", f"{house.here}/closure?reason=correction")


def addresses(house: House) -> list[tuple[str, str]]:
    """Every operation about a workspace but for its closure and holds, read off the document."""
    own = str(house.workspace_id)
    return [
        (method.upper(), re.sub(r"\{\w+\}", ID, path.replace("{workspace_id}", own)))
        for path, methods in PATHS.items()
        for method in methods
        if path.startswith("/v1/") and not path.endswith("/closure") and "/holds" not in path
    ]


async def assert_gone_everywhere(house: House) -> None:
    """Every operation and every webhook answers 410, and says nothing of what was there."""
    found = addresses(house)
    assert len(found) > 20
    for method, url in found:
        answer = await house.ask(method, url)
        assert (answer.status_code, answer.json()["type"]) == (410, "/problems/workspace-closed")
    for form, channel in (
        (leg_callbacks(call_sid(3))[0], "voice/status"),
        (incoming_form(call_sid(4)), "voice/incoming"),
    ):
        answer = await house.post(form, channel)
        assert (answer.status_code, CALLER in answer.text) == (410, False)


@asynchronous
async def test_a_closed_workspace_is_gone_everywhere(database: Urls, tmp_path: Path) -> None:
    """Every address of the API and every webhook; the neighbour's are as they were."""
    async with serving(database, tmp_path) as house:
        neighbour = await house.neighbour()
        await house.hear(*call_callbacks(call_sid(1), call_sid(2)))
        assert (await close(house)).json()["is_closed"]
        await assert_gone_everywhere(house)
        await neighbour.hear(*call_callbacks(call_sid(1), call_sid(2)))
        assert len((await neighbour.get("/calls")).json()["data"]) == 1


@asynchronous
async def test_a_closure_is_told_and_taken_back(database: Urls, tmp_path: Path) -> None:
    """It names the promised day; reopened, everything is there as it was."""
    async with serving(database, tmp_path) as house:
        await house.hear(*call_callbacks(call_sid(1), call_sid(2)))
        before = (await house.get("/calls")).json()
        assert (await house.get("/closure")).json() == {
            "is_closed": False,
            "is_final": False,
            "version": 0,
            **dict.fromkeys(("closed_at", "reason", "keys_destroyed_from")),
        }
        closed = (await close(house)).json()
        assert (await close(house)).json() == closed == (await house.get("/closure")).json()
        assert closed["reason"] == "terminated"
        assert closed["closed_at"] < closed["keys_destroyed_from"]
        assert (await reopen(house)).json()["is_closed"] is False
        assert (await reopen(house)).json()["version"] == 2
        assert (await house.get("/calls")).json() == before
        names = [e["name"] for e in (await house.get("/settings/history")).json()["data"]]
        assert names == ["workspace.closed", "workspace.reopened"]
        assert (await house.post(leg_callbacks(call_sid(3))[0])).status_code == 204


@asynchronous
async def test_closing_needs_its_scope(database: Urls, tmp_path: Path) -> None:
    """Also to look at a closure: any other key of a closed workspace is told that it is gone."""
    async with serving(database, tmp_path) as house:
        other = await house.new_key(*(set(Scope) - {Scope.workspace_close}))
        for method in ("GET", "DELETE"):
            url = f"{house.here}/closure" + ("?reason=security" if method == "DELETE" else "")
            answer = await house.ask(method, url, key=other)
            assert (answer.status_code, answer.json()["scope"]) == (403, "workspace:close")
        await close(house)
        closer = await house.new_key(Scope.workspace_close)
        assert (await house.get("/closure", key=closer)).json()["is_closed"]
        assert (await house.get("/calls", key=closer)).status_code == 410


@asynchronous
async def test_a_process_that_remembers_credentials_hears_of_it(
    database: Urls, tmp_path: Path
) -> None:
    """What another process remembers of them is for seconds only; a wrong signature as well."""
    async with serving(database, tmp_path) as house:
        credentials = house.app.state.deployment.credentials
        await credentials.get(house.workspace_id)
        await close(house)
        answer = await house.post(leg_callbacks(call_sid(3))[0], token=AUTH_TOKEN[::-1])
        assert answer.status_code == 410
        assert house.workspace_id not in credentials._known  # noqa: SLF001 - it must not be there


@asynchronous
async def test_on_the_promised_day_the_key_is_gone(database: Urls, tmp_path: Path) -> None:
    """Not a day before. Then it is 410 for good, and the closure is all that can be told."""
    clock = SetClock()
    async with serving(database, tmp_path, clock=clock) as house:
        neighbour = await house.neighbour()
        for one in (house, neighbour):
            await one.hear(*call_callbacks(call_sid(1), call_sid(2)))
        await close(house)
        closures = (await house.cell()).closures
        clock.let_pass(days=59, hours=23)
        assert await closures.finish() == 0
        assert (await house.get("/closure")).json()["is_final"] is False
        clock.let_pass(hours=2)
        late = await reopen(house)
        assert (late.status_code, late.json()["detail"]) == (409, "promised_day_has_come")
        assert await closures.finish() == 1
        assert await closures.finish() == 0
        await assert_gone_everywhere(house)
        ended = await house.get("/closure")
        assert ended.json()["is_final"] is True
        again = await house.get("/closure", headers={"If-None-Match": ended.headers["etag"]})
        assert again.status_code == 304
        for answer in (await reopen(house), await close(house)):
            assert answer.status_code in {200, 409}
            assert (await house.get("/closure")).json() == ended.json()
        (call,) = (await neighbour.get("/calls")).json()["data"]
        assert call["caller"]["value"]["address"] == CALLER
