"""Takes wrapped keys from one epoch of their workspace to the next. Pure: bytes in, bytes out.

It does what unwrapping and wrapping do, written out for a million of them.
"""

import os
from collections.abc import Iterable, Mapping, Sequence
from typing import Final, NamedTuple
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from adapters.keys.sealing import bound, epoch_of, header_of
from adapters.keys.workspace_secret import WorkspaceSecret
from domain.errors import IntegrityAlarm

_NONCE_BYTES: Final = 12


class Turn(NamedTuple):
    """A workspace's secret, and the one of its next epoch."""

    old: WorkspaceSecret
    new: WorkspaceSecret


class WrappedRow(NamedTuple):
    """A wrapped key as it lies in the database, with the ids in bytes."""

    owner: bytes
    workspace: bytes
    wrapped: bytes


class _Way(NamedTuple):
    """From one epoch of a workspace to the next, for one purpose."""

    epoch: int
    old: AESGCM
    new: AESGCM
    start: int
    """Where the nonce of the old one begins."""

    old_bound: bytes
    new_bound: bytes
    new_header: bytes


class Rewrapping:
    """Wraps the keys of one purpose anew."""

    def __init__(self, turns: Mapping[UUID, Turn], purpose: str) -> None:
        self._purpose = purpose
        self._ways = {workspace.bytes: _way(turn, purpose) for workspace, turn in turns.items()}

    def rewrap(self, rows: Sequence[WrappedRow]) -> Iterable[bytes]:
        """Each row's key as the next epoch wraps it, in their order.

        Raises:
            IntegrityAlarm: One is not what was wrapped in the last epoch for its owner.
        """
        nonces = os.urandom(_NONCE_BYTES * len(rows))
        for number, (owner, workspace, wrapped) in enumerate(rows):
            epoch, old, new, start, old_bound, new_bound, header = self._ways[workspace]
            if epoch_of(wrapped) != epoch:
                raise self._alarm(owner)
            sealed = start + _NONCE_BYTES
            try:
                key = old.decrypt(wrapped[start:sealed], wrapped[sealed:], old_bound + owner)
            except (InvalidTag, ValueError):
                raise self._alarm(owner) from None
            nonce = nonces[number * _NONCE_BYTES : (number + 1) * _NONCE_BYTES]
            yield header + nonce + new.encrypt(nonce, key, new_bound + owner)

    def _alarm(self, owner: bytes) -> IntegrityAlarm:
        return IntegrityAlarm(f"{self._purpose} of {UUID(bytes=owner)}")


def _way(turn: Turn, purpose: str) -> _Way:
    old, new = turn
    old_header, new_header = header_of(old.epoch), header_of(new.epoch)
    return _Way(
        old.epoch,
        AESGCM(old.wrapping),
        AESGCM(new.wrapping),
        len(old_header),
        _bound(old_header, purpose),
        _bound(new_header, purpose),
        new_header,
    )


def _bound(header: bytes, purpose: str) -> bytes:
    """What a key is bound to, up to its owner's id, which is the last of it."""
    an_owner = bytes(16)
    return bound(header, purpose, an_owner).removesuffix(an_owner)
