"""What the routes work with: the ledger and what the process remembers beside it."""

from dataclasses import dataclass
from typing import Self

from starlette.applications import Starlette
from starlette.requests import Request

from adapters.wiring import Ledger
from api.credentials import CredentialCache
from api.offices import Offices


@dataclass(frozen=True, slots=True)
class Deployment:
    """A ledger that is open, and the address that the provider knows us by."""

    ledger: Ledger
    credentials: CredentialCache
    offices: Offices
    public_url: str

    @classmethod
    def of(cls, ledger: Ledger, own_url: str) -> Self:
        """Serve a ledger; ``own_url`` is where we listen, for when no proxy stands before us."""
        return cls(
            ledger, CredentialCache(ledger), Offices(ledger), ledger.settings.public_url or own_url
        )

    def attach(self, *apps: Starlette) -> None:
        """Let the routes of these applications find it."""
        for app in apps:
            app.state.deployment = self


def deployment_of(request: Request) -> Deployment:
    """What the application that serves this request was given."""
    found: Deployment = request.app.state.deployment
    return found
