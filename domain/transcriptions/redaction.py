"""Finds card numbers in what was said, and puts a mark in their place. Pure.

A card number is 13 to 19 digits that pass the Luhn check (ISO/IEC 7812-1), however they are
written or said: together, in groups, as words, with whatever is no word or digit between. Of a
longer row of groups or words every part that could be one goes, so what is left holds none.

Not found: a number of which a word is missing or misheard; one that is said as hundreds or
thousands; one with another digit right beside it, which makes it another number; and one in a
language other than those of ``numerals``, unless it is written in digits.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from itertools import accumulate, pairwise
from typing import Final, NamedTuple

from domain.transcriptions.numerals import FILLERS, TENS, TIMES, words_of

MARK: Final = "[card number]"
LEAST, MOST = 13, 19
_TOKEN: Final = re.compile(r"\d+|[^\W\d_]+")
_DOUBLED: Final = (0, 2, 4, 6, 8, 1, 3, 5, 7, 9)
"""The digit sum of twice a digit."""


class Redacted(NamedTuple):
    """A text without card numbers, and how many were in it."""

    text: str
    cards: int = 0

    def __repr__(self) -> str:
        """Say how many, never what."""
        return f"Redacted(cards={self.cards})"


class _Piece(NamedTuple):
    """A part of a text that stands for digits."""

    start: int
    end: int
    digits: str


_Span = tuple[int, int]
_words_of: Final = lru_cache(64)(words_of)


def redacted(text: str, language: str | None = None) -> Redacted:
    """The text with a mark for each card number in it; ``language`` is a tag (BCP 47)."""
    return redacted_together([text], language)[0]


def redacted_together(texts: Sequence[str], language: str | None = None) -> list[Redacted]:
    """The same of texts that follow each other: a number may begin in one and end in another.

    It counts in each of them.
    """
    whole, starts = "\n".join(texts), [0, *accumulate(len(text) + 1 for text in texts)]
    spans = [span for run in _runs(whole, language) for span in _cards(run)]
    return [
        _cut(text, [(start - first, end - first) for start, end in spans])
        for text, first in zip(texts, starts, strict=False)
    ]


def is_cut_off(text: str, language: str | None = None) -> bool:
    """Whether a number may have begun before the text, or go on after it."""
    tokens = list(_pieces(text, language))
    return bool(tokens) and (tokens[0] is not None or tokens[-1] is not None)


def _cut(text: str, spans: Iterable[_Span]) -> Redacted:
    """Put the mark in the place of the spans, as far as they lie in the text."""
    parts: list[str] = []
    after = count = 0
    for start, end in spans:
        if end <= 0 or start >= len(text):
            continue
        parts += [text[after : max(start, 0)], MARK]
        after, count = min(end, len(text)), count + 1
    return Redacted("".join((*parts, text[after:])), count)


def _runs(text: str, language: str | None) -> Iterator[list[_Piece]]:
    """The pieces that follow each other, with no other word between."""
    run: list[_Piece] = []
    for piece in _pieces(text, language):
        if piece is not None:
            run.append(piece)
        elif run:
            yield run
            run = []
    if run:
        yield run


def _pieces(text: str, language: str | None) -> Iterator[_Piece | None]:
    """What stands for digits, in order; ``None`` for a word that does not, and ends a number."""
    words = _words_of(language)
    tokens = [match for match in _TOKEN.finditer(text) if not _is_filler(match[0], words)]
    skip = False
    for token, following in pairwise([*tokens, None]):
        if skip or token is None:
            skip = False
            continue
        word = token[0].casefold()
        digits = _digits(word, words)
        more = _digits(following[0].casefold(), words) if following else None
        start, end = token.span()
        together = _together(word, digits, more)
        if following and together:
            yield _Piece(start, following.end(), together)
            skip = True
        else:
            yield _Piece(start, end, digits) if digits else None


def _together(word: str, digits: str | None, more: str | None) -> str | None:
    """What two words are as one: *forty one*, *double four*."""
    if more is None or len(more) > 1:
        return None
    if digits and word in TENS and more != "0":
        return digits[0] + more
    return more * TIMES[word] if word in TIMES else None


def _is_filler(word: str, words: Iterable[str]) -> bool:
    folded = word.casefold()
    return folded in FILLERS and folded not in words


def _digits(word: str, words: Mapping[str, str]) -> str | None:
    if word[0].isdecimal():
        return "".join(str(int(sign)) for sign in word)
    return words.get(word)


def _cards(run: Sequence[_Piece]) -> Iterator[_Span]:
    """Where card numbers stand in a run; those that overlap are one."""
    reached: list[int] | None = None
    for first, last in _windows(run):
        if reached is not None and first <= reached[1]:
            reached[1] = max(reached[1], last)
            continue
        if reached is not None:
            yield run[reached[0]].start, run[reached[1]].end
        reached = [first, last]
    if reached is not None:
        yield run[reached[0]].start, run[reached[1]].end


def _windows(run: Sequence[_Piece]) -> Iterator[tuple[int, int]]:
    """The first and the last piece of all that could be a card number, by its beginning."""
    numbers = [int(digit) for piece in run for digit in piece.digits]
    bounds = [0, *accumulate(len(piece.digits) for piece in run)]
    # Whether a digit counts twice depends on how far from the end of its number it stands: so two
    # running sums, of which each part's is a difference, however long the run is.
    even = [0, *accumulate(d if n % 2 else _DOUBLED[d] for n, d in enumerate(numbers))]
    odd = [0, *accumulate(_DOUBLED[d] if n % 2 else d for n, d in enumerate(numbers))]
    for first, start in enumerate(bounds[:-1]):
        for last in range(first, min(first + MOST, len(run))):
            end = bounds[last + 1]
            sums = odd if end % 2 else even
            if LEAST <= end - start <= MOST and (sums[end] - sums[start]) % 10 == 0:
                yield first, last
