"""What Event Streams deliver: the same commands as callbacks, or dead letters, once each."""

import json
from hashlib import sha256
from typing import Any, Final
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st
from reports import WORKSPACE
from twilio_forms import SAMPLES, call_sid, leg_callbacks
from twilio_standin.books import snake

from adapters.twilio.callbacks import read_callback
from adapters.twilio.forms import NotUnderstood
from adapters.twilio.signature import SigningKeys, genuine, sign
from adapters.twilio.streams import MOST_EVENTS, read_delivery
from adapters.twilio.webhooks import Webhook, reopened

PROGRESS: Final = "com.twilio.voice.webhook.status-callback.call.completed"
LEG: Final = leg_callbacks(call_sid(2), parent=call_sid(1))


def sample(name: str) -> Any:  # noqa: ANN401 - JSON
    """A sample of Twilio's JSON."""
    return json.loads((SAMPLES / f"event_streams_{name}.json").read_text())


def event(form: list[tuple[str, str]], **fields: object) -> dict[str, Any]:
    """The documentation's event, for this callback."""
    made: dict[str, Any] = sample("call_progress_answered") | {"type": PROGRESS} | fields
    said = {snake(name): value for name, value in form}
    return {**made, "data": {**made["data"], "request": {"method": "POST", "parameters": said}}}


def delivery(*events: object) -> bytes:
    """The body of a request."""
    return json.dumps(events).encode()


def test_a_calls_progress_is_the_same_command() -> None:
    """Whichever way a report comes, it says the same, so that the second one says nothing new."""
    events = [event(form, id=str(number)) for number, form in enumerate(LEG)]
    found = read_delivery(WORKSPACE, delivery(*events))
    told = [one.webhook.understand(WORKSPACE, ()) for one in found]
    assert [repr(one) for one in told] == [repr(read_callback(WORKSPACE, form)) for form in LEG]


@pytest.mark.parametrize(
    ("given_event", "reason"),
    [
        (sample("call_progress_answered"), "no_call_sid"),  # its parameters were left out
        ({"type": "com.twilio.voice.insights.call-summary.complete", "id": "1"}, "unknown_event"),
        ({"id": "1"}, "unknown_event"),
        (["no", "event"], "unknown_event"),
        (7, "unknown_event"),
        ({"type": PROGRESS, "data": {"request": {"parameters": "none"}}}, "no_call_sid"),
    ],
)
def test_anything_else_is_kept_whole(given_event: object, reason: str) -> None:
    """With the reason; what was kept can be opened and tried again."""
    (found,) = read_delivery(WORKSPACE, delivery(given_event))
    with pytest.raises(NotUnderstood) as refusal:
        found.webhook.understand(WORKSPACE, ())
    assert refusal.value.code == reason
    again, _ = reopened(found.webhook.kept(None).value)
    with pytest.raises(NotUnderstood) as once_more:
        again.understand(WORKSPACE, ())
    assert once_more.value.code == reason
    if reason == "unknown_event":
        assert json.loads(again.text) == given_event


def test_a_trial_says_nothing() -> None:
    """Twilio tries a new sink with an event of its own, whose id looks like an account's."""
    assert read_delivery(WORKSPACE, json.dumps(sample("test_event")).encode()) == []


@pytest.mark.parametrize("body", [b"", b"{}", b"[", b"\xff", b"null", b"<xml/>"])
def test_what_is_no_array_is_kept_as_it_came(body: bytes) -> None:
    """As one, whatever it is."""
    (found,) = read_delivery(WORKSPACE, body)
    assert (found.webhook.text, found.webhook.flaw) == (body, "bad_events")


def test_what_is_no_event_is_kept_without_what_somebody_said() -> None:
    """A card number in it is gone; of messages in it nothing is left."""
    number = "4111 1111 1111 1111"
    (found,) = read_delivery(WORKSPACE, f'{{"said": "it is {number}"}}'.encode())
    assert found.webhook.text == b'{"said": "it is [card number]"}'
    (found,) = read_delivery(WORKSPACE, delivery({"type": "x", "data": [{"a": number, "b": 1}]}))
    assert b"[card number]" in found.webhook.text
    text = {"type": "com.twilio.messaging.inbound-message.received", "data": {"body": "secret"}}
    (found,) = read_delivery(WORKSPACE, delivery(*[text] * (MOST_EVENTS + 1)))
    assert found.webhook.text == b""


def test_a_delivery_is_bounded() -> None:
    """More events than Twilio ever sends at once are not taken apart."""
    assert len(read_delivery(WORKSPACE, delivery(*range(MOST_EVENTS)))) == MOST_EVENTS
    assert len(read_delivery(WORKSPACE, delivery(*range(MOST_EVENTS + 1)))) == 1


def test_a_letter_is_the_same_however_often_it_comes() -> None:
    """By the event's id, else by its text; in another workspace it is another one."""

    def ids(*events: object) -> list[object]:
        return [one.letter_id for one in read_delivery(WORKSPACE, delivery(*events))]

    first, again, other = ids({"id": "1"}, {"id": "1", "time": "later"}, {"id": "2"})
    assert first == again != other
    one, reordered, another = ids({"a": 1, "b": 2}, {"b": 2, "a": 1}, {"a": 1})
    assert one == reordered != another
    (elsewhere,) = read_delivery(uuid4(), delivery({"id": "1"}))
    assert elsewhere.letter_id != first


def test_a_delivery_is_signed_by_its_hash() -> None:
    """The query names the body's SHA-256, and the signature covers the query."""
    body = delivery(event(LEG[0]))
    url = f"https://calls.example.com/events?bodySHA256={sha256(body).hexdigest()}"
    keys = SigningKeys((b"token",))
    for sent, is_genuine in ((body, True), (body + b" ", False)):
        webhook = Webhook.of_body(sent, "application/json; charset=utf-8")
        signed = webhook.signed((url,), sign(url, (), b"token"), None, is_post=True)
        assert genuine(signed, keys) is is_genuine


_ANYTHING: Final = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=9), inner),
    max_leaves=8,
)


@given(st.lists(_ANYTHING | st.builds(lambda data: {"type": PROGRESS, "data": data}, _ANYTHING)))
def test_no_event_breaks_the_reader(events: list[object]) -> None:
    """Each is one webhook."""
    assert len(read_delivery(WORKSPACE, delivery(*events))) == len(events)
