"""A request is genuine when an account's secret signed exactly it, and never otherwise."""

import json
import re
from hashlib import sha256
from random import Random
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from starlette.datastructures import FormData
from twilio.request_validator import RequestValidator  # type: ignore[import-untyped]  # it says none
from twilio_forms import SAMPLES, sample_bytes

from adapters.twilio.signature import (
    SignedRequest,
    SigningKeys,
    candidate_urls,
    genuine,
    sign,
    sign_with_shared_key,
)

URL = "https://mycompany.com/myapp.php?foo=1&bar=2"
FORM = [("CallSid", "CA1234567890ABCDE"), ("From", "+14158675309"), ("Digits", "")]
TOKEN = b"12345"
KEYS = SigningKeys(auth_tokens=(TOKEN,), shared_keys={"webhooks_sharedkey_1": b"shared"})
SETTINGS = "key=webhooks_sharedkey_1,algorithm=HMAC_SHA256"
VECTORS = json.loads((SAMPLES / "signature_vectors_all.json").read_text())
# Where the provider's Python library answers otherwise, it is the library that is wrong:
DEVIATIONS = {
    "json_body_but_no_bodysha256": "it raises TypeError; the Ruby and Java ones answer False",
    "upper_case_scheme": "its urlparse lower-cases the scheme that Twilio signed as configured",
    "single_quote_escaped_by_proxy": "the Node one tries the quote behind %27 too, this one not",
}

fields = st.lists(st.tuples(st.text(max_size=12), st.text(max_size=20)), max_size=12)
secrets = st.text(min_size=1, max_size=40)
addresses = st.from_regex(r"https?://[a-z.]{1,9}(:[0-9]{2,4})?/[!-\"$->@-~]{0,20}", fullmatch=True)


def as_received(vector: dict[str, Any]) -> SignedRequest:
    """Rebuild a vector's request as the API sees it: configured base, raw path, raw query."""
    parts = re.fullmatch(r"(\w+://[^/]+)([^?]*)\??(.*)", vector["url"])
    assert parts is not None
    params = vector["params"] or []
    return SignedRequest(
        urls=candidate_urls(parts[1], parts[2].encode(), parts[3].encode()),
        signature=vector["expected_signature"],
        settings=SETTINGS if vector["algorithm"] == "HMAC_SHA256" else None,
        params=list(params.items()) if isinstance(params, dict) else [tuple(p) for p in params],
        body=None if vector["body"] is None else vector["body"].encode(),
    )


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: vector["name"])
def test_published_vectors_are_answered_as_their_sources_say(vector: dict[str, Any]) -> None:
    """Every vector that Twilio's libraries test themselves with gets its answer."""
    secret = vector["auth_token"].encode()
    keys = SigningKeys(auth_tokens=(secret,), shared_keys={"webhooks_sharedkey_1": secret})
    assert genuine(as_received(vector), keys) is vector["valid"]


def test_the_known_deviations_of_the_provider_library_are_all_there_are() -> None:
    """Each vector on which the library differs from its source is explained above."""
    differing = {v["name"] for v in VECTORS if v["twilio_python_9_13_0"] is not v["valid"]}
    assert differing == set(DEVIATIONS)


@given(url=addresses, params=fields, token=secrets)
@example(url=URL, params=[("a", "2"), ("a", "1"), ("a", "1"), ("ab", ""), ("A", "é")], token="t")
def test_we_sign_as_the_provider_library_does(
    url: str, params: list[tuple[str, str]], token: str
) -> None:
    """For any fields, repeats and blanks included, our signature is the library's."""
    oracle = RequestValidator(token)
    form = FormData([*params])
    assert sign(url, params, token.encode()) == oracle.compute_signature(url, form)
    assert sign_with_shared_key(url, params, token.encode()) == oracle.compute_signature(
        url, form, "HMAC_SHA256"
    )


@given(params=fields, token=secrets, disorder=st.randoms())
def test_the_order_of_fields_is_no_matter(
    params: list[tuple[str, str]], token: str, disorder: Random
) -> None:
    """Fields may arrive in any order: Twilio sorts before it signs."""
    shuffled = disorder.sample(params, len(params))
    request = SignedRequest((URL,), sign(URL, params, token.encode()), params=shuffled)
    assert genuine(request, SigningKeys((token.encode(),)))


def changed(text: str, place: int, character: str) -> str:
    """Put another character in one place, or append it to an empty text."""
    place %= max(len(text), 1)
    character = "~" if text[place : place + 1] == character else character
    return text[:place] + character + text[place + 1 :]


