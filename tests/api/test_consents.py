"""Consents over HTTP: said, read as of any time, and refused where a rule says no."""

import asyncio
from pathlib import Path
from typing import Any, Final
from uuid import uuid4

import httpx
import pytest
from cells import asynchronous
from serving import House, serving
from twilio_forms import CALLEE, CALLER, call_callbacks, call_sid

from adapters.postgres.embedded import Urls
from adapters.workspaces.api_keys import Scope
from api.schemas_consents import EvidenceBody
from domain.consents.events import Evidence

Json = dict[str, Any]
EVIDENCE: Final = {"channel": "voice_dtmf", "prompt_id": "announcement", "answer_digit": "1"}
WORDS: Final = "only if my lawyer agrees"


async def caller_of(house: House, number: str = CALLER) -> str:
    """Somebody who called."""
    await house.hear(*call_callbacks(call_sid(1), call_sid(2)))
    (found,) = (await house.get("/subjects", params={"number": number})).json()["data"]
    subject_id: str = found["subject_id"]
    return subject_id


def at(minute: int) -> str:
    """A time of the test's morning."""
    return f"2026-03-02T10:{minute:02}:00Z"


async def tell(
    house: House,
    subject: str,
    said: str,
    minute: int,
    key: str | None = None,
    **more: Any,  # noqa: ANN401 - whatever JSON holds
) -> httpx.Response:
    """Say something about the subject's consent to being recorded, or to what ``more`` names."""
    body = {
        "said": said,
        "purpose": "recording",
        "occurred_at": at(minute),
        "evidence": EVIDENCE,
        **more,
    }
    return await house.ask("POST", f"{house.here}/subjects/{subject}/consents", json=body, key=key)


async def told(house: House, subject: str, said: str, minute: int, **more: Any) -> Json:  # noqa: ANN401 - as above
    """The consent after it was said."""
    answer = await tell(house, subject, said, minute, **more)
    assert answer.status_code == 200, answer.text
    found: Json = answer.json()
    return found


async def read(house: House, consent: Json, **asked: str) -> Json:
    """A consent as it stood."""
    path = f"/subjects/{consent['subject_id']}/consents/{consent['id']}"
    answer = await house.get(path, params=asked)
    assert answer.status_code == 200, answer.text
    found: Json = answer.json()
    return found


@asynchronous
async def test_a_consent_is_given_and_withdrawn(database: Urls, tmp_path: Path) -> None:
    """Valid from when it was given to when it was withdrawn, and for ever said to have been."""
    async with serving(database, tmp_path) as house:
        subject = await caller_of(house)
        await told(house, subject, "asked", 0)
        given = await told(house, subject, "given", 5)
        assert (given["standing"], given["is_valid"], given["form"]) == ("given", True, "express")
        assert given["evidence"]["answer_digit"] == "1"
        withdrawn = await told(house, subject, "withdrawn", 30, evidence={"channel": "paper"})
        assert (withdrawn["id"], withdrawn["version"]) == (given["id"], 3)
        assert (withdrawn["standing"], withdrawn["is_valid"]) == ("withdrawn", False)
        stood = [(await read(house, given, valid_at=at(minute))) for minute in (0, 29, 30)]
        assert [one["standing"] for one in stood] == ["asked", "given", "withdrawn"]
        assert stood[1]["valid_at"] == at(29)
        path = f"/subjects/{subject}/consents/{given['id']}"
        before = await house.get(path, params={"valid_at": "2026-03-02T09:59:59Z"})
        assert (before.status_code, before.json()["type"]) == (404, "/problems/not-known-yet")


@asynchronous
async def test_two_clocks(database: Urls, tmp_path: Path) -> None:
    """What we knew then is one question, what was true then another: a letter that came late."""
    async with serving(database, tmp_path) as house:
        subject = await caller_of(house)
        given = await told(house, subject, "given", 5)
        late = await told(house, subject, "withdrawn", 10, evidence={"channel": "paper"})
        assert given["recorded_at"] < late["recorded_at"]
        now = {"valid_at": at(20)}
        assert (await read(house, given, **now))["is_valid"] is False
        then = await read(house, given, **now, known_at=given["recorded_at"])
        assert (then["is_valid"], then["version"]) == (True, 1)
        await told(house, subject, "given", 15)
        assert await read(house, given, **now, known_at=given["recorded_at"]) == then


