"""A cell's erasure ledger as a file: only added to, by several processes, each line synced.

What a crash left half written is passed over: it ends where the next line begins. A line that is
missing or changed breaks the chain, and that is an alarm.
"""

import fcntl
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import IO, Final, NamedTuple
from uuid import uuid4

from adapters.erasure_ledger.lines import (
    FORMAT,
    NOTHING_BEFORE,
    Act,
    Line,
    Said,
    read_line,
)
from domain.errors import IntegrityAlarm, Restored, Unavailable

_BLOCK: Final = 1 << 16

Statement = tuple[Said, Act | None, int | None]
"""What a line is to say, of which act, or of the act of which line."""


class Mark(NamedTuple):
    """How far into its ledger a database has come: the last act that it carried out."""

    number: int = 0
    sha256: str = ""


class Unfinished(Exception):  # noqa: N818 - it says what is the case
    """An act was begun and neither done nor given up: whoever began it was killed right then."""


class Tail(NamedTuple):
    """What a ledger says after a mark, in its order."""

    lines: Sequence[Line]
    last: Line | None
    """The ledger's last line, before the mark or after it."""

    torn: int
    """Pieces in it that are no lines, left by crashes."""

    @property
    def acts(self) -> list[Line]:
        """The lines whose acts are not in the database and were not given up."""
        given_up = {line.of for line in self.lines if line.said is Said.given_up}
        return [
            line
            for line in self.lines
            if line.said is Said.intended and line.number not in given_up
        ]

    @property
    def is_ahead(self) -> bool:
        """Whether an act was done that the database knows nothing of: it was restored."""
        done = {line.of for line in self.lines if line.said is Said.done}
        return any(line.number in done for line in self.acts)


