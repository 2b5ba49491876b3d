"""The event record: the contract between the model and everything that looks at it.

A replication is one flat list of events in the order in which they happened. Measures, ledger, trace and
exports read only this.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

DEPART, ARRIVE, ENCOUNTER, SEARCHED, SEIZED, DELIVERED, REPORT, SENT, READ, LOST, EXPIRED = range(11)

KINDS = (
    "depart",
    "arrive",
    "encounter",
    "searched",
    "seized",
    "delivered",
    "report",
    "sent",
    "read",
    "lost",
    "expired",
)

CAUSES = ("lookout", "request", "routine", "profiling", "pattern", "patrol", "inland")
"""Causes of a seizure, the first that applies. `request` and `pattern` have no mechanism yet."""


Record = tuple[float, int, int, str, int, float, str]
"""An event as the model writes it: the fields of `Event` in order."""


class Event(NamedTuple):
    """One thing that happened.

    ===========  =====================================================================================
    kind         meaning of the other fields
    ===========  =====================================================================================
    depart       ``place`` the name of its route, ``amount`` the load in grams, ``note`` class and hiding
    arrive       a load joins the lanes of a post; ``p`` its wait until primary inspection, hours
    encounter    a control can seize the load: ``p`` the probability, ``amount`` load x p in micrograms
                 (whole), ``note`` what was known (``""`` or ``"lookout"``, ``"released"``)
    searched     a search in the bay ended without a find; ``p`` hours in the bay, the wait included
    seized       ``amount`` the load in grams, ``note`` the cause
    delivered    ``place`` the destination, ``amount`` the load in grams
    report       a report on the load is born; ``place`` the owner office, ``note`` its source
    sent         a message leaves; ``place`` the addressee, ``amount`` its number
    read         ``place`` the addressee, ``amount`` its number, ``note`` ``in time`` or ``late``
    lost         the same, lost on the way
    expired      the same, thrown away unread
    ===========  =====================================================================================
    """

    time: float
    kind: int
    consignment: int
    place: str
    amount: int
    p: float
    note: str


@dataclass
class PostCounts:
    """Lawful traffic of one post in the measured window; waits in ticks."""

    passages: int
    lane_wait: int
    referred: int
    searched: int
    released: int
    bay_wait: int


@dataclass
class GroupCounts:
    """Lawful traffic of one lane group in the measured window; waits in ticks."""

    passages: int
    wait: int


@dataclass
class EventLog:
    """All events of one replication, with the lawful counts of its posts.

    ``names`` are the consignments' ids (``flow.mode:number``), by index; ``streams`` the index of each
    one's stream in the world.
    """

    replication: int
    events: list[Record] = field(default_factory=list)
    names: list[str] = field(default_factory=list)
    streams: list[int] = field(default_factory=list)
    lawful: dict[str, PostCounts] = field(default_factory=dict)
    lane_groups: dict[str, GroupCounts] = field(default_factory=dict)

    def rows(self) -> Iterator[Event]:
        """The events with named fields."""
        return map(Event._make, self.events)
