"""Escrow: of what one key goes, a hold keeps what it reaches, for its own purpose, and no more."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import NamedTuple
from uuid import UUID

import psycopg
import pytest
from cells import Home, asynchronous, new_cell
from holding import buckets, expire, hold, lift, placing, read_for, release, restrict, states
from twilio_forms import call_sid, incoming_form

from adapters.event_store.escrow import HELD, NOT_ESCROWED
from adapters.postgres.embedded import Urls
from domain.holds.words import Ground, Scope
from domain.personal_data import Need

ANNE, BORIS, CARLA = "+32470000001", "+32470000002", "+32470000003"
GONE = {"caller": "expired", "callee": "expired"}
KEPT = {"caller": "value", "callee": "value"}


class Calls(NamedTuple):
    """A cell in which Anne called Boris, and then Carla."""

    home: Home
    first: UUID
    second: UUID
    anne: UUID
    boris: UUID


@asynccontextmanager
async def two_calls(urls: Urls, folder: Path) -> AsyncIterator[Calls]:
    """Anne calls Boris, and then Carla."""
    async with new_cell(urls, folder) as home:
        first, second = await home.hear(
            incoming_form(call_sid(1), caller=ANNE, callee=BORIS),
            incoming_form(call_sid(2), caller=ANNE, callee=CARLA),
        )
        anne, boris = await home.subject_of(ANNE), await home.subject_of(BORIS)
        assert anne is not None
        assert boris is not None
        yield Calls(home, first.stream_id, second.stream_id, anne, boris)


def parties(found: dict[str, str]) -> dict[str, str]:
    """What is in the bucket that expires: the parties, not what could not be understood."""
    return {field: state for field, state in found.items() if field != "unknown_fields"}


async def seen(calls: Calls, stream: UUID, *needs: Need) -> dict[str, str]:
    """The states of a call's parties, for who has these needs."""
    return parties(states(await read_for(calls.home, stream, *needs)))


async def escrowed(home: Home) -> int:
    """How many locks are in escrow."""
    found: int = (await home.address.sql("SELECT count(*) FROM escrow"))[0][0]
    return found


@asynchronous
async def test_a_held_call_outlives_its_bucket(postgres: Urls, tmp_path: Path) -> None:
    """It opens for who defends a claim, for nobody else, until the release; no other call does."""
    async with two_calls(postgres, tmp_path) as calls:
        hold_id = await hold(calls.home, placing(calls=[calls.first], scope=Scope.call))
        (bucket,) = await buckets(calls.home)
        await expire(calls.home, bucket)
        assert await seen(calls, calls.first) == GONE
        assert await seen(calls, calls.first, Need.legal_claims) == KEPT
        assert await seen(calls, calls.first, Need.consent) == GONE
        assert await seen(calls, calls.second, *Need) == GONE
        readings = await read_for(calls.home, calls.first, Need.legal_claims)
        assert (readings[1, "caller"].value or {})["address"] == ANNE
        await release(calls.home, hold_id)
        assert await seen(calls, calls.first, *Need) == GONE
        assert await escrowed(calls.home) == 0


@asynchronous
async def test_what_only_a_hold_keeps_is_read_for_its_ground(
    postgres: Urls, tmp_path: Path
) -> None:
    """A claim's for the claim, the others in the public interest."""
    async with two_calls(postgres, tmp_path) as calls:
        receipts = await calls.home.hear(
            *(incoming_form(call_sid(10 + n), caller=ANNE, callee=BORIS) for n in range(4))
        )
        held = dict(zip(Ground, (receipt.stream_id for receipt in receipts), strict=True))
        for ground, call in held.items():
            await hold(calls.home, placing(calls=[call], ground=ground))
        await expire(calls.home, *await buckets(calls.home))
        for ground, call in held.items():
            opens = {need for need in Need if await seen(calls, call, need) == KEPT}
            is_claim = ground is Ground.legal_claims
            assert opens == {Need.legal_claims if is_claim else Need.public_interest}


