"""`ringledger up` as a program: it ends cleanly, and nothing acknowledged is ever lost."""

import asyncio
import os
import signal
import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, NamedTuple
from uuid import UUID

import httpx
import pytest
from command_line import Running, answer, is_stopped, ringledger, running
from serving import AUTH_TOKEN, credentials
from twilio_forms import Form, call_callbacks, call_sid, form_bytes, leg_callbacks
from waiting import LONGEST_SECONDS, soon

from adapters.postgres.embedded import EmbeddedPostgres
from adapters.settings import Settings
from adapters.twilio.signature import sign
from adapters.wiring import NewWorkspace, open_ledger
from domain.identifiers import call_id

FORM = "application/x-www-form-urlencoded; charset=UTF-8"
ACKNOWLEDGED = 204
LEGS = 2


class Site(NamedTuple):
    """A home with a workspace in it."""

    home: Path
    workspace_id: UUID
    api_key: str
    client: httpx.Client

    def post(self, url: str, form: Form) -> int:
        """Send a callback as Twilio does; the status of the answer, 0 if there was none."""
        target = f"{url}/twilio/{self.workspace_id}/voice/status"
        headers = {
            "X-Twilio-Signature": sign(target, form, AUTH_TOKEN.encode()),
            "Content-Type": FORM,
        }
        try:
            return self.client.post(target, content=form_bytes(form), headers=headers).status_code
        except httpx.TransportError:
            return 0

    def calls(self, url: str) -> list[dict[str, Any]]:
        """The call log over HTTP."""
        headers = {"Authorization": f"Bearer {self.api_key}"}
        asked = f"{url}/v1/workspaces/{self.workspace_id}/calls?limit=500"
        answered = self.client.get(asked, headers=headers).raise_for_status()
        found: list[dict[str, Any]] = answered.json()["data"]
        return found

    def expected(self, number: int) -> str:
        """The id of the test's n-th call."""
        return str(call_id(self.workspace_id, "twilio", call_sid(number)))


async def _workspace(home: Path) -> NewWorkspace:
    async with open_ledger(Settings(home=home)) as ledger:
        return await ledger.create_workspace("Test", credentials())


@pytest.fixture
def site(home: Path) -> Iterator[Site]:
    """A new home with one workspace; whatever still runs in it at the end is stopped."""
    made = asyncio.run(_workspace(home))
    with httpx.Client(timeout=LONGEST_SECONDS) as client:
        yield Site(home, made.workspace_id, made.api_key.text, client)
    if not is_stopped(home):
        asyncio.run(_visit(home))


async def _visit(home: Path) -> None:
    """The last to leave a home stops its PostgreSQL."""
    async with EmbeddedPostgres(home):
        pass


def up(site: Site, *arguments: str) -> Any:  # noqa: ANN401 - a context manager
    """The whole of it in one process, on a port that is free."""
    return running(site.home, "up", "--port", "0", *arguments)


def shown(site: Site, program: Running, entries: int) -> list[dict[str, Any]]:
    """The call log as soon as it has followed so many entries."""
    soon(lambda: sum(call["version"] for call in site.calls(program.url)) >= entries)
    return site.calls(program.url)


def test_it_serves_until_ctrl_c_and_loses_nothing(site: Site) -> None:
    """Ctrl-C twice ends it with 0, PostgreSQL included; after a restart everything is there."""
    with up(site) as program:
        forms = call_callbacks(call_sid(1), call_sid(2))
        assert [site.post(program.url, form) for form in forms] == [ACKNOWLEDGED] * len(forms)
        (before,) = shown(site, program, len(forms) + LEGS)
        assert before["outcome"] == "answered"
        # Another process reads the same home meanwhile, and leaves the server alone.
        listed = answer(site.home, "calls", "list")["data"]
        assert [call["id"] for call in listed] == [site.expected(1)]
        assert site.calls(program.url)
        program.process.send_signal(signal.SIGINT)
        assert program.end(signal.SIGINT) == 0
    assert is_stopped(site.home)
    with up(site) as program:
        assert shown(site, program, before["version"]) == [before]
        assert program.end(signal.SIGTERM) == 0
    assert is_stopped(site.home)


def test_what_was_acknowledged_survives_a_kill(site: Site) -> None:
    """Killed in the middle of traffic, it has every callback that it answered with 204."""
    acknowledged: set[str] = set()
    with up(site) as program, ThreadPoolExecutor(16) as senders:
        url = program.url

        def send(number: int) -> None:
            form = leg_callbacks(call_sid(number), statuses=("completed",))[0]
            if site.post(url, form) == ACKNOWLEDGED:
                acknowledged.add(site.expected(number))
            if len(acknowledged) >= 100:  # in this very thread: the others could go on for long
                program.process.kill()

        list(senders.map(send, range(1, 401)))
    assert 100 <= len(acknowledged) < 400
    with up(site) as program:
        found = {call["id"] for call in shown(site, program, 2 * len(acknowledged))}
        assert acknowledged <= found
        assert program.end(signal.SIGINT) == 0
    assert is_stopped(site.home)


def test_a_postgres_that_dies_is_started_again(site: Site) -> None:
    """The log says so, what came before is there, and callbacks and views go on."""
    with up(site) as program:
        forms = call_callbacks(call_sid(1), call_sid(2))
        assert [site.post(program.url, form) for form in forms] == [ACKNOWLEDGED] * len(forms)
        trace = (site.home / "postgres/postmaster.pid").read_text()
        os.kill(int(trace.split("\n", 1)[0]), signal.SIGKILL)
        program.wait_for('"postgres.died"')
        program.wait_for('"postgres.started"')
        more = leg_callbacks(call_sid(3), statuses=("completed",))[0]
        soon(lambda: site.post(program.url, more) == ACKNOWLEDGED)
        assert len(shown(site, program, len(forms) + LEGS + 2)) == 2
        assert program.end(signal.SIGINT) == 0
    assert is_stopped(site.home)


def test_a_taken_port_is_said_at_once(tmp_path: Path) -> None:
    """Before any database is made: one line that names the port, and exit code 4."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        done = ringledger(tmp_path / "home", "up", "--port", port)
    assert done.returncode == 4
    assert done.stderr.count("\n") == 1
    assert port in done.stderr
    assert not (tmp_path / "home").exists()


def test_the_api_and_the_followers_may_run_apart(site: Site) -> None:
    """`serve` keeps callbacks without showing them; once `follow` runs they are shown."""
    with running(site.home, "serve", "--port", "0") as api:
        form = leg_callbacks(call_sid(1), statuses=("completed",))[0]
        assert site.post(api.url, form) == ACKNOWLEDGED
        assert site.calls(api.url) == []
        with running(site.home, "follow") as follower:
            assert len(shown(site, api, 2)) == 1
            assert follower.end(signal.SIGINT) == 0
        assert len(site.calls(api.url)) == 1
        assert api.end(signal.SIGINT) == 0
    assert is_stopped(site.home)


def test_it_logs_no_number(site: Site) -> None:
    """Whatever it says of its work, no line holds a caller's or a callee's number."""
    with up(site) as program:
        for form in call_callbacks(call_sid(1), call_sid(2)):
            site.post(program.url, form)
        shown(site, program, LEGS)
        program.end(signal.SIGINT)
        said = program.log.read_text()
    assert "request.answered" in said
    assert "447700900123" not in said
    assert "12025550100" not in said
