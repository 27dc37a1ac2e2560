"""Twilio's webhooks: who is admitted, what is kept of each request, and what is answered."""

import asyncio
from base64 import b64encode
from collections.abc import AsyncIterator, Sequence
from hashlib import sha256
from pathlib import Path
from urllib.parse import urlencode
from uuid import UUID, uuid4

import httpx
import pytest
from cells import asynchronous
from serving import AUTH_TOKEN, BASE_URL, DIAL_TARGET, FORM, House, over_http, serving
from twilio_forms import (
    ACCOUNT_SID,
    CALLER,
    call_callbacks,
    call_sid,
    form_bytes,
    incoming_form,
    leg_callbacks,
    sample_bytes,
    sample_names,
)

from adapters.event_store.history import read_between
from adapters.postgres.embedded import Urls
from adapters.twilio.forms import parse_form
from adapters.twilio.signature import sign, sign_with_shared_key
from adapters.twilio.webhooks import Webhook
from adapters.workspaces.credentials import Kind, add_credential
from domain.dead_letters.events import DeadLetterKept
from domain.identifiers import call_id
from domain.messages import Entry
from domain.personal_data import Sealed

DEAD_LETTERS = {
    "dial_action_answered.form": "no_call_sid",
    "gather_action_after_hangup.form": "no_call_sid",
    "gather_action_digits.form": "no_call_sid",
    "gather_action_timeout.form": "no_call_sid",
    "record_action_no_recording.form": "no_call_sid",
    "twiml_answeredby_machine.form": "no_call_sid",
    "voice_inbound_addons_json_in_form.form": "foreign_account",
    "voice_inbound_caller_without_from.form": "foreign_account",
    "voice_inbound_neither_from_nor_caller.form": "foreign_account",
}
"""Why these become dead letters."""


async def history(house: House) -> list[Entry]:
    """Everything in the cell."""
    cell = await house.cell()
    async with cell.writing.connection() as connection:
        return await read_between(connection, 0, 10_000)


async def reasons(house: House) -> list[str]:
    """Why each dead letter was kept."""
    events = [entry.event for entry in await history(house)]
    return [event.reason for event in events if isinstance(event, DeadLetterKept)]


async def raw(
    house: House,
    body: bytes,
    content_type: str,
    channel: str = "voice/status",
    *,
    signed: Sequence[tuple[str, str]] | None = None,
) -> httpx.Response:
    """Post these very bytes; without fields to sign, the signature covers their hash."""
    query = "" if signed is not None else f"?bodySHA256={sha256(body).hexdigest()}"
    url = f"/twilio/{house.workspace_id}/{channel}{query}"
    headers = {"X-Twilio-Signature": sign(BASE_URL + url, signed or [], AUTH_TOKEN.encode())}
    headers |= {"Content-Type": content_type} if content_type else {}
    return await house.client.post(url, content=body, headers=headers)


@asynchronous
async def test_every_sample_is_kept_as_what_it_is(database: Urls, tmp_path: Path) -> None:
    """A sample that names a leg or a recording of ours is told of it; else it is a dead letter."""
    async with serving(database, tmp_path) as house:
        for name in sample_names():
            body = sample_bytes(name)
            channel = _channel_of(name)
            before = await reasons(house)
            answer = await raw(house, body, FORM, channel, signed=parse_form(body))
            assert answer.status_code == (200 if "inbound" in name else 204), name
            found = (await reasons(house))[len(before) :]
            expected = [DEAD_LETTERS[name]] if name in DEAD_LETTERS else []
            assert found == expected, name


def _channel_of(sample: str) -> str:
    """Where Twilio posts such a form."""
    if "inbound" in sample:
        return "voice/incoming"
    return "voice/recording" if sample.startswith("recording_") else "voice/status"


