"""Object stores for tests: a folder, and a bucket of a server that speaks S3."""

import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final
from unittest.mock import patch
from urllib.request import Request, urlopen
from uuid import uuid4

from moto.server import ThreadedMotoServer

from adapters.objects.store import ObjectStore


def environment(address: str) -> Any:  # noqa: ANN401 - the library's patcher
    """The variables by which whoever opens a bucket finds this server."""
    return patch.dict(
        os.environ,
        {
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
            "AWS_REGION": "us-east-1",
            "AWS_ENDPOINT_URL": address,
            "AWS_ALLOW_HTTP": "true",
        },
    )


@contextmanager
def in_folder(folder: Path) -> Iterator[ObjectStore]:
    """A store in a folder."""
    yield ObjectStore.in_folder(folder / "objects")


@contextmanager
def in_bucket(_folder: Path) -> Iterator[ObjectStore]:
    """The same store over HTTP, in a new bucket."""
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = ThreadedMotoServer("127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    # All of its servers in this program hold the same buckets.
    bucket = f"test-{uuid4().hex}"
    try:
        with urlopen(Request(f"http://{host}:{port}/{bucket}", method="PUT")):
            pass
        with environment(f"http://{host}:{port}"):
            store = ObjectStore.at(f"s3://{bucket}/audio")
        yield store
    finally:
        server.stop()


STORES: Final = {"folder": in_folder, "bucket": in_bucket}
"""Each kind by its name; a rule of the store is tested with every one of them."""