@asynchronous
async def test_the_same_statement_twice_is_as_good_as_once(database: Urls, tmp_path: Path) -> None:
    """At once or one after the other: one entry, and the same answer."""
    async with serving(database, tmp_path) as house:
        subject = await caller_of(house)
        answers = await asyncio.gather(*(told(house, subject, "given", 5) for _ in range(5)))
        assert {answer["version"] for answer in answers} == {1}
        assert await told(house, subject, "given", 5) == answers[0]


@asynchronous
async def test_the_consents_of_a_subject(database: Urls, tmp_path: Path) -> None:
    """One for each purpose and kind, each by itself; of others nothing."""
    async with serving(database, tmp_path) as house:
        subject = await caller_of(house)
        await told(house, subject, "given", 1, form="implied")
        await told(house, subject, "given", 2, purpose="marketing", kind="newsletter")
        await told(house, subject, "refused", 3, purpose="marketing", kind="third_party")
        await told(house, subject, "given", 4, purpose="sharing", kind="hubspot")
        path = f"/subjects/{subject}/consents"
        assert (await house.get(path)).json() == {"data": []}
        await house.follow()
        found = (await house.get(path)).json()["data"]
        assert [(one["purpose"], one["kind"], one["standing"]) for one in found] == [
            ("marketing", "newsletter", "given"),
            ("marketing", "third_party", "refused"),
            ("recording", None, "given"),
            ("sharing", "hubspot", "given"),
        ]
        early = (await house.get(path, params={"valid_at": at(1)})).json()["data"]
        assert [(one["purpose"], one["form"]) for one in early] == [("recording", "implied")]
        known_at = {"known_at": found[2]["recorded_at"]}
        assert len((await house.get(path, params=known_at)).json()["data"]) == 1
        (other,) = (await house.get("/subjects", params={"number": CALLEE})).json()["data"]
        others = await house.get(f"/subjects/{other['subject_id']}/consents")
        assert others.json() == {"data": []}
        assert (await house.get(f"/subjects/{uuid4()}/consents")).status_code == 404
        elsewhere = f"/subjects/{other['subject_id']}/consents/{found[0]['id']}"
        assert (await house.get(elsewhere)).status_code == 404


@asynchronous
async def test_a_consent_expires_by_itself(database: Urls, tmp_path: Path) -> None:
    """From its end on it holds no more, though nobody said so."""
    async with serving(database, tmp_path) as house:
        subject = await caller_of(house)
        given = await told(house, subject, "given", 5, expires_at=at(20))
        assert given["standing"] == "expired"
        assert (await read(house, given, valid_at=at(19)))["is_valid"] is True
        early = await tell(house, subject, "given", 6, expires_at=at(6))
        assert (early.status_code, early.json()["detail"]) == (409, "expires_before_it_begins")


@asynchronous
async def test_after_an_erasure(database: Urls, tmp_path: Path) -> None:
    """A grant is refused, a withdrawal accepted; the proof stays, what was said is gone."""
    async with serving(database, tmp_path) as house:
        subject = await caller_of(house)
        given = await told(house, subject, "given", 5, words=WORDS)
        await house.ask("POST", f"{house.here}/subjects/{subject}/erasure")
        for said in ("given", "asked"):
            for more in ({}, {"purpose": "marketing", "kind": "calls"}):
                refused = await tell(house, subject, said, 6, **more)
                assert (refused.status_code, refused.json()["type"]) == (409, "/problems/refused")
                assert refused.json()["detail"] == "subject_erased"
        withdrawn = await told(house, subject, "withdrawn", 7, words=WORDS)
        assert withdrawn["standing"] == "withdrawn"
        assert (await read(house, given, valid_at=at(6)))["is_valid"] is True
        history = await house.get(f"/subjects/{subject}/consents/{given['id']}/history")
        entries = history.json()["data"]
        assert [entry["name"] for entry in entries] == ["consent.given", "consent.withdrawn"]
        assert [entry["sealed"]["words"]["state"] for entry in entries] == ["erased", "erased"]
        assert [entry["sealed"]["words"]["commitment"] is None for entry in entries] == [
            False,
            True,
        ]
        assert WORDS not in history.text


