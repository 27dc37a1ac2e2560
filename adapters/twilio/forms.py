"""Reads a form body once, for its signature and for its meaning.

A server reads thousands of these a second, so the common form (nothing repeated, nothing escaped
but a telephone number and a time) is read without a call per field.
"""

from collections.abc import Sequence
from typing import Final
from urllib.parse import unquote_to_bytes

MAX_FIELDS: Final = 1000

_SPELLINGS: Final = (("+", " "), ("%2B", "+"), ("%3A", ":"), ("%2C", ","))
"""What numbers and times are escaped to. These may be read before the form is split: none of
their characters ends a name or a value, or is a part of another escape."""

Fields = Sequence[tuple[str, str]]
"""Names and values, in order and with their repeats."""


class FormError(ValueError):
    """The body is no form we read; the message never quotes it."""


class NotUnderstood(Exception):  # noqa: N818 - not ours to call an error: the form was genuine
    """The callback cannot be understood; ``code`` says why and never holds a value."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class Form:
    """The fields of a form, and each one's value by its name."""

    __slots__ = ("fields", "values")

    def __init__(self, fields: Fields) -> None:
        self.fields = fields
        self.values: dict[str, str] = dict(fields)
        if len(self.values) < len(fields):
            disputed = {name for name, value in fields if value != self.values[name]}
            self.values = _Disputed(self.values, disputed) if disputed else self.values


class _Disputed(dict[str, str]):
    """Values some of which were given twice, and not alike: whoever asks for one hears of it."""

    def __init__(self, values: dict[str, str], disputed: set[str]) -> None:
        super().__init__(values)
        self._disputed = disputed

    def get(self, name: str, default: str = "") -> str:  # type: ignore[override]  # only texts here
        if name in self._disputed:  # Whichever we chose, the sender may have meant the other.
            raise NotUnderstood("repeated_field")
        return super().get(name, default)


def parse_form(body: bytes) -> list[tuple[str, str]]:
    """Read a form body as Twilio signs it: order, repeats and blank values kept, UTF-8 strict."""
    if body.count(b"&") >= MAX_FIELDS:
        raise FormError(f"the form has more than {MAX_FIELDS} fields")
    try:
        text = body.decode()
        for spelt, meant in _SPELLINGS:
            text = text.replace(spelt, meant)
        pairs = [part.partition("=") for part in text.split("&") if part]
        if "%" not in text:
            return [(name, value) for name, _, value in pairs]
        return [(_unquoted(name), _unquoted(value)) for name, _, value in pairs]
    except UnicodeDecodeError:
        pass
    # Raised out here, because the exception above carries the body along.
    raise FormError("the form is not UTF-8")


def _unquoted(text: str) -> str:
    return unquote_to_bytes(text).decode() if "%" in text else text
