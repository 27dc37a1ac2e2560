"""Whenever somebody answers a message with STOP, they object to marketing by messages."""

from datetime import datetime

from domain.consents.commands import WithdrawConsent
from domain.consents.events import Evidence
from domain.consents.words import Channel, Marketing, Purpose
from domain.personal_data import Sealed
from domain.text_messages.text_message import TextMessage
from domain.text_messages.words import MessageDirection, OptOut


def objection(message: TextMessage, heard_at: datetime) -> WithdrawConsent | None:
    """What a message says of its sender's consent; ``None`` for all but a STOP.

    START says nothing: the provider lets messages through again, and nobody agreed to marketing.
    """
    sender = message.sender
    is_inbound = message.direction is MessageDirection.inbound
    if message.opt_out is not OptOut.stop or not is_inbound or not isinstance(sender, Sealed):
        return None
    evidence = Evidence(channel=Channel.text_message, provider_event_id=message.provider_id)
    return WithdrawConsent(
        subject_id=sender.subjects[0],
        occurred_at=heard_at,
        purpose=Purpose.marketing,
        kind=Marketing.messages,
        evidence=evidence,
    )
