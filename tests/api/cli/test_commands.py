"""The commands: what they print, for people and as JSON, and what their exit codes mean."""

import asyncio
import json
import logging
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest
import structlog
from serving import AUTH_TOKEN, settings_for
from twilio_forms import ACCOUNT_SID, CALLEE, CALLER, call_callbacks, call_sid
from typer.testing import CliRunner, Result

from adapters.event_store.requests import Request
from adapters.postgres.embedded import Urls
from adapters.twilio.callbacks import read_callback
from adapters.wiring import Ledger, open_ledger
from adapters.workspaces.api_keys import ApiKey, Scope, authenticate
from adapters.workspaces.credentials import Credentials, read_credentials
from api.cli import app
from api.following import VIEWS
from domain.calls.call import CALL
from domain.dead_letters.dead_letter import DEAD_LETTER, KeepDeadLetter
from domain.identifiers import call_id
from domain.messages import Context
from domain.personal_data import Category, Clear
from projections.follower import Follower

CREATE = ("workspaces", "create", "--name", "Acme", "--twilio-account-sid", ACCOUNT_SID)
UNKNOWN = "00000000-0000-4000-8000-000000000000"


@dataclass(frozen=True)
class Desk:
    """Where somebody types commands, over a database and a home of the test's own."""

    database: Urls
    home: Path

    @property
    def environ(self) -> dict[str, str]:
        """What the commands read."""
        return {
            "RINGLEDGER_HOME": str(self.home),
            "RINGLEDGER_DATABASE_URL": self.database.app,
            "RINGLEDGER_MIGRATION_URL": self.database.admin,
        }

    def type(self, *words: str, stdin: str = "", **more: str | None) -> Result:
        """Run a command, whatever comes of it."""
        environ: Mapping[str, str | None] = {**self.environ, **more}
        return CliRunner().invoke(app, words, input=stdin, env=environ)

    def ask(self, *words: str, stdin: str = "") -> Any:  # noqa: ANN401 - a document
        """The JSON document of a command that is done."""
        done = self.type(*words, "--json", stdin=stdin)
        assert done.exit_code == 0, done.stderr
        return json.loads(done.stdout)

    def create(self) -> UUID:
        """Make a workspace."""
        return UUID(self.ask(*CREATE, "--twilio-auth-token", AUTH_TOKEN)["workspace_id"])

    def hear(self, workspace_id: UUID) -> str:
        """Keep an answered call and a dead letter, and bring the views up to date."""
        return asyncio.run(self._hear(workspace_id))

    async def _hear(self, workspace_id: UUID) -> str:
        context = Context("twilio", uuid4())
        async with open_ledger(settings_for(self.database, self.home)) as ledger:
            for form in call_callbacks(call_sid(1), call_sid(2)):
                stream, command = read_callback(workspace_id, form)
                await ledger.handle(Request(workspace_id, stream, CALL, command, context))
            letter = KeepDeadLetter(
                channel="voice/status",
                reason="unknown_status",
                callback=Clear({"form": [["From", CALLER]]}, Category.dead_letter),
            )
            await ledger.handle(Request(workspace_id, uuid4(), DEAD_LETTER, letter, context))
            await self._follow(ledger)
        return str(call_id(workspace_id, "twilio", call_sid(1)))

    def follow(self) -> None:
        """Bring the views up to date."""
        asyncio.run(self._open_and_follow())

    async def _open_and_follow(self) -> None:
        async with open_ledger(settings_for(self.database, self.home)) as ledger:
            await self._follow(ledger)

    async def _follow(self, ledger: Ledger) -> None:
        for workspace in await ledger.directory.all():
            cell = await ledger.cell_of(workspace.workspace_id)
            for view in VIEWS.values():
                async with await cell.follow() as connection:
                    await Follower(cell.follow, view).catch_up(connection)

    def credentials(self, workspace_id: UUID) -> Credentials:
        """What the workspace's provider signs with."""
        return asyncio.run(self._credentials(workspace_id))

    async def _credentials(self, workspace_id: UUID) -> Credentials:
        async with open_ledger(settings_for(self.database, self.home)) as ledger:
            cell = await ledger.cell_of(workspace_id)
            async with cell.scoped(workspace_id) as connection:
                key = await cell.workspace_key(connection, workspace_id)
                return await read_credentials(connection, key)

    def scopes(self, text: str) -> frozenset[str] | None:
        """What an API key may do; ``None`` for one that is not good."""
        return asyncio.run(self._scopes(text))

    async def _scopes(self, text: str) -> frozenset[str] | None:
        key = ApiKey.parse(text)
        assert key is not None
        async with open_ledger(settings_for(self.database, self.home)) as ledger:
            cell = await ledger.cell_of(key.workspace_id)
            async with cell.scoped(key.workspace_id) as connection:
                principal = await authenticate(connection, key)
        return principal.scopes if principal else None


