"""What we answer when Twilio asks what to do with a call.

The way of a call that comes in: *incoming* (route it; announce or ask, where it is to be
recorded), *consent* (what the caller said; record from there on, or not), the telephones of the
rule, group after group (*dialed*), and where nobody picks up the voicemail (*left*). Whatever is
answered is durable before it is answered. Nobody's silence, hanging up or no ends a call: it goes
on, and is not recorded.

Settings and credentials are at hand; all else that is read or written is the workspace's cell.
"""

from collections.abc import Awaitable, Callable, Mapping
from types import MappingProxyType
from typing import Final, NamedTuple
from uuid import UUID, uuid4

import structlog

from adapters.event_store.requests import Receipt, Request
from adapters.twilio import twiml
from adapters.twilio.forms import NotUnderstood
from adapters.twilio.questions import Reply
from adapters.twilio.twiml import Addresses, Spoken
from adapters.twilio.webhooks import Webhook, in_campaign
from adapters.workspaces.credentials import Credentials
from api.asking_consent import Conversation
from api.beginning import begin
from api.deployment import Deployment
from api.offices import Office, Way
from domain.calls.call import CALL
from domain.calls.commands import FindAnswerer, RouteCall
from domain.calls.state import Call
from domain.calls.words import RecordingPlan, Step
from domain.dead_letters.dead_letter import DEAD_LETTER, KeepDeadLetter
from domain.messages import Command, Context
from domain.policies.consent import callee_prompt
from domain.workspaces.words import Prompt, RoutingStep

log = structlog.get_logger()


class Asked(NamedTuple):
    """A genuine question of Twilio's, and what we know to answer it."""

    deployment: Deployment
    workspace_id: UUID
    credentials: Credentials
    webhook: Webhook
    context: Context
    query: Mapping[str, str]
    """What we wrote into the address that we handed out."""

    @property
    def addresses(self) -> Addresses:
        """Where Twilio is to ask next."""
        return Addresses(f"{self.deployment.public_url}/twilio/{self.workspace_id}")

    def number(self, name: str) -> int | None:
        """A number of the address."""
        text = self.query.get(name, "")
        return int(text) if text.isascii() and text.isdigit() else None

    async def office(self) -> Office:
        """The workspace's settings, as they were when the call came in."""
        return await self.deployment.offices.at(self.workspace_id, self.number("settings"))

    def conversation(self, call_id: UUID) -> Conversation:
        """What there is to say and to write down about recording a call."""
        ledger = self.deployment.ledger
        return Conversation(ledger, self.workspace_id, call_id, self.context)

    async def tell(self, call_id: UUID, command: Command) -> Receipt:
        """Make it durable."""
        request = Request(
            self.workspace_id,
            call_id,
            CALL,
            in_campaign(command, self.query),
            self.context,
            len(self.webhook.text),
        )
        return await self.deployment.ledger.handle(request)


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
            asked.workspace_id, asked.credentials.account_sids, step=Step(way.step)
        )
    except NotUnderstood as refusal:
        await _keep(asked, "voice/incoming", refusal, Step(way.step))
        return _go(asked, office, way)
    receipt = await asked.tell(call_id, command)
    if way.step is not RoutingStep.dial:
        return _go(asked, office, way)
    numbers = [number for group in way.groups for number in group]
    plan = await asked.conversation(call_id).begin(office, command, receipt, numbers)
    policy = office.settings.recording
    if plan is RecordingPlan.none or policy is None or policy.prompt is None:
        return _go(asked, office, way)
    return _said(policy.prompt, _following(asked, office, way, "voice/consent"), plan)


