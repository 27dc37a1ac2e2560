"""A recording whose callbacks were lost is found in the books, and kept as if they had come."""

import asyncio
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import Final
from uuid import UUID, uuid4

import pytest
from asking import recording_is_on
from cells import asynchronous
from reconciling import Desk, desk
from reports import START
from studio import agreement
from twilio_forms import Form, call_callbacks, call_sid
from twilio_standin.books import rfc2822
from waves import samples, wave_file

from adapters.accesses.access import Inward
from adapters.event_store.requests import Request
from adapters.objects.store import ObjectStore
from adapters.postgres.embedded import Urls
from adapters.recordings.keeping import Keeper, folded
from adapters.recordings.owners import track_keys
from adapters.twilio import forms
from adapters.twilio.media import Media, media_session
from adapters.twilio.recordings import media_url, read_recording
from adapters.wiring import now
from domain.identifiers import call_id, recording_id
from domain.messages import Context
from domain.personal_data import Sealed
from domain.recordings.recording import RECORDING
from domain.recordings.state import Recording
from domain.recordings.words import RecordingStatus

LINE, DIALED = call_sid(1), call_sid(501)
SID: Final = f"RE{1:032x}"
DAY: Final = START.date()
STEREO: Final = wave_file(samples(1, 300), samples(600, 300))
END: Final = START + timedelta(minutes=1)


def callbacks(account: str, leg: str = LINE) -> list[Form]:
    """What Twilio tells of the recording: that it began, and that it is complete."""
    common: Form = [
        *(("AccountSid", account), ("CallSid", leg), ("RecordingSid", SID)),
        ("RecordingUrl", media_url(account, SID)),
        *(("RecordingChannels", "2"), ("RecordingSource", "DialVerb"), ("ErrorCode", "0")),
        ("RecordingStartTime", rfc2822(START)),
    ]
    return [
        [*common, ("RecordingStatus", "in-progress")],
        [*common, ("RecordingStatus", "completed"), ("RecordingDuration", "42")],
    ]


async def furnish(house: Desk, leg: str = LINE) -> None:
    """A call that was put through, and its recording on one of the legs, in Twilio's books."""
    await house.home.cell.writer.handle(recording_is_on(house.workspace_id))
    for request in agreement(house.workspace_id):
        await house.home.cell.writer.handle(request)
    await house.home.hear(*call_callbacks(LINE, DIALED))
    for sid, parent in ((LINE, None), (DIALED, LINE)):
        house.account.add_call(
            sid,
            START,
            status="completed",
            parent_call_sid=parent,
            direction="outbound-dial" if parent else "inbound",
            start_time=rfc2822(START),
            end_time=rfc2822(END),
            duration="42",
            **{"from": "+447700900123", "to": "+12025550100"},
        )
    house.account.add_recording(
        SID, leg, START, STEREO, channels=2, source="DialVerb", duration="42", error_code=0
    )


async def hear(house: Desk, told: Sequence[Form]) -> None:
    """These callbacks come in."""
    for form in told:
        place, command = read_recording(house.workspace_id, forms.Form(form))
        context = Context("twilio", uuid4())
        request = Request(house.workspace_id, place, RECORDING, command, context)
        await house.home.cell.writer.handle(request)


def place_of(house: Desk) -> UUID:
    """The recording."""
    return recording_id(house.workspace_id, "twilio", SID)


async def recording(house: Desk) -> Recording:
    """The recording as the history has it."""
    return folded(await house.home.stream(place_of(house)))


async def keep(house: Desk, folder: Path) -> tuple[bool, list[list[str]]]:
    """Fetch it from Twilio; whether that went well, and how many own each of its tracks."""
    async with media_session() as session:
        media = Media(session, house.twilio.url, lambda _: asyncio.sleep(0))
        store = ObjectStore.in_folder(folder / "objects")
        kept = await Keeper(house.home.cell, store, media, now).keep(
            house.workspace_id, place_of(house)
        )
    entries = await house.home.stream(place_of(house))
    async with house.home.cell.scoped(house.workspace_id) as connection:
        key = await house.home.cell.workspace_key(connection, house.workspace_id)
        tracks = await track_keys(connection, key, entries, Inward.what_can_be_heard)
    assert all(one.secret for one in tracks)
    stored = folded(entries).stored
    assert stored is not None
    keys = (stored.first_key, stored.second_key)
    return kept, [sorted(map(str, one.subjects)) for one in keys if isinstance(one, Sealed)]


