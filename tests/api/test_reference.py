"""The API reference, as a browser on a closed network asks for it."""

import re

import httpx
from cells import asynchronous

from api.dashboards import create_dashboards


@asynchronous
async def test_the_reference_asks_no_other_host_for_anything() -> None:
    """Every address in the page is one of ours, and answers."""
    transport = httpx.ASGITransport(create_dashboards())
    async with httpx.AsyncClient(transport=transport, base_url="http://ringledger") as client:
        page = await client.get("/docs")
        addresses = re.findall(r"""(?:src|href)="([^"]+)"|url: '([^']+)'""", page.text)
        ours = {first or second for first, second in addresses}
        statuses = {(await client.get(address)).status_code for address in ours}

    assert {"/docs/assets/swagger-ui-bundle.js", "/openapi.json"} <= ours
    assert "//" not in "".join(ours)
    assert statuses == {200}
