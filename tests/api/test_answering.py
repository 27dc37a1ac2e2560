"""A call is routed by the workspace's rules and recorded by its parties' consent, by TwiML."""

import re
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from cells import READER, asynchronous
from phones import asking, naming, phone, setting
from prompts import QUESTION, prompt
from serving import DIAL_TARGET, House, serving
from twilio_forms import CALLER, call_sid, incoming_form

from adapters.event_store.history import read_stream
from adapters.event_store.values import open_values, references
from adapters.postgres.embedded import Urls
from api.demo.phone import HANGS_UP, NOTHING, Phone
from domain.calls.call import CALL
from domain.calls.events import CallEvent, RecordingAsked, RecordingRuled
from domain.calls.state import Call
from domain.calls.words import Answer, Answerer, PlanReason, RecordingPlan, Step
from domain.consents.events import ConsentEvent
from domain.consents.words import Channel
from domain.identifiers import call_id, consent_id, leg_id
from domain.messages import Event
from domain.personal_data import Sealed
from domain.workspaces.words import (
    Consenting,
    RecordingMode,
    Routing,
    RoutingRule,
    RoutingStep,
)


async def events_of(house: House, stream_id: UUID) -> list[Event]:
    """What a stream holds."""
    async with (await house.cell()).scoped(house.workspace_id) as connection:
        return [entry.event for entry in await read_stream(connection, stream_id)]


async def call_of(house: House, one: Phone) -> tuple[Call, list[CallEvent]]:
    """A call as the history has it, and its entries."""
    events: list[Any] = await events_of(house, call_id(house.workspace_id, "twilio", one.sid))
    return CALL.fold(events), events


async def consent_of(house: House, one: Phone) -> list[ConsentEvent]:
    """What the caller's own consent says."""
    call, _ = await call_of(house, one)
    assert call.root is not None
    assert isinstance(call.root.caller, Sealed)
    stream = consent_id(house.workspace_id, call.root.caller.subjects[0], "recording")
    found: list[Any] = await events_of(house, stream)
    return found


def answer_of(house: House, call: Call, one: Phone) -> Answer | None:
    """What the caller answered."""
    return call.recording.answers.get(leg_id(house.workspace_id, "twilio", one.sid))


@asynchronous
async def test_a_yes_starts_the_recording_and_nothing_before_it(
    database: Urls, tmp_path: Path
) -> None:
    """What was said and answered, and what decided, is in the call and in the consent."""
    async with serving(database, tmp_path) as house:
        await setting(house, recording=asking(Consenting.caller))
        one = phone(house, "1")
        await one.ring()
        assert (one.heard, one.dialled, len(one.recordings)) == ([QUESTION], [[DIAL_TARGET]], 1)
        await one.hang_up()
        call, events = await call_of(house, one)
        assert call.recording.is_allowed
        assert answer_of(house, call, one) is Answer.agreed
        (ruled,) = (event for event in events if isinstance(event, RecordingRuled))
        assert (ruled.plan, ruled.reason) == (RecordingPlan.ask_caller, PlanReason.workspace)
        (said,) = (event for event in events if isinstance(event, RecordingAsked))
        known = prompt()
        assert (said.prompt_id, said.prompt_version, said.language, said.text_sha256) == (
            *(known.prompt_id, known.version, known.language, known.text_sha256),
        )
        question, given = await consent_of(house, one)
        assert (question.name, given.name) == ("consent.asked", "consent.given")
        assert given.evidence.channel is Channel.voice_dtmf
        assert given.evidence.answer_digit == "1"
        assert given.evidence.text_sha256 == known.text_sha256
        assert given.evidence.played_at == said.occurred_at
        assert given.evidence.policy_version == str(ruled.settings_version)


@pytest.mark.parametrize(
    ("key", "answer", "consents"),
    [
        (NOTHING, Answer.silent, ["consent.asked"]),
        ("2", Answer.refused, ["consent.asked", "consent.refused"]),
        (HANGS_UP, Answer.left, ["consent.asked"]),
    ],
)
@asynchronous
async def test_without_a_yes_the_call_goes_on_unrecorded(
    database: Urls, tmp_path: Path, key: str | None, answer: Answer, consents: list[str]
) -> None:
    """Silence, another key and hanging up are no yes; and only another key is a no."""
    async with serving(database, tmp_path) as house:
        await setting(house, recording=asking())
        one = phone(house, key)
        await one.ring()
        assert one.recordings == []
        assert one.dialled == ([] if key is HANGS_UP else [[DIAL_TARGET]])
        await one.hang_up()
        call, _ = await call_of(house, one)
        assert answer_of(house, call, one) is answer
        assert not call.recording.is_allowed
        assert [said.name for said in await consent_of(house, one)] == consents


