"""Begins the recording of two who talk already: by REST, once both have agreed.

``<Start>`` is no way to it. In the caller's own document it would record before the other side was
asked, and in a whisper's it would record the other leg, whose callbacks name another call. So
Twilio is asked over REST, once the answer to the whisper is on its way. It is asked at most once:
where that fails, or this process dies first, the call is not recorded, which is the safe side.
"""

import asyncio
from typing import Final

import structlog

from adapters.twilio.client import rest_session
from adapters.twilio.controls import Controls
from adapters.workspaces.credentials import Credentials
from api.asking_consent import Conversation

CONNECTED_SECONDS: Final = 0.5
"""After the answer to the whisper: until then the two are not connected."""

_UNDER_WAY: Final = set[asyncio.Task[None]]()
log = structlog.get_logger()


def begin(conversation: Conversation, credentials: Credentials, call_sid: str, told: str) -> None:
    """Begin it in a moment, behind the answer."""
    task = asyncio.create_task(_begin(conversation, credentials, call_sid, told))
    _UNDER_WAY.add(task)  # or nobody would hold it
    task.add_done_callback(_UNDER_WAY.discard)


async def _begin(
    conversation: Conversation, credentials: Credentials, call_sid: str, told: str
) -> None:
    try:
        await asyncio.sleep(CONNECTED_SECONDS)
        if not await conversation.tell_start():
            return
        account = next(iter(credentials.account_sids), "")
        standin = conversation.ledger.settings.twilio_api_url
        async with rest_session() as session:
            answer = await Controls(session, credentials, account, standin).start(call_sid, told)
        if answer.status != 201:  # noqa: PLR2004 - what HTTP calls created
            log.warning("recording.not_begun", status=answer.status, code=answer.code)
    except Exception:
        log.exception("recording.not_begun", call_id=str(conversation.call_id))
