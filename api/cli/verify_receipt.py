"""``ringledger verify-receipt``: whether a receipt is genuine, with no database and no network."""

from pathlib import Path
from typing import Annotated, Any

import orjson
import typer

from adapters.keys import receipt_key
from adapters.keys.receipt_key import NotGenuine, key_id_of, verify
from adapters.settings import load
from api.cli.output import AsJson, write_json
from api.cli.running import EXIT_CODES, ExitCode, WrongUsage, run

app = typer.Typer()


@app.command("verify-receipt", epilog=EXIT_CODES)
def verify_receipt(
    file: Annotated[
        Path, typer.Argument(metavar="FILE", help="The receipt.", exists=True, dir_okay=False)
    ],
    key: Annotated[
        str | None,
        typer.Option(
            help="The public key, or a file with it or with a JSON Web Key Set; this home's own "
            "without it."
        ),
    ] = None,
    *,
    as_json: AsJson = False,
) -> None:
    """Check that a receipt is what was signed. It ends with 1 where it is not.

    Neither the database nor the network is asked: the public key is enough.
    """
    document, flaw = run(_verify(file.read_bytes(), key))
    if as_json:
        write_json({"is_genuine": flaw is None, "flaw": flaw, "receipt": document})
    elif document is not None:
        typer.echo(f"genuine: {document['state']}, of subject {document['subject_id']}")
    else:
        typer.echo(f"ringledger: not a genuine receipt: {flaw}", err=True)
    if flaw is not None:
        raise typer.Exit(ExitCode.wrong)


async def _verify(text: bytes, key: str | None) -> tuple[dict[str, Any] | None, str | None]:
    keys = _own() if key is None else _given(key)
    try:
        return verify(text, keys), None
    except NotGenuine as flaw:
        return None, str(flaw)


def _own() -> dict[str, str]:
    own = receipt_key.read(load().receipt_key_file)
    return {own.key_id: own.public}


def _given(key: str) -> dict[str, str]:
    """The keys that were given: by themselves, or in a file."""
    path = Path(key)
    text = path.read_text().strip() if path.is_file() else key.strip()
    try:
        named = [one["x"] for one in orjson.loads(text)["keys"]] if text[:1] == "{" else [text]
        return {key_id_of(public): public for public in named}
    except (ValueError, KeyError, TypeError):
        raise WrongUsage("--key is a public key, or a file with one or with a key set") from None
