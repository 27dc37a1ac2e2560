"""To whom nothing is marketed any more, kept beyond their erasure (GDPR Art. 21(3)).

While somebody is living their own consents answer for them. An erasure takes away the way from
their number to these, so in its transaction whatever they had said no to is kept, under a keyed
hash of the number. It is decided here, and held against the history under the writers' lock.
"""

from collections.abc import Iterable, Sequence
from typing import Final, LiteralString, NamedTuple
from uuid import UUID

from adapters.keys.keyring import Keyring
from adapters.keys.workspace_key import WorkspaceKey
from adapters.postgres.arrays import Bytes, Texts, Uuids
from adapters.postgres.pool import Connection
from domain.consents.consent import CONSENT, says_no
from domain.consents.events import ConsentEvent
from domain.consents.words import Marketing, Purpose
from domain.identifiers import consent_id
from domain.messages import Entry

_DIGESTS: Final[LiteralString] = (
    "SELECT digest FROM lookups WHERE workspace_id = %s AND subject_id = %s"
)
_IS_SUPPRESSED: Final[LiteralString] = """
    SELECT FROM suppressions WHERE workspace_id = %s AND digest = %s AND kind = %s
"""


class Suppression(NamedTuple):
    """What is to be kept of a subject, and what that was decided on; in SQL's order."""

    consents: Uuids
    """The streams of their consents to marketing."""

    told: int
    """How many entries these had."""

    digests: Bytes
    kinds: Texts


def marketing_consents(workspace_id: UUID, subject_id: UUID) -> list[UUID]:
    """The streams of a subject's consents to marketing, be there any or not."""
    return [consent_id(workspace_id, subject_id, Purpose.marketing, kind) for kind in Marketing]


def refused(entries: Iterable[Entry]) -> list[str]:
    """The kinds of marketing that their subject has said no to, by all entries of all kinds."""
    events = [entry.event for entry in entries if isinstance(entry.event, ConsentEvent)]
    return [
        kind for kind in Marketing if says_no(CONSENT.fold(e for e in events if e.kind == kind))
    ]


async def suppression_of(
    connection: Connection,
    keyring: Keyring,
    workspace_id: UUID,
    subject_id: UUID,
    entries: Sequence[Entry],
) -> Suppression:
    """What is to be kept of a living subject, by these entries of their consents to marketing."""
    kinds, numbers = refused(entries), list[bytes]()
    if kinds:
        key = await keyring.get(connection, workspace_id)
        # What somebody is found by never changes while they live.
        found = await connection.execute(_DIGESTS, (workspace_id, subject_id))
        numbers = [key.suppression(digest) for (digest,) in await found.fetchall()]
    consents = Uuids(marketing_consents(workspace_id, subject_id))
    return Suppression(consents, len(entries), Bytes(numbers), Texts(kinds))


async def is_suppressed(
    connection: Connection, key: WorkspaceKey, digest: bytes, kind: Marketing
) -> bool:
    """Whether who had this number before had said no, and was erased."""
    asked = key.workspace_id, key.suppression(digest), kind
    return (await connection.execute(_IS_SUPPRESSED, asked)).rowcount > 0
