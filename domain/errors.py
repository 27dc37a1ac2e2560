"""What can go wrong in the words of the rules; the edge turns each into an answer."""


class Refused(Exception):  # noqa: N818 - a refusal is an answer, not an error
    """A rule said no. ``str()`` of it names the rule and holds no personal value."""


class NotFound(Exception):  # noqa: N818 - as above
    """There is nothing by that id in this workspace."""


class Gone(Exception):  # noqa: N818 - as above
    """The workspace is closed: nothing of it can be reached any more."""


class IntegrityAlarm(Exception):  # noqa: N818 - it is an alarm, and must read as one
    """A sealed value does not authenticate, or is missing without a reason.

    Never shown as "erased": somebody must look.
    """


class KeyStoreUnavailable(Exception):  # noqa: N818 - as above
    """A key that should be there cannot be had now. It is not an erasure."""


class Restored(Exception):  # noqa: N818 - as above
    """The database is older than what was done to it: who was erased since is in it again.

    Nothing of it is served before that is done again.
    """


class Overloaded(Exception):  # noqa: N818 - as above
    """Too much is waiting; nothing was kept, the sender should try again."""


class Unavailable(Exception):  # noqa: N818 - as above
    """The history cannot be reached now; nothing was acknowledged."""
