"""The closed sets of words about receipts."""

from enum import StrEnum


class Store(StrEnum):
    """Where something of a subject may lie. A receipt has an answer of each."""

    keys = "keys"
    """The subject's key: without it no sealed value of theirs opens."""

    lookups = "lookups"
    """The way from a number to the subject."""

    vault = "vault"
    """Sealed values."""

    objects = "objects"
    """Sealed audio."""

    exports = "exports"
    """What was put together for somebody to fetch."""

    provider_copies = "provider_copies"
    """What the provider holds of their calls."""

    jobs = "jobs"
    """Work that waits and names them."""

    holds = "holds"
    """What a legal hold keeps (GDPR Art. 17(3)(e))."""

    backups = "backups"
    """Older copies of the database, with the key that was destroyed here."""


class AnswerState(StrEnum):
    """What a store says of a subject."""

    done = "done"
    """It had something, and that is gone."""

    none = "none"
    """It has nothing."""

    residual = "residual"
    """Something remains that nobody here can take away, until a day or an event that it names."""

    waiting = "waiting"
    """Something is there and is going to go."""

    failed = "failed"
    """Something is there that should have gone, or the store could not be asked."""


class ReceiptState(StrEnum):
    """What a receipt says of the whole."""

    partial = "partial"
    done = "done"


class Until(StrEnum):
    """What ends a residual that has no day of its own."""

    master_key_destroyed = "master_key_destroyed"
    """With the master key of that time every older copy of a destroyed key is dead."""

    controller = "controller"
    """The workspace had it sent to a place of its own, and ends it there."""