class ErasureLedger:
    """The ledger of one cell. Its methods wait for the disk: call them from a thread."""

    def __init__(self, folder: Path, cell: str, clock: Callable[[], datetime]) -> None:
        self.path = folder / f"{cell}.jsonl"
        self._cell = cell
        self._clock = clock
        self._end = 0
        self._ours: tuple[Mark, int] | None = None
        """The mark of the last act of this process, and where the file ended after it."""

    def is_at(self, mark: Mark) -> bool:
        """Whether it is known to agree: nothing was added since our own last act, at that mark.

        It costs one look at the file's size, and waits for nothing.
        """
        try:
            return self._ours == (mark, self.path.stat().st_size)
        except OSError:
            return False

    def intend(self, *acts: Act) -> list[Line]:
        """Write down what is about to be destroyed; it is on the disk when this returns.

        The caller holds the lock of ``agree`` still.

        Raises:
            Unavailable: It cannot be written.
        """
        return self._add([(Said.intended, act, None) for act in acts])

    def agree(self, mark: Mark) -> None:
        """See that everything that it says was done is in the database with that mark.

        The caller holds the lock under which the mark changes: what is open then is nobody's.

        Raises:
            IntegrityAlarm: The ledger and the database's mark do not belong together.
            Restored: Of what was done the database knows nothing.
            Unfinished: Something was begun before, and has to be carried out first.
        """
        tail = self.since(mark)
        if tail.is_ahead:
            raise Restored(restored(self._cell, tail))
        if tail.acts:
            raise Unfinished

    def conclude(self, said: Said, lines: Sequence[Line]) -> None:
        """Write down what became of them. The next ``intend`` brings it to the disk."""
        last = lines[-1]
        added = self._add([(said, None, line.number) for line in lines], is_synced=False)
        # What somebody else added in between may be an act of theirs, to be looked at.
        is_next = said is Said.done and added[0].before == last.sha256
        self._ours = (Mark(last.number, last.sha256), self._end) if is_next else None

    def since(self, mark: Mark) -> Tail:
        """What it says after a mark. It costs what there is to read, however long the file is.

        Raises:
            IntegrityAlarm: The mark's line is missing, or the chain up to it is broken.
            Unavailable: It cannot be read.
        """
        with self._opened("rb") as file:
            return self._since(file, mark)

    def verify(self) -> Tail:
        """Read it from its last line to its first; every line of it.

        Raises:
            IntegrityAlarm: The chain is broken.
        """
        return self.since(Mark())

    def put_aside(self) -> None:
        """Rename what there is, so that a new ledger can begin."""
        if self.path.exists():
            self.path.rename(self.path.with_name(f"{self.path.name}.{uuid4().hex[:8]}"))

    def _add(self, statements: Sequence[Statement], *, is_synced: bool = True) -> list[Line]:
        with self._opened("a+b") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            lines = self._lines(_last(file), statements)
            # Whatever a crash left without an end, ends here.
            start = b"" if _is_whole(file) else b"\n"
            file.write(start + b"".join(line.text + b"\n" for line in lines))
            file.flush()
            self._end = file.tell()
            if is_synced:
                os.fsync(file.fileno())
        return lines

    def _lines(self, last: Line | None, statements: Sequence[Statement]) -> list[Line]:
        found: list[Line] = []
        for said, act, of in statements:
            number, before = (last.number, last.sha256) if last else (0, NOTHING_BEFORE)
            last = Line(FORMAT, self._cell, number + 1, before, self._clock(), said, act, of)
            found.append(last)
        return found

    def _since(self, file: IO[bytes], mark: Mark) -> Tail:
        lines: list[Line] = []
        last, torn, after = None, 0, None
        for line in _backwards(file):
            if line is None:
                torn += 1
                continue
            if line.cell != self._cell or (after and after.before != line.sha256):
                raise self._alarm(f"is broken at line {line.number}")
            last, after = last or line, line
            if line.number <= mark.number:
                break
            lines.append(line)
        reached = (
            (after.number, after.sha256) if after and after.number <= mark.number else (0, "")
        )
        if after and not reached[0] and (after.number, after.before) != (1, NOTHING_BEFORE):
            raise self._alarm("does not begin with its first line")
        if reached != mark:
            raise self._alarm(f"is not the one that the database goes by at line {mark.number}")
        return Tail(lines[::-1], last, torn)

    def _alarm(self, flaw: str) -> IntegrityAlarm:
        return IntegrityAlarm(f"the erasure ledger {self.path} {flaw}")

    @contextmanager
    def _opened(self, mode: str) -> Iterator[IO[bytes]]:
        """The file; made if it is not there, with its name on the disk as well."""
        try:
            self._make()
            with self.path.open(mode) as file:
                yield file
        except OSError as error:
            raise Unavailable(f"erasure ledger {self.path}: {error.strerror}") from None

    def _make(self) -> None:
        if not self.path.exists():
            self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            os.close(os.open(self.path, os.O_CREAT | os.O_APPEND | os.O_WRONLY, 0o600))
            folder = os.open(self.path.parent, os.O_RDONLY)
            os.fsync(folder)
            os.close(folder)


def restored(cell: str, tail: Tail) -> str:
    """What to tell about a database that is older than its ledger."""
    return (
        f"{cell} is older than its erasure ledger: it was restored from before "
        f"{len(tail.acts)} erasures. `ringledger erasures replay` carries them out again"
    )


def _last(file: IO[bytes]) -> Line | None:
    return next((line for line in _backwards(file) if line), None)


def _is_whole(file: IO[bytes]) -> bool:
    end = file.seek(0, os.SEEK_END)
    if not end:
        return True
    file.seek(end - 1)
    return file.read(1) == b"\n"


def _backwards(file: IO[bytes]) -> Iterator[Line | None]:
    """Its lines, the last one first; ``None`` for what is none."""
    position, kept = file.seek(0, os.SEEK_END), b""
    while position:
        size = min(_BLOCK, position)
        position -= size
        file.seek(position)
        first, *whole = (file.read(size) + kept).split(b"\n")
        yield from (read_line(text) for text in reversed(whole) if text)
        kept = first
    if kept:
        yield read_line(kept)
