"""Commands about a data subject: told whether they were erased, and refused for whoever is not."""

import asyncio
from pathlib import Path
from typing import Any, Final
from uuid import UUID, uuid4

import pytest
from cells import Home, asynchronous, new_cell, new_workspace, open_home
from consent_stories import said
from twilio_forms import CALLER, call_sid, incoming_form

from adapters.event_store.requests import Receipt, Request
from adapters.postgres.embedded import Urls
from domain.consents.commands import ConsentCommand, GiveConsent, WithdrawConsent
from domain.consents.consent import CONSENT
from domain.consents.events import ConsentGiven, ConsentWithdrawn
from domain.consents.words import Marketing, Purpose
from domain.errors import NotFound, Refused
from domain.identifiers import consent_id
from domain.messages import Context
from domain.personal_data import Category, Clear, ReadingState, Sealed

TEXT: Final = {"text": "my wife says it is fine"}


async def subject_of(home: Home, number: str = CALLER, call: int = 1) -> UUID:
    """Somebody who called."""
    await home.hear(incoming_form(call_sid(call), caller=number))
    found = await home.subject_of(number)
    assert found is not None
    return found


async def tell(home: Home, command: ConsentCommand) -> Receipt:
    """Say something about a consent."""
    workspace_id = home.address.workspace_id
    stream = consent_id(workspace_id, command.subject_id, command.purpose, command.kind)
    request = Request(workspace_id, stream, CONSENT, command, Context("test", uuid4()))
    return await home.cell.writer.handle(request)


def words(subject: UUID) -> Clear:
    """What the subject said in their own words."""
    return Clear(TEXT, Category.consent_evidence, subject=subject)


async def opened(home: Home, receipt: Receipt) -> Any:  # noqa: ANN401 - a reading, or nothing
    """What a reader gets for the words of a statement."""
    (readings,) = await home.read([receipt.stream_id])
    return readings[receipt.version, "words"]


@asynchronous
async def test_own_words_are_sealed_for_their_subject(postgres: Urls, tmp_path: Path) -> None:
    """A subject is named by their id, though the stream never met them; their key opens it."""
    async with new_cell(postgres, tmp_path) as home:
        subject = await subject_of(home)
        given = said(GiveConsent, 1, subject_id=subject, words=words(subject))
        receipt = await tell(home, given)
        (event,) = receipt.events
        assert isinstance(event, ConsentGiven)
        assert isinstance(event.words, Sealed)
        assert event.words.subjects == (subject,)
        assert (await opened(home, receipt)).value == TEXT
        await home.erase(subject)
        assert (await opened(home, receipt)).state is ReadingState.erased


@asynchronous
async def test_after_an_erasure_nothing_begins_and_anything_ends(
    postgres: Urls, tmp_path: Path
) -> None:
    """A grant is refused; a withdrawal is kept, though not what was said beside it."""
    async with new_cell(postgres, tmp_path) as home:
        subject = await subject_of(home)
        await tell(home, said(GiveConsent, 1, subject_id=subject))
        await home.erase(subject)
        for kind in (None, Marketing.calls):
            purpose = Purpose.marketing if kind else Purpose.recording
            grant = said(GiveConsent, 2, purpose, kind, subject_id=subject)
            with pytest.raises(Refused, match="subject_erased"):
                await tell(home, grant)
        withdrawn = said(WithdrawConsent, 3, subject_id=subject, words=words(subject))
        receipt = await tell(home, withdrawn)
        (event,) = receipt.events
        assert isinstance(event, ConsentWithdrawn)
        assert isinstance(event.words, Sealed)
        assert event.words.commitment is None
        assert (await opened(home, receipt)).state is ReadingState.erased


@asynchronous
async def test_a_writer_that_has_not_heard_of_the_erasure_refuses_too(
    postgres: Urls, tmp_path: Path
) -> None:
    """Another process knows the subject as living; what it appends would be stale."""
    async with new_cell(postgres, tmp_path) as home, open_home(home.address) as other:
        subject = await subject_of(home)
        await tell(other, said(GiveConsent, 1, subject_id=subject))
        await home.erase(subject)
        with pytest.raises(Refused, match="subject_erased"):
            await tell(other, said(GiveConsent, 2, subject_id=subject))
        assert (await tell(other, said(WithdrawConsent, 3, subject_id=subject))).version == 2


@asynchronous
async def test_grants_and_an_erasure_at_once(postgres: Urls, tmp_path: Path) -> None:
    """Each grant came wholly before the erasure or was refused: none stands after it."""
    async with new_cell(postgres, tmp_path) as home, open_home(home.address) as other:
        subject = await subject_of(home)
        grants = [
            tell(at, said(GiveConsent, second, subject_id=subject))
            for second in range(40)
            for at in (home, other)
        ]
        await asyncio.gather(
            *grants[:20], home.erase(subject), *grants[20:], return_exceptions=True
        )
        entries = await home.entries()
        erased = next(e.position for e in entries if e.event.name == "subject.erased")
        given = [e.position for e in entries if e.event.name == "consent.given"]
        assert all(position < erased for position in given)
        with pytest.raises(Refused, match="subject_erased"):
            await tell(home, said(GiveConsent, 99, subject_id=subject))


@asynchronous
async def test_a_subject_is_the_workspace_s_own(postgres: Urls, tmp_path: Path) -> None:
    """Of somebody who is not there, or is another workspace's, nothing can be said."""
    async with new_cell(postgres, tmp_path) as home:
        neighbour = await new_workspace(home)
        theirs, ours = await subject_of(neighbour, call=1), await subject_of(home, call=2)
        assert theirs != ours
        told = said(GiveConsent, 1, subject_id=theirs)
        results = await asyncio.gather(
            tell(home, told), tell(neighbour, told), return_exceptions=True
        )
        assert [type(result) for result in results] == [NotFound, Receipt]
        async with open_home(home.address) as fresh:
            for asker in (home, fresh):
                with pytest.raises(NotFound, match="subject"):
                    await tell(asker, told)
        with pytest.raises(NotFound, match="subject"):
            await tell(home, said(WithdrawConsent, 1, subject_id=uuid4()))
        assert (await tell(home, said(GiveConsent, 1, subject_id=ours))).version == 1


@asynchronous
async def test_it_is_learnt_again_after_it_was_forgotten(postgres: Urls, tmp_path: Path) -> None:
    """More subjects than a writer remembers: each is still known when somebody asks."""
    async with new_cell(postgres, tmp_path) as home:
        subject = await subject_of(home)
        await tell(home, said(GiveConsent, 1, subject_id=subject))
        home.cell.writer._preparing.knowledge.subject_keys.forget((subject.int,))  # noqa: SLF001 - what age() does to one
        assert (await tell(home, said(WithdrawConsent, 2, subject_id=subject))).version == 2
