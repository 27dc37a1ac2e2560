"""Whom calls are put through to, and with which integrations something is shared."""

from typing import Annotated, Final

import msgspec
from fastapi import APIRouter, Path, Query
from starlette.responses import Response

from adapters.twilio.addresses import AddressKind, read_address
from api.asking import IfMatch, ask, because, done, owner_of, said
from api.contract import WITH_BODY, WITH_KEY, answers
from api.etag import expected_version
from api.problems import Problem
from api.schemas_settings import DialTargetChange, Done, IntegrationChange
from api.security import SettingsWriter
from domain.personal_data import Category, Clear
from domain.workspaces.commands import (
    DisableIntegration,
    EnableIntegration,
    RemoveDialTarget,
    SetDialTarget,
)
from domain.workspaces.words import ChangeReason, Integration

ROUTER: Final = APIRouter(prefix="/v1/workspaces/{workspace_id}", tags=["settings"])
DIALLED: Final = frozenset({AddressKind.e164, AddressKind.client, AddressKind.sip})

Name = Annotated[
    str,
    Path(
        pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$", description="A name of yours; no person's."
    ),
]
Reason = Annotated[ChangeReason, Query(description="Why.")]
_ANSWERS: Final = answers(
    Done, "It is so.", "changed-meanwhile", "refused", *WITH_KEY, *WITH_BODY, tagged=False
)


@ROUTER.put(
    "/dial-targets/{name}",
    operation_id="setDialTarget",
    summary="Name a number to dial",
    responses=_ANSWERS,
)
async def set_dial_target(
    caller: SettingsWriter, name: Name, asked: DialTargetChange, if_match: IfMatch = None
) -> Response:
    """Let routing rules dial this number by a name. Needs `settings:write`.

    Whose number it is becomes a data subject, the same as where they call or are called.
    """
    number = _number(asked.number)
    async with caller.session() as session:
        owner = await owner_of(session, number)
    command = SetDialTarget(
        **said(caller, asked, expected_version(if_match)),
        target=name,
        number=number,
        subject_id=owner,
    )
    return done(await ask(caller, command))


@ROUTER.delete(
    "/dial-targets/{name}",
    operation_id="removeDialTarget",
    summary="Remove a number to dial",
    responses=_ANSWERS,
)
async def remove_dial_target(
    caller: SettingsWriter, name: Name, reason: Reason, if_match: IfMatch = None
) -> Response:
    """Let no rule dial it any more. Refused while one does. Needs `settings:write`."""
    grounds = because(caller, reason, expected_version(if_match))
    return done(await ask(caller, RemoveDialTarget(**grounds, target=name)))


@ROUTER.put(
    "/integrations/{name}",
    operation_id="enableIntegration",
    summary="Enable an integration",
    responses=_ANSWERS,
)
async def enable_integration(
    caller: SettingsWriter, name: Name, asked: IntegrationChange, if_match: IfMatch = None
) -> Response:
    """Share these fields with it, on the terms acknowledged. Needs `settings:write`."""
    terms = asked.terms.model_dump()
    setting = msgspec.convert({"terms": terms, "fields": asked.fields}, Integration)
    command = EnableIntegration(
        **said(caller, asked, expected_version(if_match)), integration=name, setting=setting
    )
    return done(await ask(caller, command))


@ROUTER.delete(
    "/integrations/{name}",
    operation_id="disableIntegration",
    summary="Disable an integration",
    responses=_ANSWERS,
)
async def disable_integration(
    caller: SettingsWriter, name: Name, reason: Reason, if_match: IfMatch = None
) -> Response:
    """Share nothing with it any more. Needs `settings:write`."""
    grounds = because(caller, reason, expected_version(if_match))
    return done(await ask(caller, DisableIntegration(**grounds, integration=name)))


def _number(text: str) -> Clear:
    """A number that can be dialled, as it is sealed: found again as a caller of it would be."""
    address = read_address(text)
    if address is None or address.kind not in DIALLED:
        detail = "it must be a number in E.164, a SIP address or a client identity"
        raise Problem("invalid-request", errors=[{"pointer": "/number", "detail": detail}])
    value = {"address": address.raw.strip(), "kind": str(address.kind)}
    return Clear(value, Category.account, address.lookup)