@asynchronous
async def test_no_sample_is_admitted_unsigned(database: Urls, tmp_path: Path) -> None:
    """Without a signature, or with another's, nothing is kept and 403 is answered."""
    async with serving(database, tmp_path) as house:
        for name in sample_names():
            url = f"/twilio/{house.workspace_id}/voice/status"
            form = parse_form(sample_bytes(name))
            for signature in (
                None,
                b"",
                b"\xff\\",
                sign(BASE_URL + url, form, b"another token").encode(),
            ):
                headers = [(b"Content-Type", FORM.encode())]
                if signature is not None:
                    headers.append((b"X-Twilio-Signature", signature))
                answer = await house.client.post(url, content=sample_bytes(name), headers=headers)
                assert answer.status_code == 403
                assert answer.headers["content-type"] == "application/problem+json"
                assert answer.json()["type"] == "/problems/bad-signature"
        assert await history(house) == []


@asynchronous
async def test_nobody_learns_which_workspaces_there_are(database: Urls, tmp_path: Path) -> None:
    """An unknown workspace, an id that is none and a bad signature are the same answer."""
    async with serving(database, tmp_path) as house:
        answers = [
            await house.client.post(f"/twilio/{place}/{channel}", content=b"CallSid=CA1")
            for place in (house.workspace_id, uuid4(), "x", "%00", "'--")
            for channel in ("voice/status", "voice/incoming")
        ]
        said = {answer.text.replace(answer.json()["request_id"], "") for answer in answers}
        assert {answer.status_code for answer in answers} == {403}
        assert len(said) == 1


@asynchronous
async def test_another_workspaces_token_signs_nothing(database: Urls, tmp_path: Path) -> None:
    """A signature is over one address: a request for one workspace is none for its neighbour."""
    async with serving(database, tmp_path) as house:
        neighbour = await house.neighbour()
        form = incoming_form(call_sid(1))
        ours = f"/twilio/{house.workspace_id}/voice/status"
        theirs = f"/twilio/{neighbour.workspace_id}/voice/status"
        headers = {"X-Twilio-Signature": sign(BASE_URL + ours, form, AUTH_TOKEN.encode())}
        headers["Content-Type"] = FORM
        answer = await house.client.post(theirs, content=form_bytes(form), headers=headers)
        assert answer.status_code == 403


@pytest.mark.parametrize("channel", ["voice/status", "voice/incoming"])
@asynchronous
async def test_no_bytes_are_an_error_of_ours(database: Urls, tmp_path: Path, channel: str) -> None:
    """Whatever comes, the answer is a refusal, or a dead letter's if it was signed."""
    async with serving(database, tmp_path) as house:
        for body in (b"", b"\xff\xfe", b"%ff=%fe", b"&" * 1500, b"=", b"a=%", b"\x00" * 99):
            for content_type in (FORM, "application/json", "multipart/form-data", "", "a/b"):
                answer = await house.client.post(
                    f"/twilio/{house.workspace_id}/{channel}?%ff'%27",
                    content=body,
                    headers={"Content-Type": content_type, "X-Twilio-Signature": "x"},
                )
                assert answer.status_code == 403
                form = Webhook.of_body(body, content_type).form
                signed = await raw(
                    house, body, content_type, channel, signed=form.fields if form else None
                )
                assert signed.status_code == (200 if channel == "voice/incoming" else 204)


@asynchronous
async def test_what_is_genuine_and_not_understood_is_kept(database: Urls, tmp_path: Path) -> None:
    """A code tells why: not a form, not UTF-8, another's account, a status nobody knows."""
    async with serving(database, tmp_path) as house:
        leg = [("CallSid", call_sid(1)), ("AccountSid", ACCOUNT_SID)]
        await raw(house, b'{"CallSid": "CA1"}', "application/json")
        await raw(house, b"CallSid=%ff", FORM)
        await house.post([("CallSid", call_sid(1)), ("AccountSid", "AC" + "f" * 32)])
        await house.post([*leg, ("CallStatus", "levitating")])
        await house.post([*leg, ("CallStatus", "ringing"), ("CallStatus", "completed")])
        assert await reasons(house) == [
            "content_type",
            "bad_form",
            "foreign_account",
            "unknown_status",
            "repeated_field",
        ]


