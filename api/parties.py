"""Opening personal values for an answer: all of them at once, or none where the key may not."""

from collections.abc import Iterable, Mapping

from adapters.event_store.values import WITHHELD, Reference, open_values
from api.schemas import Party
from api.security import Session
from domain.personal_data import Need, Reading

Readings = Mapping[Reference, Reading]


async def open_all(
    session: Session, wanted: Iterable[Reference | None], need: Need | None = None
) -> Readings:
    """What this session's reader gets for each of these.

    Raises:
        Problem: They name a need, and may not see what is restricted.
    """
    needs = session.caller.needs(need)
    references = list(dict.fromkeys(one for one in wanted if one is not None))
    if not session.opens_values:
        return dict.fromkeys(references, WITHHELD)
    access = session.caller.access()
    found = await open_values(session.connection, session.key, references, access, needs)
    return dict(zip(references, found, strict=True))


def party(reference: Reference | None, readings: Readings) -> Party | None:
    """A party as it is answered."""
    if reference is None:
        return None
    reading = readings[reference]
    return Party(subject_id=reference.sealed.subjects[0], state=reading.state, value=reading.value)
