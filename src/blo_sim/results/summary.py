"""From an event log to the sums of one replication, all of them whole numbers.

Sums follow the cohort that departs in the measured window, whatever happens to it later. Kilograms are
grams or micrograms here, so that sums are exact in any order.
"""

from __future__ import annotations

import os
from collections import Counter, defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from blo_sim.model.events import (
    DELIVERED,
    DEPART,
    ENCOUNTER,
    EXPIRED,
    LOST,
    READ,
    SEIZED,
    SENT,
    EventLog,
)

if TYPE_CHECKING:
    from blo_sim.scenario.schema import Target
    from blo_sim.world.compile import Control, World

HOURS_PER_YEAR = 8760.0
MICRO = 1_000_000
ENDS = {SENT: "sent", READ: "read", LOST: "lost", EXPIRED: "expired"}
MESSAGE_ENDS = {"in_time": "in time", "late": "late", "lost": "lost", "expired": "expired"}


@dataclass(frozen=True)
class Summary:
    """Sums of one replication.

    Attributes
    ----------
    flows : dict
        (measure, year, commodity) to ``attempted_g``, ``expected_ug`` (the compensator of the seizures),
        ``seized_g``, ``delivered_g``, ``in_transit_g``, and the counts ``consignments``, ``seizures``.
    seized_by : dict
        (year, commodity, control type, border or country, cause) to grams.
    expected_by : dict
        (year, commodity, control type, border or country) to micrograms.
    targets : dict
        Target id to (numerator, denominator), micrograms.
    seized : dict
        Consignment id to (year, commodity, grams, cause).
    lawful : dict
        ``passages``, ``wait_ticks`` (lane and bay, 2^-32 h), ``searched``, ``released``.
    messages : dict
        ``sent``, ``in_time``, ``late``, ``lost``, ``expired``, ``under_way``.
    """

    replication: int
    process_id: int
    flows: dict[tuple[str, int, str], int]
    seized_by: dict[tuple[int, str, str, str, str], int]
    expected_by: dict[tuple[int, str, str, str], int]
    targets: dict[str, tuple[int, int]]
    seized: dict[str, tuple[int, str, int, str]]
    lawful: dict[str, int]
    messages: dict[str, int]


def summarise(world: World, log: EventLog) -> Summary:
    """Sum up one replication of ``world`` from its whole log."""
    summariser = Summariser(world)
    summariser.read(log)
    return summariser.summary(log)


