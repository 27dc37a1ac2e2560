"""The environment, read once into one frozen object, or refused in one line.

Plain pydantic rather than a settings library: such a library reads the process environment behind
our back and lets a misspelt variable pass in silence.
"""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Final
from urllib.parse import urlsplit

import psycopg
from psycopg.conninfo import conninfo_to_dict
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr, ValidationError

PREFIX: Final = "RINGLEDGER_"


class SettingsError(Exception):
    """The environment is refused; the message names the variable and what it must be."""


def _database(url: SecretStr) -> SecretStr:
    """Accept what libpq can read as a URL; its own message would quote the password."""
    try:
        conninfo_to_dict(url.get_secret_value())
    except psycopg.Error:
        raise ValueError from None
    if not url.get_secret_value().startswith(("postgresql://", "postgres://")):
        raise ValueError
    return url


def _public(url: str) -> str:
    """Accept what a signature can be checked against: an origin, a prefix, no more."""
    parts = urlsplit(url)
    plain = parts.scheme in {"http", "https"} and parts.hostname and parts.port != 0
    extra = "?" in url or "#" in url or "@" in parts.netloc or url.endswith("/")
    if not plain or extra or not url.isascii() or not url.isprintable() or " " in url:
        raise ValueError
    return url


def _loopback(url: str) -> str:
    """Accept an address on this machine: a workspace's secrets go there."""
    if urlsplit(_public(url)).hostname not in {"127.0.0.1", "localhost", "::1"}:
        raise ValueError
    return url


def _objects(url: str) -> str:
    """Accept a bucket and a prefix in it; what opens it is none of the URL's business."""
    parts = urlsplit(url)
    extra = "?" in url or "#" in url or "@" in parts.netloc
    if parts.scheme not in {"s3", "gs", "az"} or not parts.netloc or extra:
        raise ValueError
    return url


def _master_key(url: str) -> str:
    """Accept what names a key in a key service; what opens it is none of the URL's business."""
    parts = urlsplit(url)
    extra = "?" in url or "#" in url or parts.netloc
    if parts.scheme not in {"awskms", "vault"} or not parts.path.strip("/") or extra:
        raise ValueError
    return url


DatabaseUrl = Annotated[SecretStr, AfterValidator(_database)]
PublicUrl = Annotated[str, AfterValidator(_public)]
LoopbackUrl = Annotated[str, AfterValidator(_loopback)]
ObjectsUrl = Annotated[str, AfterValidator(_objects)]
MasterKeyUrl = Annotated[str, AfterValidator(_master_key)]


def _directory(path: Path) -> Path:
    """Accept what is a directory or can become one."""
    if path.exists() and not path.is_dir():
        raise ValueError
    return path.absolute()


class Settings(BaseModel):
    """What the environment decides, each field under `RINGLEDGER_` and its name in capitals."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    database_url: DatabaseUrl | None = None
    """The application's database; unset, the embedded PostgreSQL under `home` is used."""

    migration_url: DatabaseUrl | None = None
    """The same database for a role that may create schemas; unset, it is `database_url`."""

    home: Annotated[Path, AfterValidator(_directory)] = Field(
        default=Path(".ringledger"), validate_default=True
    )
    """Holds the embedded database, the master key and recordings."""

    public_url: PublicUrl | None = None
    """What the provider calls us by, when a proxy stands before us: its signatures cover it."""

    twilio_api_url: LoopbackUrl | None = None
    """A stand-in for Twilio's REST API, on this machine and nowhere else."""
    objects_url: ObjectsUrl | None = None
    """Where recordings' sealed audio lies; unset, it is a folder under `home`."""

    master_key: MasterKeyUrl | None = None
    """The key service that holds the master keys; unset, they are in a file under `home`."""
    erasure_ledger: Annotated[Path, AfterValidator(_directory)] | None = None
    """The folder of the erasure ledgers, apart from every backup; unset, it is under `home`."""

    cells: int = Field(default=1, ge=1, le=64)
    """How many cells there are at first; a lower number later takes none away."""

    @property
    def master_key_file(self) -> Path:
        """Where the master key lies when no key service holds it."""
        return self.home / "master.key"

    @property
    def receipt_key_file(self) -> Path:
        """Where the key lies that signs receipts."""
        return self.home / "receipts.key"

    @property
    def erasure_ledgers(self) -> Path:
        """Where each cell's erasure ledger lies."""
        return self.erasure_ledger or self.home / "erasures"

    @property
    def objects_folder(self) -> Path:
        """Where sealed audio lies when no store holds it."""
        return self.home / "objects"

    @property
    def cell_schemas(self) -> tuple[str, ...]:
        """The schemas of the cells, in order."""
        return tuple(f"cell_{number}" for number in range(1, self.cells + 1))


def load(environ: Mapping[str, str] | None = None) -> Settings:
    """Read the settings, or raise `SettingsError` with one line for whoever set them.

    Args:
        environ: Read instead of the process environment.
    """
    given = _ours(os.environ if environ is None else environ)
    if "database_url" in given:
        given.setdefault("migration_url", given["database_url"])
    elif "migration_url" in given:
        raise SettingsError(
            f"{PREFIX}MIGRATION_URL needs {PREFIX}DATABASE_URL: set both or neither"
        )
    try:
        return Settings.model_validate(given)
    except ValidationError as error:
        # The first line of many is enough, and says what is expected, never what was given:
        # a URL holds a password.
        field = str(error.errors()[0]["loc"][0])
        raise SettingsError(f"{_variable(field)} must be {_EXPECTED[field]}") from None


def _variable(field: str) -> str:
    """Name the variable behind a field."""
    return f"{PREFIX}{field.upper()}"


_EXPECTED: Final = {
    "database_url": "a URL like postgresql://name:password@host:5432/database",
    "migration_url": "a URL like postgresql://name:password@host:5432/database",
    "home": "the path of a directory, or of one that can be made",
    "public_url": "scheme://host[:port][/prefix], with no query and no slash at the end",
    "twilio_api_url": "scheme://host[:port] on this machine: it is for a stand-in",
    "objects_url": "the URL of a bucket, like s3://bucket/prefix, with no keys in it",
    "master_key": "awskms:///alias/name or vault:///mount/name, with no keys in it",
    "erasure_ledger": "the path of a directory, or of one that can be made",
    "cells": "a whole number from 1 to 64",
}
_FIELDS: Final = {_variable(field): field for field in Settings.model_fields}


def _ours(environ: Mapping[str, str]) -> dict[str, str]:
    """Pick our variables by field, refusing one that is unknown or empty."""
    given: dict[str, str] = {}
    for name, value in environ.items():
        if not name.upper().startswith(PREFIX):
            continue
        if name not in _FIELDS:
            raise SettingsError(f"{name} is not a setting: there are {', '.join(_FIELDS)}")
        if not value.strip():
            raise SettingsError(f"{name} is empty: unset it, or give {_EXPECTED[_FIELDS[name]]}")
        given[_FIELDS[name]] = value
    return given
