"""The checks of the demo's three callers: silent about what went right, and each can fail."""

import wave
from dataclasses import replace
from io import BytesIO
from typing import Any

import pytest

from api.demo.exchange import two_tones
from api.demo.recording import STORIES, Outcome, check_recorded

AGREES, REFUSES, OBJECTS = STORIES
KEPT: dict[str, Any] = {
    "tracks": ["audible", "audible"],
    "forbidden": None,
    "provider_copy": "kept",
    "fetch_failure": None,
}
GONE = {**KEPT, "tracks": [], "forbidden": "objection", "provider_copy": "deleted"}
RIGHT = [
    Outcome(AGREES, "1", [KEPT], "given", ["RE1"]),
    Outcome(REFUSES, "2", [], "refused", []),
    Outcome(OBJECTS, "3", [GONE], "withdrawn", []),
]


def test_what_is_right_is_not_complained_of() -> None:
    """All three as they should be."""
    assert list(check_recorded(RIGHT)) == []


@pytest.mark.parametrize(
    "wrong",
    [
        replace(RIGHT[0], recordings=[]),
        replace(RIGHT[0], recordings=[{**KEPT, "tracks": []}]),
        replace(RIGHT[0], consent="asked"),
        replace(RIGHT[1], recordings=[GONE]),
        replace(RIGHT[1], consent="given"),
        replace(RIGHT[2], recordings=[KEPT]),
        replace(RIGHT[2], recordings=[{**GONE, "provider_copy": "asked"}]),
        replace(RIGHT[2], left_at_provider=["RE3"]),
    ],
)
def test_what_is_wrong_is_named(wrong: Outcome) -> None:
    """By what the caller did, and by no number."""
    (first, *_) = list(check_recorded([wrong]))
    assert wrong.story.title in first
    assert "+44" not in first


def test_the_exchange_has_two_channels() -> None:
    """As what Twilio records of two."""
    with wave.open(BytesIO(two_tones())) as audio:
        assert (audio.getnchannels(), audio.getframerate(), audio.getnframes()) == (2, 8000, 16000)
