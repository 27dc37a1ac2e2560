"""What must be true after the day: each call once, as its script says. Answers what is not."""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from uuid import UUID, uuid5

from api.demo.calls import PlayedCall
from api.demo.dashboard import Json
from api.demo.delivery import Delivery, Kind
from api.demo.play import Tally


@dataclass(frozen=True, slots=True)
class Found:
    """What the dashboards of one workspace show after the day."""

    workspace_id: UUID
    calls: list[Json]
    dead_letters: list[Json]


def call_id_of(workspace_id: UUID, sid: str) -> str:
    """Where a call is to be found: its id follows from the provider's, in public."""
    return str(uuid5(workspace_id, f"call/twilio/{sid}"))


def check_answers(tally: Tally, deliveries: Iterable[Delivery]) -> Iterator[str]:
    """Every request was answered, and as it should be."""
    kinds = Counter(delivery.kind for delivery in deliveries)
    for kind, sent in kinds.items():
        if tally.count(kind) != sent:
            yield f"{sent} of kind {kind} were sent and {tally.count(kind)} answered"
    for surprise, times in tally.surprises.items():
        yield f"{times} times {surprise}"


def check_calls(found: Found, played: Iterable[PlayedCall]) -> Iterator[str]:
    """Each call is in the log exactly once and says what its script says."""
    expected = {call_id_of(found.workspace_id, call.sid): call for call in played}
    times = Counter(row["id"] for row in found.calls)
    for call_id in expected.keys() ^ times.keys():
        state = "is missing from the log" if call_id in expected else "was never played"
        yield f"call {call_id} {state}"
    yield from (f"call {call_id} is there {n} times" for call_id, n in times.items() if n > 1)
    for row in found.calls:
        if row["id"] in expected:
            yield from _check_call(row, expected[row["id"]])


def check_dead_letters(
    found: Found, deliveries: Iterable[Delivery], account_sid: str
) -> Iterator[str]:
    """What nobody could understand is kept, and nothing else."""
    odd = sum(d.kind is Kind.odd and d.office.account_sid == account_sid for d in deliveries)
    if len(found.dead_letters) != odd:
        yield f"{odd} odd callbacks were sent and {len(found.dead_letters)} are dead letters"


def check_erased(pages: Iterable[object], number: str) -> Iterator[str]:
    """The number is nowhere any more, not even in a corner of a page."""
    if any(number.removeprefix("+") in repr(page) for page in pages):
        yield "the erased number is still shown"


def _check_call(row: Json, call: PlayedCall) -> Iterator[str]:
    expected = call.expected
    pairs = {
        "direction": (row["direction"], expected.direction),
        "outcome": (row["outcome"], expected.outcome),
        "talk_seconds": (row["talk_seconds"], expected.talk_seconds),
        "leg_count": (row["leg_count"], expected.leg_count),
        "entries": (row["version"], expected.entries),
        "caller": (_address(row["caller"]), expected.caller),
        "callee": (_address(row["callee"]), expected.callee),
    }
    # Numbers are compared and never printed.
    yield from (
        f"call {row['id']}: {name} is not what happened"
        for name, (shown, happened) in pairs.items()
        if shown != happened
    )


def _address(party: Json | None) -> object:
    return party["value"]["address"] if party and party["value"] else None


def check_receipt(receipt: Json, verdict: str) -> list[str]:
    """The last receipt is genuine, and every store is done."""
    left = [one["store"] for one in receipt["answers"] if one["state"] in ("waiting", "failed")]
    return [
        *([] if verdict.startswith("genuine") else [f"the receipt is not genuine: {verdict}"]),
        *(f"after the erasure something is left: {store}" for store in left),
        *([] if receipt["state"] == "done" else ["the receipt is not done"]),
    ]


def check_held(receipt: Json, plain: Json, needed: Json, subject_id: str) -> list[str]:
    """Of an erased caller a held call is kept, for who needs it; the receipt says so."""
    said = {answer["store"]: answer["state"] for answer in receipt["answers"]}
    return [
        *([] if said["holds"] == "waiting" else ["the receipt does not name the hold"]),
        *([] if _states(plain, subject_id) == {"erased"} else ["a held call is open to anybody"]),
        *([] if _states(needed, subject_id) == {"value"} else ["a held call was not kept"]),
    ]


def _states(call: Json, subject_id: str) -> set[str]:
    parties = (party for leg in call["legs"] for party in (leg["caller"], leg["callee"]))
    return {party["state"] for party in parties if party and party["subject_id"] == subject_id}
