"""What a preview says is what the erasure does: counted in every store, before and after it."""

from dataclasses import dataclass
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from cells import asynchronous
from consent_stories import said
from holding import hold, placing, release
from hypothesis import example, given, settings
from hypothesis import strategies as st
from studio import Studio, studio
from twilio_forms import call_sid, leg_callbacks
from views import catch_up
from waves import MP3, samples, wave_file

from adapters.event_store.requests import Request
from adapters.postgres.embedded import Urls
from adapters.recordings.ending import Ender
from domain.consents.commands import GiveConsent, WithdrawConsent
from domain.consents.consent import CONSENT
from domain.consents.words import Marketing, Purpose
from domain.errors import NotFound
from domain.identifiers import consent_id
from domain.messages import Context
from projections.call_log.view import CALL_LOG
from projections.consents.view import CONSENT_REGISTER
from projections.receipts.preview import Preview, preview
from projections.recordings.view import RECORDINGS

ANNE, BORIS, CARLA = PEOPLE = ("+32470000001", "+32470000002", "+32470000003")
STEREO = wave_file(samples(1), samples(30_000))


@dataclass(frozen=True)
class Story:
    """Who called whom, whose calls were recorded how, who said what, and who is erased."""

    calls: list[tuple[str, str]]
    recorded: list[tuple[str, bool]]
    said_no: list[tuple[str, Marketing]]
    said_yes: list[str]
    held: list[int]
    erased: list[str]


STORIES = st.builds(
    Story,
    calls=st.lists(
        st.permutations(PEOPLE).map(lambda people: (people[0], people[1])), min_size=1, max_size=4
    ),
    recorded=st.lists(st.tuples(st.sampled_from(PEOPLE), st.booleans()), max_size=2),
    said_no=st.lists(st.tuples(st.sampled_from(PEOPLE), st.sampled_from(Marketing)), max_size=2),
    said_yes=st.lists(st.sampled_from(PEOPLE), max_size=2),
    held=st.lists(st.integers(0, 5), unique=True, max_size=2),
    erased=st.lists(st.sampled_from(PEOPLE), unique=True, min_size=1),
)


async def _play(house: Studio, story: Story) -> None:
    for number, (caller, callee) in enumerate(story.calls, 1):
        sid = call_sid(100 + number)
        await house.home.hear(*leg_callbacks(sid, caller=caller, callee=callee))
    for number, (caller, is_stereo) in enumerate(story.recorded, 1):
        audio, channels = (STEREO, 2) if is_stereo else (MP3, 1)
        recording = await house.recorded(audio, number=number, channels=channels, caller=caller)
        assert await house.keep(recording)
    for who, kind in story.said_no:
        await _say(house, who, WithdrawConsent, Purpose.marketing, kind)
    for who in story.said_yes:
        await _say(house, who, GiveConsent, Purpose.recording, None)
    calls = "SELECT DISTINCT stream_id FROM entries WHERE starts_with(name, 'call.') ORDER BY 1"
    found = [stream for (stream,) in await house.home.address.sql(calls)]
    if held := [found[number] for number in story.held if number < len(found)]:
        await hold(house.home, placing(calls=held))


async def _say(
    house: Studio,
    number: str,
    command: type[GiveConsent | WithdrawConsent],
    purpose: Purpose,
    kind: Marketing | None,
) -> None:
    if subject := await house.home.subject_of(number):
        stream = consent_id(house.workspace_id, subject, purpose, kind)
        told = said(command, 1, purpose, kind, subject_id=subject)
        request = Request(house.workspace_id, stream, CONSENT, told, Context("cli", uuid4()))
        await house.home.cell.writer.handle(request)


async def _preview(house: Studio, subject: UUID) -> Preview:
    for view in (CALL_LOG, CONSENT_REGISTER, RECORDINGS):
        await catch_up(house.home, view)
    async with house.home.cell.scoped(house.workspace_id) as connection:
        return await preview(connection, house.workspace_id, subject)