async def consent(asked: Asked) -> bytes:
    """The caller heard that the call is recorded, or was asked, and answers by a key or not."""
    office = await asked.office()
    way = office.way_by(asked.number("rule"), asked.credentials.dial_target)
    try:
        reply = asked.webhook.reply(asked.workspace_id, asked.credentials.account_sids)
    except NotUnderstood as refusal:
        await _keep(asked, "voice/consent", refusal)
        return _go(asked, office, way)
    policy = office.settings.recording
    prompt = policy.prompt if policy else None
    call = await asked.conversation(reply.call_id).answer(reply, prompt)
    if reply.has_left:
        return twiml.nothing_more()
    whisper = _whisper(asked, office, call, reply)
    is_recorded = call.recording.is_allowed and not call.recording.needs_everybody
    return _go(asked, office, way, whisper=whisper, is_recorded=is_recorded)


async def callee(asked: Asked) -> bytes:
    """Somebody picked up, and is told or asked before they are connected."""
    office = await asked.office()
    try:
        reply = _of_callee(asked)
        await _introduce(asked, reply)
    except NotUnderstood as refusal:
        await _keep(asked, "voice/callee", refusal)
        return twiml.nothing_more()
    prompt, conversation = _callee_prompt(office), asked.conversation(reply.call_id)
    plan = None if prompt is None else await conversation.ask_also(reply.leg_id, prompt)
    if plan is None or prompt is None:
        return twiml.nothing_more()
    known = {"settings": office.version, "call": asked.query.get("call")}
    return _said(prompt, asked.addresses.of("voice/callee-consent", **known), plan)


async def callee_consent(asked: Asked) -> bytes:
    """They answer. Where by that everybody agreed, the recording begins; they are connected."""
    office = await asked.office()
    try:
        reply = _of_callee(asked)
    except NotUnderstood as refusal:
        await _keep(asked, "voice/callee-consent", refusal)
        return twiml.nothing_more()
    conversation = asked.conversation(reply.call_id)
    call = await conversation.answer(reply, _callee_prompt(office))
    sid = call.root.provider_id if call.root else None
    if call.recording.is_allowed and sid is not None:
        begin(conversation, asked.credentials, sid, asked.addresses.of("voice/recording"))
    return twiml.nothing_more()


async def dialed(asked: Asked) -> bytes:
    """Whoever was dialled talked, or did not pick up: then the next group is, or the voicemail."""
    office = await asked.office()
    way = office.way_by(asked.number("rule"), asked.credentials.dial_target)
    try:
        reply = asked.webhook.reply(asked.workspace_id, asked.credentials.account_sids)
    except NotUnderstood as refusal:
        await _keep(asked, "voice/dialed", refusal)
        return twiml.nothing_more()
    if reply.was_put_through or reply.has_left:
        return twiml.nothing_more()
    group = (asked.number("group") or 0) + 1
    if group < len(way.groups):
        call = await asked.conversation(reply.call_id).known()
        return _dial(asked, office, way, group, whisper=_whisper(asked, office, call, reply))
    if way.unanswered is not RoutingStep.voicemail:
        return twiml.nothing_more()
    await _route(asked, reply, Step.voicemail)
    return _voicemail(asked, office)


async def left(asked: Asked) -> bytes:
    """The caller has left a message, which the recording's own callbacks tell of."""
    try:
        asked.webhook.reply(asked.workspace_id, asked.credentials.account_sids)
    except NotUnderstood as refusal:
        await _keep(asked, "voice/left", refusal)
    return twiml.nothing_more()


async def answerer(asked: Asked) -> bytes:
    """Twilio has listened to who or what picked up."""
    try:
        reply = _of_callee(asked)
        found = FindAnswerer(leg_id=reply.leg_id, answered_by=reply.answerer())
        await asked.tell(reply.call_id, found)
    except NotUnderstood as refusal:
        await _keep(asked, "voice/answerer", refusal)
    return twiml.nothing_more()


async def transferred(asked: Asked) -> bytes:
    """A call that went on is put through to another number, as somebody asked over the API."""
    office, number = await asked.office(), asked.number("target")
    try:
        reply = asked.webhook.reply(asked.workspace_id, asked.credentials.account_sids)
        await _route(asked, reply, Step.transfer)
    except NotUnderstood as refusal:
        await _keep(asked, "voice/transferred", refusal)
    if number is None or number >= len(office.names):
        return twiml.nothing_more()
    target = office.numbers[office.names[number]]
    return twiml.dial(target, status_callback=asked.addresses.of("voice/status"))


