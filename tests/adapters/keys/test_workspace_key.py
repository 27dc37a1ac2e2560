"""A workspace's key: one secret, a key for each use, and none of them for another workspace."""

from uuid import uuid4

import pytest

from adapters.keys.sealing import new_key
from adapters.keys.workspace_key import StaleKey, WorkspaceKey
from adapters.keys.workspace_secret import WorkspaceSecret
from domain.errors import IntegrityAlarm

OWNER = uuid4()


@pytest.fixture
def key() -> WorkspaceKey:
    """A workspace's key."""
    return WorkspaceKey.of(uuid4(), new_key())


def test_what_is_wrapped_comes_back(key: WorkspaceKey) -> None:
    """Subjects' keys, buckets' keys and credentials, each for its own owner."""
    inner = new_key()
    assert key.unwrap_subject(key.wrap_subject(inner, OWNER), OWNER) == inner
    assert key.unwrap_bucket(key.wrap_bucket(inner, OWNER), OWNER) == inner
    assert key.unwrap_secret(key.wrap_secret("größe", OWNER), OWNER) == "größe"


def test_where_a_reader_came_from_ends_with_its_epoch(key: WorkspaceKey) -> None:
    """It opens for its own entry, as long as the epoch lasts in which it was sealed."""
    secret = WorkspaceSecret.new()
    before = WorkspaceKey.of(key.workspace_id, secret.packed)
    box = before.wrap_origin(b"192.0.2.1", OWNER)
    assert before.unwrap_origin(box, OWNER) == b"192.0.2.1"
    with pytest.raises(IntegrityAlarm):
        before.unwrap_origin(box, uuid4())
    with pytest.raises(StaleKey):
        WorkspaceKey.of(key.workspace_id, secret.turned().packed).unwrap_origin(box, OWNER)


def test_no_key_passes_for_one_of_another_use(key: WorkspaceKey) -> None:
    """What was wrapped as one thing does not unwrap as another, for the same owner."""
    inner = new_key()
    for wrapped, unwrap in (
        (key.wrap_subject(inner, OWNER), key.unwrap_bucket),
        (key.wrap_bucket(inner, OWNER), key.unwrap_subject),
        (key.wrap_subject(inner, OWNER), key.unwrap_secret),
    ):
        with pytest.raises(IntegrityAlarm):
            unwrap(wrapped, OWNER)


def test_another_workspace_unwraps_nothing_and_finds_nobody(key: WorkspaceKey) -> None:
    """Not even with the same owner, number or body: every workspace has its own secret."""
    other = WorkspaceKey.of(key.workspace_id, new_key())
    with pytest.raises(IntegrityAlarm):
        other.unwrap_subject(key.wrap_subject(new_key(), OWNER), OWNER)
    assert other.digest("tel:+32470000001") != key.digest("tel:+32470000001")
    assert other.tag(b"body") != key.tag(b"body")


def test_the_same_number_is_found_again(key: WorkspaceKey) -> None:
    """One lookup has one digest, which is not the number's bare hash."""
    assert key.digest("tel:+32470000001") == key.digest("tel:+32470000001")
    assert len({key.digest(f"tel:+3247000000{n}") for n in range(10)}) == 10


def test_one_secret_gives_different_keys(key: WorkspaceKey) -> None:
    """The key that wraps, the one that looks up and the one that tags have nothing in common."""
    assert key.lookup_key != key.tag_key
    assert key.digest("x") != bytes.fromhex(key.tag(b"x"))[:16]


def test_a_key_shows_nothing_of_itself(key: WorkspaceKey) -> None:
    """Printed, it is an address in memory."""
    assert key.lookup_key.hex() not in repr(key)
    assert repr(key.lookup_key) not in repr(key)
