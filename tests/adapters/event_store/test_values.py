"""Reading a sealed value: the value, or the true reason why there is none, or an alarm."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from uuid import UUID

import pytest
from cells import READER, Home, Readings, asynchronous, new_cell, open_home
from twilio_forms import call_sid, incoming_form

from adapters.event_store.values import open_values
from adapters.keys import master_key
from adapters.postgres.embedded import Urls
from domain.errors import IntegrityAlarm, KeyStoreUnavailable
from domain.personal_data import ReadingState

CALLER, CALLEE = "+32470000001", "+32470000002"


def _flip(table: str, column: str) -> str:
    """SQL that changes the last bit of a column."""
    last = f"get_byte({column}, length({column}) - 1)"
    return f"UPDATE {table} SET {column} = set_byte({column}, length({column}) - 1, {last} # 1)"  # noqa: S608 - names above


DAMAGE = {
    "a value is gone": "DELETE FROM vault WHERE field = 'caller'",
    "a box is changed": _flip("vault", "box"),
    "a key check is changed": _flip("vault", "key_check"),
    "a category is changed": "UPDATE vault SET category = 'dead_letter'",
    "an event's name is changed": "UPDATE vault SET name = 'call.leg_described'",
    "a subject is changed": "UPDATE vault SET subject_ids = subject_ids[2:] || subject_ids[1]"
    " WHERE cardinality(subject_ids) = 2",
    "two boxes changed places": """
        UPDATE vault v SET box = o.box, key_check = o.key_check FROM vault o
        WHERE (v.field, o.field) IN (('caller', 'callee'), ('callee', 'caller'))
    """,
    "an entry commits to another box": """
        UPDATE entries SET body = convert_to(regexp_replace(convert_from(body, 'UTF8'),
            '"commitment":"(.)', CASE WHEN convert_from(body, 'UTF8') ~ '"commitment":"0'
            THEN '"commitment":"1' ELSE '"commitment":"0' END), 'UTF8')
        WHERE name = 'call.leg_registered'
    """,
    "a subject's key is gone": "DELETE FROM subject_keys",
    "a subject is gone": "DELETE FROM subjects",
    "a subject's key is another's": """
        UPDATE subject_keys k SET wrapped = o.wrapped FROM subject_keys o
        WHERE k.subject_id <> o.subject_id
    """,
    "a subject's key is changed": _flip("subject_keys", "wrapped"),
    "a bucket's key is gone": "DELETE FROM bucket_keys",
    "a bucket is gone": "DELETE FROM buckets",
    "a bucket's key is another's": """
        UPDATE bucket_keys k SET wrapped = o.wrapped FROM bucket_keys o
        WHERE k.bucket_id <> o.bucket_id
    """,
    "the workspace's key is changed": _flip("workspace_keys", "wrapped"),
}


@asynccontextmanager
async def _one_call(urls: Urls, folder: Path) -> AsyncIterator[tuple[Home, UUID]]:
    async with new_cell(urls, folder) as home:
        form = incoming_form(call_sid(1), caller=CALLER, callee=CALLEE)
        (receipt,) = await home.hear(form)
        yield home, receipt.stream_id


def _states(readings: Readings) -> dict[str, str]:
    return {field: reading.state for (_, field), reading in readings.items()}


@asynchronous
async def test_a_value_is_what_was_said(postgres: Urls, tmp_path: Path) -> None:
    """Each field opens as it came in, and the bytes beside it hold no number."""
    async with _one_call(postgres, tmp_path) as (home, call):
        (readings,) = await home.read([call])
        caller, callee = readings[1, "caller"], readings[1, "callee"]
        assert caller.value == {"address": CALLER, "country": "GB", "kind": "e164"}
        assert callee.value == {"address": CALLEE, "country": "US", "kind": "e164"}
        fields = {"fields": [["StirVerstat", "TN-Validation-Passed-A"]]}
        assert readings[2, "unknown_fields"].value == fields


@asynchronous
async def test_nothing_wanted_is_nothing_read(postgres: Urls, tmp_path: Path) -> None:
    """A page without personal values needs no key and no query."""
    async with _one_call(postgres, tmp_path) as (home, _):
        workspace_id = home.address.workspace_id
        async with home.cell.scoped(workspace_id) as connection:
            key = await home.cell.workspace_key(connection, workspace_id)
            await connection.close()
            assert await open_values(connection, key, [], home.cell.access(READER)) == []


@asynchronous
async def test_erased_is_erased_before_and_after_the_boxes_go(
    postgres: Urls, tmp_path: Path
) -> None:
    """The erased one's values and those shared with them are erased; nobody else's are."""
    erased = {"caller": "erased", "callee": "value", "unknown_fields": "erased"}
    async with _one_call(postgres, tmp_path) as (home, call):
        await home.erase_number(CALLER)
        assert _states((await home.read([call]))[0]) == erased
        await home.cell.erasures.finish()
        assert _states((await home.read([call]))[0]) == erased


@asynchronous
async def test_the_end_of_a_retention_period_is_not_an_erasure(
    postgres: Urls, tmp_path: Path
) -> None:
    """A bucket whose key was destroyed reads as expired, until an erasure says more."""
    async with _one_call(postgres, tmp_path) as (home, call):
        await home.address.sql(
            "UPDATE buckets SET destroyed_at = now() WHERE category = 'call_metadata'"
        )
        await home.address.sql(
            "DELETE FROM bucket_keys k USING buckets b"
            " WHERE k.bucket_id = b.bucket_id AND b.destroyed_at IS NOT NULL"
        )
        expired = {"caller": "expired", "callee": "expired", "unknown_fields": "value"}
        assert _states((await home.read([call]))[0]) == expired
        await home.erase_number(CALLER)
        both = {"caller": "erased", "callee": "expired", "unknown_fields": "erased"}
        assert _states((await home.read([call]))[0]) == both


@pytest.mark.parametrize("damage", DAMAGE)
def test_damage_is_an_alarm(damage: str, postgres: Urls, tmp_path: Path) -> None:
    """Whatever is amiss without an erasure or an expiry is an alarm, and never reads as one."""

    @asynchronous
    async def story() -> None:
        async with _one_call(postgres, tmp_path) as (home, call):
            assert set(_states((await home.read([call]))[0]).values()) == {"value"}
            await home.address.sql(DAMAGE[damage])
            async with open_home(home.address) as reader:  # One that has not kept a key.
                with pytest.raises(IntegrityAlarm):
                    await reader.read([call])

    story()


@asynchronous
async def test_a_box_is_bound_to_its_place_as_well(postgres: Urls, tmp_path: Path) -> None:
    """Who moves a box and makes the entry commit to it is still found out by the seal itself."""
    async with _one_call(postgres, tmp_path) as (home, call):
        (other,) = await home.hear(incoming_form(call_sid(2), caller=CALLER, callee=CALLEE))
        await home.address.sql(
            "UPDATE vault v SET box = o.box, key_check = o.key_check FROM vault o"
            " WHERE v.stream_id = %s AND o.stream_id = %s AND v.field = o.field",
            call,
            other.stream_id,
        )
        await home.address.sql(
            "UPDATE entries e SET body = o.body FROM entries o"
            " WHERE e.stream_id = %s AND o.stream_id = %s AND e.version = o.version",
            call,
            other.stream_id,
        )
        with pytest.raises(IntegrityAlarm):
            await home.read([call])


@asynchronous
async def test_a_missing_master_key_is_an_outage(postgres: Urls, tmp_path: Path) -> None:
    """Keys that cannot be had are an error, never an erasure."""
    async with _one_call(postgres, tmp_path) as (home, call):
        master_key.create(tmp_path / "another.key")
        stranger = home.address._replace(master_key_file=tmp_path / "another.key")
        async with open_home(stranger) as reader:
            with pytest.raises(KeyStoreUnavailable):
                await reader.read([call])
            with pytest.raises(KeyStoreUnavailable):
                await reader.hear(incoming_form(call_sid(3)))


@asynchronous
async def test_a_writer_without_a_key_keeps_no_silence(postgres: Urls, tmp_path: Path) -> None:
    """A key that nobody destroyed and that is gone stops who needs it, and nobody else.

    Least of all may the writer take the missing key for an erasure and drop what comes in.
    """
    async with _one_call(postgres, tmp_path) as (home, _):
        bystander = incoming_form(call_sid(2), caller="+32470000003", callee="+32470000004")
        await home.hear(bystander)
        caller = await home.subject_of(CALLER)
        await home.address.sql("DELETE FROM subject_keys WHERE subject_id = %s", caller)
        async with open_home(home.address) as fresh:
            for call, number in (
                (1, CALLEE),
                (3, "+32470000003"),
            ):  # A call of old, and a new one.
                form = incoming_form(call_sid(call), caller=CALLER, callee=number)
                with pytest.raises(IntegrityAlarm):
                    await fresh.hear([*form, ("SequenceNumber", "7")])
            (receipt,) = await fresh.hear([*bystander, ("SequenceNumber", "7")])
            (readings,) = await fresh.read([receipt.stream_id])
            assert {reading.state for reading in readings.values()} == {ReadingState.value}


@asynchronous
async def test_one_broken_key_costs_nobody_else_a_value(postgres: Urls, tmp_path: Path) -> None:
    """A key that does not unwrap fails its own request; the batch's other values are kept."""
    forms = [
        incoming_form(call_sid(n), caller=f"+3247000010{n}", callee=f"+3247000020{n}")
        for n in range(8)
    ]
    async with new_cell(postgres, tmp_path) as home:
        receipts = await home.hear(*forms)
        broken = await home.subject_of("+32470000100")
        damage = DAMAGE["a subject's key is changed"]
        await home.address.sql(f"{damage} WHERE subject_id = %s", broken)
        async with open_home(home.address) as fresh:
            batch = [
                fresh.cell.writer.handle(fresh.address.request([*form, ("SequenceNumber", "7")]))
                for form in forms
            ]
            answers = await asyncio.gather(*batch, return_exceptions=True)
            assert [type(answer) for answer in answers].count(IntegrityAlarm) == 1
            streams = [receipt.stream_id for receipt in receipts[1:]]
            for readings in await fresh.read(streams):
                assert {reading.state for reading in readings.values()} == {ReadingState.value}
                assert (3, "unknown_fields") in readings
