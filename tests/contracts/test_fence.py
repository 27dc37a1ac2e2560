"""A fenced cell: while it moves, and for good where it has moved from, nothing is written."""

from pathlib import Path
from typing import Final

import psycopg
import pytest
from cells import Home, asynchronous, new_cell
from twilio_forms import call_sid, incoming_form

from adapters.postgres.embedded import Urls

FENCED: Final = "RL004"
CALLER: Final = "+32470000001"
_APPEND_NOTHING: Final = "SELECT append(0, now()" + ", '{}'" * 24 + ")"


async def _refused(home: Home, statement: str, *parameters: object) -> None:
    before = await home.address.sql("SELECT position, recorded_at, epoch, fenced FROM counter")
    with pytest.raises(psycopg.DatabaseError) as caught:
        await home.address.sql(statement, *parameters)
    assert caught.value.sqlstate == FENCED
    after = await home.address.sql("SELECT position, recorded_at, epoch, fenced FROM counter")
    assert after == before


@asynchronous
async def test_a_fenced_cell_neither_appends_nor_erases(postgres: Urls, tmp_path: Path) -> None:
    """The three functions that write refuse with an error of its own, and change nothing."""
    async with new_cell(postgres, tmp_path) as home:
        await home.hear(incoming_form(call_sid(1), caller=CALLER))
        await home.hear(incoming_form(call_sid(2), caller="+32470000002"))
        workspace, subject = home.address.workspace_id, await home.subject_of(CALLER)
        erased = await home.erase_number("+32470000002")
        vault = await home.address.sql("SELECT count(*) FROM vault")

        await home.address.sql("UPDATE counter SET fenced = true")

        await _refused(home, _APPEND_NOTHING)
        await _refused(home, "SELECT destroy_subject(%s, %s)", workspace, subject)
        await _refused(home, "SELECT delete_values(%s, 10)", erased)
        assert await home.subject_of(CALLER) == subject
        assert await home.address.sql("SELECT count(*) FROM vault") == vault
