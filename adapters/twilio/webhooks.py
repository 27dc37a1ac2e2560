"""A webhook as it came: what its signature covers, what it says, what is kept of it.

Reading never fails: a body that is no form has no fields, and says so when it is understood.
"""

import re
from base64 import b64decode, b64encode
from collections.abc import Collection, Mapping
from typing import Any, Final, NamedTuple, Self
from uuid import UUID

from msgspec.structs import replace

from adapters.twilio.addresses import read_address
from adapters.twilio.callbacks import account_sid, read_form
from adapters.twilio.forms import Form, FormError, NotUnderstood, parse_form
from adapters.twilio.messages import discreet, is_message, read_message
from adapters.twilio.questions import Reply, read_reply
from adapters.twilio.recordings import read_recording
from adapters.twilio.signature import SignedRequest
from adapters.twilio.transcriptions import (
    Said,
    cleaned,
    cleaned_json,
    is_partial,
    is_transcription,
    read_available,
    read_transcription,
)
from domain.calls.commands import ReportLeg
from domain.calls.words import Step
from domain.messages import Command, InCampaign
from domain.personal_data import Category, Clear
from domain.recordings.commands import ReportRecording
from domain.text_messages.commands import ReportMessage

_FORM_TYPE: Final = "application/x-www-form-urlencoded"
_PARTIES: Final = ("From", "Caller", "To", "Called")
_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}")
_MOST_SUBJECTS: Final = 2
"""A sealed value belongs to two subjects at most; a third name disputes one of the four fields."""


def in_campaign(command: Command, query: Mapping[str, str]) -> Command:
    """The command, of the campaign that its address names in the query.

    Twilio calls an address as it was set up. What is no name is none: it is no reason to lose
    what is told there.
    """
    named = query.get("campaign", "")
    if not isinstance(command, InCampaign) or not _NAME.fullmatch(named):
        return command
    return replace(command, campaign=named)