@pytest.fixture
def desk(database: Urls, tmp_path: Path) -> Iterator[Desk]:
    """A desk; afterwards the log is what it was before a command configured it."""
    handlers, level = logging.root.handlers[:], logging.root.level
    yield Desk(database, tmp_path)
    structlog.reset_defaults()
    logging.root.handlers[:] = handlers
    logging.root.setLevel(level)


def test_a_workspace_is_made_and_listed(desk: Desk) -> None:
    """The key printed is good for everything, and the provider's secrets are kept."""
    made = desk.ask(*CREATE, "--twilio-auth-token", AUTH_TOKEN, "--dial-target", CALLEE)
    assert desk.scopes(made["api_key"]) == frozenset(Scope)
    kept = desk.credentials(UUID(made["workspace_id"]))
    assert (kept.account_sids, kept.auth_tokens) == ((ACCOUNT_SID,), (AUTH_TOKEN,))
    assert kept.dial_target == CALLEE
    (listed,) = desk.ask("workspaces", "list")["data"]
    assert (listed["workspace_id"], listed["name"]) == (made["workspace_id"], "Acme")
    assert "Acme" in desk.type("workspaces", "list").stdout


@pytest.mark.parametrize("where", ["stdin", "environment"])
def test_the_token_need_not_be_an_argument(desk: Desk, where: str) -> None:
    """It may come on stdin or in the environment, where no process list shows it."""
    if where == "stdin":
        done = desk.type(*CREATE, "--twilio-auth-token", "-", "--json", stdin=f"{AUTH_TOKEN}\n")
    else:
        done = desk.type(*CREATE, "--json", TWILIO_AUTH_TOKEN=AUTH_TOKEN)
    made = json.loads(done.stdout)
    assert desk.credentials(UUID(made["workspace_id"])).auth_tokens == (AUTH_TOKEN,)


def test_a_workspace_without_a_token_is_refused(desk: Desk) -> None:
    """An empty secret is one that anybody can sign with."""
    assert desk.type(*CREATE, "--twilio-auth-token", "-", stdin="\n").exit_code == 2
    assert desk.type(*CREATE).exit_code == 2
    assert desk.ask("workspaces", "list")["data"] == []


def test_calls_are_listed_shown_and_told(desk: Desk) -> None:
    """A call with its numbers, its way, and every entry of its history."""
    call = desk.hear(desk.create())
    (listed,) = desk.ask("calls", "list")["data"]
    assert (listed["id"], listed["outcome"]) == (call, "answered")
    assert listed["caller"]["value"]["address"] == CALLER
    shown = desk.ask("calls", "show", call)
    assert [leg["status"] for leg in shown["legs"]] == ["completed", "completed"]
    told = desk.ask("calls", "history", call)["data"]
    assert [entry["version"] for entry in told] == list(range(1, shown["version"] + 1))


def test_people_read_tables(desk: Desk) -> None:
    """Without --json the same stands in tables."""
    call = desk.hear(desk.create())
    assert CALLER in desk.type("calls", "list").stdout
    assert "answered" in desk.type("calls", "show", call).stdout
    assert "call.leg_ended" in desk.type("calls", "history", call).stdout
    assert "unknown_status" in desk.type("dead-letters", "list").stdout


def test_calls_are_filtered(desk: Desk) -> None:
    """Each filter finds the call that it describes, and not another."""
    desk.hear(desk.create())
    for words in (
        ("--number", CALLER),
        ("--direction", "inbound"),
        ("--outcome", "answered"),
        ("--started-after", "2026-03-02T13:00:00Z"),
    ):
        assert len(desk.ask("calls", "list", *words)["data"]) == 1, words
    for words in (
        ("--number", "+447700900999"),
        ("--direction", "outbound"),
        ("--outcome", "missed"),
        ("--started-after", "2026-03-02T15:00:00+01:00"),
    ):
        assert desk.ask("calls", "list", *words)["data"] == [], words
    by_stdin = desk.ask("calls", "list", "--number", "-", stdin=f"{CALLER}\n")
    assert len(by_stdin["data"]) == 1


