"""The event record: the contract between the model and everything that looks at it.

A replication is one flat list of events in the order in which they happened. Measures, ledger, trace and
exports read only this.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

DEPART, ARRIVE, ENCOUNTER, SEARCHED, SEIZED, DELIVERED, REPORT, SENT, READ, LOST, EXPIRED = range(11)
CARRIED, TAKEN, WORKED, WITHHELD, MERGED, LEAKED, REROUTED, WAITED, HELD, MISTAKEN = range(11, 21)
DETERRED, DIVERTED, FORGONE = range(21, 24)

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
    "carried",
    "taken",
    "worked",
    "withheld",
    "merged",
    "leaked",
    "rerouted",
    "waited",
    "held",
    "mistaken",
    "deterred",
    "diverted",
    "forgone",
)

CAUSES = ("lookout", "request", "routine", "profiling", "pattern", "patrol", "inland", "team")
"""Causes of a seizure, the first that applies."""

NOBODY = -1
"""The consignment of an event that concerns no load: a false report, or a lawful vehicle."""

AGAIN = "+"
"""In the name of a load that is sent again after a loss, before the number of the attempt."""

SOURCES = (
    "surveillance", "other side", "seizure", "chase", "pattern", "request", "answer", "false",
)  # fmt: skip
"""Where a report comes from."""
SURVEILLANCE, OTHER_SIDE, SEIZURE, CHASE, PATTERN, REQUEST, ANSWER, FALSE = SOURCES

MECHANISMS = ("overload", "staff", "false reports")
"""What can take from the probability of a seizure: waits at desks, officers drawn to them, false reports."""
OVERLOAD, STAFF, FALSE_REPORTS = MECHANISMS

ELSEWHERE = "elsewhere"
LATE = ("delay", "closed", "queue", "work", ELSEWHERE)
"""Why a lookout was read too late: what took the longest on its way, or its subject went elsewhere."""


Record = tuple[float, int, int, str, int, float, str]
"""An event as the model writes it: the fields of `Event` in order."""


class Event(NamedTuple):
    """One thing that happened.

    ===========  =====================================================================================
    kind         meaning of the other fields
    ===========  =====================================================================================
    depart       ``place`` the name of its route, ``amount`` the load in grams, ``p`` hours by which it was
                 postponed, ``note`` class and hiding
    diverted     it departs now, and not the usual way: ``place`` the name of its usual route, ``amount``
                 the load in grams
    deterred     a load is not sent: ``place`` the name of its usual route, ``amount`` the load in grams,
                 ``p`` hours by which it was postponed before
    arrive       a load joins the lanes of a post; ``p`` its wait until primary inspection, hours
    encounter    a control can seize the load: ``p`` the probability, ``amount`` load x p in micrograms
                 (whole), ``note`` what was known (``""`` or ``lookout``, ``released``, ``waved through``,
                 ``request``)
    forgone      what a mechanism took from the encounter just before (added to it, if positive): ``p`` the
                 probability as it is minus that without the mechanism, ``amount`` load x p in micrograms as
                 it is minus that without (whole), ``note`` one of `MECHANISMS`
    searched     a search in the bay ended without a find; ``p`` hours in the bay, the wait included
    seized       ``amount`` the load in grams, ``note`` the cause
    delivered    ``place`` the destination, ``amount`` the load in grams
    report       a report is born; ``place`` the owner office, ``amount`` the number of its first message,
                 ``p`` how many it sends, ``note`` its source
    sent         a message leaves; ``place`` the addressee, ``amount`` its number, ``note`` its source
    carried      it goes over a channel: ``place`` the next office, ``p`` hours, ``note`` the channel
    taken        an officer takes it up at ``place``: ``p`` hours since it came there, ``note`` its source
    worked       the officer is done with it: ``p`` hours of work, ``note`` its source
    leaked       a desk sells it at ``place``
    read         ``place`` the addressee, ``amount`` its number, ``p`` hours too late, ``note`` ``in time`` or
                 ``late (delay)``, with one of `LATE`
    lost         lost on the way to ``place``, the addressee; ``note`` the channel
    withheld     the same, kept back by the office before the channel
    expired      the same, thrown away unread
    merged       the same, not needed: a lookout for its subject that is no older stands there already
    rerouted     a warned load turns back before ``place``, ``note`` the name of its new route
    waited       a warned load waits before ``place``; ``p`` hours
    held         a vehicle was held at ``place`` for an answer; ``p`` hours
    mistaken     a lawful vehicle was searched at ``place`` on a lookout; ``p`` hours in the bay, ``note``
                 the source of the lookout
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

    ``names`` are the consignments' ids (``flow.mode:number``, and ``+attempt`` if sent again), by index;
    ``streams`` the index of each one's stream in the world.
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
