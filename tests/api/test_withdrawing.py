"""What follows a withdrawn consent to being recorded: nothing is left of what rested on it."""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

import pytest
from cells import asynchronous
from exchanges import Exchange, exchange, half_way
from holding import in_a_month
from phones import phone
from twilio_forms import CALLER

from adapters.postgres.embedded import Urls
from adapters.wiring import now
from api import beginning
from api.demo.phone import Phone, Recorded
from api.withdrawing import WithdrawalRounds
from domain.identifiers import call_id, recording_id
from domain.recordings.words import Ground, ProviderCopy

WITHDRAWN: Final = {"said": "withdrawn", "purpose": "recording", "evidence": {"channel": "email"}}


@pytest.fixture(autouse=True)
def _at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody waits until two are connected."""
    monkeypatch.setattr(beginning, "CONNECTED_SECONDS", 0.0)


async def kept(place: Exchange) -> tuple[Phone, Recorded]:
    """A call that its caller agreed to have recorded; it is over, and the audio is kept."""
    one, recorded = await half_way(place)
    await over(place, one, recorded)
    assert (await place.recording(recorded)).stored is not None
    return one, recorded


async def over(place: Exchange, one: Phone, recorded: Recorded) -> None:
    """The call ends, and everything is done that is due."""
    place.account.recordings[recorded.sid].resource["status"] = "completed"
    await one.hang_up()
    await place.go_round()


async def go_on(place: Exchange) -> None:
    """Another process, which remembers nothing, attends to the withdrawals; then the rounds."""
    for _ in range(3):
        await place.house.follow()
        await WithdrawalRounds(await place.house.cell(), now).go_round()
        await place.go_round()


async def caller_of(place: Exchange) -> str:
    """The subject of the caller's number."""
    found = await place.house.get("/subjects", params={"number": CALLER})
    return str(found.json()["data"][0]["subject_id"])


async def withdraw(place: Exchange, **said: Any) -> dict[str, Any]:  # noqa: ANN401 - JSON
    """The caller withdraws; where their consent stands."""
    body = {**WITHDRAWN, "occurred_at": now().isoformat(), **said}
    url = f"{place.house.here}/subjects/{await caller_of(place)}/consents"
    answer = await place.house.ask("POST", url, json=body)
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


async def said(place: Exchange, consent: dict[str, Any]) -> list[dict[str, Any]]:
    """What the history says of the consent."""
    path = f"/subjects/{consent['subject_id']}/consents/{consent['id']}/history"
    return list((await place.house.get(path)).json()["data"])


async def names(place: Exchange, consent: dict[str, Any]) -> list[str]:
    """Its entries, by name."""
    return [entry["name"] for entry in await said(place, consent)]


async def objects(place: Exchange) -> list[str]:
    """What lies in the object store."""
    house = place.house
    return [one.name async for one in house.ledger.objects.each(house.workspace_id)]


async def audio(place: Exchange, one: Phone, recorded: Recorded) -> int:
    """What somebody is told who wants to hear it."""
    workspace_id = place.house.workspace_id
    call = call_id(workspace_id, "twilio", one.sid)
    found = recording_id(workspace_id, "twilio", recorded.sid)
    path = f"/calls/{call}/recordings/{found}/audio"
    return (await place.house.get(path, params={"purpose": "quality"})).status_code


async def held(place: Exchange, one: Phone) -> Callable[[], Awaitable[None]]:
    """Place a hold on a call; what releases it."""
    house = place.house
    call = str(call_id(house.workspace_id, "twilio", one.sid))
    body = {"scope": "call", "matter": "2026-17", "ground": "legal_claims", "calls": [call]}
    body["review_on"] = in_a_month()
    answer = await house.ask("POST", f"{house.here}/holds", json=body)
    assert answer.status_code == 200, answer.text

    async def release() -> None:
        url = f"{house.here}/holds/{answer.json()['id']}/release"
        assert (await house.ask("POST", url)).status_code == 200

    return release


async def restricted(place: Exchange) -> Callable[[], Awaitable[None]]:
    """Restrict the caller; what lifts that."""
    house = place.house
    url = f"{house.here}/subjects/{await caller_of(place)}/restriction"
    answer = await house.ask("POST", url, json={"ground": "accuracy"})
    assert answer.status_code == 200, answer.text

    async def lift() -> None:
        told = {"told_at": now().isoformat()}
        answer = await house.ask("DELETE", url, params=told)
        assert answer.status_code == 200, answer.text

    return lift


