"""The object store's contract, the same in a folder and in a bucket of an S3 server."""

import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final
from uuid import uuid4

import pytest
from cells import asynchronous
from objects import STORES, environment, in_folder

from adapters.objects.store import PART_BYTES, ObjectStore, new_name
from domain.errors import NotFound, Unavailable

WORKSPACE: Final = uuid4()


@pytest.fixture(params=STORES)
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[ObjectStore]:
    """Each of the stores, empty."""
    with STORES[request.param](tmp_path) as found:
        yield found


async def put(store: ObjectStore, content: bytes, *, part: int = 1024 * 1024) -> str:
    """Write an object under a new name."""
    name = new_name(WORKSPACE)
    async with store.writing(name) as file:
        for start in range(0, len(content), part):
            await file.write(content[start : start + part])
    return name


@contextmanager
def closed_port() -> Iterator[int]:
    """A port of this machine on which nobody listens."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        yield taken.getsockname()[1]


async def break_off(store: ObjectStore, name: str, size: int) -> None:
    """Write so much of an object, and fail."""
    async with store.writing(name) as file:
        await file.write(bytes(size))
        raise RuntimeError


@pytest.mark.parametrize("size", [0, 1, 3_000_000, 2 * PART_BYTES + 17])
@asynchronous
async def test_what_was_written_is_read(store: ObjectStore, size: int) -> None:
    """In one part or in many: any range of it, and its size."""
    content = os.urandom(size)
    name = await put(store, content)
    assert await store.size_of(name) == size
    assert await store.read(name, 0, size) == content
    assert await store.read(name, size // 3, size // 2) == content[size // 3 : size // 2]


@asynchronous
async def test_a_range_beyond_the_end_is_shorter(store: ObjectStore) -> None:
    """Whoever needs all of it must look at how much came."""
    name = await put(store, b"0123456789")
    assert await store.read(name, 8, 20) == b"89"


@asynchronous
async def test_what_breaks_off_never_comes_to_be(store: ObjectStore) -> None:
    """An object is there as a whole or not at all, small or of several parts."""
    for size in (10, PART_BYTES + 10):
        name = new_name(WORKSPACE)
        with pytest.raises(RuntimeError):
            await break_off(store, name, size)
        assert await store.size_of(name) is None
    assert [found async for found in store.each(WORKSPACE)] == []


@asynchronous
async def test_what_is_deleted_is_gone_and_twice_is_as_good_as_once(store: ObjectStore) -> None:
    """Nobody who deletes has to know whether somebody was first."""
    name = await put(store, b"audio")
    await store.delete(name)
    await store.delete(name)
    assert await store.size_of(name) is None
    with pytest.raises(NotFound):
        await store.read(name, 0, 5)


@asynchronous
async def test_a_list_has_the_objects_of_one_workspace(store: ObjectStore) -> None:
    """All of them with their sizes, and none of a neighbour's."""
    names = {await put(store, bytes(size)): size for size in (1, 2, 3)}
    async with store.writing(new_name(uuid4())) as file:
        await file.write(b"a neighbour's")
    listed = [found async for found in store.each(WORKSPACE)]
    assert {found.name: found.size for found in listed} == names


def test_names_say_nothing_and_are_never_the_same() -> None:
    """Beyond the workspace there is nothing but random bits in one."""
    names = {new_name(WORKSPACE) for _ in range(100)}
    assert len(names) == 100
    assert {name.partition("/")[0] for name in names} == {str(WORKSPACE)}


@asynchronous
async def test_a_store_that_cannot_be_reached_says_so_and_no_more() -> None:
    """It is not "not there"; and its address and keys stand in no message."""
    with closed_port() as port, environment(f"http://127.0.0.1:{port}"):
        store = ObjectStore.at("s3://bucket")
    with pytest.raises(Unavailable) as raised:
        await store.size_of("any")
    assert str(raised.value) == "objects"
    assert raised.value.__context__ is None


def test_a_folder_is_its_owners_alone(tmp_path: Path) -> None:
    """Sealed as it is, it is nobody else's business."""
    with in_folder(tmp_path):
        assert (tmp_path / "objects").stat().st_mode & 0o777 == 0o700


@asynchronous
async def test_what_a_killed_program_left_of_a_file_is_deleted_too(tmp_path: Path) -> None:
    """A folder's files are written under another name first."""
    with in_folder(tmp_path) as store:
        name = await put(store, b"audio")
        left = tmp_path / "objects" / f"{name}#1"
        left.write_bytes(b"half of it")
        assert len([found async for found in store.each(WORKSPACE)]) == 1
        await store.delete(name)
        assert not left.exists()
