"""The words by which people say the digits of a number, language by language. Data, and no more.

English knows also how they are said in pairs and doubled; the other languages know the ten digits.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

DIGITS: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {
        "de": (
            "null",
            "eins",
            "zwei zwo",
            "drei",
            "vier",
            "fünf",
            "sechs",
            "sieben",
            "acht",
            "neun",
        ),
        "en": (
            *("zero oh o nought", "one won", "two to too", "three", "four for", "five", "six"),
            *("seven", "eight ate", "nine"),
        ),
        "es": (
            "cero",
            "uno una",
            "dos",
            "tres",
            "cuatro",
            "cinco",
            "seis",
            "siete",
            "ocho",
            "nueve",
        ),
        "fr": ("zéro", "un une", "deux", "trois", "quatre", "cinq", "six", "sept", "huit", "neuf"),
        "it": ("zero", "uno", "due", "tre", "quattro", "cinque", "sei", "sette", "otto", "nove"),
        "nl": ("nul", "een één", "twee", "drie", "vier", "vijf", "zes", "zeven", "acht", "negen"),
        "pt": (
            "zero",
            "um uma",
            "dois duas",
            "três",
            "quatro",
            "cinco",
            "seis meia",
            "sete",
            "oito",
            "nove",
        ),
    }
)
"""Zero to nine; several words of one digit stand together. English has what a machine writes down
for them: *to*, *for* and *ate* sound alike."""

TEENS: Final = (
    *("ten", "eleven", "twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen"),
    *("eighteen", "nineteen"),
)
TENS: Final = ("twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")
TIMES: Final[Mapping[str, int]] = MappingProxyType({"double": 2, "triple": 3, "treble": 3})

FILLERS: Final = frozenset(
    (
        *("and", "then", "uh", "um", "er", "erm", "ah", "hm", "okay", "ok", "yes", "yeah"),
        *("dash", "hyphen", "space", "dot", "point", "comma", "minus"),
    )
)
"""Words between digits that end no number."""


def words_of(language: str | None) -> Mapping[str, str]:
    """Each word that is a digit or two, in English and in the language of this tag (BCP 47)."""
    primary = (language or "en").partition("-")[0].lower()
    found = dict(_ENGLISH)
    for digit, words in enumerate(DIGITS.get(primary, ())):
        found |= dict.fromkeys(words.split(), str(digit))
    return found


_ENGLISH: Final = {
    **{word: str(digit) for digit, words in enumerate(DIGITS["en"]) for word in words.split()},
    **{word: str(number) for number, word in enumerate(TEENS, 10)},
    **{word: f"{number}0" for number, word in enumerate(TENS, 2)},
}
