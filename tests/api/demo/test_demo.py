"""The demo as a newcomer runs it: over real HTTP on a home of its own, from end to end."""

import json
import signal
import socket
from pathlib import Path

import httpx
from command_line import is_stopped, ringledger, running
from waiting import LONGEST_SECONDS, soon


def test_it_plays_a_day_and_finds_all_of_it_right(tmp_path: Path) -> None:
    """Everything it promises to show is shown, and it ends with 0 and without PostgreSQL."""
    home = tmp_path / "home"
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done = ringledger(home, "demo", "--calls", "150", "--seed", "4", "--port", str(port))
    assert done.returncode == 0, done.stdout + done.stderr
    for shown in (
        "what arrived",
        "the newest calls",
        "The way of call",
        "What did we know of this call at",
        "goes on",
        "may this call be recorded?",
        "agrees, and objects half-way",
        "both channels",
        "after the erasure",
        "[erased]",
        "What an erasure would take: 1 key",
        "Held: one of their calls",
        "waits for 1 hold",
        "by Twilio's word: done",
        "genuine: done, of subject",
        "curl -s",
        "/docs",
        "150 calls checked: all of it is right.",
    ):
        assert shown in done.stdout, shown
    assert f"http://127.0.0.1:{port}/" not in done.stdout
    assert is_stopped(home)


def test_its_counts_are_one_document(tmp_path: Path) -> None:
    """With --json only that is on stdout. The same home serves again: it was the demo's own."""
    for seed in ("1", "2"):
        done = ringledger(tmp_path, "demo", "--calls", "20", "--seed", seed, "--json")
        assert done.returncode == 0, done.stderr
        report = json.loads(done.stdout)
        assert report["wrong"] == []
        assert report["counts"]["calls"] == 20


def test_it_wipes_no_home_that_is_not_its_own(tmp_path: Path) -> None:
    """Where something else lies it ends with 2 and touches nothing."""
    kept = tmp_path / "master.key"
    kept.write_text("precious")
    done = ringledger(tmp_path, "demo", "--calls", "20")
    assert done.returncode == 2
    assert "RINGLEDGER_HOME" in done.stderr
    assert [path.read_text() for path in tmp_path.iterdir()] == ["precious"]


def test_it_stays_until_ctrl_c(tmp_path: Path) -> None:
    """With --stay it goes on serving, and ends with 0 when it is told to."""
    home = tmp_path / "home"
    with running(home, "demo", "--calls", "20", "--port", "0", "--stay") as program:
        url = program.wait_for(r"Stays up at (http://\S+);")
        assert httpx.get(f"{url}/docs", timeout=LONGEST_SECONDS).status_code == 200
        second = ringledger(home, "demo", "--calls", "20")
        assert second.returncode == 4
        assert "another demo" in second.stderr
        assert httpx.get(f"{url}/readyz", timeout=LONGEST_SECONDS).status_code == 200
        assert program.end(signal.SIGINT) == 0
    assert is_stopped(home)


def test_broken_off_it_leaves_nothing_running(tmp_path: Path) -> None:
    """Ctrl-C in the middle of the day ends it with 1, PostgreSQL included."""
    home = tmp_path / "home"
    with running(home, "demo", "--calls", "5000", "--port", "0") as program:
        soon((home / "postgres" / "postmaster.pid").exists)
        assert program.process.poll() is None
        assert program.end(signal.SIGINT) == 1
    assert is_stopped(home)


def test_after_a_kill_it_begins_anew(tmp_path: Path) -> None:
    """What a killed demo left, its PostgreSQL included, is in nobody's way."""
    home = tmp_path / "home"
    with running(home, "demo", "--calls", "20", "--port", "0", "--stay") as program:
        program.wait_for(r"Stays up at")
        program.end(signal.SIGKILL)
    assert not is_stopped(home)
    done = ringledger(home, "demo", "--calls", "20")
    assert done.returncode == 0, done.stderr
    assert is_stopped(home)
