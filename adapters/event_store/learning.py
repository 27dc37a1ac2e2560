"""Reads whatever a batch needs to know and the writer does not: one round trip, seldom two."""

from collections.abc import Collection, Iterable, Mapping
from typing import Final, NamedTuple
from uuid import UUID

from adapters.event_store.codec import event_of
from adapters.event_store.keyholders import Keyholders
from adapters.event_store.knowledge import DESTROYED, Knowledge
from adapters.event_store.requests import Request, Stream, clear_values, lookups_in, named_in
from adapters.postgres.arrays import Bytes, Uuids, big_int
from adapters.postgres.channel import Call, Channel, Rows
from domain.errors import IntegrityAlarm
from domain.messages import AboutSubject, Event

COUNTER: Final = b"counter"
OTHERS: Final = b"others"
STREAMS: Final = b"streams"
LOOKUPS: Final = b"lookups"
SUBJECTS: Final = b"subjects"
BUCKETS: Final = b"buckets"

STATEMENTS: Final = {
    COUNTER: "SELECT epoch, position FROM counter",
    OTHERS: """
        SELECT stream_id, workspace_id, version, schema_version, name, body FROM entries
        WHERE position > $1 AND position <= $2 ORDER BY position
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
        SELECT b.workspace_id, b.bucket_id, k.wrapped, b.destroyed_at
        FROM buckets b LEFT JOIN bucket_keys k USING (bucket_id)
        WHERE b.bucket_id = ANY($1::uuid[])
    """,
}
"""What the channel has prepared."""


class Unknown(NamedTuple):
    """What requests need and nobody read."""

    streams: dict[UUID, Request]
    digests: set[bytes]
    buckets: set[UUID]
    subjects: set[UUID]


async def read_epoch(channel: Channel, knowledge: Knowledge) -> None:
    """Read how far the cell is; all that is learnt from here on is as of then or later."""
    (rows,) = await channel.call(Call(COUNTER))
    _begin(knowledge, rows)


async def learn(
    channel: Channel, knowledge: Knowledge, holders: Keyholders, requests: Collection[Request]
) -> Collection[UUID]:
    """Read whatever these requests may need; the streams that were read just now.

    Raises:
        IntegrityAlarm: A key is missing and nobody destroyed it, or it does not unwrap.
        UnknownEvent: A stream has an event from a newer program.
    """
    unknown = _unknown(knowledge, holders, requests)
    if calls := _calls(knowledge, unknown):
        names = [call.statement for call in calls]
        found = dict(zip(names, await channel.call(*calls), strict=True))
        _take_in(knowledge, holders, unknown, found)
    await _learn_named(channel, knowledge, holders, requests, unknown.subjects)
    holders.asked(unknown.digests, unknown.buckets, unknown.subjects)
    return unknown.streams


def _unknown(knowledge: Knowledge, holders: Keyholders, requests: Iterable[Request]) -> Unknown:
    unknown = Unknown({}, set(), set(), set())
    for request in requests:
        stream = knowledge.streams.get(request.stream_id.int)
        if stream is None:
            unknown.streams[request.stream_id] = request
            stream = _unread(request)
        campaign = stream.campaign_with(request.command)
        for _, value in clear_values(request.command):
            bucket = holders.bucket_for(request.workspace_id, value, campaign)
            if knowledge.bucket_keys.get(bucket.int) is None:
                unknown.buckets.add(bucket)
            for lookup in lookups_in(value):
                digest = holders.digest(request.workspace_id, lookup)
                if not _has_key(knowledge, digest):
                    unknown.digests.add(digest)
        if isinstance(request.command, AboutSubject):
            number = request.command.subject_id.int
            if None in (knowledge.homes.get(number), knowledge.subject_keys.get(number)):
                unknown.subjects.add(request.command.subject_id)
    return unknown


def _has_key(knowledge: Knowledge, digest: bytes) -> bool:
    subject = knowledge.subjects.get(digest)
    return subject is not None and knowledge.subject_keys.get(subject.int) is not None


def _calls(knowledge: Knowledge, unknown: Unknown) -> list[Call]:
    """In their order: a stream is read after what tells how far the history has come."""
    calls = []
    if knowledge.epoch is None:
        calls.append(Call(COUNTER))
    if knowledge.gap is not None:
        calls.append(Call(OTHERS, [big_int(position) for position in knowledge.gap]))
    if unknown.streams:
        calls.append(Call(STREAMS, (Uuids(list(unknown.streams)).data,)))
    if unknown.digests:
        calls.append(Call(LOOKUPS, (Bytes(list(unknown.digests)).data,)))
    if unknown.buckets:
        calls.append(Call(BUCKETS, (Uuids(list(unknown.buckets)).data,)))
    return calls


