"""What is said, answered and written down about recording one call.

Two histories hear of it: the call's, with what was ruled by which row of which table, and that of
the person's own consent, with the same evidence. The person is known by their subject id.
"""

import asyncio
from collections.abc import Awaitable, Collection, Iterable, Iterator
from contextlib import suppress
from datetime import datetime
from typing import Any, NamedTuple, TypeAlias
from uuid import UUID

from adapters.event_store.history import read_stream
from adapters.event_store.requests import Receipt, Request
from adapters.twilio.places import country_of, place_of
from adapters.twilio.questions import Reply
from adapters.twilio.twiml import YES
from adapters.wiring import Ledger
from api.offices import Office
from domain.calls.call import CALL
from domain.calls.commands import (
    AnswerAboutRecording,
    AskAboutRecording,
    AskRecordingStart,
    CallCommand,
    ReportLeg,
    RuleRecording,
)
from domain.calls.events import CallEvent, RecordingRuled
from domain.calls.state import Call
from domain.calls.words import Answer, Direction, RecordingPlan
from domain.consents.commands import AskConsent, ConsentCommand, GiveConsent, RefuseConsent
from domain.consents.consent import CONSENT, standing_at
from domain.consents.events import ConsentEvent, Evidence
from domain.consents.words import Channel, Form, Purpose, Standing
from domain.errors import Refused
from domain.identifiers import consent_id
from domain.messages import Context, Entry
from domain.personal_data import Sealed
from domain.policies import consent as policy
from domain.workspaces.words import Prompt, RecordingMode

Ruling: TypeAlias = RuleRecording | RecordingRuled


class Party(NamedTuple):
    """Who is told or asked, on which leg, and what."""

    leg_id: UUID
    subject_id: UUID
    prompt: Prompt


