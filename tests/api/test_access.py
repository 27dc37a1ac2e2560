"""Who gets in: with which key, into which workspace, and what everybody else is told."""

from base64 import urlsafe_b64encode
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from cells import asynchronous
from serving import House, serving
from twilio_forms import CALLER, call_callbacks, call_sid

from adapters.postgres.embedded import Urls
from adapters.workspaces.api_keys import ApiKey, Scope

ANY = UUID(int=7)
"""Nobody's id: a test's name does not change from run to run."""

ANYWHERE = [
    ("GET", "/calls"),
    ("GET", "/calls?colour=red"),
    ("GET", f"/calls/{ANY}"),
    ("GET", f"/calls/{ANY}/history"),
    ("GET", f"/calls/{ANY}/recordings"),
    ("GET", f"/calls/{ANY}/recordings/{ANY}/audio?purpose=dispute"),
    ("GET", "/subjects?number=%2B447700900123"),
    ("GET", f"/subjects/{ANY}"),
    ("POST", f"/subjects/{ANY}/erasure"),
    ("GET", f"/subjects/{ANY}/erasure/preview"),
    ("GET", f"/subjects/{ANY}/erasure/receipt"),
    ("POST", f"/subjects/{ANY}/erasure/receipt"),
    ("GET", f"/subjects/{ANY}/consents"),
    ("POST", f"/subjects/{ANY}/consents"),
    ("GET", f"/subjects/{ANY}/consents/{ANY}/receipt"),
    ("GET", "/marketing?number=%2B447700900123&kind=calls"),
    ("GET", "/dead-letters"),
    ("POST", f"/dead-letters/{ANY}/replay"),
    ("GET", "/settings"),
    ("GET", "/settings?known_at=2026-03-02T14:02:00Z"),
    ("PATCH", "/settings"),
    ("GET", "/settings/history"),
    ("GET", "/settings/diff?from=2026-03-02T14:02:00Z&to=2026-03-03T14:02:00Z"),
    ("GET", "/retention/explain?category=recordings"),
    ("GET", "/retention/simulation?category=recordings&days=30"),
    ("GET", "/retention/history"),
    ("PUT", "/dial-targets/desk"),
    ("DELETE", "/dial-targets/desk?reason=security"),
    ("PUT", "/integrations/crm"),
    ("DELETE", "/integrations/crm?reason=security"),
    ("GET", "/members"),
    ("POST", "/invitations"),
    ("POST", f"/invitations/{ANY}/acceptance"),
    ("DELETE", f"/invitations/{ANY}?reason=security"),
    ("PUT", f"/members/{ANY}/role"),
    ("DELETE", f"/members/{ANY}?reason=security"),
    ("GET", f"/subjects/{ANY}/access-entries"),
    ("GET", "/closure"),
    ("POST", "/closure"),
    ("DELETE", "/closure?reason=correction"),
]


def forged(key: str, **changes: UUID | bytes) -> str:
    """The key with some of it replaced."""
    found = ApiKey.parse(key)
    assert found is not None
    parts = {"workspace_id": found.workspace_id, "key_id": found.key_id, "secret": found.secret}
    return ApiKey(**{**parts, **changes}).text  # type: ignore[arg-type] # by name


