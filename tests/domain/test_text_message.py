"""The rules of a text message: reports in any order, and the furthest of them holds."""

from typing import Any, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs
from reports import party
from scenario import Scenario
from sealing import tell
from strategies import disorders

from domain.text_messages.commands import ReportMessage
from domain.text_messages.events import (
    MessageDescribed,
    MessageEvent,
    MessageRegistered,
    MessageReported,
)
from domain.text_messages.text_message import TEXT_MESSAGE
from domain.text_messages.words import MessageDirection, MessageStatus, OptOut

NEW: Final = Scenario(TEXT_MESSAGE)
OUT: Final = MessageDirection.outbound
QUEUED, SENT, DELIVERED = MessageStatus.queued, MessageStatus.sent, MessageStatus.delivered


def report(status: MessageStatus = SENT, **said: Any) -> ReportMessage:  # noqa: ANN401 - any field
    """The provider's word on the test's message."""
    return ReportMessage(provider_id="SM1", status=status, **said)


def test_a_message_is_registered_once_and_then_reported() -> None:
    """Whatever comes first introduces it."""
    told = NEW.when(report(QUEUED, direction=OUT)).then(
        MessageRegistered(provider_id="SM1", direction=OUT), MessageReported(status=QUEUED)
    )
    told.when(report(SENT, direction=OUT)).then(MessageReported(status=SENT))


def test_what_was_said_before_says_nothing_new() -> None:
    """Repeats and retries are free."""
    NEW.when(report()).when(report()).nothing_happens()


def test_more_becomes_known() -> None:
    """A report with less may come first; what was said first stands."""
    told = NEW.when(report()).when(report(segments=2, opt_out=OptOut.stop))
    told = told.then(MessageDescribed(segments=2, opt_out=OptOut.stop))
    told.when(report(segments=3)).nothing_happens()


def test_a_party_is_taken_from_the_first_that_names_one() -> None:
    """Whoever it is: the rule passes a personal value on, and never reads it."""
    sender = party()
    (described,) = NEW.when(report()).when(report(sender=sender)).events
    assert isinstance(described, MessageDescribed)
    assert described.sender is sender


@pytest.mark.parametrize("status", MessageStatus)
def test_an_end_is_never_left(status: MessageStatus) -> None:
    """Whatever is said afterwards of the way to it; only a receipt of reading goes further."""
    for end in (one for one in MessageStatus if one.is_terminal):
        held = NEW.when(report(end)).when(report(status)).state.report.status
        assert held is end or (held is status and status.is_terminal)


def test_the_error_is_that_of_the_report_that_holds() -> None:
    """A message that failed first and was delivered at last has none."""
    failed = NEW.when(report(MessageStatus.failed, error_code=30007))
    assert failed.state.report.error_code == 30007
    assert failed.when(report(DELIVERED)).state.report.error_code is None


REPORTS: Final = st.builds(
    report,
    st.sampled_from(MessageStatus),
    direction=st.just(OUT),
    sender=st.none() | st.builds(party),
    segments=st.none() | st.just(2),
    media=st.none() | st.just(0),
    error_code=st.none() | st.integers(30001, 30003),
)


@given(st.data(), st.lists(REPORTS, min_size=1, max_size=6))
def test_any_disorder_makes_the_same_message(
    data: st.DataObject, reports: list[ReportMessage]
) -> None:
    """Whatever comes first, twice or late, the same reports make the same message."""
    in_order, _ = tell(TEXT_MESSAGE, reports)
    message, events = tell(TEXT_MESSAGE, data.draw(disorders(reports)))
    assert message == in_order
    assert TEXT_MESSAGE.fold(events) == message


def test_there_is_no_place_for_what_a_message_says() -> None:
    """Neither of its events has a field that could hold a text, an address or a file's."""
    places = {field.name for event in MessageEvent.__args__ for field in structs.fields(event)}
    assert places == {
        *("occurred_at", "provider_id", "account_id", "service_id", "direction"),
        *("sender", "recipient", "segments", "media", "opt_out", "status", "error_code"),
    }
