"""The PostgreSQL that comes with us: one cluster under a home directory, shared by its processes.

The binaries are the wheel's; starting and stopping is our own, because the wheel counts its
processes in a file, which one `kill -9` makes wrong for ever. Here a process that uses the cluster
holds a lock which the kernel takes back whatever happens, and the last to leave stops the server.
"""

import asyncio
import fcntl
import time
from pathlib import Path
from types import TracebackType
from typing import Final, NamedTuple, Self
from urllib.parse import quote

import psycopg
import structlog
from psycopg import sql

from adapters.postgres.cluster import Cluster

DATABASE: Final = "ringledger"
LOGIN_ROLE: Final = "ringledger"
LOOK_SECONDS: Final = 1.0
_ATTEMPTS: Final = 10
_PAUSE_SECONDS: Final = 0.5
log = structlog.get_logger()


class Urls(NamedTuple):
    """Two ways in: `admin` may change schemas, `app` may only become one of the roles."""

    admin: str
    app: str


class EmbeddedPostgres:
    """A cluster in `home/postgres`, up from `start` to `stop`, which processes may share."""

    def __init__(self, home: Path) -> None:
        self._home = home.absolute()
        self._cluster = Cluster(self._home / "postgres")
        self._in_use: _Lock | None = None

    async def __aenter__(self) -> Urls:
        return await self.start()

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc_value: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.stop()

    async def start(self) -> Urls:
        """Make the cluster if there is none, start it if nobody did, and say how to reach it."""
        await asyncio.to_thread(self._enter)
        await _provision(self._url("postgres", "postgres"))
        return Urls(admin=self._url("postgres", DATABASE), app=self._url(LOGIN_ROLE, DATABASE))

    async def keep_up(self) -> None:
        """Start the server again whenever it dies, until cancelled.

        Whoever shares it may do the same: the first one starts it, the others find it running.
        """
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            if await asyncio.to_thread(self._cluster.is_running):
                continue
            log.error("postgres.died")
            try:
                await asyncio.to_thread(self._revive)
            except Exception:
                log.exception("postgres.stays_away")
            else:
                log.info("postgres.started")

    async def stop(self) -> None:
        """Leave the cluster; the last process to leave stops it. Twice is as good as once."""
        await asyncio.to_thread(self._leave)

    def _enter(self) -> None:
        self._home.mkdir(mode=0o700, parents=True, exist_ok=True)
        with _Lock(self._home / "postgres.gate") as gate:
            gate.take()
            self._cluster.create()
            self._run()
            if self._in_use is None:
                self._in_use = _Lock(self._home / "postgres.users")
                self._in_use.share()

    def _revive(self) -> None:
        with _Lock(self._home / "postgres.gate") as gate:
            gate.take()
            if self._in_use is not None:  # else we left meanwhile
                self._run()

    def _leave(self) -> None:
        if self._in_use is None:
            return
        with _Lock(self._home / "postgres.gate") as gate, self._in_use as in_use:
            gate.take()
            if in_use.take_if_alone():
                self._cluster.stop()
            self._in_use = None

    def _run(self) -> None:
        """Start the server, waiting for what a killed one left behind to go away."""
        for attempt in range(_ATTEMPTS):
            if self._answers():
                return
            if attempt:
                time.sleep(_PAUSE_SECONDS)
            self._cluster.start()
        if not self._answers():
            raise RuntimeError(f"PostgreSQL does not start; its log is {self._cluster.log_file}")

    def _answers(self) -> bool:
        try:
            psycopg.connect(self._url("postgres", "postgres"), connect_timeout=10).close()
        except psycopg.OperationalError:
            return False
        return True

    def _url(self, role: str, database: str) -> str:
        socket = quote(str(self._cluster.socket_directory), safe="")
        return f"postgresql://{role}@/{database}?host={socket}"


class _Lock:
    """A lock on a file, which the kernel releases when its process ends, however it ends."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("ab")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def take(self) -> None:
        fcntl.flock(self._file, fcntl.LOCK_EX)

    def share(self) -> None:
        fcntl.flock(self._file, fcntl.LOCK_SH)

    def take_if_alone(self) -> bool:
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True


async def _provision(url: str) -> None:
    """Make the database and the application's login role, which by itself may do nothing."""
    async with await psycopg.AsyncConnection.connect(url, autocommit=True) as connection:
        role = await connection.execute("SELECT FROM pg_roles WHERE rolname = %s", (LOGIN_ROLE,))
        if not role.rowcount:
            create = sql.SQL("CREATE ROLE {} LOGIN NOINHERIT NOCREATEDB NOCREATEROLE NOSUPERUSER")
            await connection.execute(create.format(sql.Identifier(LOGIN_ROLE)))
        database = await connection.execute(
            "SELECT FROM pg_database WHERE datname = %s", (DATABASE,)
        )
        if not database.rowcount:
            create = sql.SQL("CREATE DATABASE {}")
            await connection.execute(create.format(sql.Identifier(DATABASE)))
