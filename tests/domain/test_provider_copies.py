"""A deletion at the provider: in its order, tried until confirmed, with what remains."""

from datetime import date, timedelta
from itertools import accumulate
from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st
from provider_copies import (
    AUDIO,
    CALL,
    IN_ORDER,
    LEGS,
    LINE,
    NOW,
    OTHER,
    SUBJECT,
    TAPES,
    TEXT,
    ask,
    confirm,
    fail,
    refuse,
    tell,
)
from scenario import Scenario

from domain.errors import Refused
from domain.provider_copies.commands import ConfirmCopy, CopiesCommand
from domain.provider_copies.copies import LONGEST_PAUSE, PROVIDER_COPIES, pause
from domain.provider_copies.events import (
    CopiesFound,
    Copy,
    CopyDeleted,
    CopyRefused,
    DeletionAsked,
    LookFailed,
)
from domain.provider_copies.residuals import residuals
from domain.provider_copies.state import Copies
from domain.provider_copies.words import CopyKind, CopyState, Remains, Why

NEW: Final = Scenario(PROVIDER_COPIES)
ASKED: Final = NEW.when(ask())
LOOKED: Final = ASKED.when(tell())
MINUTE: Final = timedelta(minutes=1)


def test_a_deletion_is_asked_for_once_for_each_who_and_why() -> None:
    """With whatever we know of; what is known already is not found again."""
    parties = (SUBJECT, OTHER)
    asked = DeletionAsked(of=CALL, why=Why.erasure, subject_id=SUBJECT, parties=parties)
    NEW.when(ask()).then(asked, CopiesFound(copies=LEGS, is_all=False))
    ASKED.when(ask()).nothing_happens()
    ASKED.when(ask(OTHER)).then(
        DeletionAsked(of=CALL, why=Why.erasure, subject_id=OTHER, parties=parties)
    )
    ASKED.when(ask(why=Why.objection)).then(
        DeletionAsked(of=CALL, why=Why.objection, subject_id=SUBJECT, parties=parties)
    )
    ASKED.when(ask(copies=(*LEGS, TAPES[0]))).then(CopiesFound(copies=TAPES[:1], is_all=False))


def test_nothing_is_deleted_that_nobody_asked_for() -> None:
    """Whatever the provider says, and of no copy that was not found."""
    for command in (tell(), fail(), refuse(LINE), confirm(LINE)):
        NEW.when(command).refused("deletion_not_asked")
    for command in (refuse(TEXT), confirm(TEXT)):
        ASKED.when(command).refused("no_such_copy")


def test_the_provider_is_asked_what_it_has() -> None:
    """Its word counts once; while the call goes on it is not the last."""
    ASKED.when(tell()).then(CopiesFound(copies=TAPES, is_all=True))
    LOOKED.when(tell()).nothing_happens()
    ASKED.when(tell(is_all=False)).then(CopiesFound(copies=TAPES, is_all=False))
    ASKED.when(tell(LEGS, is_all=False)).nothing_happens()
    assert not ASKED.when(tell(is_all=False)).state.is_looked_at
    LOOKED.when(tell((*LEGS, *TAPES[:1]), is_all=False)).nothing_happens()


def test_what_hangs_on_a_leg_goes_before_it() -> None:
    """Texts, then audio, then the legs that were dialled, then the first."""
    scenario, order = LOOKED, []
    while left := scenario.state.left:
        order.append(left[0].copy.provider_id)
        scenario = scenario.when(confirm(left[0].copy.provider_id))
    assert tuple(order) == IN_ORDER
    assert scenario.state.is_done
    assert not LOOKED.state.is_done


def test_a_refusal_is_followed_by_a_longer_and_longer_wait() -> None:
    """At least a minute, a day at most, beyond the 14 days for which Twilio may refuse."""
    LOOKED.when(refuse(TEXT)).then(
        CopyRefused(
            occurred_at=NOW,
            provider_id=TEXT,
            attempt=1,
            status=409,
            error_code=20009,
            next_at=NOW + MINUTE,
        )
    )
    waits = [pause(attempt) for attempt in range(1, 40)]
    assert waits == sorted(waits)
    assert waits[:3] == [MINUTE, 2 * MINUTE, 4 * MINUTE]
    assert waits[-1] == pause(10**6) == LONGEST_PAUSE
    assert list(accumulate(waits, initial=timedelta()))[-1] > timedelta(days=14)


def test_a_look_that_failed_is_made_again_later() -> None:
    """The same wait; a look that succeeds begins anew."""
    ASKED.when(fail()).then(
        LookFailed(occurred_at=NOW, attempt=1, status=503, next_at=NOW + MINUTE)
    )
    ASKED.when(fail()).when(fail()).nothing_happens()
    assert ASKED.when(fail()).state.next_at == NOW + MINUTE
    assert ASKED.when(fail()).when(fail(2, after=MINUTE)).state.next_at == NOW + 3 * MINUTE
    LOOKED.when(fail()).nothing_happens()


