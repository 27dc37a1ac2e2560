"""A telephone that calls a served workspace, and the settings by which it is answered."""

from collections.abc import Sequence
from random import Random
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

from asking import change
from prompts import prompt
from serving import AUTH_TOKEN, FORM, House
from twilio_forms import ACCOUNT_SID, CALLEE, CALLER, form_bytes

from adapters.event_store.requests import Request
from adapters.twilio.signature import sign
from api.demo.phone import Form, Phone
from domain.messages import Context
from domain.personal_data import Category, Clear
from domain.workspaces.commands import SetDialTarget, WorkspaceCommand
from domain.workspaces.words import (
    ChangeReason,
    Consenting,
    RecordingMode,
    RecordingPolicy,
)
from domain.workspaces.workspace import WORKSPACE


def asking(
    consenting: Consenting = Consenting.caller,
    mode: RecordingMode = RecordingMode.asked,
    **more: Any,  # noqa: ANN401 - any field of the policy
) -> RecordingPolicy:
    """Record, on this consent."""
    return RecordingPolicy(mode=mode, consenting=consenting, prompt=prompt(), **more)


async def setting(house: House, **settings: Any) -> None:  # noqa: ANN401 - any setting
    """Set these, and let the next call know."""
    await _tell(house, change(**settings))


async def naming(house: House, **numbers: str) -> None:
    """Name these numbers."""
    for name, address in numbers.items():
        value = {"address": address, "kind": "e164"}
        number = Clear(value, Category.account, lookup=f"tel:{address}")
        wanted = SetDialTarget(
            occurred_at=house.ledger.clock(),
            reason=ChangeReason.instruction,
            target=name,
            number=number,
        )
        await _tell(house, wanted)


async def _tell(house: House, command: WorkspaceCommand) -> None:
    place = house.workspace_id, house.workspace_id
    await house.ledger.handle(Request(*place, WORKSPACE, command, Context("cli", uuid4())))
    house.app.state.deployment.offices.forget(house.workspace_id)


def phone(
    house: House,
    *keys: str | None,
    caller: str = CALLER,
    called: str = CALLEE,
    picks_up: Sequence[bool] = (True,),
    callee_keys: Sequence[str | None] = ("1",),
    seed: int = 1,
) -> Phone:
    """Somebody who calls the house."""

    async def post(address: str, form: Form) -> str:
        url = address.partition("#")[0]
        headers = {
            "X-Twilio-Signature": sign(url, form, AUTH_TOKEN.encode()),
            "Content-Type": FORM,
        }
        parts = urlsplit(url)
        path = parts.path + (f"?{parts.query}" if parts.query else "")
        answer = await house.client.post(path, content=form_bytes(form), headers=headers)
        assert answer.status_code in (200, 204), answer.text
        return answer.text

    return Phone(
        post=post,
        root=f"{house.base_url}/twilio/{house.workspace_id}",
        account_sid=ACCOUNT_SID,
        caller=caller,
        called=called,
        now=house.ledger.clock,
        keys=keys,
        picks_up=picks_up,
        callee_keys=callee_keys,
        rng=Random(seed),
    )