class Summariser:
    """Sums up a replication piece by piece: give it the log as often as it has new events."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.names: list[str] = []
        self.streams: list[int] = []
        self.commodity: list[str] = []
        self.expected: defaultdict[tuple[int, str, str], int] = defaultdict(int)
        self.controls = {control.id: control for control in world.controls}
        self.year: dict[int, int] = {}
        self.attempted: dict[int, int] = {}
        self.loads: dict[int, int] = {}
        self.flows: Counter[tuple[str, int, str]] = Counter()
        self.seized_by: Counter[tuple[int, str, str, str, str]] = Counter()
        self.expected_by: Counter[tuple[int, str, str, str]] = Counter()
        self.seized: dict[str, tuple[int, str, int, str]] = {}
        self.expected_at: Counter[tuple[str, str, str]] = Counter()
        self.countries: dict[int, set[str]] = {}
        self.ends: Counter[str] = Counter()

    def read(self, log: EventLog) -> None:
        """Take in the events that the log holds now."""
        if self.streams is not log.streams:
            self.names, self.streams = log.names, log.streams
            self.commodity = [self.world.streams[stream].commodity for stream in log.streams]
        year, controls, commodity, expected = self.year, self.controls, self.commodity, self.expected
        for time, kind, load, place, amount, _, note in log.events:
            if kind == ENCOUNTER:
                if load in year:
                    expected[year[load], commodity[load], place] += amount
                    self.countries[load].add(controls[place].country)
            elif kind == DEPART:
                self.depart(load, time, amount)
            elif kind == SEIZED:
                self.seize(load, controls[place], amount, note)
            elif kind == DELIVERED:
                self.close(load, "delivered_g")
            elif kind in ENDS and load in year:
                self.ends[note if kind == READ else ENDS[kind]] += 1

    def summary(self, log: EventLog) -> Summary:
        """The sums, after the last events: whoever has not ended is in transit."""
        for load in list(self.loads):
            self.close(load, "in_transit_g")
        for (when, what, place), micrograms in self.expected.items():
            control = self.controls[place]
            self.flows["expected_ug", when, what] += micrograms
            self.expected_by[when, what, control.kind, control.border] += micrograms
            self.expected_at[what, control.kind, control.country] += micrograms
        return Summary(
            replication=log.replication,
            process_id=os.getpid(),
            flows=dict(self.flows),
            seized_by=dict(self.seized_by),
            expected_by=dict(self.expected_by),
            targets={target.id: self.target(target) for target in self.world.targets},
            seized=self.seized,
            lawful={
                "passages": sum(post.passages for post in log.lawful.values()),
                "wait_ticks": sum(post.lane_wait + post.bay_wait for post in log.lawful.values()),
                "searched": sum(post.searched for post in log.lawful.values()),
                "released": sum(post.released for post in log.lawful.values()),
            },
            messages=self.messages(),
        )

    def depart(self, load: int, time: float, grams: int) -> None:
        if not self.world.warmup_hours <= time < self.world.end_hours:
            return
        year = min(int((time - self.world.warmup_hours) // HOURS_PER_YEAR), self.world.years - 1)
        self.year[load] = year
        self.attempted[load] = self.loads[load] = grams
        self.countries[load] = set()
        commodity = self.commodity[load]
        self.flows["attempted_g", year, commodity] += grams
        self.flows["consignments", year, commodity] += 1

    def seize(self, load: int, control: Control, grams: int, cause: str) -> None:
        if load not in self.year:
            return
        year, commodity = self.year[load], self.commodity[load]
        self.seized_by[year, commodity, control.kind, control.border, cause] += grams
        self.seized[self.names[load]] = (year, commodity, grams, cause)
        self.flows["seizures", year, commodity] += 1
        self.close(load, "seized_g")

    def close(self, load: int, measure: str) -> None:
        if load in self.loads:
            self.flows[measure, self.year[load], self.commodity[load]] += self.loads.pop(load)

    def messages(self) -> dict[str, int]:
        ends = {name: self.ends[text] for name, text in MESSAGE_ENDS.items()}
        return {"sent": self.ends["sent"], **ends, "under_way": self.ends["sent"] - sum(ends.values())}

    def target(self, target: Target) -> tuple[int, int]:
        """Numerator and denominator of a target, in micrograms."""
        commodity = target.commodity
        if target.measure == "mode_share":
            return self._mode_share(commodity, target.mode or "")
        seized = {(kind, country): amount for (what, kind, country), amount in self.expected_at.items()
                  if what == commodity}
        if target.measure == "post_share":
            return sum(amount for (kind, _), amount in seized.items() if kind == "post"), sum(seized.values())
        inside = set(target.countries)
        numerator = sum(amount for (_, country), amount in seized.items() if country in inside)
        return numerator, self._entered(commodity, inside)

    def _mode_share(self, commodity: str, mode: str) -> tuple[int, int]:
        by_mode: Counter[str] = Counter()
        for load, grams in self.attempted.items():
            if self.commodity[load] == commodity:
                by_mode[self.world.streams[self.streams[load]].mode] += grams * MICRO
        return by_mode[mode], sum(by_mode.values())

    def _entered(self, commodity: str, inside: set[str]) -> int:
        """Micrograms that met a control of the countries: what entered, or tried to."""
        return MICRO * sum(
            grams
            for load, grams in self.attempted.items()
            if self.commodity[load] == commodity and self.countries[load] & inside
        )
