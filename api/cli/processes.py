"""The commands that run parts of a deployment, and the demo."""

import logging as levels
import os
import sys
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

from adapters import logging
from adapters.settings import PREFIX, load
from adapters.wiring import database, prepare
from api.cli.output import AsJson, console, write_json
from api.cli.running import EXIT_CODES, ExitCode, run

if TYPE_CHECKING:
    from api.demo.main import Report

app = typer.Typer()

Host = Annotated[str, typer.Option(help="The address to listen on.")]
Port = Annotated[int, typer.Option(min=0, max=65535, help="The port; 0 is any that is free.")]
LOCALHOST = "127.0.0.1"
PORT = 8000


@app.command(epilog=EXIT_CODES)
def up(host: Host = LOCALHOST, port: Port = PORT) -> None:
    """Run everything in one process until Ctrl-C: the API, the views, finishing erasures."""
    run(_up((host, port), follows=True))


@app.command(epilog=EXIT_CODES)
def serve(host: Host = LOCALHOST, port: Port = PORT) -> None:
    """Run the API alone until Ctrl-C; something else must follow the history."""
    run(_up((host, port), follows=False))


@app.command(epilog=EXIT_CODES)
def follow() -> None:
    """Keep the views up to date and finish erasures until Ctrl-C, without the API."""
    run(_up(None, follows=True))


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


async def _up(address: tuple[str, int] | None, *, follows: bool) -> None:
    from api.up import listen, up, url_of  # noqa: PLC0415 - slow, and few commands need it

    settings = load()
    logging.configure("console" if sys.stderr.isatty() else "json")
    listener = listen(*address) if address else None
    if listener:
        typer.echo(f"ringledger listens on {url_of(listener)}  (Ctrl-C stops it)", err=True)
    await up(settings, listener, follows=follows)


async def _demo(shown_on: Console, *, port: int, calls: int, seed: int, stays: bool) -> "Report":
    from api.demo.main import Options, demo  # noqa: PLC0415 - as in _up

    settings = load()
    logging.configure(level=levels.ERROR)
    names_home = f"{PREFIX}HOME" in os.environ
    options = Options(port, calls, seed, stays=stays, names_home=names_home)
    return await demo(settings, options, shown_on)


async def _migrate() -> list[str]:
    settings = load()
    async with database(settings) as urls:
        return await prepare(settings, urls)
