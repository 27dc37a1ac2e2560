"""What each role may do in a cell, and what the database itself refuses it.

The lists of tables and functions come from PostgreSQL's catalogue: a new one that says nothing
about roles and workspaces fails here.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final
from uuid import UUID, uuid4

import psycopg
import pytest
from cells import Home, asynchronous, new_cell, new_workspace
from consent_stories import said
from holding import hold, placing
from psycopg import sql
from psycopg.conninfo import make_conninfo
from twilio_forms import call_sid, incoming_form

from adapters.event_store.requests import Request
from adapters.postgres.embedded import Urls
from adapters.postgres.pool import ROLES, Role, acting_as
from adapters.reconciler.days import Books, turn_page
from adapters.wiring import now
from adapters.workspaces.api_keys import create_api_key
from adapters.workspaces.credentials import Kind, add_credential
from domain.consents.commands import RefuseConsent
from domain.consents.consent import CONSENT
from domain.consents.words import Marketing, Purpose
from domain.identifiers import consent_id
from domain.messages import Context

HISTORY: Final = {
    *("entries", "stored_events", "counter", "vault", "workspace_keys", "subjects"),
    *("subject_keys", "lookups", "buckets", "bucket_keys", "api_keys", "credentials", "migration"),
    "suppressions",
    "book_days",
    *("held", "escrow"),
    "access_entries",
}
"""What cannot be built again. All other tables are views, which the follower writes."""

MAY_INSERT: Final = {"api_keys", "credentials", "book_days", "access_entries"}
"""Where a writer adds rows without an entry in the history."""

NOBODYS: Final = {"counter", "positions"}
"""What the API may read although it is no workspace's: numbers of a whole cell."""

OWNERS: Final = {"migration", "key_rotations"}
"""What no role of the application may even read."""

WRITERS: Final = {
    *("append", "erase_and_suppress", "delete_values", "end_workspace"),
    *("begin_expiry", "destroy_buckets", "delete_expired", "is_to_be_emptied"),
    "forget_lapsed",
    "delete_remains",
    *("tell_hold", "tell_restriction", "take_into_escrow", "unescrowed"),
    *("create_workspace_key", "wraps_in"),
    *("lock_erasures", "mark_erasure"),
    *("expire_accesses", "expire_accesses_of"),
    "empty_boxes",
}
"""The functions that a writer calls. Any other is its owner's alone."""

READERS: Final = {"kept_of", "accesses_to"}
"""The functions that the API calls, bound to the workspace of its reader. They change nothing."""

HIDDEN: Final = "access_entries"
"""What the API reads through such a function alone, and all of whose names begin so."""

ERASE: Final = """
    SELECT erase_and_suppress(%s, %s, now(), 1, 1::smallint, 'subject.erased', '{}',
                              '{}', 0, '{}', '{}')
"""

WRITES: Final = {
    "INSERT": "INSERT INTO {table} ({column}) SELECT NULL WHERE false",
    "UPDATE": "UPDATE {table} SET {column} = {column}",
    "DELETE": "DELETE FROM {table}",
    "TRUNCATE": "TRUNCATE {table}",
}
_RELATIONS = """
    SELECT c.relname::text, min(a.attname)::text FROM pg_class c
    JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = 1
    WHERE c.relnamespace = %s::regnamespace AND c.relkind IN ('r', 'v', 'm', 'p', 'f')
    GROUP BY 1 ORDER BY 1
"""


def _as(home: Home, role: Role) -> psycopg.Connection:
    inside = make_conninfo(home.address.urls.app, options=f"-c search_path={home.address.schema}")
    return psycopg.connect(acting_as(inside, role), autocommit=True)


@contextmanager
def _refused() -> Iterator[None]:
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        yield


def _may(connection: psycopg.Connection, verb: str, table: str, column: str) -> bool:
    names = {"table": sql.Identifier(table), "column": sql.Identifier(column)}
    try:
        with connection.transaction(force_rollback=True):
            connection.execute(sql.SQL(WRITES[verb]).format(**names))
    except (psycopg.errors.InsufficientPrivilege, psycopg.errors.WrongObjectType):
        return False  # a view, of another kind than ours, cannot be truncated by anybody
    return True


