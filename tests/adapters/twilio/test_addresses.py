"""Any text in From or To is classified, and the same party is always found under one lookup."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from twilio_forms import sample_form, sample_names

from adapters.twilio.addresses import Address, AddressKind, lookup_of, read_address

PIECES = (
    *("tel:", "sip:", "SIPS:", "client:", "whatsapp:", "sim:", "anonymous", "Host", "[::1]"),
    *("+", "00", "1", "32475123456", " ", "@", ";", ":", "(0)", "-", "\n", "\u00a0", "\u017f"),
)
PADS = ("+266696687", "+7378742883", "+7378742833", "+2562533", "+8656696", "+86282452253")
ANYTHING = st.text() | st.lists(st.sampled_from(PIECES), max_size=6).map("".join)


def classified(raw: str) -> tuple[str, str | None]:
    """Classify a text that is not blank."""
    address = read_address(raw)
    assert address is not None
    return address.kind.value, address.lookup


@pytest.mark.parametrize("name", sample_names("constructed_voice_inbound_withheld_*.form"))
def test_every_withheld_sample_names_nobody(name: str) -> None:
    """Words, dial-pad spellings and a blank give no lookup: anonymous callers never merge."""
    caller = dict(sample_form(name))["From"]
    address = read_address(caller)
    assert address == (Address(caller, AddressKind.withheld, None) if caller else None)
    assert lookup_of(caller) is None


@pytest.mark.parametrize(
    "raw",
    [
        *("ANONYMOUS", "+anonymous", "Blocked", "private", "Unavailable", "UNKNOWN", "RESTRICTED"),
        *("+", " + ", "-", "+7378742833", "+7378742883", "No Caller ID", "Private Number"),
        *("sip:anonymous@anonymous.invalid", "sip:example.com", "tel:+266696687", "00266696687"),
    ],
)
def test_withheld_in_any_spelling(raw: str) -> None:
    """Case, a plus, RFC 3323 and both spellings of RESTRICTED on a dial pad are known."""
    assert classified(raw) == ("withheld", None)


def test_the_sip_sample_is_read_without_its_parameters() -> None:
    """One SIP party has one lookup, whatever parameters a request hangs on."""
    form = dict(sample_form("constructed_voice_inbound_sip.form"))
    assert classified(form["From"]) == ("sip", "sip:alice@example.sip.twilio.com")
    assert form["To"] != form["Called"]
    assert classified(form["To"]) == classified(form["Called"])
    assert classified(form["To"]) == ("sip", "sip:+442079460000@example.sip.twilio.com")


@pytest.mark.parametrize(
    ("raw", "kind", "lookup"),
    [
        ("+32475123456", "e164", "tel:+32475123456"),
        ("tel:+32475123456;ext=9", "e164", "tel:+32475123456"),
        ("whatsapp:+32475123456", "whatsapp", "tel:+32475123456"),
        ("whatsapp:US.1234", "whatsapp", "whatsapp:US.1234"),
        ("client:GoldenQuincyPortland", "client", "client:GoldenQuincyPortland"),
        ("client:anonymous", "client", "client:anonymous"),
        ("CLIENT:Bob", "client", "client:Bob"),
        ("sip:Alice:pw@Example.COM:5060;transport=tls?x=1", "sip", "sip:Alice@example.com"),
        ("sips:alice@[2001:DB8::1]:5061", "sip", "sip:alice@[2001:db8::1]"),
        ("sim:DE0123", "sim", "sim:DE0123"),
        ("384387", "short_code", "short:384387"),
        ("2020", "short_code", "short:2020"),
        ("+0987654321", "other", "other:+0987654321"),
        ("+1234567890123456", "other", "other:+1234567890123456"),
        ("0475123456", "other", "other:0475123456"),
        ("+٣٢٤٧٥١٢٣٤٥٦", "other", "other:+٣٢٤٧٥١٢٣٤٥٦"),
        ("tel:", "other", "other:tel:"),
        ("tel:;ext=9", "other", "other:tel:;ext=9"),
        ("client:", "other", "other:client:"),
        ("ACME", "other", "other:ACME"),
        ("\u017fip:+32475123456", "other", "other:\u017fip:+32475123456"),
        ("short:384387", "other", "other:short:384387"),
    ],
)
def test_each_kind_has_its_lookup(raw: str, kind: str, lookup: str) -> None:
    """A party is found by what identifies it and nothing else; no kind takes another's lookup."""
    assert classified(raw) == (kind, lookup)


@pytest.mark.parametrize(
    "typed",
    [
        *("+32 475 12 34 56", "0032475123456", " 32475123456", "+32 (0)475-12.34/56"),
        *("(+32) 475\u00a012\u201334\u201356", "00 32 475 123 456", "tel:+32-475-123-456"),
        "+32475123456\n",
    ],
)
def test_a_typed_number_finds_the_caller(typed: str) -> None:
    """However a person or a URL spells it, the number is the one Twilio gave."""
    assert lookup_of(typed) == lookup_of("+32475123456") == "tel:+32475123456"


def test_a_typed_name_finds_its_party() -> None:
    """What is no number is searched as it stands, up to the blanks around it."""
    assert lookup_of(" client:bob ") == "client:bob"
    assert lookup_of("sip:bob@EXAMPLE.com") == "sip:bob@example.com"
    assert lookup_of("384 387") == "short:384387"


@pytest.mark.parametrize("raw", [None, "", " ", "\t\n", "\u00a0"])
def test_nothing_there_is_no_address(raw: str | None) -> None:
    """A missing or blank field is no party at all."""
    assert read_address(raw) is None
    assert lookup_of(raw or "") is None


@given(raw=ANYTHING)
@example("whatsapp:" * 5000)
@example("\ud800")
@example("sip:a@b\u00a0c")
def test_any_text_is_answered_and_kept(raw: str) -> None:
    """No text raises, the raw text stays exactly, and searching it finds the same party."""
    address = read_address(raw)
    assert lookup_of(raw) == (address.lookup if address else None)
    if address is None:
        assert not raw.strip()
        return
    assert address.raw == raw
    assert (address.lookup is None) is (address.kind is AddressKind.withheld)


@given(raw=ANYTHING)
@example("sip: a@B \n;x")
def test_a_lookup_is_its_own_lookup(raw: str) -> None:
    """Reading a lookup again changes nothing, for every kind that people can type."""
    lookup = lookup_of(raw)
    if lookup is not None and not lookup.startswith(("short:", "other:")):
        assert lookup_of(lookup) == lookup


@given(number=st.from_regex(r"\+[1-9][0-9]{7,14}", fullmatch=True))
def test_numbers_never_share_a_lookup(number: str) -> None:
    """The lookup of a phone number gives the number back, so two numbers have two."""
    kind, lookup = classified(number)
    assert (kind, lookup) == ("e164", f"tel:{number}") or kind == "withheld"


@given(raw=st.from_regex(r"\+[0-9]{1,18}", fullmatch=True) | st.sampled_from(sorted(PADS)))
def test_a_bare_number_is_read_as_one_that_is_written_for_people(raw: str) -> None:
    """The spelling that nearly every callback has is read fast, and no differently."""
    assert classified(raw) == classified(f"{raw[:2]} {raw[2:]}") == classified(f"tel:{raw}")


def test_an_address_prints_its_kind_only() -> None:
    """Neither the raw text nor the lookup shows in a log or a traceback."""
    assert "475" not in repr(read_address("+32475123456"))