@given(
    params=fields.filter(bool),
    which=st.sampled_from(["url", "signature", "name", "value"]),
    place=st.integers(0, 999),
    character=st.characters(codec="utf-8", exclude_characters="~"),
)
def test_one_changed_character_is_refused(
    params: list[tuple[str, str]], which: str, place: int, character: str
) -> None:
    """Whatever single character differs from what was signed, the request is not genuine."""

    def alter(text: str) -> str:
        return changed(text, place, character)

    url, signature, number = URL, sign(URL, params, TOKEN), place % len(params)
    altered = list(params)
    match which:
        case "url":
            url = alter(url)
        case "signature":
            signature = alter(signature)
        case "name":
            altered[number] = (alter(params[number][0]), params[number][1])
        case _:
            altered[number] = (params[number][0], alter(params[number][1]))
    assert not genuine(SignedRequest((url,), signature, params=altered), KEYS)


@given(
    signature=st.none() | st.text() | st.binary().map(lambda b: b.decode("latin-1")),
    settings=st.none() | st.text() | st.just(SETTINGS),
    path=st.binary(),
    query=st.binary(),
    body=st.none() | st.binary(),
)
@example("\ud800", "key=\ud800,algorithm=HMAC_SHA256", b"\xff", b"%27\xfe", b"")
def test_garbage_is_refused_and_never_raises(
    signature: str | None, settings: str | None, path: bytes, query: bytes, body: bytes | None
) -> None:
    """Whatever a stranger sends in headers, path, query and body, the answer is no."""
    urls = candidate_urls("https://mycompany.com", path, query)
    assert not genuine(SignedRequest(urls, signature, settings, body=body), KEYS)


def test_text_that_no_wire_carries_is_refused() -> None:
    """A lone surrogate cannot be encoded, so nobody signed it: no, not an exception."""
    assert not genuine(SignedRequest((URL,), "x", params=[("From", "\ud800")]), KEYS)


def test_bytes_that_are_not_utf8_are_signed_as_they_came() -> None:
    """A path or query keeps even its invalid bytes, for Twilio signed bytes."""
    (url, _) = candidate_urls("https://mycompany.com", b"/\xff", b"a=\xfe")
    assert url.encode("utf-8", "surrogateescape") == b"https://mycompany.com/\xff?a=\xfe"
    assert genuine(SignedRequest((url,), sign(url, [], TOKEN)), KEYS)


def test_either_token_opens_while_one_rotates() -> None:
    """Old and new token are both good until the old one is taken away."""
    rotating = SigningKeys(auth_tokens=(b"new", b"old"))
    for token in (b"new", b"old"):
        assert genuine(SignedRequest((URL,), sign(URL, FORM, token), params=FORM), rotating)
    old = SignedRequest((URL,), sign(URL, FORM, b"old"), params=FORM)
    assert not genuine(old, SigningKeys(auth_tokens=(b"new",)))


def test_an_account_without_secrets_trusts_nobody() -> None:
    """No secret, no genuine request; and an empty secret, which anybody has, is refused."""
    assert not genuine(SignedRequest((URL,), sign(URL, [], b"x")), SigningKeys(()))
    with pytest.raises(ValueError, match="empty"):
        SigningKeys(auth_tokens=(b"",))
    with pytest.raises(ValueError, match="empty"):
        SigningKeys(auth_tokens=(), shared_keys={"webhooks_sharedkey_1": b""})


@pytest.mark.parametrize(
    "settings",
    [
        "key=webhooks_sharedkey_2,algorithm=HMAC_SHA256",
        "key=webhooks_sharedkey_1,algorithm=HMAC_SHA1",
        "key=webhooks_sharedkey_1,algorithm=none",
        "key=webhooks_sharedkey_1",
        "algorithm=HMAC_SHA256",
        ",,=,",
    ],
)
def test_the_settings_header_picks_but_never_widens(settings: str) -> None:
    """The header is unsigned: an unknown key or algorithm is refused, whoever signed."""
    for signature in (
        sign(URL, FORM, TOKEN),
        sign(URL, FORM, b"shared"),
        sign_with_shared_key(URL, FORM, TOKEN),
        sign_with_shared_key(URL, FORM, b"shared"),
    ):
        assert not genuine(SignedRequest((URL,), signature, settings, FORM), KEYS)


def test_a_shared_key_signs_only_where_the_header_names_it() -> None:
    """Shared keys and auth tokens never stand in for each other."""
    by_key = sign_with_shared_key(URL, FORM, b"shared")
    assert genuine(SignedRequest((URL,), by_key, SETTINGS, FORM), KEYS)
    assert not genuine(SignedRequest((URL,), by_key, None, FORM), KEYS)
    assert not genuine(SignedRequest((URL,), sign(URL, FORM, TOKEN), SETTINGS, FORM), KEYS)
    assert genuine(SignedRequest((URL,), sign(URL, FORM, TOKEN), " ", FORM), KEYS)


@pytest.mark.parametrize("repeats", [1, 2])
def test_a_body_counts_only_with_its_hash_in_the_signed_query(repeats: int) -> None:
    """Twilio may name the hash twice; a body that differs, or is gone, is refused."""
    body = b'{"a": "\xff"}'
    url = "https://h/p?" + "&".join([f"bodySHA256={sha256(body).hexdigest()}"] * repeats)
    signature = sign(url, [], TOKEN)
    assert genuine(SignedRequest((url,), signature, body=body), KEYS)
    assert not genuine(SignedRequest((url,), signature, body=body + b" "), KEYS)
    assert not genuine(SignedRequest((url,), signature, body=b""), KEYS)


