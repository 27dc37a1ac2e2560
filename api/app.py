"""The application: Twilio's webhooks, and behind them the dashboards' API and the links.

They are apart because a callback has no use for a schema, nor for a router.
"""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Final

from starlette.applications import Starlette
from starlette.routing import Mount, Router
from starlette.types import ASGIApp

from adapters import logging, settings
from adapters.wiring import Ledger, open_ledger
from adapters.workspaces import withdrawal_links
from api import collector
from api.dashboards import create_dashboards
from api.deployment import Deployment
from api.errors import HANDLERS
from api.middleware import HeadAsGet, Requests
from api.routes import withdrawal
from api.webhooks import Webhooks

OWN_URL: Final = "http://127.0.0.1:8000"


class Application(Starlette):
    """The routes, and before them what every request and every webhook goes through."""

    def build_middleware_stack(self) -> ASGIApp:
        """Put ours first: a webhook passes no layer that it has no use for."""
        return Requests(Webhooks(super().build_middleware_stack()))


def create_app(ledger: Ledger | None = None, *, own_url: str = OWN_URL) -> Starlette:
    """Serve a ledger over HTTP.

    Args:
        ledger: One that is open already and stays its owner's. Without it the application opens
            the one of the environment when it starts, and closes it at the end.
        own_url: Where we listen: what signatures cover as long as no public URL is set.
    """
    dashboards = create_dashboards()

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        async with AsyncExitStack() as stack:
            if ledger is None:
                logging.configure()
                opened = await stack.enter_async_context(open_ledger(settings.load()))
                Deployment.of(opened, own_url).attach(app, dashboards)
            collector.settle()
            yield

    app = Application(
        routes=[
            Mount(withdrawal_links.PATH, Router(withdrawal.ROUTES, redirect_slashes=False)),
            Mount("/", HeadAsGet(dashboards)),
        ],
        exception_handlers=HANDLERS,
        lifespan=lifespan,
    )
    if ledger is not None:
        Deployment.of(ledger, own_url).attach(app, dashboards)
    return app
