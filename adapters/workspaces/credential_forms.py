"""What a credential looks like: a mistake would show only when it is needed, months later."""

import re
from typing import Final

from adapters.keys.envelope import is_private_key
from adapters.workspaces.credentials import REGION, Kind

_FORMS: Final = {
    Kind.account_sid: (r"AC[0-9a-fA-F]{32}", "an account is AC and 32 hexadecimal digits"),
    Kind.auth_token: (r"\S+", "an auth token is one word"),
    Kind.shared_key: (r"\S+ \S.*", "a webhook key is its name and its secret"),
    Kind.api_key: (r"SK[0-9a-fA-F]{32} \S+", "an API key is two words: SK… and its secret"),
    Kind.region: (REGION.pattern, "a Twilio region is two words: ie1 dublin"),
    Kind.recording_key: (r"CR[0-9a-fA-F]{32} (?s:.+)", "a recording key is CR… and a PEM"),
    Kind.dial_target: (r"\S+", "a dial target is one word"),
}


class WrongFormError(ValueError):
    """A credential that cannot be one. The message says how one looks, and quotes nothing."""


def checked(kind: Kind, secret: str) -> str:
    """The secret, if it has its kind's form.

    Raises:
        WrongFormError: It has not.
    """
    pattern, form = _FORMS[kind]
    if not re.fullmatch(pattern, secret):
        raise WrongFormError(form)
    if kind is Kind.recording_key and not is_private_key(secret.partition(" ")[2]):
        raise WrongFormError("a recording key is an RSA private key in PEM, without a passphrase")
    return secret
