"""Event Streams over the whole application: call events are calls, the rest dead letters."""

import json
from hashlib import sha256
from pathlib import Path
from typing import Any

import httpx
from cells import asynchronous
from serving import AUTH_TOKEN, House, serving
from twilio_forms import SAMPLES, call_callbacks, call_sid
from twilio_standin.books import snake

from adapters.postgres.embedded import Urls
from adapters.twilio.signature import sign

PROGRESS = "com.twilio.voice.webhook.status-callback.call.completed"


async def deliver(house: House, *events: object, tampered: bytes = b"") -> httpx.Response:
    """Post a delivery as Twilio does: signed over a query that names the body's hash."""
    body = json.dumps(events).encode()
    url = f"/twilio/{house.workspace_id}/events?bodySHA256={sha256(body).hexdigest()}"
    headers = {
        "X-Twilio-Signature": sign(house.base_url + url, (), AUTH_TOKEN.encode()),
        "Content-Type": "application/json",
    }
    return await house.client.post(url, content=body + tampered, headers=headers)


def progress(form: list[tuple[str, str]], number: int) -> dict[str, Any]:
    """A call's progress, with the request of this callback."""
    said = {snake(name): value for name, value in form}
    return {"id": f"NO{number}", "type": PROGRESS, "data": {"request": {"parameters": said}}}


async def letters(house: House) -> list[tuple[str, str]]:
    """Where each dead letter came in, and why it is one."""
    found = (await house.get("/dead-letters")).json()["data"]
    return [(one["channel"], one["reason"]) for one in found]


@asynchronous
async def test_a_call_told_by_events_is_a_call(database: Urls, tmp_path: Path) -> None:
    """However often they come, and beside the callbacks that say the same."""
    async with serving(database, tmp_path) as house:
        forms = call_callbacks(call_sid(1), call_sid(2))
        events = [progress(form, number) for number, form in enumerate(forms)]
        for _ in range(2):
            assert (await deliver(house, *reversed(events))).status_code == 204
        await house.hear(*forms)
        (call,) = (await house.get("/calls")).json()["data"]
        assert (call["outcome"], call["version"]) == ("answered", len(forms) + 2)
        assert await letters(house) == []


@asynchronous
async def test_what_is_no_call_event_is_kept_once(database: Urls, tmp_path: Path) -> None:
    """Repeated it is the same letter; a trial of the sink says nothing."""
    trial = json.loads((SAMPLES / "event_streams_test_event.json").read_text())
    async with serving(database, tmp_path) as house:
        for _ in range(2):
            answer = await deliver(house, {"type": "com.twilio.other", "id": "EV1"}, *trial)
            assert answer.status_code == 204
        assert await letters(house) == [("events", "unknown_event")]


@asynchronous
async def test_a_delivery_must_be_genuine(database: Urls, tmp_path: Path) -> None:
    """Another body than the one that was signed is nobody's, and nothing of it is kept."""
    async with serving(database, tmp_path) as house:
        assert (await deliver(house, {"id": "EV1"}, tampered=b" ")).status_code == 403
        assert await letters(house) == []
        url = f"/twilio/{house.workspace_id}/events"
        assert (await house.client.get(url)).status_code == 405
