"""Who asks, in which workspace, and one snapshot in which to answer them.

The key is checked in the very snapshot that the answer is read from, under row-level security
for the workspace that the key itself names. Only then is it held against the address: another
workspace's resources are "not found", whether or not they exist. Of one's own workspace that is
closed nothing is left to be had, but for the closure and the holds that put off its end.

Whoever asks has a purpose: the one they state, or their key's. What they open is written down
with it.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import Annotated, Any, Final
from uuid import UUID

from fastapi import Depends, Header, Path, Security
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from starlette.requests import Request

from adapters.accesses.access import Recorded
from adapters.cell import Cell
from adapters.keys.workspace_key import WorkspaceKey
from adapters.postgres.pool import Connection
from adapters.workspaces.api_keys import ApiKey, Principal, Scope, authenticate
from api.contract import refuse_undeclared
from api.deployment import Deployment, deployment_of
from api.problems import Problem
from domain.accesses import AccessPurpose, Origin, Reader
from domain.errors import Gone, NotFound, Unavailable
from domain.messages import Context
from domain.personal_data import Need

PATIENCE_SECONDS: Final = 5.0
MOST_OF_AN_AGENT: Final = 200
_CHALLENGE: Final = {"WWW-Authenticate": 'Bearer realm="ringledger"'}

Bearer = Annotated[
    HTTPAuthorizationCredentials | None,
    Security(
        HTTPBearer(
            auto_error=False,
            scheme_name="api_key",
            description="An API key, bound to one workspace: `Authorization: Bearer rl_…`",
        )
    ),
]
Purpose = Annotated[
    AccessPurpose | None,
    Header(
        alias="Access-Purpose",
        description="What you read for, where personal values are opened: it is written down. "
        "Without it, what the API key was made for.",
    ),
]
WorkspaceId = Annotated[UUID, Path(description="The workspace that the API key belongs to.")]


@dataclass(frozen=True, slots=True)
class Caller:
    """Somebody whose key is good for what they ask, and the cell of their workspace."""

    deployment: Deployment
    principal: Principal
    cell: Cell
    reader: Reader

    @property
    def workspace_id(self) -> UUID:
        """The one workspace that they may know of."""
        return self.principal.workspace_id

    def may(self, scope: Scope) -> bool:
        """Whether their key has the scope."""
        return scope in self.principal.scopes

    def require(self, scope: Scope) -> None:
        """Answer with a problem that names the scope, where their key is without it."""
        if not self.may(scope):
            raise Problem("missing-scope", scope=scope)

    def needs(self, need: Need | None) -> tuple[Need, ...]:
        """What they may open because they name a need; nothing where they name none."""
        if need is None:
            return ()
        self.require(Scope.restricted_open)
        return (need,)

    @property
    def context(self) -> Context:
        """What the entries that this request leads to say of it."""
        return Context(self.principal.actor, self.request_id)

    @property
    def request_id(self) -> UUID:
        """What tells this request from all others."""
        return self.reader.request_id

    def access(self, purpose: AccessPurpose | None = None) -> Recorded:
        """Their access to personal values, for another purpose than the stated one if given."""
        reader = self.reader if purpose is None else self.reader._replace(purpose=purpose)
        return self.cell.access(reader)

    @asynccontextmanager
    async def session(self) -> AsyncIterator["Session"]:
        """A new snapshot: what the caller's own request changed is in it."""
        async with self.cell.scoped(self.workspace_id) as connection:
            key = await self.cell.workspace_key(connection, self.workspace_id)
            yield Session(self, connection, key)


@dataclass(frozen=True, slots=True)
class Session:
    """A caller's snapshot of their workspace."""

    caller: Caller
    connection: Connection
    key: WorkspaceKey

    @property
    def workspace_id(self) -> UUID:
        """The one workspace that it shows."""
        return self.caller.workspace_id

    @property
    def opens_values(self) -> bool:
        """Whether personal values may be shown."""
        return self.caller.may(Scope.values_open)


@dataclass(frozen=True, slots=True)
class Admission:
    """A caller, and the snapshot in which their key was found good."""

    caller: Caller
    connection: Connection

    async def session(self) -> Session:
        """What they may see in it."""
        key = await self.caller.cell.workspace_key(self.connection, self.caller.workspace_id)
        return Session(self.caller, self.connection, key)


