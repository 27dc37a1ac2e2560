"""What we answer when Twilio asks what to do with a call (TwiML).

The only module that uses Twilio's library at run time: its verbs, which know the escaping and
the spelling of every attribute. Its REST client, slow to import, stays out.

The addresses in it are ours and are kept by Twilio for ever: ids and versions, no number, no name.
"""

from typing import Final, NamedTuple
from urllib.parse import urlencode
from uuid import UUID

from twilio.twiml.messaging_response import (  # type: ignore[import-untyped] # it ships none
    MessagingResponse,
)
from twilio.twiml.voice_response import (  # type: ignore[import-untyped] # it ships none
    Dial,
    Gather,
    Start,
    VoiceResponse,
)

from adapters.twilio.overrides import RETRIES

EVENTS: Final = "initiated ringing answered completed"
RECORDING_EVENTS: Final = "in-progress completed absent"
YES: Final = "1"
"""The key that agrees."""

ANSWER_SECONDS: Final = 8
"""How long a key is waited for after the question."""

LULL_SECONDS: Final = 15
"""How long it is quiet between two times that whoever waits is spoken to."""

CONFERENCE_EVENTS: Final = "start end join leave"
MESSAGE_SECONDS: Final = 180
"""The longest message that a caller can leave."""


class Spoken(NamedTuple):
    """What is said, in which language."""

    text: str
    language: str


class Addresses(NamedTuple):
    """Where Twilio reaches us about one workspace."""

    root: str

    def of(self, channel: str, **known: object) -> str:
        """An address with what we are to know again, delivered as often as it takes."""
        said = {name: value for name, value in known.items() if value is not None}
        query = f"?{urlencode(said)}" if said else ""
        return f"{self.root}/{channel}{query}{RETRIES}"


def dial(
    *numbers: str,
    status_callback: str,
    action: str | None = None,
    whisper: str | None = None,
    recorded: str | None = None,
    answerer: str | None = None,
) -> bytes:
    """Put the call through to whoever picks up first.

    Args:
        numbers: Numbers, `sip:` or `client:` addresses; at most ten.
        status_callback: Where we are told of their legs.
        action: What to ask when it is over, or nobody picked up.
        whisper: What to ask once somebody picked up, before they are connected.
        recorded: Record from now on, and tell us there.
        answerer: Listen to who or what picks up, and tell us there; an agent's client is a person.
    """
    response = _recording(recorded) if recorded else VoiceResponse()
    verb = Dial(action=action, method="POST", answer_on_bridge=True) if action else Dial()
    nouns = {"sip": verb.sip, "sips": verb.sip, "client": verb.client}
    asked = {"url": whisper, "method": "POST"} if whisper else {}
    listens = {
        "machine_detection": "Enable",
        "amd_status_callback": answerer,
        "amd_status_callback_method": "POST",
    }
    for number in numbers:
        scheme, _, name = number.partition(":")
        noun = nouns.get(scheme.lower(), verb.number)
        noun(
            name if noun == verb.client else number,
            status_callback=with_retries(status_callback),
            status_callback_event=EVENTS,
            status_callback_method="POST",
            **asked,
            **(listens if answerer and noun != verb.client else {}),
        )
    return _document(response.append(verb))


def question(spoken: Spoken, *, answer: str) -> bytes:
    """Say it, and tell us which key was pressed; also that none was."""
    gather = Gather(
        action=answer,
        method="POST",
        input="dtmf",
        num_digits=1,
        timeout=ANSWER_SECONDS,
        action_on_empty_result=True,
    )
    gather.say(spoken.text, language=spoken.language)
    return _document(VoiceResponse().append(gather))


def announcement(spoken: Spoken, *, heard: str) -> bytes:
    """Say it, and ask us what to do once it was heard to its end."""
    response = VoiceResponse()
    response.say(spoken.text, language=spoken.language)
    response.redirect(heard, method="POST")
    return _document(response)


def voicemail(greeting: Spoken | None, *, recorded: str, left: str) -> bytes:
    """Let the caller leave a message after the tone."""
    response = VoiceResponse()
    if greeting is not None:
        response.say(greeting.text, language=greeting.language)
    response.record(
        action=left,
        method="POST",
        max_length=MESSAGE_SECONDS,
        play_beep=True,
        trim="do-not-trim",
        recording_status_callback=recorded,
        recording_status_callback_event=RECORDING_EVENTS,
        recording_status_callback_method="POST",
    )
    return _document(response)


def queue(room: UUID, *, waiting: str, over: str) -> bytes:
    """Let the caller wait.

    Args:
        room: The queue; Twilio makes it where it is not there yet.
        waiting: What to ask, again and again, while they wait.
        over: What to ask when they wait no longer; after a talk when that is over.
    """
    response = VoiceResponse()
    response.enqueue(
        str(room), action=over, method="POST", wait_url=waiting, wait_url_method="POST"
    )
    return _document(response)


def wait(spoken: Spoken | None) -> bytes:
    """Speak to whoever waits, and be quiet for a while. Twilio asks again after that."""
    response = VoiceResponse()
    if spoken is not None:
        response.say(spoken.text, language=spoken.language)
    response.pause(length=LULL_SECONDS)
    return _document(response)


def waited_long_enough() -> bytes:
    """Let the caller wait no longer: we are asked what to do instead."""
    response = VoiceResponse()
    response.leave()
    return _document(response)


def conference(room: UUID, *, told: str, over: str) -> bytes:
    """Let the caller meet whoever else is there, or comes.

    Args:
        room: The conference, which begins with the second who comes.
        told: Where we are told of it. Only the address of the first who comes counts.
        over: What to ask when the caller is there no longer.
    """
    verb = Dial(action=over, method="POST")
    verb.conference(
        str(room),
        status_callback=told,
        status_callback_event=CONFERENCE_EVENTS,
        status_callback_method="POST",
    )
    return _document(VoiceResponse().append(verb))


def nothing_more() -> bytes:
    """There is nothing to be done: the call ends, or who picked up is connected."""
    return _document(VoiceResponse())


def not_in_service() -> bytes:
    """Turn the call away: the caller hears that the number is not in service, nobody pays."""
    response = VoiceResponse()
    response.reject(reason="rejected")
    return _document(response)


def no_reply() -> bytes:
    """Send nothing in return for a message."""
    return _document(MessagingResponse())


def with_retries(address: str) -> str:
    """The address, delivered as often as it takes."""
    return address if "#" in address else address + RETRIES


def _recording(told: str) -> VoiceResponse:
    """Record both sides, untrimmed: so the recording's time is the call's."""
    start = Start()
    start.recording(
        recording_status_callback=told,
        recording_status_callback_event=RECORDING_EVENTS,
        recording_status_callback_method="POST",
        channels="dual",
        trim="do-not-trim",
    )
    return VoiceResponse().append(start)


def _document(response: VoiceResponse | MessagingResponse) -> bytes:
    return str(response).encode()
