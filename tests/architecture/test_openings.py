"""No personal value is opened behind the access entries' back.

The function that opens takes an access, which mypy demands of whoever calls it. What is left to
see here: that there is no other way in, and who opens for nobody.
"""

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parents[2]
OPENERS: Final = {"adapters/event_store/values.py", "adapters/keys/sealing.py"}
FOR_NOBODY: Final = {
    ("adapters/recordings/copies.py", "what_ended"),
    ("adapters/recordings/ending.py", "what_ended"),
    ("adapters/transcriptions/hearing.py", "card_may_be_cut"),
    ("api/offices.py", "call_is_put_through"),
    ("api/routes/recordings.py", "playback_goes_on"),
    ("api/routes/recordings.py", "what_can_be_heard"),
}
"""Where the program opens values that nobody is shown, and why. Add to it with a reason."""


def _sources() -> Iterator[tuple[str, ast.Module]]:
    for package in ("domain", "adapters", "projections", "api"):
        for path in sorted((ROOT / package).rglob("*.py")):
            yield path.relative_to(ROOT).as_posix(), ast.parse(path.read_text())


def _calls(module: ast.Module) -> set[str]:
    called = (node.func for node in ast.walk(module) if isinstance(node, ast.Call))
    return {
        one.id if isinstance(one, ast.Name) else one.attr
        for one in called
        if isinstance(one, ast.Name | ast.Attribute)
    }


def test_values_are_opened_in_one_place() -> None:
    """Nothing else opens a box of the vault."""
    assert {name for name, module in _sources() if "open_bound" in _calls(module)} == OPENERS


def test_who_opens_for_nobody_is_listed() -> None:
    """Whoever opens values without an access entry says why, and stands in this test."""
    found = {
        (name, node.attr)
        for name, module in _sources()
        for node in ast.walk(module)
        if isinstance(node, ast.Attribute)
        and isinstance(node.value, ast.Name)
        and node.value.id == "Inward"
    }
    assert found == FOR_NOBODY
