"""Who answers a message with STOP objects to marketing by messages; nobody else does."""

from typing import Final

import pytest
from msgspec import structs
from reports import at, party
from sealing import seal

from domain.consents.words import Channel, Marketing, Purpose
from domain.policies.opting_out import objection
from domain.text_messages.text_message import TextMessage
from domain.text_messages.words import MessageDirection, OptOut

STOP: Final = TextMessage(
    provider_id="SM1",
    direction=MessageDirection.inbound,
    sender=seal(party()),
    recipient=seal(party("+32470000002")),
    opt_out=OptOut.stop,
)


def test_a_stop_is_an_objection_of_its_sender() -> None:
    """When it was heard, with the message as the evidence of it."""
    said = objection(STOP, at(5))
    assert said is not None
    assert (said.subject_id,) == seal(party()).subjects
    assert (said.purpose, said.kind) == (Purpose.marketing, Marketing.messages)
    assert (said.occurred_at, said.evidence.channel) == (at(5), Channel.text_message)
    assert said.evidence.provider_event_id == "SM1"


@pytest.mark.parametrize(
    "message",
    [
        structs.replace(STOP, opt_out=OptOut.start),
        structs.replace(STOP, opt_out=OptOut.help),
        structs.replace(STOP, opt_out=None),
        structs.replace(STOP, direction=MessageDirection.outbound),
        structs.replace(STOP, sender=None),
    ],
    ids=["start", "help", "none", "outbound", "nobody"],
)
def test_nothing_else_is(message: TextMessage) -> None:
    """Not another keyword, not our own message, not one of nobody's."""
    assert objection(message, at(5)) is None
