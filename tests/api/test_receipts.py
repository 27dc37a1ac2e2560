"""Erasures over HTTP: what one would take, and a signed receipt of what it took."""

import asyncio
import hashlib
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import psycopg
from cells import Address, Home, asynchronous
from clocks import SetClock
from holding import hold, placing, release
from rotating import rotated
from serving import House, serving
from twilio_forms import CALLER, call_callbacks, call_sid

from adapters.event_store.history import LAST_POSITION, read_between, read_stream
from adapters.event_store.requests import Request
from adapters.keys.receipt_key import verify
from adapters.postgres.embedded import Urls
from adapters.wiring import now
from adapters.workspaces.api_keys import Scope
from domain.identifiers import receipts_id
from domain.messages import Context
from domain.provider_copies.commands import ConfirmCopy, TellCopies
from domain.provider_copies.copies import PROVIDER_COPIES
from domain.provider_copies.events import CopiesFound
from domain.receipts.events import ReceiptIssued
from domain.receipts.words import Store
from domain.subjects.events import ErasureReason
from domain.workspaces.events import WorkspaceEvent
from domain.workspaces.workspace import WORKSPACE


async def _path(house: House) -> str:
    """Where the caller's erasure is."""
    (found,) = (await house.get("/subjects", params={"number": CALLER})).json()["data"]
    return f"/subjects/{found['subject_id']}/erasure"


async def _issue(house: House, path: str) -> dict[str, Any]:
    answer = await house.ask("POST", f"{house.here}{path}/receipt")
    assert answer.status_code == 200, answer.text
    document: dict[str, Any] = answer.json()
    return document


def _said(document: dict[str, Any]) -> dict[str, str]:
    return {answer["store"]: answer["state"] for answer in document["answers"]}


@asynchronous
async def test_a_preview_says_what_goes(database: Urls, tmp_path: Path) -> None:
    """In numbers and nobody's values; it takes nothing, and is another after the erasure."""
    async with serving(database, tmp_path) as house:
        await house.hear(*call_callbacks(call_sid(1), call_sid(2)))
        path = await _path(house)
        before = await house.get(f"{path}/preview")
        assert before.status_code == 200
        assert CALLER not in before.text
        assert [before.json()[name] for name in ("keys", "lookups", "calls")] == [1, 1, 1]
        certificate = await house.ask("POST", house.here + path)
        told = sum(before.json()["values"].values())
        after = (await house.get(f"{path}/preview")).json()
        assert (after["keys"], after["values"]) == (0, {})
        again = (await house.ask("POST", house.here + path)).json()
        assert again["values_deleted"] == told
        assert certificate.status_code == 200
        assert (await house.get(f"/subjects/{uuid4()}/erasure/preview")).status_code == 404


@asynchronous
async def test_a_receipt_can_be_checked_offline(database: Urls, tmp_path: Path) -> None:
    """With the public key that anybody may have. It holds ids and hashes, and no value."""
    async with serving(database, tmp_path) as house:
        await house.hear(*call_callbacks(call_sid(1), call_sid(2)))
        path = await _path(house)
        await house.ask("POST", house.here + path)
        document = await _issue(house, path)
        keys = (await house.client.get("/receipts/keys")).json()["keys"]
        text = await house.get(f"{path}/receipt")
        genuine = verify(text.content, {one["kid"]: one["x"] for one in keys})
        assert genuine == {name: v for name, v in document.items() if name != "signature"}
        assert CALLER not in text.text
        assert _said(document).keys() == set(Store)
        assert (_said(document)["keys"], _said(document)["vault"]) == ("done", "done")
        assert document["entries"][0]["name"] == "subject.erased"
        tag = {"If-None-Match": text.headers["ETag"]}
        assert (await house.get(f"{path}/receipt", headers=tag)).status_code == 304


@asynchronous
async def test_an_issued_receipt_is_in_the_history(database: Urls, tmp_path: Path) -> None:
    """To the byte, with its hash; what says the same is not issued again, not at once either."""
    async with serving(database, tmp_path) as house:
        await house.hear(*call_callbacks(call_sid(1), call_sid(2)))
        path = await _path(house)
        await house.ask("POST", house.here + path)
        await house.follow()
        receipts = await asyncio.gather(*(_issue(house, path) for _ in range(4)))
        assert receipts == [receipts[0]] * 4
        text = (await house.get(f"{path}/receipt")).text
        cell, stream = (
            await house.cell(),
            receipts_id(house.workspace_id, receipts[0]["subject_id"]),
        )
        async with cell.scoped(house.workspace_id) as connection:
            (entry,) = await read_stream(connection, stream)
        assert isinstance(entry.event, ReceiptIssued)
        assert entry.event.receipt == text
        assert entry.event.sha256 == hashlib.sha256(text.encode()).hexdigest()


@asynchronous
async def test_a_store_that_failed_keeps_a_receipt_partial(database: Urls, tmp_path: Path) -> None:
    """A key that is there after all is a failure, and is told; so is a view that is behind."""
    async with serving(database, tmp_path) as house:
        await house.hear(*call_callbacks(call_sid(1), call_sid(2)))
        path = await _path(house)
        await house.ask("POST", house.here + path)
        assert _said(await _issue(house, path))["objects"] == "waiting"
        await house.follow()
        assert _said(await _issue(house, path))["objects"] == "done"
        subject = path.split("/")[2]
        with psycopg.connect(database.admin, autocommit=True) as owner:
            revive = "INSERT INTO cell_1.subject_keys VALUES (%s, %s, '')"
            owner.execute(revive, (subject, house.workspace_id))
        broken = await _issue(house, path)
        assert (_said(broken)["keys"], broken["state"]) == ("failed", "partial")