Question = Callable[[Asked], Awaitable[bytes]]
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
    }
)
"""What Twilio asks at which of the workspace's addresses, and who answers it."""


def _go(
    asked: Asked,
    office: Office,
    way: Way,
    *,
    whisper: str | None = None,
    is_recorded: bool = False,
) -> bytes:
    """The way itself."""
    if way.step is RoutingStep.voicemail:
        return _voicemail(asked, office)
    if way.step is RoutingStep.reject or not way.groups:
        return twiml.not_in_service()
    return _dial(asked, office, way, 0, whisper=whisper, is_recorded=is_recorded)


def _dial(
    asked: Asked,
    office: Office,
    way: Way,
    group: int,
    *,
    whisper: str | None = None,
    is_recorded: bool = False,
) -> bytes:
    # Where no rule decided there is nothing to be done when it is over.
    over = None if way.rule is None else _following(asked, office, way, "voice/dialed", group)
    return twiml.dial(
        *way.groups[group],
        status_callback=asked.addresses.of("voice/status"),
        action=over,
        whisper=whisper,
        recorded=asked.addresses.of("voice/recording") if is_recorded else None,
        answerer=_answerer(asked) if way.finds_machines else None,
    )


def _answerer(asked: Asked) -> str:
    """Where we are told who or what picked up: of a leg of this call, which that does not say."""
    first = asked.webhook.form.values.get("CallSid", "") if asked.webhook.form else ""
    return asked.addresses.of("voice/answerer", call=first or None)


def _whisper(asked: Asked, office: Office, call: Call, reply: Reply) -> str | None:
    """What whoever picks up is asked first, where the caller agreed and that is not enough."""
    said = call.recording
    if not said.needs_everybody or said.is_objected or not said.has_agreed(reply.leg_id):
        return None
    return asked.addresses.of("voice/callee", settings=office.version, call=reply.sid)


def _of_callee(asked: Asked) -> Reply:
    return asked.webhook.reply(
        asked.workspace_id, asked.credentials.account_sids, asked.query.get("call")
    )


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


def _voicemail(asked: Asked, office: Office) -> bytes:
    routing = office.settings.routing
    return twiml.voicemail(
        _spoken(routing.greeting if routing else None),
        recorded=asked.addresses.of("voice/recording"),
        left=asked.addresses.of("voice/left"),
    )


def _said(prompt: Prompt, following: str, plan: RecordingPlan) -> bytes:
    spoken = Spoken(prompt.text or "", prompt.language)
    if plan.asks:
        return twiml.question(spoken, answer=following)
    return twiml.announcement(spoken, heard=following)


def _spoken(prompt: Prompt | None) -> Spoken | None:
    return Spoken(prompt.text, prompt.language) if prompt and prompt.text else None


def _following(
    asked: Asked, office: Office, way: Way, channel: str, group: int | None = None
) -> str:
    """Where Twilio asks next about this call: by the same settings and the same rule."""
    known = {"settings": office.version, "rule": way.rule, "group": group}
    return asked.addresses.of(channel, **known)


async def _route(asked: Asked, reply: Reply, step: Step) -> None:
    now = asked.deployment.ledger.clock()
    await asked.tell(reply.call_id, RouteCall(leg_id=reply.leg_id, step=step, occurred_at=now))


async def _keep(
    asked: Asked, channel: str, refusal: NotUnderstood, step: Step | None = None
) -> None:
    """Keep a question that cannot be understood as a dead letter."""
    letter_id = uuid4()
    log.warning("dead_letter.kept", dead_letter_id=letter_id, reason=refusal.code)
    letter = KeepDeadLetter(
        channel=channel, reason=refusal.code, callback=asked.webhook.kept(step)
    )
    size = len(asked.webhook.text)
    request = Request(asked.workspace_id, letter_id, DEAD_LETTER, letter, asked.context, size)
    await asked.deployment.ledger.handle(request)
