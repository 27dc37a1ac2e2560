"""The log: events and ids, and no way to write a personal value into it."""

import io
import json
import logging
import uuid
from collections.abc import Iterator

import pytest
import structlog

from adapters.logging import SAFE_KEYS, configure

_NUMBER = "+34600123456"


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    """The log as text; what pytest and structlog had configured comes back afterwards."""
    handlers, level = logging.root.handlers[:], logging.root.level
    logging.root.handlers.clear()
    stream = io.StringIO()
    configure(stream=stream)
    yield stream
    structlog.reset_defaults()
    logging.root.handlers[:] = handlers
    logging.root.setLevel(level)


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