class Conversation(NamedTuple):
    """A call, for as long as it is asked about recording."""

    ledger: Ledger
    workspace_id: UUID
    call_id: UUID
    context: Context

    async def begin(
        self, office: Office, report: ReportLeg, told: Receipt, numbers: Collection[str]
    ) -> RecordingPlan:
        """Rule on a call that was just routed, and write down what the caller is told or asked.

        Args:
            office: The workspace's settings.
            report: What came in.
            told: What the history learnt by it.
            numbers: Whom it may be put through to.
        """
        wanted = office.settings.recording
        if wanted is None or wanted.mode is RecordingMode.off:
            return RecordingPlan.none
        now = self.ledger.clock()
        is_new = told.version == len(told.events)
        call = CALL.fold(_of_call(told.events)) if is_new else await self.known()
        caller = subject_on(call, report.leg_id)
        plan = policy.plan(
            wanted,
            [_place(report), *{country_of(one, office.country) for one in numbers}],
            now.date(),
            await self._stands(caller),
            caller_is_known=caller is not None,
        )
        ruled = RuleRecording(
            leg_id=report.leg_id,
            occurred_at=now,
            plan=plan.what,
            reason=plan.reason,
            settings_version=office.version,
            places=plan.ruling.places if plan.ruling else None,
            rule=plan.ruling.rule if plan.ruling else None,
            table_version=plan.ruling.table_version if plan.ruling else None,
        )
        if plan.what is RecordingPlan.none or caller is None or wanted.prompt is None:
            await self._tell(ruled)
        else:
            party = Party(report.leg_id, caller, wanted.prompt)
            asking = self._asking(party, ruled, is_question=plan.what.asks)
            await asyncio.gather(self._tell(ruled), *asking)  # at once: one append is enough
        return plan.what

    def _asking(
        self, party: Party, ruling: Ruling, *, is_question: bool
    ) -> tuple[Awaitable[object], Awaitable[object]]:
        """What writes down that a party is told or asked now, in either history."""
        now, prompt = self.ledger.clock(), party.prompt
        asked = AskAboutRecording(
            leg_id=party.leg_id,
            occurred_at=now,
            prompt_id=prompt.prompt_id,
            prompt_version=prompt.version,
            language=prompt.language,
            text_sha256=prompt.text_sha256,
            is_question=is_question,
        )
        question = AskConsent(
            subject_id=party.subject_id,
            occurred_at=now,
            purpose=Purpose.recording,
            evidence=self._evidence(party, ruling, now),
        )
        return self._tell(asked), self._state(question)

    async def ask_also(self, leg_id: UUID, prompt: Prompt) -> RecordingPlan | None:
        """Write down that whoever picked up is told or asked; ``None`` where they are not to be.

        Whoever took their consent back is not asked either, and so the call is not recorded.
        """
        call = await self.known()
        said, subject = call.recording, subject_on(call, leg_id)
        ruling = next(iter(said.rulings), None)
        if said.plan is None or not said.needs_everybody or said.is_objected or ruling is None:
            return None
        if subject is None or await self._stands(subject) is Standing.withdrawn:
            return None
        party = Party(leg_id, subject, prompt)
        await asyncio.gather(*self._asking(party, ruling, is_question=said.plan.asks))
        return said.plan

    async def tell_start(self) -> bool:
        """Write down that the recording begins now; whether it may, and was not begun before."""
        call = await self.known()
        if call.root is None:
            return False
        begun = AskRecordingStart(leg_id=call.root.leg_id, occurred_at=self.ledger.clock())
        with suppress(Refused):
            return bool(await self._tell(begun))
        return False

    async def answer(self, reply: Reply, prompt: Prompt | None) -> Call:
        """Write down what a party answered; the call as it is then.

        A yes is one once the person's own consent says so: of somebody erased meanwhile it does
        not, and the call stays unrecorded.
        """
        call, now = await self.known(), self.ledger.clock()
        plan, ruling = call.recording.plan, next(iter(call.recording.rulings), None)
        subject = subject_on(call, reply.leg_id)
        if plan is None or ruling is None or subject is None or prompt is None:
            return call
        said, party = _answer(plan, reply), Party(reply.leg_id, subject, prompt)
        asked_at = call.recording.asked_at.get(reply.leg_id)
        evidence = self._evidence(party, ruling, asked_at, reply.digit)
        statement = _statement(
            said, {"subject_id": subject, "occurred_at": now, "evidence": evidence}
        )
        if statement is not None and not await self._state(statement):
            return call
        answered = AnswerAboutRecording(
            leg_id=reply.leg_id, occurred_at=now, answer=said, digit=reply.digit
        )
        return CALL.fold(await self._tell(answered), call)

    async def known(self) -> Call:
        """The call as the history has it."""
        return CALL.fold(_of_call(e.event for e in await self._stream(self.call_id)))

    async def _stands(self, subject: UUID | None) -> Standing | None:
        if subject is None:
            return None
        entries = await self._stream(consent_id(self.workspace_id, subject, Purpose.recording))
        consent = CONSENT.fold(e.event for e in entries if isinstance(e.event, ConsentEvent))
        return standing_at(consent, self.ledger.clock())

    async def _stream(self, stream_id: UUID) -> list[Entry]:
        cell = await self.ledger.cell_of(self.workspace_id)
        async with cell.scoped(self.workspace_id) as connection:
            return await read_stream(connection, stream_id)

    def _evidence(
        self, party: Party, ruling: Ruling, asked_at: datetime | None, digit: str | None = None
    ) -> Evidence:
        prompt = party.prompt
        return Evidence(
            channel=Channel.voice_dtmf if digit else Channel.voice,
            prompt_id=prompt.prompt_id,
            prompt_version=str(prompt.version),
            text_sha256=prompt.text_sha256,
            language=prompt.language,
            played_at=asked_at,
            call_id=self.call_id,
            leg_id=party.leg_id,
            answer_digit=digit,
            policy_version=str(ruling.settings_version),
            places=ruling.places,
            table_version=ruling.table_version,
            rule=ruling.rule,
        )

    async def _tell(self, command: CallCommand) -> list[CallEvent]:
        place = self.workspace_id, self.call_id
        receipt = await self.ledger.handle(Request(*place, CALL, command, self.context))
        return list(_of_call(receipt.events))

    async def _state(self, command: ConsentCommand) -> bool:
        """Say it of the person's own consent; whether the rules let it be said."""
        stream = consent_id(self.workspace_id, command.subject_id, command.purpose)
        request = Request(self.workspace_id, stream, CONSENT, command, self.context)
        try:
            await self.ledger.handle(request)
        except Refused:
            return False
        return True


def subject_on(call: Call, leg_id: UUID) -> UUID | None:
    """Whoever is on a leg, seen from the workspace: who called it, or whom it called."""
    leg = call.legs.get(leg_id)
    if leg is None:
        return None
    party = leg.caller if leg.direction is Direction.inbound else leg.callee
    return party.subjects[0] if isinstance(party, Sealed) else None


def _of_call(events: Iterable[object]) -> Iterator[CallEvent]:
    return (event for event in events if isinstance(event, CallEvent))


def _answer(plan: RecordingPlan, reply: Reply) -> Answer:
    if reply.digit is not None and plan.asks:
        return Answer.agreed if reply.digit == YES else Answer.refused
    if reply.has_left:
        return Answer.left
    return Answer.silent if plan.asks else Answer.stayed


def _statement(said: Answer, told: dict[str, Any]) -> ConsentCommand | None:
    """What the answer says of the person's own consent. Silence and leaving say nothing."""
    match said:
        case Answer.agreed:
            return GiveConsent(purpose=Purpose.recording, form=Form.express, **told)
        case Answer.stayed:
            return GiveConsent(purpose=Purpose.recording, form=Form.implied, **told)
        case Answer.refused:
            return RefuseConsent(purpose=Purpose.recording, **told)
        case _:
            return None


def _place(report: ReportLeg) -> str | None:
    """Where the other side is, as the provider names it."""
    party = report.caller if report.direction is Direction.inbound else report.callee
    return place_of(party.value) if party else None
