"""What is said about recording a call, to the caller and to whoever picks up, and the answers.

Nobody's silence, hanging up or no ends a call: it goes on, and is not recorded.
"""

from adapters.twilio import twiml
from adapters.twilio.forms import NotUnderstood
from adapters.twilio.questions import Reply
from api.beginning import begin
from api.offices import Office
from api.putting_through import go, said, whisper
from api.questions import Asked
from domain.policies.consent import callee_prompt
from domain.workspaces.words import Prompt


async def consent(asked: Asked) -> bytes:
    """The caller heard that the call is recorded, or was asked, and answers by a key or not."""
    office = await asked.office()
    way = asked.way(office)
    try:
        reply = asked.reply()
    except NotUnderstood as refusal:
        await asked.keep("voice/consent", refusal)
        return go(asked, office, way)
    policy = office.settings.recording
    prompt = policy.prompt if policy else None
    call = await asked.conversation(reply.call_id).answer(reply, prompt)
    if reply.has_left:
        return twiml.nothing_more()
    asks = whisper(asked, office, call, reply)
    is_recorded = call.recording.is_allowed and not call.recording.needs_everybody
    return go(asked, office, way, whisper=asks, is_recorded=is_recorded)


async def callee(asked: Asked) -> bytes:
    """Somebody picked up, and is told or asked before they are connected."""
    office = await asked.office()
    try:
        reply = asked.reply_of_callee()
        await _introduce(asked, reply)
    except NotUnderstood as refusal:
        await asked.keep("voice/callee", refusal)
        return twiml.nothing_more()
    prompt, conversation = _callee_prompt(office), asked.conversation(reply.call_id)
    plan = None if prompt is None else await conversation.ask_also(reply.leg_id, prompt)
    if plan is None or prompt is None:
        return twiml.nothing_more()
    known = {"settings": office.version, "call": asked.query.get("call")}
    return said(prompt, asked.addresses.of("voice/callee-consent", **known), plan)


async def callee_consent(asked: Asked) -> bytes:
    """They answer. Where by that everybody agreed, the recording begins; they are connected."""
    office = await asked.office()
    try:
        reply = asked.reply_of_callee()
    except NotUnderstood as refusal:
        await asked.keep("voice/callee-consent", refusal)
        return twiml.nothing_more()
    conversation = asked.conversation(reply.call_id)
    call = await conversation.answer(reply, _callee_prompt(office))
    sid = call.root.provider_id if call.root else None
    if call.recording.is_allowed and sid is not None:
        begin(conversation, asked.credentials, sid, asked.addresses.of("voice/recording"))
    return twiml.nothing_more()


async def _introduce(asked: Asked, reply: Reply) -> None:
    """Hear of the leg by its own request, where its first callback is late or lost."""
    call = await asked.conversation(reply.call_id).known()
    leg = call.legs.get(reply.leg_id)
    if leg is None or not leg.is_registered:
        call_id, report = asked.webhook.understand(
            asked.workspace_id, asked.credentials.account_sids
        )
        if call_id == reply.call_id:  # else it does not say who dialled it
            await asked.tell(call_id, report)


def _callee_prompt(office: Office) -> Prompt | None:
    policy = office.settings.recording
    return callee_prompt(policy) if policy else None
