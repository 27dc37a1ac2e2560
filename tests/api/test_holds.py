"""Legal holds and restrictions over HTTP: what waits, what is kept, for whom it opens."""

from datetime import timedelta
from pathlib import Path
from typing import Any, Final
from uuid import uuid4

import httpx
from cells import asynchronous
from clocks import SetClock
from holding import in_a_month
from serving import House, serving
from twilio_forms import CALLER, call_callbacks, call_sid, leg_callbacks

from adapters.postgres.embedded import Urls
from adapters.workspaces.api_keys import Scope

MATTER: Final[dict[str, Any]] = {"matter": "2026-17", "ground": "legal_claims"}
FOR_CLAIMS: Final = {"need": "legal_claims"}


async def place(house: House, scope: str, **more: Any) -> httpx.Response:  # noqa: ANN401 - the rest of the body
    """Ask for a hold, to be looked at in a month."""
    body = {"scope": scope, **MATTER, "review_on": in_a_month(), **more}
    return await house.ask("POST", f"{house.here}/holds", json=body)


async def placed(house: House, scope: str, **more: Any) -> str:  # noqa: ANN401 - as above
    """Place a hold; its id."""
    answer = await place(house, scope, **more)
    assert answer.status_code == 200, answer.text
    hold_id: str = answer.json()["id"]
    return hold_id


async def release(house: House, hold_id: str) -> dict[str, Any]:
    """Release a hold."""
    answer = await house.ask("POST", f"{house.here}/holds/{hold_id}/release")
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def erase(house: House, subject: str) -> httpx.Response:
    """Ask for somebody's erasure."""
    return await house.ask("POST", f"{house.here}/subjects/{subject}/erasure")


async def one_call(house: House) -> tuple[str, str]:
    """A call comes in; it and its caller."""
    await house.hear(*call_callbacks(call_sid(1), call_sid(2)))
    (call,) = (await house.get("/calls")).json()["data"]
    return call["id"], call["caller"]["subject_id"]


async def states(house: House, call: str, **question: str) -> list[str]:
    """How the caller reads: in the list, in the call, and wherever in its history."""
    (listed,) = (await house.get("/calls")).json()["data"]
    detail = (await house.get(f"/calls/{call}", params=question)).json()
    history = (await house.get(f"/calls/{call}/history", params=question)).json()
    told = [
        sealed["state"]
        for entry in history["data"]
        for name, sealed in entry["sealed"].items()
        if name == "caller"
    ]
    return [listed["caller"]["state"], detail["legs"][0]["caller"]["state"], *told[:1]]


@asynchronous
async def test_an_erasure_waits_and_says_for_which_hold(database: Urls, tmp_path: Path) -> None:
    """202 while the hold stands, 200 once it is released; nothing has to be asked again."""
    async with serving(database, tmp_path) as house:
        call, subject = await one_call(house)
        hold_id = await placed(house, "subject", subjects=[subject])
        waiting = await erase(house, subject)
        assert waiting.status_code == 202
        told = waiting.json()
        assert (told["state"], told["holds"], told["reason"]) == (
            *("waiting", [hold_id], "requested"),
        )
        found = (await house.get(f"/subjects/{subject}")).json()
        assert (found["erasure"], found["erasure_waits"]) == (None, told)
        assert found["holds"] == [hold_id]
        assert await states(house, call) == ["value"] * 3
        assert (await release(house, hold_id))["released_at"] is not None
        found = (await house.get(f"/subjects/{subject}")).json()
        assert found["erasure"]["deleted_at"] is not None
        assert (found["erasure_waits"], found["holds"]) == (None, [])
        assert await states(house, call) == ["erased"] * 3
        assert (await erase(house, subject)).status_code == 200


@asynchronous
async def test_a_held_call_opens_for_its_need_and_its_scope(
    database: Urls, tmp_path: Path
) -> None:
    """After the caller's erasure: for who names the need, and may, until the release."""
    async with serving(database, tmp_path) as house:
        call, subject = await one_call(house)
        hold_id = await placed(house, "call", calls=[call])
        assert (await erase(house, subject)).status_code == 200
        found = (await house.get(f"/subjects/{subject}")).json()
        assert (found["erasure"]["deleted_at"], found["holds"]) == (None, [hold_id])
        assert await states(house, call) == ["erased"] * 3
        assert await states(house, call, **FOR_CLAIMS) == ["erased", "value", "value"]
        assert await states(house, call, need="consent") == ["erased"] * 3
        reader = await house.new_key(Scope.calls_read, Scope.values_open)
        for path in (f"/calls/{call}", f"/calls/{call}/history"):
            refused = await house.get(path, key=reader, params=FOR_CLAIMS)
            assert (refused.status_code, refused.json()["scope"]) == (403, "restricted:open")
        blind = await house.new_key(Scope.calls_read, Scope.restricted_open)
        answer = await house.get(f"/calls/{call}", key=blind, params=FOR_CLAIMS)
        assert answer.json()["legs"][0]["caller"]["state"] == "withheld"
        await release(house, hold_id)
        assert await states(house, call, **FOR_CLAIMS) == ["erased"] * 3
        found = (await house.get(f"/subjects/{subject}")).json()
        assert found["erasure"]["deleted_at"] is not None


