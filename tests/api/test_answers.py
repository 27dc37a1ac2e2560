"""What holds for every answer: tags, HEAD, problems, request ids, health, and the log."""

import asyncio
import io
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from uuid import UUID, uuid4

import orjson
import psycopg
import pytest
import structlog
from cells import asynchronous
from psycopg.rows import TupleRow
from serving import House, over_http, serving
from starlette.exceptions import HTTPException
from starlette.requests import Request
from twilio_forms import CALLER, call_callbacks, call_sid, leg_callbacks
from waiting import eventually

from adapters import logging
from adapters.postgres.embedded import Urls
from api.app import create_app
from api.errors import problem_of
from api.problems import PROBLEM_TYPES, problem_response
from domain.errors import (
    IntegrityAlarm,
    KeyStoreUnavailable,
    NotFound,
    Overloaded,
    Refused,
    Unavailable,
)

PROBLEM = "application/problem+json"
READY = {"status": "ready", "entries_behind": 0}


async def readable(house: House) -> list[str]:
    """A path of every read, of things that are there."""
    await house.hear(*call_callbacks(call_sid(1), call_sid(2)))
    await house.post([("CallStatus", "levitating")])
    (call,) = (await house.get("/calls")).json()["data"]
    return [
        "/calls",
        "/calls?number=%2B447700900123",
        f"/calls/{call['id']}",
        f"/calls/{call['id']}/history",
        "/subjects?number=%2B447700900123",
        f"/subjects/{call['caller']['subject_id']}",
        "/dead-letters",
    ]


@asynchronous
async def test_a_read_that_did_not_change_is_304(database: Urls, tmp_path: Path) -> None:
    """Every read carries a tag, may be kept by its reader only, and answers 304 while it holds."""
    async with serving(database, tmp_path) as house:
        for path in await readable(house):
            first = await house.get(path)
            tag = first.headers["etag"]
            assert first.headers["cache-control"] == "private, no-cache"
            for condition in (tag, f"W/{tag}", f'"other", {tag}', "*"):
                again = await house.get(path, headers={"If-None-Match": condition})
                assert (again.status_code, again.content) == (304, b"")
                assert again.headers["etag"] == tag
            other = await house.get(path, headers={"If-None-Match": '"other"'})
            assert (other.status_code, other.content) == (200, first.content)


@asynchronous
async def test_a_tag_changes_with_what_it_tags(database: Urls, tmp_path: Path) -> None:
    """With a new call, with an erasure, and with what the reader may see."""
    async with serving(database, tmp_path) as house:
        await house.hear(leg_callbacks(call_sid(1))[0])
        tags = [(await house.get("/calls")).headers["etag"]]
        await house.hear(leg_callbacks(call_sid(2))[0])
        page = await house.get("/calls")
        tags.append(page.headers["etag"])
        subject = page.json()["data"][0]["caller"]["subject_id"]
        await house.ask("POST", f"{house.here}/subjects/{subject}/erasure")
        tags.append((await house.get("/calls")).headers["etag"])
        assert len(set(tags)) == 3


@asynchronous
async def test_a_tag_is_keyed(database: Urls, tmp_path: Path) -> None:
    """The same empty page has another tag in another workspace: a tag cannot be guessed."""
    async with serving(database, tmp_path) as house:
        answers = [await one.get("/calls") for one in (house, await house.neighbour())]
        assert answers[0].content == answers[1].content
        assert answers[0].headers["etag"] != answers[1].headers["etag"]


@asynchronous
async def test_head_is_get_without_the_body(database: Urls, tmp_path: Path) -> None:
    """The same status and the same head, over a real connection too."""
    async with serving(database, tmp_path) as house:
        paths = [*await readable(house), f"/calls/{uuid4()}", "/calls?colour=red"]
        async with over_http(house) as served:
            for one in (house, served):
                for path in paths:
                    got = await one.get(path)
                    head = await one.ask("HEAD", one.here + path)
                    assert (head.status_code, head.content) == (got.status_code, b"")
                    for name in ("etag", "content-type", "content-length"):
                        assert head.headers.get(name) == got.headers.get(name)