@asynccontextmanager
async def admitted(
    request: Request,
    workspace_id: UUID,
    scope: Scope,
    purpose: AccessPurpose | None = None,
    *,
    even_closed: bool = False,
) -> AsyncIterator[Admission]:
    """A snapshot for whoever sent this request; a problem for who may not."""
    presented = _presented_key(request)
    deployment = deployment_of(request)
    try:
        cell = await deployment.ledger.cell_of(presented.workspace_id)
    except NotFound:
        raise Problem("unauthorized", headers=_CHALLENGE) from None
    async with _snapshot(cell, presented.workspace_id) as connection:
        principal = await authenticate(connection, presented)
        if principal is None:
            raise Problem("unauthorized", headers=_CHALLENGE)
        if principal.workspace_id != workspace_id:
            raise NotFound("workspace")
        if principal.finds_closed and not even_closed:
            raise Gone("workspace")
        caller = Caller(deployment, principal, cell, _reader(request, principal, purpose))
        caller.require(scope)
        refuse_undeclared(request)
        yield Admission(caller, connection)


@asynccontextmanager
async def _snapshot(cell: Cell, workspace_id: UUID) -> AsyncIterator[Connection]:
    """The workspace's snapshot. Nobody waits long for a database that is away."""
    async with AsyncExitStack() as stack:
        try:
            async with asyncio.timeout(PATIENCE_SECONDS):
                connection = await stack.enter_async_context(cell.scoped(workspace_id))
        except TimeoutError:
            raise Unavailable("database") from None
        yield connection


def _reader(request: Request, principal: Principal, purpose: AccessPurpose | None) -> Reader:
    """Who sent this request, as access entries name them."""
    origin = Origin(
        request.client.host if request.client else "",
        request.headers.get("user-agent", "")[:MOST_OF_AN_AGENT],
    )
    operation = request.scope["route"].operation_id
    request_id: UUID = request.state.request_id
    return Reader(principal.actor, purpose or principal.purpose, operation, request_id, origin)


def _presented_key(request: Request) -> ApiKey:
    scheme, _, text = request.headers.get("authorization", "").partition(" ")
    key = ApiKey.parse(text.strip()) if scheme.lower() == "bearer" else None
    if key is None:
        raise Problem("unauthorized", headers=_CHALLENGE)
    return key


def _reading(scope: Scope, *, even_closed: bool = False) -> Any:  # noqa: ANN401 - what FastAPI calls a dependency
    async def session(
        request: Request, workspace_id: WorkspaceId, _bearer: Bearer, purpose: Purpose = None
    ) -> AsyncIterator[Session]:
        place = request, workspace_id, scope, purpose
        async with admitted(*place, even_closed=even_closed) as found:
            yield await found.session()

    # The snapshot ends before the answer is sent: a slow reader holds no connection.
    return Depends(session, scope="function")


def _acting(scope: Scope, *, even_closed: bool = False) -> Any:  # noqa: ANN401 - as above
    async def caller(
        request: Request, workspace_id: WorkspaceId, _bearer: Bearer, purpose: Purpose = None
    ) -> Caller:
        place = request, workspace_id, scope, purpose
        async with admitted(*place, even_closed=even_closed) as found:
            return found.caller

    return Depends(caller)


CallReader = Annotated[Session, _reading(Scope.calls_read)]
ValueReader = Annotated[Session, _reading(Scope.values_open)]
Listener = Annotated[Session, _reading(Scope.recordings_play)]
Replayer = Annotated[Caller, _acting(Scope.values_open)]
ConsentReader = Annotated[Session, _reading(Scope.consents_read)]
Transferrer = Annotated[Caller, _acting(Scope.calls_transfer)]
ConsentTeller = Annotated[Caller, _acting(Scope.consents_tell)]
Eraser = Annotated[Caller, _acting(Scope.subjects_erase)]
SettingsReader = Annotated[Session, _reading(Scope.settings_read)]
SettingsWriter = Annotated[Caller, _acting(Scope.settings_write)]
MemberWriter = Annotated[Caller, _acting(Scope.members_write)]
AccessReader = Annotated[Session, _reading(Scope.accesses_read)]
Closer = Annotated[Caller, _acting(Scope.workspace_close, even_closed=True)]
TranscriptionReader = Annotated[Session, _reading(Scope.transcriptions_read)]
TranscriptionWriter = Annotated[Caller, _acting(Scope.transcriptions_write)]
MessageReader = Annotated[Session, _reading(Scope.messages_read)]
# A hold is the reason why a closed workspace does not end: it must be seen and released there.
HoldReader = Annotated[Session, _reading(Scope.holds_read, even_closed=True)]
HoldKeeper = Annotated[Caller, _acting(Scope.holds_write, even_closed=True)]
Restricter = Annotated[Caller, _acting(Scope.subjects_restrict)]
