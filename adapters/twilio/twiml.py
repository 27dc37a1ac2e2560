"""What we answer when Twilio asks what to do with a call (TwiML).

The only module that uses Twilio's library at run time: its verbs, which know the escaping and
the spelling of every attribute. Its REST client, slow to import, stays out.
"""

from typing import Final

from twilio.twiml.messaging_response import (  # type: ignore[import-untyped] # it ships none
    MessagingResponse,
)
from twilio.twiml.voice_response import (  # type: ignore[import-untyped] # it ships none
    Dial,
    VoiceResponse,
)

from adapters.twilio.overrides import RETRIES

EVENTS: Final = "initiated ringing answered completed"


def dial(number: str, *, status_callback: str) -> bytes:
    """Put the call through to a number, a `sip:` or a `client:` address, and be told of it."""
    verb = Dial()
    nouns = {"sip": verb.sip, "sips": verb.sip, "client": verb.client}
    scheme, _, name = number.partition(":")
    noun = nouns.get(scheme.lower(), verb.number)
    noun(
        name if noun == verb.client else number,
        status_callback=status_callback + RETRIES,
        status_callback_event=EVENTS,
        status_callback_method="POST",
    )
    return _document(VoiceResponse().append(verb))


def not_in_service() -> bytes:
    """Turn the call away: the caller hears that the number is not in service, nobody pays."""
    response = VoiceResponse()
    response.reject(reason="rejected")
    return _document(response)


def no_reply() -> bytes:
    """Send nothing in return for a message."""
    return _document(MessagingResponse())


def _document(response: VoiceResponse | MessagingResponse) -> bytes:
    return str(response).encode()
