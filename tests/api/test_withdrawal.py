"""One-click withdrawal: by a link alone, by people and by mail programs, once for all."""

import asyncio
from base64 import urlsafe_b64decode, urlsafe_b64encode
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit
from uuid import UUID, uuid4

import pytest
import structlog
from cells import asynchronous
from serving import House, over_http, serving
from twilio_forms import CALLER, call_callbacks, call_sid

from adapters.postgres.embedded import Urls
from adapters.workspaces.withdrawal_links import WithdrawalLink

ONE_CLICK: Final = {"List-Unsubscribe": "One-Click"}


async def newsletter(house: House) -> dict[str, Any]:
    """Somebody's consent to the newsletter."""
    await house.hear(*call_callbacks(call_sid(1), call_sid(2)))
    (found,) = (await house.get("/subjects", params={"number": CALLER})).json()["data"]
    return await tell(house, found["subject_id"], "given", "2026-03-02T10:00:00Z")


async def tell(house: House, subject: str, said: str, at: str) -> dict[str, Any]:
    """Say something of it with an API key."""
    body = {
        "said": said,
        "purpose": "marketing",
        "kind": "newsletter",
        "occurred_at": at,
        "evidence": {"channel": "web"},
    }
    answer = await house.ask("POST", f"{house.here}/subjects/{subject}/consents", json=body)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def path_of(consent: dict[str, Any]) -> str:
    """Where its link leads."""
    return urlsplit(str(consent["withdrawal_url"])).path


async def history(house: House, consent: dict[str, Any]) -> list[dict[str, Any]]:
    """Every entry of the consent."""
    path = f"/subjects/{consent['subject_id']}/consents/{consent['id']}/history"
    found: list[dict[str, Any]] = (await house.get(path)).json()["data"]
    return found


@asynchronous
async def test_a_link_withdraws_without_login(database: Urls, tmp_path: Path) -> None:
    """A mail program's post is enough: no key, no cookie, no redirect (RFC 8058)."""
    async with serving(database, tmp_path) as house, over_http(house) as http:
        consent = await newsletter(house)
        answer = await http.client.post(path_of(consent), data=ONE_CLICK)
        assert answer.status_code == 200
        assert "set-cookie" not in answer.headers
        path = f"/subjects/{consent['subject_id']}/consents/{consent['id']}"
        assert (await house.get(path)).json()["standing"] == "withdrawn"
        _, entry = await history(house, consent)
        assert (entry["name"], entry["actor"]) == ("consent.withdrawn", "withdrawal_link")
        assert entry["fields"]["evidence"] == {"channel": "link"}


@asynchronous
async def test_looking_at_a_link_does_nothing(database: Urls, tmp_path: Path) -> None:
    """Programs follow links by themselves: a page with a button is all that they get."""
    async with serving(database, tmp_path) as house:
        consent = await newsletter(house)
        for method in ("GET", "HEAD"):
            answer = await house.client.request(method, path_of(consent))
            assert answer.status_code == 200
        page = await house.client.get(path_of(consent))
        assert '<form method="post">' in page.text
        assert "Test: Marketing (newsletter)" in page.text
        assert len(await history(house, consent)) == 1
        assert page.headers["referrer-policy"] == "no-referrer"
        assert page.headers["cache-control"] == "no-store"
        assert "default-src 'none'" in page.headers["content-security-policy"]
        await house.client.post(path_of(consent))
        assert "is withdrawn" in (await house.client.get(path_of(consent))).text


@asynchronous
async def test_a_second_click_is_as_good_as_one(database: Urls, tmp_path: Path) -> None:
    """At once or later: answered alike, and one entry. Given again, it can be withdrawn again."""
    async with serving(database, tmp_path) as house:
        consent = await newsletter(house)
        path = path_of(consent)
        answers = await asyncio.gather(*(house.client.post(path) for _ in range(5)))
        answers.append(await house.client.post(path, data=ONE_CLICK))
        assert {(answer.status_code, answer.text) for answer in answers} == {
            (200, answers[0].text)
        }
        assert len(await history(house, consent)) == 2
        now = (await history(house, consent))[1]["recorded_at"]
        again = await tell(house, consent["subject_id"], "given", now)
        assert (again["standing"], path_of(again)) == ("given", path)
        await house.client.post(path)
        assert len(await history(house, consent)) == 4


@asynchronous
async def test_a_link_works_after_an_erasure(database: Urls, tmp_path: Path) -> None:
    """An old mail can still be unsubscribed from."""
    async with serving(database, tmp_path) as house:
        consent = await newsletter(house)
        await house.ask("POST", f"{house.here}/subjects/{consent['subject_id']}/erasure")
        assert (await house.client.post(path_of(consent))).status_code == 200
        assert (await history(house, consent))[1]["name"] == "consent.withdrawn"


@pytest.mark.parametrize("method", ["GET", "POST"])
@asynchronous
async def test_what_is_no_link_is_not_found(database: Urls, tmp_path: Path, method: str) -> None:
    """Changed anywhere, of another consent or workspace, cut off or made up: the same 404."""
    async with serving(database, tmp_path) as house:
        consent = await newsletter(house)
        neighbour = await house.neighbour()
        token = path_of(consent).removeprefix("/withdraw/")
        raw = urlsafe_b64decode(token)
        changed = [bytes([*raw[:n], raw[n] ^ 1, *raw[n + 1 :]]) for n in (0, 16, 31, 32, 47)]
        elsewhere = neighbour.workspace_id.bytes + raw[16:]
        wrong = [urlsafe_b64encode(one).decode() for one in (*changed, elsewhere, raw[:47], b"")]
        for one in (*wrong, token[:-1], token + "A", "x" * 64, "%20", f"{uuid4()}"):
            answer = await house.client.request(method, f"/withdraw/{one}")
            assert answer.status_code == 404, one
            assert answer.headers["content-type"] == "application/problem+json"
        assert len(await history(house, consent)) == 1


@asynchronous
async def test_a_link_names_nobody(database: Urls, tmp_path: Path) -> None:
    """Neither in the URL nor in the log: the subject's id is not in it, and it is never logged."""
    async with serving(database, tmp_path) as house:
        consent = await newsletter(house)
        raw = urlsafe_b64decode(path_of(consent).removeprefix("/withdraw/"))
        assert UUID(consent["subject_id"]).bytes not in raw
        with structlog.testing.capture_logs() as lines:
            await house.client.post(path_of(consent))
        assert [line["route"] for line in lines] == ["/withdraw/{token}"]
        assert path_of(consent) not in str(lines)


@asynchronous
async def test_a_link_is_the_same_for_ever(database: Urls, tmp_path: Path) -> None:
    """It is made from the workspace's key: nothing is stored, and a restart changes nothing."""
    async with serving(database, tmp_path) as house:
        consent = await newsletter(house)
        cell = await house.cell()
        async with cell.scoped(house.workspace_id) as connection:
            key = await cell.workspace_key(connection, house.workspace_id)
        link = WithdrawalLink.of(key, UUID(consent["id"]))
        assert link.path == path_of(consent)
        assert WithdrawalLink.parse(link.path.removeprefix("/withdraw/")) == link
        other = WithdrawalLink.of(key, uuid4())
        assert other.code != link.code
        assert repr(link).find(link.code.hex()) == -1
