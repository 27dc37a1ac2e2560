"""The rules of receipts: never whole while a store has something left, and issued one by one."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st
from reports import WORKSPACE, at
from scenario import Scenario

from domain.receipts.answers import Answer, state_of
from domain.receipts.commands import IssueReceipt
from domain.receipts.events import ReceiptIssued
from domain.receipts.receipts import RECEIPTS
from domain.receipts.words import AnswerState, ReceiptState, Store, Until

WHOLE = [Answer(store=store, state=AnswerState.done) for store in Store]


def _issue(sha256: str, after: str | None = None) -> IssueReceipt:
    return IssueReceipt(
        occurred_at=at(0),
        subject_id=WORKSPACE,
        state=ReceiptState.partial,
        sha256=sha256,
        receipt="{}",
        after=after,
    )


def _issued(sha256: str) -> ReceiptIssued:
    return ReceiptIssued(
        occurred_at=at(0),
        subject_id=WORKSPACE,
        state=ReceiptState.partial,
        sha256=sha256,
        receipt="{}",
    )


def test_a_receipt_is_issued_once() -> None:
    """Said again it is nothing new."""
    Scenario(RECEIPTS).when(_issue("a")).then(_issued("a"))
    Scenario(RECEIPTS).given(_issued("a")).when(_issue("a")).nothing_happens()


def test_a_receipt_takes_the_place_of_the_last() -> None:
    """One that was made beside another says less than what is known: it is made again."""
    Scenario(RECEIPTS).given(_issued("a")).when(_issue("b", after="a")).then(_issued("b"))
    for after in (None, "x"):
        late = _issue("b", after=after)
        Scenario(RECEIPTS).given(_issued("a")).when(late).refused("another_receipt_meanwhile")


@pytest.mark.parametrize("store", Store)
@pytest.mark.parametrize("state", [AnswerState.waiting, AnswerState.failed])
def test_one_store_keeps_a_receipt_partial(store: Store, state: AnswerState) -> None:
    """Whatever all others say."""
    others = [answer for answer in WHOLE if answer.store is not store]
    assert state_of(WHOLE) is ReceiptState.done
    assert state_of([*others, Answer(store=store, state=state)]) is ReceiptState.partial
    assert state_of([*WHOLE, Answer(store=store, state=state)]) is ReceiptState.partial
    assert state_of(others) is ReceiptState.partial


def test_a_residual_has_an_end() -> None:
    """A day, or what ends it: else it is nothing but something that is left."""
    others = [answer for answer in WHOLE if answer.store is not Store.provider_copies]
    for ends, expected in (
        ({}, ReceiptState.partial),
        ({"until": date(2026, 4, 11)}, ReceiptState.done),
        ({"ends_with": Until.master_key_destroyed}, ReceiptState.done),
    ):
        left = Answer(store=Store.provider_copies, state=AnswerState.residual, **ends)
        assert state_of([*others, left]) is expected


@given(
    st.lists(
        st.builds(
            Answer,
            store=st.sampled_from(Store),
            state=st.sampled_from(AnswerState),
            count=st.none() | st.integers(0, 9),
            until=st.none() | st.dates(),
        )
    )
)
def test_no_answers_make_it_done_while_something_is_left(answers: list[Answer]) -> None:
    """Any answers, in any order, of any stores, also several of one."""
    if state_of(answers) is ReceiptState.done:
        assert {answer.store for answer in answers} == set(Store)
        states = {answer.state for answer in answers}
        assert states.isdisjoint({AnswerState.waiting, AnswerState.failed})
        residuals = [a for a in answers if a.state is AnswerState.residual]
        assert all(answer.until for answer in residuals)
