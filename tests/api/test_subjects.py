"""Finding a data subject by number, and erasing one over HTTP."""

import asyncio
from pathlib import Path
from uuid import uuid4

from cells import asynchronous
from serving import House, serving
from twilio_forms import CALLER, call_callbacks, call_sid, leg_callbacks

from adapters.postgres.embedded import Urls
from adapters.workspaces.api_keys import Scope


async def subject_of(house: House, number: str = CALLER) -> str:
    """The one subject who has the number."""
    (found,) = (await house.get("/subjects", params={"number": number})).json()["data"]
    subject_id: str = found["subject_id"]
    return subject_id


@asynchronous
async def test_a_subject_is_found_by_their_number(database: Urls, tmp_path: Path) -> None:
    """However it is written; a number that nobody has finds nobody."""
    async with serving(database, tmp_path) as house:
        await house.hear(*call_callbacks(call_sid(1), call_sid(2)))
        await house.hear(leg_callbacks(call_sid(3))[-1])
        subject_id = await subject_of(house)
        assert await subject_of(house, "0044 7700 900-123") == subject_id
        for number in ("+447700900124", "anonymous", "   "):
            answer = await house.get("/subjects", params={"number": number})
            assert answer.json() == {"data": []}
        found = (await house.get(f"/subjects/{subject_id}")).json()
        assert found == {
            "subject_id": subject_id,
            "call_count": 2,
            "erasure": None,
            "erasure_waits": None,
            "holds": [],
            "restriction": {
                "subject_id": subject_id,
                "is_restricted": False,
                "ground": None,
                "since": None,
            },
        }
        assert (await house.get(f"/subjects/{uuid4()}")).status_code == 404


@asynchronous
async def test_an_erased_caller_is_gone_everywhere_at_once(database: Urls, tmp_path: Path) -> None:
    """From the first answer on: in the list, the call, its past, its history and by number."""
    async with serving(database, tmp_path) as house:
        await house.hear(*call_callbacks(call_sid(1), call_sid(2)))
        subject_id = await subject_of(house)
        (call,) = (await house.get("/calls")).json()["data"]
        path = f"/calls/{call['id']}"
        known_at = {"known_at": call["recorded_at"]}
        before = (await house.get(path, params=known_at)).json()
        erased = await house.ask("POST", f"{house.here}/subjects/{subject_id}/erasure")
        assert erased.status_code == 200
        assert erased.json()["reason"] == "requested"
        after = (await house.get(path, params=known_at)).json()
        for leg in (*before["legs"], *after["legs"]):
            caller = leg.pop("caller")
            assert caller["subject_id"] == subject_id
            assert caller["state"] == ("erased" if leg in after["legs"] else "value")
        assert before == after
        for answer in (
            await house.get("/calls"),
            await house.get(path),
            await house.get(f"{path}/history"),
        ):
            assert answer.status_code == 200
            assert CALLER not in answer.text
            assert '"erased"' in answer.text
        assert (await house.get("/calls", params={"number": CALLER})).json()["data"] == []
        assert (await house.get("/subjects", params={"number": CALLER})).json()["data"] == []


@asynchronous
async def test_erasing_twice_is_as_good_as_once(database: Urls, tmp_path: Path) -> None:
    """The first reason stands; once the boxes are deleted the certificate says when."""
    async with serving(database, tmp_path) as house:
        await house.hear(leg_callbacks(call_sid(1))[0])
        url = f"{house.here}/subjects/{await subject_of(house)}/erasure"
        answers = await asyncio.gather(
            *(house.ask("POST", url, json={"reason": "objection"}) for _ in range(3))
        )
        last = (await house.ask("POST", url, json={"reason": "instruction"})).json()
        assert {answer.status_code for answer in answers} == {200}
        assert {answer.json()["position"] for answer in answers} == {last["position"]}
        assert last["reason"] == "objection"
        assert last["values_deleted"] == 1
        assert last["erased_at"] <= last["deleted_at"]
        found = (await house.get(f"/subjects/{last['subject_id']}")).json()
        assert found["erasure"] == last


@asynchronous
async def test_who_calls_again_is_somebody_new(database: Urls, tmp_path: Path) -> None:
    """The number leads to a new subject; the old calls stay erased."""
    async with serving(database, tmp_path) as house:
        await house.hear(leg_callbacks(call_sid(1))[0])
        old = await subject_of(house)
        await house.ask("POST", f"{house.here}/subjects/{old}/erasure")
        await house.hear(leg_callbacks(call_sid(2))[0])
        page = (await house.get("/calls")).json()["data"]
        assert await subject_of(house) != old
        assert sorted(call["caller"]["state"] for call in page) == ["erased", "value"]


@asynchronous
async def test_erasure_needs_its_scope_and_a_reason_we_know(
    database: Urls, tmp_path: Path
) -> None:
    """A key without the scope is told which; a body that is wrong is pointed into."""
    async with serving(database, tmp_path) as house:
        await house.hear(leg_callbacks(call_sid(1))[0])
        url = f"{house.here}/subjects/{await subject_of(house)}/erasure"
        reader = await house.new_key(Scope.calls_read, Scope.values_open)
        refused = await house.ask("POST", url, key=reader)
        assert (refused.status_code, refused.json()["scope"]) == (403, "subjects:erase")
        for body, pointer in (
            (b'{"reason": "boredom"}', "/reason"),
            (b'{"reason": "requested", "number": "+447700900123"}', "/number"),
            (b'{"reason"', ""),
            (b"[]", ""),
        ):
            answer = await house.ask(
                "POST", url, content=body, headers={"Content-Type": "application/json"}
            )
            assert answer.status_code == 400
            assert [one["pointer"] for one in answer.json()["errors"]] == [pointer]
            assert CALLER not in answer.text
        assert (await house.get("/subjects", params={"number": CALLER})).json()["data"]
        unknown = await house.ask("POST", f"{house.here}/subjects/{uuid4()}/erasure")
        assert unknown.status_code == 404


@asynchronous
async def test_looking_somebody_up_needs_a_scope(database: Urls, tmp_path: Path) -> None:
    """Whoever may not see numbers may not ask for them either; an id is no number."""
    async with serving(database, tmp_path) as house:
        await house.hear(leg_callbacks(call_sid(1))[0])
        blind = await house.new_key(Scope.calls_read)
        answer = await house.get("/subjects", key=blind, params={"number": CALLER})
        assert (answer.status_code, answer.json()["scope"]) == (403, "values:open")
        by_id = await house.get(f"/subjects/{await subject_of(house)}", key=blind)
        assert by_id.status_code == 200
