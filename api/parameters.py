"""What a question may ask, parameter by parameter."""

import re
from datetime import UTC, datetime
from typing import Annotated, Any, ClassVar, Final

from fastapi import Query
from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict

from domain.calls.words import Direction, LegStatus, Outcome
from domain.personal_data import Need
from projections.call_log.read import Sort

_RFC_3339: Final = re.compile(
    r"(19|20|21)\d\d-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d{1,9})?([Zz]|[+-]\d\d:\d\d)", re.ASCII
)
_MOST_SECONDS: Final = 2**31 - 1


def _with_offset(text: Any) -> Any:  # noqa: ANN401 - whatever the URL held
    if isinstance(text, datetime) and text.tzinfo:
        return text  # ours already: no request can hold one
    if not isinstance(text, str) or not _RFC_3339.fullmatch(text):
        raise ValueError("it must be RFC 3339 with an offset, as 2026-03-02T14:02:00Z is")
    return text.upper()


def _past(moment: datetime) -> datetime:
    if moment > datetime.now(UTC):
        raise ValueError("it must not be in the future: the answer could still change")
    return moment


MomentParameter = Annotated[datetime, BeforeValidator(_with_offset)]
PastParameter = Annotated[MomentParameter, AfterValidator(_past)]
NeedParameter = Annotated[
    Need | None,
    Query(
        description="For what you need what is restricted (GDPR Art. 18(2)), or what only a legal "
        "hold keeps. Needs the scope `restricted:open` beside `values:open`."
    ),
]
Limit = Annotated[int, Query(ge=1, le=500, description="How many at most.")]
Cursor = Annotated[
    str | None,
    Query(max_length=200, description="The `next_cursor` of the page before, with its filters."),
]
Number = Annotated[
    str,
    Query(
        min_length=1,
        max_length=200,
        description="A number, SIP address or client identity, as it would be dialled. It is "
        "looked up by a keyed hash; nothing writes it down. Needs the scope `values:open`.",
        examples=["+447700900123"],
    ),
]


class Question(BaseModel):
    """Which of a list are asked for, in which order, and which page of them."""

    model_config = ConfigDict(extra="forbid")
    of: ClassVar[str] = ""
    """Of which list: a cursor of another one is none of its."""

    def filters(self) -> dict[str, Any]:
        """The filters that were given, but for the number."""
        return self.model_dump(
            exclude={"sort", "limit", "cursor", "number"}, exclude_none=True, mode="python"
        )

    @property
    def text(self) -> bytes:
        """The question without its page: what a cursor belongs to."""
        return self.of.encode() + self.model_dump_json(exclude={"limit", "cursor"}).encode()


class CallQuestion(Question):
    """Which calls, in which order."""

    started_after: Annotated[
        MomentParameter | None,
        Query(description="Started at this time or later (RFC 3339 with an offset)."),
    ] = None
    started_before: Annotated[
        MomentParameter | None, Query(description="Started before this time.")
    ] = None
    number: Annotated[Number | None, Query()] = None
    direction: Direction | None = None
    outcome: Outcome | None = None
    leg_status: Annotated[
        LegStatus | None, Query(description="At least one leg has this status.")
    ] = None
    min_duration: Annotated[int | None, Query(ge=0, le=_MOST_SECONDS)] = None
    max_duration: Annotated[int | None, Query(ge=0, le=_MOST_SECONDS)] = None
    sort: Sort = Sort.newest
    limit: Limit = 50
    cursor: Cursor = None
