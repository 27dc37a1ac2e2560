"""One-click withdrawal: whoever has a consent's link withdraws it, without login (RFC 8058).

Beside the dashboards' API, for it is people and mail programs that come here, with no key.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from adapters.workspaces.withdrawal_links import WithdrawalLink
from api import withdrawal_page
from api.consents import request_of
from api.deployment import Deployment, deployment_of
from domain.consents.commands import WithdrawConsent
from domain.consents.consent import last_by
from domain.consents.events import ConsentEvent, ConsentWithdrawn, Evidence
from domain.consents.words import Channel
from domain.errors import NotFound
from domain.messages import Context
from projections.consents.read import consent_in, consent_of

ACTOR: Final = "withdrawal_link"


@dataclass(frozen=True, slots=True)
class Followed:
    """A genuine link, and what it would withdraw."""

    deployment: Deployment
    link: WithdrawalLink
    last: ConsentEvent
    controller: str


async def show(request: Request) -> Response:
    """What would be withdrawn, and a button. Looking at it does nothing."""
    followed = await _follow(request)
    if isinstance(followed.last, ConsentWithdrawn):
        return withdrawal_page.confirm(followed.last, followed.controller)
    return withdrawal_page.ask(followed.last, followed.controller)


async def withdraw(request: Request) -> Response:
    """Withdraw it. Twice is as good as once; 200 means that it is durable.

    A mail program's ``List-Unsubscribe=One-Click`` and the page's own button come alike: whatever
    else is posted is not read.
    """
    followed = await _follow(request)
    last = followed.last
    command = WithdrawConsent(
        subject_id=last.subject_id,
        occurred_at=datetime.now(UTC),
        purpose=last.purpose,
        kind=last.kind,
        evidence=Evidence(channel=Channel.link),
    )
    context = Context(ACTOR, request.state.request_id)
    ledger = followed.deployment.ledger
    await ledger.handle(request_of(followed.link.workspace_id, command, context))
    return withdrawal_page.confirm(last, followed.controller)


ROUTES: Final = [
    Route("/{token}", show, methods=["GET"]),
    Route("/{token}", withdraw, methods=["POST"]),
]


async def _follow(request: Request) -> Followed:
    """What a link leads to; ``NotFound`` where anything is wrong with it."""
    deployment = deployment_of(request)
    link = WithdrawalLink.parse(request.path_params["token"])
    if link is None:
        raise NotFound("link")
    cell = await deployment.ledger.cell_of(link.workspace_id)
    async with cell.scoped(link.workspace_id) as connection:
        key = await cell.workspace_key(connection, link.workspace_id)
        if not link.is_genuine(key):
            raise NotFound("link")
        entries = await consent_of(connection, link.workspace_id, link.consent_id)
    last = last_by(consent_in(entries))
    if last is None:
        raise NotFound("consent")
    controller = await deployment.ledger.directory.name_of(link.workspace_id)
    return Followed(deployment, link, last, controller)