@asynchronous
async def test_the_history_of_a_consent(database: Urls, tmp_path: Path) -> None:
    """Who told us, when, with which evidence; own words for who may see values alone."""
    async with serving(database, tmp_path) as house:
        subject = await caller_of(house)
        given = await told(house, subject, "given", 5, words=WORDS)
        path = f"/subjects/{subject}/consents/{given['id']}/history"
        (entry,) = (await house.get(path)).json()["data"]
        assert entry["name"] == "consent.given"
        assert entry["occurred_at"] == at(5)
        assert entry["actor"].startswith("api_key:")
        assert entry["fields"]["evidence"] == EVIDENCE
        assert entry["sealed"]["words"]["value"] == {"text": WORDS}
        blind = await house.new_key(Scope.consents_read)
        (entry,) = (await house.get(path, key=blind)).json()["data"]
        assert (entry["sealed"]["words"]["state"], entry["sealed"]["words"]["value"]) == (
            "withheld",
            None,
        )


@pytest.mark.parametrize(
    ("change", "where"),
    [
        ({"said": "expired"}, "/said"),
        ({"purpose": "espionage"}, "/purpose"),
        ({"kind": "newsletter"}, ""),
        ({"purpose": "marketing"}, ""),
        ({"purpose": "sharing", "kind": CALLER}, ""),
        ({"occurred_at": "2099-01-01T00:00:00Z"}, "/occurred_at"),
        ({"occurred_at": "2026-03-02T10:00:00"}, "/occurred_at"),
        ({"occurred_at": 1772445600}, "/occurred_at"),
        ({"said": "refused", "form": "express"}, ""),
        ({"said": "withdrawn", "expires_at": at(9)}, ""),
        ({"number": CALLER}, "/number"),
        ({"evidence": {"channel": "pigeon"}}, "/evidence/channel"),
        ({"evidence": {**EVIDENCE, "note": CALLER}}, "/evidence/note"),
        ({"evidence": {**EVIDENCE, "prompt_id": CALLER}}, "/evidence/prompt_id"),
        ({"evidence": {**EVIDENCE, "text_sha256": "5A"}}, "/evidence/text_sha256"),
        ({"evidence": {**EVIDENCE, "answer_digit": "12"}}, "/evidence/answer_digit"),
        ({"evidence": {**EVIDENCE, "places": ["Brussels"]}}, "/evidence/places/0"),
        ({"words": ""}, "/words"),
    ],
)
@asynchronous
async def test_what_cannot_be_meant_is_pointed_at(
    database: Urls, tmp_path: Path, change: Json, where: str
) -> None:
    """A body that is wrong is a 400 that names the place and quotes nothing; nothing is kept."""
    async with serving(database, tmp_path) as house:
        subject = await caller_of(house)
        answer = await tell(house, subject, **{"said": "given", "minute": 5, **change})
        assert answer.status_code == 400, answer.text
        assert [one["pointer"] for one in answer.json()["errors"]] == [where]
        assert CALLER not in answer.text
        await house.follow()
        assert (await house.get(f"/subjects/{subject}/consents")).json() == {"data": []}


@pytest.mark.parametrize(
    ("more", "rule"),
    [
        ({"purpose": "cookies", "kind": "necessary"}, "necessary_cookies_need_no_consent"),
        (
            {"purpose": "cookies", "kind": "analytics", "form": "implied"},
            "implied_consent_not_enough",
        ),
    ],
)
@asynchronous
async def test_a_rule_that_says_no_is_named(
    database: Urls, tmp_path: Path, more: Json, rule: str
) -> None:
    """A 409 whose detail is the rule."""
    async with serving(database, tmp_path) as house:
        answer = await tell(house, await caller_of(house), "given", 5, **more)
        assert (answer.status_code, answer.json()["detail"]) == (409, rule)


@asynchronous
async def test_telling_needs_its_own_scope(database: Urls, tmp_path: Path) -> None:
    """Who may read consents may not make them; another workspace's subject is not found."""
    async with serving(database, tmp_path) as house:
        subject = await caller_of(house)
        reader = await house.new_key(Scope.consents_read, Scope.calls_read)
        refused = await tell(house, subject, "given", 5, key=reader)
        assert (refused.status_code, refused.json()["scope"]) == (403, "consents:tell")
        blind = await house.new_key(Scope.calls_read)
        refused = await house.get(f"/subjects/{subject}/consents", key=blind)
        assert (refused.status_code, refused.json()["scope"]) == (403, "consents:read")
        neighbour = await house.neighbour()
        assert (await tell(neighbour, subject, "given", 5)).status_code == 404
        assert (await tell(house, str(uuid4()), "given", 5)).status_code == 404


def test_evidence_has_the_same_fields_everywhere() -> None:
    """What the API takes is what an entry holds, field by field."""
    assert set(EvidenceBody.model_fields) == set(Evidence.__struct_fields__)
