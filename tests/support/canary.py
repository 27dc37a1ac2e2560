"""Looks for a marker in every byte of a folder, in whatever dress it may hide.

A marker is a stem that every planted value has in it, so that one search finds them all. What is
found is told by file and by dress, never by value.
"""

import base64
import mmap
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple


class Find(NamedTuple):
    """A marker was met: in which file, and in which dress."""

    file: str
    dress: str


def dresses(stem: str) -> dict[str, bytes]:
    """The bytes by which a text shows that has the stem, of letters and digits, in it."""
    plain = stem.encode()
    found = {
        "plain": plain,
        "upper case": stem.upper().encode(),
        "utf-16-le": stem.encode("utf-16-le"),
        "utf-16-be": stem.encode("utf-16-be"),
        "hex": plain.hex().encode(),
        "HEX": plain.hex().upper().encode(),
        # Letters and digits are most often left as they are, and are "plain" then.
        "percent-encoded": "".join(f"%{byte:02X}" for byte in plain).encode(),
    }
    for before in range(3):
        coded = base64.b64encode(bytes(before) + plain)
        # The characters that no neighbouring byte has a bit in.
        core = coded[-(-before * 8 // 6) : (before + len(plain)) * 8 // 6]
        found[f"base64, {before} bytes on"] = core
        found[f"base64 for URLs, {before} bytes on"] = core.translate(
            bytes.maketrans(b"+/", b"-_")
        )
    return found


def search(folders: list[Path], stems: dict[str, str]) -> set[Find]:
    """Every file in the folders, or each of them that is a file, against every dress."""
    wanted = {
        f"{name}: {dress}": text
        for name, stem in stems.items()
        for dress, text in dresses(stem).items()
    }
    return {
        Find(str(file), dress)
        for folder in folders
        for file in _files(folder)
        for dress in _met(file, wanted)
    }


def _files(folder: Path) -> Iterator[Path]:
    yield from (path for path in (folder, *folder.rglob("*")) if path.is_file())


def _met(file: Path, wanted: dict[str, bytes]) -> list[str]:
    if file.stat().st_size == 0:
        return []
    with file.open("rb") as handle, mmap.mmap(handle.fileno(), 0, access=mmap.ACCESS_READ) as text:
        return [dress for dress, form in wanted.items() if text.find(form) >= 0]
