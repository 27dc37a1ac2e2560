"""The provider's copy goes when it is asked for, however often that takes, and is confirmed."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
from cells import asynchronous
from media_server import Fault
from studio import studio
from waves import samples, wave_file

from adapters.postgres.embedded import Urls
from adapters.recordings.copies import Copies
from adapters.twilio.media import Media, media_session
from domain.recordings.commands import AskDeletion
from domain.recordings.events import RecordingDeletedAtProvider, RecordingDeletionFailed
from domain.recordings.words import ProviderCopy

AUDIO = wave_file(samples(1, 100))
NOW = datetime(2026, 3, 2, 14, tzinfo=UTC)


@pytest.mark.parametrize("status", [204, 404])
@asynchronous
async def test_a_deletion_is_confirmed_with_what_is_left(
    postgres: Urls, tmp_path: Path, status: int
) -> None:
    """By Twilio's word, or because it is gone already; metadata is left for 40 days."""
    async with studio(postgres, tmp_path) as house, media_session() as session:
        copies = Copies(house.home.cell, Media(session, house.server.origin), lambda: NOW)
        recording = await house.recorded(AUDIO, channels=1)
        place = house.workspace_id, recording
        assert not await copies.delete(*place)
        await house.keep(recording)
        asked = len(house.server.asked)
        await house.tell(recording, AskDeletion())
        house.server.faults[:] = [Fault(status=status)]
        assert await copies.delete(*place)
        assert await copies.delete(*place)
        assert [one.method for one in house.server.asked[asked:]] == ["DELETE"]
        confirmed = (await house.entries(recording))[-1].event
        assert isinstance(confirmed, RecordingDeletedAtProvider)
        assert confirmed.residual_until.isoformat() == "2026-04-11"
        assert await house.heard(recording) == [AUDIO]


@pytest.mark.parametrize(
    ("fault", "status", "code"),
    [
        (Fault(status=409, body=b'{"code": 20009, "message": "+447700900123"}'), 409, 20009),
        (Fault(status=500, body=b"[]"), 500, None),
        (Fault(status=401), 401, None),
        (Fault(status=302, location="https://example.com"), 302, None),
    ],
)
@asynchronous
async def test_what_twilio_does_not_delete_is_asked_for_again(
    postgres: Urls, tmp_path: Path, fault: Fault, status: int, code: int | None
) -> None:
    """Each answer is written down by its numbers alone, and then it goes on."""
    async with studio(postgres, tmp_path) as house, media_session() as session:
        copies = Copies(house.home.cell, Media(session, house.server.origin), lambda: NOW)
        recording = await house.recorded(AUDIO, channels=1)
        await house.tell(recording, AskDeletion())
        house.server.faults[:] = [fault, fault, Fault(status=204)]
        place = house.workspace_id, recording
        found = [await copies.delete(*place) for _ in range(3)]
        assert found == [False, False, True]
        failures = [
            (e.event.attempt, e.event.status, e.event.error_code)
            for e in await house.entries(recording)
            if isinstance(e.event, RecordingDeletionFailed)
        ]
        assert failures == [(1, status, code), (2, status, code)]
        assert (await house.recording(recording)).copy is ProviderCopy.deleted


@asynchronous
async def test_a_twilio_that_is_not_there_has_not_deleted(postgres: Urls, tmp_path: Path) -> None:
    """No answer is none."""
    async with studio(postgres, tmp_path) as house, media_session() as session:
        copies = Copies(house.home.cell, Media(session, "http://127.0.0.1:9"), lambda: NOW)
        recording = await house.recorded(AUDIO, channels=1)
        await house.tell(recording, AskDeletion())
        assert not await copies.delete(house.workspace_id, recording)
        assert (await house.recording(recording)).copy is ProviderCopy.asked