@asynchronous
async def test_dead_letters_of_one_party_are_all_kept(database: Urls, tmp_path: Path) -> None:
    """Two letters, and a call, that name the same number belong to the same subject."""
    async with serving(database, tmp_path) as house:
        await house.hear(leg_callbacks(call_sid(1))[0])
        for _ in range(2):
            answer = await house.post([("From", CALLER), ("CallStatus", "levitating")])
            assert answer.status_code == 204
        letters = [e.event for e in await history(house) if isinstance(e.event, DeadLetterKept)]
        found = (await house.get("/subjects", params={"number": CALLER})).json()["data"]
        kept = [letter.callback for letter in letters if isinstance(letter.callback, Sealed)]
        assert len(kept) == 2
        assert {str(callback.subjects[0]) for callback in kept} == {found[0]["subject_id"]}


@asynchronous
async def test_a_callback_by_get_is_signed_by_its_url(database: Urls, tmp_path: Path) -> None:
    """Its parameters stand in the query, exactly as they were sent."""
    async with serving(database, tmp_path) as house:
        (form,) = leg_callbacks(call_sid(7), statuses=("completed",))
        query = urlencode(form) + "&Note=it's+%27quoted%27"
        url = f"/twilio/{house.workspace_id}/voice/status?{query}"
        signature = sign(BASE_URL + url, [], AUTH_TOKEN.encode())
        for wrong in (query + "&x=1", query.replace("+", "%20")):
            answer = await house.client.get(
                httpx.URL(f"/twilio/{house.workspace_id}/voice/status", query=wrong.encode()),
                headers={"X-Twilio-Signature": signature},
            )
            assert answer.status_code == 403
        answer = await house.client.get(
            httpx.URL(f"/twilio/{house.workspace_id}/voice/status", query=query.encode()),
            headers={"X-Twilio-Signature": signature},
        )
        assert answer.status_code == 204
        expected = call_id(house.workspace_id, "twilio", call_sid(7))
        assert {entry.stream_id for entry in await history(house)} == {expected}


@asynchronous
async def test_a_shared_key_signs_too(database: Urls, tmp_path: Path) -> None:
    """A workspace with a webhook shared key is served by name; another name opens nothing."""
    async with serving(database, tmp_path) as house:
        await add(house, Kind.shared_key, "webhooks_sharedkey_1 s3cret")
        url = f"/twilio/{house.workspace_id}/voice/status"
        form = leg_callbacks(call_sid(1))[0]
        for name, expected in (("webhooks_sharedkey_1", 204), ("webhooks_sharedkey_2", 403)):
            answer = await house.client.post(
                url,
                content=form_bytes(form),
                headers={
                    "Content-Type": FORM,
                    "X-Twilio-Signature": sign_with_shared_key(BASE_URL + url, form, b"s3cret"),
                    "X-Twilio-Webhooks-Signature-Settings": f"key={name},algorithm=HMAC_SHA256",
                },
            )
            assert answer.status_code == expected


async def add(house: House, kind: Kind, secret: str) -> None:
    """Give the workspace another credential."""
    cell = await house.cell()
    async with cell.writing.connection() as connection:
        key = await cell.workspace_key(connection, house.workspace_id)
        await add_credential(connection, key, kind, secret)


@asynchronous
async def test_a_new_token_works_within_a_second_and_the_old_one_still(
    database: Urls, tmp_path: Path
) -> None:
    """A signature that does not hold makes the credentials be read again, once a second."""
    async with serving(database, tmp_path) as house:
        form = leg_callbacks(call_sid(1))[0]
        assert (await house.post(form)).status_code == 204
        await add(house, Kind.auth_token, "f" * 32)
        await asyncio.sleep(1.1)
        assert (await house.post(form, token="f" * 32)).status_code == 204
        assert (await house.post(form)).status_code == 204


