"""How a serving process lives with Python's cyclic garbage collector."""

import gc
from typing import Final

SELDOM: Final = (50_000, 20, 100)
"""Objects made before the youngest are looked at, and how seldom the older ones are.

By default that is after 700. A batch of entries makes more in a moment, all of them live: looking
at them again and again took most of the time of decoding them.
"""


def settle() -> None:
    """Call once the process is up: what start-up made stays, and is not looked at again."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(*SELDOM)
