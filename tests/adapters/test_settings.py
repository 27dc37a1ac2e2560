"""Settings: complete or refused, in one line that names the variable and keeps the secret."""

from pathlib import Path

import pytest
from pydantic import ValidationError

from adapters.settings import SettingsError, load

_URL = "postgresql://app:hunter2@db.example.org:5432/ringledger?sslmode=verify-full"


def test_nothing_set_means_the_embedded_database(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without any variable everything lies under `.ringledger` where the program was started."""
    monkeypatch.chdir(tmp_path)
    settings = load({"PATH": "/usr/bin"})
    assert settings.database_url is None
    assert settings.migration_url is None
    assert settings.public_url is None
    assert settings.objects_url is None
    assert settings.objects_folder == tmp_path / ".ringledger/objects"
    assert settings.home == tmp_path / ".ringledger"
    assert settings.master_key_file == tmp_path / ".ringledger/master.key"
    assert settings.cell_schemas == ("cell_1",)


def test_the_process_environment_is_the_default(monkeypatch: pytest.MonkeyPatch) -> None:
    """Unless told otherwise the settings come from the process environment."""
    monkeypatch.setenv("RINGLEDGER_CELLS", "3")
    assert load().cell_schemas == ("cell_1", "cell_2", "cell_3")


def test_everything_set(tmp_path: Path) -> None:
    """Each variable reaches its field."""
    settings = load(
        {
            "RINGLEDGER_DATABASE_URL": _URL,
            "RINGLEDGER_MIGRATION_URL": "postgres://owner@db.example.org/ringledger",
            "RINGLEDGER_HOME": str(tmp_path),
            "RINGLEDGER_PUBLIC_URL": "https://calls.example.org:8443/hooks",
            "RINGLEDGER_TWILIO_API_URL": "http://127.0.0.1:8080",
            "RINGLEDGER_OBJECTS_URL": "s3://recordings/sealed",
            "RINGLEDGER_MASTER_KEY": "vault:///transit/ringledger",
            "RINGLEDGER_CELLS": "64",
        }
    )
    assert settings.database_url
    assert settings.database_url.get_secret_value() == _URL
    assert settings.migration_url
    assert settings.migration_url.get_secret_value().startswith("postgres://owner@")
    assert settings.public_url == "https://calls.example.org:8443/hooks"
    assert settings.twilio_api_url == "http://127.0.0.1:8080"
    assert settings.objects_url == "s3://recordings/sealed"
    assert settings.master_key == "vault:///transit/ringledger"
    assert settings.home == tmp_path
    assert len(settings.cell_schemas) == 64


def test_migrations_use_the_same_database_unless_told_otherwise() -> None:
    """One URL is enough where the application may create its own schemas."""
    settings = load({"RINGLEDGER_DATABASE_URL": _URL})
    assert settings.migration_url == settings.database_url


def test_settings_do_not_change_and_do_not_tell() -> None:
    """The object is frozen, and printing it shows no password."""
    settings = load({"RINGLEDGER_DATABASE_URL": _URL})
    with pytest.raises(ValidationError):
        settings.cells = 2  # type: ignore[misc] # what is forbidden here
    assert "hunter2" not in f"{settings!r} {settings}"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("RINGLEDGER_DATABASE_URL", ""),
        ("RINGLEDGER_DATABASE_URL", "mysql://app:hunter2@db/ringledger"),
        ("RINGLEDGER_DATABASE_URL", "host=db password=hunter2"),
        ("RINGLEDGER_DATABASE_URL", "postgresql://app:hunter2@db/ringledger?colour=red"),
        ("RINGLEDGER_DATABASE_URL", "postgresql://app:hunter2@[db/ringledger"),
        ("RINGLEDGER_MIGRATION_URL", _URL),
        ("RINGLEDGER_HOME", " "),
        ("RINGLEDGER_HOME", __file__),
        ("RINGLEDGER_PUBLIC_URL", "calls.example.org"),
        ("RINGLEDGER_PUBLIC_URL", "ftp://calls.example.org"),
        ("RINGLEDGER_PUBLIC_URL", "https://"),
        ("RINGLEDGER_PUBLIC_URL", "https://calls.example.org/"),
        ("RINGLEDGER_PUBLIC_URL", "https://calls.example.org/a?"),
        ("RINGLEDGER_PUBLIC_URL", "https://calls.example.org/#a"),
        ("RINGLEDGER_PUBLIC_URL", "https://app:hunter2@calls.example.org"),
        ("RINGLEDGER_PUBLIC_URL", "https://calls.example.org:99999"),
        ("RINGLEDGER_PUBLIC_URL", "https://calls.example.org/a b"),
        ("RINGLEDGER_TWILIO_API_URL", "https://api.twilio.com"),
        ("RINGLEDGER_TWILIO_API_URL", "http://127.0.0.1.example.org"),
        ("RINGLEDGER_TWILIO_API_URL", "http://127.0.0.1@example.org"),
        ("RINGLEDGER_OBJECTS_URL", "recordings"),
        ("RINGLEDGER_OBJECTS_URL", "https://recordings.s3.amazonaws.com"),
        ("RINGLEDGER_OBJECTS_URL", "s3://"),
        ("RINGLEDGER_OBJECTS_URL", "s3://key:hunter2@recordings"),
        ("RINGLEDGER_OBJECTS_URL", "s3://recordings?secret=hunter2"),
        ("RINGLEDGER_MASTER_KEY", "master.key"),
        ("RINGLEDGER_MASTER_KEY", "vault://"),
        ("RINGLEDGER_MASTER_KEY", "vault:///transit/ringledger?token=hunter2"),
        ("RINGLEDGER_MASTER_KEY", "vault://root:hunter2@vault/transit/ringledger"),
        ("RINGLEDGER_MASTER_KEY", "awskms:///"),
        ("RINGLEDGER_CELLS", "0"),
        ("RINGLEDGER_CELLS", "65"),
        ("RINGLEDGER_CELLS", "1.5"),
        ("RINGLEDGER_CELLS", "many"),
        ("RINGLEDGER_CELL", "2"),
        ("ringledger_cells", "2"),
    ],
)
def test_what_cannot_be_served_from_is_refused(name: str, value: str) -> None:
    """One line names the variable and what it must be, and repeats no password."""
    with pytest.raises(SettingsError) as refusal:
        load({name: value})
    line = str(refusal.value)
    assert line.startswith(name)
    assert "\n" not in line
    assert "hunter2" not in line
    assert refusal.value.__cause__ is None
    assert refusal.value.__suppress_context__ or refusal.value.__context__ is None
