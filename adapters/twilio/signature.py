"""Tells a request that Twilio signed from one it did not, in constant time, without raising.

Twilio signs the URL it was given, followed by the decoded form fields sorted by name. What
surprises: it is inconsistent about ports, so one request has several candidate URLs; a repeated
field is signed once per distinct value; a JSON body is covered only through its hash in the
query; and nothing says when a signature was made, so a replay is as genuine as the first.
"""

import hmac
import re
from base64 import b64encode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from hashlib import sha256
from typing import Final, NamedTuple

from adapters.twilio.forms import Fields, Form

_DEFAULT_PORTS: Final = {"http": ":80", "https": ":443"}
_PUBLIC_URL: Final = re.compile(
    r"(?P<scheme>[A-Za-z]+)://(?P<login>[^/?#@]*@)?(?P<host>\[[^\]/?#]*\]|[^:/?#\[\]]+)"
    r"(?P<port>:[0-9]*)?(?P<prefix>/[^?#]*)?(?:[?#].*)?",
    re.DOTALL,
)


@dataclass(frozen=True, slots=True)
class SigningKeys:
    """The secrets one account may sign with.

    Several auth tokens while one rotates; shared keys by the name Twilio's settings header gives.
    """

    auth_tokens: tuple[bytes, ...] = field(repr=False)
    shared_keys: Mapping[str, bytes] = field(default_factory=dict, repr=False)

    def __post_init__(self) -> None:
        """Refuse an empty secret: anybody can sign with that one."""
        if not all((*self.auth_tokens, *self.shared_keys.values())):
            raise ValueError("a signing secret is empty")


class SignedRequest(NamedTuple):
    """What a signature has to cover: a form's `params`, the raw `body` of any other POST.

    A GET has neither. An empty body is `b""`, not None: its hash must be signed too.
    """

    urls: tuple[str, ...]
    signature: str | None
    settings: str | None = None
    params: Form | Fields = ()
    body: bytes | None = None

    def __repr__(self) -> str:
        """Print nothing of what was sent."""
        return "SignedRequest()"


def genuine(request: SignedRequest, keys: SigningKeys) -> bool:
    """Whether one of the account's secrets signed this request, over one of its URLs.

    Each comparison takes the same time wherever the signatures differ. The first that holds ends
    it: how long that took tells a secret's holder, and nobody else, which spelling they used.
    """
    secrets, algorithm = _admitted(request.settings, keys)
    # Nothing in base64 is a backslash, so a header beyond ASCII can match no signature.
    claimed = (request.signature or "").encode("ascii", "backslashreplace")
    try:
        signed = _signed_texts(request.urls, request.params)
    except UnicodeEncodeError:  # Lone surrogates: no wire carried this text, so nobody signed it.
        return False
    held = any(
        hmac.compare_digest(_seal(text, secret, algorithm), claimed)
        for secret in secrets
        for text in signed
    )
    return held and _covers_body(request)


def candidate_urls(public_url: str, raw_path: bytes, raw_query: bytes) -> tuple[str, ...]:
    """Every spelling of the requested URL that Twilio may have signed, the likeliest first.

    Scheme and host come from the configuration, for a client chooses what it sends as Host; path
    and query are taken byte for byte, for the least re-encoding breaks every signature.
    """
    path = raw_path.decode("utf-8", "surrogateescape")
    query = raw_query.decode("utf-8", "surrogateescape")
    tails = [f"{path}?{query}" if query else path]
    if "%27" in query:  # Some proxies escape the quote that Twilio signed as it is.
        tails.append(f"{path}?{query.replace('%27', chr(39))}")
    return tuple(base + tail for tail in tails for base in _bases(public_url))


def sign(url: str, params: Fields, token: bytes) -> str:
    """Sign as Twilio does with an auth token: for a stand-in, a demonstration, a test."""
    (text,) = _signed_texts((url.partition("#")[0],), params)
    return _seal(text, token, "sha1").decode()


def sign_with_shared_key(url: str, params: Fields, secret: bytes) -> str:
    """Sign as Twilio does with a webhook shared key (HMAC_SHA256)."""
    (text,) = _signed_texts((url.partition("#")[0],), params)
    return _seal(text, secret, "sha256").decode()


def _admitted(settings: str | None, keys: SigningKeys) -> tuple[tuple[bytes, ...], str]:
    """Choose secrets and algorithm. The header is unsigned: it may pick, never widen."""
    if not settings or settings.isspace():
        return keys.auth_tokens, "sha1"
    named = dict(part.strip().partition("=")[::2] for part in settings.split(","))
    secret = keys.shared_keys.get(named.get("key", ""))
    if secret is None or named.get("algorithm") != "HMAC_SHA256":
        return (), "sha256"
    return (secret,), "sha256"


def _signed_texts(urls: Sequence[str], params: Form | Fields) -> list[bytes]:
    form = params if isinstance(params, Form) else Form(params)
    fields = "".join(_in_order(form)).encode()
    return [url.encode("utf-8", "surrogateescape") + fields for url in urls]


def _in_order(form: Form) -> list[str]:
    """The fields as they are signed: code points sort as their UTF-8 bytes do, Twilio's order."""
    values = form.values
    if len(values) == len(form.fields):  # No name twice: a third cheaper than the pairs.
        return [name + values[name] for name in sorted(values)]
    return list(map("".join, sorted(set(form.fields))))


def _seal(text: bytes, secret: bytes, algorithm: str) -> bytes:
    return b64encode(hmac.digest(secret, text, algorithm))


def _covers_body(request: SignedRequest) -> bool:
    """Whether the signed query names this very body; Twilio was seen to name it twice."""
    if request.body is None:
        return True
    query = request.urls[0].partition("?")[2]
    pairs = (part.partition("=")[::2] for part in query.split("&"))
    return {value for name, value in pairs if name == "bodySHA256"} == {
        sha256(request.body).hexdigest()
    }


@lru_cache(maxsize=64)
def _bases(public_url: str) -> tuple[str, ...]:
    """Spell the public URL with and without a port, and without the login it may carry."""
    parts = _PUBLIC_URL.fullmatch(public_url)
    if parts is None:
        raise ValueError("the public URL is not scheme://host[:port][/prefix]")
    scheme, login, host, port, prefix = (part or "" for part in parts.groups())
    ports = (port, "") if port else ("", _DEFAULT_PORTS.get(scheme.lower(), ""))
    spelled = (
        f"{scheme}://{shown}{host}{p}{prefix.removesuffix('/')}"
        for shown in (login, "")
        for p in ports
    )
    return tuple(dict.fromkeys(spelled))
