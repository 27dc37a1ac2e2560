"""Consent of both by whisper, and an objection half-way: begun, stopped, deleted by REST."""

import asyncio
from pathlib import Path
from typing import Final
from uuid import uuid4

import pytest
from cells import asynchronous
from exchanges import STEREO, Exchange, exchange, half_way
from phones import asking, naming, phone, setting
from prompts import QUESTION, prompt
from serving import DIAL_TARGET
from twilio_standin.rest import Fault
from waiters import waiter
from waiting import eventually

from adapters.postgres.embedded import Urls
from adapters.twilio.client import rest_session
from adapters.wiring import now
from api import beginning
from api.demo.phone import NOTHING, Phone
from api.objecting import ObjectionRounds
from domain.calls.words import Answer, QueueResult, Step
from domain.identifiers import call_id, leg_id
from domain.recordings.words import Ground, ProviderCopy
from domain.workspaces.words import (
    Consenting,
    RecordingMode,
    Routing,
    RoutingRule,
    RoutingStep,
)

OTHER: Final = "+442079460177"


@pytest.fixture(autouse=True)
def _at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody waits until two are connected."""
    monkeypatch.setattr(beginning, "CONNECTED_SECONDS", 0.0)


def ready(one: Phone, place: Exchange) -> None:
    """Let the books have the call from its first moment on."""
    place.account.add_call(one.sid, now(), status="in-progress")


@asynchronous
async def test_it_begins_once_both_agreed(database: Urls, tmp_path: Path) -> None:
    """Whoever picks up is asked before they are connected, and has words of their own."""
    async with exchange(database, tmp_path) as place:
        own = prompt("for_agents", "Press 1 if this call may be recorded.")
        await setting(place.house, recording=asking(Consenting.everybody, callee_prompt=own))
        one = phone(place.house, "1")
        ready(one, place)
        await one.ring()
        assert (one.heard, one.callee_heard) == ([QUESTION], [own.text])
        assert one.recordings == []  # nothing is recorded by TwiML before the other side agreed
        await eventually(lambda: bool(place.account.recordings))
        recorded = place.recorded(one)
        assert recorded.callback.partition("#")[0] == f"{one.root}/voice/recording"
        (resource,) = (held.resource for held in place.account.recordings.values())
        assert (resource["call_sid"], resource["channels"]) == (one.sid, 2)
        place.account.recordings[recorded.sid].media = STEREO
        resource["status"] = "completed"
        await one.hang_up()
        await place.go_round()
        assert (await place.recording(recorded)).stored is not None
        assert set((await place.call(one)).recording.answers.values()) == {Answer.agreed}


@pytest.mark.parametrize(("mine", "theirs"), [("1", "2"), ("1", NOTHING), ("2", "1")])
@asynchronous
async def test_one_no_is_enough(database: Urls, tmp_path: Path, mine: str, theirs: str) -> None:
    """The call goes on; where the caller said no, nobody else is bothered."""
    async with exchange(database, tmp_path) as place:
        await setting(place.house, recording=asking(Consenting.everybody))
        one = phone(place.house, mine, callee_keys=(theirs,))
        ready(one, place)
        await one.ring()
        assert one.dialled == [[DIAL_TARGET]]
        assert one.is_connected
        assert bool(one.callee_heard) is (mine == "1")
        await one.hang_up()
        await asyncio.sleep(0.05)
        assert not place.account.recordings
        assert not (await place.call(one)).recording.is_start_asked


@asynchronous
async def test_both_hear_the_announcement(database: Urls, tmp_path: Path) -> None:
    """And are recorded for as long as both stay."""
    async with exchange(database, tmp_path) as place:
        policy = asking(Consenting.everybody, RecordingMode.announced)
        await setting(place.house, recording=policy)
        one = phone(place.house, NOTHING)
        ready(one, place)
        await one.ring()
        assert (one.heard, one.callee_heard) == ([QUESTION], [QUESTION])
        await eventually(lambda: bool(place.account.recordings))
        assert set((await place.call(one)).recording.answers.values()) == {Answer.stayed}


@asynchronous
async def test_what_twilio_does_not_begin_is_not_recorded(database: Urls, tmp_path: Path) -> None:
    """It is asked once: the moment passes, and no recording is the safe side."""
    async with exchange(database, tmp_path) as place:
        await setting(place.house, recording=asking(Consenting.everybody))
        place.twilio.faults[:] = [Fault(503)]
        one = phone(place.house, "1")
        ready(one, place)
        await one.ring()
        await eventually(lambda: not place.twilio.faults)
        await one.hang_up()
        assert not place.account.recordings
        assert len([asked for asked in place.twilio.asked if asked.startswith("POST")]) == 1


@asynchronous
async def test_an_objection_stops_and_deletes(database: Urls, tmp_path: Path) -> None:
    """At once it is stopped; it is deleted once Twilio says that it is complete."""
    async with exchange(database, tmp_path) as place:
        one, recorded = await half_way(place)
        state = await place.object(one)
        assert state["is_met"] is False
        await place.go_round()
        held = place.account.recordings[recorded.sid]
        assert held.resource["status"] == "processing"
        assert one.is_connected
        assert (await place.recording(recorded)).forbidden is Ground.objection
        held.resource["status"] = "completed"
        await one.recorded(recorded)
        for _ in range(3):
            await place.go_round()
        assert held.deleted_at is not None
        found = await place.recording(recorded)
        assert (found.stored, found.copy) == (None, ProviderCopy.deleted)
        assert not (await place.call(one)).recording.met
        await one.hang_up()
        await place.go_round()
        call = await place.call(one)
        leg = leg_id(place.house.workspace_id, "twilio", one.sid)
        assert call.recording.objections == call.recording.met == {leg}
        assert not [asked for asked in place.twilio.asked if "GET" in asked]  # nothing was fetched
        path = f"/calls/{call_id(place.house.workspace_id, 'twilio', one.sid)}/objection"
        assert (await place.house.get(path)).json()["is_met"] is True


@asynchronous
async def test_whoever_objects_has_withdrawn(database: Urls, tmp_path: Path) -> None:
    """Once, however often it is said; and is not asked at their next call."""
    async with exchange(database, tmp_path) as place:
        one, _ = await half_way(place)
        first = await place.object(one, channel="api")
        assert await place.object(one, channel="api") == first
        await place.house.follow()
        again = phone(place.house, "1", seed=2)
        await again.ring()
        assert (again.heard, again.recordings) == ([], [])


@asynchronous
async def test_an_objection_survives_whoever_attends_to_it(database: Urls, tmp_path: Path) -> None:
    """Twilio is away, the process dies, 20009: it is stopped and deleted in the end."""
    async with exchange(database, tmp_path) as place:
        one, recorded = await half_way(place)
        await place.object(one)
        place.twilio.faults[:] = [Fault(503)]
        await place.go_round()
        held = place.account.recordings[recorded.sid]
        assert held.resource["status"] == "in-progress"
        cell = await place.house.cell()
        async with rest_session() as session:  # another process, which remembers nothing
            place.objections = ObjectionRounds(cell, session, now, place.twilio.url)
            await place.go_round()
            assert held.resource["status"] == "processing"
            await one.recorded(recorded)  # told too early: it cannot be deleted yet
            for _ in range(3):
                await place.go_round()
            found = await place.recording(recorded)
            assert (found.copy, found.deletion_attempts > 0) == (ProviderCopy.asked, True)
            held.resource["status"] = "completed"
            await one.hang_up()
            for _ in range(3):
                await place.go_round()
        assert held.deleted_at is not None
        assert (await place.call(one)).recording.met


@asynchronous
async def test_what_was_kept_of_the_call_before_goes_too(database: Urls, tmp_path: Path) -> None:
    """Nothing of it is kept, also where the objection comes after the call."""
    async with exchange(database, tmp_path) as place:
        one, recorded = await half_way(place)
        place.account.recordings[recorded.sid].resource["status"] = "completed"
        await one.hang_up()
        await place.go_round()
        assert (await place.recording(recorded)).stored is not None
        await place.object(one)
        for _ in range(4):
            await place.go_round()
        found = await place.recording(recorded)
        assert (found.can_be_heard, found.copy) == (False, ProviderCopy.deleted)
        assert [o async for o in place.house.ledger.objects.each(place.house.workspace_id)] == []
        assert (await place.call(one)).recording.met


@asynchronous
async def test_only_a_leg_of_the_call_can_object(database: Urls, tmp_path: Path) -> None:
    """A call that is not there is not found; the workspace's key needs the scope."""
    async with exchange(database, tmp_path) as place:
        one, _ = await half_way(place)
        calls = f"{place.house.here}/calls"
        path = f"{calls}/{call_id(place.house.workspace_id, 'twilio', one.sid)}/objection"
        stranger = await place.house.ask("POST", path, json={"leg_id": str(uuid4())})
        assert (stranger.status_code, stranger.json()["errors"][0]["pointer"]) == (400, "/leg_id")
        nowhere = await place.house.ask("POST", f"{calls}/{uuid4()}/objection", json={})
        assert nowhere.status_code == 404
        key = await place.house.new_key()
        assert (await place.house.ask("POST", path, key=key, json={})).status_code == 403


