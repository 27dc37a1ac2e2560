"""The rules of a consent: what may be said of it, and where it stood at any moment.

A consent is the *set* of what was said. What is said late, twice or in disorder leads to the same
consent: each statement holds from when it was said, until a later one. Two clocks: a statement's
``occurred_at`` decides here; what was known by some time is a matter of which entries are folded.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Final, assert_never

import msgspec
from msgspec import structs

from domain.consents.commands import (
    AskConsent,
    ConsentCommand,
    ConsentRequest,
    GiveConsent,
    MeetWithdrawal,
    RefuseConsent,
    WithdrawConsent,
)
from domain.consents.events import (
    ConsentAsked,
    ConsentEvent,
    ConsentFact,
    ConsentGiven,
    ConsentRefused,
    ConsentWithdrawalMet,
    ConsentWithdrawn,
)
from domain.consents.words import IMPLIABLE, Channel, Cookies, Form, Purpose, Standing, is_kind_of
from domain.decider import Decider
from domain.errors import Refused

SAME_CLICK: Final = timedelta(hours=1)
"""A link needs no login: whoever has one can follow it all day and fill no history with it."""


@dataclass(frozen=True, slots=True)
class Consent:
    """All that was said of it, without anybody's own words."""

    said: frozenset[ConsentEvent] = frozenset()
    met: frozenset[datetime] = frozenset()
    """The withdrawals, by when they were said, of which nothing is left to be done."""

    @property
    def withdrawals(self) -> frozenset[datetime]:
        """When it was withdrawn, each time."""
        return frozenset(e.occurred_at for e in self.said if isinstance(e, ConsentWithdrawn))

    @property
    def owed(self) -> frozenset[datetime]:
        """The withdrawals after which something may be left of what rested on it."""
        return self.withdrawals - self.met


def decide(consent: Consent, command: ConsentRequest) -> Sequence[ConsentFact]:
    """What is said, unless it was said before. A late statement is one like any other."""
    if isinstance(command, MeetWithdrawal):
        return _meet(consent, command)
    _refuse_what_cannot_be(command)
    event = _stated(command)
    if _wordless(event) in consent.said or _is_same_click(consent, event):
        return ()
    return (event,)


def evolve(consent: Consent, event: ConsentFact) -> Consent:
    """The consent after one more statement; order and repetition leave no trace."""
    if isinstance(event, ConsentWithdrawalMet):
        return replace(consent, met=consent.met | {event.withdrawn_at})
    return replace(consent, said=consent.said | {_wordless(event)})


def valid_at(consent: Consent, moment: datetime) -> bool:
    """Whether it could be relied on then. A withdrawal changes nothing of the time before."""
    return standing_at(consent, moment) is Standing.given


def standing_at(consent: Consent, moment: datetime) -> Standing | None:
    """Where it stood then; ``None`` before anything was said."""
    last = last_by(consent, moment)
    match last:
        case None:
            return None
        case ConsentAsked():
            return Standing.asked
        case ConsentGiven():
            has_expired = last.expires_at is not None and last.expires_at <= moment
            return Standing.expired if has_expired else Standing.given
        case ConsentRefused():
            return Standing.refused
        case ConsentWithdrawn():
            return Standing.withdrawn
        case _:
            assert_never(last)


def last_by(consent: Consent, moment: datetime | None = None) -> ConsentEvent | None:
    """The statement that held then: the last answer, or the last question while there is none.

    Of two answers at one moment the stricter holds.
    """
    said = [one for one in consent.said if moment is None or one.occurred_at <= moment]
    return max(said, key=_weight, default=None)


def is_taken_back(consent: Consent, moment: datetime) -> bool:
    """Whether what rested on it at a moment has nothing to rest on: withdrawn then, or since.

    What is given again afterwards is another consent, and carries only what comes after it.
    """
    is_withdrawn = standing_at(consent, moment) is Standing.withdrawn
    return is_withdrawn or any(at >= moment for at in consent.withdrawals)


def says_no(consent: Consent) -> bool:
    """Whether the last that its subject said was no."""
    return isinstance(last_by(consent), ConsentRefused | ConsentWithdrawn)


def _meet(consent: Consent, command: MeetWithdrawal) -> Sequence[ConsentWithdrawalMet]:
    withdrawn = (e for e in consent.said if isinstance(e, ConsentWithdrawn))
    which = next((e for e in withdrawn if e.occurred_at == command.withdrawn_at), None)
    if which is None or command.withdrawn_at in consent.met:
        return ()
    return (
        ConsentWithdrawalMet(
            occurred_at=command.occurred_at,
            subject_id=which.subject_id,
            purpose=which.purpose,
            kind=which.kind,
            withdrawn_at=command.withdrawn_at,
            recordings=command.recordings,
            segments=command.segments,
        ),
    )


def _refuse_what_cannot_be(command: ConsentCommand) -> None:
    if not is_kind_of(command.purpose, command.kind):
        raise Refused("kind_does_not_fit_purpose")
    if command.purpose is Purpose.cookies and command.kind == Cookies.necessary:
        raise Refused("necessary_cookies_need_no_consent")
    if command.is_erased and isinstance(command, AskConsent | GiveConsent):
        # Art. 17: nothing begins for who is erased. That something ends is always heard.
        raise Refused("subject_erased")
    if isinstance(command, GiveConsent):
        if command.form is Form.implied and command.purpose not in IMPLIABLE:
            raise Refused("implied_consent_not_enough")
        if command.expires_at is not None and command.expires_at <= command.occurred_at:
            raise Refused("expires_before_it_begins")


def _stated(command: ConsentCommand) -> ConsentEvent:
    match command:
        case AskConsent():
            return ConsentAsked(**_common(command))
        case GiveConsent():
            return ConsentGiven(
                **_common(command), form=command.form, expires_at=command.expires_at
            )
        case RefuseConsent():
            return ConsentRefused(**_common(command))
        case WithdrawConsent():
            return ConsentWithdrawn(**_common(command))
        case _:
            assert_never(command)


def _common(command: ConsentCommand) -> dict[str, Any]:
    return {name: getattr(command, name) for name in _COMMON}


_COMMON: Final = ("occurred_at", "subject_id", "purpose", "kind", "evidence", "words")


def _wordless(event: ConsentEvent) -> ConsentEvent:
    return structs.replace(event, words=None)


def _is_same_click(consent: Consent, event: ConsentEvent) -> bool:
    """Whether it repeats a withdrawal by link that nothing has followed."""
    last = last_by(consent, event.occurred_at)
    return (
        _is_click(event)
        and last is not None
        and _is_click(last)
        and event.occurred_at - last.occurred_at < SAME_CLICK
    )


def _is_click(event: ConsentEvent) -> bool:
    return isinstance(event, ConsentWithdrawn) and event.evidence.channel is Channel.link


_STRICTNESS: Final = {ConsentAsked: 0, ConsentGiven: 1, ConsentRefused: 2, ConsentWithdrawn: 3}


def _weight(event: ConsentEvent) -> tuple[bool, datetime, int, float, bytes]:
    """A total order of statements: answers before questions, then by time, then the stricter."""
    expires_at = event.expires_at if isinstance(event, ConsentGiven) else None
    lasts = expires_at.timestamp() if expires_at else float("inf")
    return (
        not isinstance(event, ConsentAsked),
        event.occurred_at,
        _STRICTNESS[type(event)],
        -lasts,
        msgspec.json.encode(event),
    )


CONSENT = Decider(initial=Consent(), decide=decide, evolve=evolve)