def test_two_different_body_hashes_are_refused() -> None:
    """A query that names another hash beside the right one says nothing about the body."""
    url = f"https://h/p?bodySHA256={sha256(b'a').hexdigest()}&bodySHA256=0"
    assert not genuine(SignedRequest((url,), sign(url, [], TOKEN), body=b"a"), KEYS)


def test_a_captured_get_names_a_body_hash_twice_and_has_no_body() -> None:
    """A GET is covered by its URL, whatever hash stands in it."""
    line = json.loads(sample_bytes("webhook_get_duplicate_bodysha256.json"))["request_line"]
    path, _, query = line.split(" ")[1].partition("?")
    urls = candidate_urls("https://h", path.encode(), query.encode())
    assert genuine(SignedRequest(urls, sign(urls[0], [], TOKEN)), KEYS)


@pytest.mark.parametrize(
    ("public_url", "expected"),
    [
        ("https://h", ["https://h/p?q", "https://h:443/p?q"]),
        ("https://h/", ["https://h/p?q", "https://h:443/p?q"]),
        ("http://h/in", ["http://h/in/p?q", "http://h:80/in/p?q"]),
        ("https://h:8443", ["https://h:8443/p?q", "https://h/p?q"]),
        ("https://[::1]:8443", ["https://[::1]:8443/p?q", "https://[::1]/p?q"]),
        ("HTTPS://Host#rc=3", ["HTTPS://Host/p?q", "HTTPS://Host:443/p?q"]),
        (
            "https://u:p@h",
            ["https://u:p@h/p?q", "https://u:p@h:443/p?q", "https://h/p?q", "https://h:443/p?q"],
        ),
    ],
)
def test_candidates_spell_the_public_url_every_way_twilio_does(
    public_url: str, expected: list[str]
) -> None:
    """With and without port and login, host and scheme as configured, never a fragment."""
    assert list(candidate_urls(public_url, b"/p", b"q")) == expected


def test_candidates_keep_path_and_query_byte_for_byte() -> None:
    """No decoding, no sorting, no normalising; only %27 is tried as a quote as well."""
    first, _, quoted, _ = candidate_urls("https://h", b"//a/../%2F", b"z=%27+%20&&a=&z")
    assert first == "https://h//a/../%2F?z=%27+%20&&a=&z"
    assert quoted == "https://h//a/../%2F?z='+%20&&a=&z"


@pytest.mark.parametrize("public_url", ["", "h", "https://", "https://h:port", "://h"])
def test_a_public_url_that_is_none_is_refused(public_url: str) -> None:
    """A wrong configuration is said at once, not answered with 403 for ever."""
    with pytest.raises(ValueError, match="public URL"):
        candidate_urls(public_url, b"/", b"")


def test_a_fragment_is_never_signed() -> None:
    """Connection overrides behind # steer Twilio and are not sent."""
    assert sign(f"{URL}#rc=3&rp=all", FORM, TOKEN) == sign(URL, FORM, TOKEN)


@given(
    url=addresses,
    params=fields,
    token=secrets,
    kind=st.sampled_from(["HMAC_SHA1", "HMAC_SHA256"]),
    altered=st.booleans(),
)
def test_we_admit_what_the_provider_library_admits(
    url: str, params: list[tuple[str, str]], token: str, kind: str, *, altered: bool
) -> None:
    """Either algorithm, any fields: its validator and ours give the same answer."""
    oracle = RequestValidator(token)
    signature = oracle.compute_signature(url, FormData([*params]), kind)
    sent = [*params, ("Digits", "1")] if altered else params
    keys = SigningKeys((token.encode(),), {"webhooks_sharedkey_1": token.encode()})
    settings = SETTINGS if kind == "HMAC_SHA256" else None
    expected = oracle.compute_signature(url, FormData([*sent]), kind) == signature
    assert genuine(SignedRequest((url,), signature, settings, sent), keys) is expected


@given(params=fields, number=st.integers(0, 3))
def test_each_spelling_of_the_address_opens(params: list[tuple[str, str]], number: int) -> None:
    """The likeliest is tried first; the others are no worse."""
    urls = candidate_urls("https://u:p@h", b"/p", b"q")
    request = SignedRequest(urls, sign(urls[number], params, TOKEN), params=params)
    assert genuine(request, KEYS)


def test_nothing_secret_or_personal_is_printed() -> None:
    """Neither secrets nor fields nor URLs show when a request or a key ring is printed."""
    request = SignedRequest((URL,), "seal", None, FORM, b"body")
    shown = f"{KEYS!r} {request!r}"
    for text in (TOKEN.decode(), "shared'", "mycompany", "4158675309", "seal", "body'"):
        assert text not in shown
