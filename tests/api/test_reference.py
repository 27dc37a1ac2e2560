"""The API reference, as a browser on a closed network asks for it."""

import re

from starlette.testclient import TestClient

from api.dashboards import create_dashboards


def test_the_reference_asks_no_other_host_for_anything() -> None:
    """Every address in the page is one of ours, and answers."""
    client = TestClient(create_dashboards())

    page = client.get("/docs")

    addresses = re.findall(r"""(?:src|href)="([^"]+)"|url: '([^']+)'""", page.text)
    ours = {first or second for first, second in addresses}
    assert {"/docs/assets/swagger-ui-bundle.js", "/openapi.json"} <= ours
    assert {client.get(address).status_code for address in ours} == {200}
    assert "//" not in "".join(ours)
