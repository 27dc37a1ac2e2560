"""What runs behind the API: views follow, and erasures that were left half done are finished."""

from pathlib import Path
from uuid import UUID, uuid4

from cells import asynchronous
from serving import serving
from twilio_forms import CALLER, call_callbacks, call_sid
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
