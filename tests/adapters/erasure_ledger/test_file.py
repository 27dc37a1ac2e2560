"""The erasure ledger as a file: on the disk first, chained, and readable after any crash."""

from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.erasure_ledger.file import ErasureLedger, Mark, Unfinished
from adapters.erasure_ledger.lines import Act, Kind, Line, Said, read_line
from domain.errors import IntegrityAlarm, Restored, Unavailable

WORKSPACE = UUID("11111111-1111-4111-8111-111111111111")


def _clock() -> datetime:
    return datetime(2026, 3, 2, 14, tzinfo=UTC)


def _act(number: int) -> Act:
    return Act(Kind.subject_erased, WORKSPACE, UUID(int=number), "requested")


def _ledger(folder: Path, acts: Iterable[int] = ()) -> tuple[ErasureLedger, Mark]:
    """A ledger of acts that are done, and how far its database is."""
    ledger, mark = ErasureLedger(folder, "cell_1", _clock), Mark()
    for number in acts:
        (line,) = ledger.intend(_act(number))
        ledger.conclude(Said.done, [line])
        mark = Mark(line.number, line.sha256)
    return ledger, mark


def _texts(ledger: ErasureLedger) -> list[bytes]:
    return ledger.path.read_bytes().splitlines()


def test_a_line_is_stored_like_this(tmp_path: Path) -> None:
    """Stored for ever: ids, a time and a reason; and of what is done only which line it was."""
    ledger, _ = _ledger(tmp_path, [1])
    first, second = _texts(ledger)
    assert first.decode() == (
        '{"format":1,"cell":"cell_1","number":1,"before":"' + "0" * 64 + '",'
        '"at":"2026-03-02T14:00:00Z","said":"intended","act":{"kind":"subject_erased",'
        '"workspace_id":"11111111-1111-4111-8111-111111111111",'
        '"id":"00000000-0000-0000-0000-000000000001","reason":"requested"}}'
    )
    one, two = read_line(first), read_line(second)
    assert one
    assert two
    assert (two.said, two.of, two.before) == (Said.done, 1, one.sha256)
    assert ledger.path.stat().st_mode & 0o777 == 0o600


def test_what_is_after_the_mark_is_told(tmp_path: Path) -> None:
    """What is begun, given up or done, by a database that is as far as its mark says."""
    ledger, mark = _ledger(tmp_path, [1, 2])
    assert (ledger.since(mark).acts, ledger.since(mark).is_ahead) == ([], False)
    (given_up,) = ledger.intend(_act(3))
    ledger.conclude(Said.given_up, [given_up])
    assert ledger.since(mark).acts == []
    (begun,) = ledger.intend(_act(4))
    assert ledger.since(mark).acts == [begun]
    assert not ledger.since(mark).is_ahead
    with pytest.raises(Unfinished):
        ledger.agree(mark)
    ledger.conclude(Said.done, [begun])
    assert ledger.since(mark).is_ahead
    with pytest.raises(Restored, match=r"before 1 erasures\. `ringledger erasures replay`"):
        ledger.agree(mark)
    assert len(ledger.since(Mark()).acts) == 3


