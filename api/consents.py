"""Consents between what is asked and answered, and the rules."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final
from uuid import UUID

from adapters.event_store.requests import Request
from api.schemas_consents import ConsentStatement, Saying
from domain.consents.commands import (
    AskConsent,
    ConsentCommand,
    GiveConsent,
    RefuseConsent,
    WithdrawConsent,
)
from domain.consents.consent import CONSENT
from domain.consents.events import Evidence
from domain.consents.words import Form
from domain.identifiers import consent_id
from domain.messages import Context
from domain.personal_data import Category, Clear

_COMMANDS: Final[Mapping[Saying, type[ConsentCommand]]] = MappingProxyType(
    {
        Saying.asked: AskConsent,
        Saying.given: GiveConsent,
        Saying.refused: RefuseConsent,
        Saying.withdrawn: WithdrawConsent,
    }
)


def command_of(subject_id: UUID, statement: ConsentStatement) -> ConsentCommand:
    """What a statement asks of the rules."""
    told: dict[str, Any] = {
        "subject_id": subject_id,
        "occurred_at": statement.occurred_at,
        "purpose": statement.purpose,
        "kind": statement.kind,
        "evidence": _evidence(statement),
    }
    if statement.words is not None:
        own = {"text": statement.words}
        told["words"] = Clear(own, Category.consent_evidence, subject=subject_id)
    if statement.said is Saying.given:
        told |= {"form": statement.form or Form.express, "expires_at": statement.expires_at}
    return _COMMANDS[statement.said](**told)


def request_of(workspace_id: UUID, command: ConsentCommand, context: Context) -> Request:
    """The request that says it, for the one stream that it belongs to."""
    stream = consent_id(workspace_id, command.subject_id, command.purpose, command.kind)
    return Request(workspace_id, stream, CONSENT, command, context)


def _evidence(statement: ConsentStatement) -> Evidence:
    told = statement.evidence.model_dump(exclude_none=True)
    if statement.evidence.places is not None:
        told["places"] = tuple(sorted(statement.evidence.places))
    return Evidence(**told)