@asynchronous
async def test_a_restricted_subject_is_kept_and_not_used(database: Urls, tmp_path: Path) -> None:
    """Restricted in every answer from the first on; for a need that Art. 18(2) allows it opens."""
    async with serving(database, tmp_path) as house:
        call, subject = await one_call(house)
        url = f"{house.here}/subjects/{subject}/restriction"
        restricted = await house.ask("POST", url, json={"ground": "accuracy"})
        assert restricted.status_code == 200
        assert (restricted.json()["is_restricted"], restricted.json()["ground"]) == (
            *(True, "accuracy"),
        )
        assert await states(house, call) == ["restricted"] * 3
        for need in ("consent", "legal_claims", "rights_of_another", "public_interest"):
            assert await states(house, call, need=need) == ["restricted", "value", "value"]
        for path in ("/calls", f"/calls/{call}", f"/calls/{call}/history"):
            assert CALLER not in (await house.get(path)).text
        question = {"number": CALLER, "kind": "calls"}
        market = (await house.get("/marketing", params=question)).json()
        assert market == {"is_allowed": False, "reason": "restricted"}
        instructed = {"reason": "instruction"}
        refused = await house.ask(
            "POST", f"{house.here}/subjects/{subject}/erasure", json=instructed
        )
        assert (refused.status_code, refused.json()["detail"]) == (409, "restricted")
        told = {"told_at": "2026-03-02T14:02:00Z"}
        lifted = await house.ask("DELETE", url, params=told)
        assert (lifted.status_code, lifted.json()["is_restricted"]) == (200, False)
        assert await states(house, call) == ["value"] * 3


@asynchronous
async def test_a_restriction_is_not_lifted_before_they_are_told(
    database: Urls, tmp_path: Path
) -> None:
    """Art. 18(3): without the time it is no valid request, and a time to come is refused."""
    async with serving(database, tmp_path) as house:
        _, subject = await one_call(house)
        url = f"{house.here}/subjects/{subject}/restriction"
        await house.ask("POST", url, json={"ground": "objection"})
        assert (await house.ask("DELETE", url)).status_code == 400
        later = await house.ask("DELETE", url, params={"told_at": "2099-01-01T00:00:00Z"})
        assert (later.status_code, later.json()["detail"]) == (409, "told_before_it_is_lifted")
        unknown = f"{house.here}/subjects/{uuid4()}/restriction"
        answer = await house.ask("POST", unknown, json={"ground": "accuracy"})
        assert answer.status_code == 404
        eraser = await house.new_key(Scope.subjects_erase)
        refused = await house.ask("POST", url, key=eraser, json={"ground": "accuracy"})
        assert (refused.status_code, refused.json()["scope"]) == (403, "subjects:restrict")


@asynchronous
async def test_holds_are_listed_by_how_they_stand(database: Urls, tmp_path: Path) -> None:
    """A hold whose review has come is overdue and stands all the same; a review ends that."""
    clock = SetClock()
    async with serving(database, tmp_path, clock=clock) as house:
        soon = (clock() + timedelta(days=30)).date().isoformat()
        body = {"scope": "workspace", **MATTER, "review_on": soon}
        ids = [
            (await house.ask("POST", f"{house.here}/holds", json=body)).json()["id"]
            for _ in range(2)
        ]

        async def listed(state: str) -> list[str]:
            answer = await house.get("/holds", params={"state": state})
            return [one["id"] for one in answer.json()["data"]]

        assert await listed("standing") == ids[::-1]
        assert await listed("overdue") == []
        clock.let_pass(days=30)
        assert await listed("overdue") == ids[::-1]
        again = {"review_on": (clock() + timedelta(days=90)).date().isoformat()}
        url = f"{house.here}/holds/{ids[0]}"
        reviewed = (await house.ask("POST", f"{url}/review", json=again)).json()
        assert (reviewed["review_on"], reviewed["is_overdue"]) == (again["review_on"], False)
        await release(house, ids[1])
        assert await listed("overdue") == []
        assert (await listed("standing"), await listed("released")) == ([ids[0]], [ids[1]])
        found = (await house.get("/holds")).json()["data"]
        assert [one["id"] for one in found] == ids[::-1]
        assert (await house.get(f"/holds/{ids[0]}")).json() == found[1]
        assert (await house.get("/holds", params={"state": "gone"})).status_code == 400


