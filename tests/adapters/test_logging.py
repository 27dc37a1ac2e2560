"""The log: events and ids, and no way to write a personal value into it."""

import io
import json
import logging
import uuid
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
import structlog
from hypothesis import given
from hypothesis import strategies as st
from structlog.contextvars import bound_contextvars

from adapters.logging import SAFE_KEYS, configure, request_answered

_NUMBER = "+34600123456"


@contextmanager
def configured() -> Iterator[io.StringIO]:
    """The log as text; what pytest and structlog had configured comes back afterwards."""
    handlers, level = logging.root.handlers[:], logging.root.level
    logging.root.handlers.clear()
    stream = io.StringIO()
    configure(stream=stream)
    yield stream
    structlog.reset_defaults()
    logging.root.handlers[:] = handlers
    logging.root.setLevel(level)


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    """The log of one test."""
    with configured() as stream:
        yield stream


def _lines(log: io.StringIO) -> list[dict[str, object]]:
    return [json.loads(line) for line in log.getvalue().splitlines()]


def test_an_event_has_a_name_a_level_and_a_time(log: io.StringIO) -> None:
    """What is on the list arrives as it was given."""
    call = uuid.uuid4()
    structlog.get_logger().info("call.answered", call_id=call, status=204, duration_ms=1.5)
    (line,) = _lines(log)
    assert line.pop("timestamp")
    assert line == {
        "event": "call.answered",
        "level": "info",
        "call_id": str(call),
        "status": 204,
        "duration_ms": 1.5,
    }


def test_an_unlisted_key_is_left_out(log: io.StringIO) -> None:
    """A personal field cannot be logged under its own name; that something was left out shows."""
    structlog.get_logger().info("call.answered", caller=_NUMBER, form={"From": _NUMBER})
    assert _NUMBER not in log.getvalue()
    assert _lines(log)[0]["omitted"] == 2


@pytest.mark.parametrize("key", sorted(SAFE_KEYS))
@pytest.mark.parametrize("value", [_NUMBER, "34600123456", "Ana Serra", "ana@example.org"])
def test_a_personal_value_does_not_pass_under_a_listed_key(
    log: io.StringIO, key: str, value: str
) -> None:
    """Each listed key has a form, and no number, name or address has any of them."""
    structlog.get_logger().info(**{"event": "call.answered", key: value})
    assert value not in log.getvalue()


def test_a_sentence_is_no_event(log: io.StringIO) -> None:
    """A value built into a message is left out with the message."""
    structlog.get_logger().warning(f"call from {_NUMBER}")
    assert _NUMBER not in log.getvalue()
    assert "event" not in _lines(log)[0]


def test_an_exception_is_its_class_and_place(log: io.StringIO) -> None:
    """An exception's text may quote a value: the class and the place are enough to find it."""
    try:
        int(_NUMBER, base=2)
    except ValueError:
        structlog.get_logger().exception("callback.refused")
    (line,) = _lines(log)
    assert _NUMBER not in log.getvalue()
    assert line["error"] == "ValueError"
    assert str(line["at"]).startswith("test_an_exception_is_its_class_and_place:")


@pytest.mark.parametrize("library", ["psycopg.pool", "twilio.http_client", "uvicorn.error"])
def test_a_library_is_heard_but_not_quoted(log: io.StringIO, library: str) -> None:
    """Libraries log addresses, queries and parameters as text: none of it is kept."""
    logging.getLogger(library).error("failed for %s", _NUMBER)
    (line,) = _lines(log)
    assert _NUMBER not in log.getvalue()
    assert line["event"] == "library.spoke"
    assert line["library"] == library
    assert line["level"] == "error"


def test_requests_are_not_logged_by_the_server(log: io.StringIO) -> None:
    """The server's access log holds query strings: it stays silent."""
    logging.getLogger("uvicorn.access").info("GET /v1/calls?number=%s", _NUMBER)
    assert log.getvalue() == ""


def test_a_console_gets_lines_for_people(log: io.StringIO) -> None:
    """The console's form passes through the same filter."""
    stream = io.StringIO()
    configure("console", stream=stream)
    structlog.get_logger().info("call.answered", caller=_NUMBER, status=204)
    assert "call.answered" in stream.getvalue()
    assert "status=204" in stream.getvalue()
    assert _NUMBER not in stream.getvalue()
    assert log.getvalue() == ""


@given(
    method=st.sampled_from(["GET", "POST", "OPTIONS", "PROPPATCH", _NUMBER]),
    status=st.integers(100, 599),
    duration_ms=st.floats(0, 1e9).map(lambda found: round(found, 1)),
    route=st.sampled_from(["/twilio/{workspace_id}/voice/status", f"/v1/{_NUMBER}"]) | st.none(),
    workspace_id=st.uuids() | st.none(),
)
def test_the_line_of_a_request_is_as_any_other_would_be(
    method: str, status: int, duration_ms: float, route: str | None, workspace_id: uuid.UUID | None
) -> None:
    """It is put together otherwise, because it is so frequent; it says the same, and no more."""
    request_id = uuid.uuid4()
    place = {"route": route, "workspace_id": workspace_id} if route and workspace_id else {}
    place |= {"route": route} if route else {}
    with configured() as log, bound_contextvars(request_id=request_id, pid=7):
        request_answered(
            request_id,
            method=method,
            status=status,
            duration_ms=duration_ms,
            route=route,
            workspace_id=workspace_id,
        )
        structlog.get_logger().info(
            "request.answered", method=method, status=status, duration_ms=duration_ms, **place
        )
    quick, usual = _lines(log)
    assert str(quick.pop("timestamp"))[:16] <= str(usual.pop("timestamp"))[:16]
    assert quick == usual
    assert _NUMBER not in log.getvalue()


@pytest.mark.parametrize("key", ["request_id", "workspace_id", "duration_ms"])
def test_the_line_of_a_request_takes_nothing_for_an_id(log: io.StringIO, key: str) -> None:
    """What is not checked by its form is checked by its type."""
    given = {"request_id": uuid.uuid4(), "workspace_id": uuid.uuid4(), "duration_ms": 1.5}
    with pytest.raises((AttributeError, ValueError)):
        request_answered(method="GET", status=200, route="/v1", **(given | {key: _NUMBER}))  # type: ignore[arg-type] # on purpose
    assert log.getvalue() == ""


def test_the_line_of_a_request_heeds_the_level(log: io.StringIO) -> None:
    """Where only errors are heard, as on the command line, it is not."""
    stream = io.StringIO()
    configure(level=logging.ERROR, stream=stream)
    request_answered(
        uuid.uuid4(),
        method="GET",
        status=200,
        duration_ms=1.0,
        route="/v1",
        workspace_id=uuid.uuid4(),
    )
    assert (stream.getvalue(), log.getvalue()) == ("", "")


@pytest.mark.parametrize("value", [True, float("nan"), float("inf"), 10**18])
def test_a_number_is_one_that_can_be_meant(log: io.StringIO, value: float) -> None:
    """A truth, an infinite number or one of more digits than any of ours is left out."""
    structlog.get_logger().info("call.answered", count=value)
    assert _lines(log)[0]["omitted"] == 1


def test_an_id_is_an_id_under_an_ids_key_only(log: io.StringIO) -> None:
    """An id under another key is left out."""
    structlog.get_logger().info("call.answered", call_id=uuid.UUID(int=1), reason=uuid.UUID(int=2))
    assert _lines(log)[0]["call_id"] == str(uuid.UUID(int=1))
    assert _lines(log)[0]["omitted"] == 1
