"""How long a caller waits for our answer: ``python -m bench.answering``.

Incoming calls of a workspace that routes by rules and asks for consent, at a pace, to a server
process of its own. Every answer is checked to be the question, and is durable with what it says.
"""

import asyncio
from hashlib import sha256
from typing import Any, Final
from urllib.parse import urlencode
from uuid import UUID, uuid4

import aiohttp

from adapters.event_store.requests import Request
from adapters.twilio.signature import sign
from adapters.wiring import now
from api.demo.forms import Form
from bench.ground import ACCOUNT_SID, AUTH_TOKEN, PUBLIC_URL, Ground, Home
from bench.measure import MILLISECONDS, percentile
from bench.server import Server, serving
from domain.messages import Context
from domain.personal_data import Category, Clear
from domain.workspaces.commands import ChangeSettings, SetDialTarget
from domain.workspaces.words import (
    ChangeReason,
    Prompt,
    RecordingMode,
    RecordingPolicy,
    Routing,
    RoutingRule,
    RoutingStep,
)
from domain.workspaces.workspace import WORKSPACE

CALLS: Final = 1_500
PER_SECOND: Final = 60
"""A busy hour of some 50,000 calls a day."""

DESK: Final = "+442079460101"
TEXT: Final = "Press 1 to agree to being recorded."
FORM: Final = "application/x-www-form-urlencoded; charset=UTF-8"


async def measure() -> list[float]:
    """Seconds of each answer."""
    async with Ground.open() as ground, ground.scenario():
        home = await ground.new_home()
        await _set_up(home)
        async with serving(home, "serve") as server:
            await _calls(home, server, 300)
            return await _calls(home, server, CALLS)


async def _calls(home: Home, server: Server, amount: int) -> list[float]:
    async with aiohttp.ClientSession() as session, asyncio.TaskGroup() as group:
        began = asyncio.get_running_loop().time()
        tasks = []
        for number in range(amount):
            due = began + number / PER_SECOND
            await asyncio.sleep(max(0.0, due - asyncio.get_running_loop().time()))
            tasks.append(group.create_task(_call(session, server.url, home.workspace_id)))
    return [task.result() for task in tasks]


async def _call(session: aiohttp.ClientSession, url: str, workspace_id: UUID) -> float:
    number = uuid4().int
    form: Form = (
        ("CallSid", f"CA{number:032x}"),
        ("AccountSid", ACCOUNT_SID),
        ("From", f"+4477009{number % 100_000:05}"),
        ("To", "+442079460100"),
        ("CallStatus", "ringing"),
        ("Direction", "inbound"),
    )
    path = f"/twilio/{workspace_id}/voice/incoming"
    signature = sign(PUBLIC_URL + path, form, AUTH_TOKEN.encode())
    headers = {"X-Twilio-Signature": signature, "Content-Type": FORM}
    began = asyncio.get_running_loop().time()
    async with session.post(url + path, data=urlencode(form), headers=headers) as answer:
        text = await answer.text()
    assert "<Gather" in text, "the caller was not asked"
    return asyncio.get_running_loop().time() - began


async def _set_up(home: Home) -> None:
    said: dict[str, Any] = {"occurred_at": now(), "reason": ChangeReason.instruction}
    number = Clear({"address": DESK, "kind": "e164"}, Category.account, lookup=f"tel:{DESK}")
    digest = sha256(TEXT.encode()).hexdigest()
    prompt = Prompt(prompt_id="rec", version=1, language="en-GB", text_sha256=digest, text=TEXT)
    rule = RoutingRule(step=RoutingStep.dial, targets=("desk",), opens="00:00")
    place = home.workspace_id, home.workspace_id
    for command in (
        SetDialTarget(**said, target="desk", number=number),
        ChangeSettings(
            **said,
            recording=RecordingPolicy(mode=RecordingMode.asked, prompt=prompt),
            routing=Routing(time_zone="Europe/London", rules=(rule,)),
        ),
    ):
        request = Request(*place, WORKSPACE, command, Context("cli", uuid4()))
        await home.ledger.handle(request)


if __name__ == "__main__":
    found = asyncio.run(measure())
    for percent in (50, 99):
        print(f"p{percent} {percentile(found, percent) * MILLISECONDS:.1f} ms")