@asynchronous
async def test_an_incoming_call_is_put_through(database: Urls, tmp_path: Path) -> None:
    """The answer dials the workspace's number and asks for callbacks; a repeat gets the same."""
    async with serving(database, tmp_path) as house:
        answers = [
            await house.post(incoming_form(call_sid(1)), "voice/incoming") for _ in range(2)
        ]
        assert {(a.status_code, a.headers["content-type"]) for a in answers} == {
            (200, "text/xml; charset=utf-8")
        }
        assert answers[0].text == answers[1].text
        assert DIAL_TARGET in answers[0].text
        assert f"{BASE_URL}/twilio/{house.workspace_id}/voice/status#" in answers[0].text
        names = [entry.event.name for entry in await history(house)]
        assert names == ["call.leg_registered", "call.leg_rang", "call.routed"]


@asynchronous
async def test_without_a_number_to_dial_the_call_is_turned_away(
    database: Urls, tmp_path: Path
) -> None:
    """And the history says that we did it."""
    async with serving(database, tmp_path, dial_target=None) as house:
        answer = await house.post(incoming_form(call_sid(1)), "voice/incoming")
        assert "<Reject" in answer.text
        await house.follow()
        (call,) = (await house.get("/calls")).json()["data"]
        detail = (await house.get(f"/calls/{call['id']}")).json()
        assert [step["detail"] for step in detail["steps"]] == [None, "reject"]


@asynchronous
async def test_a_caller_is_put_through_even_if_we_understand_nothing(
    database: Urls, tmp_path: Path
) -> None:
    """Our not understanding a genuine request is no reason for a caller to reach nobody."""
    async with serving(database, tmp_path) as house:
        answer = await raw(house, b"\xff", "application/json", "voice/incoming")
        assert answer.status_code == 200
        assert DIAL_TARGET in answer.text
        assert await reasons(house) == ["content_type"]


@asynchronous
async def test_an_acknowledged_callback_is_durable(database: Urls, tmp_path: Path) -> None:
    """204 comes after the commit; while the database is away the answer is 503, to try again."""
    async with serving(database, tmp_path) as house:
        assert (await house.post(incoming_form(call_sid(1)))).status_code == 204
        assert len(await history(house)) > 0
        cell = await house.cell()
        await cell.writer.close()
        answer = await house.post(incoming_form(call_sid(2)))
        assert (answer.status_code, answer.headers["retry-after"]) == (503, "1")
        assert answer.json()["type"] == "/problems/unavailable"


@asynchronous
async def test_a_large_body_is_not_read(database: Urls, tmp_path: Path) -> None:
    """Past 256 KiB the answer is 413, whether or not its length was said before."""

    async def chunks() -> AsyncIterator[bytes]:
        for _ in range(300):
            yield b"x" * 1024

    async with serving(database, tmp_path) as house:
        url = f"/twilio/{house.workspace_id}/voice/status"
        for content in (b"x" * 300 * 1024, chunks()):
            answer = await house.client.post(url, content=content)
            assert answer.status_code == 413
            assert answer.json()["type"] == "/problems/too-large"


@asynchronous
async def test_other_methods_are_refused(database: Urls, tmp_path: Path) -> None:
    """405 as a problem, with the methods that are allowed."""
    async with serving(database, tmp_path) as house:
        answer = await house.client.put(f"/twilio/{house.workspace_id}/voice/incoming")
        assert (answer.status_code, answer.headers["allow"]) == (405, "POST")
        assert answer.headers["content-type"] == "application/problem+json"


@asynchronous
async def test_over_a_real_connection(database: Urls, tmp_path: Path) -> None:
    """A whole call over HTTP: signed for the address that the settings name, byte for byte."""
    async with serving(database, tmp_path) as house, over_http(house) as served:
        await served.hear(*call_callbacks(call_sid(1), call_sid(2)))
        query = "?a=%2B&b=it's&c"
        form = leg_callbacks(call_sid(3), caller="anonymous")[0]
        assert (await served.post(form, query=query)).status_code == 204
        bad = await served.post(form, token="0" * 32)
        assert (bad.status_code, UUID(bad.headers["x-request-id"]).version) == (403, 4)
        large = await served.post([("a", b64encode(b"x" * 300_000).decode())])
        assert large.status_code == 413
        await served.follow()
        calls = (await served.get("/calls")).json()["data"]
        assert [call["outcome"] for call in calls] == ["answered", None]
