"""Our events in the library's: as JSON, personal values in the clear, for its cipher seals all."""

from collections.abc import Callable, Mapping
from typing import Any, cast
from uuid import UUID, uuid5

import msgspec
import orjson
from msgspec import structs

from domain.calls.events import CallEvent
from domain.messages import Context
from domain.personal_data import Category, Clear, Personal, Sealed
from domain.registry import event_class

_PERSONAL = frozenset({"caller", "callee", "unknown_fields"})
_NAMESPACE = UUID(int=0)


def written(event: CallEvent, context: Context) -> dict[str, Any]:
    """An event and its context, in the types that JSON has."""
    fields = {k: v for k, v in structs.asdict(event).items() if v is not None}
    body = {"actor": context.actor, "cause_id": context.cause_id, "event": fields}
    found: dict[str, Any] = orjson.loads(orjson.dumps(body, default=_clear))
    return found


def clear(kept: Mapping[str, Any]) -> Clear:
    """A personal value as the rules pass it on."""
    return Clear(kept["value"], Category(kept["category"]))


def referred(kept: Mapping[str, Any]) -> Sealed:
    """A reference to a personal value, as wide as ours: what a view has in its place."""
    subject = uuid5(_NAMESPACE, kept["value"].get("address", ""))
    category = Category(kept["category"])
    return Sealed(subjects=(subject,), category=category, bucket=_NAMESPACE, commitment="0" * 64)


def read(
    name: str, body: Mapping[str, Any], personal: Callable[[Mapping[str, Any]], Personal] = clear
) -> CallEvent:
    """The event again."""
    said = body["event"]
    kept = {k: personal(v) for k, v in said.items() if k in _PERSONAL}
    plain = {k: v for k, v in said.items() if k not in _PERSONAL}
    event = cast("CallEvent", msgspec.convert(plain, event_class(name)))
    return structs.replace(event, **kept)


def _clear(value: object) -> dict[str, Any]:
    assert isinstance(value, Clear), type(value).__name__
    return {"category": value.category, "value": value.value}