@asynchronous
async def test_what_cannot_be_held_is_told(database: Urls, tmp_path: Path) -> None:
    """Wrong bodies are pointed into, rules are named, and what is not there is not found."""
    async with serving(database, tmp_path) as house:
        call, subject = await one_call(house)
        for wrong, pointer in (
            ({"matter": "Ann Other & Co"}, "/matter"),
            ({"ground": "curiosity"}, "/ground"),
            ({"review_on": "soon"}, "/review_on"),
            ({"subjects": [str(uuid4())] * 1001}, "/subjects"),
            ({"until": "for ever"}, "/until"),
        ):
            answer = await place(house, "matter", **{"calls": [call], **wrong})
            assert answer.status_code == 400
            assert [one["pointer"] for one in answer.json()["errors"]] == [pointer]
        refused = await place(house, "subject", subjects=[subject], calls=[call])
        assert (refused.status_code, refused.json()["detail"]) == (409, "scope_of_something_else")
        for unknown in ({"subjects": [str(uuid4())]}, {"calls": [subject]}):
            assert (await place(house, "matter", **unknown)).status_code == 404
        assert (await erase(house, subject)).status_code == 200
        late = await place(house, "subject", subjects=[subject])
        assert (late.status_code, late.json()["detail"]) == (409, "subject_erased")
        assert (await house.get("/holds")).json() == {"data": []}


@asynchronous
async def test_holds_are_their_own_workspaces_and_need_their_scopes(
    database: Urls, tmp_path: Path
) -> None:
    """A neighbour's hold is not found; a key without the scope is told which one it needs."""
    async with serving(database, tmp_path) as house:
        hold_id = await placed(house, "workspace")
        neighbour = await house.neighbour(account_sid="AC" + "9" * 32)
        assert (await neighbour.get(f"/holds/{hold_id}")).status_code == 404
        url = f"{neighbour.here}/holds/{hold_id}/release"
        assert (await neighbour.ask("POST", url)).status_code == 404
        assert (await neighbour.get("/holds")).json() == {"data": []}
        reader = await house.new_key(Scope.holds_read)
        url = f"{house.here}/holds/{hold_id}/release"
        refused = await house.ask("POST", url, key=reader)
        assert (refused.status_code, refused.json()["scope"]) == (403, "holds:write")
        assert (await house.get("/holds", key=reader)).status_code == 200
        writer = await house.new_key(Scope.holds_write)
        refused = await house.get("/holds", key=writer)
        assert (refused.status_code, refused.json()["scope"]) == (403, "holds:read")


@asynchronous
async def test_retention_is_explained_with_what_stands(database: Urls, tmp_path: Path) -> None:
    """Hold before restriction before every period, for the subject and the call that are named."""
    async with serving(database, tmp_path) as house:
        call, subject = await one_call(house)

        async def levels(**named: str) -> list[str]:
            question = {"category": "call_metadata", **named}
            answer = await house.get("/retention/explain", params=question)
            assert answer.status_code == 200, answer.text
            found = answer.json()
            return [one["level"] for one in (found["ruling"], *found["overrides"])]

        await house.ask(
            "POST", f"{house.here}/subjects/{subject}/restriction", json={"ground": "accuracy"}
        )
        await placed(house, "call", calls=[call])
        assert await levels() == ["profile"]
        assert await levels(subject=subject) == ["restriction", "profile"]
        assert await levels(call=call) == ["hold", "profile"]
        assert await levels(subject=subject, call=call) == ["hold", "restriction", "profile"]
        for name in ("subject", "call"):
            question = {"category": "call_metadata", name: str(uuid4())}
            answer = await house.get("/retention/explain", params=question)
            assert answer.status_code == 404
        await placed(house, "workspace")
        assert await levels() == ["hold", "profile"]


@asynchronous
async def test_who_calls_while_their_erasure_waits_is_the_same_person(
    database: Urls, tmp_path: Path
) -> None:
    """The lookup stands until the erasure is carried out, and then all of it goes at once."""
    async with serving(database, tmp_path) as house:
        _, subject = await one_call(house)
        hold_id = await placed(house, "subject", subjects=[subject])
        await erase(house, subject)
        await house.hear(leg_callbacks(call_sid(3))[0])
        calls = (await house.get("/calls")).json()["data"]
        assert {one["caller"]["subject_id"] for one in calls} == {subject}
        await release(house, hold_id)
        calls = (await house.get("/calls")).json()["data"]
        assert {one["caller"]["state"] for one in calls} == {"erased"}


@asynchronous
async def test_the_end_of_a_closed_workspace_waits_for_its_hold(
    database: Urls, tmp_path: Path
) -> None:
    """Placed, seen and released after the closure; then the promised end comes."""
    clock = SetClock()
    async with serving(database, tmp_path, clock=clock) as house:
        closed = await house.ask("POST", f"{house.here}/closure", json={"reason": "terminated"})
        assert closed.status_code == 200
        soon = (clock() + timedelta(days=100)).date().isoformat()
        body = {"scope": "workspace", **MATTER, "review_on": soon}
        hold_id = (await house.ask("POST", f"{house.here}/holds", json=body)).json()["id"]
        clock.let_pass(days=90)
        cell = await house.cell()
        assert await cell.closures.finish() == 0
        (found,) = (await house.get("/holds")).json()["data"]
        assert (found["id"], found["released_at"]) == (hold_id, None)
        assert (await house.get("/calls")).status_code == 410
        await release(house, hold_id)
        assert await cell.closures.finish() == 1
