"""The commands that run parts of a deployment, and the demo."""

import logging as levels
import os
import sys
from socket import socket
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from structlog.contextvars import bind_contextvars

from adapters import logging
from adapters.settings import PREFIX, Settings, load
from adapters.wiring import database, prepare
from api.cli.output import AsJson, console, write_json
from api.cli.running import EXIT_CODES, ExitCode, run
from api.listening import listen_together, url_of
from api.stopping import hang_on
from api.workers import up_together

if TYPE_CHECKING:
    from api.demo.main import Report

app = typer.Typer()

Host = Annotated[str, typer.Option(help="The address to listen on.")]
Port = Annotated[int, typer.Option(min=0, max=65535, help="The port; 0 is any that is free.")]
Workers = Annotated[
    int, typer.Option(min=1, max=64, help="Server processes on the port; 1 is this one alone.")
]
Lifeline = Annotated[int, typer.Option(help="Ends when the supervisor does.")]
Listener = Annotated[int | None, typer.Option(help="Serve on it; without one, follow.")]
LOCALHOST = "127.0.0.1"
PORT = 8000


@app.command(epilog=EXIT_CODES)
def up(host: Host = LOCALHOST, port: Port = PORT, workers: Workers = 1) -> None:
    """Run everything until Ctrl-C: the API, the views, finishing erasures.

    With several workers the views have a process of their own beside them.
    """
    run(_up((host, port), workers, follows=True))


@app.command(epilog=EXIT_CODES)
def serve(host: Host = LOCALHOST, port: Port = PORT, workers: Workers = 1) -> None:
    """Run the API alone until Ctrl-C; something else must follow the history."""
    run(_up((host, port), workers, follows=False))


@app.command(epilog=EXIT_CODES)
def follow() -> None:
    """Keep the views up to date and finish erasures until Ctrl-C, without the API."""
    run(_follow())


@app.command(hidden=True, epilog=EXIT_CODES)
def worker(*, lifeline: Lifeline, listener: Listener = None) -> None:
    """Be one of several processes. Both options are file descriptors that are open already."""
    run(_worker(lifeline, listener))


@app.command(epilog=EXIT_CODES)
def migrate(*, as_json: AsJson = False) -> None:
    """Bring the database up to date, and make the master key where none was needed yet."""
    applied = run(_migrate())
    if as_json:
        write_json({"applied": applied})
    else:
        typer.echo("\n".join(applied) or "nothing to do")


@app.command("demo", epilog=EXIT_CODES)
def demo_(
    port: Port = PORT,
    calls: Annotated[
        int, typer.Option(min=20, max=50_000, help="How many calls the day has.")
    ] = 2000,
    seed: Annotated[int, typer.Option(help="The same seed at the same time is the same day.")] = 1,
    *,
    stay: Annotated[bool, typer.Option("--stay", help="Stay up until Ctrl-C afterwards.")] = False,
    as_json: AsJson = False,
) -> None:
    """Play a day of signed callbacks over HTTP, show what came of it, and check all of it.

    It has a home of its own, the folder `demo` in `.ringledger`, and wipes it first; or the home
    or the database that the environment names, if that is empty or an earlier demo's. It ends
    with 1 if anything was not as it should be.
    """
    report = run(
        _demo(
            Console(stderr=True) if as_json else console(),
            port=port,
            calls=calls,
            seed=seed,
            stays=stay,
        )
    )
    if as_json:
        write_json({"counts": report.counts, "wrong": report.wrong})
    if report.wrong or report.is_broken_off:
        raise typer.Exit(ExitCode.wrong)


async def _up(address: tuple[str, int], workers: int, *, follows: bool) -> None:
    settings = load()
    _configure_log()
    listeners = listen_together(*address, workers)
    typer.echo(f"ringledger listens on {url_of(listeners[0])}  (Ctrl-C stops it)", err=True)
    if workers > 1:
        await up_together(settings, listeners, follows=follows)
    else:
        await _alone(settings, listeners[0], follows=follows)


async def _follow() -> None:
    settings = load()
    _configure_log()
    await _alone(settings, None, follows=True)


async def _worker(lifeline: int, listener: int | None) -> None:
    hang_on(lifeline)
    settings = load()
    _configure_log()
    bind_contextvars(pid=os.getpid())
    place = None if listener is None else socket(fileno=listener)
    await _alone(settings, place, follows=place is None)


async def _alone(settings: Settings, listener: socket | None, *, follows: bool) -> None:
    from api.up import up  # noqa: PLC0415 - slow, and few commands need it

    await up(settings, listener, follows=follows)


def _configure_log() -> None:
    logging.configure("console" if sys.stderr.isatty() else "json")


async def _demo(shown_on: Console, *, port: int, calls: int, seed: int, stays: bool) -> "Report":
    from api.demo.main import Options, demo  # noqa: PLC0415 - as in _alone

    settings = load()
    logging.configure(level=levels.ERROR)
    names_home = f"{PREFIX}HOME" in os.environ
    options = Options(port, calls, seed, stays=stays, names_home=names_home)
    return await demo(settings, options, shown_on)


async def _migrate() -> list[str]:
    settings = load()
    async with database(settings) as urls:
        return await prepare(settings, urls)