@pytest.mark.parametrize("consenting", [Consenting.caller, Consenting.everybody])
@asynchronous
async def test_a_call_is_put_through_to_somebody_else(
    database: Urls, tmp_path: Path, consenting: Consenting
) -> None:
    """It is a step of its way; nobody is recorded who was not asked and has to agree."""
    async with exchange(database, tmp_path) as place:
        await naming(place.house, other=OTHER)
        await setting(place.house, recording=asking(consenting))
        one = phone(place.house, "1")
        ready(one, place)
        await one.ring()
        if consenting is Consenting.everybody:
            await eventually(lambda: bool(place.account.recordings))
        calls = f"{place.house.here}/calls"
        path = f"{calls}/{call_id(place.house.workspace_id, 'twilio', one.sid)}/transfer"
        answer = await place.house.ask("POST", path, json={"target": "other"})
        assert answer.status_code == 200, answer.text
        stops = consenting is Consenting.everybody
        assert answer.json() == {"is_recording_stopped": stops}
        states = [held.resource["status"] for held in place.account.recordings.values()]
        assert states == (["processing"] if stops else [])
        address = place.account.led[one.sid]
        assert "other" not in address
        document = await one.post(address, [("CallSid", one.sid), ("CallStatus", "in-progress")])
        assert OTHER in document
        steps = {step for _, step in (await place.call(one)).routed}
        assert steps == {Step.dial, Step.transfer}