@pytest.mark.parametrize("stays", [True, False])
@asynchronous
async def test_who_stays_after_the_announcement_is_recorded(
    database: Urls, tmp_path: Path, *, stays: bool
) -> None:
    """The recording begins once it was heard to its end, and is agreed to by going on."""
    async with serving(database, tmp_path) as house:
        await setting(house, recording=asking(mode=RecordingMode.announced))
        one = phone(house, NOTHING if stays else HANGS_UP)
        await one.ring()
        await one.hang_up()
        assert one.heard == [QUESTION]
        assert len(one.recordings) == int(stays)
        call, _ = await call_of(house, one)
        assert answer_of(house, call, one) is (Answer.stayed if stays else None)
        said = [event.name for event in await consent_of(house, one)]
        assert said == ["consent.asked", *(["consent.given"] if stays else [])]


@asynchronous
async def test_the_strictest_place_decides(database: Urls, tmp_path: Path) -> None:
    """By the numbers' countries; what decided is written down with the table's version."""
    async with serving(database, tmp_path) as house:
        await setting(house, recording=asking(Consenting.strictest))
        mild = phone(house, "1", caller="+34600000001")
        await mild.ring()
        _, events = await call_of(house, mild)
        (ruled,) = (event for event in events if isinstance(event, RecordingRuled))
        # The number that is dialled is in the United States, in a state that nobody knows.
        assert ruled.plan is RecordingPlan.ask_everybody
        assert (ruled.reason, ruled.places) == (PlanReason.jurisdiction, ("ES", "US"))
        assert (ruled.rule, ruled.table_version) == ("unknown", "2026-11-25")


@asynchronous
async def test_who_withdrew_is_neither_asked_nor_recorded(database: Urls, tmp_path: Path) -> None:
    """Until they say something else of their own."""
    async with serving(database, tmp_path) as house:
        await setting(house, recording=asking())
        first = phone(house, "1")
        await first.ring()
        await first.hang_up()
        call, _ = await call_of(house, first)
        assert call.root is not None
        assert isinstance(call.root.caller, Sealed)
        subject = call.root.caller.subjects[0]
        told = {
            "said": "withdrawn",
            "purpose": "recording",
            "occurred_at": house.ledger.clock().isoformat(),
            "evidence": {"channel": "email"},
        }
        answer = await house.ask("POST", f"{house.here}/subjects/{subject}/consents", json=told)
        assert answer.status_code == 200, answer.text
        again = phone(house, seed=2)
        await again.ring()
        assert (again.heard, again.recordings, again.dialled) == ([], [], [[DIAL_TARGET]])
        _, events = await call_of(house, again)
        (ruled,) = (event for event in events if isinstance(event, RecordingRuled))
        assert (ruled.plan, ruled.reason) == (RecordingPlan.none, PlanReason.withdrawn)


DESK, HOME, MOBILE = "+442079460101", "+442079460102", "+442079460103"
ALWAYS = RoutingRule(
    step=RoutingStep.dial,
    targets=("desk", "home"),
    then=("mobile",),
    unanswered=RoutingStep.voicemail,
)


@asynchronous
async def test_groups_are_dialled_one_after_another(database: Urls, tmp_path: Path) -> None:
    """All of a group at once; then the next one; then the caller may leave a message."""
    async with serving(database, tmp_path) as house:
        await naming(house, desk=DESK, home=HOME, mobile=MOBILE)
        greeting = prompt("greeting", "Please leave a message.")
        rules = (ALWAYS,)
        routing = Routing(time_zone="Europe/London", rules=rules, greeting=greeting)
        await setting(house, routing=routing)
        one = phone(house, picks_up=(False, False))
        await one.ring()
        assert one.dialled == [[DESK, HOME], [MOBILE]]
        assert one.heard == ["Please leave a message."]
        assert [recorded.source for recorded in one.recordings] == ["RecordVerb"]
        call, _ = await call_of(house, one)
        assert {step for _, step in call.routed} == {Step.dial, Step.voicemail}
        await house.follow()
        (row,) = (await house.get("/calls")).json()["data"]
        assert row["outcome"] == "voicemail"
        answered = phone(house, picks_up=(False, True), seed=2)
        await answered.ring()
        await answered.hang_up()
        assert answered.dialled == [[DESK, HOME], [MOBILE]]
        call, _ = await call_of(house, answered)
        assert {step for _, step in call.routed} == {Step.dial}


@asynchronous
async def test_rules_that_do_not_fit_turn_the_call_away(database: Urls, tmp_path: Path) -> None:
    """A rule for another of the workspace's numbers is none for this one."""
    async with serving(database, tmp_path) as house:
        await naming(house, desk=DESK, shop="+12025550111")
        rule = RoutingRule(step=RoutingStep.dial, targets=("desk",), called=("shop",))
        await setting(house, routing=Routing(time_zone="Europe/London", rules=(rule,)))
        one = phone(house)
        await one.ring()
        assert one.dialled == []
        call, _ = await call_of(house, one)
        assert {step for _, step in call.routed} == {Step.reject}
        fits = phone(house, called="+12025550111", seed=2)
        await fits.ring()
        assert fits.dialled == [[DESK]]


