"""Two shares make a key, and one tells nothing of it."""

from adapters.keys.sealing import new_key
from adapters.keys.shares import shares_of, together


def test_both_shares_are_needed() -> None:
    """Together they are the key; each alone is as random as any other."""
    key = new_key()
    one, other = shares_of(key)
    assert together(one, other) == together(other, one) == key
    assert key not in (one, other)
    assert together(one, new_key()) != key


def test_shares_are_made_anew_each_time() -> None:
    """Of the same key, and of one that begins with zeros."""
    key = bytes(31) + b"\x01"
    made = [shares_of(key) for _ in range(20)]
    assert len({one for one, _ in made}) == 20
    assert {len(share) for shares in made for share in shares} == {32}
    assert {together(*shares) for shares in made} == {key}
