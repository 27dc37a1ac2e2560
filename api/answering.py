"""What we answer when Twilio asks what to do with a call.

The way of a call that comes in: *incoming* (route it; announce or ask, where it is to be
recorded), *consent* (what the caller said; record from there on, or not), the telephones of the
rule, group after group (*dialed*), and where nobody picks up the voicemail (*left*). Whatever is
answered is durable before it is answered.

Settings and credentials are at hand; all else that is read or written is the workspace's cell.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from adapters.twilio import twiml
from adapters.twilio.forms import NotUnderstood
from api.answering_consent import callee, callee_consent, consent
from api.gatherings import conference, waited, waiting
from api.putting_through import dial, go, said, voicemail, whisper
from api.questions import Asked, Question
from domain.calls.commands import FindAnswerer
from domain.calls.words import RecordingPlan, Step
from domain.workspaces.words import RoutingStep


async def incoming(asked: Asked) -> bytes:
    """A call comes in.

    One whose request is genuine and cannot be understood is put through all the same, and not
    recorded: that our ledger does not understand it is no reason for a caller to reach nobody.
    """
    office = await asked.deployment.offices.get(asked.workspace_id)
    now = asked.deployment.ledger.clock()
    way = office.way(now, asked.webhook.called, asked.credentials.dial_target)
    try:
        call_id, command = asked.webhook.understand(
            asked.workspace_id, asked.accounts, step=Step(way.step)
        )
    except NotUnderstood as refusal:
        await asked.keep("voice/incoming", refusal, Step(way.step))
        return go(asked, office, way)
    receipt = await asked.tell(call_id, command)
    if way.step is not RoutingStep.dial:
        return go(asked, office, way)
    numbers = [number for group in way.groups for number in group]
    plan = await asked.conversation(call_id).begin(office, command, receipt, numbers)
    policy = office.settings.recording
    if plan is RecordingPlan.none or policy is None or policy.prompt is None:
        return go(asked, office, way)
    return said(policy.prompt, asked.following(office, way, "voice/consent"), plan)


async def dialed(asked: Asked) -> bytes:
    """Whoever was dialled talked, or did not pick up: then the next group is, or the voicemail."""
    office = await asked.office()
    way = asked.way(office)
    try:
        reply = asked.reply()
    except NotUnderstood as refusal:
        await asked.keep("voice/dialed", refusal)
        return twiml.nothing_more()
    if reply.was_put_through or reply.has_left:
        return twiml.nothing_more()
    group = (asked.number("group") or 0) + 1
    if group < len(way.groups):
        call = await asked.conversation(reply.call_id).known()
        return dial(asked, office, way, group, whisper=whisper(asked, office, call, reply))
    if way.unanswered is not RoutingStep.voicemail:
        return twiml.nothing_more()
    await asked.route(reply, Step.voicemail)
    return voicemail(asked, office)


async def left(asked: Asked) -> bytes:
    """The caller has left a message, which the recording's own callbacks tell of."""
    try:
        asked.reply()
    except NotUnderstood as refusal:
        await asked.keep("voice/left", refusal)
    return twiml.nothing_more()


async def answerer(asked: Asked) -> bytes:
    """Twilio has listened to who or what picked up."""
    try:
        reply = asked.reply_of_callee()
        found = FindAnswerer(leg_id=reply.leg_id, answered_by=reply.answerer())
        await asked.tell(reply.call_id, found)
    except NotUnderstood as refusal:
        await asked.keep("voice/answerer", refusal)
    return twiml.nothing_more()


async def transferred(asked: Asked) -> bytes:
    """A call that went on is put through to another number, as somebody asked over the API."""
    office, number = await asked.office(), asked.number("target")
    try:
        reply = asked.reply()
        await asked.route(reply, Step.transfer)
    except NotUnderstood as refusal:
        await asked.keep("voice/transferred", refusal)
    if number is None or number >= len(office.names):
        return twiml.nothing_more()
    target = office.numbers[office.names[number]]
    return twiml.dial(target, status_callback=asked.addresses.of("voice/status"))


QUESTIONS: Final[Mapping[str, Question]] = MappingProxyType(
    {
        "voice/incoming": incoming,
        "voice/consent": consent,
        "voice/dialed": dialed,
        "voice/left": left,
        "voice/callee": callee,
        "voice/callee-consent": callee_consent,
        "voice/answerer": answerer,
        "voice/transferred": transferred,
        "voice/waiting": waiting,
        "voice/waited": waited,
        "voice/conference": conference,
    }
)
"""What Twilio asks at which of the workspace's addresses, and who answers it."""