@asynchronous
async def test_a_call_goes_on_by_the_settings_that_it_came_in_by(
    database: Urls, tmp_path: Path
) -> None:
    """Also where somebody changes them while the caller listens."""
    async with serving(database, tmp_path) as house:
        await naming(house, desk=DESK, mobile=MOBILE)
        rules = (RoutingRule(step=RoutingStep.dial, targets=("desk",)),)
        await setting(
            house, recording=asking(), routing=Routing(time_zone="Europe/London", rules=rules)
        )
        one = phone(house, "1")
        post = one.post

        async def changed_meanwhile(address: str, form: list[tuple[str, str]]) -> str:
            if "voice/consent" in address:
                other = (RoutingRule(step=RoutingStep.reject),)
                await setting(house, routing=Routing(time_zone="Europe/London", rules=other))
            return await post(address, form)

        one.post = changed_meanwhile
        await one.ring()
        assert (one.dialled, len(one.recordings)) == ([[DESK]], 1)


@asynchronous
async def test_no_address_that_is_handed_out_names_anybody(database: Urls, tmp_path: Path) -> None:
    """Twilio keeps addresses for ever: they hold our ids, versions and places in a list."""
    async with serving(database, tmp_path) as house:
        await naming(house, desk=DESK)
        rules = (RoutingRule(step=RoutingStep.dial, targets=("desk",)),)
        await setting(
            house,
            recording=asking(),
            routing=Routing(time_zone="Europe/London", rules=rules),
        )
        one = phone(house, "1")
        post, asked = one.post, list[str]()

        async def noting(address: str, form: list[tuple[str, str]]) -> str:
            asked.append(address)
            return await post(address, form)

        one.post = noting
        await one.ring()
        await one.hang_up()
        assert {address.partition("?")[0].rpartition("/")[2] for address in asked} >= {
            *("incoming", "consent", "dialed")
        }
        for address in asked:
            assert CALLER.strip("+") not in address
            assert DESK.strip("+") not in address
            assert "desk" not in address


@asynchronous
async def test_who_or_what_picked_up_is_told_apart(database: Urls, tmp_path: Path) -> None:
    """Where a rule asks for it, by an address of its own that says which call it is."""
    async with serving(database, tmp_path) as house:
        await naming(house, desk=DESK)
        rule = RoutingRule(step=RoutingStep.dial, targets=("desk",), finds_machines=True)
        await setting(house, routing=Routing(time_zone="Europe/London", rules=(rule,)))
        one = phone(house)
        post, told = one.post, list[str]()

        async def listening(address: str, form: list[tuple[str, str]]) -> str:
            answer = await post(address, form)
            told.extend(re.findall(r'amdStatusCallback="([^"]+)"', answer))
            return answer

        one.post = listening
        await one.ring()
        (address,) = told
        query = address.partition("#")[0].partition("?")[2]
        heard = [("CallSid", one.child), ("AccountSid", one.account_sid)]
        child = one.child
        for word in ("machine_start", "levitating"):
            answer = await house.post(
                [*heard, ("AnsweredBy", word)], "voice/answerer", query=f"?{query}"
            )
            assert answer.status_code == 200
        await one.hang_up()
        call, _ = await call_of(house, one)
        leg = call.legs[leg_id(house.workspace_id, "twilio", child)]
        assert leg.course.answered_by is Answerer.machine
        (letter,) = (await house.get("/dead-letters")).json()["data"]
        assert (letter["channel"], letter["reason"]) == ("voice/answerer", "unknown_answerer")


@asynchronous
async def test_the_verdict_on_the_callers_number_is_kept_as_sent(
    database: Urls, tmp_path: Path
) -> None:
    """STIR/SHAKEN: whatever word it is, sealed with what else the request said."""
    async with serving(database, tmp_path) as house:
        verdict = ("StirVerstat", "TN-Validation-Passed-B-Diverted")
        form = [one for one in incoming_form(call_sid(1)) if one[0] != "StirVerstat"]
        await house.post([*form, verdict], "voice/incoming")
        stream = call_id(house.workspace_id, "twilio", call_sid(1))
        cell = await house.cell()
        async with cell.scoped(house.workspace_id) as connection:
            entries = await read_stream(connection, stream)
            key = await cell.workspace_key(connection, house.workspace_id)
            wanted = [one for entry in entries for one in references(entry)]
            readings = await open_values(connection, key, wanted, cell.access(READER))
        kept = [r.value["fields"] for r in readings if r.value and "fields" in r.value]
        assert kept == [[list(verdict)]]
