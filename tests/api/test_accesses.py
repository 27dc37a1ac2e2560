"""Every read of opened personal values is written down, and told to who may ask."""

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import pytest
from cells import Address, asynchronous
from serving import House, serving
from twilio_forms import CALLEE, CALLER, call_callbacks, call_sid

from adapters.accesses import recorder
from adapters.postgres.embedded import Urls
from adapters.workspaces.api_keys import ApiKey, Scope, create_api_key
from domain.accesses import AccessPurpose


async def _subject(house: House, number: str = CALLER) -> UUID:
    found = await house.get("/subjects", params={"number": number})
    return UUID(found.json()["data"][0]["subject_id"])


async def _accesses(house: House, subject: UUID, **asked: str) -> list[dict[str, Any]]:
    answer = await house.get(f"/subjects/{subject}/access-entries", params=asked)
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json()["data"]
    return found


async def _one_call(house: House) -> tuple[str, UUID]:
    """A call of two parties, and the caller."""
    await house.hear(*call_callbacks(call_sid(1), call_sid(2)))
    calls = await house.get("/calls", key=await house.new_key(Scope.calls_read))
    return calls.json()["data"][0]["id"], await _subject(house)


@asynchronous
async def test_a_read_is_written_down(database: Urls, tmp_path: Path) -> None:
    """Who, what for, when, by which operation and request, and of which call."""
    async with serving(database, tmp_path) as house:
        call, subject = await _one_call(house)
        read = await house.get(f"/calls/{call}", headers={"Access-Purpose": "dispute"})
        (found,) = await _accesses(house, subject)
        key = ApiKey.parse(house.api_key)
        assert key is not None
        assert found.pop("accessed_at")
        assert found == {
            "purpose": "dispute",
            "reader": f"api_key:{key.key_id}",
            "operation": "getCall",
            "request_id": read.headers["X-Request-Id"],
            "stream_ids": [call],
        }
        assert await _accesses(house, await _subject(house, CALLEE)) == await _accesses(
            house, subject
        )


@asynchronous
async def test_every_way_to_a_value_is_written_down(database: Urls, tmp_path: Path) -> None:
    """The page, the call, its history: each under its own name."""
    async with serving(database, tmp_path) as house:
        call, subject = await _one_call(house)
        for path in ("/calls", f"/calls/{call}", f"/calls/{call}/history"):
            assert (await house.get(path)).status_code == 200
        found = [one["operation"] for one in await _accesses(house, subject)]
        assert found == ["getCallHistory", "getCall", "listCalls"]


@asynchronous
async def test_members_too(database: Urls, tmp_path: Path) -> None:
    """Whoever is a member is a data subject like any other: who saw their address is noted."""
    async with serving(database, tmp_path) as house:
        until = (datetime.now(UTC) + timedelta(days=7)).isoformat()
        body = {"reason": "instruction", "email": "ann@example.com", "role": "agent"}
        made = await house.ask(
            "POST", f"{house.here}/invitations", json={**body, "expires_at": until}
        )
        assert made.status_code == 200, made.text
        invited = (await house.get("/members")).json()["invitations"][0]["email"]
        await house.get("/settings/history")
        found = await _accesses(house, invited["subject_id"])
        assert [one["operation"] for one in found] == ["getSettingsHistory", "listMembers"]
        assert {tuple(one["stream_ids"]) for one in found} == {(str(house.workspace_id),)}


@asynchronous
async def test_what_did_not_open_is_not_written_down(database: Urls, tmp_path: Path) -> None:
    """Neither what is withheld nor what was erased: nobody was given it. Earlier reads stay."""
    async with serving(database, tmp_path) as house:
        call, subject = await _one_call(house)
        await house.get(f"/calls/{call}", key=await house.new_key(Scope.calls_read))
        assert await _accesses(house, subject) == []
        await house.get(f"/calls/{call}")
        await house.ask("POST", f"{house.here}/subjects/{subject}/erasure", json={})
        await house.get(f"/calls/{call}")
        assert len(await _accesses(house, subject)) == 1
        assert len(await _accesses(house, await _subject(house, CALLEE))) == 2


@asynchronous
async def test_the_purpose_is_stated_or_the_keys(database: Urls, tmp_path: Path) -> None:
    """One of a closed list; a key has one for whoever does not say."""
    async with serving(database, tmp_path) as house:
        call, subject = await _one_call(house)
        cell = await house.cell()
        async with cell.writing.connection() as connection:
            quality = await create_api_key(
                connection, house.workspace_id, tuple(Scope), AccessPurpose.quality
            )
        refused = await house.get("/calls", headers={"Access-Purpose": "curiosity"})
        assert refused.status_code == 400
        assert refused.json()["errors"][0]["parameter"] == "Access-Purpose"
        await house.get(f"/calls/{call}")
        await house.get(f"/calls/{call}", key=quality.text)
        await house.get(
            f"/calls/{call}", key=quality.text, headers={"Access-Purpose": "complaint"}
        )
        found = [one["purpose"] for one in await _accesses(house, subject)]
        assert found == ["complaint", "quality", "service"]


