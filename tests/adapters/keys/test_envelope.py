"""What Twilio encrypted opens with the private key of the workspace, and with no other."""

import os
from base64 import b64encode
from itertools import pairwise
from typing import Final

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from envelopes import PRIVATE, STRANGER, encrypted
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.keys.envelope import Envelope, WrongKey
from domain.errors import IntegrityAlarm

AUDIO: Final = os.urandom(5_000)
SEALED, WRAPPED, NONCE = encrypted(AUDIO)


def opened(sealed: bytes, cuts: list[int]) -> bytes:
    """What comes out when it comes in in parts."""
    envelope = Envelope(PRIVATE, WRAPPED, NONCE)
    places = sorted({0, len(sealed), *(cut for cut in cuts if cut < len(sealed))})
    parts = [envelope.add(sealed[one:other]) for one, other in pairwise(places)]
    return b"".join([*parts, envelope.finish()])


@settings(deadline=None)  # an RSA key is slow on a busy machine
@given(st.lists(st.integers(0, len(SEALED)), max_size=20))
def test_it_opens_however_its_bytes_come_in(cuts: list[int]) -> None:
    """Its tag may come in two parts, too."""
    assert opened(SEALED, cuts) == AUDIO


def test_any_change_is_an_alarm() -> None:
    """A flipped bit, a missing end; of what came before that nobody may make use."""
    for changed in (
        SEALED[:100] + bytes([SEALED[100] ^ 1]) + SEALED[101:],
        SEALED[:-1] + bytes([SEALED[-1] ^ 1]),
        SEALED[:-1],
        SEALED[:15],
        b"",
    ):
        with pytest.raises(IntegrityAlarm):
            opened(changed, [50])


@pytest.mark.parametrize(
    ("private", "wrapped", "nonce"),
    [
        (STRANGER, WRAPPED, NONCE),
        ("", WRAPPED, NONCE),
        ("-----BEGIN PRIVATE KEY-----", WRAPPED, NONCE),
        (PRIVATE, "AAAA", NONCE),
        (PRIVATE, "not base64!", NONCE),
        (PRIVATE, WRAPPED, "A"),
        (PRIVATE, WRAPPED, ""),
    ],
    ids=["another", "none", "cut", "short", "no base64", "short nonce", "no nonce"],
)
def test_what_does_not_fit_says_so(private: str, wrapped: str, nonce: str) -> None:
    """Another key, no key, or no key in the envelope; and nothing of either is quoted."""
    with pytest.raises(WrongKey) as raised:
        Envelope(private, wrapped, nonce)
    assert str(raised.value) == ""


def test_it_is_what_twilio_documents() -> None:
    """AES-256-GCM, the tag at the end: what the guide's own few lines open."""
    key, nonce = os.urandom(32), os.urandom(12)
    sealed, wrapped, coded = encrypted(AUDIO, key, nonce)
    assert sealed == AESGCM(key).encrypt(nonce, AUDIO, None)
    assert coded == b64encode(nonce).decode()
    envelope = Envelope(PRIVATE, wrapped, coded)
    assert envelope.add(sealed) + envelope.finish() == AUDIO
