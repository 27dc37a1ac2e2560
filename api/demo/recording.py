"""Three callers who are asked whether their call may be recorded: yes, no, and yes until half-way.

Played to an office of its own, by what our own answers say, and checked: what is kept is what was
agreed to, and of what was objected to nothing is left, with us or at the provider.
"""

import asyncio
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from hashlib import sha256
from random import Random
from typing import Final

import aiohttp
from yarl import URL

from adapters.twilio.signature import sign
from adapters.wiring import NewWorkspace, now
from api.demo.checks import call_id_of
from api.demo.dashboard import Dashboard, Json
from api.demo.exchange import Exchange
from api.demo.phone import Form, Phone
from api.demo.play import FORM, SIGNATURE

NAME: Final = "Quay Street Opticians"
ACCOUNT: Final = f"AC{7:032x}"
LINE, DESK = "+442079460150", "+442079460151"
QUESTION: Final = (
    "We would like to record this call to train our staff. Press 1 to agree, or stay on the line "
    "to go on without being recorded."
)
SETTLE_SECONDS: Final = 30.0


@dataclass(frozen=True, slots=True)
class Story:
    """A call, and what is to be true of it afterwards."""

    title: str
    caller: str
    key: str
    answer: str
    """What the caller's consent says in the end."""

    is_kept: bool = False
    objects: bool = False


STORIES: Final = (
    Story("agrees", "+447700900601", "1", "given", is_kept=True),
    Story("refuses", "+447700900602", "2", "refused"),
    Story("agrees, and objects half-way", "+447700900603", "1", "withdrawn", objects=True),
)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a call."""

    story: Story
    call_id: str
    recordings: list[Json]
    consent: str
    left_at_provider: list[str]

    @property
    def is_kept(self) -> bool:
        """Whether a track of it can be heard."""
        return any("audible" in one["tracks"] for one in self.recordings)


async def play_recorded(
    session: aiohttp.ClientSession,
    base_url: str,
    workspace: NewWorkspace,
    auth_token: str,
    exchange: Exchange,
) -> list[Outcome]:
    """Set the office up, let the three call, and see what became of each."""
    office = Dashboard(session, base_url, workspace)
    await office.set_up({"desk": DESK}, _settings())
    root = f"{base_url}/twilio/{workspace.workspace_id}"

    async def post(address: str, form: Form) -> str:
        url = address.partition("#")[0]
        headers = {SIGNATURE: sign(url, form, auth_token.encode()), "Content-Type": FORM}
        body = aiohttp.FormData(form)()
        async with session.post(URL(url, encoded=True), data=body, headers=headers) as answer:
            answer.raise_for_status()
            return await answer.text()

    phones = [
        Phone(
            post=post,
            root=root,
            account_sid=ACCOUNT,
            caller=story.caller,
            called=LINE,
            now=now,
            keys=(story.key,),
            rng=Random(number),  # noqa: S311 - ids for a play
        )
        for number, story in enumerate(STORIES)
    ]
    await asyncio.gather(
        *(_talk(one, story, office, exchange) for one, story in zip(phones, STORIES, strict=True))
    )
    return [
        await _settled(office, one, story, exchange)
        for one, story in zip(phones, STORIES, strict=True)
    ]


def check_recorded(outcomes: list[Outcome]) -> Iterator[str]:
    """Whatever is not as it should be."""
    for found in outcomes:
        story = found.story
        if found.consent != story.answer:
            yield f"who {story.title}: the consent says {found.consent}"
        if found.is_kept is not story.is_kept:
            why = [one["fetch_failure"] or one["forbidden"] for one in found.recordings]
            yield f"who {story.title}: kept: {found.is_kept}, because {why}"
        if story.objects and not all(map(_is_gone, found.recordings)):
            yield f"who {story.title}: something of the recording is left"
        if found.left_at_provider and not story.is_kept:
            yield f"who {story.title}: the provider still has audio"
        if bool(found.recordings) is not (story.key == "1"):
            yield f"who {story.title}: {len(found.recordings)} recordings were begun"


async def _talk(one: Phone, story: Story, office: Dashboard, exchange: Exchange) -> None:
    await one.ring()
    exchange.states.update({recorded.sid: "in-progress" for recorded in one.recordings})
    if story.objects:
        await office.object(call_id_of(office.workspace_id, one.sid))
        (recorded,) = one.recordings
        with suppress(TimeoutError):
            await asyncio.wait_for(exchange.has_stopped.wait(), SETTLE_SECONDS)
        exchange.states[recorded.sid] = "completed"
        await one.recorded(recorded)
    exchange.states.update(
        {r.sid: "completed" for r in one.recordings if exchange.states[r.sid] == "in-progress"}
    )
    await one.hang_up()


async def _settled(office: Dashboard, one: Phone, story: Story, exchange: Exchange) -> Outcome:
    """What is shown once nothing more is to come, or after a while in any case."""
    call_id = call_id_of(office.workspace_id, one.sid)
    deadline = asyncio.get_running_loop().time() + SETTLE_SECONDS
    while True:
        left = [r.sid for r in one.recordings if exchange.states[r.sid] != "deleted"]
        found = Outcome(
            story,
            call_id,
            await office.recordings(call_id),
            await office.consent(story.caller),
            left,
        )
        if not list(check_recorded([found])) or asyncio.get_running_loop().time() > deadline:
            return found
        await asyncio.sleep(0.2)


def _is_gone(recording: Json) -> bool:
    return (recording["forbidden"], recording["provider_copy"]) == ("objection", "deleted")


def _settings() -> Json:
    prompt = {
        "prompt_id": "recorded_call",
        "version": 1,
        "language": "en-GB",
        "text": QUESTION,
        "text_sha256": sha256(QUESTION.encode()).hexdigest(),
    }
    rule = {"step": "dial", "targets": ["desk"], "unanswered": "voicemail"}
    return {
        "recording": {"mode": "asked", "consenting": "caller", "prompt": prompt},
        "routing": {"time_zone": "Europe/London", "rules": [rule]},
        "region": {"region": "uk", "country": "GB"},
    }
