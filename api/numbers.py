"""Finding by a number: which a key must be allowed to open, and which nothing writes down."""

from typing import Any

from adapters.twilio.addresses import lookup_of
from adapters.workspaces.api_keys import Scope
from api.security import Session
from projections.subjects.read import subject_of


async def with_number(
    session: Session, number: str | None, filters: dict[str, Any]
) -> dict[str, Any] | None:
    """The filters in a view's own terms; ``None`` where they can find nothing.

    Raises:
        Problem: There is a number, and the key may not open values.
    """
    if number is None:
        return filters
    session.caller.require(Scope.values_open)
    lookup = lookup_of(number)
    if lookup is None:
        return None
    digest = session.key.digest(lookup)
    subject_id = await subject_of(session.connection, session.workspace_id, digest)
    return None if subject_id is None else {**filters, "subject_id": subject_id}
