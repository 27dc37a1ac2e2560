"""Dead letters over HTTP: seen without a value, replayed once they can be understood."""

from pathlib import Path
from uuid import uuid4

from cells import asynchronous
from serving import House, serving
from twilio_forms import ACCOUNT_SID, CALLER, Form, call_sid, incoming_form

from adapters.postgres.embedded import Urls
from adapters.workspaces.api_keys import Scope
from adapters.workspaces.credentials import Kind, add_credential

OTHER_ACCOUNT = "AC" + "f" * 32


def foreign(form: Form) -> Form:
    """The same form from an account that the workspace does not know."""
    return [(n, OTHER_ACCOUNT if n == "AccountSid" else value) for n, value in form]


async def letters(house: House) -> list[dict[str, str]]:
    """The workspace's dead letters."""
    found: list[dict[str, str]] = (await house.get("/dead-letters")).json()["data"]
    return found


@asynchronous
async def test_a_letter_is_listed_without_what_it_says(database: Urls, tmp_path: Path) -> None:
    """Its channel, a code and its times: newest first, page by page, and no number."""
    async with serving(database, tmp_path) as house:
        for status in ("levitating", "dancing"):
            await house.post([("CallSid", call_sid(1)), ("From", CALLER), ("CallStatus", status)])
        await house.post([("From", CALLER)], "voice/incoming")
        listed = await house.get("/dead-letters", params={"limit": 2})
        rest = await house.get(
            "/dead-letters", params={"limit": 2, "cursor": listed.json()["next_cursor"]}
        )
        found = [*listed.json()["data"], *rest.json()["data"]]
        assert [(one["channel"], one["reason"]) for one in found] == [
            ("voice/incoming", "no_call_sid"),
            ("voice/status", "unknown_status"),
            ("voice/status", "unknown_status"),
        ]
        assert rest.json()["next_cursor"] is None
        assert CALLER not in listed.text + rest.text


@asynchronous
async def test_a_letter_is_replayed_once_it_is_understood(database: Urls, tmp_path: Path) -> None:
    """Its call then says what it would have said at once, and which step our answer took."""
    async with serving(database, tmp_path) as house:
        await house.post(foreign(incoming_form(call_sid(1))), "voice/incoming")
        (letter,) = await letters(house)
        url = f"{house.here}/dead-letters/{letter['id']}/replay"
        still = await house.ask("POST", url)
        assert (still.status_code, still.json()["code"]) == (409, "foreign_account")
        cell = await house.cell()
        async with cell.writing.connection() as connection:
            key = await cell.workspace_key(connection, house.workspace_id)
            await add_credential(connection, key, Kind.account_sid, OTHER_ACCOUNT)
        house.app.state.deployment.credentials._known.clear()  # noqa: SLF001 - sooner than in 5 s
        answers = [await house.ask("POST", url) for _ in range(2)]
        await house.follow()
        (call,) = (await house.get("/calls")).json()["data"]
        history = (await house.get(f"/calls/{call['id']}/history")).json()["data"]
        assert [answer.json()["call_id"] for answer in answers] == [call["id"]] * 2
        assert call["caller"]["value"]["address"] == CALLER
        assert [entry["name"] for entry in history][-1] == "call.routed"
        assert {entry["cause_id"] for entry in history} == {letter["id"]}
        assert history[0]["actor"].startswith("api_key:")
        assert (await letters(house))[0]["replayed_at"] is not None


@asynchronous
async def test_what_is_no_form_stays_a_letter(database: Urls, tmp_path: Path) -> None:
    """It is kept as it came, and says again why it cannot be read."""
    async with serving(database, tmp_path) as house:
        await house.post([("AccountSid", ACCOUNT_SID), ("CallStatus", "ringing")])
        (letter,) = await letters(house)
        answer = await house.ask("POST", f"{house.here}/dead-letters/{letter['id']}/replay")
        assert (answer.status_code, answer.json()["code"]) == (409, "no_call_sid")
        assert (await letters(house))[0]["replayed_at"] is None


@asynchronous
async def test_erasure_reaches_into_a_letter(database: Urls, tmp_path: Path) -> None:
    """A letter that names an erased subject cannot be read any more, and the answer says why."""
    async with serving(database, tmp_path) as house:
        await house.post(foreign(incoming_form(call_sid(1))))
        (subject,) = (await house.get("/subjects", params={"number": CALLER})).json()["data"]
        await house.ask("POST", f"{house.here}/subjects/{subject['subject_id']}/erasure")
        (letter,) = await letters(house)
        answer = await house.ask("POST", f"{house.here}/dead-letters/{letter['id']}/replay")
        assert (answer.status_code, answer.json()["type"]) == (409, "/problems/value-gone")
        assert answer.json()["state"] == "erased"


@asynchronous
async def test_replay_needs_a_scope_and_a_letter_of_ours(database: Urls, tmp_path: Path) -> None:
    """An unknown letter, a call's id and a neighbour's letter are 404."""
    async with serving(database, tmp_path) as house:
        neighbour = await house.neighbour()
        await neighbour.post([("CallStatus", "levitating")])
        await house.hear(incoming_form(call_sid(1)))
        (theirs,) = await letters(neighbour)
        (call,) = (await house.get("/calls")).json()["data"]
        for letter_id in (uuid4(), theirs["id"], call["id"], "x"):
            answer = await house.ask("POST", f"{house.here}/dead-letters/{letter_id}/replay")
            assert answer.status_code == 404
        blind = await house.new_key(Scope.calls_read)
        answer = await house.ask("POST", f"{house.here}/dead-letters/{uuid4()}/replay", key=blind)
        assert (answer.status_code, answer.json()["scope"]) == (403, "values:open")
        assert await letters(house) == []