@asynchronous
async def test_only_what_goes_on_is_put_through_to_one_of_our_numbers(
    database: Urls, tmp_path: Path
) -> None:
    """And by a key that may; Twilio's no is no acknowledgement."""
    async with exchange(database, tmp_path) as place:
        await naming(place.house, other=OTHER)
        one = phone(place.house)
        ready(one, place)
        await one.ring()
        calls = f"{place.house.here}/calls"
        path = f"{calls}/{call_id(place.house.workspace_id, 'twilio', one.sid)}/transfer"

        async def tried(target: str = "other", key: str | None = None) -> int:
            answer = await place.house.ask("POST", path, key=key, json={"target": target})
            return answer.status_code

        assert await tried("nobody") == 400
        assert await tried(key=await place.house.new_key()) == 403
        place.twilio.faults[:] = [Fault(503)]
        assert await tried() == 503
        await one.hang_up()
        assert await tried() == 409
        assert not place.account.led


@asynchronous
async def test_a_caller_who_waits_is_put_through(database: Urls, tmp_path: Path) -> None:
    """Whoever takes the call does so by a transfer: it leads the caller out of the queue."""
    async with exchange(database, tmp_path) as place:
        await naming(place.house, other=OTHER)
        rule = RoutingRule(step=RoutingStep.queue, unanswered=RoutingStep.voicemail)
        await setting(place.house, routing=Routing(time_zone="Europe/London", rules=(rule,)))
        one = waiter(place.house)
        ready(one, place)
        await one.ring()
        calls = f"{place.house.here}/calls"
        path = f"{calls}/{call_id(place.house.workspace_id, 'twilio', one.sid)}/transfer"
        answer = await place.house.ask("POST", path, json={"target": "other"})
        assert answer.status_code == 200, answer.text
        address = place.account.led[one.sid]
        said = [("CallSid", one.sid), ("CallStatus", "in-progress")]
        waited = [*said, ("QueueResult", "redirected"), ("QueueTime", "12")]
        assert OTHER not in await one.post(one.over, waited)
        assert OTHER in await one.post(address, said)
        call = await place.call(one)
        assert {step for _, step in call.routed} == {Step.queue, Step.transfer}
        assert call.gathered.results == {QueueResult.redirected}
