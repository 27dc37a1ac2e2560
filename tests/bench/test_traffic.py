"""The calls that are measured with come as a provider's do."""

from collections import defaultdict
from itertools import pairwise

from bench.traffic import REPORTS_OF_A_CALL, STAGGER, reports

AMOUNT = 3_000


def test_callbacks_of_a_call_keep_their_order_and_their_distance() -> None:
    """Else two of them would be under way at once, which a real call's hardly ever are."""
    seen = defaultdict[int, list[int]](list)
    told = defaultdict[int, list[tuple[str, str]]](list)
    for place, report in enumerate(reports(AMOUNT)):
        form = dict(report.form)
        seen[report.call].append(place)
        told[report.call].append((form["CallStatus"], form.get("ParentCallSid", "")))
    assert sum(len(places) for places in seen.values()) == AMOUNT
    assert len(seen) == AMOUNT // REPORTS_OF_A_CALL
    gaps = [after - before for places in seen.values() for before, after in pairwise(places)]
    assert min(gaps) >= STAGGER
    statuses = ["initiated", "ringing", "in-progress", "completed", "completed"]
    assert all([status for status, _ in call] == statuses for call in told.values())
