"""The API reference as a page. It asks no other host, so it works on a closed network."""

from importlib.resources import as_file, files
from typing import Final

from fastapi import APIRouter, FastAPI
from fastapi.openapi.docs import get_swagger_ui_html
from starlette.responses import HTMLResponse
from starlette.staticfiles import StaticFiles

ROUTER: Final = APIRouter(include_in_schema=False)
_ASSETS: Final = "/docs/assets"


@ROUTER.get("/docs")
async def get_reference() -> HTMLResponse:
    """Swagger UI over our own document."""
    return get_swagger_ui_html(
        openapi_url="/openapi.json",
        title="Ringledger API",
        swagger_js_url=f"{_ASSETS}/swagger-ui-bundle.js",
        swagger_css_url=f"{_ASSETS}/swagger-ui.css",
        swagger_favicon_url=f"{_ASSETS}/favicon.png",
    )


def serve_reference(api: FastAPI) -> None:
    """Add the page and the files it is made of, which a package carries."""
    with as_file(files("fastapi_offline") / "static") as assets:
        api.mount(_ASSETS, StaticFiles(directory=assets))
    api.include_router(ROUTER)