@pytest.mark.parametrize(("method", "path"), ANYWHERE)
@asynchronous
async def test_without_a_valid_key_nothing_is_told(
    database: Urls, tmp_path: Path, method: str, path: str
) -> None:
    """No key, garbage, a wrong secret, an unknown workspace, a revoked key: 401."""
    async with serving(database, tmp_path) as house:
        revoked = await house.new_key(*Scope)
        cell = await house.cell()
        async with cell.writing.connection() as connection:
            parsed = ApiKey.parse(revoked)
            assert parsed is not None
            await connection.execute(
                "UPDATE api_keys SET revoked_at = now() WHERE key_id = %s", (parsed.key_id,)
            )
        headers: list[dict[str, str]] = [
            {},
            {"Authorization": ""},
            {"Authorization": "Bearer"},
            {"Authorization": f"Basic {house.api_key}"},
            {"Authorization": house.api_key},
            {"Authorization": "Bearer rl_" + urlsafe_b64encode(b"x" * 63).decode()},
            {"Authorization": f"Bearer {house.api_key}x"},
            {"Authorization": f"Bearer {forged(house.api_key, secret=b'x' * 32)}"},
            {"Authorization": f"Bearer {forged(house.api_key, workspace_id=uuid4())}"},
            {"Authorization": f"Bearer {forged(house.api_key, key_id=uuid4())}"},
            {"Authorization": f"Bearer {revoked}"},
        ]
        for one in headers:
            answer = await house.client.request(method, house.here + path, headers=one)
            assert answer.status_code == 401
            assert answer.headers["www-authenticate"].startswith("Bearer")
            assert answer.json()["type"] == "/problems/unauthorized"


@pytest.mark.parametrize(("method", "path"), ANYWHERE)
@asynchronous
async def test_another_workspace_is_not_found(
    database: Urls, tmp_path: Path, method: str, path: str
) -> None:
    """Whether there is one by that id or not: a good key of elsewhere gets the same 404."""
    async with serving(database, tmp_path) as house:
        neighbour = await house.neighbour()
        for workspace_id in (neighbour.workspace_id, uuid4(), "x"):
            answer = await house.ask(method, f"/v1/workspaces/{workspace_id}{path}")
            assert (answer.status_code, answer.json()["type"]) == (404, "/problems/not-found")


@pytest.mark.parametrize(("method", "path"), ANYWHERE)
@asynchronous
async def test_a_missing_scope_is_named(
    database: Urls, tmp_path: Path, method: str, path: str
) -> None:
    """A key without any scope may do nothing here."""
    async with serving(database, tmp_path) as house:
        answer = await house.ask(method, house.here + path, key=await house.new_key())
        assert (answer.status_code, answer.json()["type"]) == (403, "/problems/missing-scope")
        assert answer.json()["scope"] in set(Scope)


async def everything(house: House) -> str:
    """All that a workspace's key can read about its one call, in one text."""
    (call,) = (await house.get("/calls")).json()["data"]
    subject = call["caller"]["subject_id"]
    (letter,) = (await house.get("/dead-letters")).json()["data"]
    paths = (
        "/calls",
        f"/calls/{call['id']}",
        f"/calls/{call['id']}/history",
        f"/subjects/{subject}",
        "/subjects?number=%2B447700900123",
        f"/dead-letters?limit={len(letter)}",
    )
    return "".join([(await house.get(path)).text for path in paths])


@asynchronous
async def test_two_workspaces_of_one_cell_see_nothing_of_each_other(
    database: Urls, tmp_path: Path
) -> None:
    """The same number calls both: two subjects, and no id of one is shown to the other."""
    async with serving(database, tmp_path) as house:
        neighbour = await house.neighbour()
        assert (await house.cell()).name == (await neighbour.cell()).name
        for one in (house, neighbour):
            await one.hear(*call_callbacks(call_sid(1), call_sid(2)))
            await one.post([("From", CALLER), ("CallStatus", "levitating")])
        ours, theirs = await everything(house), await everything(neighbour)
        (call,) = (await neighbour.get("/calls")).json()["data"]
        (letter,) = (await neighbour.get("/dead-letters")).json()["data"]
        subject = call["caller"]["subject_id"]
        for secret in (call["id"], letter["id"], subject, str(neighbour.workspace_id)):
            assert secret not in ours
        assert call["id"] in theirs
        for path in (
            f"/calls/{call['id']}",
            f"/calls/{call['id']}/history",
            f"/calls/{subject}",
            f"/subjects/{subject}",
        ):
            assert (await house.get(path)).status_code == 404
        erased = await house.ask("POST", f"{house.here}/subjects/{subject}/erasure")
        assert erased.status_code == 404
        assert (await neighbour.get(f"/subjects/{subject}")).json()["erasure"] is None
