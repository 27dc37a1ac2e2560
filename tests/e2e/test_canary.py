"""No personal value lies anywhere in the clear: no table, index or WAL has one, no log or backup.

A deployment of its own, as an operator runs it, is told calls that hold markers in every personal
field, over HTTP, and then every byte that it wrote is searched, before an erasure and after it.
"""

import asyncio
import base64
import json
import secrets
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any, Final, NamedTuple
from urllib.parse import quote, urlencode

import httpx
import psycopg
import pytest
from asking import PROMPT
from canary import Find, dresses, search
from cards import random_card
from command_line import Running, answer, running
from dumps import dump, dump_as_text
from media_server import media_server
from studio import recording_form, recording_sid
from transcripts import content_form, message_form, started_form
from twilio_forms import ACCOUNT_SID, Form, call_sid, form_bytes, incoming_form, leg_callbacks
from waiting import LONGEST_SECONDS, soon
from waves import wave_file

from adapters.postgres.embedded import EmbeddedPostgres
from adapters.twilio.client import Login
from adapters.twilio.signature import sign

FORM: Final = {"Content-Type": "application/x-www-form-urlencoded; charset=UTF-8"}
GENUINE: Final = frozenset({200, 204})


ask: Final = partial(httpx.request, timeout=LONGEST_SECONDS)


class Markers(NamedTuple):
    """What every planted text, and every planted number, has in it."""

    word: str
    digits: str
    card: str
    """A card number, of which nothing is kept, sealed or not."""

    def text(self, of: str) -> str:
        """A personal text, with letters and signs that encodings treat differently."""
        return f"Zoë {self.word} & {of}"

    def number(self, last: int) -> str:
        """A telephone number: Belgian, and nobody's."""
        return f"+32{self.digits}{last}"


class Site(NamedTuple):
    """A deployment that runs, and its workspace."""

    home: Path
    output: Path
    url: str
    workspace_id: str
    api_key: str
    token: str
    markers: Markers

    def post(self, form: Form, channel: str = "voice/status", *, token: str | None = None) -> int:
        """Post a callback as Twilio does; the status of the answer."""
        target = f"{self.url}/twilio/{self.workspace_id}/{channel}"
        signature = sign(target, form, (token or self.token).encode())
        headers = {**FORM, "X-Twilio-Signature": signature}
        return ask("POST", target, content=form_bytes(form), headers=headers).status_code

    def get_status(self, form: Form) -> int:
        """Send a status callback in the query of a GET, as Twilio does where it is told to."""
        query = urlencode(form, quote_via=quote)
        target = f"{self.url}/twilio/{self.workspace_id}/voice/status?{query}"
        headers = {"X-Twilio-Signature": sign(target, [], self.token.encode())}
        return ask("GET", target, headers=headers).status_code

    def read(self, path: str, *, method: str = "GET", **body: Any) -> str:  # noqa: ANN401 - JSON
        """Ask for one of the workspace's resources; the answer as it stands."""
        url = f"{self.url}/v1/workspaces/{self.workspace_id}{path}"
        headers = {"Authorization": f"Bearer {self.api_key}", "If-Match": "*"}
        answer = ask(method, url, headers=headers, json=body or None)
        return answer.raise_for_status().text

    def subject_of(self, number: str) -> str:
        """Whoever has this number."""
        (subject,) = json.loads(self.read(f"/subjects?number={quote(number)}"))["data"]
        return str(subject["subject_id"])

    def set_up(self) -> None:
        """Tell the workspace of people of its own: in a note, as a member, to be dialled."""
        why = {"reason": "instruction", "note": self.markers.text("note")}
        recording = {"mode": "asked", "prompt": PROMPT}
        settings = {"recording": recording, "transcription": {"is_on": True}}
        self.read("/settings", method="PATCH", ai={"is_on": False}, **settings, **why)
        self.read("/dial-targets/desk", method="PUT", number=self.markers.number(20), **why)
        until = (datetime.now(UTC) + timedelta(days=7)).isoformat()
        email = f"{self.markers.word}@example.com"
        member = {"email": email, "role": "admin", "expires_at": until}
        self.read("/invitations", method="POST", **member, **why)
        assert email in self.read("/members")

    def erase(self, number: str) -> None:
        """Erase whoever has this number."""
        self.read(f"/subjects/{self.subject_of(number)}/erasure", method="POST")

    def receipt(self, subject: str) -> str:
        """What an erasure would take, and a receipt of what it took."""
        path = f"/subjects/{subject}/erasure"
        return self.read(f"{path}/preview") + self.read(f"{path}/receipt", method="POST")

    def object(self, number: str, words: str) -> str:
        """Withdraw from marketing calls in one's own words; what was kept of it."""
        path = f"/subjects/{self.subject_of(number)}/consents"
        said = {"said": "withdrawn", "purpose": "marketing", "kind": "calls", "words": words}
        evidence = {"occurred_at": "2026-03-02T10:00:00Z", "evidence": {"channel": "paper"}}
        consent = json.loads(self.read(path, method="POST", **said, **evidence))["id"]
        return self.read(f"{path}/{consent}/history")

    def listen(self, call: str, recording: str) -> bytes:
        """The audio of a recording."""
        path = f"/calls/{call}/recordings/{recording}/audio?purpose=dispute"
        url = f"{self.url}/v1/workspaces/{self.workspace_id}{path}"
        headers = {"Authorization": f"Bearer {self.api_key}"}
        return ask("GET", url, headers=headers).raise_for_status().content

    def objects(self) -> list[Path]:
        """What lies in the object store."""
        return [path for path in (self.home / "objects").rglob("*") if path.is_file()]

    def search(self) -> set[Find]:
        """Every byte under the home, backups too, and all that was printed, for every marker."""
        _checkpoint(self.home)
        master = (self.home / "master.key").read_text().split()[1]
        stems = {
            **self.markers._asdict(),
            "api key": self.api_key[-40:],
            "master key": base64.b64decode(master).hex(),
        }
        found = search([self.home, self.output], stems)
        # The master key lies in one place.
        found |= search([p for p in self.home.iterdir() if p.name != "master.key"], {"m": master})
        return found


