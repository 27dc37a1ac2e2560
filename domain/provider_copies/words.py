"""The closed sets of words about the provider's copies."""

from enum import StrEnum


class CopyKind(StrEnum):
    """What the provider holds, as far as it can be deleted one by one."""

    leg = "leg"
    recording = "recording"
    transcription = "transcription"
    """The text that was made of a recording when it was asked for with it."""

    transcript = "transcript"
    """Text and analysis of a recording, made by another product of the provider's."""

    message = "message"
    """With what is attached to it."""


class CopyState(StrEnum):
    """How far the deletion of one copy is."""

    asked = "asked"
    retrying = "retrying"
    """The provider refused, or did not answer; it is asked again."""

    residual = "residual"
    """The provider says that it is gone, or was; something of it remains until a date."""

    confirmed = "confirmed"
    """It is gone, and what remained is gone too by now."""


class Why(StrEnum):
    """Why the copies are to go."""

    erasure = "erasure"
    """Somebody who took part was erased (GDPR Art. 17)."""

    objection = "objection"
    """Somebody who took part objected (Art. 21)."""

    expiry = "expiry"
    """The retention period has ended (Art. 5(1)(e))."""

    instruction = "instruction"
    """The controller told us to (Art. 28(3)(a))."""


class Remains(StrEnum):
    """What no request of ours deletes. The provider's own words are in ``residuals``."""

    numbers = "numbers"
    """The parties' numbers, for carriers and tax authorities."""

    backups = "backups"
    """Copies of what was deleted, in the provider's backups and connected systems."""

    recording_metadata = "recording_metadata"
    """Ids, times and duration of a recording."""

    call_summaries = "call_summaries"
    """Voice Insights."""

    bulk_exports = "bulk_exports"
    """Files of a day's calls or messages."""

    debugger = "debugger"
    """Requests and answers that went wrong."""

    event_sinks = "event_sinks"
    """Whatever the workspace has events sent to: its own, and not the provider's to delete."""
