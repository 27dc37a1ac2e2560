"""What can expire. Stored for ever: additions only, a golden file for each.

Expiry is the end of a period and no erasure: it says nothing of a person. Counts and days only.
"""

from datetime import date
from typing import ClassVar

from domain.messages import Event
from domain.personal_data import Category
from domain.workspaces.profiles import Unit
from domain.workspaces.retention import Level


class BucketsDestroyed(Event):
    """The keys of buckets were destroyed in the transaction that wrote this entry.

    From here on no value in them opens, in any copy of this database whose keys are not older
    than this entry; but for what a hold or a restriction had taken out before.
    """

    name: ClassVar[str] = "expiry.buckets_destroyed"

    category: Category
    campaign: str | None = None
    first_day: date
    last_day: date
    """In UTC. No bucket of that category and campaign that was older is left."""

    buckets: int
    level: Level
    """Whose rule it was."""

    length: int
    unit: Unit
    source: str
    """Where the rule is from."""


class ExpiredValuesDeleted(Event):
    """So many sealed boxes were deleted, after the keys of their buckets.

    A bucket is emptied again when a hold ends that had kept something of it.
    """

    name: ClassVar[str] = "expiry.values_deleted"

    values_deleted: int
    buckets_emptied: int
    is_complete: bool
    """Whether they were the last: nothing is left but what is in escrow."""


class LookupsDeleted(Event):
    """So many subjects have no value left, and are found by their number no more.

    A number that returns is somebody new.
    """

    name: ClassVar[str] = "expiry.lookups_deleted"

    lookups_deleted: int


ExpiryEvent = BucketsDestroyed | ExpiredValuesDeleted | LookupsDeleted