@asynchronous
async def test_an_erasure_under_a_hold_is_partial_until_its_release(
    database: Urls, tmp_path: Path
) -> None:
    """The receipt says that it waits; the one after the release, and Twilio's word, is whole."""
    async with serving(database, tmp_path) as house:
        await house.hear(*call_callbacks(call_sid(1), call_sid(2)))
        path, cell = await _path(house), await house.cell()
        home = Home(Address(database, "cell_1", tmp_path, house.workspace_id), cell)
        hold_id = await hold(home, placing(subjects=[UUID(path.split("/")[2])]))
        await cell.erasures.erase(
            house.workspace_id,
            UUID(path.split("/")[2]),
            ErasureReason.requested,
            Context("cli", uuid4()),
        )
        partial = await _issue(house, path)
        assert (partial["state"], partial["erased_at"]) == ("partial", None)
        assert [_said(partial)[store] for store in ("holds", "keys")] == ["waiting", "waiting"]
        await release(home, hold_id)
        await cell.erasures.finish()
        await house.follow()
        said = _said(await _issue(house, path))
        assert [said[store] for store in ("holds", "keys")] == ["none", "done"]
        assert said["provider_copies"] == "waiting"
        await _confirm_all(house)
        whole = await _issue(house, path)
        assert (whole["state"], whole["reason"]) == ("done", "requested")
        assert set(_said(whole).values()) == {"done", "none", "residual"}
        residuals = [one for one in whole["answers"] if one["state"] == "residual"]
        assert all("until" in one or "ends_with" in one for one in residuals)


async def _confirm_all(house: House) -> None:
    """Twilio has told all that it holds of every call, and says that it is gone."""
    cell = await house.cell()
    async with cell.writing.connection() as connection:
        entries = await read_between(connection, 0, LAST_POSITION, "provider_copies.")
    context = Context("policy:provider_deletion", uuid4())
    for stream in {entry.stream_id for entry in entries}:
        told = [entry.event for entry in entries if entry.stream_id == stream]
        found = [copy for one in told if isinstance(one, CopiesFound) for copy in one.copies]
        commands: list[TellCopies | ConfirmCopy] = [
            TellCopies(copies=tuple(found), is_all=True),
            *(
                ConfirmCopy(provider_id=copy.provider_id, status=204, occurred_at=now())
                for copy in found
            ),
        ]
        for command in commands:
            request = Request(house.workspace_id, stream, PROVIDER_COPIES, command, context)
            await cell.writer.handle(request)
    await house.follow()


@asynchronous
async def test_who_is_living_gets_no_receipt(database: Urls, tmp_path: Path) -> None:
    """Nor who is unknown; and none is found before one was issued. To issue one needs a scope."""
    async with serving(database, tmp_path) as house:
        await house.hear(*call_callbacks(call_sid(1), call_sid(2)))
        path = await _path(house)
        refused = await house.ask("POST", f"{house.here}{path}/receipt")
        assert (refused.status_code, refused.json()["detail"]) == (409, "not_erased")
        assert (await house.get(f"{path}/receipt")).status_code == 404
        unknown = await house.ask("POST", f"{house.here}/subjects/{uuid4()}/erasure/receipt")
        assert unknown.status_code == 404
        reader = await house.new_key(Scope.calls_read)
        denied = await house.ask("POST", f"{house.here}{path}/receipt", key=reader)
        assert (denied.status_code, denied.json()["scope"]) == (403, "subjects:erase")


@asynchronous
async def test_old_backups_die_with_the_old_master_key(database: Urls, tmp_path: Path) -> None:
    """Until the next rotation a backup has the key, and the receipt names which one opens it."""
    clock = SetClock(timedelta(minutes=-1))  # a rotation counts what is 10 s older than it
    async with serving(database, tmp_path, clock=clock) as house:
        await house.hear(*call_callbacks(call_sid(1), call_sid(2)))
        path, old = await _path(house), await house.ledger.master_keys.newest()
        await house.ask("POST", house.here + path)
        before = _backups(await _issue(house, path))
        assert (before["state"], before["key_id"]) == ("residual", old)
        assert (before["ends_with"], "until" in before) == ("master_key_destroyed", False)
        await rotated(database, house.ledger.master_keys, keeps_old=True)
        assert _backups(await _issue(house, path)) == before
        await rotated(database, house.ledger.master_keys)
        assert _backups(await _issue(house, path))["state"] == "residual"  # it goes on its day
        clock.let_pass(minutes=1)
        after = _backups(await _issue(house, path))
        cell = await house.cell()
        async with cell.scoped(house.workspace_id) as connection:
            told = [e.event for e in await read_stream(connection, house.workspace_id)]
        epoch = WORKSPACE.fold(one for one in told if isinstance(one, WorkspaceEvent)).key_epoch
        assert epoch is not None
        assert epoch.old_destroyed_from is not None
        assert (after["state"], after["key_id"]) == ("done", old)
        assert after["until"] == epoch.old_destroyed_from.date().isoformat()


def _backups(document: dict[str, Any]) -> dict[str, Any]:
    (found,) = (one for one in document["answers"] if one["store"] == "backups")
    return dict(found)
