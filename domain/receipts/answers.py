"""What the stores answer, and the one rule: not whole while any of them has something left."""

from collections.abc import Iterable
from datetime import date
from typing import Final

from domain.messages import Message
from domain.receipts.words import AnswerState, ReceiptState, Store, Until


class Answer(Message):
    """What one store says of one subject: a state, a number and a day, and no value."""

    store: Store
    state: AnswerState
    count: int | None = None
    """How many are gone, of a store that is done; how many are left, of any other."""

    until: date | None = None
    """The last day of a residual."""

    ends_with: Until | None = None
    """What ends a residual that has no day."""

    key_id: str | None = None
    """The master key in question."""

    what: str | None = None
    """Of several residuals in one store, which."""


_WHOLE: Final = frozenset({AnswerState.done, AnswerState.none, AnswerState.residual})


def state_of(answers: Iterable[Answer]) -> ReceiptState:
    """Done, if every store has answered and none has anything left, but residuals with an end."""
    told = list(answers)
    is_whole = {answer.store for answer in told} == set(Store) and all(map(_is_whole, told))
    return ReceiptState.done if is_whole else ReceiptState.partial


def _is_whole(answer: Answer) -> bool:
    has_end = answer.until is not None or answer.ends_with is not None
    return answer.state in _WHOLE and (answer.state is not AnswerState.residual or has_end)
