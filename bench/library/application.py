"""The library's application: one aggregate per call, one command = load, decide, save.

It has our rules and our events, so that only what keeps them differs. Its own cipher is on, for
our values are sealed too; its pool has a connection for each thread.
"""

from collections.abc import Iterable
from typing import Any, Self
from uuid import UUID

from eventsourcing.application import AggregateNotFoundError, Application
from eventsourcing.cryptography import AESCipher
from eventsourcing.domain import Aggregate, event
from psycopg.conninfo import conninfo_to_dict

from adapters.event_store.requests import Request
from bench.library.bodies import read, written
from domain.calls.call import CALL
from domain.calls.events import CallEvent
from domain.messages import Context


class CallHistory(Aggregate):
    """A call whose state is ours and whose events are kept as the library keeps them."""

    @event("Began")
    def __init__(self, name: str, body: dict[str, Any]) -> None:
        self.state = CALL.evolve(CALL.initial, read(name, body))

    class Happened(Aggregate.Event):
        """Any later event of ours."""

        name: str
        body: dict[str, Any]

        def apply(self, aggregate: "CallHistory") -> None:
            """Fold it into the state."""
            aggregate.state = CALL.evolve(aggregate.state, read(self.name, self.body))

    @classmethod
    def begin(cls, request: Request) -> Self:
        """A call that was never heard of."""
        first, *others = request.decider.decide(CALL.initial, request.command)
        call = cls._create(
            cls.Began,  # type: ignore[attr-defined] # made by the decorator
            id=request.stream_id,
            name=first.name,
            body=written(first, request.context),
        )
        return call.add(others, request.context)

    def report(self, request: Request) -> Self:
        """Whatever else is heard of it."""
        return self.add(request.decider.decide(self.state, request.command), request.context)

    def add(self, events: Iterable[CallEvent], context: Context) -> Self:
        """Let these happen."""
        for one in events:
            self.trigger_event(self.Happened, name=one.name, body=written(one, context))
        return self


class Calls(Application[UUID]):
    """Takes the same requests as our ledger."""

    def handle(self, request: Request) -> None:
        """Load, decide, save."""
        try:
            call: CallHistory = self.repository.get(request.stream_id)
        except AggregateNotFoundError:
            self.save(CallHistory.begin(request))
        else:
            self.save(call.report(request))

    def fill(self, calls: Iterable[list[Request]]) -> None:
        """Save many calls in one transaction, which no command could."""
        histories = []
        for first, *others in calls:
            call = CallHistory.begin(first)
            for request in others:
                call.report(request)
            histories.append(call)
        self.save(*histories)


def environment(url: str, connections: int) -> dict[str, str]:
    """What the library is set up by."""
    database = conninfo_to_dict(url)
    return {
        "PERSISTENCE_MODULE": "eventsourcing.postgres",
        "POSTGRES_DBNAME": str(database["dbname"]),
        "POSTGRES_HOST": str(database["host"]),
        "POSTGRES_USER": str(database["user"]),
        "POSTGRES_PASSWORD": "",
        "POSTGRES_POOL_SIZE": str(connections),
        "CIPHER_TOPIC": "eventsourcing.cryptography:AESCipher",
        "CIPHER_KEY": AESCipher.create_key(32),
    }


# It keeps decrypted values in memory, so an erasure would not reach them: shown, not judged by.
CACHED = {"AGGREGATE_CACHE_MAXSIZE": "1000", "AGGREGATE_CACHE_FASTFORWARD": "n"}
