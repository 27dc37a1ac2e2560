"""What follows a withdrawn consent to being transcribed: what its subject said is gone."""

from pathlib import Path
from typing import Any

from cells import asynchronous
from desks import ANSWERED, ASKED, LIVE, Desk, desk
from holding import in_a_month
from serving import House
from transcripts import content_form
from twilio_forms import CALLER

from adapters.postgres.embedded import Urls
from adapters.wiring import now
from api.withdrawing import WithdrawalRounds


async def withdraw(house: House, number: str) -> str:
    """Whoever has this number withdraws; where their consent is."""
    found = (await house.get("/subjects", params={"number": number})).json()["data"]
    path = f"/subjects/{found[0]['subject_id']}/consents"
    body: dict[str, Any] = {"said": "withdrawn", "purpose": "transcription"}
    body |= {"occurred_at": now().isoformat(), "evidence": {"channel": "api"}}
    answer = await house.ask("POST", house.here + path, json=body)
    assert answer.status_code == 200, answer.text
    return f"{path}/{answer.json()['id']}"


async def attended(house: House, consent: str) -> list[str]:
    """Go round twice; the entries of a consent."""
    for _ in range(2):
        await house.follow()
        await WithdrawalRounds(await house.cell(), now).go_round()
    history = (await house.get(f"{consent}/history")).json()["data"]
    return [entry["name"] for entry in history]


async def states(at: Desk) -> list[tuple[str, str | None]]:
    """How each segment reads."""
    return [(one["state"], one["text"]) for one in (await at.one())["segments"]]


@asynchronous
async def test_what_they_said_goes(database: Urls, tmp_path: Path) -> None:
    """In each version, also for whoever reads the history; what the other party said stays."""
    async with desk(database, tmp_path) as at:
        await at.tell(*LIVE)
        assert (await at.correct("Where is my parcel?")).status_code == 200
        told = await attended(at.house, await withdraw(at.house, CALLER))
        assert told == ["consent.withdrawn", "consent.withdrawal_met"]
        assert await states(at) == [("erased", None), ("value", ANSWERED)]
        history = await at.history()
        assert [e["name"] for e in history][-1] == "transcription.segment_forgotten"
        opened = await at.house.opened()
        assert (ASKED in opened, "parcel" in opened, ANSWERED in opened) == (False, False, True)
        assert (await at.correct("What?")).status_code in (409, 410)
        await at.tell(content_form(7, "One more thing."))
        assert (await at.one())["not_kept"] == "withdrawn"
        assert "One more thing." not in await at.house.opened()


@asynchronous
async def test_a_hold_on_the_call_goes_first(database: Urls, tmp_path: Path) -> None:
    """The text is there until the release, and the withdrawal unmet."""
    async with desk(database, tmp_path) as at:
        await at.tell(*LIVE)
        house, calls = at.house, [str(at.call)]
        body: dict[str, Any] = {"scope": "call", "matter": "2026-17", "ground": "legal_claims"}
        body |= {"review_on": in_a_month(), "calls": calls}
        hold = (await house.ask("POST", f"{house.here}/holds", json=body)).json()["id"]
        consent = await withdraw(house, CALLER)
        assert await attended(house, consent) == ["consent.withdrawn"]
        assert ASKED in await house.opened()
        await house.ask("POST", f"{house.here}/holds/{hold}/release")
        assert (await attended(house, consent))[-1] == "consent.withdrawal_met"
        assert await states(at) == [("erased", None), ("value", ANSWERED)]
