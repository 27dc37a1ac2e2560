"""What runs behind the API: views follow, what was begun is finished, what is over goes."""

from pathlib import Path
from uuid import UUID, uuid4

from cells import asynchronous
from clocks import SetClock
from serving import serving
from twilio_forms import CALLER, call_callbacks, call_sid, incoming_form
from waiting import eventually

from adapters.postgres.embedded import Urls
from api.following import following
from domain.messages import Context
from domain.subjects.events import ErasureReason


@asynchronous
async def test_views_follow_and_erasures_are_finished(database: Urls, tmp_path: Path) -> None:
    """A call is shown by itself; the boxes of somebody erased before are deleted by themselves."""
    async with serving(database, tmp_path) as house:
        forms = call_callbacks(call_sid(1), call_sid(2))
        await house.hear(*forms)
        found = (await house.get("/subjects", params={"number": CALLER})).json()["data"]
        subject = UUID(found[0]["subject_id"])
        cell = await house.cell()
        context = Context("cli", uuid4())
        # Not through the API, which would go on to delete the boxes.
        await cell.erasures.erase(house.workspace_id, subject, ErasureReason.requested, context)

        async def is_finished() -> bool:
            shown = (await house.get(f"/subjects/{subject}")).json()
            return shown["erasure"]["deleted_at"] is not None

        async def is_shown() -> bool:
            return len((await house.get("/calls")).json()["data"]) == 2

        assert not await is_finished()
        async with following(house.ledger):
            for form in call_callbacks(call_sid(3), call_sid(4)):
                assert (await house.post(form)).status_code == 204
            await eventually(is_shown)
            await eventually(is_finished)


@asynchronous
async def test_what_is_over_goes_by_itself(database: Urls, tmp_path: Path) -> None:
    """A period ends while the process runs; so does a closed workspace, until nothing is left."""
    clock = SetClock()
    async with serving(database, tmp_path, clock=clock) as house:
        other = await house.neighbour()
        for one in (house, other):
            assert (
                await one.post(incoming_form(call_sid(1)), "voice/incoming")
            ).status_code == 200

        async def history() -> list[str]:
            found = (await house.get("/retention/history")).json()["data"]
            return [entry["name"] for entry in found]

        async def has_gone() -> bool:
            return await history() == ["expiry.buckets_destroyed", "expiry.values_deleted"]

        async def is_empty() -> bool:
            cell = await other.cell()
            async with cell.writing.connection() as connection:
                query = "SELECT count(*) FROM entries WHERE name = 'workspace.remains_deleted'"
                ((found,),) = await (await connection.execute(query)).fetchall()
                return bool(found)

        async with following(house.ledger, sweep_pause=0.05):
            body = {"reason": "terminated"}
            closed = await other.ask("POST", f"{other.here}/closure", json=body)
            assert closed.status_code == 200
            assert await history() == []
            clock.let_pass(days=91)
            await eventually(has_gone)
            await eventually(is_empty)