def _take_in(
    knowledge: Knowledge, holders: Keyholders, unknown: Unknown, found: Mapping[bytes, Rows]
) -> None:
    _begin(knowledge, found.get(COUNTER, []))
    if OTHERS in found:
        _follow(knowledge, found[OTHERS])
    _fold(knowledge, unknown.streams, found.get(STREAMS, []))
    for workspace, subject, wrapped, digest in found.get(LOOKUPS, ()):
        owner = _learn_subject(knowledge, holders, workspace, subject, wrapped)
        knowledge.subjects.put(digest, owner)
    for workspace, bucket, wrapped, destroyed_at in found.get(BUCKETS, ()):
        key = DESTROYED
        if destroyed_at is None:
            key = holders.keys[_uuid(workspace)].unwrap_bucket(_present(wrapped), _uuid(bucket))
        knowledge.bucket_keys.put(_number(bucket), key)


def _begin(knowledge: Knowledge, rows: Rows) -> None:
    for epoch, position in rows:
        knowledge.epoch = _int(epoch)
        knowledge.begin(_int(position))


def _follow(knowledge: Knowledge, rows: Rows) -> None:
    """Somebody else appended: the streams that we know go on with what they are."""
    for stream_id, _, version, schema_version, name, body in rows:
        number = _number(stream_id)
        stream = knowledge.streams.get(number)
        if stream is None or stream.version >= _int(version):
            continue
        try:
            knowledge.streams.put(number, stream.after(_event(schema_version, name, body)))
        except Exception:  # noqa: BLE001 - whatever does not follow from what we know
            # From a newer program; or a batch of ours is under way and about to fail on it.
            knowledge.streams.forget((number,))
    knowledge.caught_up()


def _fold(knowledge: Knowledge, streams: Mapping[UUID, Request], rows: Rows) -> None:
    folded = {stream_id.int: _unread(request) for stream_id, request in streams.items()}
    for stream_id, workspace_id, _, schema_version, name, body in rows:
        number = _number(stream_id)
        stream = folded[number]
        if not stream.version:
            stream = stream._replace(workspace_id=_uuid(workspace_id))
        folded[number] = stream.after(_event(schema_version, name, body))
    for number, stream in folded.items():
        knowledge.streams.put(number, stream)


def _unread(request: Request) -> Stream:
    """A stream of which no entry was read."""
    return Stream(request.decider, request.workspace_id, 0, request.decider.initial)


async def _learn_named(
    channel: Channel,
    knowledge: Knowledge,
    holders: Keyholders,
    requests: Iterable[Request],
    asked: set[UUID],
) -> None:
    """Keys of the subjects whom the streams already name, or whom the commands are about."""
    missing = asked | {
        subject
        for request in requests
        for subject in _named(knowledge.streams[request.stream_id.int], request)
        if knowledge.subject_keys.get(subject.int) is None
    }
    if not missing:
        return
    (rows,) = await channel.call(Call(SUBJECTS, (Uuids(list(missing)).data,)))
    for workspace, subject, wrapped, erased_at in rows:
        if _uuid(workspace) not in holders.keys:
            continue  # of another workspace than all who ask: to them nobody
        knowledge.homes.put(_number(subject), _uuid(workspace))
        if erased_at is None:
            _learn_subject(knowledge, holders, workspace, subject, wrapped)
        else:
            knowledge.subject_keys.put(_number(subject), DESTROYED)


def _named(stream: Stream, asker: Request) -> frozenset[UUID]:
    """Of another workspace's stream nobody: its keys are none of the asker's business."""
    if stream.workspace_id != asker.workspace_id:
        return frozenset()
    return stream.subjects.union(named_in(asker.command))


def _learn_subject(
    knowledge: Knowledge,
    holders: Keyholders,
    workspace: bytes,
    subject: bytes,
    wrapped: bytes | None,
) -> UUID:
    """A living subject's key. One that is not there must not look like an erasure."""
    owner, key = _uuid(subject), holders.keys[_uuid(workspace)]
    knowledge.subject_keys.put(owner.int, key.unwrap_subject(_present(wrapped), owner))
    return owner


def _present(wrapped: bytes | None) -> bytes:
    if wrapped is None:
        raise IntegrityAlarm("a key is missing and nobody destroyed it")
    return wrapped


def _event(schema_version: bytes, name: bytes, body: bytes) -> Event:
    return event_of(name.decode(), _int(schema_version), body)


def _int(value: bytes) -> int:
    return int.from_bytes(value, "big", signed=True)


def _number(value: bytes) -> int:
    """The number of an id."""
    return int.from_bytes(value, "big")


def _uuid(value: bytes) -> UUID:
    return UUID(bytes=value)
