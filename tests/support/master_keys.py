"""Stores of master keys for tests: each kind that there is, empty but for one key."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from adapters.keys import master_key
from adapters.keys.master_keys import MasterKeys


@contextmanager
def in_file(folder: Path) -> Iterator[MasterKeys]:
    """In a file."""
    master_key.create(folder / "master.key")
    yield master_key.read(folder / "master.key")


KINDS: Final = {"file": in_file}
"""Each kind by its name; a rule of master keys is tested with every one of them."""
