"""Key epochs without a database: what is wrapped in one, and what takes it to the next."""

import json
from pathlib import Path
from typing import Any, Final
from uuid import UUID, uuid4

import pytest
from cells import asynchronous
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.keys.rewrapping import Rewrapping, Turn, WrappedRow
from adapters.keys.sealing import epoch_of
from adapters.keys.workspace_key import StaleKey, WorkspaceKey
from adapters.keys.workspace_secret import WorkspaceSecret
from domain.errors import IntegrityAlarm

GOLDEN: Final[dict[str, Any]] = json.loads(
    (Path(__file__).parents[2] / "golden" / "epochs.json").read_text()
)
WORKSPACE, OWNER = UUID(GOLDEN["workspace_id"]), UUID(GOLDEN["owner"])


def key(*secrets: WorkspaceSecret) -> WorkspaceKey:
    """The workspace's key by one secret, or by two of them between two epochs."""
    return WorkspaceKey.of(WORKSPACE, *(secret.packed for secret in secrets))


def row(wrapped: bytes, owner: UUID = OWNER) -> WrappedRow:
    """As it is read."""
    return WrappedRow(owner.bytes, WORKSPACE.bytes, wrapped)


def test_what_was_wrapped_is_for_ever() -> None:
    """The secret is read and packed the same, and unwraps what it wrapped."""
    packed = bytes.fromhex(GOLDEN["packed"])
    assert WorkspaceSecret.read(packed).packed == packed
    golden = WorkspaceKey.of(WORKSPACE, packed)
    assert golden.epoch == GOLDEN["epoch"]
    unwrap = {"subject key": golden.unwrap_subject, "bucket key": golden.unwrap_bucket}
    for purpose, wrapped in GOLDEN["wrapped"].items():
        assert unwrap[purpose](bytes.fromhex(wrapped), OWNER).hex() == GOLDEN["key"]
        assert epoch_of(bytes.fromhex(wrapped)) == GOLDEN["epoch"]
    assert golden.digest("tel:+32475123456").hex() == GOLDEN["digest"]
    assert golden.link_code(OWNER).hex() == GOLDEN["link_code"]


def test_a_root_is_taken_apart_for_ever_the_same() -> None:
    """It was one key for all uses; what it gave for each of them stays."""
    root = WorkspaceSecret.read(bytes.fromhex(GOLDEN["root"]))
    assert root.packed.hex() == GOLDEN["of_root"]
    assert root.turned()[2:] == root[2:]
    assert root.turned().wrapping != root.wrapping


@pytest.mark.parametrize(
    "packed", [b"", b"r" * 31, b"RLW\x01" + bytes(163), b"RLW\x02" + bytes(164)]
)
def test_what_is_no_secret_is_an_alarm(packed: bytes) -> None:
    """Neither a root nor packed."""
    with pytest.raises(IntegrityAlarm):
        WorkspaceSecret.read(packed)


def test_between_two_epochs_both_unwrap_and_the_newer_wraps() -> None:
    """Before it only the old one, and after it only the new one."""
    old = WorkspaceSecret.new()
    new = old.turned()
    wrapped = key(old).wrap_subject(b"k" * 32, OWNER)
    assert key(old, new).unwrap_subject(wrapped, OWNER) == b"k" * 32
    anew = key(old, new).wrap_subject(b"k" * 32, OWNER)
    assert key(new).unwrap_subject(anew, OWNER) == b"k" * 32
    for late, of in ((key(old), anew), (key(new), wrapped)):
        with pytest.raises(StaleKey):
            late.unwrap_subject(of, OWNER)


@asynchronous
async def test_a_stale_key_is_an_alarm_to_who_cannot_read_it_again() -> None:
    """An epoch that was never there must not look like one that is only new."""
    wrapped = key(WorkspaceSecret.new().turned()).wrap_subject(b"k" * 32, OWNER)
    nowhere: Any = None
    with pytest.raises(IntegrityAlarm):
        await key(WorkspaceSecret.new()).apply(
            nowhere, lambda key: key.unwrap_subject(wrapped, OWNER)
        )


@settings(max_examples=50)
@given(st.lists(st.binary(max_size=300), max_size=8), st.booleans())
def test_what_is_wrapped_anew_is_the_same(contents: list[bytes], is_root: bool) -> None:  # noqa: FBT001 - a case
    """Whatever it is and however long, in its order; and no nonce is used twice."""
    old = WorkspaceSecret.read(b"r" * 32) if is_root else WorkspaceSecret.new()
    turn = Turn(old, old.turned())
    owners = [uuid4() for _ in contents]
    wrap, unwrap = key(old).wrapping.wrap, key(turn.new).wrapping.unwrap
    rows = [row(wrap(c, "credential", o), o) for c, o in zip(contents, owners, strict=True)]
    anew = list(Rewrapping({WORKSPACE: turn}, "credential").rewrap(rows))
    found = [unwrap(w, "credential", o) for w, o in zip(anew, owners, strict=True)]
    assert found == contents
    assert len({wrapped[5:17] for wrapped in anew}) == len(anew)


@pytest.mark.parametrize("fault", ["purpose", "owner", "epoch", "bit", "length"])
def test_what_is_not_as_it_was_wrapped_is_not_wrapped_anew(fault: str) -> None:
    """It would be made genuine by that. The alarm names whose it is, and nothing else."""
    old = WorkspaceSecret.new()
    turn = Turn(old, old.turned())
    wrapped = key(old).wrap_subject(b"k" * 32, OWNER)
    wrong = {
        "purpose": row(key(old).wrap_bucket(b"k" * 32, OWNER)),
        "owner": row(wrapped, uuid4()),
        "epoch": row(key(turn.new.turned()).wrap_subject(b"k" * 32, OWNER)),
        "bit": row(wrapped[:-1] + bytes([wrapped[-1] ^ 1])),
        "length": row(wrapped[:10]),
    }[fault]
    with pytest.raises(IntegrityAlarm, match=str(UUID(bytes=wrong.owner))):
        list(Rewrapping({WORKSPACE: turn}, "subject key").rewrap([wrong]))