@asynchronous
async def test_every_refusal_is_a_problem_whose_type_is_described(
    database: Urls, tmp_path: Path
) -> None:
    """Unknown paths and methods too; the type's address says what it means."""
    async with serving(database, tmp_path) as house:
        refused = [
            await house.ask("GET", "/"),
            await house.ask("GET", "/v1"),
            await house.ask("GET", "/nothing/here/+447700900123"),
            await house.ask("GET", "/calls/"),
            await house.ask("GET", "/twilio"),
            await house.ask("GET", f"/twilio/{house.workspace_id}/voice/levitation"),
            await house.ask("POST", f"/twilio/{house.workspace_id}/voice/status/"),
            await house.ask("DELETE", f"{house.here}/calls"),
            await house.ask("PATCH", f"/twilio/{house.workspace_id}/voice/status"),
            await house.ask("POST", "/healthz"),
            await house.client.get(f"{house.here}/calls"),
            await house.get("/calls?limit=x"),
            await house.ask("POST", f"{house.here}/subjects/x/erasure", content=b"x" * 300_000),
        ]
        statuses = [answer.status_code for answer in refused]
        assert statuses == [404, 404, 404, 404, 404, 404, 404, 405, 405, 405, 401, 400, 413]
        for answer in refused:
            problem = answer.json()
            assert answer.headers["content-type"] == PROBLEM
            assert problem["status"] == answer.status_code
            assert problem["request_id"] == answer.headers["x-request-id"]
            assert "447700900123" not in answer.text
            described = (await house.client.get(problem["type"])).json()
            assert described["title"] == problem["title"]
        assert (await house.client.get("/problems/none-of-ours")).status_code == 404


@asynchronous
async def test_each_problem_type_has_its_address(database: Urls, tmp_path: Path) -> None:
    """All that are registered are described, and no other."""
    async with serving(database, tmp_path) as house:
        for name, kind in PROBLEM_TYPES.items():
            found = (await house.client.get(f"/problems/{name}")).json()
            assert (found["type"], found["status"]) == (f"/problems/{name}", kind.status)


@pytest.mark.parametrize(
    ("error", "name"),
    [
        (NotFound("call"), "not-found"),
        (Refused("deletion_before_erasure"), "refused"),
        (Overloaded("writer"), "overloaded"),
        (Unavailable("history"), "unavailable"),
        (KeyStoreUnavailable("no key"), "unavailable"),
        (IntegrityAlarm("tag"), "integrity-alarm"),
        (psycopg.OperationalError("gone"), "unavailable"),
        (ZeroDivisionError("secret"), "internal"),
        (HTTPException(418), "internal"),
    ],
)
def test_each_error_of_ours_is_one_problem(error: Exception, name: str) -> None:
    """What a rule says may be shown; what went wrong inside may not."""
    problem = problem_of(error)
    answer = problem_response(Request({"type": "http", "headers": []}), problem)
    assert problem.name == name
    assert problem.detail == ("deletion_before_erasure" if name == "refused" else None)
    assert ("retry-after" in answer.headers) == (answer.status_code == 503)


@asynchronous
async def test_a_value_that_does_not_authenticate_is_an_alarm(
    database: Urls, tmp_path: Path
) -> None:
    """It is 500 with a type of its own, never "erased", and the log raises it."""
    async with serving(database, tmp_path) as house:
        await house.hear(leg_callbacks(call_sid(1))[0])
        cell = await house.cell()
        async with await cell_owner(database, cell.name) as owner:
            await owner.execute("UPDATE vault SET box = box || '\\x00'")
        with structlog.testing.capture_logs() as lines:
            answer = await house.get("/calls")
        assert (answer.status_code, answer.json()["type"]) == (500, "/problems/integrity-alarm")
        assert [line["log_level"] for line in lines if line["event"] == "integrity.alarm"] == [
            "critical"
        ]


