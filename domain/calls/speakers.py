"""Whose voices a recording of a call has, channel by channel; so, whose keys lock it.

The provider records the first leg: one channel has whoever is on that leg, the other one whom it
was put through to. Where the call does not tell who that is, all who may be are named: a key too
many silences a channel too early, a key too few would let it outlive an erasure.
"""

from collections.abc import Iterable
from typing import Final, NamedTuple

from domain.calls.outcome import direction
from domain.calls.state import Call, Leg
from domain.calls.words import Direction
from domain.personal_data import Personal, Sealed

MOST: Final = 4
"""Of one channel: whom a call was put through to after the first four is not named."""

Voices = tuple[Sealed, ...]


class Speakers(NamedTuple):
    """Who is heard on each of two channels."""

    first: Voices
    second: Voices

    @property
    def all(self) -> Voices:
        """Who is heard where both are one."""
        return _known((*self.first, *self.second))


def speakers(call: Call) -> Speakers | None:
    """Who is heard on which channel; ``None`` while nobody is known.

    A channel of which nobody is known is locked by whom the other one has.
    """
    first, second = _on_first_leg(call), _put_through_to(call)
    if not (first or second):
        return None
    return Speakers(first or second, second or first)


def _on_first_leg(call: Call) -> Voices:
    """Who called, if it came in; else whom we called, or the agent who calls."""
    if call.root is None:
        return ()
    caller, callee = _known((call.root.caller,)), _known((call.root.callee,))
    if direction(call) is Direction.inbound:
        return caller or callee
    return _known((*caller, *callee))


def _put_through_to(call: Call) -> Voices:
    """Whoever picked up a leg that the first leg dialled; where nobody did, whoever was dialled.

    Where no leg was dialled, the channel has what the workspace's own end said.
    """
    picked_up = [leg for leg in call.children if leg.course.was_answered]
    found = _known(leg.callee for leg in picked_up or call.children)
    return found or _own_end(call.root)


def _own_end(root: Leg | None) -> Voices:
    if root is None:
        return ()
    return _known((root.callee if root.direction is Direction.inbound else root.caller,))


def _known(parties: Iterable[Personal | None]) -> Voices:
    """Each of them once, in their order."""
    by_subject = {party.subjects: party for party in parties if isinstance(party, Sealed)}
    return tuple(by_subject.values())[:MOST]
