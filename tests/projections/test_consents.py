"""The consent register: the last statement of each consent, however it was followed."""

from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from cells import Home, asynchronous, new_cell
from consent_stories import CLICKED, PRESSED, WRITTEN, said
from reports import at
from twilio_forms import call_sid, incoming_form
from views import catch_up, rebuilt, rows_of

from adapters.event_store.requests import Request
from adapters.postgres.embedded import Urls
from domain.consents.commands import (
    AskConsent,
    ConsentCommand,
    GiveConsent,
    RefuseConsent,
    WithdrawConsent,
)
from domain.consents.consent import CONSENT
from domain.consents.words import Form, Marketing, Purpose
from domain.errors import NotFound
from domain.identifiers import consent_id
from domain.messages import Context, Entry
from projections.consents.build import ConsentSoFar, fold, row
from projections.consents.read import consent_of, consents_of, stood
from projections.consents.view import CONSENT_REGISTER
from projections.rebuild import Comparison

CALLER = "+32470000001"


async def tell(home: Home, *commands: ConsentCommand) -> None:
    """Say all of these, one after the other."""
    workspace_id = home.address.workspace_id
    for command in commands:
        stream = consent_id(workspace_id, command.subject_id, command.purpose, command.kind)
        context = Context("test", uuid4())
        await home.cell.writer.handle(Request(workspace_id, stream, CONSENT, command, context))


async def told(home: Home) -> UUID:
    """A subject of whose consents several things were said, late ones among them."""
    await home.hear(incoming_form(call_sid(1), caller=CALLER))
    subject = await home.subject_of(CALLER)
    assert subject is not None
    calls: dict[str, Any] = {"purpose": Purpose.marketing, "kind": Marketing.calls}
    await tell(
        home,
        said(AskConsent, 0, subject_id=subject),
        said(GiveConsent, 10, subject_id=subject, form=Form.implied, expires_at=at(500)),
        said(WithdrawConsent, 60, subject_id=subject, evidence=CLICKED, **calls),
        said(GiveConsent, 20, subject_id=subject, evidence=WRITTEN, **calls),
        said(RefuseConsent, 5, subject_id=subject),
    )
    return subject


@asynchronous
async def test_the_register_holds_what_was_said_last(database: Urls, tmp_path: Path) -> None:
    """By when it was said, not by when it was heard; with its evidence, and nothing personal."""
    async with new_cell(database, tmp_path) as home:
        subject = await told(home)
        await catch_up(home, CONSENT_REGISTER)
        query = """
            SELECT purpose, kind, said, said_at, form, expires_at, channel, prompt_id, rule,
                version
            FROM consent_register WHERE subject_id = %s ORDER BY purpose
        """
        assert await home.address.sql(query, subject) == [
            ("marketing", "calls", "withdrawn", at(60), None, None, "link", None, None, 2),
            (
                *("recording", None, "given", at(10), "implied", at(500), "voice_dtmf"),
                *(PRESSED.prompt_id, PRESSED.rule, 3),
            ),
        ]
        assert CALLER not in str(await rows_of(home, CONSENT_REGISTER))


@asynchronous
async def test_a_rebuild_makes_the_same_register(database: Urls, tmp_path: Path) -> None:
    """Followed and rebuilt are equal; a row that somebody edited is found out and put right."""
    async with new_cell(database, tmp_path) as home:
        subject = await told(home)
        await catch_up(home, CONSENT_REGISTER)
        await tell(home, said(WithdrawConsent, 90, subject_id=subject))
        await catch_up(home, CONSENT_REGISTER)
        honest = await rows_of(home, CONSENT_REGISTER)
        assert await rebuilt(home, CONSENT_REGISTER) == Comparison(2, 0, 0, swapped=True)
        await home.address.sql("UPDATE consent_register SET said = 'given'")
        assert await rebuilt(home, CONSENT_REGISTER) == Comparison(2, 2, 2, swapped=True)
        assert await rows_of(home, CONSENT_REGISTER) == honest


@asynchronous
async def test_a_subject_s_consents_are_read_whole(database: Urls, tmp_path: Path) -> None:
    """Each with all of its entries, for whichever moments are asked about."""
    async with new_cell(database, tmp_path) as home:
        subject = await told(home)
        await catch_up(home, CONSENT_REGISTER)
        workspace_id = home.address.workspace_id
        async with home.cell.scoped(workspace_id) as connection:
            streams = await consents_of(connection, workspace_id, subject)
            assert await consents_of(connection, workspace_id, uuid4()) == []
            for stream in streams:
                place = workspace_id, stream[0].stream_id
                assert await consent_of(connection, *place) == stream
                assert await consent_of(connection, *place, subject) == stream
                with pytest.raises(NotFound):
                    await consent_of(connection, *place, uuid4())
        assert [[entry.version for entry in stream] for stream in streams] == [[1, 2], [1, 2, 3]]
        calls, _ = streams
        late = calls[1].recorded_at
        assert [stood(calls, at(30)), stood(calls, at(30), calls[0].recorded_at)] == [
            stood(calls, at(30), late),
            None,
        ]
        found = stood(calls, at(30))
        assert found is not None
        assert (found.is_valid, found.version) == (True, 2)


def test_a_row_needs_a_statement() -> None:
    """A consent of which nothing was said is no consent: it has no row."""
    (event,) = CONSENT.decide(CONSENT.initial, said(GiveConsent, 1))
    place = uuid4(), uuid4()
    entry = Entry(1, *place, 1, at(2), event, ("test", str(place[0]), str(place[0])))
    so_far = fold(None, entry)
    assert row(so_far)[8] == "given"
    with pytest.raises(TypeError):
        row(ConsentSoFar(place[1], place[0], at(2), 1, 1, CONSENT.initial))
