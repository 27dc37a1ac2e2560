"""May this be marketed to this number? Answered from consents, and beyond an erasure."""

import asyncio
from pathlib import Path
from typing import Final
from uuid import UUID, uuid4

import psycopg
from cells import Home, asynchronous, new_cell, open_home
from consent_stories import said as statement
from serving import House, serving
from twilio_forms import CALLEE, CALLER, call_sid, incoming_form, leg_callbacks
from waiting import waited_for

from adapters.event_store.requests import Request
from adapters.postgres.embedded import Urls
from adapters.workspaces.api_keys import Scope
from domain.consents.commands import WithdrawConsent
from domain.consents.consent import CONSENT
from domain.consents.words import Marketing, Purpose
from domain.identifiers import consent_id
from domain.messages import Context

OTHERS: Final = {"events", "calls", "messages", "third_party"}


async def who_calls(house: House, call: int = 1) -> str:
    """Whoever has the caller's number now."""
    await house.hear(leg_callbacks(call_sid(call))[0])
    (found,) = (await house.get("/subjects", params={"number": CALLER})).json()["data"]
    subject_id: str = found["subject_id"]
    return subject_id


async def tell(
    house: House, subject: str, said: str, minute: int, kind: str = "newsletter"
) -> None:
    """Say something of a kind of marketing."""
    body = {
        "said": said,
        "purpose": "marketing",
        "kind": kind,
        "occurred_at": f"2026-03-02T10:{minute:02}:00Z",
        "evidence": {"channel": "web"},
    }
    answer = await house.ask("POST", f"{house.here}/subjects/{subject}/consents", json=body)
    assert answer.status_code == 200, answer.text


async def erase(house: House, subject: str) -> None:
    """Erase a subject."""
    url = f"{house.here}/subjects/{subject}/erasure"
    assert (await house.ask("POST", url)).status_code == 200


async def may(house: House, kind: str = "newsletter", number: str = CALLER) -> tuple[bool, str]:
    """Whether it may be marketed to the number, and why."""
    answer = await house.get("/marketing", params={"number": number, "kind": kind})
    assert answer.status_code == 200, answer.text
    found = answer.json()
    return found["is_allowed"], found["reason"]


@asynchronous
async def test_only_who_agreed_to_this_kind(database: Urls, tmp_path: Path) -> None:
    """Opt-in, kind by kind, until it is withdrawn; of whom nothing is known, nothing."""
    async with serving(database, tmp_path) as house:
        assert await may(house) == (False, "unknown")
        subject = await who_calls(house)
        assert await may(house) == (False, "unknown")
        for said, minute, allowed in (
            ("asked", 1, False),
            ("refused", 2, False),
            ("given", 3, True),
            ("withdrawn", 4, False),
        ):
            await tell(house, subject, said, minute)
            assert await may(house) == (allowed, said)
        await tell(house, subject, "given", 5)
        assert await may(house, number="0044 7700 900-123") == (True, "given")
        assert {await may(house, kind) for kind in OTHERS} == {(False, "unknown")}
        assert await may(house, number=CALLEE) == (False, "unknown")
        assert await may(house, number="anonymous") == (False, "unknown")


@asynchronous
async def test_who_said_no_stays_suppressed(database: Urls, tmp_path: Path) -> None:
    """After their erasure too, and after the contact was imported again with an old consent."""
    async with serving(database, tmp_path) as house:
        subject = await who_calls(house)
        await tell(house, subject, "given", 1)
        await tell(house, subject, "withdrawn", 2)
        await tell(house, subject, "refused", 2, "calls")
        await tell(house, subject, "given", 2, "events")
        await erase(house, subject)
        assert await may(house) == await may(house, "calls") == (False, "suppressed")
        assert await may(house, "events") == (False, "unknown")
        again = await who_calls(house, 2)
        assert again != subject
        await tell(house, again, "given", 0)
        await tell(house, again, "given", 0, "events")
        assert await may(house) == (False, "suppressed")
        assert await may(house, "events") == (True, "given")


@asynchronous
async def test_who_agreed_is_not_suppressed(database: Urls, tmp_path: Path) -> None:
    """An erasure says nothing of what the next one with the number wants."""
    async with serving(database, tmp_path) as house:
        subject = await who_calls(house)
        await tell(house, subject, "withdrawn", 1)
        await tell(house, subject, "given", 2)
        await erase(house, subject)
        assert await may(house) == (False, "unknown")
        await tell(house, await who_calls(house, 2), "given", 3)
        assert await may(house) == (True, "given")