@asynchronous
async def test_a_held_subject_keeps_what_is_theirs(postgres: Urls, tmp_path: Path) -> None:
    """Theirs in every call, and what they share with another; not what is another's alone."""
    async with two_calls(postgres, tmp_path) as calls:
        await hold(calls.home, placing(subjects=[calls.anne], scope=Scope.subject))
        await expire(calls.home, *await buckets(calls.home))
        await expire(calls.home, *await buckets(calls.home, "unclassified"))
        for call in (calls.first, calls.second):
            assert states(await read_for(calls.home, call, Need.legal_claims)) == {
                "caller": "value",
                "callee": "expired",
                "unknown_fields": "value",
            }


@asynchronous
async def test_two_holds_keep_until_both_are_released(postgres: Urls, tmp_path: Path) -> None:
    """One release ends nothing that another hold reaches."""
    async with two_calls(postgres, tmp_path) as calls:
        one = await hold(calls.home, placing(calls=[calls.first]))
        other = await hold(calls.home, placing(subjects=[calls.anne, calls.boris]))
        await expire(calls.home, *await buckets(calls.home))
        await release(calls.home, one)
        assert await seen(calls, calls.first, Need.legal_claims) == KEPT
        await release(calls.home, other)
        assert await seen(calls, calls.first, *Need) == GONE


@asynchronous
async def test_expiry_does_not_touch_who_is_restricted(postgres: Urls, tmp_path: Path) -> None:
    """Theirs reads as restricted, opens for any need, and expires when that is lifted."""
    async with two_calls(postgres, tmp_path) as calls:
        await restrict(calls.home, calls.anne)
        await expire(calls.home, *await buckets(calls.home))
        assert await seen(calls, calls.first) == {"caller": "restricted", "callee": "expired"}
        for need in Need:
            assert await seen(calls, calls.first, need) == {"caller": "value", "callee": "expired"}
        await lift(calls.home, calls.anne)
        assert await seen(calls, calls.first, *Need) == GONE


@asynchronous
async def test_an_erasure_ends_what_a_restriction_kept(postgres: Urls, tmp_path: Path) -> None:
    """Theirs is in escrow when they ask to be erased: it goes with them, for every need."""
    async with two_calls(postgres, tmp_path) as calls:
        await restrict(calls.home, calls.anne)
        await expire(calls.home, *await buckets(calls.home))
        assert await escrowed(calls.home) > 0
        await calls.home.erase(calls.anne)
        assert await escrowed(calls.home) == 0
        assert await seen(calls, calls.first, *Need) == {"caller": "erased", "callee": "expired"}
        await calls.home.cell.erasures.finish()
        assert (await calls.home.erase(calls.anne)).deleted_at is not None


@asynchronous
async def test_a_bucket_of_a_held_workspace_does_not_end(postgres: Urls, tmp_path: Path) -> None:
    """Whoever destroys its key is refused, and nothing was destroyed."""
    async with two_calls(postgres, tmp_path) as calls:
        hold_id = await hold(calls.home, placing(scope=Scope.workspace))
        (bucket,) = await buckets(calls.home)
        with pytest.raises(psycopg.DatabaseError) as refusal:
            await expire(calls.home, bucket)
        assert refusal.value.sqlstate == HELD
        assert await seen(calls, calls.first) == KEPT
        await release(calls.home, hold_id)
        await expire(calls.home, bucket)
        assert await seen(calls, calls.first) == GONE


@asynchronous
async def test_who_forgets_the_escrow_destroys_nothing(postgres: Urls, tmp_path: Path) -> None:
    """The database looks itself whether all that is held is in escrow; else the key stays."""
    async with two_calls(postgres, tmp_path) as calls:
        await hold(calls.home, placing(calls=[calls.second]))
        (bucket,) = await buckets(calls.home)
        with pytest.raises(psycopg.DatabaseError) as refusal:
            await calls.home.address.sql("SELECT guard_bucket(%s)", bucket)
        assert refusal.value.sqlstate == NOT_ESCROWED
