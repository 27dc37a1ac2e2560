"""What a cell may be called and where it may lie."""

import pytest

from adapters.cells.place import cell_name, cell_url


@pytest.mark.parametrize(
    "name", ["", "Cell", "1st", "a b", "a;b", "public", "directory", "pg_cell", "é", "a" * 41]
)
def test_a_name_that_cannot_be_a_schema_is_refused(name: str) -> None:
    """Whatever would need quoting, or is somebody else's."""
    with pytest.raises(ValueError, match="a cell's name is"):
        cell_name(name)


def test_a_plain_name_is_taken() -> None:
    """Letters, digits and underscores."""
    assert cell_name("eu_west_2") == "eu_west_2"


@pytest.mark.parametrize("url", ["", "host=db", "http://db/x", "postgresql://[", "cell_1"])
def test_an_address_is_a_url(url: str) -> None:
    """Nothing else, and the message says how one looks."""
    with pytest.raises(ValueError, match="postgresql://name@host"):
        cell_url(url)


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://me:hush@db/x",
        "postgres://db/x?password=hush",
        "postgresql://db?sslpassword=hush",
    ],
)
def test_a_password_does_not_get_into_the_directory(url: str) -> None:
    """It is refused and not repeated; the message says where it belongs."""
    with pytest.raises(ValueError, match="PGPASSFILE") as refusal:
        cell_url(url)
    assert "hush" not in str(refusal.value)


def test_an_address_without_a_password_is_taken() -> None:
    """As it is written."""
    assert cell_url("postgresql://app@db:5432/x?sslmode=require").endswith("sslmode=require")
