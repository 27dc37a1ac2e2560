"""The text of a segment: whoever is heard in it locks it, however many they are."""

from collections.abc import Sequence
from pathlib import Path
from typing import Final
from uuid import UUID, uuid4

import pytest
from cells import READER, Home, asynchronous, new_cell
from msgspec import structs
from reports import at, party
from transcripts import heard

from adapters.event_store.requests import Request
from adapters.postgres.embedded import Urls
from adapters.transcriptions.hearing import folded
from adapters.transcriptions.texts import locked, locked_again, read_texts
from domain.identifiers import transcription_id
from domain.messages import Context
from domain.transcriptions.commands import CorrectSegment, TranscriptionCommand
from domain.transcriptions.state import SegmentKey, Version
from domain.transcriptions.transcription import TRANSCRIPTION
from domain.transcriptions.words import Channel, CorrectionReason

NUMBERS: Final = [f"+3247000000{n}" for n in range(1, 5)]
TEXT: Final = "Where is my order? Où ça ?"


async def tell(home: Home, stream: UUID, command: TranscriptionCommand) -> None:
    """Make it durable."""
    place = home.address.workspace_id, stream
    await home.cell.writer.handle(Request(*place, TRANSCRIPTION, command, Context("t", uuid4())))


async def versions(home: Home, stream: UUID) -> Sequence[Version]:
    """Every version of the one segment."""
    return folded(await home.stream(stream)).segments[SegmentKey(Channel.both, 1)].versions


async def texts(home: Home, stream: UUID) -> list[str]:
    """What is read of each version, or why nothing is."""
    workspace = home.address.workspace_id
    async with home.cell.scoped(workspace) as connection:
        key = await home.cell.workspace_key(connection, workspace)
        told, access = await versions(home, stream), home.cell.access(READER)
        found = await read_texts(connection, key, stream, told, access)
    return [one.value["text"] if one.value else str(one.state) for one in found]


@pytest.mark.parametrize("owners", [1, 2, 3, 4])
@asynchronous
async def test_everybody_locks_it(postgres: Urls, tmp_path: Path, owners: int) -> None:
    """With one owner or four; each one's erasure ends it, and what somebody made of it."""
    async with new_cell(postgres, tmp_path) as home:
        for erased in NUMBERS[:owners]:
            stream = transcription_id(home.address.workspace_id, "test", erased)
            text, share = locked(TEXT, [party(number) for number in NUMBERS[:owners]])
            assert (share is not None) == (owners > 2)
            command = heard(1, channel=Channel.both, share=share)
            await tell(home, stream, structs.replace(command, text=text))
            again, other = locked_again("Order?", (await versions(home, stream))[-1])
            correction = CorrectSegment(
                channel=Channel.both,
                number=1,
                text=again,
                share=other,
                reason=CorrectionReason.misheard,
                occurred_at=at(60),
            )
            await tell(home, stream, correction)
            assert await texts(home, stream) == [TEXT, "Order?"]
            await home.erase_number(erased)
            assert await texts(home, stream) == ["erased", "erased"]


def test_a_share_tells_nothing() -> None:
    """Neither is the text, nor is it the same twice."""
    owners = [party(number) for number in NUMBERS]
    one, other = locked(TEXT, owners), locked(TEXT, owners)
    assert one.text.value.keys() == {"share"}
    assert one.text.value != other.text.value
    assert TEXT not in str(one.text.value)
