"""Text messages over HTTP: told by Twilio, listed, filtered; and what they say lies nowhere."""

from pathlib import Path
from typing import Any, Final

from cells import asynchronous
from serving import House, serving
from twilio_forms import CALLEE, CALLER, Form, incoming_form

from adapters.postgres.embedded import Urls
from adapters.workspaces.api_keys import Scope

SID: Final = "SM" + "7" * 32
TEXT: Final = "cnry0what0it0says"
INCOMING: Final[Form] = [
    ("MessageSid", SID),
    ("SmsSid", SID),
    ("AccountSid", "AC00000000000000000000000000000000"),
    ("From", CALLER),
    ("To", CALLEE),
    ("FromCity", "LONDON"),
    ("Body", TEXT),
    ("NumSegments", "1"),
    ("NumMedia", "1"),
    ("MediaUrl0", f"https://api.twilio.com/{TEXT}"),
    ("SmsStatus", "received"),
    ("OptOutType", "STOP"),
]


async def listed(house: House, **filters: str) -> list[dict[str, Any]]:
    """What the list says."""
    await house.follow()
    answer = await house.get("/messages", params=filters)
    assert answer.status_code == 200, answer.text
    return list(answer.json()["data"])


@asynchronous
async def test_a_message_is_known_without_what_it_says(database: Urls, tmp_path: Path) -> None:
    """Its parties, its size, its keyword; Twilio is told to answer nothing."""
    async with serving(database, tmp_path) as house:
        answer = await house.post(INCOMING, "messages/incoming")
        assert (answer.status_code, answer.headers["content-type"]) == (
            200,
            "text/xml; charset=utf-8",
        )
        assert answer.text.endswith("<Response />")
        (found,) = await listed(house)
        assert (found["direction"], found["status"]) == ("inbound", "received")
        assert (found["segments"], found["media"], found["opt_out"]) == (1, 1, "stop")
        assert found["sender"]["value"]["address"] == CALLER
        assert found["sender"]["value"]["city"] == "LONDON"
        one = (await house.get(f"/messages/{found['id']}")).json()
        assert one == found
        history = (await house.get(f"/messages/{found['id']}/history")).json()["data"]
        assert [entry["name"] for entry in history] == ["message.registered", "message.reported"]


@asynchronous
async def test_its_delivery_is_followed(database: Urls, tmp_path: Path) -> None:
    """In any order; with the provider's error where it did not arrive."""
    async with serving(database, tmp_path) as house:
        for status in ("undelivered", "queued", "sent"):
            form = [("MessageSid", SID), ("MessageStatus", status), ("To", CALLER)]
            more = [("ErrorCode", "30007")] if status == "undelivered" else []
            answer = await house.post(form + more, "messages/status")
            assert (answer.status_code, answer.content) == (204, b"")
        (found,) = await listed(house)
        assert (found["status"], found["error_code"]) == ("undelivered", 30007)
        assert found["direction"] == "outbound"
        assert await listed(house, status="sent") == []
        assert await listed(house, error_code="30007", direction="outbound") == [found]


@asynchronous
async def test_what_a_message_says_opens_nowhere(database: Urls, tmp_path: Path) -> None:
    """Understood or not, sent to the right address or to another, as a form or as an event."""
    event = {
        "id": "1",
        "type": "com.twilio.messaging.inbound-message.received",
        "data": {"messageSid": SID, "from": CALLER, "to": CALLEE, "body": TEXT},
    }
    untold = {**event, "type": "com.twilio.messaging.message.huh", "id": "2"}
    async with serving(database, tmp_path) as house:
        nameless = [field for field in INCOMING if field[0] not in ("MessageSid", "SmsSid")]
        for form in (INCOMING, nameless, [*INCOMING, ("SmsStatus", "huh")]):
            for channel in ("messages/incoming", "messages/status"):
                assert (await house.post(form, channel)).status_code in (200, 204)
        for channel in ("voice/incoming", "voice/status", "voice/recording"):
            assert (await house.post(INCOMING, channel)).status_code in (200, 204)
        assert (await house.deliver("events", [event, untold])).status_code == 204
        assert (await house.deliver("messages/incoming", TEXT)).status_code == 200
        (found,) = await listed(house)
        assert found["status"] == "received"
        letters = (await house.get("/dead-letters")).json()["data"]
        assert {letter["reason"] for letter in letters} == {
            *("no_message_sid", "repeated_field", "unknown_status", "content_type"),
        }
        values = await house.opened()
        assert CALLER in values
        assert TEXT not in values


