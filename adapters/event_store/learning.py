"""Reads whatever a batch needs to know and the writer does not: one round trip, seldom two."""

from collections.abc import Collection, Iterable, Mapping
from typing import Final
from uuid import UUID

from adapters.event_store.codec import event_of
from adapters.event_store.keyholders import Keyholders
from adapters.event_store.knowledge import ERASED, Knowledge
from adapters.event_store.requests import Request, Stream, clear_values, lookups_in
from adapters.postgres.arrays import Array, Bytes, Uuids, big_int
from adapters.postgres.channel import Call, Channel, Rows
from domain.errors import IntegrityAlarm

EPOCH: Final = b"epoch"
OTHERS: Final = b"others"
STREAMS: Final = b"streams"
LOOKUPS: Final = b"lookups"
SUBJECTS: Final = b"subjects"
BUCKETS: Final = b"buckets"

STATEMENTS: Final = {
    EPOCH: "SELECT epoch FROM counter",
    OTHERS: """
        SELECT stream_id, max(version), max(position) FROM entries
        WHERE position > $1 GROUP BY stream_id
    """,
    STREAMS: """
        SELECT stream_id, workspace_id, version, schema_version, name, body FROM entries
        WHERE stream_id = ANY($1::uuid[]) ORDER BY stream_id, version
    """,
    LOOKUPS: """
        SELECT l.workspace_id, l.subject_id, k.wrapped, l.digest
        FROM lookups l LEFT JOIN subject_keys k USING (subject_id)
        WHERE l.digest = ANY($1::bytea[])
    """,
    SUBJECTS: """
        SELECT s.workspace_id, s.subject_id, k.wrapped, s.erased_at
        FROM subjects s LEFT JOIN subject_keys k USING (subject_id)
        WHERE s.subject_id = ANY($1::uuid[])
    """,
    BUCKETS: """
        SELECT workspace_id, bucket_id, wrapped FROM bucket_keys
        WHERE bucket_id = ANY($1::uuid[])
    """,
}
"""What the channel has prepared."""


async def learn(
    channel: Channel, knowledge: Knowledge, holders: Keyholders, requests: Collection[Request]
) -> frozenset[UUID]:
    """Read what these requests need; the streams that were read just now.

    Raises:
        IntegrityAlarm: A key is missing and nobody destroyed it, or it does not unwrap.
        UnknownEvent: A stream has an event from a newer program.
    """
    if knowledge.is_behind and knowledge.seen is not None:
        await _look_after(channel, knowledge)
    streams = {r.stream_id: r for r in requests if knowledge.streams.get(r.stream_id) is None}
    digests = _unknown_digests(knowledge, holders, requests)
    buckets = _unknown_buckets(knowledge, holders, requests)
    asked = {
        STREAMS: Uuids(list(streams)) if streams else None,
        LOOKUPS: Bytes(digests) if digests else None,
        BUCKETS: Uuids(buckets) if buckets else None,
    }
    found = await _ask(channel, asked, with_epoch=knowledge.epoch is None)
    if EPOCH in found:
        knowledge.epoch = _int(found[EPOCH][0][0])
    _fold(knowledge, streams, found.get(STREAMS, []))
    for workspace, subject, wrapped, digest in found.get(LOOKUPS, []):
        owner = _learn_subject(knowledge, holders, workspace, subject, wrapped)
        knowledge.subjects.put(digest, owner)
    for workspace, bucket, wrapped in found.get(BUCKETS, []):
        key = holders.keys[_uuid(workspace)]
        knowledge.bucket_keys.put(_uuid(bucket), key.unwrap_bucket(wrapped, _uuid(bucket)))
    await _learn_named(channel, knowledge, holders, requests)
    return frozenset(streams)


async def _ask(
    channel: Channel, asked: Mapping[bytes, Array | None], *, with_epoch: bool
) -> dict[bytes, Rows]:
    calls = [Call(name, (array.data,)) for name, array in asked.items() if array is not None]
    if with_epoch:
        calls.append(Call(EPOCH))
    if not calls:
        return {}
    names = [call.statement for call in calls]
    return dict(zip(names, await channel.call(*calls), strict=True))


