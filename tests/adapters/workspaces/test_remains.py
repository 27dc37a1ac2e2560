"""Of an ended workspace nothing stays that is sealed, or that leads to a person."""

from pathlib import Path

from cells import Home, asynchronous, new_workspace
from clocks import SetClock
from holding import restrict
from studio import Studio, studio
from twilio_forms import CALLER, call_sid, incoming_form
from views import catch_up, rebuilt, rows_of
from waves import samples, wave_file

from adapters.event_store.requests import Request
from adapters.postgres.embedded import Urls
from adapters.recordings.ending import Ender
from adapters.workspaces.remains import Remains
from domain.messages import Context
from domain.workspaces.commands import CloseWorkspace
from domain.workspaces.events import WorkspaceRemainsDeleted
from domain.workspaces.words import ClosureReason
from domain.workspaces.workspace import WORKSPACE
from projections.call_log.view import CALL_LOG

STEREO = wave_file(samples(1), samples(30_000))
SEALED = ("vault", "subject_keys", "bucket_keys", "lookups", "credentials", "escrow")
"""Where something of a workspace lies that is sealed, or by which somebody is found."""


async def left(home: Home) -> dict[str, int]:
    """How many rows of the workspace there are of each."""
    found = {}
    for table in SEALED:
        query = f"SELECT count(*) FROM {table} WHERE workspace_id = %s"  # noqa: S608 - of ours
        ((found[table],),) = await home.address.sql(query, home.address.workspace_id)
    return found


async def end(house: Studio, clock: SetClock) -> None:
    """Close the workspace, let its day come, and sweep."""
    own, context = house.workspace_id, Context("cli", house.workspace_id)
    command = CloseWorkspace(occurred_at=clock(), reason=ClosureReason.terminated)
    await house.home.cell.writer.handle(Request(own, own, WORKSPACE, command, context))
    clock.let_pass(days=60)
    assert await house.home.cell.closures.finish() == 1


@asynchronous
async def test_nothing_is_left_but_ids_and_counts(postgres: Urls, tmp_path: Path) -> None:
    """Boxes, keys, lookups, credentials, objects and escrow; the neighbour loses nothing.

    The views are as they were, and can be built again.
    """
    clock = SetClock()
    async with studio(postgres, tmp_path, clock) as house:
        home, remains = house.home, Remains(house.home.cell, house.store, clock)
        recording = await house.recorded(STEREO)
        await house.keep(recording)
        subject = await home.subject_of(CALLER)
        assert subject is not None
        await restrict(home, subject)
        clock.let_pass(days=91)
        other = await new_workspace(home)
        await other.hear(incoming_form(call_sid(7)))
        await catch_up(home)
        log, theirs = await rows_of(home, CALL_LOG), await left(other)
        await home.cell.expiries.finish()
        assert (await left(home))["escrow"] > 0
        await end(house, clock)
        assert await remains.finish() == 0  # the boxes come first
        await home.cell.expiries.finish()
        assert await remains.finish() == 1
        assert await left(home) == dict.fromkeys(SEALED, 0)
        assert await house.objects() == set()
        assert await left(other) == theirs
        (*_, last) = await home.stream(house.workspace_id)
        assert isinstance(last.event, WorkspaceRemainsDeleted)
        assert (last.event.keys_deleted, last.event.credentials_deleted) == (3, 2)
        assert await remains.finish() == 0
        assert await Ender(home.cell, house.store).end(house.workspace_id, recording) == 0
        await catch_up(home)
        assert await rows_of(home, CALL_LOG) == log
        assert (await rebuilt(home)).is_equal


@asynchronous
async def test_a_store_that_cannot_be_reached_is_asked_again(
    postgres: Urls, tmp_path: Path
) -> None:
    """The history says that nothing is left when nothing is."""
    clock = SetClock()
    async with studio(postgres, tmp_path, clock) as house:
        recording = await house.recorded(STEREO)
        await house.keep(recording)
        await end(house, clock)
        await house.home.cell.expiries.finish()
        (tmp_path / "objects").rename(tmp_path / "elsewhere")
        (tmp_path / "objects").touch()
        remains = Remains(house.home.cell, house.store, clock)
        assert await remains.finish() == 0
        assert (await left(house.home))["subject_keys"] > 0
        (tmp_path / "objects").unlink()
        (tmp_path / "elsewhere").rename(tmp_path / "objects")
        assert await remains.finish() == 1
        assert await house.objects() == set()
