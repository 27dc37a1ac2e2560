"""A genuine question of Twilio's, and what answering it takes: to know, to tell, to keep."""

from collections.abc import Awaitable, Callable, Collection, Mapping
from typing import NamedTuple
from uuid import UUID, uuid4

import structlog

from adapters.event_store.requests import Receipt, Request
from adapters.twilio.forms import NotUnderstood
from adapters.twilio.questions import Reply
from adapters.twilio.twiml import Addresses
from adapters.twilio.webhooks import Webhook, in_campaign
from adapters.workspaces.credentials import Credentials
from api.asking_consent import Conversation
from api.deployment import Deployment
from api.offices import Office, Way
from domain.calls.call import CALL
from domain.calls.commands import RouteCall
from domain.calls.words import Step
from domain.dead_letters.dead_letter import DEAD_LETTER, KeepDeadLetter
from domain.messages import Command, Context

log = structlog.get_logger()


class Asked(NamedTuple):
    """The question, and what we know to answer it."""

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

    @property
    def accounts(self) -> Collection[str]:
        """Whom a question may speak for."""
        return self.credentials.account_sids

    def number(self, name: str) -> int | None:
        """A number of the address."""
        text = self.query.get(name, "")
        return int(text) if text.isascii() and text.isdigit() else None

    async def office(self) -> Office:
        """The workspace's settings, as they were when the call came in."""
        return await self.deployment.offices.at(self.workspace_id, self.number("settings"))

    def way(self, office: Office) -> Way:
        """What was decided to be done with the call when it came in."""
        return office.way_by(self.number("rule"), self.credentials.dial_target)

    def following(self, office: Office, way: Way, channel: str, group: int | None = None) -> str:
        """Where Twilio asks next about this call: by the same settings and the same rule."""
        known = {"settings": office.version, "rule": way.rule, "group": group}
        return self.addresses.of(channel, **known)

    def reply(self) -> Reply:
        """What the first leg says, or does no more; ``NotUnderstood`` otherwise."""
        return self.webhook.reply(self.workspace_id, self.accounts)

    def reply_of_callee(self) -> Reply:
        """The same of a leg of the call that the address names."""
        return self.webhook.reply(self.workspace_id, self.accounts, self.query.get("call"))

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

    async def route(self, reply: Reply, step: Step) -> None:
        """Make a further step of the call's way durable."""
        now = self.deployment.ledger.clock()
        await self.tell(reply.call_id, RouteCall(leg_id=reply.leg_id, step=step, occurred_at=now))

    async def keep(self, channel: str, refusal: NotUnderstood, step: Step | None = None) -> None:
        """Keep a question that cannot be understood as a dead letter."""
        letter_id = uuid4()
        log.warning("dead_letter.kept", dead_letter_id=letter_id, reason=refusal.code)
        letter = KeepDeadLetter(
            channel=channel, reason=refusal.code, callback=self.webhook.kept(step)
        )
        size = len(self.webhook.text)
        request = Request(self.workspace_id, letter_id, DEAD_LETTER, letter, self.context, size)
        await self.deployment.ledger.handle(request)


Question = Callable[[Asked], Awaitable[bytes]]
"""Answers with TwiML."""
