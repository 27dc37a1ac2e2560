"""``ringledger receipts``: the public key that receipts of erasures are checked with."""

import typer

from adapters.keys import receipt_key
from adapters.settings import load
from api.cli.output import AsJson, write_json
from api.cli.running import EXIT_CODES, run

app = typer.Typer(help="Receipts of erasures.", no_args_is_help=True)


@app.callback()
def receipts() -> None:
    """Receipts of erasures."""


@app.command(epilog=EXIT_CODES)
def key(*, as_json: AsJson = False) -> None:
    """Print the public key that receipts are checked with; it needs no database."""
    found = run(_key())
    if as_json:
        write_json({"keys": [found.as_jwk()]})
    else:
        typer.echo(found.public)


async def _key() -> receipt_key.ReceiptKey:
    return receipt_key.read(load().receipt_key_file)