@asynchronous
async def test_a_suppression_leads_to_nobody(database: Urls, tmp_path: Path) -> None:
    """It is a hash under a key of its own, with no subject and no time, and the workspace's."""
    async with serving(database, tmp_path) as house:
        subject = await who_calls(house)
        cell = await house.cell()
        async with cell.scoped(house.workspace_id) as connection:
            rows = await connection.execute("SELECT digest FROM lookups")
            digests = {digest for (digest,) in await rows.fetchall()}
        await tell(house, subject, "withdrawn", 1)
        await erase(house, subject)
        async with cell.scoped(house.workspace_id) as connection:
            kept = await connection.execute("SELECT * FROM suppressions")
            ((workspace_id, digest, kind),) = await kept.fetchall()
        assert (workspace_id, kind) == (house.workspace_id, "newsletter")
        assert digest not in digests
        assert await may(await house.neighbour()) == (False, "unknown")


@asynchronous
async def test_asking_needs_both_scopes(database: Urls, tmp_path: Path) -> None:
    """Who may not see numbers may not ask for them, nor may who may not see consents."""
    async with serving(database, tmp_path) as house:
        asked = {"number": CALLER, "kind": "calls"}
        for scope, missing in (
            (Scope.consents_read, "values:open"),
            (Scope.values_open, "consents:read"),
        ):
            key = await house.new_key(scope)
            answer = await house.get("/marketing", key=key, params=asked)
            assert (answer.status_code, answer.json()["scope"]) == (403, missing)
        answer = await house.get("/marketing", params={**asked, "kind": "spam"})
        assert answer.status_code == 400


async def withdraw(home: Home, subject: UUID) -> None:
    """Withdraw what was never given: an objection."""
    workspace_id = home.address.workspace_id
    kind = Purpose.marketing, Marketing.calls
    command = statement(WithdrawConsent, 0, *kind, subject_id=subject)
    stream = consent_id(workspace_id, subject, *kind)
    context = Context("test", uuid4())
    await home.cell.writer.handle(Request(workspace_id, stream, CONSENT, command, context))


@asynchronous
async def test_a_withdrawal_and_an_erasure_at_once(postgres: Urls, tmp_path: Path) -> None:
    """In two processes: a withdrawal that came before the erasure is always kept beyond it."""
    async with new_cell(postgres, tmp_path) as home, open_home(home.address) as other:
        for number in range(12):
            caller = f"+3247000{number:04d}"
            await home.hear(incoming_form(call_sid(number), caller=caller))
            subject = await home.subject_of(caller)
            assert subject is not None
            await asyncio.gather(withdraw(other, subject), home.erase(subject))
        entries = await home.entries()
        position = {(e.event.name, e.stream_id): e.position for e in entries}
        withdrawn = {
            e.event.subject_id: e.position  # type: ignore[attr-defined] # of a consent
            for e in entries
            if e.event.name == "consent.withdrawn"
        }
        in_time = [
            subject
            for subject, at in withdrawn.items()
            if at < position["subject.erased", subject]
        ]
        assert len(withdrawn) == 12
        kept = await home.address.sql("SELECT count(*) FROM suppressions")
        assert kept == [(len(in_time),)]


@asynchronous
async def test_a_withdrawal_that_comes_in_between_is_not_lost(
    postgres: Urls, tmp_path: Path
) -> None:
    """An erasure that was decided before it and is made after it is decided again."""
    async with new_cell(postgres, tmp_path) as home, open_home(home.address) as other:
        await home.hear(incoming_form(call_sid(1), caller=CALLER))
        subject = await home.subject_of(CALLER)
        assert subject is not None
        options = f"-c search_path={home.address.schema}"
        async with await psycopg.AsyncConnection.connect(
            home.address.urls.admin, options=options
        ) as owner:
            await owner.execute("SELECT FROM counter FOR UPDATE")
            withdrawing = asyncio.create_task(withdraw(other, subject))
            await waited_for(owner, 1)
            erasing = asyncio.create_task(home.erase(subject))
            await waited_for(owner, 2)
            await owner.rollback()
        await asyncio.gather(withdrawing, erasing)
        names = [entry.event.name for entry in await home.entries()]
        assert names[-2:] == ["consent.withdrawn", "subject.erased"]
        kept = await home.address.sql("SELECT kind FROM suppressions")
        assert kept == [("calls",)]
