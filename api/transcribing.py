"""What a webhook says of a transcription, on its way into the history: at once, or when replayed.

Unlike a call's, it cannot be understood alone: who is heard, and whether they may be transcribed,
stands in the history. And unlike a call's, a callback that waits for its replay is kept without
what may not be kept: card numbers, and all of its text where nothing may be transcribed.
"""

import asyncio
from collections.abc import Collection
from typing import Final, NamedTuple
from uuid import UUID

from adapters.event_store.requests import Request
from adapters.transcriptions.hearing import commands_of, may_keep_text
from adapters.twilio.webhooks import Webhook
from adapters.wiring import Ledger
from domain.messages import Context
from domain.transcriptions.transcription import TRANSCRIPTION

TRANSCRIBED: Final = "voice/transcription"
INTELLIGENCE: Final = "voice/intelligence"
TRANSCRIPTIONS: Final = frozenset({TRANSCRIBED, INTELLIGENCE})
"""The channels that transcriptions come in at."""


class Place(NamedTuple):
    """Where a webhook came in, and whose it is."""

    ledger: Ledger
    workspace_id: UUID
    account_sids: Collection[str]
    channel: str


async def keep_transcription(place: Place, webhook: Webhook, context: Context) -> UUID | None:
    """Make durable what it says; the call that it speaks of, as far as it says.

    Raises:
        NotUnderstood: With a code; nothing was kept.
    """
    is_available = place.channel == INTELLIGENCE and not webhook.is_transcription
    said = webhook.understand_transcription(
        place.workspace_id, place.account_sids, is_available=is_available
    )
    ledger, workspace_id = place.ledger, place.workspace_id
    cell = await ledger.cell_of(workspace_id)
    stream = workspace_id, said.transcription_id
    commands = await commands_of(cell, workspace_id, said, ledger.clock())
    await asyncio.gather(
        *(ledger.handle(Request(*stream, TRANSCRIPTION, one, context)) for one in commands)
    )
    return said.provenance.call_id


async def kept_for_later(place: Place, webhook: Webhook) -> Webhook:
    """What may be kept of one that was not understood."""
    cell = await place.ledger.cell_of(place.workspace_id)
    with_text = await may_keep_text(cell, place.workspace_id, place.ledger.clock())
    return webhook.cleaned(with_text=with_text)