def test_a_call_is_shown_as_it_was(desk: Desk) -> None:
    """As of two o'clock it had just begun; before we knew of it there is nothing to show."""
    call = desk.hear(desk.create())
    then = desk.ask("calls", "show", call, "--as-of", "2026-03-02T13:58:12Z")
    assert then["outcome"] is None
    early = desk.type("calls", "show", call, "--known-at", "2020-01-01T00:00:00Z")
    assert early.exit_code == 3
    assert desk.type("calls", "show", call, "--known-at", "2020-01-01").exit_code == 2


def test_a_subject_is_found_and_erased(desk: Desk) -> None:
    """After the erasure nobody is found by the number, and the call names nobody."""
    desk.hear(desk.create())
    (subject,) = desk.ask("subjects", "find", "-", stdin=f"{CALLER}\n")["data"]
    assert subject["call_count"] == 1
    erase = ("subjects", "erase", subject["subject_id"], "--reason", "objection")
    certificate = desk.ask(*erase)
    assert (certificate["reason"], certificate["values_deleted"] > 0) == ("objection", True)
    assert certificate["deleted_at"] is not None
    assert desk.ask(*erase) == certificate
    again = desk.type("subjects", "find", CALLER)
    assert again.exit_code == 3
    assert CALLER not in again.output
    (listed,) = desk.ask("calls", "list")["data"]
    assert (listed["caller"]["state"], listed["caller"]["value"]) == ("erased", None)
    assert "[erased]" in desk.type("calls", "list").stdout


def test_consents_are_told_and_listed(desk: Desk) -> None:
    """As over HTTP: each with its evidence, as of any time, and by whom it was told."""
    desk.hear(desk.create())
    subject = desk.ask("subjects", "find", CALLER)["data"][0]["subject_id"]
    newsletter = ("--purpose", "marketing", "--kind", "newsletter", "--channel", "paper")
    given = desk.ask(
        *("consents", "tell", subject, "given", *newsletter, "--at", "2026-03-02T10:00:00Z"),
        *("--evidence", '{"prompt_id": "signup-form"}', "--words", "-"),
        stdin="send it to my wife\n",
    )
    assert (given["standing"], given["evidence"]["prompt_id"]) == ("given", "signup-form")
    told = ("consents", "tell", subject, "withdrawn", *newsletter)
    assert desk.ask(*told)["standing"] == "withdrawn"
    (entry, _) = desk.ask("consents", "history", subject, given["id"])["data"]
    assert (entry["actor"], entry["occurred_at"]) == ("cli", "2026-03-02T10:00:00Z")
    assert entry["sealed"]["words"]["value"] == {"text": "send it to my wife"}
    printed = desk.type("consents", "receipt", subject, given["id"])
    assert json.loads(printed.stdout)["consent_record"]["record_id"] == given["id"]
    desk.follow()
    (listed,) = desk.ask("consents", "list", subject)["data"]
    assert listed["standing"] == "withdrawn"
    then = ("--valid-at", "2026-03-02T10:00:01Z")
    assert desk.ask("consents", "list", subject, *then)["data"][0]["is_valid"] is True
    assert "newsletter" in desk.type("consents", "list", subject).stdout
    asked = desk.type("consents", "may-market", CALLER, "newsletter", "--json")
    assert asked.exit_code == 1
    assert json.loads(asked.stdout) == {"is_allowed": False, "reason": "withdrawn"}


def test_a_statement_that_cannot_be_meant_is_wrong_usage(desk: Desk) -> None:
    """It ends with 2 and says where; a rule that says no ends with 1."""
    desk.hear(desk.create())
    subject = desk.ask("subjects", "find", CALLER)["data"][0]["subject_id"]
    told = ("consents", "tell", subject, "given", "--channel", "paper", "--purpose")
    for words in (
        (*told, "marketing"),
        (*told, "recording", "--evidence", "[]"),
        (*told, "recording", "--evidence", '{"mood": "fine"}'),
        (*told, "recording", "--at", "yesterday"),
    ):
        assert desk.type(*words).exit_code == 2
    refused = desk.type(*told, "cookies", "--kind", "necessary")
    assert (refused.exit_code, refused.stderr) == (
        1,
        "ringledger: a rule says no: necessary_cookies_need_no_consent\n",
    )


