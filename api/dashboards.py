"""The dashboards' API as a FastAPI application; its OpenAPI document is the contract."""

from importlib.metadata import version
from typing import Final

from api.contract import ContractualAPI
from api.errors import HANDLERS
from api.routes import (
    accesses,
    call,
    calls,
    closure,
    consent_records,
    consents,
    dead_letters,
    health,
    history,
    holds,
    marketing,
    members,
    messages,
    objections,
    receipts,
    recordings,
    restriction,
    retention,
    settings,
    sharing,
    subjects,
    transcriptions,
    transfers,
)
from api.routes.reference import serve_reference

_DESCRIPTION: Final = """\
Call logs, their history and recordings; consents, erasures and holds; settings and members.

Every answer belongs to one workspace: the one that the API key was made for. Times are RFC 3339.
Problems are RFC 9457. Reads carry an `ETag`; give it back as `If-None-Match`. An unknown
parameter is a problem, never ignored.
"""

ROUTES: Final = (
    calls,
    call,
    history,
    recordings,
    objections,
    transfers,
    transcriptions,
    messages,
    subjects,
    receipts,
    consents,
    consent_records,
    marketing,
    settings,
    sharing,
    members,
    closure,
    retention,
    holds,
    restriction,
    dead_letters,
    accesses,
    health,
)
"""In the order of the document."""


def create_dashboards() -> ContractualAPI:
    """Everything under ``/v1``, the documents, and what a load balancer asks."""
    api = ContractualAPI(
        title="Ringledger",
        version=version("ringledger"),
        description=_DESCRIPTION,
        exception_handlers=HANDLERS,
        redirect_slashes=False,
        docs_url=None,
        redoc_url=None,
    )
    for routes in ROUTES:
        api.include_router(routes.ROUTER)
    serve_reference(api)
    return api