@asynchronous
async def test_what_rested_on_it_goes(database: Urls, tmp_path: Path) -> None:
    """Here, at the provider, and for whoever asks; and the consent's history says so, once."""
    async with exchange(database, tmp_path) as place:
        one, recorded = await kept(place)
        assert await audio(place, one, recorded) == 200
        consent = await withdraw(place)
        await go_on(place)
        found = await place.recording(recorded)
        assert (found.forbidden, found.copy) == (Ground.withdrawn, ProviderCopy.deleted)
        assert place.account.recordings[recorded.sid].deleted_at is not None
        assert await objects(place) == []
        assert await audio(place, one, recorded) == 410
        assert (await place.call(one)).recording.answers  # what was lawful then stays said
        told = await names(place, consent)
        assert told[-2:] == ["consent.withdrawn", "consent.withdrawal_met"]
        met = (await said(place, consent))[-1]
        assert met["fields"]["recordings"] == 1
        await go_on(place)
        assert await names(place, consent) == told


@asynchronous
async def test_a_link_does_the_same(database: Urls, tmp_path: Path) -> None:
    """Without login, and twice is as good as once."""
    async with exchange(database, tmp_path) as place:
        _, recorded = await kept(place)
        path = f"/subjects/{await caller_of(place)}/consents"
        (consent,) = (await place.house.get(path)).json()["data"]
        for _ in range(2):
            answer = await place.house.client.post(consent["withdrawal_url"])
            assert answer.status_code == 200
            await go_on(place)
        assert await objects(place) == []
        assert (await place.recording(recorded)).copy is ProviderCopy.deleted
        assert (await names(place, consent)).count("consent.withdrawal_met") == 1


@pytest.mark.parametrize("on", ["call", "restriction"])
@asynchronous
async def test_a_hold_goes_first(database: Urls, tmp_path: Path, on: str) -> None:
    """Nobody hears it; it waits for the release, here and at the provider, and goes then."""
    async with exchange(database, tmp_path) as place:
        one, recorded = await kept(place)
        release = await (held(place, one) if on == "call" else restricted(place))
        before = await objects(place)
        consent = await withdraw(place)
        await go_on(place)
        assert await audio(place, one, recorded) in (409, 410)
        assert (await objects(place), len(before)) == (before, 2)
        found = await place.recording(recorded)
        assert (found.copy, found.deleted_tracks) == (ProviderCopy.kept, frozenset())
        assert (await names(place, consent))[-1] == "consent.withdrawn"
        await release()
        await go_on(place)
        assert await objects(place) == []
        assert (await place.recording(recorded)).copy is ProviderCopy.deleted
        assert (await names(place, consent))[-1] == "consent.withdrawal_met"


@asynchronous
async def test_what_comes_after_the_withdrawal_is_not_kept(database: Urls, tmp_path: Path) -> None:
    """The call was recorded on a consent; when its audio could be fetched, that was withdrawn."""
    async with exchange(database, tmp_path) as place:
        one, recorded = await half_way(place)
        await place.house.follow()
        consent = await withdraw(place)
        await over(place, one, recorded)
        await go_on(place)
        found = await place.recording(recorded)
        assert (found.stored, found.copy) == (None, ProviderCopy.deleted)
        assert (await names(place, consent))[-1] == "consent.withdrawal_met"


@asynchronous
async def test_what_rests_on_another_consent_stays(database: Urls, tmp_path: Path) -> None:
    """Another caller's is untouched, as is what was agreed to after an earlier withdrawal."""
    async with exchange(database, tmp_path) as place:
        await kept(place)
        long_ago = (now() - timedelta(days=1)).isoformat()
        consent = await withdraw(place, occurred_at=long_ago)
        await go_on(place)
        assert len(await objects(place)) == 2
        met = (await said(place, consent))[-1]
        assert (met["name"], met["fields"]["recordings"]) == ("consent.withdrawal_met", 0)
        other = phone(place.house, "1", caller="+32470999999", seed=2)
        await other.ring()
        place.goes_on(other)
        await over(place, other, other.recordings[0])
        assert len(await objects(place)) == 4
        await withdraw(place)
        await go_on(place)
        assert len(await objects(place)) == 2
        assert (await place.recording(other.recordings[0])).forbidden is None