@pytest.fixture
def markers() -> Markers:
    """Markers that lie nowhere yet."""
    digits = f"470{secrets.randbelow(10**7):07d}"
    return Markers(f"cnry{secrets.token_hex(5)}", digits, random_card())


@contextmanager
def _provider(token: str, audio: bytes) -> Iterator[str]:
    """Where Twilio's recordings are fetched from, for whoever has the token; its address."""
    up, over, found = threading.Event(), threading.Event(), list[str]()

    async def serve() -> None:
        async with media_server(**{recording_sid(0): audio}) as server:
            server.login = Login(ACCOUNT_SID, token)
            found.append(server.origin)
            up.set()
            await asyncio.to_thread(over.wait)

    thread = threading.Thread(target=asyncio.run, args=(serve(),))
    thread.start()
    up.wait(LONGEST_SECONDS)
    try:
        yield found[0]
    finally:
        over.set()
        thread.join()


@contextmanager
def _up(folder: Path, markers: Markers) -> Iterator[tuple[Site, Running]]:
    home, token = folder / "home", f"{markers.word}{secrets.token_hex(8)}"
    audio = wave_file(_spoken(markers) * 500)
    made: dict[str, Any] = answer(
        home,
        *("workspaces", "create", "--name", "Ghent", "--twilio-account-sid", ACCOUNT_SID),
        *("--twilio-auth-token", token, "--dial-target", markers.number(99)),
    )
    with (
        _provider(token, audio) as twilio,
        running(home, "up", "--port", "0", RINGLEDGER_TWILIO_API_URL=twilio) as program,
    ):
        site = Site(home, program.log, program.url, token=token, markers=markers, **made)
        yield site, program
        if program.process.poll() is None:
            assert program.end(signal.SIGINT) == 0


def _checkpoint(home: Path) -> None:
    """Have all that is in PostgreSQL's memory written to its files, and back it all up."""

    async def write() -> None:
        async with EmbeddedPostgres(home) as urls:
            with psycopg.connect(urls.admin, autocommit=True) as owner:
                owner.execute("CHECKPOINT")
            dump_as_text(urls, home / "backup.sql")
            dump(urls, home / "backup")

    asyncio.run(write())


def _marked(form: Form, markers: Markers) -> Form:
    """The form with a marker in every field that may speak of a person, known or not."""
    places = {
        name: markers.text(name)
        for end in ("From", "To", "Caller", "Called")
        for name in (f"{end}City", f"{end}State", f"{end}Zip", f"{end}Country")
    }
    others = [
        ("CallerName", markers.text("name")),
        ("ForwardedFrom", markers.number(50)),
        ("SipHeader_X-Customer", markers.text("header")),
        (f"SipHeader_X-{markers.word}", "a name is personal too"),
        ("AddOns", f'{{"caller": "{markers.text("addon")}"}}'),
        ("SpeechResult", markers.text("speech")),
    ]
    return [pair for pair in form if pair[0] not in places] + [*places.items(), *others]


def _callbacks(markers: Markers) -> Iterator[tuple[str, Form]]:
    """Calls of every kind of party, and callbacks that nobody understands."""
    parties = [
        *(markers.number(n) for n in (1, 2)),
        f"client:{markers.word}",
        f"sip:{markers.word}@{markers.word}.example;user=phone",
        f"whatsapp:{markers.number(3)}",
        f"{markers.word} by name",
    ]
    # After the settings were, also when its fractions of a second are left out.
    now = datetime.now(UTC) + timedelta(seconds=1)
    for n, party in enumerate(parties):
        form = incoming_form(call_sid(n), caller=party, callee=markers.number(10))
        yield "voice/incoming", _marked(form, markers)
        legs = leg_callbacks(call_sid(n), caller=party, callee=markers.number(10), start=now)
        for form in legs:
            yield "voice/status", _marked(form, markers)
    message = dict(recording_form(0, channels=1, call=0)) | {"RecordingSource": "RecordVerb"}
    yield "voice/recording", _marked(list(message.items()), markers)
    yield from _said(markers)
    odd = incoming_form(call_sid(90), caller=markers.number(4))
    yield "voice/status", _marked([*odd, ("CallStatus", markers.text("status"))], markers)
    yield "voice/incoming", _marked([("CallSid", markers.text("sid"))], markers)


