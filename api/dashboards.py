"""The dashboards' API as a FastAPI application; its OpenAPI document is the contract."""

from fastapi import FastAPI

from api.errors import HANDLERS


def create_dashboards() -> FastAPI:
    """Everything under ``/v1``, the documents, and what a load balancer asks."""
    return FastAPI(title="Ringledger", exception_handlers=HANDLERS)
