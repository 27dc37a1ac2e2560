"""What Twilio holds of a call beyond what it told us, and the deletion of each of it.

A leg that was deleted takes none of its recordings with it, and a recording none of its texts. So
all of it is looked for by the leg's id first, for as long as that leads somewhere.
"""

import re
from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple

import aiohttp

from adapters.twilio.client import Answer, Resource, RestClient, RestFailed, api_url
from adapters.twilio.media import logins_of
from adapters.twilio.moments import read_moment
from adapters.workspaces.credentials import Credentials
from domain.provider_copies.events import Copy
from domain.provider_copies.words import CopyKind

MOST_LEGS: Final = 100
"""Of one call: more than that is no call of ours."""

_SIDS: Final = {
    CopyKind.leg: re.compile(r"CA[0-9a-f]{32}"),
    CopyKind.recording: re.compile(r"RE[0-9a-f]{32}"),
    CopyKind.transcription: re.compile(r"TR[0-9a-f]{32}"),
    CopyKind.transcript: re.compile(r"GT[0-9a-f]{32}"),
}
_PATHS: Final = {
    CopyKind.leg: "Calls",
    CopyKind.recording: "Recordings",
    CopyKind.transcription: "Transcriptions",
    CopyKind.message: "Messages",
}
_OVER: Final = frozenset({"completed", "busy", "failed", "no-answer", "canceled"})
_UNAUTHORIZED, _DELETED = 401, 204


class Held(NamedTuple):
    """What Twilio holds of a call."""

    copies: tuple[Copy, ...]
    is_over: bool
    """Whether none of its legs goes on: then there will be no more of it."""


class Holdings:
    """What a workspace's accounts hold."""

    def __init__(self, accounts: Sequence[RestClient]) -> None:
        self._accounts = accounts

    async def look(self, legs: Iterable[str], conferences: Iterable[str] = ()) -> Held:
        """All that hangs on these legs and conferences, in whichever account they are.

        Raises:
            RestFailed: An account did not tell, or the workspace has none that opens.
        """
        if not self._accounts:
            raise RestFailed(_UNAUTHORIZED)
        known, met_in = tuple(legs), tuple(conferences)
        looks = [_Look(account) for account in self._accounts]
        for look in looks:
            await look.at(known)
            await look.at_conferences(met_in)
        copies = tuple(copy for look in looks for copy in look.found)
        return Held(copies, is_over=all(look.is_over for look in looks))

    async def delete(self, copy: Copy) -> Answer:
        """Delete it, in whichever account it is: it is gone when every account says so."""
        answers = [await _delete(account, copy) for account in self._accounts]
        failures = (answer for answer in answers if not answer.is_gone)
        if failure := next(failures, None if answers else Answer(_UNAUTHORIZED)):
            return failure
        return max(answers, key=lambda answer: answer.status == _DELETED)


def holdings_of(
    session: aiohttp.ClientSession, credentials: Credentials, standin: str | None = None
) -> Holdings:
    """What the workspace's accounts hold: opened by an API key, or else by an auth token.

    Nobody tells in which of several accounts something is, so each is asked. ``standin`` is where
    to ask instead of Twilio.
    """
    base_url = standin or api_url(credentials.region)
    return Holdings(
        [
            RestClient(session, base_url, sid, logins_of(credentials, sid))
            for sid in credentials.account_sids
        ]
    )


async def _delete(account: RestClient, copy: Copy) -> Answer:
    if copy.kind is CopyKind.transcript:
        return await account.delete_transcript(copy.provider_id)
    return await account.delete(f"{_PATHS[copy.kind]}/{copy.provider_id}")


class _Look:
    """What one account tells, from leg to leg and from those to what hangs on them."""

    def __init__(self, account: RestClient) -> None:
        self._account = account
        self.found: list[Copy] = []
        self.is_over = True

    async def at(self, legs: Iterable[str]) -> None:
        """Look at these legs, and at those that they dialled."""
        waiting, seen = list(legs), set[str]()
        while waiting and len(seen) < MOST_LEGS:
            sid = waiting.pop()
            if sid not in seen:
                seen.add(sid)
                waiting += await self._leg(sid)

    async def at_conferences(self, conferences: Iterable[str]) -> None:
        """Look at what was recorded of everybody there: it is no leg's."""
        for sid in conferences:
            for recording in await self._account.recordings_of_conference(sid):
                await self._recording(recording, sid)

    async def _leg(self, sid: str) -> list[str]:
        """One leg; the legs that it dialled."""
        resource = await self._account.call(sid)
        if resource is not None:
            self.is_over = self.is_over and resource.get("status") in _OVER
            parent = resource.get("parent_call_sid")
            self._take(CopyKind.leg, [resource], parent if isinstance(parent, str) else None)
        for recording in await self._account.recordings_of(sid):
            await self._recording(recording, sid)
        dialled = await self._account.dialed_by(sid)
        return [copy.provider_id for copy in _copies(CopyKind.leg, dialled, sid)]

    async def _recording(self, resource: Resource, of: str) -> None:
        self._take(CopyKind.recording, [resource], of)
        for copy in _copies(CopyKind.recording, [resource], of):
            sid = copy.provider_id
            self._take(CopyKind.transcription, await self._account.transcriptions_of(sid), sid)
            self._take(CopyKind.transcript, await self._account.transcripts_of(sid), sid)

    def _take(self, kind: CopyKind, resources: Iterable[Resource], parent: str | None) -> None:
        self.found += _copies(kind, resources, parent)


def _copies(kind: CopyKind, resources: Iterable[Resource], parent: str | None) -> list[Copy]:
    """Each of them by its id, and when it was made; of all else that it says nothing."""
    return [
        Copy(
            kind=kind,
            provider_id=sid,
            parent_provider_id=parent,
            created_at=read_moment(str(one.get("date_created") or "")),
        )
        for one in resources
        if isinstance(sid := one.get("sid"), str) and _SIDS[kind].fullmatch(sid)
    ]
