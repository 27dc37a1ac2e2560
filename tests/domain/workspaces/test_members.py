"""The rules of members and invitations, one story each."""

from datetime import timedelta
from uuid import UUID

import pytest
from asking import FIRST, SAID, SECOND, accept, invite, joined, subject_of
from reports import at
from scenario import Scenario

from domain.workspaces.commands import ChangeMemberRole, RemoveMember, WithdrawInvitation
from domain.workspaces.events import (
    InvitationWithdrawn,
    MemberInvited,
    MemberRemoved,
    MemberRoleChanged,
)
from domain.workspaces.members import LONGEST_INVITATION
from domain.workspaces.words import Role
from domain.workspaces.workspace import WORKSPACE

STORY = Scenario(WORKSPACE)
ANN, BEN = "ann@example.com", "ben@example.com"
INVITED, JOINED = joined(ANN, FIRST)
WEEK_SECONDS = 7 * 86_400


def test_somebody_is_invited_once() -> None:
    """By the same id again nothing happens: a request that is repeated invites nobody twice."""
    ask = invite(ANN)
    invited = STORY.when(ask).then(
        MemberInvited(
            **SAID,
            invitation_id=FIRST,
            email=ask.email,
            role=Role.admin,
            expires_at=ask.expires_at,
        )
    )
    invited.when(invite(BEN)).nothing_happens()


@pytest.mark.parametrize("days", [0, -1, LONGEST_INVITATION.days + 1])
def test_an_invitation_lasts_at_most_thirty_days(days: int) -> None:
    """And at least a moment: it cannot have ended before it began."""
    STORY.when(invite(expires_at=at(0) + timedelta(days=days))).refused(
        "invitation_period_not_allowed"
    )


def test_whoever_was_invited_joins_in_time() -> None:
    """As who they are, with the role they were invited to; accepting twice is once."""
    story = STORY.given(INVITED).when(accept()).then(JOINED)
    assert story.state.members == {subject_of(ANN): Role.admin}
    story.when(accept(seconds=WEEK_SECONDS)).nothing_happens()


@pytest.mark.parametrize("seconds", [WEEK_SECONDS, WEEK_SECONDS + 1])
def test_an_invitation_expires(seconds: int) -> None:
    """From its end on nobody joins by it; a moment before, they do."""
    STORY.given(INVITED).when(accept(seconds=seconds)).refused("invitation_expired")
    assert STORY.given(INVITED).when(accept(seconds=WEEK_SECONDS - 1)).events


def test_a_withdrawn_invitation_is_good_for_nothing() -> None:
    """Who accepted before it was withdrawn stays a member."""
    withdraw = WithdrawInvitation(**SAID, invitation_id=FIRST)
    gone = (
        STORY.given(INVITED).when(withdraw).then(InvitationWithdrawn(**SAID, invitation_id=FIRST))
    )
    gone.when(withdraw).nothing_happens()
    gone.when(accept()).refused("no_such_invitation")
    STORY.given(INVITED, JOINED).when(withdraw).nothing_happens()


def test_a_member_is_not_invited_again() -> None:
    """Not where it is known whose address it is, and nobody becomes a member twice."""
    inside = STORY.given(INVITED, JOINED)
    again = invite(ANN, SECOND, subject_id=subject_of(ANN))
    inside.when(again).refused("already_a_member")
    invited, _ = joined(ANN, SECOND)
    inside.given(invited).when(accept(SECOND)).refused("already_a_member")


def test_a_role_changes() -> None:
    """To another one; to the same nothing happens; of a stranger it cannot."""
    both = STORY.given(INVITED, JOINED, *joined(BEN, SECOND, Role.agent))
    ask = ChangeMemberRole(**SAID, subject_id=subject_of(BEN), role=Role.auditor)
    changed = both.when(ask).then(
        MemberRoleChanged(**SAID, subject_id=subject_of(BEN), role=Role.auditor)
    )
    changed.when(ask).nothing_happens()
    STORY.when(ask).refused("no_such_member")


def test_the_last_admin_stays() -> None:
    """Somebody must be there who can undo it."""
    ann = subject_of(ANN)
    demote = ChangeMemberRole(**SAID, subject_id=ann, role=Role.agent)
    alone = STORY.given(INVITED, JOINED, *joined(BEN, SECOND, Role.agent))
    alone.when(demote).refused("last_admin")
    alone.when(RemoveMember(**SAID, subject_id=ann)).refused("last_admin")
    two = STORY.given(INVITED, JOINED, *joined(BEN, SECOND))
    two.when(demote).then(MemberRoleChanged(**SAID, subject_id=ann, role=Role.agent))


def test_a_member_is_removed_once() -> None:
    """Removed again nothing happens; invited again they may come back."""
    both = STORY.given(INVITED, JOINED, *joined(BEN, SECOND, Role.agent))
    ask = RemoveMember(**SAID, subject_id=subject_of(BEN))
    gone = both.when(ask).then(MemberRemoved(**SAID, subject_id=subject_of(BEN)))
    gone.when(ask).nothing_happens()
    assert gone.when(invite(BEN, UUID(int=3), subject_id=subject_of(BEN))).events
