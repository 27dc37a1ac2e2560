"""Signed receipts: genuine or not, to the last bit, with the public key alone."""

import json
from pathlib import Path
from typing import Any

import pytest

from adapters.keys.receipt_key import (
    NotGenuine,
    ReceiptKey,
    canonical,
    create,
    key_id_of,
    read,
    verify,
)
from domain.errors import KeyStoreUnavailable

DOCUMENT: dict[str, Any] = {
    "state": "partial",
    "answers": [{"store": "keys", "count": 1, "until": None}],
    "subject_id": "0b9b5f0a-2f0e-4c57-9d84-6f0f0d6a1c11",
}


@pytest.fixture
def key(tmp_path: Path) -> ReceiptKey:
    """A new key."""
    create(tmp_path / "receipts.key")
    return read(tmp_path / "receipts.key")


def _keys(*keys: ReceiptKey) -> dict[str, str]:
    return {key.key_id: key.public for key in keys}


def test_what_was_signed_is_genuine(key: ReceiptKey, tmp_path: Path) -> None:
    """With this key among others, and however it is printed."""
    create(tmp_path / "other.key")
    keys = _keys(read(tmp_path / "other.key"), key)
    text = key.sign(DOCUMENT)
    assert verify(text, keys) == {**DOCUMENT, "signed_with": key.key_id}
    printed = json.dumps(dict(reversed(json.loads(text).items())), indent=4)
    assert verify(printed.encode() + b"\n", keys) == verify(text, keys)


def test_every_single_bit_counts(key: ReceiptKey) -> None:
    """Whichever is changed, of the document, of its signature or of its key's name."""
    text, keys = key.sign(DOCUMENT), _keys(key)
    for place in range(len(text) * 8):
        changed = bytearray(text)
        changed[place // 8] ^= 1 << place % 8
        with pytest.raises(NotGenuine):
            verify(bytes(changed), keys)


def test_another_key_is_not_this_one(key: ReceiptKey, tmp_path: Path) -> None:
    """Neither one that we were not given, nor one under this one's name."""
    create(tmp_path / "other.key")
    other = read(tmp_path / "other.key")
    text = key.sign(DOCUMENT)
    with pytest.raises(NotGenuine, match="unknown_key"):
        verify(text, _keys(other))
    with pytest.raises(NotGenuine, match="signature"):
        verify(text, {key.key_id: other.public})


@pytest.mark.parametrize("text", [b"", b"{", b"[]", b"7", b'{"a":1}', b'{"signature":1}', b"\xff"])
def test_what_is_no_receipt_is_not_genuine(text: bytes, key: ReceiptKey) -> None:
    """Anything may be handed in."""
    with pytest.raises(NotGenuine):
        verify(text, _keys(key))


def test_the_form_that_is_signed() -> None:
    """Keys sorted at every depth, no blanks, letters as they are: RFC 8785, section 3."""
    document = {"b": [1, {"d": None, "c": "\u20ac"}], "a": True}
    assert canonical(document) == '{"a":true,"b":[1,{"c":"€","d":null}]}'.encode()


def test_the_key_is_its_owners_and_stays(tmp_path: Path) -> None:
    """A file of its own that only its owner reads; made once."""
    path = tmp_path / "home" / "receipts.key"
    create(path)
    assert path.stat().st_mode & 0o777 == 0o600
    first = path.read_bytes()
    create(path)
    assert path.read_bytes() == first


@pytest.mark.parametrize("text", [None, "", "AAAA", "not base64"])
def test_a_key_that_cannot_be_had_is_an_error(text: str | None, tmp_path: Path) -> None:
    """The message names the file and never what is in it."""
    path = tmp_path / "receipts.key"
    if text is not None:
        path.write_text(text)
    with pytest.raises(KeyStoreUnavailable, match=r"receipts\.key"):
        read(path)


def test_a_public_key_of_rfc_8032() -> None:
    """What the world knows of Ed25519 holds here: section 7.1, test 2, by RFC 8037's encoding."""
    public = "PUAXw-hDiVqStwqnTRt-vJyYLM8uxJaMwM1V8Sr0Zgw"
    assert len(key_id_of(public)) == 16
    with pytest.raises(ValueError, match="32 bytes"):
        key_id_of("AAAA")


def test_a_key_as_the_world_has_it(key: ReceiptKey) -> None:
    """A JSON Web Key, with nothing private in it."""
    jwk = key.as_jwk()
    assert (jwk["kty"], jwk["crv"], jwk["kid"]) == ("OKP", "Ed25519", key_id_of(jwk["x"]))
    assert "d" not in jwk