def _spoken(markers: Markers) -> bytes:
    """What a recording's samples hold."""
    return markers.text("spoken").encode("utf-16-le")


def _said(markers: Markers) -> Iterator[tuple[str, Form]]:
    """What was said in the first call, and in messages: understood or not."""
    text, now = f"{markers.text('said')}: {markers.card}", datetime.now(UTC)
    yield "voice/transcription", started_form(1, call=0, start=now)
    yield "voice/transcription", content_form(2, text, call=0, start=now)
    yield "voice/transcription", content_form(3, text, call=0, final="false", start=now)
    yield "voice/transcription", message_form(text, call=0)
    yield "voice/transcription", message_form(text, call=0, status="huh")
    message = [("From", markers.number(1)), ("To", markers.number(10)), ("Body", text)]
    for sid in ("SM" + "1" * 32, ""):
        yield "messages/incoming", [("MessageSid", sid), ("SmsStatus", "received"), *message]


def test_no_personal_value_is_found_anywhere(tmp_path: Path, markers: Markers) -> None:
    """Not in a file and not in a line of output: before an erasure, after it, and at the end."""
    with _up(tmp_path, markers) as (site, program):
        site.set_up()
        for channel, form in _callbacks(markers):
            assert site.post(form, channel) in GENUINE
        asked = _marked(incoming_form(call_sid(91), caller=markers.number(5)), markers)
        assert site.get_status(asked) in GENUINE
        assert site.post(asked, token=f"{markers.word} forged") == 403
        # Readers get the number: it was kept, sealed, and not lost.
        number = markers.number(1)
        soon(lambda: number in site.read("/calls"))
        assert number in site.read(f"/calls?number={quote(number)}")
        (call,) = json.loads(site.read(f"/calls?number={quote(number)}"))["data"]
        path = f"/calls/{call['id']}/transcriptions"
        soon(lambda: site.read(path).count("[card number]") == 2)
        heard = site.read(path)
        assert heard.count(markers.word) == 2
        assert markers.card not in heard
        recordings = f"/calls/{call['id']}/recordings"
        soon(lambda: "audible" in site.read(recordings))
        (recording,) = json.loads(site.read(recordings))["data"]
        assert _spoken(markers) in site.listen(call["id"], recording["id"])
        assert site.objects()
        words = markers.text("own words")
        assert words in site.object(number, words)
        assert site.search() == set()
        subject = site.subject_of(number)
        for last in (1, 10):
            site.erase(markers.number(last))
        told = site.receipt(subject)
        assert markers.digits not in told
        assert markers.word not in told
        soon(lambda: number not in site.read("/calls"))
        soon(lambda: not site.objects())
        marketing = f"/marketing?number={quote(number)}&kind=calls"
        assert "suppressed" in site.read(marketing)
        assert site.search() == set()
        assert program.end(signal.SIGINT) == 0
    assert site.search() == set()


def test_whatever_is_written_in_the_clear_is_found(home: Path, markers: Markers) -> None:
    """The search can fail: one value in a table is found there and in the WAL, in any dress."""

    async def write() -> None:
        async with EmbeddedPostgres(home) as urls:
            with psycopg.connect(urls.admin, autocommit=True) as owner:
                owner.execute("CREATE TABLE leak AS SELECT %s::text AS name", (markers.text("x"),))
                owner.execute("CREATE INDEX ON leak (name)")

    asyncio.run(write())
    found = search([home], {"word": markers.word})
    assert {find.dress for find in found} == {"word: plain"}
    assert sum("pg_wal" in find.file for find in found) >= 1
    assert sum("/base/" in find.file for find in found) >= 2  # the table and its index


@pytest.mark.parametrize("dress", dresses("stem"))
def test_every_dress_is_seen_through(dress: str, tmp_path: Path, markers: Markers) -> None:
    """A number in each of its encodings, in the middle of other bytes, is found."""
    for stem in (markers.digits, markers.word):
        (tmp_path / "file").write_bytes(b"\x00junk" + dresses(stem)[dress] + b"\xffjunk")
        assert Find(str(tmp_path / "file"), f"it: {dress}") in search([tmp_path], {"it": stem})
    for before in range(6):
        coded = base64.b64encode(b"x" * before + markers.word.encode() + b"yz")
        (tmp_path / "file").write_bytes(coded)
        assert search([tmp_path], {"it": markers.word})
