"""Calls of every shape that ends, and what a call log is to say of each.

In every shape "line" is the first leg, the one that called our number or that we called.
"""

from dataclasses import dataclass, field
from typing import Final

from reports import leg

from domain.calls.commands import ReportLeg
from domain.calls.words import Answerer, Direction, Outcome, Step

IN, OUT = Direction.inbound, Direction.outbound


@dataclass(frozen=True)
class Shape:
    """What was reported of a call, and what is to be said of it; times in seconds."""

    told: list[ReportLeg]
    outcome: Outcome
    started: float | None = None
    answered: float | None = None
    ended: float | None = None
    lengths: tuple[int | None, int | None, int | None] = (None, None, None)
    """For how long it rang, was talked on, and went on."""

    steps: list[str] = field(default_factory=list)


SHAPES: Final = {
    "inbound, answered": Shape(
        [
            *leg("line", "ringing completed@51", seconds=50, direction=IN, step=Step.dial),
            *leg(
                "desk",
                "dialing@1 ringing@3 answered@9 completed@51",
                parent="line",
                seconds=42,
            ),
        ],
        Outcome.answered,
        *(1, 9, 51),
        (6, 42, 50),
        [
            *("received line", "routed line dial", "dialed desk @1", "rang desk @3"),
            *("answered desk @9", "ended line completed @51", "ended desk completed @51"),
        ],
    ),
    "inbound, missed: it rang out": Shape(
        [
            *leg("line", "ringing@0 completed@33", seconds=33, direction=IN, step=Step.dial),
            *leg("desk", "dialing@1 ringing@3 no_answer@32", parent="line", seconds=0, sip=487),
        ],
        Outcome.missed,
        *(0, None, 33),
        (None, None, 33),
        [
            *("routed line dial", "received line @0", "dialed desk @1", "rang desk @3"),
            *("ended desk no_answer @32", "ended line completed @33"),
        ],
    ),
    "inbound, missed: the only one was busy": Shape(
        [
            *leg("line", "ringing@0 completed@5", seconds=5, direction=IN, step=Step.dial),
            *leg("desk", "dialing@1 busy@4", parent="line", seconds=0, sip=486),
        ],
        Outcome.missed,
        *(0, None, 5),
        (None, None, 5),
        [
            *("routed line dial", "received line @0", "dialed desk @1"),
            *("ended desk busy @4", "ended line completed @5"),
        ],
    ),
    "inbound, abandoned while it rang": Shape(
        [
            *leg("line", "ringing@0 completed@12", seconds=12, direction=IN, step=Step.dial),
            *leg("desk", "dialing@1 ringing@3 canceled@12", parent="line", seconds=0),
        ],
        Outcome.abandoned,
        *(0, None, 12),
        (None, None, 12),
        [
            *("routed line dial", "received line @0", "dialed desk @1", "rang desk @3"),
            *("ended desk canceled @12", "ended line completed @12"),
        ],
    ),
    "inbound, abandoned while a second one still rang": Shape(
        [
            *leg("line", "ringing@0 completed@12", seconds=12, direction=IN, step=Step.dial),
            *leg("desk", "dialing@1 busy@2", parent="line", seconds=0),
            *leg("home", "dialing@1 ringing@4 canceled@12", parent="line", seconds=0),
        ],
        Outcome.abandoned,
        *(0, None, 12),
        (None, None, 12),
        [
            *("routed line dial", "received line @0", "dialed desk @1", "dialed home @1"),
            *("ended desk busy @2", "rang home @4", "ended line completed @12"),
            "ended home canceled @12",
        ],
    ),
    "inbound, abandoned before anybody was dialled": Shape(
        leg("line", "ringing no_answer@2", seconds=0, direction=IN),
        Outcome.abandoned,
        *(2, None, 2),
        (None, None, 0),
        ["received line", "ended line no_answer @2"],
    ),
    "inbound, simultaneous ring: one wins, the losers are canceled": Shape(
        [
            *leg("line", "ringing@0 completed@70", seconds=70, direction=IN, step=Step.dial),
            *leg("desk", "dialing@1 ringing@2 canceled@10", parent="line", seconds=0),
            *leg(
                "home", "dialing@1 ringing@4 answered@10 completed@70", parent="line", seconds=60
            ),
            *leg("cell", "dialing@1 failed@2", parent="line", seconds=0, sip=404),
        ],
        Outcome.answered,
        *(0, 10, 70),
        (10, 60, 70),
        [
            *("routed line dial", "received line @0", "dialed desk @1", "dialed home @1"),
            *("dialed cell @1", "rang desk @2", "ended cell failed @2", "rang home @4"),
            *("answered home @10", "ended desk canceled @10"),
            *("ended line completed @70", "ended home completed @70"),
        ],
    ),
    "inbound, one of a group refused it as unwanted, another talked": Shape(
        [
            *leg("line", "ringing@0 completed@30", seconds=30, direction=IN, step=Step.dial),
            *leg("desk", "dialing@1 failed@2", parent="line", seconds=0, sip=607),
            *leg("home", "dialing@1 answered@10 completed@30", parent="line", seconds=20),
        ],
        Outcome.answered,
        *(0, 10, 30),
        (10, 20, 30),
        [
            *("routed line dial", "received line @0", "dialed desk @1", "dialed home @1"),
            *("ended desk failed @2", "answered home @10"),
            *("ended line completed @30", "ended home completed @30"),
        ],
    ),
    "inbound, missed: one of a group refused it as unwanted, another rang out": Shape(
        [
            *leg("line", "ringing@0 completed@30", seconds=30, direction=IN, step=Step.dial),
            *leg("desk", "dialing@1 failed@2", parent="line", seconds=0, sip=607),
            *leg("home", "dialing@1 no_answer@30", parent="line", seconds=0, sip=487),
        ],
        Outcome.missed,
        *(0, None, 30),
        (None, None, 30),
        [
            *("routed line dial", "received line @0", "dialed desk @1", "dialed home @1"),
            *("ended desk failed @2", "ended line completed @30", "ended home no_answer @30"),
        ],
    ),
    "inbound, voicemail: a machine picked up": Shape(
        [
            *leg("line", "ringing@0 completed@40", seconds=40, direction=IN, step=Step.dial),
            *leg(
                "cell",
                "dialing@1 ringing@3 answered@23 completed@40",
                parent="line",
                seconds=17,
                by=Answerer.machine,
            ),
        ],
        Outcome.voicemail,
        *(0, 23, 40),
        (23, 17, 40),
        [
            *("routed line dial", "received line @0", "dialed cell @1", "rang cell @3"),
            *("answered cell @23", "ended line completed @40", "ended cell completed @40"),
        ],
    ),
    "inbound, voicemail: our own, as nobody was dialled": Shape(
        leg("line", "ringing completed@40", seconds=39, direction=IN, step=Step.voicemail),
        Outcome.voicemail,
        *(1, None, 40),
        (None, None, 39),
        ["received line", "routed line voicemail", "ended line completed @40"],
    ),
    "inbound, answered: by whom it met in a conference": Shape(
        leg("line", "ringing completed@51", seconds=50, direction=IN, step=Step.conference),
        Outcome.answered,
        *(1, None, 51),
        (None, 50, 50),
        ["received line", "routed line conference", "ended line completed @51"],
    ),
    "inbound, abandoned: it waited": Shape(
        leg("line", "ringing completed@51", seconds=50, direction=IN, step=Step.queue),
        Outcome.abandoned,
        *(1, None, 51),
        (None, None, 50),
        ["received line", "routed line queue", "ended line completed @51"],
    ),
    "inbound, blocked: we turned it away": Shape(
        leg("line", "ringing busy@1", seconds=0, direction=IN, step=Step.reject),
        Outcome.blocked,
        *(1, None, 1),
        (None, None, 0),
        ["received line", "routed line reject", "ended line busy @1"],
    ),
    "inbound, blocked: the callee refused it as unwanted": Shape(
        [
            *leg("line", "ringing@0 completed@5", seconds=5, direction=IN, step=Step.dial),
            *leg("desk", "dialing@1 failed@4", parent="line", seconds=0, sip=607),
        ],
        Outcome.blocked,
        *(0, None, 5),
        (None, None, 5),
        [
            *("routed line dial", "received line @0", "dialed desk @1"),
            *("ended desk failed @4", "ended line completed @5"),
        ],
    ),
    "inbound, busy": Shape(
        leg("line", "ringing@0 busy@3", seconds=0, direction=IN),
        Outcome.busy,
        *(0, None, 3),
        (None, None, 0),
        ["received line @0", "ended line busy @3"],
    ),
    "inbound, failed: our answer was no TwiML": Shape(
        leg("line", "ringing@0 failed@3", seconds=0, direction=IN),
        Outcome.failed,
        *(0, None, 3),
        (None, None, 0),
        ["received line @0", "ended line failed @3"],
    ),
    "inbound, known by its end only": Shape(
        leg("line", "completed@100", seconds=80, direction=IN),
        Outcome.abandoned,
        *(20, None, 100),
        (None, None, 80),
        ["ended line completed @100"],
    ),
    "outbound, answered": Shape(
        leg("line", "dialing@0 ringing@3 answered@9 completed@69", seconds=60, direction=OUT),
        Outcome.answered,
        *(0, 9, 69),
        (6, 60, 60),
        ["dialed line @0", "rang line @3", "answered line @9", "ended line completed @69"],
    ),
    "outbound, answered by a human, says the provider": Shape(
        leg("line", "answered@9 completed@69", seconds=60, direction=OUT, by=Answerer.human),
        Outcome.answered,
        *(9, 9, 69),
        (None, 60, 60),
        ["answered line @9", "ended line completed @69"],
    ),
    "outbound, voicemail: a machine picked up": Shape(
        leg("line", "dialing@0 answered@9 completed@19", direction=OUT, by=Answerer.machine),
        Outcome.voicemail,
        *(0, 9, 19),
        (None, None, 19),
        ["dialed line @0", "answered line @9", "ended line completed @19"],
    ),
    "outbound, busy": Shape(
        leg("line", "dialing@0 busy@3", seconds=0, sip=486, direction=OUT),
        Outcome.busy,
        *(0, None, 3),
        (None, None, 0),
        ["dialed line @0", "ended line busy @3"],
    ),
    "outbound, failed: there is no such number": Shape(
        leg("line", "dialing@0 failed@3", seconds=0, sip=404, direction=OUT),
        Outcome.failed,
        *(0, None, 3),
        (None, None, 0),
        ["dialed line @0", "ended line failed @3"],
    ),
    "outbound, blocked: an analytics engine refused it": Shape(
        leg("line", "dialing@0 failed@3", seconds=0, sip=608, direction=OUT),
        Outcome.blocked,
        *(0, None, 3),
        (None, None, 0),
        ["dialed line @0", "ended line failed @3"],
    ),
    "outbound, nobody answered": Shape(
        leg("line", "dialing@0 ringing@3 no_answer@63", seconds=0, direction=OUT),
        Outcome.no_answer,
        *(0, None, 63),
        (None, None, 0),
        ["dialed line @0", "rang line @3", "ended line no_answer @63"],
    ),
    "outbound, canceled while it rang": Shape(
        leg("line", "dialing@0 ringing@3 canceled@7", seconds=0, direction=OUT),
        Outcome.canceled,
        *(0, None, 7),
        (None, None, 0),
        ["dialed line @0", "rang line @3", "ended line canceled @7"],
    ),
    "click to call: the agent, then the other party, answered": Shape(
        [
            *leg("line", "dialing@0 ringing@1 answered@4 completed@99", seconds=95, direction=OUT),
            *leg(
                "cell", "dialing@5 ringing@8 answered@19 completed@99", parent="line", seconds=80
            ),
        ],
        Outcome.answered,
        *(0, 19, 99),
        (18, 80, 95),
        [
            *("dialed line @0", "rang line @1", "answered line @4", "dialed cell @5"),
            *("rang cell @8", "answered cell @19"),
            *("ended line completed @99", "ended cell completed @99"),
        ],
    ),
    "click to call: the agent answered, the other party was busy": Shape(
        [
            *leg("line", "dialing@0 answered@4 completed@9", seconds=5, direction=OUT),
            *leg("cell", "dialing@5 busy@8", parent="line", seconds=0, sip=486),
        ],
        Outcome.busy,
        *(0, None, 9),
        (None, None, 5),
        [
            *("dialed line @0", "answered line @4", "dialed cell @5"),
            *("ended cell busy @8", "ended line completed @9"),
        ],
    ),
    "click to call: the agent hung up before the other party was dialled": Shape(
        leg("line", "ringing completed@9", seconds=5, direction=OUT, step=Step.dial),
        Outcome.canceled,
        *(4, None, 9),
        (None, None, 5),
        ["rang line", "routed line dial", "ended line completed @9"],
    ),
    "a late 'answered' of a leg that rang out": Shape(
        leg("line", "no_answer@63 answered@50", seconds=0, direction=OUT),
        Outcome.no_answer,
        *(50, None, 63),
        (None, None, 0),
        ["answered line @50", "ended line no_answer @63"],
    ),
}
