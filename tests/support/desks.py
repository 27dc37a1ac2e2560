"""A served workspace with a call in which a caller speaks and an agent answers, transcribed."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from uuid import UUID

import httpx
from asking import transcribing_is_on
from serving import House, serving
from studio import AGENT
from transcripts import content_form, live_form, started_form
from twilio_forms import CALLER, Form, call_callbacks, call_sid

from adapters.postgres.embedded import Urls
from domain.identifiers import call_id

ASKED, ANSWERED = "Where is my order?", "It is on its way."
LIVE: Final = (
    started_form(1),
    content_form(2, ASKED),
    content_form(3, ANSWERED, track="outbound_track"),
    live_form("stopped", 4),
)


@dataclass(frozen=True, slots=True)
class Desk:
    """A house with a call that is over."""

    house: House
    call: UUID

    async def tell(self, *forms: Form, channel: str = "voice/transcription") -> None:
        """Post callbacks, see each acknowledged, and bring the views up to date."""
        for form in forms:
            answer = await self.house.post(form, channel)
            assert (answer.status_code, answer.content) == (204, b"")
        await self.house.follow()

    async def listed(self, key: str | None = None) -> list[dict[str, Any]]:
        """The call's transcriptions."""
        answer = await self.house.get(f"/calls/{self.call}/transcriptions", key=key)
        assert answer.status_code == 200, answer.text
        return list(answer.json()["data"])

    async def one(self) -> dict[str, Any]:
        """The only one."""
        (found,) = await self.listed()
        return found

    async def texts(self) -> list[str | None]:
        """What is read of it, in order."""
        return [segment["text"] for segment in (await self.one())["segments"]]

    async def correct(self, text: str, segment: str = "first/2", **headers: str) -> httpx.Response:
        """Correct a segment."""
        found = await self.one()
        path = f"{self.house.here}/calls/{self.call}/transcriptions/{found['id']}"
        body = {"text": text, "reason": "misheard"}
        given = {"If-Match": "*"} | {name.replace("_", "-"): v for name, v in headers.items()}
        return await self.house.ask("PUT", f"{path}/segments/{segment}", json=body, headers=given)

    async def history(self) -> list[dict[str, Any]]:
        """Every entry of it."""
        found = await self.one()
        path = f"/calls/{self.call}/transcriptions/{found['id']}/history"
        return list((await self.house.get(path)).json()["data"])

    async def erase(self, number: str) -> None:
        """Erase whoever has this number."""
        found = (await self.house.get("/subjects", params={"number": number})).json()["data"]
        path = f"{self.house.here}/subjects/{found[0]['subject_id']}/erasure"
        assert (await self.house.ask("POST", path)).status_code == 200

    async def letters(self) -> list[str]:
        """Why each dead letter is one."""
        found = (await self.house.get("/dead-letters")).json()["data"]
        return [letter["reason"] for letter in found]


@asynccontextmanager
async def desk(database: Urls, folder: Path, *, is_on: bool = True) -> AsyncIterator[Desk]:
    """A house with one call, in which a caller speaks and an agent answers."""
    async with serving(database, folder) as house:
        await house.hear(*call_callbacks(call_sid(1), call_sid(2), caller=CALLER, agent=AGENT))
        if is_on:
            await house.ledger.handle(transcribing_is_on(house.workspace_id))
        yield Desk(house, call_id(house.workspace_id, "twilio", call_sid(1)))
