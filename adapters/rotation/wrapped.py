"""What lies under a workspace's key: each table of it, and for what its keys are wrapped.

Whatever is wrapped under a workspace's key and is not named here would be lost in the next epoch.
A test looks for such columns.
"""

from typing import Final, LiteralString, NamedTuple


class Wrapped(NamedTuple):
    """A column of keys that a workspace's key wraps, each bound to an id of its row."""

    table: LiteralString
    owner: LiteralString
    """To whose id, a UUID, each is bound. Several rows may have the same."""

    column: LiteralString
    purpose: str


WRAPPED: Final = (
    Wrapped("subject_keys", "subject_id", "wrapped", "subject key"),
    Wrapped("bucket_keys", "bucket_id", "wrapped", "bucket key"),
    Wrapped("credentials", "credential_id", "box", "credential"),
    Wrapped("escrow", "stream_id", "wrapped", "escrow"),
)
