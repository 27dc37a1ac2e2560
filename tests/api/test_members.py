"""Members and invitations over HTTP."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
from cells import asynchronous
from serving import House, serving

from adapters.postgres.embedded import Urls
from adapters.workspaces.api_keys import Scope

ANN, BEN = "Ann@Example.com", "ben@example.com"


async def invite(
    house: House,
    email: str = ANN,
    role: str = "admin",
    days: float = 7,
    **more: Any,  # noqa: ANN401 - whatever else the body has
) -> httpx.Response:
    """Invite somebody for so many days."""
    until = datetime.now(UTC) + timedelta(days=days)
    body = {"reason": "instruction", "email": email, "role": role, "expires_at": str(until)}
    return await house.ask("POST", f"{house.here}/invitations", json={**body, **more})


async def join(house: House, email: str = ANN, role: str = "admin") -> str:
    """Invite somebody, and let them join; their subject id."""
    invitation_id = (await invite(house, email, role)).json()["invitation_id"]
    url = f"{house.here}/invitations/{invitation_id}/acceptance"
    assert (await house.ask("POST", url)).status_code == 200
    members = (await house.get("/members")).json()["data"]
    found: str = next(m["subject_id"] for m in members if m["email"]["value"]["address"] == email)
    return found


@asynchronous
async def test_whoever_is_invited_joins(database: Urls, tmp_path: Path) -> None:
    """Once, with the role they were invited to; their address is for who may see values."""
    async with serving(database, tmp_path) as house:
        made = (await invite(house)).json()
        assert made["version"] == 1
        url = f"{house.here}/invitations/{made['invitation_id']}/acceptance"
        for _ in range(2):
            assert (await house.ask("POST", url)).json() == {"version": 2}
        found = (await house.get("/members")).json()
        (member,), (invitation,) = found["data"], found["invitations"]
        assert member["role"] == "admin"
        assert member["email"] == invitation["email"]
        assert member["email"]["value"] == {"address": ANN, "kind": "email"}
        assert invitation["is_accepted"]
        blind = await house.new_key(Scope.settings_read)
        (withheld,) = (await house.get("/members", key=blind)).json()["data"]
        assert withheld["email"] == {**member["email"], "state": "withheld", "value": None}


@asynchronous
async def test_an_invitation_has_its_time(database: Urls, tmp_path: Path) -> None:
    """Not longer than thirty days, not over before it begins, and with an offset."""
    async with serving(database, tmp_path) as house:
        for days in (31, -1):
            answer = await invite(house, days=days)
            assert answer.json()["detail"] == "invitation_period_not_allowed"
        local = await invite(house, expires_at="2026-03-09T13:58:07")
        assert [one["pointer"] for one in local.json()["errors"]] == ["/expires_at"]
        wrong = await invite(house, email="ann at example")
        assert (wrong.status_code, "ann at" in wrong.text) == (400, False)


@asynchronous
async def test_a_withdrawn_invitation_is_gone(database: Urls, tmp_path: Path) -> None:
    """Nobody joins by it; one that never was is not found either."""
    async with serving(database, tmp_path) as house:
        url = f"{house.here}/invitations/{(await invite(house)).json()['invitation_id']}"
        assert (await house.ask("DELETE", f"{url}?reason=correction")).status_code == 200
        for gone in (url, f"{house.here}/invitations/{uuid4()}"):
            assert (await house.ask("POST", f"{gone}/acceptance")).status_code == 404
        assert (await house.get("/members")).json()["invitations"] == []


@asynchronous
async def test_a_member_is_recognised_however_the_address_is_written(
    database: Urls, tmp_path: Path
) -> None:
    """Letters large or small: the same person, who is a member already."""
    async with serving(database, tmp_path) as house:
        await join(house)
        again = await invite(house, ANN.upper())
        assert (again.status_code, again.json()["detail"]) == (409, "already_a_member")


@asynchronous
async def test_roles_change_and_an_admin_stays(database: Urls, tmp_path: Path) -> None:
    """The last one is neither demoted nor removed; a stranger has no role."""
    async with serving(database, tmp_path) as house:
        ann, ben = await join(house), await join(house, BEN, "agent")
        body = {"reason": "instruction", "role": "agent"}
        alone = await house.ask("PUT", f"{house.here}/members/{ann}/role", json=body)
        assert (alone.status_code, alone.json()["detail"]) == (409, "last_admin")
        promote = {**body, "role": "admin"}
        await house.ask("PUT", f"{house.here}/members/{ben}/role", json=promote)
        assert (
            await house.ask("DELETE", f"{house.here}/members/{ann}?reason=security")
        ).status_code == 200
        (left,) = (await house.get("/members")).json()["data"]
        assert (left["subject_id"], left["role"]) == (ben, "admin")
        stranger = await house.ask("PUT", f"{house.here}/members/{uuid4()}/role", json=body)
        assert stranger.status_code == 404


@asynchronous
async def test_an_erased_member_has_no_address(database: Urls, tmp_path: Path) -> None:
    """The history still says that somebody was a member, and not who; the address is free."""
    async with serving(database, tmp_path) as house:
        ann = await join(house)
        await house.ask("POST", f"{house.here}/subjects/{ann}/erasure")
        (member,) = (await house.get("/members")).json()["data"]
        assert (member["subject_id"], member["email"]["state"]) == (ann, "erased")
        assert (await invite(house)).status_code == 200
