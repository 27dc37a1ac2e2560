"""The call log's SQL, and the row-level security that stands under it."""

from pathlib import Path
from uuid import UUID, uuid4

import psycopg
import pytest
from cells import asynchronous
from serving import House, serving
from twilio_forms import leg_callbacks

from adapters.cell import Cell
from adapters.postgres.embedded import Urls
from domain.calls.words import Direction, LegStatus, Outcome
from projections.call_log.read import Sort, count_calls, find_calls, page_query
from projections.paging import Place


async def two_workspaces(house: House) -> tuple[House, House]:
    """Two workspaces in one cell, with two calls and three."""
    neighbour = await house.neighbour()
    for one, count in ((house, 2), (neighbour, 3)):
        await one.hear(*(leg_callbacks(f"CA{uuid4().hex}")[-1] for _ in range(count)))
    return house, neighbour


def without_workspace(query: str) -> str:
    """The statement as it would be if somebody forgot its filter."""
    forgotten = query.replace("workspace_id = %(workspace_id)s", "true")
    assert forgotten != query
    return forgotten


async def seen(cell: Cell, query: str, setting: UUID | None) -> set[UUID]:
    """The ids that a statement shows to the API's role, with the setting or without one."""
    async with cell.reading.connection() as connection, connection.transaction():
        if setting is not None:
            await connection.execute(
                "SELECT set_config('ringledger.workspace_id', %s, true)", (str(setting),)
            )
        role = await (await connection.execute("SELECT current_user::text")).fetchone()
        rows = await connection.execute(query, {"limit": 100})
        assert role == ("ringledger_api",)
        return {row[0] for row in await rows.fetchall()}


@asynchronous
async def test_the_database_shows_one_workspace_even_if_the_code_forgets(
    database: Urls, tmp_path: Path
) -> None:
    """The page's statement without its filter shows our calls only; without the setting, none."""
    async with serving(database, tmp_path) as house:
        ours, theirs = await two_workspaces(house)
        cell = await ours.cell()
        assert cell is await theirs.cell()
        query = without_workspace(page_query((), Sort.newest, is_continued=False))
        mine = await seen(cell, query, ours.workspace_id)
        other = await seen(cell, query, theirs.workspace_id)
        assert (len(mine), len(other), len(mine & other)) == (2, 3, 0)
        assert await seen(cell, query, None) == set()
        assert await seen(cell, query, uuid4()) == set()


@pytest.mark.parametrize(
    ("table", "key"),
    [
        ("call_log", "call_id"),
        ("entries", "stream_id"),
        ("vault", "stream_id"),
        ("subjects", "subject_id"),
        ("subject_keys", "subject_id"),
        ("lookups", "subject_id"),
        ("buckets", "bucket_id"),
        ("bucket_keys", "bucket_id"),
        ("workspace_keys", "workspace_id"),
        ("api_keys", "key_id"),
        ("credentials", "credential_id"),
    ],
)
@asynchronous
async def test_every_table_shows_one_workspace(
    database: Urls, tmp_path: Path, table: str, key: str
) -> None:
    """Whatever the API reads from: two workspaces of one cell share no row."""
    async with serving(database, tmp_path) as house:
        ours, theirs = await two_workspaces(house)
        cell = await ours.cell()
        query = f"SELECT {key} FROM {table}"  # noqa: S608 - names of this test
        mine = await seen(cell, query, ours.workspace_id)
        other = await seen(cell, query, theirs.workspace_id)
        assert mine
        assert other
        assert not mine & other
        assert await seen(cell, query, None) == set()


@asynchronous
async def test_the_code_filters_although_the_database_does(database: Urls, tmp_path: Path) -> None:
    """The statement names its workspace: in our own snapshot it shows nobody else's calls."""
    async with serving(database, tmp_path) as house:
        ours, theirs = await two_workspaces(house)
        cell = await ours.cell()
        async with cell.scoped(ours.workspace_id) as connection:
            assert len(await find_calls(connection, ours.workspace_id, {})) == 2
            assert await find_calls(connection, theirs.workspace_id, {}) == []
        async with await psycopg.AsyncConnection.connect(
            database.admin, options=f"-c search_path={cell.name}"
        ) as owner:
            # No row-level security binds the owner.
            assert len(await find_calls(owner, ours.workspace_id, {})) == 2
            (first, *_) = await find_calls(owner, theirs.workspace_id, {})
            subject = first.reference("caller")
            assert subject is not None
            assert await count_calls(owner, ours.workspace_id, subject.sealed.subjects[0]) == 0


@pytest.mark.parametrize("sort", list(Sort))
@asynchronous
async def test_every_combination_is_a_statement(
    database: Urls, tmp_path: Path, sort: Sort
) -> None:
    """Each filter, and all of them, in every order, from the beginning and after a place."""
    values: dict[str, object] = {
        "started_after": "2026-01-01T00:00:00Z",
        "started_before": "2027-01-01T00:00:00Z",
        "subject_id": uuid4(),
        "direction": Direction.inbound,
        "outcome": Outcome.answered,
        "leg_status": LegStatus.completed,
        "min_duration": 1,
        "max_duration": 2,
    }
    async with serving(database, tmp_path) as house:
        cell = await house.cell()
        async with cell.scoped(house.workspace_id) as connection:
            for names in (*((name,) for name in values), tuple(values)):
                filters = {name: values[name] for name in names}
                for after in (None, Place(0, uuid4())):
                    found = await find_calls(
                        connection, house.workspace_id, filters, sort=sort, after=after
                    )
                    assert found == []


@pytest.mark.parametrize("sort", list(Sort))
@asynchronous
async def test_a_page_walks_an_index(database: Urls, tmp_path: Path, sort: Sort) -> None:
    """No order needs a sort of the whole workspace, however many calls it has."""
    async with serving(database, tmp_path) as house:
        cell = await house.cell()
        async with cell.scoped(house.workspace_id) as connection:
            await connection.execute("SET LOCAL enable_seqscan = off")
            query = "EXPLAIN " + page_query((), sort, is_continued=True)
            parameters = {
                "workspace_id": house.workspace_id,
                "limit": 50,
                "key": 5 if sort.is_by_duration else "2026-01-01T00:00:00Z",
                "row_id": uuid4(),
            }
            rows = await connection.execute(query, parameters)
            plan = "\n".join([row[0] for row in await rows.fetchall()])
        index = "call_log_longest" if sort.is_by_duration else "call_log_newest"
        assert index in plan
        assert "Sort" not in plan