@pytest.mark.parametrize("lost", [(0,), (1,), (0, 1)], ids=["the first", "the last", "both"])
@asynchronous
async def test_drop_any_callback_and_it_is_kept_the_same(
    postgres: Urls, tmp_path: Path, lost: tuple[int, ...]
) -> None:
    """What is known of it equals what its callbacks would have said; its audio is locked so."""
    async with desk(postgres, tmp_path) as house:
        await furnish(house)
        told = callbacks(house.account.sid)
        await hear(house, [one for number, one in enumerate(told) if number not in lost])
        found = await house.reconcile(only=DAY)
        assert found.tally.recordings == 1
        entries = await house.home.stream(place_of(house))
        actors = {entry.context.actor for entry in entries}
        assert ("reconciler" in actors) is (1 in lost)
        known = await recording(house)
        assert known.call_id == call_id(house.workspace_id, "twilio", LINE)
        assert known.report == told_of(house, told).report
        kept, owners = await keep(house, tmp_path)
        assert kept
        caller, agent = owners
        assert (len(caller), len(agent)) == (1, 1)
        assert caller != agent
        again = await house.reconcile(only=DAY)
        assert again.tally.entries == 0


@asynchronous
async def test_one_that_was_made_on_a_dialled_leg_is_found_with_its_call(
    postgres: Urls, tmp_path: Path
) -> None:
    """Its leg is no call; and as nobody knows who is on which channel, both are everybody's."""
    async with desk(postgres, tmp_path) as house:
        await furnish(house, DIALED)
        await house.reconcile(only=DAY)
        known = await recording(house)
        assert known.call_id == call_id(house.workspace_id, "twilio", LINE)
        _, owners = await keep(house, tmp_path)
        assert owners[0] == owners[1]
        assert len(owners[0]) == 2


@asynchronous
async def test_one_that_goes_on_is_left_to_itself(postgres: Urls, tmp_path: Path) -> None:
    """And one that came to nothing is known to have."""
    async with desk(postgres, tmp_path) as house:
        await furnish(house)
        house.account.recordings[SID].resource["status"] = "processing"
        found = await house.reconcile(only=DAY)
        assert (found.tally.recordings, (await recording(house)).status) == (1, None)
        house.account.recordings[SID].resource["status"] = "absent"
        await house.reconcile(only=DAY)
        assert (await recording(house)).status is RecordingStatus.absent


@asynchronous
async def test_a_look_goes_on_within_the_recordings(
    postgres: Urls, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where it was broken off, page by page; nothing before it is read again."""
    monkeypatch.setattr("adapters.twilio.client.PAGE_SIZE", 1)
    async with desk(postgres, tmp_path) as house:
        await furnish(house)
        for number in range(2, 4):
            sid = f"RE{number:032x}"
            house.account.add_recording(sid, LINE, START, STEREO, channels=2)
        turns = 0
        while not (await house.reconcile(START + timedelta(hours=1), most_pages=1)).is_done:
            turns += 1
            assert turns < 20
        asked = [one for one in house.twilio.asked if "DateCreated" in one]
        pages = [one for one in asked if DAY.isoformat() in one]
        assert len(pages) == 3
        assert len(set(pages)) == 3
        assert (await recording(house)).is_over


def told_of(house: Desk, told: Sequence[Form]) -> Recording:
    """The recording that these callbacks tell of."""
    state = RECORDING.initial
    for form in told:
        _, command = read_recording(house.workspace_id, forms.Form(form))
        state = RECORDING.fold(RECORDING.decide(state, command), state)
    return state