def test_a_half_written_line_is_passed_over(tmp_path: Path) -> None:
    """Whatever a crash left of a last line, the next stands for itself; the piece is counted."""
    ledger, mark = _ledger(tmp_path, [1])
    whole = ledger.path.read_bytes()
    (torn,) = ledger.intend(_act(2))
    text = torn.text + b"\n"
    for length in (1, 2, len(text) // 2, len(text) - 2):
        ledger.path.write_bytes(whole + text[:length])
        assert ledger.since(mark).acts == []
        (line,) = ledger.intend(_act(3))
        tail = ledger.verify()
        assert (tail.torn, tail.last) == (1, line)
        assert [one.number for one in tail.lines] == [1, 2, 3]


def test_a_last_line_without_its_end_counts(tmp_path: Path) -> None:
    """It is whole but for the line's end, so it may be what a transaction rests on."""
    ledger, mark = _ledger(tmp_path, [1])
    (line,) = ledger.intend(_act(2))
    ledger.path.write_bytes(ledger.path.read_bytes()[:-1])
    assert ledger.since(mark).acts == [line]


@given(data=st.data())
def test_any_change_is_an_alarm(
    data: st.DataObject, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Every bit of every line but the last, a line that is taken out, two that change places."""
    ledger, mark = _ledger(tmp_path_factory.mktemp("ledger"), range(5))
    lines = _texts(ledger)
    number = data.draw(st.integers(0, len(lines) - 2))
    match data.draw(st.sampled_from(["bit", "line", "order", "again"])):
        case "bit":
            place = data.draw(st.integers(0, len(lines[number]) - 1))
            text = bytearray(lines[number])
            text[place] ^= 1 << data.draw(st.integers(0, 7))
            lines[number] = bytes(text)
        case "line":
            del lines[number]
        case "order":
            lines[number : number + 2] = lines[number + 1], lines[number]
        case _:
            lines.insert(number, lines[number])
    ledger.path.write_bytes(b"\n".join(lines) + b"\n")
    with pytest.raises(IntegrityAlarm):
        ledger.verify()
    assert mark.number == 9


def test_a_ledger_that_is_not_the_databases_is_an_alarm(tmp_path: Path) -> None:
    """An older copy of it, none at all, or another cell's."""
    ledger, mark = _ledger(tmp_path, range(3))
    older = ledger.path.read_bytes()
    (line,) = ledger.intend(_act(3))
    newer = Mark(line.number, line.sha256)
    ledger.path.write_bytes(older)
    with pytest.raises(IntegrityAlarm, match="at line 7"):
        ledger.since(newer)
    with pytest.raises(IntegrityAlarm):
        ledger.agree(newer)
    with pytest.raises(IntegrityAlarm):
        ledger.since(Mark(mark.number, "f" * 64))
    ledger.path.unlink()
    with pytest.raises(IntegrityAlarm):
        ledger.since(newer)
    other = ErasureLedger(tmp_path, "cell_2", _clock)
    other.path.write_bytes(older)
    with pytest.raises(IntegrityAlarm):
        other.verify()


def test_the_tail_costs_what_is_in_it(tmp_path: Path) -> None:
    """Of a long ledger no more is read than what came after the mark: the rest may be anything."""
    ledger, _ = _ledger(tmp_path, [1])
    lines = ledger.intend(*(_act(n) for n in range(2, 5_000)))
    text = bytearray(ledger.path.read_bytes())
    text[: len(text) // 2] = bytes(len(text) // 2)
    ledger.path.write_bytes(text)
    last = Mark(lines[-2].number, lines[-2].sha256)
    assert ledger.since(last).acts == [lines[-1]]
    with pytest.raises(IntegrityAlarm):
        ledger.verify()


def test_many_write_at_once(tmp_path: Path) -> None:
    """Each line comes after the one before, whoever wrote that."""
    ledgers = [ErasureLedger(tmp_path, "cell_1", _clock) for _ in range(8)]
    line = Line(1, "cell_1", 1, "", _clock(), Said.intended)
    with ThreadPoolExecutor(8) as pool:
        for _ in pool.map(lambda n: ledgers[n % 8].conclude(Said.done, [line]), range(200)):
            pass
    whole = ledgers[0].verify()
    assert [one.number for one in whole.lines] == list(range(1, 201))
    assert whole.torn == 0


def test_a_ledger_that_cannot_be_written_says_so(tmp_path: Path) -> None:
    """Where there is no room for it nothing is destroyed either: the caller hears of it."""
    ledger, _ = _ledger(tmp_path, [1])
    ledger.path.unlink()
    ledger.path.mkdir()
    with pytest.raises(Unavailable, match="erasure ledger"):
        ledger.intend(_act(2))
