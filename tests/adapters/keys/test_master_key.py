"""The master key file: for its owner's eyes, with several keys, and an error when it is gone."""

import asyncio
import base64
from pathlib import Path
from typing import BinaryIO

import pytest
from cells import asynchronous

from adapters.keys import master_key
from adapters.keys.sealing import new_key
from domain.errors import KeyStoreUnavailable


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A new master key file."""
    path = tmp_path / "home" / "master.key"
    master_key.create(path)
    return path


def _text(file: Path) -> bytes:
    return file.read_bytes()


def _opened(file: Path) -> BinaryIO:
    return file.open("rb")


def _mode(file: Path) -> int:
    return file.stat().st_mode & 0o777


def _beside(file: Path) -> list[str]:
    return [path.name for path in file.parent.iterdir()]


def _line(key_id: str) -> str:
    return f"{key_id} {base64.b64encode(new_key()).decode()}\n"


def test_a_new_file_is_its_owner_s_alone(file: Path) -> None:
    """Nobody else on the machine may read it."""
    assert file.stat().st_mode & 0o777 == 0o600


def test_an_existing_file_is_left_alone(file: Path) -> None:
    """Made twice, it is the same: a new key would be the loss of everything."""
    before = file.read_bytes()
    master_key.create(file)
    assert file.read_bytes() == before


def test_no_two_files_hold_the_same_key(file: Path, tmp_path: Path) -> None:
    """Neither the key nor its id is used again."""
    master_key.create(tmp_path / "other")
    assert set(file.read_text().split()).isdisjoint((tmp_path / "other").read_text().split())


@asynchronous
async def test_a_new_line_wraps_in_every_process(file: Path) -> None:
    """Whoever has the file open finds the key that another process made."""
    long_open = master_key.read(file)
    made = await master_key.read(file).create()
    assert await long_open.newest() == made
    assert len(await long_open.ids()) == 2
    assert _mode(file) == 0o600


@asynchronous
async def test_a_destroyed_key_is_overwritten(file: Path) -> None:
    """Where the file was there are other bytes, also for who had it open."""
    secret = _text(file).split()[1]
    with _opened(file) as before:
        keys = master_key.read(file)
        (old,) = await keys.ids()
        await keys.create()
        await keys.destroy(old)
        assert secret not in before.read()
    assert _beside(file) == [file.name]
    assert secret not in _text(file)


@asynchronous
async def test_who_reads_while_it_changes_finds_a_whole_file(file: Path) -> None:
    """One that is taken out of its place is being overwritten: it is read anew."""
    keys = master_key.read(file)

    async def change() -> None:
        for _ in range(50):
            old = await keys.newest()
            await keys.create()
            await keys.destroy(old)

    changing = asyncio.create_task(change())
    reads = 0
    while not changing.done():
        assert len(await master_key.read(file).ids()) in {1, 2}
        reads += 1
    await changing
    assert reads > 50


@asynchronous
async def test_a_change_that_broke_off_changes_nothing(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A full disk, or a kill: the file is as it was, and the next change is made."""
    before = _text(file)

    def fail(_path: Path, _target: Path) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as broken:
        broken.setattr(Path, "replace", fail)
        with pytest.raises(KeyStoreUnavailable, match="No space left"):
            await master_key.read(file).create()
    assert _text(file) == before
    await master_key.read(file).create()
    assert _text(file).startswith(before)


def test_a_missing_file_is_an_outage(tmp_path: Path) -> None:
    """The error says which file, and why it cannot be read."""
    with pytest.raises(KeyStoreUnavailable, match=r"nowhere.key: No such file"):
        master_key.read(tmp_path / "nowhere.key")


@pytest.mark.parametrize("text", ["", "\n\n"])
def test_an_empty_file_is_an_outage(text: str, tmp_path: Path) -> None:
    """A file without a key is none."""
    (tmp_path / "empty.key").write_text(text)
    with pytest.raises(KeyStoreUnavailable, match="no master key in"):
        master_key.read(tmp_path / "empty.key")


@pytest.mark.parametrize(
    "line",
    [
        "just-one-thing",
        f"short {base64.b64encode(bytes(31)).decode()}",
        f"long {base64.b64encode(bytes(33)).decode()}",
        "notbase64 ****",
        f"trailing {base64.b64encode(bytes(32)).decode()} more",
        f" {base64.b64encode(bytes(32)).decode()}",
        "umlaut ä",
        "latin \udcff",
    ],
)
def test_a_bad_line_is_named_and_not_quoted(line: str, file: Path) -> None:
    """The whole file is refused with the line's number: half of a key is no key."""
    with file.open("ab") as text:
        text.write(line.encode(errors="surrogateescape") + b"\n")
    with pytest.raises(KeyStoreUnavailable, match=r"^line 2 of ") as error:
        master_key.read(file)
    assert line.rsplit(maxsplit=1)[-1] not in str(error.value)


def test_one_id_stands_for_one_key(file: Path) -> None:
    """Two lines of one id: one of the keys would be lost in silence."""
    file.write_text(_line("same") + _line("same"))
    with pytest.raises(KeyStoreUnavailable, match="line 2"):
        master_key.read(file)


def test_the_keys_show_nothing_of_themselves(file: Path) -> None:
    """Neither printed nor in the error about them."""
    secret = file.read_text().split()[1]
    assert secret not in repr(master_key.read(file))