SETTINGS = ("workspaces", "settings")
MEMBERS = ("workspaces", "members")
WHY = ("--reason", "instruction")


def test_settings_are_changed_shown_and_told(desk: Desk) -> None:
    """What a document names is set; the history says that it was the operator, and why."""
    desk.create()
    off = '{"ai": {"is_on": false}, "retention": [{"category": "recordings", "days": 30}]}'
    changed = desk.ask(*SETTINGS, "change", off, *WHY, "--note", "-", stdin="as Ann asked\n")
    assert (changed["version"], changed["ai"]) == (2, {"is_on": False})
    assert desk.ask(*SETTINGS, "show") == changed
    first, _ = desk.ask(*SETTINGS, "history")["data"]
    assert (first["actor"], first["fields"]["reason"]) == ("cli", "instruction")
    assert first["sealed"]["note"]["value"] == {"text": "as Ann asked"}
    before = desk.ask(*SETTINGS, "show", "--known-at", "2020-01-01T00:00:00Z")
    assert before["ai"] is None
    times = ("--from", "2020-01-01T00:00:00Z", "--to", first["recorded_at"])
    assert [c["setting"] for c in desk.ask(*SETTINGS, "diff", *times)["changes"]] == [
        *("ai", "retention")
    ]
    explained = desk.ask(*SETTINGS, "explain", "recordings")
    assert explained["ruling"]["level"] == "workspace"
    assert "workspace.ai_policy_set" in desk.type(*SETTINGS, "history").stdout
    assert "is_on" in desk.type(*SETTINGS, "diff", *times).stdout
    assert "promise 53" in desk.type(*SETTINGS, "explain", "recordings").stdout


def test_a_period_is_tried_before_it_is_set(desk: Desk) -> None:
    """What would go is shown, for people and for programs; so is what went."""
    desk.create()
    retention = ("workspaces", "retention")
    found = desk.ask(*retention, "simulate", "recordings", "--days", "30")
    assert (found["days"], found["now"]["values"], found["later"]) == (30, 0, [])
    assert "objects" in desk.type(*retention, "simulate", "recordings", "--days", "30").stdout
    assert desk.ask(*retention, "history") == {"data": []}
    refused = desk.type(*retention, "simulate", "recordings", "--days", "91")
    assert refused.exit_code == 1


def test_a_change_of_what_somebody_changed_is_refused(desk: Desk) -> None:
    """Who has seen an older version is told; a document that means nothing is pointed at."""
    desk.create()
    desk.ask(*SETTINGS, "change", '{"ai": {"is_on": true}}', *WHY, "--seen", "0")
    stale = desk.type(*SETTINGS, "change", '{"ai": {"is_on": false}}', *WHY, "--seen", "0")
    assert (stale.exit_code, "changed it meanwhile" in stale.stderr) == (2, True)
    for document, said in (
        ('{"ai": {"is_on": 7}}', "ai.is_on"),
        ('{"colour": "red"}', "colour"),
        ("[]", "JSON object"),
        ('{"reason": "terms"}', "JSON object"),
        ('{"recording": {"mode": "announced"}}', "recording_without_announcement"),
    ):
        done = desk.type(*SETTINGS, "change", document, *WHY)
        assert done.exit_code in {1, 2}
        assert said in done.stderr, document
    assert desk.ask(*SETTINGS, "show")["ai"] == {"is_on": True}


