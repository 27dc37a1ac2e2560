"""A form is read as the standard library reads it, and knows what in it is disputed."""

from urllib.parse import parse_qsl, urlencode

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from twilio_forms import sample_bytes, sample_form, sample_names

from adapters.twilio.forms import MAX_FIELDS, Form, FormError, NotUnderstood, parse_form

pieces = st.sampled_from(
    ("+", "%2B", "%3A", "%2C", "%2b", "%25", "%", "%2", "%26", "%3D", "&", "=")
)


@pytest.mark.parametrize("name", sample_names())
def test_a_form_is_read_as_it_was_sent(name: str) -> None:
    """Blank values, repeats and order stay: each of them is signed."""
    assert parse_form(sample_bytes(name)) == sample_form(name)


def test_a_form_keeps_blanks_repeats_and_utf8() -> None:
    """A field without a value, or sent twice, is a field."""
    body = b"a=&b&a=S%C3%A3o+Paulo&c=%2B1%201&d=\xc3\xa3"
    assert parse_form(body) == [
        ("a", ""),
        ("b", ""),
        ("a", "São Paulo"),
        ("c", "+1 1"),
        ("d", "ã"),
    ]


@pytest.mark.parametrize(
    "body", [b"From=%2B4477%FF", b"From=+4477\xff", b"a&" * MAX_FIELDS + b"a"]
)
def test_a_form_we_do_not_read_is_refused_without_quoting_it(body: bytes) -> None:
    """Neither the message nor the chain of exceptions carries a value."""
    with pytest.raises(FormError) as refusal:
        parse_form(body)
    assert "4477" not in str(refusal.value)
    assert refusal.value.__context__ is None


def test_as_many_fields_as_allowed_are_read() -> None:
    """The bound refuses more than it says, not fewer."""
    assert len(parse_form(b"&".join([b"a"] * MAX_FIELDS))) == MAX_FIELDS


@given(
    body=st.binary()
    | st.text("&=+%aC3\u00e3 ;").map(str.encode)
    | st.lists(pieces | st.sampled_from("a2BC")).map("".join).map(str.encode)
)
@example(b"a=%%2B41&b=%2%2B&c=%C3%2B%A3&%3A=%2c")
@example(b"%C3%A3=%c3%a3&%=%2&&=&\xc3\xa3%")
def test_any_body_is_read_as_python_reads_it_or_refused(body: bytes) -> None:
    """We read forms faster than the standard library, and no differently."""
    try:
        expected = parse_qsl(body.decode(), keep_blank_values=True, errors="strict")
    except UnicodeDecodeError:
        with pytest.raises(FormError):
            parse_form(body)
    else:
        assert parse_form(body) == expected


@given(fields=st.lists(st.tuples(st.text(max_size=9), st.text(max_size=20))))
def test_a_form_that_was_encoded_is_read_back(fields: list[tuple[str, str]]) -> None:
    """Whatever text its fields hold, surrogates apart, which cannot be encoded."""
    assert parse_form(urlencode(fields).encode()) == fields


def test_a_field_that_contradicts_itself_has_no_value() -> None:
    """Whoever asks for it hears so; a field that repeats itself, and any other, can be read."""
    form = Form([("a", "1"), ("b", "2"), ("a", "3"), ("b", "2")])
    assert (form.values.get("b", ""), form.values.get("c", "")) == ("2", "")
    with pytest.raises(NotUnderstood, match=r"^repeated_field$"):
        form.values.get("a", "")
