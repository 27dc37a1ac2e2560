"""The closed sets of words about transcriptions."""

from enum import StrEnum


class Kind(StrEnum):
    """How a transcription comes to be."""

    message = "message"
    """Of what a caller said after the tone."""

    live = "live"
    """While the call goes on."""

    intelligence = "intelligence"
    """By a service that analyses the conversation once it is over."""


class TranscriptionStatus(StrEnum):
    """How far a transcription is; of several the last of these holds."""

    available = "available"
    """The provider has it, and it is to be fetched."""

    started = "started"
    failed = "failed"
    completed = "completed"


class Channel(StrEnum):
    """Who is heard, as the channels of a recording tell them apart."""

    first = "first"
    """Whoever is on the call's first leg."""

    second = "second"
    """Whom the call was put through to."""

    both = "both"
    """Everybody: they were not told apart."""


class NotKept(StrEnum):
    """Why nothing of a transcription is kept."""

    not_enabled = "not_enabled"
    """The workspace did not have its calls recorded and transcribed at that time."""

    withdrawn = "withdrawn"
    """Who is heard had withdrawn their consent to it (GDPR Art. 7(3))."""


class FetchFailure(StrEnum):
    """Why a transcription could not be fetched, this time or for good."""

    not_there = "not_there"
    """The provider has none, or has not finished it."""

    refused = "refused"
    """The provider does not accept the workspace's credentials, or there are none."""

    unreachable = "unreachable"
    encrypted = "encrypted"
    """The provider encrypted it for a key of the workspace's."""

    unknown_call = "unknown_call"
    """It cannot be told whose call it is of, so that there is nobody to lock it to."""


class CorrectionReason(StrEnum):
    """Why somebody corrected a segment.

    A closed list: in a text of their own people write names.
    """

    misheard = "misheard"
    subject_request = "subject_request"
    """Whoever spoke asked for it (GDPR Art. 16)."""

    too_much = "too_much"
    """It held what should not be kept (Art. 5(1)(c))."""