def test_when_something_can_be_done_next() -> None:
    """At once for what was never tried; else when the first whose turn it is may be tried."""
    assert LOOKED.state.next_at is None
    waiting = LOOKED.when(refuse(TEXT))
    assert waiting.state.next_at == NOW + MINUTE
    assert waiting.when(confirm(TEXT)).state.next_at is None
    two = LOOKED.when(confirm(TEXT)).when(
        tell((Copy(kind=CopyKind.recording, provider_id="RE9"),))
    )
    assert two.when(refuse(AUDIO)).state.next_at is None
    assert two.when(refuse(AUDIO)).when(refuse("RE9", 2)).state.next_at == NOW + MINUTE


@pytest.mark.parametrize("status", [204, 404])
def test_a_confirmation_names_its_evidence_and_what_remains(status: int) -> None:
    """Once; a refusal that comes in after it says nothing."""
    remains = residuals(TAPES[0], NOW)
    done = LOOKED.when(confirm(AUDIO, status))
    done.then(CopyDeleted(occurred_at=NOW, provider_id=AUDIO, status=status, residuals=remains))
    done.when(confirm(AUDIO, 404)).nothing_happens()
    done.when(refuse(AUDIO)).nothing_happens()
    assert LOOKED.when(refuse(AUDIO)).when(refuse(AUDIO)).events == ()


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        (CopyKind.recording, {"recording_metadata": "2026-04-11"}),
        (CopyKind.transcription, {"backups": "2026-04-01"}),
        (CopyKind.transcript, {"backups": "2026-04-01"}),
        (
            CopyKind.leg,
            {
                "numbers": "2026-06-30",
                "bulk_exports": "2026-03-10",
                "debugger": "2026-04-01",
                "event_sinks": None,
                "call_summaries": "2026-04-02",
            },
        ),
        (
            CopyKind.message,
            {
                "numbers": "2026-06-30",
                "bulk_exports": "2026-03-10",
                "debugger": "2026-04-01",
                "event_sinks": None,
            },
        ),
    ],
)
def test_what_remains_has_a_date(kind: CopyKind, expected: dict[str, str | None]) -> None:
    """Twilio's terms, counted from the day of the deletion or of the copy's making."""
    found = residuals(Copy(kind=kind, provider_id="X", created_at=NOW), NOW)
    assert {one.what: one.until and one.until.isoformat() for one in found} == expected


def test_what_is_old_leaves_less() -> None:
    """A number that was due to go goes from backups 30 days later; files are gone."""
    old = Copy(kind=CopyKind.leg, provider_id="X", created_at=NOW - timedelta(days=119))
    found = {one.what: one.until for one in residuals(old, NOW)}
    assert found == {
        Remains.numbers: date(2026, 4, 1),
        Remains.debugger: date(2026, 4, 1),
        Remains.event_sinks: None,
    }


def test_the_state_of_a_copy() -> None:
    """Asked, retrying, residual until the last of its days, then confirmed."""
    day = NOW.date()

    def state(scenario: Scenario, then: date = day) -> CopyState:
        copies: Copies = scenario.state
        return copies.deletions[AUDIO].state(then)

    gone = LOOKED.when(refuse(AUDIO)).when(confirm(AUDIO))
    assert state(LOOKED) is CopyState.asked
    assert state(LOOKED.when(refuse(AUDIO))) is CopyState.retrying
    assert state(gone, date(2026, 4, 11)) is CopyState.residual
    assert state(gone, date(2026, 4, 12)) is CopyState.confirmed


WORDS: Final = st.sampled_from(
    (
        *(ask(), ask(OTHER), ask(copies=(*LEGS, *TAPES)), tell(), tell(LEGS), tell(is_all=False)),
        *(fail(), fail(2)),
        *(refuse(one, attempt) for one in IN_ORDER for attempt in (1, 2)),
        *(confirm(one, status) for one in IN_ORDER for status in (204, 404)),
    )
)


@given(st.lists(WORDS, max_size=30))
def test_in_any_disorder_nothing_is_lost_or_doubled(told: list[CopiesCommand]) -> None:
    """Whatever is said twice, late or out of turn: each copy is confirmed once, and stays so."""
    copies, confirmed = Copies(), list[str]()
    for command in told:
        try:
            events = PROVIDER_COPIES.decide(copies, command)
        except Refused:
            continue
        before = copies
        copies = PROVIDER_COPIES.fold(events, copies)
        confirmed += [event.provider_id for event in events if isinstance(event, CopyDeleted)]
        if isinstance(command, ConfirmCopy):
            assert copies.deletions[command.provider_id].is_confirmed
        assert before.asked_for <= copies.asked_for
        assert before.deletions.keys() <= copies.deletions.keys()
        again = PROVIDER_COPIES.decide(copies, command)
        assert again == ()
    assert len(confirmed) == len(set(confirmed))
    assert {one for one, found in copies.deletions.items() if found.is_confirmed} == set(confirmed)
    assert copies.is_done == (copies.is_looked_at and copies.deletions.keys() == set(confirmed))
