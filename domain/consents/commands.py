"""What can be said about a consent."""

from datetime import datetime

from domain.consents.events import Evidence
from domain.consents.words import Form, Purpose
from domain.messages import AboutSubject, Command
from domain.personal_data import Clear


class StateConsent(AboutSubject):
    """Something is said about a consent. The base of the commands below."""

    occurred_at: datetime
    purpose: Purpose
    kind: str | None = None
    evidence: Evidence
    words: Clear | None = None


class AskConsent(StateConsent):
    """The subject is asked."""


class GiveConsent(StateConsent):
    """The subject says yes, or goes on where that is one."""

    form: Form = Form.express
    expires_at: datetime | None = None


class RefuseConsent(StateConsent):
    """The subject says no."""


class WithdrawConsent(StateConsent):
    """The subject takes it back, or objects."""


class MeetWithdrawal(Command):
    """Nothing is left of what rested on it when it was withdrawn then."""

    occurred_at: datetime
    withdrawn_at: datetime
    recordings: int | None = None
    segments: int | None = None


ConsentCommand = AskConsent | GiveConsent | RefuseConsent | WithdrawConsent
"""What can be said about a consent."""

ConsentRequest = ConsentCommand | MeetWithdrawal
