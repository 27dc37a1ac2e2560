"""The master key file: for its owner's eyes, with several keys, and an error when it is gone."""

import base64
from pathlib import Path
from uuid import uuid4

import pytest

from adapters.keys import master_key
from adapters.keys.sealing import new_key
from domain.errors import IntegrityAlarm, KeyStoreUnavailable

WORKSPACE = uuid4()


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A new master key file."""
    path = tmp_path / "home" / "master.key"
    master_key.create(path)
    return path


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


def test_a_workspace_key_unwraps_for_its_workspace(file: Path) -> None:
    """With the same file read again; for another workspace it is an alarm."""
    key = new_key()
    key_id, wrapped = master_key.read(file).wrap(key, WORKSPACE)
    keys = master_key.read(file)
    assert keys.unwrap(key_id, wrapped, WORKSPACE) == key
    with pytest.raises(IntegrityAlarm):
        keys.unwrap(key_id, wrapped, uuid4())


def test_the_newest_key_wraps_and_the_old_ones_unwrap(file: Path) -> None:
    """A line is added when the key rotates; what the old one wrapped opens as long as it stays."""
    key = new_key()
    old_id, wrapped = master_key.read(file).wrap(key, WORKSPACE)
    with file.open("a") as text:
        text.write("\n" + _line("newest"))
    keys = master_key.read(file)
    assert keys.wrap(key, WORKSPACE)[0] == keys.newest == "newest"
    assert keys.unwrap(old_id, wrapped, WORKSPACE) == key


def test_a_key_that_left_the_file_is_an_outage(file: Path) -> None:
    """What it wrapped cannot be had; that is not an erasure, and the error names the id."""
    key_id, wrapped = master_key.read(file).wrap(new_key(), WORKSPACE)
    file.write_text(_line("another"))
    with pytest.raises(KeyStoreUnavailable, match=key_id):
        master_key.read(file).unwrap(key_id, wrapped, WORKSPACE)


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
