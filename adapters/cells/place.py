"""Where a cell lies, and what such an address may be."""

import re
from typing import Final, NamedTuple

import psycopg
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from adapters.postgres.migrate import DIRECTORY, JOBS

_NAME: Final = re.compile(r"[a-z][a-z0-9_]{0,39}")
_TAKEN: Final = frozenset({DIRECTORY, JOBS, "public", "information_schema"})
_SECRETS: Final = frozenset({"password", "sslpassword"})


class Place(NamedTuple):
    """A cell's name, and the database and the schema that hold it."""

    name: str
    schema: str
    url: str
    """For the application's login. Only the deployment's own may hold a password."""

    def inside(self, options: str = "", **network: int) -> str:
        """The database with the cell's schema as its search path."""
        return inside(self.url, self.schema, options, **network)


def inside(url: str, schema: str, options: str = "", **network: int) -> str:
    """A database with one schema as its search path."""
    return make_conninfo(url, options=f"-c search_path={schema} {options}".strip(), **network)


def cell_name(text: str) -> str:
    """Accept what can be a cell's name, and its schema's.

    Raises:
        ValueError: It cannot; the message says what can.
    """
    if not _NAME.fullmatch(text) or text in _TAKEN or text.startswith("pg_"):
        raise ValueError(
            "a cell's name is 1 to 40 lower-case letters, digits and underscores, the first a "
            f"letter, and not pg_... nor {', '.join(sorted(_TAKEN))}"
        )
    return text


def cell_url(text: str) -> str:
    """Accept an address that everybody may read.

    Raises:
        ValueError: It is none, or holds a password; the message never quotes it.
    """
    try:
        parts = conninfo_to_dict(text)
    except psycopg.Error:
        parts = {}
    if not parts or not text.startswith(("postgresql://", "postgres://")):
        raise ValueError("a cell's URL must be like postgresql://name@host:5432/database")
    if _SECRETS & parts.keys():
        raise ValueError(
            "a cell's URL must hold no password, for it is kept in the directory: "
            "put the password into libpq's password file (PGPASSFILE)"
        )
    return text


def login_of(url: str) -> str:
    """Who the application is at this address."""
    return str(conninfo_to_dict(url).get("user") or "ringledger")
