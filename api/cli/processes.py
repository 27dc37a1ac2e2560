"""The commands that run parts of a deployment, and the demo."""

import sys
from typing import Annotated

import typer

from adapters import logging
from adapters.settings import load
from adapters.wiring import database, prepare
from api.cli.output import AsJson, write_json
from api.cli.running import EXIT_CODES, run

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


async def _up(address: tuple[str, int] | None, *, follows: bool) -> None:
    # The web framework takes longer to import than most commands take to run.
    from api.up import listen, up, url_of  # noqa: PLC0415

    settings = load()
    logging.configure("console" if sys.stderr.isatty() else "json")
    listener = listen(*address) if address else None
    if listener:
        typer.echo(f"ringledger listens on {url_of(listener)}  (Ctrl-C stops it)", err=True)
    await up(settings, listener, follows=follows)


async def _migrate() -> list[str]:
    settings = load()
    async with database(settings) as urls:
        return await prepare(settings, urls)
