"""Recently derived keys: the same as derived anew, few, and soon forgotten."""

import asyncio

import pytest
from cells import asynchronous

from adapters.keys import memory
from adapters.keys.memory import RecentLocks
from adapters.keys.sealing import locks_of, new_key


def test_what_is_remembered_is_what_would_be_derived() -> None:
    """Asked twice, the very keys come back; another secret or stream has others."""
    recent, secret, context = RecentLocks(), new_key(), b"one stream"
    first = recent.get(secret, context)
    assert recent.get(secret, context) is first
    assert first.key_check == locks_of(secret, context).key_check
    others = [recent.get(new_key(), context), recent.get(secret, b"another stream")]
    assert len({first.key_check, *(one.key_check for one in others)}) == 3


@asynchronous
async def test_it_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """Past the limit all of it is forgotten, and not before."""
    monkeypatch.setattr(memory, "LIMIT", 3)
    recent, secret = RecentLocks(), new_key()
    kept = [recent.get(secret, bytes([number])) for number in range(3)]
    recent.bound()
    assert recent.get(secret, bytes([0])) is kept[0]
    recent.get(secret, b"one too many")
    recent.bound()
    assert recent.get(secret, bytes([0])) is not kept[0]


@asynchronous
async def test_it_is_forgotten_though_nobody_reads_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """After so many seconds nothing of it is left, and the next read begins its own time."""
    monkeypatch.setattr(memory, "SECONDS", 0.05)
    recent, secret = RecentLocks(), new_key()
    for _ in range(2):
        recent.bound()
        first = recent.get(secret, b"")
        assert recent.get(secret, b"") is first
        await asyncio.sleep(0.2)
        assert recent.get(secret, b"") is not first
