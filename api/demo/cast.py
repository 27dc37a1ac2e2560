"""Who calls whom in the demo: two offices, their desks and their customers.

Every number is from a range that regulators keep free for fiction (Ofcom's drama numbers,
555-0100 to 555-0199 in North America): nobody can be rung up by accident.
"""

import secrets
from dataclasses import dataclass, field
from random import Random
from typing import Final, NamedTuple


class Place(NamedTuple):
    """What a provider says of where a number belongs; outside North America only the country."""

    city: str = ""
    state: str = ""
    zip_code: str = ""
    country: str = ""


NOWHERE: Final = Place()


@dataclass(frozen=True, slots=True, repr=False)
class Party:
    """Who is at one end of a leg, in the provider's words."""

    address: str
    place: Place = NOWHERE
    extra: tuple[tuple[str, str], ...] = ()
    """What the provider adds for a party of this kind."""


@dataclass(frozen=True, slots=True, repr=False)
class Office:
    """One workspace of the demo, as the provider knows it."""

    name: str
    account_sid: str
    line: Party
    desks: tuple[Party, ...]
    agents: tuple[Party, ...]
    auth_token: str = field(default_factory=lambda: secrets.token_hex(16))


BRITAIN: Final = Place(country="GB")
AMERICA: Final = {
    "202": Place("WASHINGTON", "DC", "20001", "US"),
    "212": Place("NEW YORK", "NY", "10001", "US"),
    "312": Place("CHICAGO", "IL", "60601", "US"),
    "415": Place("SAN FRANCISCO", "CA", "94105", "US"),
    "514": Place("MONTRÉAL", "QC", "", "CA"),
    "617": Place("BOSTON", "MA", "02108", "US"),
}
WITHHELD: Final = ("anonymous", "Anonymous", "Restricted", "+266696687", "+7378742883", "unknown")
LEAST_CUSTOMERS: Final = 12
CALLS_PER_CUSTOMER: Final = 4
FAITHFULNESS: Final = 1.5
"""1 would make every customer call as often as any other."""


def offices(rng: Random) -> tuple[Office, Office]:
    """The two workspaces: a dentist's in London, a repair shop's in Washington."""
    return (
        Office(
            "Harbour Dental",
            f"AC{rng.getrandbits(128):032x}",
            Party("+442079460100", BRITAIN),
            tuple(Party(f"+44207946{n:04}", BRITAIN) for n in range(101, 105)),
            (Party("client:reception"), Party("client:hygienist")),
        ),
        Office(
            "Kite and Key Repairs",
            f"AC{rng.getrandbits(128):032x}",
            Party("+12025550100", AMERICA["202"]),
            tuple(Party(f"+1202555{n:04}", AMERICA["202"]) for n in range(101, 106)),
            (Party("client:front_desk"), Party("client:workshop")),
        ),
    )


def customers(office: Office, calls: int, rng: Random) -> tuple[Party, ...]:
    """The office's customers, the most faithful first."""
    abroad = [
        Party(f"+1{area}555{n:04}", place)
        for area, place in AMERICA.items()
        for n in range(110, 200)
    ]
    british = [Party(f"+447700900{n:03}", BRITAIN) for n in range(1000)]
    mostly = british if office.line.place == BRITAIN else abroad
    few = abroad if mostly is british else british
    count = max(LEAST_CUSTOMERS, min(calls // CALLS_PER_CUSTOMER, len(mostly)))
    found = rng.sample(mostly, count) + rng.sample(few, count // 10)
    return tuple(rng.sample(found, len(found)))


def choose_customer(known: tuple[Party, ...], rng: Random) -> Party:
    """Somebody who calls: a few regulars again and again, most people once or twice."""
    return known[int(len(known) * rng.random() ** FAITHFULNESS)]


def withheld(rng: Random) -> Party:
    """A caller who keeps the number back, in one of the spellings that networks have for it."""
    return Party(rng.choice(WITHHELD))


def from_exchange(rng: Random) -> Party:
    """A caller whose own exchange reaches us by SIP."""
    name = f"extension{rng.randint(200, 260)}"
    return Party(
        f"sip:{name}@kite.sip.twilio.com",
        extra=(
            ("SipDomain", "kite.sip.twilio.com"),
            ("SipUsername", name),
            ("SipCallId", f"{rng.getrandbits(64):016x}@203.0.113.7"),
            ("SipSourceIp", "203.0.113.7"),
            ("SipHeader_X-Ticket", str(rng.randint(1000, 9999))),
        ),
    )