async def _stores(house: Studio) -> dict[str, int]:
    """How much there is, by what a preview counts."""
    sql, found = house.home.address.sql, dict[str, int]()
    for name, query in (
        ("keys", "SELECT count(*) FROM subject_keys"),
        ("lookups", "SELECT count(*) FROM lookups"),
        ("suppressions", "SELECT count(*) FROM suppressions"),
        ("consents", "SELECT count(*) FROM consent_register"),
    ):
        found[name] = (await sql(query))[0][0]
    for category, count in await sql("SELECT category, count(*) FROM vault GROUP BY 1"):
        found[f"values: {category}"] = count
    asked = "SELECT count(*) FROM entries WHERE name = 'provider_copies.deletion_asked'"
    found["provider_copies"] = (await sql(asked))[0][0]
    found["tracks"] = len(await house.objects())
    return found


async def _erase(house: Studio, subject: UUID) -> None:
    """Erase somebody and let all go that goes after the key."""
    await house.home.erase(subject)
    await house.home.cell.erasures.finish()
    ender = Ender(house.home.cell, house.store)
    for (recording,) in await house.home.address.sql("SELECT recording_id FROM recordings"):
        await ender.end(house.workspace_id, recording)
    await catch_up(house.home, RECORDINGS)


def _told(said: Preview) -> dict[str, int]:
    """The change that a preview announces, by what there is afterwards."""
    values = {f"values: {name}": -count for name, count in said.values.items()}
    gone = {"keys": -said.keys, "lookups": -said.lookups, "tracks": -said.tracks}
    more = {"suppressions": len(said.suppressions), "provider_copies": said.provider_copies}
    return {name: count for name, count in {**values, **gone, **more}.items() if count}


@settings(max_examples=8, deadline=None)
@given(story=STORIES)
@example(story=Story([(ANNE, BORIS)], [(ANNE, True), (ANNE, False)], [], [], [0, 1], [ANNE]))
@example(story=Story([(ANNE, BORIS)], [(ANNE, True)], [], [], [0, 1], [ANNE]))
def test_a_preview_equals_the_effect(
    story: Story, postgres: Urls, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Whatever was kept of whom, one erasure after the other; afterwards there is nothing left."""
    folder = tmp_path_factory.mktemp("preview")

    @asynchronous
    async def compare() -> None:
        async with studio(postgres, folder) as house:
            await _play(house, story)
            for number in story.erased:
                subject = await house.home.subject_of(number)
                if subject is None:
                    continue
                announced, before = await _preview(house, subject), await _stores(house)
                await _erase(house, subject)
                after = await _stores(house)
                change = {
                    name: after.get(name, 0) - before.get(name, 0) for name in {*before, *after}
                }
                assert {name: n for name, n in change.items() if n} == _told(announced)
                left = await _preview(house, subject)
                assert (left.keys, left.lookups, left.values) == (0, 0, {})
                assert left.kept == announced.kept

    compare()


@asynchronous
async def test_a_hold_in_the_way_is_named(postgres: Urls, tmp_path: Path) -> None:
    """The erasure waits for it, and so nothing that the preview names goes before that."""
    async with studio(postgres, tmp_path) as house:
        await house.home.hear(*leg_callbacks(call_sid(1), caller=ANNE, callee=BORIS))
        subject = await house.home.subject_of(ANNE)
        assert subject is not None
        hold_id = await hold(house.home, placing(subjects=[subject]))
        assert (await _preview(house, subject)).holds == (hold_id,)
        before = await _stores(house)
        await _erase(house, subject)
        assert await _stores(house) == before
        await release(house.home, hold_id)
        assert (await _preview(house, subject)).holds == ()
        await house.home.cell.erasures.finish()
        assert (await _preview(house, subject)).keys == 0


@asynchronous
async def test_a_preview_takes_nothing(postgres: Urls, tmp_path: Path) -> None:
    """Asked twice it says the same; of somebody who is not there it says nothing."""
    async with studio(postgres, tmp_path) as house:
        await house.home.hear(*leg_callbacks(call_sid(1), caller=ANNE, callee=BORIS))
        subject = await house.home.subject_of(ANNE)
        assert subject is not None
        assert await _preview(house, subject) == await _preview(house, subject)
        assert (await _preview(house, subject)).calls == 1
        with pytest.raises(NotFound):
            await _preview(house, uuid4())