@asynchronous
async def test_a_missing_master_key_is_unavailable(database: Urls, tmp_path: Path) -> None:
    """A key that cannot be had is 503, to be tried again: it is no erasure."""
    async with serving(database, tmp_path) as house:
        assert (await house.client.get("/readyz")).json() == READY
        house.ledger.settings.master_key_file.unlink()
        answer = await house.client.get("/readyz")
        assert (answer.status_code, answer.headers["retry-after"]) == (503, "1")
        assert (await house.client.get("/healthz")).json() == {"status": "alive"}


@asynchronous
async def test_readiness_says_how_fresh_the_views_are(database: Urls, tmp_path: Path) -> None:
    """A view that stands still shows as a number; that it is behind makes nothing unready."""
    async with serving(database, tmp_path) as house:
        await house.post([("CallStatus", "levitating")])
        behind = await house.client.get("/readyz")
        assert (behind.status_code, behind.json()["entries_behind"]) == (200, 1)
        await house.hear(*call_callbacks(call_sid(1), call_sid(2)))
        assert (await house.client.get("/readyz")).json() == READY


@asynchronous
async def test_a_database_that_is_away_is_unavailable(database: Urls, tmp_path: Path) -> None:
    """Not ready, and a read is 503; the process lives."""
    async with serving(database, tmp_path) as house:
        cell = await house.cell()
        await cell.reading.close()
        for answer in (await house.client.get("/readyz"), await house.get("/calls")):
            assert (answer.status_code, answer.json()["type"]) == (503, "/problems/unavailable")
        assert (await house.client.get("/healthz")).status_code == 200


@asynchronous
async def test_a_fault_of_ours_says_nothing_of_itself(database: Urls, tmp_path: Path) -> None:
    """500 with the request's id, and the log says where it came from."""
    async with serving(database, tmp_path) as house:
        async with await cell_owner(database, (await house.cell()).name) as owner:
            # Not the table: a cell without its tables is one that was moved away (503).
            await owner.execute("ALTER TABLE call_log DROP COLUMN outcome")
        with structlog.testing.capture_logs() as lines:
            answer = await house.get("/calls", params={"number": CALLER})
            answer = await house.get("/calls")
        assert (answer.status_code, answer.json()["type"]) == (500, "/problems/internal")
        assert answer.headers["content-type"] == PROBLEM
        assert "call_log" not in answer.text
        assert "request.failed" in [line["event"] for line in lines]


async def cell_owner(database: Urls, schema: str) -> psycopg.AsyncConnection[TupleRow]:
    """The owner of the cell's tables, who breaks something on purpose."""
    return await psycopg.AsyncConnection.connect(
        database.admin, autocommit=True, options=f"-c search_path={schema}"
    )


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    """What the application logs, as it is written."""
    before = structlog.get_config()
    stream = io.StringIO()
    logging.configure(stream=stream)
    yield stream
    structlog.configure(**before)


@asynchronous
async def test_a_request_is_one_line_without_its_values(
    database: Urls, tmp_path: Path, log: io.StringIO
) -> None:
    """Method, template, status, time and ids: never the path, the query or the number in it."""
    async with serving(database, tmp_path) as house, over_http(house) as served:
        paths = await readable(served)
        log.truncate(0)
        for path in paths:
            await served.get(path)
        await served.ask("HEAD", "/v1/+447700900123?number=+447700900123")
    lines = [orjson.loads(line) for line in log.getvalue().strip("\x00\n").splitlines()]
    answered = [line for line in lines if line["event"] == "request.answered"]
    assert "7700900" not in log.getvalue()
    assert [line["method"] for line in answered] == ["GET"] * len(paths) + ["HEAD"]
    assert answered[0]["route"] == "/v1/workspaces/{workspace_id}/calls"
    assert answered[0]["workspace_id"] == str(house.workspace_id)
    assert "route" not in answered[-1]
    assert all(line["duration_ms"] > 0 for line in answered)
    assert len({UUID(line["request_id"]) for line in answered}) == len(answered)
    assert not [line for line in lines if "omitted" in line]


def answered(log: io.StringIO) -> list[tuple[str, int, str | None, str | None]]:
    """Method, status, route and workspace of each request that the log tells of."""
    lines = [orjson.loads(line) for line in log.getvalue().splitlines()]
    return [
        (line["method"], line["status"], line.get("route"), line.get("workspace_id"))
        for line in lines
        if line["event"] == "request.answered"
    ]