@asynchronous
async def test_the_subject_is_told_dates_and_purposes(database: Urls, tmp_path: Path) -> None:
    """Not who read, nor which other calls were on the page (CJEU C-579/21)."""
    async with serving(database, tmp_path) as house:
        _, subject = await _one_call(house)
        await house.get("/calls")
        (found,) = await _accesses(house, subject, view="subject")
        assert found.pop("accessed_at")
        assert found.pop("purpose") == "service"
        assert set(found.values()) == {None}


@asynchronous
async def test_accesses_are_filtered_and_paged(database: Urls, tmp_path: Path) -> None:
    """By time and purpose, the newest first; a cursor goes on where a page ended."""
    async with serving(database, tmp_path) as house:
        call, subject = await _one_call(house)
        for purpose in ("dispute", "support", "dispute", "quality"):
            await house.get(f"/calls/{call}", headers={"Access-Purpose": purpose})
        everything = await _accesses(house, subject)
        disputes = await _accesses(house, subject, purpose="dispute")
        assert disputes == [everything[1], everything[3]]
        since, until = everything[2]["accessed_at"], everything[0]["accessed_at"]
        between = await _accesses(house, subject, since=since, until=until)
        assert between == everything[1:3]
        pages, cursor = list[dict[str, Any]](), None
        while len(pages) < 4:
            asked = {"limit": "1", **({"cursor": cursor} if cursor else {})}
            page = await house.get(f"/subjects/{subject}/access-entries", params=asked)
            pages += page.json()["data"]
            cursor = page.json()["next_cursor"]
        assert (pages, cursor) == (everything, None)


@asynchronous
async def test_who_may_ask(database: Urls, tmp_path: Path) -> None:
    """It takes a scope of its own; a filter that there is not is refused; asking opens nothing."""
    async with serving(database, tmp_path) as house:
        _, subject = await _one_call(house)
        path = f"/subjects/{subject}/access-entries"
        others = await house.new_key(*(set(Scope) - {Scope.accesses_read}))
        refused = await house.get(path, key=others)
        assert (refused.status_code, refused.json()["scope"]) == (403, "accesses:read")
        assert (await house.get(path + "?colour=red")).status_code == 400
        assert (await house.get(f"/subjects/{UUID(int=5)}/access-entries")).status_code == 404
        neighbour = await house.neighbour()
        assert (await neighbour.get(path)).status_code == 404
        alone = await house.new_key(Scope.accesses_read)
        assert (await house.get(path, key=alone)).json()["data"] == []


@asynchronous
async def test_nothing_is_given_that_is_not_written_down(
    database: Urls, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where the entry cannot be stored the answer is 503 and holds no value."""
    monkeypatch.setattr(recorder, "PATIENCE_SECONDS", 0.2)
    async with serving(database, tmp_path) as house:
        call, subject = await _one_call(house)
        owner = await _owner(house, database)
        await owner("REVOKE INSERT ON access_entries FROM ringledger_writer")
        refused = await house.get(f"/calls/{call}")
        assert refused.status_code == 503
        assert refused.headers["Retry-After"]
        assert CALLER not in refused.text
        withheld = await house.get(f"/calls/{call}", key=await house.new_key(Scope.calls_read))
        assert withheld.status_code == 200
        await owner("GRANT INSERT ON access_entries TO ringledger_writer")
        assert (await house.get(f"/calls/{call}")).status_code == 200
        assert len(await _accesses(house, subject)) == 1


@asynchronous
async def test_a_readers_address_lies_sealed_and_apart(database: Urls, tmp_path: Path) -> None:
    """In access entries alone, where nobody reads it without the workspace's key."""
    async with serving(database, tmp_path) as house:
        call, _ = await _one_call(house)
        transport = httpx.ASGITransport(house.app, client=("198.51.100.23", 4711))
        headers = {"Authorization": f"Bearer {house.api_key}", "User-Agent": "Nosy/7.1"}
        async with httpx.AsyncClient(transport=transport, base_url=house.base_url) as client:
            read = await client.get(f"{house.here}/calls/{call}", headers=headers)
            assert read.status_code == 200
        owner = await _owner(house, database)
        ((access_id, box),) = await owner("SELECT access_id, origin FROM access_entries")
        assert b"198.51.100.23" not in bytes(box)
        assert b"Nosy" not in bytes(box)
        cell = await house.cell()
        async with cell.scoped(house.workspace_id) as connection:
            key = await cell.workspace_key(connection, house.workspace_id)
        assert b"198.51.100.23" in key.unwrap_origin(bytes(box), access_id)


@asynchronous
async def test_readers_at_once_are_each_written_down(database: Urls, tmp_path: Path) -> None:
    """However many read at the same time, there are as many entries."""
    async with serving(database, tmp_path) as house:
        call, subject = await _one_call(house)
        reads = [house.get(f"/calls/{call}") for _ in range(40)]
        answers = await asyncio.gather(*reads)
        assert {answer.status_code for answer in answers} == {200}
        found = {one["request_id"] for one in await _accesses(house, subject)}
        assert found == {answer.headers["X-Request-Id"] for answer in answers}


async def _owner(house: House, database: Urls) -> Any:  # noqa: ANN401 - the owner's SQL
    """The owner's SQL in the workspace's cell."""
    cell = await house.cell()
    return Address(database, cell.name, Path(), house.workspace_id).sql
