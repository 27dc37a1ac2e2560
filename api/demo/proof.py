"""The check of a receipt as somebody far away makes it: another program, a file and a key."""

import asyncio
import os
import sys
from asyncio.subprocess import PIPE, STDOUT
from pathlib import Path
from typing import Final

PROGRAM: Final = (sys.executable, "-P", "-c", "from api.cli import main; main()")
NOWHERE: Final = "/nonexistent"


async def verify_offline(receipt: Path, keys: Path) -> str:
    """What ``ringledger verify-receipt`` says of it, where there is no home and no database."""
    settings = {name: v for name, v in os.environ.items() if not name.startswith("RINGLEDGER_")}
    process = await asyncio.create_subprocess_exec(
        *PROGRAM,
        *("verify-receipt", str(receipt), "--key", str(keys)),
        env={**settings, "RINGLEDGER_HOME": NOWHERE},
        stdout=PIPE,
        stderr=STDOUT,
    )
    said, _ = await process.communicate()
    return said.decode().strip()
