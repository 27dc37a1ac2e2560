"""Reads the From and To of a call: what kind of party stands there, and how to find it again.

Twilio gives E.164 "if possible" and otherwise whatever the network showed, so nothing is refused
and the raw text is kept as it came. A lookup is the one spelling by which the same party is found
again. A withheld number has none: two anonymous callers are two people.

Numbers are judged by their shape alone. `phonenumbers` would know more, at many times the cost,
but its tables change between releases, and a lookup that changes loses its data subject.
"""

import re
from enum import StrEnum
from typing import Final, NamedTuple

_E164: Final = re.compile(r"\+[1-9][0-9]{6,14}")
_DIALLED: Final = re.compile(r"\+?[0-9]+")
_SHORT_CODE: Final = re.compile(r"[0-9]{3,6}")
_LINK: Final = re.compile(
    r"(client|sips?|sim|whatsapp|tel):(.+)", re.IGNORECASE | re.ASCII | re.DOTALL
)
_SIP: Final = re.compile(
    r"(?P<login>[^@:]+)(?::[^@]*)?@(?P<host>\[[^\s\]]*\]|[^\s:;?\[\]]+)(?:[\s:;?].*)?", re.DOTALL
)
# What people write inside a number; "(0)" is the trunk digit that is not dialled from abroad.
_PUNCTUATION: Final = re.compile(r"\(0\)|[\s()./\-\u2010-\u2015]")

# "anonymous", "unknown" and "other descriptions" is all that Twilio promises.
_WITHHELD_WORDS: Final = frozenset(
    (
        *("anonymous", "blocked", "hidden", "private", "restricted", "unavailable", "unknown"),
        *("anonymouscaller", "callerunknown", "nocallerid", "nonumber", "notavailable"),
        *("outofarea", "privatecaller", "privatenumber", "unknowncaller", "unknownnumber"),
        "withheld",
    )
)
# The same words as letters on a dial pad (RESTRICTED in two spellings), and +464, whose meaning
# nobody gives. None of them can be a subscriber's number.
_WITHHELD_NUMBERS: Final = frozenset(
    ("+266696687", "+7378742883", "+7378742833", "+2562533", "+8656696", "+86282452253", "+464")
)


class AddressKind(StrEnum):
    """What stands in From or To."""

    e164 = "e164"
    withheld = "withheld"
    client = "client"
    sip = "sip"
    sim = "sim"
    whatsapp = "whatsapp"
    short_code = "short_code"
    other = "other"


class Address(NamedTuple):
    """One party as Twilio named it. Only the kind is shown when printed."""

    raw: str
    kind: AddressKind
    lookup: str | None

    def __repr__(self) -> str:
        """Say what stands there, not who."""
        return f"Address(kind={self.kind!r})"


def read_address(raw: str | None) -> Address | None:
    """Classify the text of a From or To; None where there is none. Any text is answered."""
    if raw is None or not raw.strip():
        return None
    return Address(raw, *_classify(raw))


def lookup_of(number: str) -> str | None:
    """Answer the lookup of what somebody typed or pasted, None if it names no one.

    Always what `read_address` gives the same text, so that whoever called can be found.
    """
    address = read_address(number)
    return address.lookup if address else None


def _classify(raw: str) -> tuple[AddressKind, str | None]:
    if _E164.fullmatch(raw) and raw not in _WITHHELD_NUMBERS:  # Nearly always.
        return AddressKind.e164, f"tel:{raw}"
    text = raw.strip()
    if link := _LINK.fullmatch(text):
        return _classify_link(link[1].lower(), link[2], text)
    number = _dialled(raw)
    if number is not None:
        return _classify_number(number)
    return (AddressKind.withheld, None) if _is_withheld(text) else _other(text)


def _dialled(raw: str) -> str | None:
    """Strip a number to what is dialled, None if it is none.

    "00" stands for "+", and so does a space that begins the text: a "+" in a URL decodes to it.
    """
    text = "+" + raw[1:] if raw[:1] == " " and raw[1:2].isdigit() else raw
    number = text if _E164.fullmatch(text) else _PUNCTUATION.sub("", text)
    if not _DIALLED.fullmatch(number):
        return None
    return "+" + number[2:] if number.startswith("00") else number


def _is_withheld(text: str) -> bool:
    word = "".join(filter(str.isalnum, text)).lower()
    return not word or word in _WITHHELD_WORDS or text in _WITHHELD_NUMBERS


def _classify_number(number: str) -> tuple[AddressKind, str | None]:
    if _is_withheld(number):
        return AddressKind.withheld, None
    if _E164.fullmatch(number):
        return AddressKind.e164, f"tel:{number}"
    if _SHORT_CODE.fullmatch(number):
        return AddressKind.short_code, f"short:{number}"
    return _other(number)


def _classify_link(scheme: str, name: str, text: str) -> tuple[AddressKind, str | None]:
    match scheme:
        case "client" | "sim":
            return AddressKind(scheme), f"{scheme}:{name}"
        case "sip" | "sips":
            return _classify_sip(name)
        case "whatsapp":
            return _classify_whatsapp(name)
        case _:  # A tel: link, whose parameters (RFC 3966) name no other party.
            number = _dialled(name.partition(";")[0])
            return _other(text) if number is None else _classify_number(number)


def _classify_whatsapp(name: str) -> tuple[AddressKind, str | None]:
    """The phone's own lookup where there is a phone; Twilio also sends ids without any."""
    number = _dialled(name)
    if number is not None and _E164.fullmatch(number):
        return AddressKind.whatsapp, f"tel:{number}"
    return AddressKind.whatsapp, f"whatsapp:{name}"


def _classify_sip(name: str) -> tuple[AddressKind, str | None]:
    """A host alone, or the anonymous caller of RFC 3323, names no party."""
    party = _SIP.fullmatch(name)
    if party is None or _is_withheld(party["login"]):
        return AddressKind.withheld, None
    return AddressKind.sip, f"sip:{party['login']}@{party['host'].lower()}"


def _other(text: str) -> tuple[AddressKind, str | None]:
    return AddressKind.other, f"other:{text}"