def test_targets_and_integrations(desk: Desk) -> None:
    """A number is dialled by its name and an integration shared with, until they are not."""
    desk.create()
    desk.ask(*SETTINGS, "dial", "desk", "-", *WHY, stdin=f"{CALLEE}\n")
    terms = ("--terms", "2026-01", "--terms-sha256", "ab" * 32)
    desk.ask(*SETTINGS, "enable", "crm", *terms, "--field", "outcome", *WHY)
    found = desk.ask(*SETTINGS, "show")
    assert found["dial_targets"][0]["number"]["value"]["address"] == CALLEE
    assert found["integrations"]["crm"]["fields"] == ["outcome"]
    unread = desk.type(*SETTINGS, "enable", "crm", "--terms", "1", "--terms-sha256", "x", *WHY)
    assert (unread.exit_code, "text_sha256" in unread.stderr) == (2, True)
    wrong = desk.type(*SETTINGS, "dial", "desk", "nobody", *WHY)
    assert (wrong.exit_code, "E.164" in wrong.stderr) == (2, True)
    desk.ask(*SETTINGS, "undial", "desk", *WHY)
    desk.ask(*SETTINGS, "disable", "crm", *WHY)
    gone = desk.ask(*SETTINGS, "show")
    assert (gone["dial_targets"], gone["integrations"]) == ([], {})


def test_members_are_invited_and_join(desk: Desk) -> None:
    """With a role that can be changed, as long as an admin stays."""
    desk.create()
    invite = (*MEMBERS, "invite", "-", "--role", "admin", *WHY)
    made = desk.ask(*invite, stdin="ann@example.com\n")
    assert "ann@example.com" in desk.type(*MEMBERS, "list").stdout
    desk.ask(*MEMBERS, "accept", made["invitation_id"])
    (member,) = desk.ask(*MEMBERS, "list")["data"]
    assert (member["role"], member["email"]["value"]["address"]) == ("admin", "ann@example.com")
    role = (*MEMBERS, "role", member["subject_id"], "--role", "agent", *WHY)
    last = desk.type(*role)
    assert (last.exit_code, "last_admin" in last.stderr) == (1, True)
    other = desk.ask(*invite, stdin="ben@example.com\n")
    desk.ask(*MEMBERS, "accept", other["invitation_id"])
    desk.ask(*role)
    desk.ask(*MEMBERS, "remove", member["subject_id"], *WHY)
    (left,) = desk.ask(*MEMBERS, "list")["data"]
    assert left["email"]["value"]["address"] == "ben@example.com"
    assert desk.type(*MEMBERS, "accept", UNKNOWN).exit_code == 3
    third = desk.ask(*invite, stdin="cleo@example.com\n")
    desk.ask(*MEMBERS, "withdraw", third["invitation_id"], *WHY)
    assert desk.type(*MEMBERS, "accept", third["invitation_id"]).exit_code == 3


def test_a_closed_workspace_is_closed_to_every_command(desk: Desk) -> None:
    """But to those about its closure, which tell the promised day and take it back."""
    desk.hear(desk.create())
    assert desk.ask("workspaces", "closure")["is_closed"] is False
    closed = desk.ask("workspaces", "close", "--reason", "terminated")
    assert closed["keys_destroyed_from"] > closed["closed_at"]
    for words in (("calls", "list"), (*SETTINGS, "show"), (*MEMBERS, "list"), ("keys", "create")):
        done = desk.type(*words)
        assert (done.exit_code, done.stdout) == (1, ""), words
        assert "the workspace is closed" in done.stderr
    assert "terminated" in desk.type("workspaces", "closure").stdout
    assert desk.ask("workspaces", "reopen", "--reason", "correction")["is_closed"] is False
    assert len(desk.ask("calls", "list")["data"]) == 1


def test_an_erasure_waits_for_a_hold_that_was_placed(desk: Desk) -> None:
    """It is said for which; the release carries it out, and the list says how each hold stands."""
    desk.hear(desk.create())
    subject = desk.ask("subjects", "find", "-", stdin=f"{CALLER}\n")["data"][0]["subject_id"]
    soon = (datetime.now(UTC) + timedelta(days=30)).date().isoformat()
    why = ("--matter", "2026-17", "--review-on", soon)
    placed = desk.ask("holds", "place", "subject", "--subject", subject, *why)
    assert placed["placed_by"] == "cli"
    assert desk.ask("subjects", "erase", subject)["holds"] == [placed["id"]]
    assert "waiting" in desk.type("subjects", "erase", subject).stdout
    assert desk.ask("holds", "list", "--state", "overdue")["data"] == []
    later = (datetime.now(UTC) + timedelta(days=60)).date().isoformat()
    reviewed = desk.ask("holds", "review", placed["id"], "--review-on", later)
    assert reviewed["review_on"] == later
    assert "2026-17" in desk.type("holds", "list").stdout
    assert desk.ask("holds", "release", placed["id"])["released_at"] is not None
    assert desk.ask("subjects", "erase", subject)["deleted_at"] is not None
    for words in (("release", UNKNOWN), ("review", UNKNOWN, "--review-on", later)):
        assert desk.type("holds", *words).exit_code == 3
    refused = desk.type("holds", "place", "call", *why)
    assert (refused.exit_code, "scope_of_something_else" in refused.stderr) == (1, True)


