"""What Twilio is told to do with a call, read back as Twilio reads it."""

import subprocess
import sys
from uuid import UUID
from xml.etree import ElementTree as ET

import pytest

from adapters.twilio.twiml import (
    Spoken,
    conference,
    dial,
    not_in_service,
    queue,
    wait,
    waited_long_enough,
)

CALLBACK = "https://calls.example/twilio/1/voice/status?a=1&b='2'"


def only(parent: ET.Element) -> ET.Element:
    """The one element inside another."""
    (child,) = parent
    return child


def noun(document: bytes) -> ET.Element:
    """What is dialled by a document that dials one party and does nothing else."""
    response = ET.fromstring(document)  # noqa: S314 - our own document
    verb = only(response)
    assert (response.tag, verb.tag, verb.attrib) == ("Response", "Dial", {})
    return only(verb)


@pytest.mark.parametrize(
    ("target", "tag", "text"),
    [
        ("+32470000001", "Number", "+32470000001"),
        ("384387", "Number", "384387"),
        ("sip:desk@pbx.example;transport=tls", "Sip", "sip:desk@pbx.example;transport=tls"),
        ("sips:desk@pbx.example", "Sip", "sips:desk@pbx.example"),
        ("client:front_desk", "Client", "front_desk"),  # the noun says "client:" already
        ("Client:front:desk", "Client", "front:desk"),
        ("client:Smith & <Sons>", "Client", "Smith & <Sons>"),
    ],
)
def test_whom_to_dial(target: str, tag: str, text: str) -> None:
    """A number, a SIP address or an agent's client, each by its own noun, escaped."""
    found = noun(dial(target, status_callback=CALLBACK))
    assert (found.tag, found.text) == (tag, text)


@pytest.mark.parametrize("target", ["+32470000001", "sip:desk@pbx.example", "client:front_desk"])
def test_of_what_to_tell_us(target: str) -> None:
    """Every status of the dialled leg is posted to us, and a lost post is tried again."""
    assert noun(dial(target, status_callback=CALLBACK)).attrib == {
        "statusCallback": f"{CALLBACK}#rc=3&rp=all&ct=2000&rt=4000",
        "statusCallbackEvent": "initiated ringing answered completed",
        "statusCallbackMethod": "POST",
    }


def test_a_call_is_turned_away() -> None:
    """The caller hears that the number is not in service; the call is not billed."""
    verb = only(ET.fromstring(not_in_service()))  # noqa: S314 - our own document
    assert (verb.tag, verb.attrib, list(verb)) == ("Reject", {"reason": "rejected"}, [])


def test_documents_are_utf8() -> None:
    """The document says how it is encoded and is encoded so."""
    document = dial("client:José", status_callback=CALLBACK)
    assert document.startswith(b'<?xml version="1.0" encoding="UTF-8"?>')
    assert "José".encode() in document


def test_no_rest_client_is_imported() -> None:
    """An answer to a ringing telephone does not wait for a REST client to load."""
    lines = "import sys, adapters.twilio.twiml; print('twilio.rest' in sys.modules)"
    found = subprocess.run(
        [sys.executable, "-c", lines], check=True, capture_output=True, text=True
    )
    assert found.stdout.strip() == "False"


ROOM = UUID("5b0f1c9e-3f4e-4d0a-9a57-0c5a4f3c2d10")


def test_a_caller_waits_in_a_queue_of_ours() -> None:
    """We are asked what to do meanwhile, and when it is over."""
    verb = only(ET.fromstring(queue(ROOM, waiting="/waiting", over="/waited")))  # noqa: S314 - our own
    assert (verb.tag, verb.text) == ("Enqueue", str(ROOM))
    assert verb.attrib == {
        "action": "/waited",
        "method": "POST",
        "waitUrl": "/waiting",
        "waitUrlMethod": "POST",
    }
    assert only(ET.fromstring(waited_long_enough())).tag == "Leave"  # noqa: S314 - our own


def test_whoever_waits_is_not_left_in_silence_only() -> None:
    """What the workspace has to say, and a pause after which Twilio asks again."""
    said = ET.fromstring(wait(Spoken("Hold on.", "en-GB")))  # noqa: S314 - our own document
    assert [verb.tag for verb in said] == ["Say", "Pause"]
    assert [verb.tag for verb in ET.fromstring(wait(None))] == ["Pause"]  # noqa: S314 - our own


def test_callers_meet_in_a_conference_of_ours() -> None:
    """It is not recorded, and we are told who comes and goes."""
    verb = only(ET.fromstring(conference(ROOM, told="/told", over="/over")))  # noqa: S314 - our own
    assert verb.attrib == {"action": "/over", "method": "POST"}
    met = only(verb)
    assert (met.tag, met.text) == ("Conference", str(ROOM))
    assert met.attrib == {
        "statusCallback": "/told",
        "statusCallbackEvent": "start end join leave",
        "statusCallbackMethod": "POST",
    }
