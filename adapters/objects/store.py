"""The object store: bytes under a name, in a local folder or in S3, Google's or Azure's store.

What lies there is sealed before it comes here. A name says nothing: the workspace, and a random
part. An object is there as a whole or not at all, and once it is there it is on a disk.

The store's library is called in threads. Its asynchronous calls leave work of theirs behind when
they return, and a program that ends right then is aborted (obstore 0.12).
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple, ParamSpec, Protocol, Self, TypeVar
from uuid import UUID, uuid4

import obstore
from obstore.exceptions import BaseError
from obstore.store import LocalStore, from_url

from adapters.objects.folder import FolderWriting, sweep
from domain.errors import NotFound, Unavailable

if TYPE_CHECKING:  # they are in the library's stubs only
    from obstore import WritableFile
    from obstore.store import RetryConfig

P = ParamSpec("P")
Result = TypeVar("Result")

PART_BYTES: Final = 8 * 1024 * 1024
"""What is sent at once; S3 takes 10,000 parts of an object, so that 80 GB fit."""

PARTS_AT_ONCE: Final = 3
"""Each is in memory while it is on its way."""

READ_BYTES: Final = 1024 * 1024
_LISTED_AT_ONCE: Final = 1000
_RETRIES: Final["RetryConfig"] = {"max_retries": 4, "retry_timeout": timedelta(seconds=30)}


class Stored(NamedTuple):
    """An object that is there."""

    name: str
    size: int
    modified_at: datetime


class _File(Protocol):
    """What an object is written with."""

    def write(self, parts: Sequence[bytes]) -> None:
        """Take more of it."""

    def close(self) -> None:
        """It is there, as a whole."""

    def abort(self) -> None:
        """It never comes to be."""


class Writing:
    """An object that is being written."""

    def __init__(self, file: _File) -> None:
        self._file = file

    async def write(self, part: bytes) -> None:
        """Take more of it; waits while too much is on its way."""
        await asyncio.to_thread(self.write_here, (part,))

    def write_here(self, parts: Sequence[bytes]) -> None:
        """The same for whoever is in a thread of their own already, and may wait there."""
        _told(lambda: self._file.write(parts))


class _Upload:
    """An object that the library writes."""

    def __init__(self, file: "WritableFile") -> None:
        self._file = file

    def write(self, parts: Sequence[bytes]) -> None:
        self._file.write(b"".join(parts))

    def close(self) -> None:
        self._file.close()

    def abort(self) -> None:
        """A file that is not closed never comes to be."""


class ObjectStore:
    """Writes, reads, deletes and lists objects.

    Every method raises ``Unavailable`` where the store cannot be reached or refuses us.
    """

    def __init__(self, store: Any, folder: Path | None = None) -> None:  # noqa: ANN401 - one of obstore's
        self._store = store
        self._folder = folder

    @classmethod
    def in_folder(cls, folder: Path) -> Self:
        """Objects as files, which nobody but their owner may read."""
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        return cls(LocalStore(folder), folder)

    @classmethod
    def at(cls, url: str) -> Self:
        """The store of an ``s3:``, ``gs:`` or ``az:`` URL.

        What opens it comes from the variables that the store's own tools read (``AWS_...``).
        """
        return cls(from_url(url, retry_config=_RETRIES))

    @asynccontextmanager
    async def writing(self, name: str) -> AsyncIterator[Writing]:
        """Write an object in parts. It is there, durably, once the block has ended well."""
        file = await _threaded(self._open, name)
        try:
            yield Writing(file)
        except BaseException:
            await _threaded(file.abort)
            raise
        await _threaded(file.close)

    def _open(self, name: str) -> _File:
        if self._folder is not None:
            return FolderWriting(self._folder / name)
        return _Upload(
            obstore.open_writer(
                self._store, name, buffer_size=PART_BYTES, max_concurrency=PARTS_AT_ONCE
            )
        )

    async def read(self, name: str, start: int, end: int) -> bytes:
        """The bytes from ``start`` to before ``end``; fewer where the object ends earlier.

        Raises:
            NotFound: There is no such object.
        """
        if start >= end:
            return b""
        return bytes(await _threaded(obstore.get_range, self._store, name, start=start, end=end))

    async def size_of(self, name: str) -> int | None:
        """How many bytes an object has; ``None`` where it is not there."""
        try:
            found = await _threaded(obstore.head, self._store, name)
        except NotFound:
            return None
        return int(found["size"])

    async def delete(self, name: str) -> None:
        """Delete an object, and in a folder what a program that was killed left of it."""
        with suppress(NotFound):
            await _threaded(obstore.delete, self._store, name)
        if self._folder is not None:
            await asyncio.to_thread(sweep, self._folder / name)

    async def each(self, workspace_id: UUID) -> AsyncIterator[Stored]:
        """Every object of a workspace, in no order."""
        pages = iter(obstore.list(self._store, str(workspace_id), chunk_size=_LISTED_AT_ONCE))
        while page := await _threaded(next, pages, ()):
            for found in page:
                yield Stored(found["path"], found["size"], found["last_modified"])


def new_name(workspace_id: UUID) -> str:
    """A name that was never used and says nothing of what lies there."""
    return f"{workspace_id}/{uuid4().hex}"


async def _threaded(work: Callable[P, Result], *args: P.args, **kwargs: P.kwargs) -> Result:
    """Work of the library, in a thread."""
    return await asyncio.to_thread(_told, lambda: work(*args, **kwargs))


def _told(work: Callable[[], Result]) -> Result:
    """Work of the library; what it raises holds the store's address and goes no further."""
    try:
        return work()
    except FileNotFoundError:
        failure: Exception = NotFound("object")
    except (BaseError, OSError):
        failure = Unavailable("objects")
    raise failure