@asynchronous
async def test_a_webhook_is_one_line_too(database: Urls, tmp_path: Path, log: io.StringIO) -> None:
    """Whatever becomes of it; a workspace is named if it has an id's form, and no other path."""
    async with serving(database, tmp_path) as house, over_http(house) as served:
        ours, number = f"/twilio/{house.workspace_id}", "/twilio/+447700900123"
        await house.post(leg_callbacks(call_sid(1))[0])
        for method, path in (
            ("GET", f"{ours}/voice/status?From=%2B447700900123"),
            ("HEAD", f"{ours}/voice/status"),
            ("PUT", f"{ours}/voice/incoming"),
            ("POST", f"{number}/voice/incoming"),
            ("POST", f"{ours}/voice/+447700900123"),
            ("POST", f"{ours}/voice/status/"),
            ("POST", "/twilio//voice/status"),
            ("POST", number),
        ):
            await served.client.request(method, path)
    status, incoming = (
        f"/twilio/{{workspace_id}}/voice/{name}" for name in ("status", "incoming")
    )
    workspace_id = str(house.workspace_id)
    assert answered(log) == [
        ("POST", 204, status, workspace_id),
        ("GET", 403, status, workspace_id),
        ("HEAD", 403, status, workspace_id),
        ("PUT", 405, incoming, workspace_id),
        ("POST", 403, incoming, None),
        *[("POST", 404, None, None)] * 4,
    ]
    assert "7700900" not in log.getvalue()
    assert "omitted" not in log.getvalue()


@asynchronous
async def test_whoever_leaves_before_the_answer_is_told_of(
    database: Urls, tmp_path: Path, log: io.StringIO
) -> None:
    """499, though nobody hears it; and nothing of half a body is kept."""
    async with serving(database, tmp_path) as house, over_http(house) as served:
        path = f"/twilio/{house.workspace_id}/voice/status"
        where = served.client.base_url
        _, writer = await asyncio.open_connection(where.host, where.port)
        head = f"POST {path} HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nCallSid"
        writer.write(head.encode())
        await writer.drain()
        writer.close()
        await eventually(lambda: "request.answered" in log.getvalue())
    route, workspace_id = "/twilio/{workspace_id}/voice/status", str(house.workspace_id)
    assert answered(log) == [("POST", 499, route, workspace_id)]


@asynchronous
async def test_a_fault_of_ours_in_a_webhook_is_told_with_its_request(
    database: Urls, tmp_path: Path, log: io.StringIO
) -> None:
    """500, a problem that says nothing of it, and two lines under the request's id."""
    async with serving(database, tmp_path) as house, over_http(house) as served:
        async with await cell_owner(database, (await house.cell()).name) as owner:
            await owner.execute("ALTER TABLE credentials DROP COLUMN kind CASCADE")
        answer = await served.client.post(f"/twilio/{house.workspace_id}/voice/status")
    assert (answer.status_code, answer.json()["type"]) == (500, "/problems/internal")
    assert "kind" not in answer.text
    said = {line["event"]: line for line in map(orjson.loads, log.getvalue().splitlines())}
    assert said["request.failed"]["error"] == "UndefinedColumn"
    for event in ("request.failed", "request.answered"):
        assert said[event]["request_id"] == answer.headers["x-request-id"]


@asynchronous
async def test_the_application_opens_the_environments_ledger(
    database: Urls, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without a ledger it opens one at its start, serves it, and closes it at its end."""
    for name, value in (
        ("DATABASE_URL", database.app),
        ("MIGRATION_URL", database.admin),
        ("HOME", str(tmp_path)),
    ):
        monkeypatch.setenv(f"RINGLEDGER_{name}", value)
    before = structlog.get_config()
    async with serving(database, tmp_path) as house:
        alone = create_app()
        async with over_http(replace(house, app=alone)) as served:
            assert (await served.client.get("/readyz")).json() == READY
            assert (await served.get("/calls")).json() == {"data": [], "next_cursor": None}
    structlog.configure(**before)
