"""Has deleted at the provider now what is deleted every minute: a demo does not wait for that."""

from typing import Final

from adapters.provider_copies.deleting import Deleter
from adapters.twilio.client import rest_session
from adapters.wiring import Ledger
from projections.provider_copies.read import due

AT_ONCE: Final = 500


async def delete_copies(ledger: Ledger) -> None:
    """Go on with every deletion that can be gone on with."""
    async with rest_session() as session:
        for cell in ledger.cells.values():
            deleter = Deleter(cell, session, ledger.settings.twilio_api_url, ledger.clock)
            async with await cell.follow() as connection:
                places = await due(connection, ledger.clock(), AT_ONCE)
            for place in places:
                await deleter.go_on(*place)
