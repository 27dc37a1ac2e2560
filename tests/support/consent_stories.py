"""Statements about a consent, told in one line each.

said(GiveConsent, 10)          the test's subject agrees to be recorded, at second 10
said(AskConsent, 0, Purpose.cookies, "analytics")
"""

from typing import Any, Final, TypeVar
from uuid import UUID

from reports import at

from domain.consents.commands import StateConsent
from domain.consents.events import Evidence
from domain.consents.words import Channel, Purpose

CommandT = TypeVar("CommandT", bound=StateConsent)

SUBJECT_ID: Final = UUID("0d9a1b52-7c1e-4f0b-9a63-2b8e4c6d0f11")
PRESSED: Final = Evidence(
    channel=Channel.voice_dtmf,
    prompt_id="recording-announcement",
    prompt_version="3",
    text_sha256="5a" * 32,
    language="nl-BE",
    answer_digit="1",
    table_version="2026-11-25",
    rule="unknown",
    places=("BE", "US-CA"),
)
"""A key was pressed after an announcement."""

WRITTEN: Final = Evidence(channel=Channel.paper)
CLICKED: Final = Evidence(channel=Channel.link)


def said(
    kind_of_command: type[CommandT],
    second: float,
    purpose: Purpose = Purpose.recording,
    kind: str | None = None,
    **more: Any,  # noqa: ANN401 - what only some commands have
) -> CommandT:
    """The command that says so."""
    facts = {"subject_id": SUBJECT_ID, "evidence": PRESSED, **more}
    return kind_of_command(occurred_at=at(second), purpose=purpose, kind=kind, **facts)
