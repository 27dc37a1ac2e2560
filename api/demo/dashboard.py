"""The demo's dashboard: asks the API over HTTP, as any other would, with one workspace's key."""

from collections.abc import Mapping
from datetime import date
from types import MappingProxyType
from typing import Any, Final
from uuid import UUID

import aiohttp

from adapters.wiring import NewWorkspace

Json = dict[str, Any]
PAGE: Final = 500
OK: Final = 200
NOTHING: Final[Mapping[str, str]] = MappingProxyType({})


class Unexpected(Exception):  # noqa: N818 - it says what happened
    """The API answered something else than what the demo asked for."""


class Dashboard:
    """One workspace, seen through the API."""

    def __init__(
        self, session: aiohttp.ClientSession, base_url: str, workspace: NewWorkspace
    ) -> None:
        self._session = session
        self._base_url = base_url
        self.workspace_id: UUID = workspace.workspace_id
        self.url = f"{base_url}/v1/workspaces/{workspace.workspace_id}"
        self.api_key = workspace.api_key.text

    async def newest(self, limit: int) -> list[Json]:
        """The call log's newest page."""
        return list((await self._ask("GET", "/calls", {"limit": str(limit)}))["data"])

    async def calls(self) -> list[Json]:
        """Every call, page after page."""
        return await self._every("/calls")

    async def call(self, call_id: str, **question: str) -> Json:
        """One call, as it is, as it was (``known_at``), or for a ``need``."""
        return await self._ask("GET", f"/calls/{call_id}", question)

    async def history(self, call_id: str) -> list[Json]:
        """Every entry of a call."""
        return list((await self._ask("GET", f"/calls/{call_id}/history"))["data"])

    async def dead_letters(self) -> list[Json]:
        """Every callback that could not be understood."""
        return await self._every("/dead-letters")

    async def subjects(self, number: str) -> list[Json]:
        """The data subject behind a number, if there is one."""
        return list((await self._ask("GET", "/subjects", {"number": number}))["data"])

    async def erase(self, subject_id: str) -> Json:
        """Erase a data subject."""
        body = {"reason": "requested"}
        return await self._ask("POST", f"/subjects/{subject_id}/erasure", body=body)

    async def hold(self, call_id: str, review_on: date) -> str:
        """Hold a call for a claim; the hold's id."""
        why = {"matter": "demo-1", "ground": "legal_claims", "review_on": review_on.isoformat()}
        body: Json = {"scope": "call", "calls": [call_id], **why}
        return str((await self._ask("POST", "/holds", body=body))["id"])

    async def release(self, hold_id: str) -> Json:
        """Release a hold."""
        return await self._ask("POST", f"/holds/{hold_id}/release")

    async def preview(self, subject_id: str) -> Json:
        """What an erasure would take."""
        return await self._ask("GET", f"/subjects/{subject_id}/erasure/preview")

    async def receipt(self, subject_id: str) -> Json:
        """A signed receipt of an erasure."""
        return await self._ask("POST", f"/subjects/{subject_id}/erasure/receipt")

    async def receipt_keys(self) -> Json:
        """What receipts are checked with, as anybody may have it."""
        async with self._session.get(f"{self._base_url}/receipts/keys") as response:
            keys: Json = await response.json()
            return keys

    async def set_up(self, numbers: Mapping[str, str], settings: Json) -> None:
        """Name the numbers that may be dialled, and set how calls are answered."""
        for name, number in numbers.items():
            asked = {"reason": "instruction", "number": number}
            await self._ask("PUT", f"/dial-targets/{name}", body=asked)
        wanted = {"reason": "instruction", **settings}
        await self._ask("PATCH", "/settings", body=wanted, headers={"If-Match": "*"})

    async def recordings(self, call_id: str) -> list[Json]:
        """The recordings of a call."""
        return list((await self._ask("GET", f"/calls/{call_id}/recordings"))["data"])

    async def object(self, call_id: str) -> Json:
        """The caller of a call objects to being recorded."""
        return await self._ask("POST", f"/calls/{call_id}/objection", body={})

    async def consent(self, number: str) -> str:
        """Where the consent of whoever has a number stands; nowhere while nothing is known."""
        for subject in await self.subjects(number):
            path = f"/subjects/{subject['subject_id']}/consents"
            for one in (await self._ask("GET", path))["data"]:
                return str(one["standing"])
        return ""

    async def _every(self, path: str) -> list[Json]:
        found: list[Json] = []
        query = {"limit": str(PAGE)}
        while True:
            page = await self._ask("GET", path, query)
            found += page["data"]
            cursor = page.get("next_cursor")
            if cursor is None:
                return found
            query["cursor"] = cursor

    async def _ask(
        self,
        method: str,
        path: str,
        query: Mapping[str, str] = NOTHING,
        body: Json | None = None,
        headers: Mapping[str, str] = NOTHING,
    ) -> Json:
        headers = {"Authorization": f"Bearer {self.api_key}", **headers}
        async with self._session.request(
            method, self.url + path, params=query, json=body, headers=headers
        ) as response:
            answer: Json = await response.json(content_type=None)
            if response.status != OK:
                # The path's ids are random; its query may be a number and is not shown.
                raise Unexpected(f"{method} {path} was answered {response.status}")
            return answer
