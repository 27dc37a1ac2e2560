"""A key in two shares, each of which tells nothing: a sealed value has two owners at most."""

from adapters.keys.sealing import KEY_BYTES, new_key


def shares_of(key: bytes) -> tuple[bytes, bytes]:
    """Two shares of a key."""
    one = new_key()
    return one, together(key, one)


def together(one: bytes, other: bytes) -> bytes:
    """The key that two shares are of."""
    mixed = int.from_bytes(one, "big") ^ int.from_bytes(other, "big")
    return mixed.to_bytes(KEY_BYTES, "big")