def test_a_subject_is_restricted_and_the_restriction_lifted(desk: Desk) -> None:
    """Meanwhile their values read so, and retention is explained by it."""
    desk.hear(desk.create())
    subject = desk.ask("subjects", "find", "-", stdin=f"{CALLER}\n")["data"][0]["subject_id"]
    restricted = desk.ask("subjects", "restrict", subject, "--ground", "accuracy")
    assert (restricted["is_restricted"], restricted["ground"]) == (True, "accuracy")
    (call,) = desk.ask("calls", "list")["data"]
    assert call["caller"]["state"] == "restricted"
    explained = desk.ask(*SETTINGS, "explain", "call_metadata", "--subject", subject)
    assert explained["ruling"]["level"] == "restriction"
    lift = ("subjects", "unrestrict", subject, "--told-at", "2026-03-02T14:02:00Z")
    assert "is_restricted" in desk.type(*lift).stdout
    (call,) = desk.ask("calls", "list")["data"]
    assert call["caller"]["state"] == "value"


def test_a_key_has_the_scopes_that_were_chosen(desk: Desk) -> None:
    """A key may do what it was made for, and no more."""
    desk.create()
    made = desk.ask("keys", "create", "--scope", "calls:read")
    assert made["scopes"] == ["calls:read"]
    assert desk.scopes(made["api_key"]) == frozenset({"calls:read"})
    assert desk.scopes(desk.type("keys", "create").stdout.strip()) == frozenset(Scope)


def test_dead_letters_are_listed_without_what_they_say(desk: Desk) -> None:
    """Where it came in and what was not understood, and no number."""
    desk.hear(desk.create())
    found = desk.ask("dead-letters", "list")["data"]
    assert [letter["reason"] for letter in found] == ["unknown_status"]
    assert CALLER not in json.dumps(found)


def test_a_view_that_differs_from_its_history_is_found_out(desk: Desk) -> None:
    """A rebuilt view equals the live one; where somebody changed a row it does not, once."""
    desk.hear(desk.create())
    assert desk.type("views", "rebuild").exit_code == 0
    with psycopg.connect(desk.database.admin, autocommit=True) as owner:
        owner.execute("UPDATE cell_1.call_log SET outcome = 'missed'")
    assert desk.type("views", "rebuild", "--check").exit_code == 1
    rebuilt = desk.type("views", "rebuild", "call_log", "--json")
    assert rebuilt.exit_code == 1
    (result,) = json.loads(rebuilt.stdout)["data"]
    assert (result["view"], result["missing"], result["surplus"]) == ("cell_1.call_log", 1, 1)
    assert desk.type("views", "rebuild", "call_log").exit_code == 0
    assert desk.ask("calls", "list")["data"][0]["outcome"] == "answered"


def test_migrate_says_what_it_did(desk: Desk) -> None:
    """The first time everything, the second time nothing."""
    first = desk.ask("migrate")["applied"]
    assert "cell_1/0001_history" in first
    assert desk.ask("migrate")["applied"] == []


def test_what_is_not_there_ends_with_3(desk: Desk) -> None:
    """No workspace, no call, no subject, no view by that name."""
    assert desk.type("calls", "list").exit_code == 3
    desk.create()
    for words in (
        ("calls", "list", "--workspace", UNKNOWN),
        ("calls", "show", UNKNOWN),
        ("calls", "history", UNKNOWN),
        ("subjects", "erase", UNKNOWN),
    ):
        done = desk.type(*words)
        assert (done.exit_code, done.stdout) == (3, ""), words
        assert done.stderr.startswith("ringledger: there is no such"), words


