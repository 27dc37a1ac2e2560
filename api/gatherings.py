"""Callers who wait in a queue, and callers who meet in a conference.

Whoever waits is put through by a transfer over the API, which leads them out of the queue; where
nobody takes the call in time, or there is no place, the rule's own *unanswered* follows.
"""

from typing import Final
from uuid import UUID

from msgspec.structs import replace

from adapters.twilio import twiml
from adapters.twilio.forms import NotUnderstood
from adapters.twilio.gatherings import (
    own_call,
    read_conference,
    read_waited,
    waited_seconds,
)
from api.putting_through import spoken, voicemail
from api.questions import Asked
from domain.calls.commands import ReportConference
from domain.calls.words import Step
from domain.workspaces.words import RoutingStep

LONGEST_SECONDS: Final = 600
"""How long a caller waits at most."""


async def waiting(asked: Asked) -> bytes:
    """A caller waits. It is asked again and again, says nothing new, and nothing is kept of it."""
    waited = waited_seconds(asked.webhook.form)
    if waited is not None and waited >= LONGEST_SECONDS:
        return twiml.waited_long_enough()
    routing = (await asked.office()).settings.routing
    return twiml.wait(spoken(routing.waiting if routing else None))


async def waited(asked: Asked) -> bytes:
    """They wait no longer: they talked, were led elsewhere, hung up, or nobody came."""
    office, now = await asked.office(), asked.deployment.ledger.clock()
    try:
        reply = asked.reply()
        call_id, said = read_waited(asked.workspace_id, asked.webhook.own(asked.accounts), now)
    except NotUnderstood as refusal:
        await asked.keep("voice/waited", refusal)
        return twiml.nothing_more()
    await asked.tell(call_id, said)
    is_over = reply.has_left or not said.result.reached_nobody
    if is_over or asked.way(office).unanswered is not RoutingStep.voicemail:
        return twiml.nothing_more()
    await asked.route(reply, Step.voicemail)
    return voicemail(asked, office)


async def conference(asked: Asked) -> bytes:
    """Something happened in a conference: its opener's call hears all, each other call its own."""
    try:
        form = asked.webhook.own(asked.accounts)
        told = read_conference(asked.workspace_id, form, asked.query.get("call"))
    except NotUnderstood as refusal:
        await asked.keep("voice/conference", refusal)
    else:
        await asked.tell(*told)
        await _tell_their_own(asked, *told)
    return twiml.nothing_more()


async def _tell_their_own(asked: Asked, opened: UUID, report: ReportConference) -> None:
    """Tell the call of whoever came, if we put it there; a leg that was dialled is no call."""
    own = own_call(asked.workspace_id, report)
    if own is None or own == opened:
        return
    call = await asked.conversation(own).known()
    if (report.leg_id, Step.conference) in call.routed:
        await asked.tell(own, replace(report, opened_by=opened))