async def _look_after(channel: Channel, knowledge: Knowledge) -> None:
    """Somebody else appended: forget the streams that went on without us."""
    (rows,) = await channel.call(Call(OTHERS, (big_int(knowledge.seen or 0),)))
    for stream, version, position in rows:
        known = knowledge.streams.get(_uuid(stream))
        if known is not None and known.version < _int(version):
            knowledge.streams.forget((_uuid(stream),))
        knowledge.seen = max(knowledge.seen or 0, _int(position))
    knowledge.is_behind = False


def _unknown_digests(
    knowledge: Knowledge, holders: Keyholders, requests: Iterable[Request]
) -> list[bytes]:
    wanted = {
        holders.digest(request.workspace_id, lookup)
        for request in requests
        for lookup in lookups_in(request.command)
    }
    return [digest for digest in wanted if not _has_key(knowledge, digest)]


def _has_key(knowledge: Knowledge, digest: bytes) -> bool:
    subject = knowledge.subjects.get(digest)
    return subject is not None and knowledge.subject_keys.get(subject) is not None


def _unknown_buckets(
    knowledge: Knowledge, holders: Keyholders, requests: Iterable[Request]
) -> list[UUID]:
    wanted = {
        holders.today(request.workspace_id, value.category)
        for request in requests
        for _, value in clear_values(request.command)
    }
    return [bucket for bucket in wanted if knowledge.bucket_keys.get(bucket) is None]


def _fold(knowledge: Knowledge, streams: dict[UUID, Request], rows: Rows) -> None:
    folded = {
        stream_id: Stream(0, request.decider.initial, request.workspace_id)
        for stream_id, request in streams.items()
    }
    for stream_id, workspace_id, version, schema_version, name, body in rows:
        place = _uuid(stream_id)
        stream = folded[place]._replace(workspace_id=_uuid(workspace_id))
        event = event_of(name.decode(), _int(schema_version), body)
        folded[place] = stream.after(streams[place].decider, _int(version), event)
    for stream_id, stream in folded.items():
        knowledge.streams.put(stream_id, stream)


async def _learn_named(
    channel: Channel, knowledge: Knowledge, holders: Keyholders, requests: Iterable[Request]
) -> None:
    """Keys of the subjects whom the streams already name."""
    missing = {
        subject
        for request in requests
        for subject in _named(knowledge.streams[request.stream_id], request)
        if knowledge.subject_keys.get(subject) is None
    }
    if not missing:
        return
    (rows,) = await channel.call(Call(SUBJECTS, (Uuids(list(missing)).data,)))
    for workspace, subject, wrapped, erased_at in rows:
        if erased_at is None:
            _learn_subject(knowledge, holders, workspace, subject, wrapped)
        else:
            knowledge.subject_keys.put(_uuid(subject), ERASED)


def _named(stream: Stream, asker: Request) -> frozenset[UUID]:
    """Of another workspace's stream nobody: its keys are none of the asker's business."""
    return stream.subjects if stream.workspace_id == asker.workspace_id else frozenset()


def _learn_subject(
    knowledge: Knowledge,
    holders: Keyholders,
    workspace: bytes,
    subject: bytes,
    wrapped: bytes | None,
) -> UUID:
    """A living subject's key. One that is not there must not look like an erasure."""
    if wrapped is None:
        raise IntegrityAlarm("a key is missing and nobody destroyed it")
    owner, key = _uuid(subject), holders.keys[_uuid(workspace)]
    knowledge.subject_keys.put(owner, key.unwrap_subject(wrapped, owner))
    return owner


def _int(value: bytes) -> int:
    return int.from_bytes(value, "big", signed=True)


def _uuid(value: bytes) -> UUID:
    return UUID(bytes=value)