@asynchronous
async def test_a_message_at_a_calls_address_reaches_nobody(database: Urls, tmp_path: Path) -> None:
    """Twilio is told to answer nothing, and not to dial."""
    async with serving(database, tmp_path) as house:
        told = await house.post(INCOMING, "voice/incoming")
        assert told.text.endswith("<Response />")
        called = await house.post(incoming_form("CA" + "1" * 32), "voice/incoming")
        assert "<Dial>" in called.text
        assert (await house.get("/calls")).json()["data"] == []


@asynchronous
async def test_a_dead_letter_of_a_message_is_read_again(database: Urls, tmp_path: Path) -> None:
    """By the rules of its channel; it speaks of no call."""
    async with serving(database, tmp_path) as house:
        await house.post([("MessageSid", SID), ("MessageStatus", "huh")], "messages/status")
        (letter,) = (await house.get("/dead-letters")).json()["data"]
        assert letter["channel"] == "messages/status"
        answer = await house.ask("POST", f"{house.here}/dead-letters/{letter['id']}/replay")
        assert (answer.status_code, answer.json()["code"]) == (409, "unknown_status")


@asynchronous
async def test_it_takes_a_scope_of_its_own(database: Urls, tmp_path: Path) -> None:
    """And the values another one."""
    async with serving(database, tmp_path) as house:
        await house.post(INCOMING, "messages/incoming")
        (found,) = await listed(house)
        for path in ("/messages", f"/messages/{found['id']}", f"/messages/{found['id']}/history"):
            refused = await house.get(path, key=await house.new_key(Scope.calls_read))
            assert (refused.status_code, refused.json()["scope"]) == (403, "messages:read")
        key = await house.new_key(Scope.messages_read)
        (seen,) = (await house.get("/messages", key=key)).json()["data"]
        assert (seen["sender"]["state"], seen["sender"]["value"]) == ("withheld", None)
        refused = await house.get("/messages", key=key, params={"number": CALLER})
        assert refused.json()["scope"] == "values:open"


@asynchronous
async def test_an_erased_sender_is_gone(database: Urls, tmp_path: Path) -> None:
    """The message stays, with nobody to name; the recipient is as they were."""
    async with serving(database, tmp_path) as house:
        await house.post(INCOMING, "messages/incoming")
        assert len(await listed(house, number=CALLER)) == 1
        (who,) = (await house.get("/subjects", params={"number": CALLER})).json()["data"]
        path = f"{house.here}/subjects/{who['subject_id']}/erasure"
        assert (await house.ask("POST", path)).status_code == 200
        (found,) = await listed(house)
        assert (found["sender"]["state"], found["recipient"]["state"]) == ("erased", "value")
        assert await listed(house, number=CALLER) == []


@asynchronous
async def test_a_stop_is_an_objection_to_marketing(database: Urls, tmp_path: Path) -> None:
    """By messages, from its sender, once, before it is acknowledged; a START undoes nothing."""
    async with serving(database, tmp_path) as house:
        other = [("MessageSid", "SM" + "8" * 32), *INCOMING[2:-1], ("OptOutType", "START")]
        for form in (INCOMING, INCOMING, other):
            assert (await house.post(form, "messages/incoming")).status_code == 200
        asked = {"number": CALLER, "kind": "messages"}
        answer = (await house.get("/marketing", params=asked)).json()
        assert (answer["is_allowed"], answer["reason"]) == (False, "withdrawn")
        for elsewhere in ({**asked, "kind": "calls"}, {**asked, "number": CALLEE}):
            assert (await house.get("/marketing", params=elsewhere)).json()["reason"] == "unknown"
        await house.follow()
        (who,) = (await house.get("/subjects", params={"number": CALLER})).json()["data"]
        path = f"/subjects/{who['subject_id']}/consents"
        (consent,) = (await house.get(path)).json()["data"]
        assert consent["evidence"]["channel"] == "text_message"
        assert consent["evidence"]["provider_event_id"] == SID
        assert consent["version"] == 1


@asynchronous
async def test_what_is_not_asked_for_is_a_problem(database: Urls, tmp_path: Path) -> None:
    """An unknown filter, a cursor of another question, another workspace's message."""
    async with serving(database, tmp_path) as house:
        await house.post(INCOMING, "messages/incoming")
        (found,) = await listed(house)
        for wrong in ({"body": "x"}, {"status": "huh"}, {"cursor": "AAAA"}):
            assert (await house.get("/messages", params=wrong)).status_code == 400
        neighbour = await house.neighbour()
        assert (await neighbour.get(f"/messages/{found['id']}")).status_code == 404
