"""A secret in two shares, each of which tells nothing: a sealed value has two owners at most."""

import os


def shares_of(secret: bytes) -> tuple[bytes, bytes]:
    """Two shares of a secret. Each tells how long it is, and no more."""
    one = os.urandom(len(secret))
    return one, together(secret, one)


def together(one: bytes, other: bytes) -> bytes:
    """The secret that two shares are of."""
    mixed = int.from_bytes(one, "big") ^ int.from_bytes(other, "big")
    return mixed.to_bytes(len(one), "big")
