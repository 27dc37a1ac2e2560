"""Card numbers do not get past, however they are said; and little else is taken for one."""

import re
from itertools import combinations
from typing import Final

import pytest
from cards import completed, passes
from hypothesis import given
from hypothesis import strategies as st

from domain.transcriptions.numerals import DIGITS, FILLERS
from domain.transcriptions.redaction import (
    LEAST,
    MARK,
    MOST,
    is_cut_off,
    redacted,
    redacted_together,
)

VISA: Final = "4111111111111111"
WORDS: Final = {
    language: [words.split()[0] for words in digits] for language, digits in DIGITS.items()
}
GAPS: Final = ("", " ", "-", ". ", ", ", " \n", "\u00a0", "\u2013", " / ", "...", " uh ", " and ")


@st.composite
def cards(draw: st.DrawFn) -> str:
    """A number of any length that passes."""
    body = draw(st.text("0123456789", min_size=LEAST - 1, max_size=MOST - 1))
    return completed(body)


@st.composite
def said(draw: st.DrawFn, card: str, language: str = "en") -> str:
    """The number in digits and words, with whatever people put between."""
    signs = [draw(st.sampled_from((digit, f" {WORDS[language][int(digit)]} "))) for digit in card]
    gaps = [draw(st.sampled_from(GAPS)) for _ in signs]
    return "".join(sign + gap for sign, gap in zip(signs, gaps, strict=True)).strip()


@pytest.mark.parametrize(
    "text",
    [
        VISA,
        "4111 1111 1111 1111",
        "4111-1111-1111-1111",
        "4111.1111.1111.1111",
        "4111\u00a01111\u20131111\n1111",
        "5500005555555559",
        "340000000000009",
        "6011 0009 9013 9424",
        "four one one one, one one one one, one one one one, one one one one",
        "forty-one eleven eleven eleven eleven eleven eleven eleven",
        "four triple one, double one double one, one one one one one one one one",
        "4111 1111 uh 1111 and then 1111",
        "for 1 won one... 1111 1111 1111",
        "\u0664" + "\u0661" * 15,
    ],
)
def test_a_card_number_is_found_however_it_is_said(text: str) -> None:
    """In groups, in words, in pairs, doubled, with fillers between, in other digits."""
    found = redacted(f"It is {text}, thank you.")
    assert (found.text, found.cards) == (f"It is {MARK}, thank you.", 1)


@pytest.mark.parametrize(
    "text",
    [
        "Call me on +14705550190, extension 12.",
        "It was on 2026-03-02 at 13:58.",
        "I paid 1,250 euro for two of them.",
        "4111 1111 1111 1112",
        "5390075470341234",
        "24111111111111111",
        "four one one one",
        "One of the three is too late for me to wait.",
        "",
    ],
)
def test_what_is_no_card_number_stays(text: str) -> None:
    """Other numbers, and words that sound like one."""
    assert redacted(text).text == text


@pytest.mark.parametrize("language", DIGITS)
def test_digits_are_known_in_some_languages(language: str) -> None:
    """One by one, each by its word; English everywhere."""
    text = " ".join(WORDS[language][int(digit)] for digit in VISA)
    assert redacted(text, f"{language}-XX").text == MARK
    english = " ".join(WORDS["en"][int(digit)] for digit in VISA)
    assert redacted(english, f"{language}-XX").text == MARK


def test_a_language_that_is_not_known_hides_no_digits() -> None:
    """Words of it are not found; digits are, and English."""
    assert redacted(f"{VISA} kaksi", "fi").text == f"{MARK} kaksi"


def test_two_numbers_are_two() -> None:
    """With a word between them."""
    found = redacted(f"{VISA} or 5500005555555559")
    assert (found.text, found.cards) == (f"{MARK} or {MARK}", 2)


@given(st.data(), cards(), st.sampled_from(sorted(DIGITS)))
def test_no_card_number_is_left(data: st.DataObject, card: str, language: str) -> None:
    """Whichever it is, said in whichever way, between whatever else."""
    before, after = data.draw(st.tuples(st.text(max_size=20), st.text(max_size=20)))
    text = f"{before} {data.draw(said(card, language))} {after}"
    found = redacted(text, language)
    assert found.cards >= 1
    assert redacted(found.text, language) == (found.text, 0)
    assert card not in re.sub(r"\D", "", found.text.replace(MARK, "x"))


@given(st.lists(st.text("0123456789", min_size=1, max_size=8), max_size=12))
def test_nothing_that_is_left_passes(groups: list[str]) -> None:
    """Of any groups every row that could be a number is gone; the rest is as it was."""
    text = " ".join(groups)
    found = redacted(text).text
    for part in found.split(MARK):
        left = part.split()
        assert part in text
        for first, last in combinations(range(len(left) + 1), 2):
            digits = "".join(left[first:last])
            assert not (LEAST <= len(digits) <= MOST and passes(digits))
    assert MARK in found or found == text


@given(st.data(), cards())
def test_a_number_that_is_cut_off_is_found_in_its_neighbours(
    data: st.DataObject, card: str
) -> None:
    """Wherever it is cut, and however often; what else they say stays."""
    cuts = sorted(data.draw(st.sets(st.integers(1, len(card) - 1), min_size=1, max_size=3)))
    parts = [card[a:b] for a, b in zip([0, *cuts], [*cuts, len(card)], strict=True)]
    texts = [f"It is {parts[0]}", *parts[1:-1], f"{parts[-1]} thank you"]
    found = redacted_together(texts)
    assert [one.text for one in found] == [
        f"It is {MARK}",
        *[MARK] * len(parts[1:-1]),
        f"{MARK} thank you",
    ]
    assert all(one.cards == 1 for one in found)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("and it is 4111 1111", True),
        ("1111, thank you", True),
        ("uh, one one", True),
        ("I have 2 of them here", False),
        ("Hello?", False),
        ("", False),
    ],
)
def test_where_a_number_may_go_on(text: str, expected: bool) -> None:  # noqa: FBT001 - a parameter
    """At the beginning of what was said, or at its end."""
    assert is_cut_off(text) is expected


def test_a_long_text_takes_no_long_time() -> None:
    """As many steps for each digit, however many there are: nobody can make us wait."""
    assert redacted(f"{VISA} " * 10_000).cards >= 1


def test_no_filler_is_a_digit() -> None:
    """Else one of the two would be lost."""
    assert not FILLERS & {word for words in DIGITS["en"] for word in words.split()}


def test_what_was_redacted_prints_nothing() -> None:
    """Neither the text nor what was in it."""
    assert repr(redacted(f"my secret {VISA}")) == "Redacted(cards=1)"
