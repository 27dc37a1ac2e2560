"""What Twilio tells us when a verb of ours is over: a key, an end of a dial, or a hanging up.

The rest of such a request says again what the leg's own callbacks say, and is left to them.
"""

import re
from typing import Final, NamedTuple
from uuid import UUID

from adapters.twilio.callbacks import ANSWERERS, PROVIDER
from adapters.twilio.forms import Form, NotUnderstood
from domain.calls.words import Answerer
from domain.identifiers import call_id, leg_id

_SID: Final = re.compile(r"[A-Za-z0-9]{2,64}")
_KEY: Final = re.compile(r"[0-9*#]")
_OVER: Final = frozenset({"completed", "busy", "failed", "no-answer", "canceled"})
_PUT_THROUGH: Final = frozenset({"completed", "answered"})


class Reply(NamedTuple):
    """Which leg it is, and what it says."""

    call_id: UUID
    leg_id: UUID
    sid: str
    digit: str | None
    """The first key that was pressed; ``None`` where none was."""

    has_left: bool
    """Whether the leg is over."""

    was_put_through: bool
    """Whether somebody who was dialled picked up and talked."""

    answered_by: Answerer | None = None
    """Who or what picked up, where Twilio was asked to listen."""

    def answerer(self) -> Answerer:
        """The same, of a request that is about nothing else; ``NotUnderstood`` without it."""
        if self.answered_by is None:
            raise NotUnderstood("unknown_answerer")
        return self.answered_by


def read_reply(workspace_id: UUID, form: Form, parent: str | None = None) -> Reply:
    """Understand such a request.

    Args:
        workspace_id: Whose call it is.
        form: What Twilio posted.
        parent: The first leg's own id where the address said it: Twilio need not.

    Raises:
        NotUnderstood: With a code, and nothing else, whatever the form holds.
    """
    said = form.values
    sid = said.get("CallSid", "")
    if not sid:
        raise NotUnderstood("no_call_sid")
    first = parent or said.get("ParentCallSid", "") or sid
    if not (_SID.fullmatch(sid) and _SID.fullmatch(first)):
        raise NotUnderstood("bad_call_sid")
    keys = said.get("Digits", "")
    pressed = _KEY.match(keys)
    return Reply(
        call_id(workspace_id, PROVIDER, first),
        leg_id(workspace_id, PROVIDER, sid),
        sid,
        pressed[0] if pressed else None,
        has_left=said.get("CallStatus", "") in _OVER,
        was_put_through=said.get("DialCallStatus", "") in _PUT_THROUGH,
        answered_by=ANSWERERS.get(said.get("AnsweredBy", "")),
    )
