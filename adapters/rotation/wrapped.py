"""What lies under a workspace's key: each table of it, and for what its keys are wrapped.

Whatever is wrapped under a workspace's key and is not named here would be lost in the next epoch.
A test looks for such columns.
"""

from typing import Final, LiteralString, NamedTuple


class Wrapped(NamedTuple):
    """A column of keys that a workspace's key wraps, each bound to its row's own id."""

    table: LiteralString
    owner: LiteralString
    """The primary key, a UUID."""

    column: LiteralString
    purpose: str


WRAPPED: Final = (
    Wrapped("subject_keys", "subject_id", "wrapped", "subject key"),
    Wrapped("bucket_keys", "bucket_id", "wrapped", "bucket key"),
    Wrapped("credentials", "credential_id", "box", "credential"),
)
