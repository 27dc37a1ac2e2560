"""Where a party of a call is taken to be, for the table of jurisdictions.

By the number's country, as the numbering plans have it; within the United States by the state that
Twilio gives for the number. Of a mobile neither is where its owner stands at the moment. Whoever
has no number is unknown, and an unknown place is the strictest.
"""

import re
from collections.abc import Mapping
from typing import Any, Final

import phonenumbers

from adapters.twilio.addresses import AddressKind, read_address

_STATE: Final = re.compile(r"[A-Z]{2}")
_IN_PARTS: Final = frozenset({"US"})
"""Countries whose parts have laws of their own."""


def place_of(party: Mapping[str, Any]) -> str | None:
    """The place of a party as a callback names it: ``BE``, ``US-CA``, or ``None``."""
    country = country_of(str(party.get("address", "")))
    state = str(party.get("state", ""))
    if country in _IN_PARTS and party.get("country") == country and _STATE.fullmatch(state):
        return f"{country}-{state}"
    return country


def country_of(number: str, home: str | None = None) -> str | None:
    """The country that a number belongs to; an agent of the workspace without one is at home."""
    address = read_address(number)
    if address is None or address.kind in (AddressKind.withheld, AddressKind.other):
        return None
    if address.kind in (AddressKind.client, AddressKind.sip):
        return home
    try:
        parsed = phonenumbers.parse((address.lookup or "").removeprefix("tel:"))
    except phonenumbers.NumberParseException:
        return None
    region: str | None = phonenumbers.region_code_for_number(parsed)
    return region if region and region.isalpha() else None