async def _furnish(home: Home, call: int) -> UUID:
    """Put something into every table that the application writes."""
    await home.hear(incoming_form(call_sid(call), caller=f"+3247000{call:04d}"))
    async with home.cell.writing.connection() as connection:
        key = await home.cell.workspace_key(connection, home.address.workspace_id)
        await add_credential(connection, key, Kind.auth_token, "token")
        await create_api_key(connection, home.address.workspace_id)
        books = Books.of(home.address.workspace_id, "AC1")
        await turn_page(connection, books, now().date(), "Page=1", now())
    await _refuse_marketing(home, f"+3247100{call:04d}")
    await _hold_a_call_of_somebody_erased(home, f"+3247200{call:04d}")
    return home.address.workspace_id


async def _refuse_marketing(home: Home, number: str) -> None:
    """Somebody calls, says no to marketing, and is erased."""
    await home.hear(incoming_form(call_sid(int(number[-4:]) + 100), caller=number))
    subject, workspace_id = await home.subject_of(number), home.address.workspace_id
    assert subject is not None
    command = said(RefuseConsent, 0, Purpose.marketing, Marketing.calls, subject_id=subject)
    stream = consent_id(workspace_id, subject, Purpose.marketing, Marketing.calls)
    context = Context("test", subject)
    await home.cell.writer.handle(Request(workspace_id, stream, CONSENT, command, context))
    await home.erase(subject)


async def _hold_a_call_of_somebody_erased(home: Home, number: str) -> None:
    """A call is held, and somebody of it is erased: it is in escrow."""
    form = incoming_form(call_sid(int(number[-4:]) + 200), caller=number)
    (receipt,) = await home.hear(form)
    await hold(home, placing(calls=[receipt.stream_id]))
    await home.erase_number(number)


@asynchronous
async def test_no_role_writes_history(postgres: Urls, tmp_path: Path) -> None:
    """No role adds, changes or removes a row of the history, the vault or the keys by itself."""
    async with new_cell(postgres, tmp_path) as home:
        tables = await home.address.sql(_RELATIONS, home.address.schema)
        assert {name for name, _ in tables} >= HISTORY
        for role in ROLES:
            with _as(home, role) as connection:
                allowed = {
                    (verb, table)
                    for verb in WRITES
                    for table, column in tables
                    if _may(connection, verb, table, column)
                }
            if role == "ringledger_follower":
                assert {table for _, table in allowed}.isdisjoint(HISTORY)
            elif role == "ringledger_writer":
                assert allowed == {("INSERT", table) for table in MAY_INSERT}
            else:
                assert allowed == set()


@asynchronous
async def test_only_a_writer_calls_what_writes(postgres: Urls, tmp_path: Path) -> None:
    """The functions that append, erase and delete are the writer's alone, and not everybody's."""
    functions = "SELECT oid::regprocedure::text FROM pg_proc WHERE pronamespace = %s::regnamespace"
    async with new_cell(postgres, tmp_path) as home:
        found = [name for (name,) in await home.address.sql(functions, home.address.schema)]
        assert {name.partition("(")[0] for name in found} >= WRITERS
        for role in (*ROLES, "public"):
            for name in found:
                allowed = "SELECT has_function_privilege(%s, %s, 'EXECUTE')"
                ((may,),) = await home.address.sql(allowed, role, name)
                plain = name.partition("(")[0]
                writes = plain in WRITERS and role == "ringledger_writer"
                reads = plain in READERS and role == "ringledger_api"
                # Every policy asks for the workspace of its reader; it changes nothing.
                assert may is (writes or reads or plain == "this_workspace"), (role, name)
        readers: tuple[Role, ...] = ("ringledger_api", "ringledger_follower")
        for role in readers:
            with _as(home, role) as connection, _refused():
                connection.execute(ERASE, (uuid4(), uuid4()))


@asynchronous
async def test_nobody_but_the_owner_creates(postgres: Urls, tmp_path: Path) -> None:
    """No role makes a table, a function or a schema, in the cell or beside it."""
    async with new_cell(postgres, tmp_path) as home:
        places = (home.address.schema, "directory", "public")
        for role in ROLES:
            with _as(home, role) as connection:
                with _refused():
                    connection.execute("CREATE SCHEMA mine")
                for place in map(sql.Identifier, places):
                    with _refused():
                        connection.execute(sql.SQL("CREATE TABLE {}.mine ()").format(place))


