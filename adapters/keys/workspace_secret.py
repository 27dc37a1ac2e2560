"""What a workspace's key is made of, as it is wrapped by a master key.

Five keys, one for each use. The first wraps the workspace's other keys and is made anew in each
epoch; what was derived from numbers and links is for ever, so the other four stay. None of them
tells anything of another. Before there were epochs one root stood for all five, and they were
derived from it: such a one is still read, and gone after the first rotation.
"""

from typing import Final, NamedTuple, Self

from adapters.keys.sealing import KEY_BYTES, derive, new_key
from domain.errors import IntegrityAlarm

_FORMAT: Final = b"RLW\x01"
_WRAPPING: Final = 8
_BYTES: Final = _WRAPPING + 5 * KEY_BYTES


class WorkspaceSecret(NamedTuple):
    """A workspace's keys in one epoch."""

    epoch: int
    wrapping: bytes
    lookup: bytes
    tag: bytes
    link: bytes
    suppression: bytes

    @classmethod
    def new(cls) -> Self:
        """A new workspace's."""
        return cls(1, *[new_key() for _ in range(5)])

    @classmethod
    def read(cls, packed: bytes) -> Self:
        """Read what ``packed`` gave, or a root.

        Raises:
            IntegrityAlarm: It is neither.
        """
        if len(packed) == KEY_BYTES:
            uses = (b"wrap", b"lookup", b"etag", b"link", b"suppression")
            return cls(0, *[derive(packed, use) for use in uses])
        if len(packed) != _BYTES or not packed.startswith(_FORMAT):
            raise IntegrityAlarm("workspace key")
        starts = range(_WRAPPING, _BYTES, KEY_BYTES)
        keys = [packed[start : start + KEY_BYTES] for start in starts]
        return cls(int.from_bytes(packed[len(_FORMAT) : _WRAPPING], "big"), *keys)

    @property
    def packed(self) -> bytes:
        """What a master key wraps."""
        epoch, *keys = self
        return b"".join((_FORMAT, epoch.to_bytes(4, "big"), *keys))

    def turned(self) -> Self:
        """The next epoch's: a new key to wrap, and the others as they are."""
        return self._replace(epoch=self.epoch + 1, wrapping=new_key())
