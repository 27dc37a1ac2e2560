"""The way that a call takes, as TwiML: who is dialled, how a message is left, what is said."""

from adapters.twilio import twiml
from adapters.twilio.questions import Reply
from adapters.twilio.twiml import Spoken
from api.offices import Office, Way
from api.questions import Asked
from domain.calls.state import Call
from domain.calls.words import RecordingPlan
from domain.identifiers import room_id
from domain.workspaces.words import Prompt, RoutingStep


def go(
    asked: Asked,
    office: Office,
    way: Way,
    *,
    whisper: str | None = None,
    is_recorded: bool = False,
) -> bytes:
    """The way itself."""
    if way.step is RoutingStep.voicemail:
        return voicemail(asked, office)
    if way.step.has_room:
        return _room(asked, office, way)
    if way.step is RoutingStep.reject or not way.groups:
        return twiml.not_in_service()
    return dial(asked, office, way, 0, whisper=whisper, is_recorded=is_recorded)


def dial(
    asked: Asked,
    office: Office,
    way: Way,
    group: int,
    *,
    whisper: str | None = None,
    is_recorded: bool = False,
) -> bytes:
    """Ring one group of the telephones at once."""
    # Where no rule decided there is nothing to be done when it is over.
    over = None if way.rule is None else asked.following(office, way, "voice/dialed", group)
    return twiml.dial(
        *way.groups[group],
        status_callback=asked.addresses.of("voice/status"),
        action=over,
        whisper=whisper,
        recorded=asked.addresses.of("voice/recording") if is_recorded else None,
        answerer=_of_this_call(asked, "voice/answerer") if way.finds_machines else None,
    )


def voicemail(asked: Asked, office: Office) -> bytes:
    """Let the caller leave a message."""
    routing = office.settings.routing
    return twiml.voicemail(
        spoken(routing.greeting if routing else None),
        recorded=asked.addresses.of("voice/recording"),
        left=asked.addresses.of("voice/left"),
    )


def whisper(asked: Asked, office: Office, call: Call, reply: Reply) -> str | None:
    """What whoever picks up is asked first, where the caller agreed and that is not enough."""
    said = call.recording
    if not said.needs_everybody or said.is_objected or not said.has_agreed(reply.leg_id):
        return None
    return asked.addresses.of("voice/callee", settings=office.version, call=reply.sid)


def said(prompt: Prompt, following: str, plan: RecordingPlan) -> bytes:
    """Announce, or ask, and be told there what became of it."""
    words = Spoken(prompt.text or "", prompt.language)
    if plan.asks:
        return twiml.question(words, answer=following)
    return twiml.announcement(words, heard=following)


def spoken(prompt: Prompt | None) -> Spoken | None:
    """A prompt of the workspace's, if there is one and it has a text."""
    return Spoken(prompt.text, prompt.language) if prompt and prompt.text else None


def _room(asked: Asked, office: Office, way: Way) -> bytes:
    """Wait, or meet others."""
    room = room_id(asked.workspace_id, way.step, way.room)
    if way.step is RoutingStep.queue:
        return twiml.queue(
            room,
            waiting=asked.following(office, way, "voice/waiting"),
            over=asked.following(office, way, "voice/waited"),
        )
    return twiml.conference(
        room,
        told=_of_this_call(asked, "voice/conference"),
        over=asked.following(office, way, "voice/dialed"),
    )


def _of_this_call(asked: Asked, channel: str) -> str:
    """Where we are told what does not say itself which call it is about."""
    first = asked.webhook.form.values.get("CallSid", "") if asked.webhook.form else ""
    return asked.addresses.of(channel, call=first or None)