class Webhook(NamedTuple):
    """The text of a query or of a body, and the form that it is, if it is one."""

    text: bytes
    form: Form | None
    flaw: str = ""
    """Why it is no form."""

    def __repr__(self) -> str:
        """Print nothing of what was sent."""
        return "Webhook()"

    @classmethod
    def of_query(cls, query: bytes) -> Self:
        """What a GET says, in its URL alone."""
        return cls._of_form(query)

    @classmethod
    def of_body(cls, body: bytes, content_type: str) -> Self:
        """What a POST says. An empty body is an empty form, whatever it calls itself."""
        media_type = content_type.partition(";")[0].strip().lower()
        if body and media_type != _FORM_TYPE:
            return cls(body, None, "content_type")
        return cls._of_form(body)

    @classmethod
    def _of_form(cls, text: bytes) -> Self:
        try:
            return cls(text, Form(parse_form(text)))
        except FormError:
            return cls(text, None, "bad_form")

    def signed(
        self, urls: tuple[str, ...], signature: str | None, settings: str | None, *, is_post: bool
    ) -> SignedRequest:
        """What the signature must cover; a body that is no form is covered by its hash."""
        if not is_post:
            return SignedRequest(urls, signature, settings)
        if self.form is None:
            return SignedRequest(urls, signature, settings, body=self.text)
        return SignedRequest(urls, signature, settings, self.form)

    @property
    def is_message(self) -> bool:
        """Whether it is a form that speaks of a text message."""
        return self.form is not None and is_message(self.form)

    def discreet(self, *, is_message: bool) -> Self:
        """What may be looked at and kept: of a message nothing of what it says, anywhere.

        Args:
            is_message: Whether it came in where messages do; elsewhere its fields tell.
        """
        if not (is_message or self.is_message):
            return self
        if self.form is None:
            return type(self)(b"", None, self.flaw)
        return type(self)(b"", discreet(self.form))

    def understand(
        self, workspace_id: UUID, account_sids: Collection[str], *, step: Step | None = None
    ) -> tuple[UUID, ReportLeg]:
        """The call it speaks of and what it reports; ``NotUnderstood`` with a code otherwise."""
        return read_form(workspace_id, self.own(account_sids), step=step)

    def understand_recording(
        self, workspace_id: UUID, account_sids: Collection[str]
    ) -> tuple[UUID, ReportRecording]:
        """The recording it speaks of and what it reports; ``NotUnderstood`` as above."""
        return read_recording(workspace_id, self.own(account_sids))

    def understand_message(
        self, workspace_id: UUID, account_sids: Collection[str], *, is_incoming: bool
    ) -> tuple[UUID, ReportMessage]:
        """The message it speaks of and what it reports; ``NotUnderstood`` as above."""
        return read_message(workspace_id, self.own(account_sids), is_incoming=is_incoming)

    def reply(
        self, workspace_id: UUID, account_sids: Collection[str], parent: str | None = None
    ) -> Reply:
        """What it says when a verb of ours is over; ``NotUnderstood`` as above."""
        return read_reply(workspace_id, self.own(account_sids), parent)

    @property
    def called(self) -> str | None:
        """The lookup of the number that was called, as far as that is clear."""
        fields = self.form.fields if self.form else ()
        address = read_address(next((value for name, value in fields if name == "To"), None))
        return address.lookup if address else None

    @property
    def is_transcription(self) -> bool:
        """Whether it is a form that speaks of a transcription."""
        return self.form is not None and is_transcription(self.form)

    @property
    def is_partial(self) -> bool:
        """Whether it is what a machine may hear differently in a moment."""
        return self.form is not None and is_partial(self.form)

    def understand_transcription(
        self, workspace_id: UUID, account_sids: Collection[str], *, is_available: bool
    ) -> Said:
        """What it says of a transcription; ``NotUnderstood`` as above.

        Args:
            workspace_id: Whose transcription it is.
            account_sids: The accounts that may speak of it.
            is_available: Whether it came where a service says, in JSON, that it has one.
        """
        if not is_available:
            return read_transcription(workspace_id, self.own(account_sids))
        said, account = read_available(workspace_id, self.text)
        if account is not None and account_sids and account not in account_sids:
            raise NotUnderstood("foreign_account")
        return said

    def cleaned(self, *, with_text: bool) -> Self:
        """What may be kept of it where it speaks of a transcription: its text without cards."""
        if self.form is None:
            return type(self)(cleaned_json(self.text), None, self.flaw)
        return type(self)(b"", cleaned(self.form, with_text=with_text))

    def own(self, account_sids: Collection[str]) -> Form:
        """The form, if it speaks for one of these accounts or for none."""
        if self.form is None:
            raise NotUnderstood(self.flaw)
        account = account_sid(self.form)
        if account is not None and account_sids and account not in account_sids:
            raise NotUnderstood("foreign_account")
        return self.form

    def kept(self, step: Step | None) -> Clear:
        """All of it, to be sealed for whoever it names, so that their erasure reaches it."""
        if self.form is None:
            said: dict[str, Any] = {
                "body_base64": b64encode(self.text).decode(),
                "flaw": self.flaw,
            }
        else:
            said = {"form": [list(field) for field in self.form.fields]}
        if step is not None:
            said["step"] = step
        return Clear(said, Category.dead_letter, about=self._parties())

    def _parties(self) -> tuple[Clear, ...]:
        named = (
            read_address(value)
            for party in _PARTIES
            for name, value in (self.form.fields if self.form else ())
            if name == party
        )
        lookups = dict.fromkeys(a.lookup for a in named if a is not None and a.lookup)
        parties = (Clear({}, Category.call_metadata, lookup=lookup) for lookup in lookups)
        return tuple(parties)[:_MOST_SUBJECTS]


def reopened(said: dict[str, Any]) -> tuple[Webhook, Step | None]:
    """What ``kept`` sealed, to be understood again, and the step that our answer took then."""
    step = Step(said["step"]) if "step" in said else None
    if "form" in said:
        return Webhook(b"", Form([(name, value) for name, value in said["form"]])), step
    return Webhook(b64decode(said["body_base64"]), None, said["flaw"]), step
