"""How calls go: a table of scripts, each with what a call log is to say of it.

What is expected is written here by hand, from what happens in the script. It is not computed
by the rules that the demo checks.
"""

from dataclasses import dataclass
from random import Random
from typing import Final


@dataclass(frozen=True, slots=True)
class LegScript:
    """What one leg goes through: ``status@moment`` for each callback that is sent of it."""

    role: str
    steps: str
    answered_by: str | None = None
    sip_code: str | None = None


@dataclass(frozen=True, slots=True)
class Script:
    """A kind of call; its first leg is the one that dials the others."""

    weight: float
    direction: str
    outcome: str
    legs: tuple[LegScript, ...]
    talks: bool = False
    """Whether somebody (or a machine) talks from ``answer`` to ``end``."""


TALK: Final = "initiated@dial ringing@ring in-progress@answer completed@end"
RINGS_OUT: Final = "initiated@dial ringing@ring no-answer@gone"
TURNED_DOWN: Final = "initiated@dial ringing@ring canceled@gone"
ENGAGED: Final = "initiated@dial busy@ring"
UNREACHED: Final = "initiated@dial failed@ring"
LOSES: Final = "initiated@dial ringing@ring canceled@answer"
ASKED: Final = "incoming@start completed@end"
ASKED_IN_VAIN: Final = "incoming@start completed@gone"

# The agent is rung first; the customer is dialled once the agent is there.
AGENT: Final = "initiated@start ringing@start in-progress@dial"

SCRIPTS: Final = (
    Script(
        46, "inbound", "answered", (LegScript("line", ASKED), LegScript("desk", TALK)), talks=True
    ),
    Script(
        6,
        "inbound",
        "answered",
        (
            LegScript("line", ASKED),
            LegScript("desk", LOSES),
            LegScript("desk", TALK),
            LegScript("desk", LOSES),
        ),
        talks=True,
    ),
    Script(
        7, "inbound", "missed", (LegScript("line", ASKED_IN_VAIN), LegScript("desk", RINGS_OUT))
    ),
    Script(
        2,
        "inbound",
        "missed",
        (LegScript("line", "incoming@start completed@ring"), LegScript("desk", ENGAGED)),
    ),
    Script(
        1,
        "inbound",
        "missed",
        (LegScript("line", "incoming@start completed@ring"), LegScript("desk", UNREACHED)),
    ),
    Script(
        6,
        "inbound",
        "abandoned",
        (LegScript("line", ASKED_IN_VAIN), LegScript("desk", TURNED_DOWN)),
    ),
    Script(2, "inbound", "abandoned", (LegScript("line", "incoming@start canceled@dial"),)),
    Script(1, "inbound", "abandoned", (LegScript("line", "incoming@start no-answer@gone"),)),
    Script(1, "inbound", "busy", (LegScript("line", "incoming@start busy@dial"),)),
    Script(1, "inbound", "failed", (LegScript("line", "incoming@start failed@dial"),)),
    Script(
        2,
        "inbound",
        "blocked",
        (
            LegScript("line", "incoming@start completed@ring"),
            LegScript("desk", UNREACHED, sip_code="607"),
        ),
    ),
    Script(
        3,
        "inbound",
        "voicemail",
        (LegScript("line", ASKED), LegScript("desk", TALK, answered_by="machine_end_beep")),
        talks=True,
    ),
    Script(8, "outbound", "answered", (LegScript("call", TALK, answered_by="human"),), talks=True),
    Script(4, "outbound", "answered", (LegScript("call", TALK),), talks=True),
    Script(
        3,
        "outbound",
        "voicemail",
        (LegScript("call", TALK, answered_by="machine_start"),),
        talks=True,
    ),
    Script(2, "outbound", "no_answer", (LegScript("call", RINGS_OUT),)),
    Script(1, "outbound", "busy", (LegScript("call", ENGAGED),)),
    Script(1, "outbound", "failed", (LegScript("call", UNREACHED),)),
    Script(1, "outbound", "canceled", (LegScript("call", TURNED_DOWN),)),
    Script(
        4,
        "outbound",
        "answered",
        (LegScript("agent", f"{AGENT} completed@end"), LegScript("customer", TALK)),
        talks=True,
    ),
    Script(
        1,
        "outbound",
        "no_answer",
        (LegScript("agent", f"{AGENT} completed@gone"), LegScript("customer", RINGS_OUT)),
    ),
    Script(
        1,
        "outbound",
        "busy",
        (LegScript("agent", f"{AGENT} completed@ring"), LegScript("customer", ENGAGED)),
    ),
    Script(
        3,
        "outbound",
        "answered",
        (LegScript("browser", "completed@end"), LegScript("customer", TALK)),
        talks=True,
    ),
)
SHORTEST_TALK, LONGEST_TALK = 5, 14 * 60


def choose_script(rng: Random) -> Script:
    """A kind of call, the common ones more often."""
    return rng.choices(SCRIPTS, [script.weight for script in SCRIPTS])[0]


def moments(rng: Random, talk: int | None = None) -> dict[str, int]:
    """When things happen in a call, in seconds after its start."""
    talk = talk or round(min(max(rng.lognormvariate(4.8, 0.8), SHORTEST_TALK), LONGEST_TALK))
    answer = 3 + rng.randint(2, 22)
    return {
        "start": 0,
        "dial": 1,
        "ring": 3,
        "answer": answer,
        "gone": 3 + rng.randint(4, 35),
        "end": answer + talk,
    }
