"""The closed sets of words about consents: what for, how it was said, and where it stands.

Separate purposes are separate consents (GDPR Art. 7(2), Recital 43): a yes to the newsletter
says nothing of any other marketing.
"""

import re
from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Final


class Purpose(StrEnum):
    """What the subject is asked to agree to."""

    recording = "recording"
    transcription = "transcription"
    ai_analysis = "ai_analysis"
    marketing = "marketing"
    """By kind: see ``Marketing``."""

    cookies = "cookies"
    """By category: see ``Cookies``."""

    sharing = "sharing"
    """With an integration, which is the consent's kind."""


class Marketing(StrEnum):
    """Kinds of marketing. Each is a consent of its own."""

    newsletter = "newsletter"
    events = "events"
    calls = "calls"
    messages = "messages"
    third_party = "third_party"


class Cookies(StrEnum):
    """Categories of cookies."""

    necessary = "necessary"
    """Needs no consent and cannot be refused (Directive 2002/58/EC Art. 5(3))."""

    preferences = "preferences"
    analytics = "analytics"
    advertising = "advertising"


class Form(StrEnum):
    """How a consent was given."""

    express = "express"
    """By an act that says so: a key, a word, a click, a signature."""

    implied = "implied"
    """By going on after the announcement."""


class Channel(StrEnum):
    """Where it was said. All of them are equal: whatever closes a consent closes it."""

    voice = "voice"
    """In a call, by neither key nor word: by staying on the line, or by leaving it."""

    voice_dtmf = "voice_dtmf"
    voice_speech = "voice_speech"
    web = "web"
    link = "link"
    """By the link of one-click withdrawal, which needs no login."""

    email = "email"
    api = "api"
    paper = "paper"
    text_message = "text_message"
    """By a keyword that the provider knows, as STOP."""


class Standing(StrEnum):
    """Where a consent stands at a moment. It is valid while it stands ``given``."""

    asked = "asked"
    given = "given"
    refused = "refused"
    withdrawn = "withdrawn"
    expired = "expired"


KINDS: Final[Mapping[Purpose, type[StrEnum]]] = MappingProxyType(
    {Purpose.marketing: Marketing, Purpose.cookies: Cookies}
)
"""The purposes whose kinds are a closed set."""

IMPLIABLE: Final = frozenset({Purpose.recording, Purpose.transcription})
"""Where going on with the call can be a consent at all. Elsewhere silence is none: Recital 32."""

_INTEGRATION: Final = re.compile(r"[a-z][a-z0-9_]{1,39}")
"""A name of a program, and nothing that could be a number or an address."""


def is_kind_of(purpose: Purpose, kind: str | None) -> bool:
    """Whether the purpose has this kind; ``None`` is the kind of a purpose that has none."""
    if purpose in KINDS:
        return kind in tuple(KINDS[purpose])
    if purpose is Purpose.sharing:
        return kind is not None and _INTEGRATION.fullmatch(kind) is not None
    return kind is None