def test_another_workspace_is_not_guessed(desk: Desk) -> None:
    """Where there are two, one must be named; each shows its own calls only."""
    first, second = desk.create(), desk.create()
    desk.hear(first)
    done = desk.type("calls", "list")
    assert done.exit_code == 2
    assert "--workspace" in done.stderr
    assert len(desk.ask("calls", "list", "-w", str(first))["data"]) == 1
    assert desk.ask("calls", "list", "-w", str(second))["data"] == []


@pytest.mark.parametrize(
    ("variable", "value", "code"),
    [
        ("RINGLEDGER_CELLS", "none", 2),
        ("RINGLEDGER_COLOUR", "blue", 2),
        ("RINGLEDGER_DATABASE_URL", "postgresql://nobody:secret@127.0.0.1:1/none", 4),
    ],
)
def test_an_error_is_one_line_without_a_secret(
    desk: Desk, variable: str, value: str, code: int
) -> None:
    """Wrong settings end with 2, a database that cannot be had with 4; no traceback."""
    more = {variable: value}
    if variable == "RINGLEDGER_DATABASE_URL":
        more["RINGLEDGER_MIGRATION_URL"] = value
    done = desk.type("workspaces", "list", **more)
    assert (done.exit_code, done.stdout) == (code, "")
    assert done.stderr.startswith("ringledger: ")
    assert done.stderr.count("\n") == 1
    assert "secret" not in done.stderr


def test_a_lost_master_key_is_not_replaced(desk: Desk) -> None:
    """A new one would make every value unreadable: it ends with 4 and makes none."""
    desk.create()
    desk.home.joinpath("master.key").unlink()
    done = desk.type("calls", "list")
    assert done.exit_code == 4
    assert "master key" in done.stderr
    assert not desk.home.joinpath("master.key").exists()


@pytest.mark.parametrize(
    "words",
    [
        ("up",),
        ("serve",),
        ("follow",),
        ("migrate",),
        ("demo",),
        ("workspaces", "create"),
        ("workspaces", "list"),
        ("workspaces", "close"),
        ("workspaces", "reopen"),
        ("workspaces", "closure"),
        *((*SETTINGS, verb) for verb in ("show", "change", "history", "diff", "explain")),
        *(("workspaces", "retention", verb) for verb in ("simulate", "history")),
        *((*SETTINGS, verb) for verb in ("dial", "undial", "enable", "disable")),
        *((*MEMBERS, verb) for verb in ("list", "invite", "accept", "withdraw", "role", "remove")),
        ("keys", "create"),
        ("calls", "list"),
        ("calls", "show"),
        ("calls", "history"),
        ("subjects", "find"),
        ("subjects", "erase"),
        ("consents", "list"),
        ("consents", "tell"),
        ("consents", "history"),
        ("consents", "receipt"),
        ("consents", "may-market"),
        ("workspaces", "credentials", "add"),
        ("workspaces", "credentials", "revoke"),
        ("dead-letters", "list"),
        *(("holds", verb) for verb in ("list", "place", "review", "release")),
        *(("subjects", verb) for verb in ("restrict", "unrestrict")),
        ("views", "rebuild"),
        ("keys", "rotate"),
    ],
)
def test_every_command_has_help(words: tuple[str, ...]) -> None:
    """It says what it does, and its exit codes."""
    done = CliRunner().invoke(app, [*words, "--help"])
    assert done.exit_code == 0
    said = " ".join(done.stdout.split())  # wherever the terminal's width breaks its lines
    assert "Exit codes: 0 done" in said
    assert words[-1] in said


def test_a_workspace_is_given_what_opens_its_books(desk: Desk) -> None:
    """An API key and where the account is; both are told at once where they cannot be meant."""
    key, region = f"SK{1:032x} secret", "ie1 dublin"
    given = ("--twilio-auth-token", "token", "--twilio-api-key", key, "--twilio-region", region)
    made = desk.ask(*CREATE, *given)
    found = desk.credentials(UUID(made["workspace_id"]))
    assert (found.api_keys, found.region) == ((key,), region)
    shown = desk.type(*CREATE, "--twilio-auth-token", "token")
    assert "/voice/status#rc=3&rp=all" in shown.stderr
    for wrong in (("--twilio-api-key", "SK1"), ("--twilio-region", "ie1")):
        refused = desk.type(*CREATE, "--twilio-auth-token", "token", *wrong)
        assert (refused.exit_code, wrong[0] in refused.stderr) == (2, True)