@asynchronous
async def test_a_temporary_table_hides_nothing_from_the_functions(
    postgres: Urls, tmp_path: Path
) -> None:
    """A session's own `counter` or `subjects` does not stand before the cell's.

    Everybody may make temporary tables, and PostgreSQL looks there first unless told otherwise.
    """
    async with new_cell(postgres, tmp_path) as home:
        (receipt,) = await home.hear(incoming_form(call_sid(1), caller="+32470000001"))
        subject = await home.subject_of("+32470000001")
        with _as(home, "ringledger_writer") as connection:
            connection.execute("CREATE TEMP TABLE counter AS SELECT * FROM counter")
            connection.execute("CREATE TEMP TABLE subjects AS SELECT * FROM subjects")
            connection.execute(ERASE, (home.address.workspace_id, subject))
        assert await home.address.sql("SELECT epoch FROM counter") == [(1,)]
        (readings,) = await home.read([receipt.stream_id])
        assert readings[1, "caller"].state == "erased"


@asynchronous
async def test_who_knows_no_epoch_appends_nothing(postgres: Urls, tmp_path: Path) -> None:
    """An append that does not say as of when its keys were read is refused, as a stale one is."""
    nothing = "NULL, now()" + ", '{}'" * 24
    async with new_cell(postgres, tmp_path) as home:
        with pytest.raises(psycopg.DatabaseError, match="stale"):
            await home.address.sql(f"SELECT append({nothing})")


@asynchronous
async def test_the_api_sees_one_workspace(postgres: Urls, tmp_path: Path) -> None:
    """In every table: without a workspace nothing, with one all that is its own and no more."""
    async with new_cell(postgres, tmp_path) as home:
        mine = await _furnish(home, 1)
        await _furnish(await new_workspace(home), 2)
        with _as(home, "ringledger_api") as connection:
            for table, _ in await home.address.sql(_RELATIONS, home.address.schema):
                name = sql.Identifier(table)
                try:
                    seen = connection.execute(sql.SQL("SELECT FROM {}").format(name)).rowcount
                except psycopg.errors.InsufficientPrivilege:
                    assert table in OWNERS or table.startswith(HIDDEN)
                    continue
                if table not in NOBODYS:
                    assert seen == 0, f"{table} is open to who names no workspace"
                    await _sees_its_own(home, connection, table, mine)


async def _sees_its_own(
    home: Home, connection: psycopg.Connection, table: str, mine: UUID
) -> None:
    owner = "workspace_id" if table != "stored_events" else f"(SELECT '{mine}'::uuid)"
    query = sql.SQL("SELECT {}::text FROM {}").format(sql.SQL(owner), sql.Identifier(table))
    everything = [row for (row,) in await home.address.sql(query.as_string())]
    with connection.transaction():
        connection.execute("SELECT set_config('ringledger.workspace_id', %s, true)", (str(mine),))
        seen = [row for (row,) in connection.execute(query).fetchall()]
    assert set(seen) <= {str(mine)}, f"{table} shows another workspace's rows"
    if table in HISTORY:
        assert 0 < len(seen) < len(everything), f"{table} does not show a workspace its own"


@asynchronous
async def test_every_table_that_the_api_reads_is_bound_to_a_workspace(
    postgres: Urls, tmp_path: Path
) -> None:
    """Row-level security is on, also where a table is still empty."""
    unbound = """
        SELECT relname::text FROM pg_class
        WHERE relnamespace = %s::regnamespace AND relkind IN ('r', 'p') AND NOT relrowsecurity
        AND has_table_privilege('ringledger_api', oid, 'SELECT')
    """
    views = """
        SELECT count(*) FROM pg_class WHERE relnamespace = %s::regnamespace AND relkind = 'v'
        AND NOT coalesce(reloptions @> '{security_invoker=true}', false)
    """
    async with new_cell(postgres, tmp_path) as home:
        schema = home.address.schema
        assert {name for (name,) in await home.address.sql(unbound, schema)} == NOBODYS
        assert await home.address.sql(views, schema) == [(0,)]
