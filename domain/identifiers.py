"""Ids. What the provider names has an id that comes from its own, so a repeat finds its stream.

A consent's comes from whose it is and what for, so that there is one of each.

A data subject's id is random and never used again: it must tell nothing about
the person, and a number that returns after an erasure is a new subject.

A workspace's own stream (its settings, members and closure) has the workspace's id.
"""

from functools import lru_cache
from typing import Final, NewType
from uuid import UUID, uuid4, uuid5

WorkspaceId = NewType("WorkspaceId", UUID)
CallId = NewType("CallId", UUID)
LegId = NewType("LegId", UUID)
RecordingId = NewType("RecordingId", UUID)
SubjectId = NewType("SubjectId", UUID)
BucketId = NewType("BucketId", UUID)
ConsentId = NewType("ConsentId", UUID)
ExpiryId = NewType("ExpiryId", UUID)
MessageId = NewType("MessageId", UUID)
CopiesId = NewType("CopiesId", UUID)
ReceiptsId = NewType("ReceiptsId", UUID)
TranscriptionId = NewType("TranscriptionId", UUID)

RECENT: Final = 4096
"""How many ids are remembered: a leg is told of some five times within a minute or two."""


@lru_cache(maxsize=RECENT)
def call_id(workspace_id: UUID, provider: str, root_leg: str) -> CallId:
    """The call whose first leg the provider knows as ``root_leg``."""
    return CallId(uuid5(workspace_id, f"call/{provider}/{root_leg}"))


@lru_cache(maxsize=RECENT)
def leg_id(workspace_id: UUID, provider: str, leg: str) -> LegId:
    """The leg that the provider knows as ``leg``."""
    return LegId(uuid5(workspace_id, f"leg/{provider}/{leg}"))


@lru_cache(maxsize=RECENT)
def consent_id(
    workspace_id: UUID, subject_id: UUID, purpose: str, kind: str | None = None
) -> ConsentId:
    """One subject's consent to one purpose, or to one kind of it where the purpose has kinds."""
    return ConsentId(uuid5(workspace_id, f"consent/{subject_id}/{purpose}/{kind or ''}"))


def recording_id(workspace_id: UUID, provider: str, recording: str) -> RecordingId:
    """The recording that the provider knows as ``recording``."""
    return RecordingId(uuid5(workspace_id, f"recording/{provider}/{recording}"))


def room_id(workspace_id: UUID, kind: str, room: str | None) -> UUID:
    """What the provider knows a queue or a conference by, whatever the workspace calls it."""
    return uuid5(workspace_id, f"room/{kind}/{room or ''}")


def expiry_id(workspace_id: UUID) -> ExpiryId:
    """The stream that tells what expired in a workspace."""
    return ExpiryId(uuid5(workspace_id, "expiry"))


def transcription_id(workspace_id: UUID, provider: str, transcription: str) -> TranscriptionId:
    """The transcription that the provider knows as ``transcription``."""
    return TranscriptionId(uuid5(workspace_id, f"transcription/{provider}/{transcription}"))


def message_id(workspace_id: UUID, provider: str, message: str) -> MessageId:
    """The text message that the provider knows as ``message``."""
    return MessageId(uuid5(workspace_id, f"message/{provider}/{message}"))


def copies_id(workspace_id: UUID, of: UUID) -> CopiesId:
    """What the provider holds of a call or a message."""
    return CopiesId(uuid5(workspace_id, f"copies/{of}"))


def receipts_id(workspace_id: UUID, subject_id: UUID) -> ReceiptsId:
    """The receipts of one subject's erasure."""
    return ReceiptsId(uuid5(workspace_id, f"receipts/{subject_id}"))


def new_subject_id() -> SubjectId:
    """An id that was never used and says nothing."""
    return SubjectId(uuid4())


@lru_cache(maxsize=RECENT)
def bucket_id(workspace_id: UUID, category: str, campaign: str, day: str) -> BucketId:
    """The retention bucket of one workspace, category, campaign and UTC day (``YYYY-MM-DD``)."""
    return BucketId(uuid5(workspace_id, f"bucket/{category}/{campaign}/{day}"))
