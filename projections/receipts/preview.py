"""What an erasure would take from every store, said before it is asked for. It takes nothing."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, LiteralString
from uuid import UUID

from adapters.event_store.history import LAST_POSITION, read_streams
from adapters.event_store.standing import in_the_way
from adapters.event_store.suppressions import marketing_consents, refused
from adapters.postgres.pool import Connection
from domain.errors import NotFound
from projections.call_log.read import count_calls

_STANDS: Final = """
    SELECT (SELECT count(*) FROM subject_keys k WHERE k.subject_id = s.subject_id),
           (SELECT count(*) FROM lookups l WHERE l.subject_id = s.subject_id),
           (SELECT count(*) FROM consent_register c WHERE c.subject_id = s.subject_id)
    FROM subjects s WHERE s.workspace_id = %s AND s.subject_id = %s
"""
# ruff: noqa: S608 - put together from constants of ours
_BOXES: Final[LiteralString] = """
    WITH kept AS (
        SELECT held_id FROM held WHERE workspace_id = %(workspace)s
        UNION ALL
        SELECT subject_id FROM subjects WHERE workspace_id = %(workspace)s
            AND restricted_at IS NOT NULL AND subject_id <> %(subject)s
    ), boxes AS (
        SELECT category, v.stream_id, name, field, v.stream_id IN (SELECT * FROM kept)
            OR subject_ids && ARRAY(SELECT * FROM kept)
            OR EXISTS (
                SELECT FROM entries e WHERE e.stream_id = v.stream_id AND v.name NOT LIKE 'call.%%'
                AND json_extract_path_text(convert_from(e.body, 'UTF8')::json, 'event', 'call_id')
                    IN (SELECT held_id::text FROM kept)
            ) AS is_kept
        FROM vault v WHERE workspace_id = %(workspace)s
            AND (subject_ids[1] = %(subject)s OR subject_ids[2] = %(subject)s)
    )
"""
"""The subject's sealed values, and whether a hold or another's restriction keeps each."""

_VALUES: Final = f"""
    {_BOXES}
    SELECT category, is_kept, count(*) FROM boxes GROUP BY category, is_kept ORDER BY category
"""
_TRACKS: Final = f"""
    {_BOXES}
    SELECT count(DISTINCT (stream_id, split_part(field, '_', 1))) FROM boxes
    WHERE name = 'recording.stored' AND NOT is_kept
"""
"""A track has a key, perhaps in two shares: ``first_key``, ``first_share``."""

_CALLS: Final = """
    SELECT count(DISTINCT coalesce(r.call_id, v.stream_id))
    FROM vault v LEFT JOIN recordings r ON r.recording_id = v.stream_id
    WHERE v.workspace_id = %s AND (v.subject_ids[1] = %s OR v.subject_ids[2] = %s)
        AND split_part(v.name, '.', 1) IN ('call', 'recording', 'message')
"""


@dataclass(frozen=True, slots=True)
class Preview:
    """What would go, by store, and what would stay."""

    keys: int
    """One for who is living; none for who was erased."""

    lookups: int
    values: Mapping[str, int]
    """Sealed values that would go, by category: a value of two goes with either."""

    kept: Mapping[str, int]
    """Those that a hold on single calls keeps, or another's restriction (GDPR Art. 18)."""

    tracks: int
    """Audio that could not be heard any more, each an object that is deleted."""

    calls: int
    """Calls in which nobody would stand in their place. The calls stay."""

    provider_copies: int
    """Calls and messages of which all that the provider holds would be asked to be deleted."""

    consents: int
    """Consents whose evidence stays (Art. 7(1))."""

    holds: tuple[UUID, ...]
    """Holds in the way: the erasure waits for all of these, and nothing goes before that."""

    suppressions: tuple[str, ...]
    """Kinds of marketing that stay forbidden to their number (Art. 21(3))."""


async def preview(connection: Connection, workspace_id: UUID, subject_id: UUID) -> Preview:
    """What the erasure of a subject would take by now.

    Raises:
        NotFound: The workspace has no such subject.
    """
    place = (workspace_id, subject_id)
    stands = await (await connection.execute(_STANDS, place)).fetchone()
    if stands is None:
        raise NotFound("subject")
    keys, lookups, consents = stands
    asked = {"workspace": workspace_id, "subject": subject_id}
    values = await (await connection.execute(_VALUES, asked)).fetchall()
    asked_for = await connection.execute(_CALLS, (*place, subject_id))
    ((copies,),) = await asked_for.fetchall()
    said = await read_streams(connection, marketing_consents(*place), LAST_POSITION)
    ((tracks,),) = await (await connection.execute(_TRACKS, asked)).fetchall()
    goes = {name: count for name, is_kept, count in values if not is_kept}
    return Preview(
        keys=keys,
        lookups=lookups,
        values=goes,
        kept={name: count for name, is_kept, count in values if is_kept},
        tracks=tracks,
        calls=await count_calls(connection, *place),
        # While all of theirs is held the provider is not asked, for nothing of theirs goes here.
        provider_copies=copies if goes else 0,
        consents=consents,
        holds=tuple(await in_the_way(connection, *place, workspace_id)),
        suppressions=tuple(refused(said)) if lookups else (),
    )
