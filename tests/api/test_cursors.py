"""A cursor says where to go on, and nothing else; nobody can make one up."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.keys.workspace_key import WorkspaceKey
from api.cursors import read_cursor, write_cursor
from api.problems import Problem
from projections.paging import Place

KEY = WorkspaceKey.of(UUID(int=1), b"k" * 32)
PLACES = st.builds(Place, st.integers(-(2**63), 2**63 - 1), st.uuids())


@given(PLACES, st.binary())
def test_a_cursor_is_its_place(place: Place, question: bytes) -> None:
    """Whatever the place and the question."""
    cursor = write_cursor(KEY, question, place)
    assert cursor is not None
    assert read_cursor(KEY, question, cursor) == place


@given(st.text())
def test_no_text_is_a_cursor(text: str) -> None:
    """And none is an error of ours."""
    with pytest.raises(Problem, match="invalid-cursor"):
        read_cursor(KEY, b"question", text)


@given(PLACES, st.integers(0, 39), st.integers(1, 255))
def test_a_cursor_with_one_byte_changed_is_none(place: Place, where: int, change: int) -> None:
    """The place and its tag are one."""
    cursor = write_cursor(KEY, b"question", place)
    assert cursor is not None
    raw = bytearray(urlsafe_b64decode(cursor))
    raw[where] ^= change
    with pytest.raises(Problem):
        read_cursor(KEY, b"question", urlsafe_b64encode(raw).decode())


def test_a_cursor_is_of_one_workspace_and_question() -> None:
    """Another key or another question does not open it."""
    cursor = write_cursor(KEY, b"question", Place(1, uuid4()))
    for key, question in (
        (WorkspaceKey.of(UUID(int=2), b"l" * 32), b"question"),
        (KEY, b"question "),
    ):
        with pytest.raises(Problem):
            read_cursor(key, question, cursor)


def test_the_last_page_has_none() -> None:
    """Nothing follows, so there is nothing to go on from; and the first page needs none."""
    assert write_cursor(KEY, b"question", None) is None
    assert read_cursor(KEY, b"question", None) is None