def test_the_master_key_rotates(desk: Desk) -> None:
    """What was sealed opens afterwards, and the old key is gone; or kept until it is asked for."""
    workspace = desk.create()
    desk.hear(workspace)
    before = (desk.home / "master.key").read_text()
    kept = desk.ask("keys", "rotate", "--keep-old")
    assert kept["keys"] > 0
    assert kept["destroyed"] == {}
    assert (desk.home / "master.key").read_text().startswith(before)
    done = desk.type("keys", "rotate")
    assert f"the master key is {kept['master_key_id']}" in done.stdout
    assert f"the master key {before.split()[0]} is gone from" in done.stdout
    assert len((desk.home / "master.key").read_text().splitlines()) == 1
    (listed,) = desk.ask("calls", "list")["data"]
    assert listed["caller"]["value"]["address"] == CALLER
    assert desk.credentials(workspace).auth_tokens == (AUTH_TOKEN,)


def test_a_token_rotates_while_the_old_one_stands(desk: Desk) -> None:
    """Added on standard input, listed without what is secret, and the old one revoked."""
    workspace_id = desk.create()
    of = ("workspaces", "credentials")
    desk.ask(*of, "add", "twilio_auth_token", stdin="cnry-new\n")
    name = ("--name", f"SK{1:032x}")
    desk.ask(*of, "add", "twilio_api_key", *name, stdin="cnry-secret\n")
    assert desk.credentials(workspace_id).auth_tokens == (AUTH_TOKEN, "cnry-new")
    listed = desk.ask(*of, "list")["data"]
    named = [(one["kind"], one["name"]) for one in listed]
    # The first two came at once, in either order.
    assert sorted(named[:2], key=str) == [
        ("twilio_account_sid", ACCOUNT_SID),
        ("twilio_auth_token", None),
    ]
    assert named[2:] == [("twilio_auth_token", None), ("twilio_api_key", name[1])]
    shown = desk.type(*of, "list")
    assert name[1] in shown.stdout
    assert "cnry" not in shown.stdout + json.dumps(listed)
    tokens = [one for one in listed if one["kind"] == "twilio_auth_token"]
    old, new = (one["credential_id"] for one in tokens)
    assert desk.type(*of, "revoke", old).exit_code == 0
    assert desk.credentials(workspace_id).auth_tokens == ("cnry-new",)
    last = desk.type(*of, "revoke", new)
    assert (last.exit_code, "add another first" in last.stderr) == (2, True)
    assert desk.type(*of, "revoke", UNKNOWN).exit_code == 3


def test_a_credential_that_cannot_be_meant_is_refused(desk: Desk) -> None:
    """Before it is stored, and without being quoted."""
    workspace_id = desk.create()
    before = desk.credentials(workspace_id)
    of = ("workspaces", "credentials", "add")
    for words in (
        ("twilio_api_key",),
        ("twilio_auth_token", "--name", "cnry"),
        ("twilio_recording_key", "--name", f"CR{1:032x}"),
        ("twilio_region",),
    ):
        refused = desk.type(*of, *words, stdin="cnry")
        assert refused.exit_code == 2
        assert "cnry" not in refused.stdout + refused.stderr
    assert desk.credentials(workspace_id) == before


def test_the_operator_is_written_down_too(desk: Desk) -> None:
    """What the command line opens is an access entry like any other: `cli`, from nowhere."""
    workspace_id = desk.create()
    call = desk.hear(workspace_id)
    subject = desk.ask("subjects", "find", CALLER)["data"][0]["subject_id"]
    assert desk.ask("subjects", "accesses", subject) == {"data": []}
    desk.ask("calls", "show", call)
    (found,) = desk.ask("subjects", "accesses", subject, "--purpose", "service")["data"]
    assert (found["reader"], found["purpose"], found["operation"]) == ("cli", "service", "call")
    assert desk.ask("subjects", "accesses", subject, "--purpose", "dispute") == {"data": []}
    shown = desk.type("subjects", "accesses", subject, "--origins")
    assert shown.exit_code == 0
    assert "user_agent" in shown.stdout
    assert desk.type("subjects", "accesses", UNKNOWN).exit_code == 3
