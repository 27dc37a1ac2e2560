"""Card numbers for tests: whether a number passes, and one that does."""

import secrets


def passes(digits: str) -> bool:
    """The Luhn check, digit by digit from the last on, as ISO/IEC 7812-1 tells it."""
    total = 0
    for place, digit in enumerate(reversed(digits)):
        doubled = int(digit) * 2 if place % 2 else int(digit)
        total += doubled - 9 if doubled > 9 else doubled
    return total % 10 == 0


def completed(digits: str) -> str:
    """The number that begins so, with the digit that makes it pass."""
    return next(digits + last for last in "0123456789" if passes(digits + last))


def random_card() -> str:
    """A number that lies nowhere yet."""
    return completed(f"4{secrets.randbelow(10**14):014d}")
