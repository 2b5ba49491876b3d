"""From an event log to the sums of one replication, all of them whole numbers.

Sums follow the cohort whose departure was planned in the measured window, whatever happens to it later.
Kilograms are grams or micrograms here, so that sums are exact in any order.
"""

from __future__ import annotations

import os
from bisect import bisect_right
from collections import Counter, defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from blo_sim.model.events import (
    AGAIN,
    DELIVERED,
    DEPART,
    DETERRED,
    DIVERTED,
    ENCOUNTER,
    FORGONE,
    SEIZED,
    EventLog,
)
from blo_sim.results.again import Expected, SentAgain
from blo_sim.results.network import NetworkSums
from blo_sim.results.response import Shipments

if TYPE_CHECKING:
    from blo_sim.scenario.schema import Target
    from blo_sim.world.compile import Control, World

MICRO = 1_000_000
PARTS = ("above", "below")
"""Of the line of a target's ratio."""


@dataclass(frozen=True)
class Summary:
    """Sums of one replication.

    Attributes
    ----------
    flows : dict
        (measure, year, commodity) to ``attempted_g``, ``expected_ug`` (the compensator of the seizures),
        ``seized_g``, ``delivered_g``, ``in_transit_g``, ``deterred_g`` (not sent, so not attempted),
        ``other_way_g`` (of the attempted, not sent the usual way), ``again_g`` (of the attempted, sent again
        after a loss), ``again_delivered_g`` (of these, delivered), ``again_correction_ug`` (what is planned
        again in expectation, less what was planned again), and the counts ``consignments``, ``seizures``,
        ``deterred``, ``other_way``, ``again``.
    seized_by : dict
        (year, commodity, control type, area, country, cause) to grams; areas as in
        `blo_sim.world.compile.Control`.
    expected_by : dict
        (year, commodity, control type, area, country) to micrograms.
    forgone : dict
        (mechanism, year, commodity, control type, area) to the micrograms that it added to the expected
        seizures; mostly negative.
    met_by : dict
        (year, commodity, control type, area) to the grams that met such a control there.
    targets : dict
        (target id, ``above`` or ``below`` the line of its ratio) to micrograms.
    seizures_by : dict
        (year, commodity, cause) to numbers of loads.
    lawful : dict
        ``passages``, ``wait_ticks`` (2^-32 h: lane, bay, and what follows), ``searched``, ``released``; of
        these, searched on a lookout for another vehicle ``mistaken`` and ``mistaken_ticks``, held for an
        answer ``held`` and ``held_ticks``.
    messages : dict
        Lookouts for loads: ``sent``, which ended ``in_time``, ``late``, ``lost``, ``withheld``,
        ``expired``, ``merged`` or ``under_way``; ``leaked`` are those sold at least once, however they ended;
        ``late_ticks`` is how late the late ones were together.
    messages_by : dict
        (source, ``sent`` or an end) to messages of every source.
    late_by : dict
        Why lookouts were late (`blo_sim.model.events.LATE`) to how many.
    channels : dict
        (channel, ``carried``, ``lost`` or ``withheld``) to messages.
    tips : dict
        (source, what) to its reports on loads: ``born``, and of those, by the best of their messages to
        another office than their own, ``in_time`` (read in time, or not needed), ``late``, ``failed`` (all
        ended unread) and ``never_sent`` (there was none).
    desks : dict
        (office, ``jobs``, ``work_ticks``, ``wait_ticks``, ``false_jobs`` or ``false_ticks``) to sums of the
        window.
    leaks : dict
        (``warned``, ``rerouted``, ``waited``, commodity) to loads; (``delivered_g``, commodity) to the grams
        delivered of those that took another way or waited.
    """

    replication: int
    process_id: int
    flows: dict[tuple[str, int, str], int]
    seized_by: dict[tuple[int, str, str, str, str, str], int]
    expected_by: dict[tuple[int, str, str, str, str], int]
    forgone: dict[tuple[str, int, str, str, str], int]
    met_by: dict[tuple[int, str, str, str], int]
    targets: dict[tuple[str, str], int]
    seizures_by: dict[tuple[int, str, str], int]
    lawful: dict[str, int]
    messages: dict[str, int]
    messages_by: dict[tuple[str, str], int]
    late_by: dict[str, int]
    channels: dict[tuple[str, str], int]
    tips: dict[tuple[str, str], int]
    desks: dict[tuple[str, str], int]
    leaks: dict[tuple[str, str], int]


def summarise(world: World, log: EventLog) -> Summary:
    """Sum up one replication of ``world`` from its whole log."""
    summariser = Summariser(world)
    summariser.read(log)
    return summariser.summary(log)


class Summariser:
    """Sums up a replication piece by piece: give it the log as often as it has new events.

    Parameters
    ----------
    world : World
    shipments : Shipments, optional
        Takes in each load of the cohort.
    again : SentAgain, optional
        Takes in what losses make smugglers send again; only where they do.
    """

    def __init__(
        self, world: World, shipments: Shipments | None = None, again: SentAgain | None = None
    ) -> None:
        self.world = world
        self.shipments = shipments
        self.again = again
        self.planned_again: Counter[tuple[int, str]] = Counter()
        self.names: list[str] = []
        self.streams: list[int] = []
        self.commodity: list[str] = []
        self.expected: dict[tuple[int, str], defaultdict[str, int]] = {}
        self.expected_of: dict[int, defaultdict[str, int]] = {}
        self.controls = {control.id: control for control in world.controls}
        self.year: dict[int, int] = {}
        self.attempted: dict[int, int] = {}
        self.loads: dict[int, int] = {}
        self.flows: Counter[tuple[str, int, str]] = Counter()
        self.seized_by: Counter[tuple[int, str, str, str, str, str]] = Counter()
        self.expected_by: Counter[tuple[int, str, str, str, str]] = Counter()
        self.seized: dict[str, tuple[int, str, int, str]] = {}
        self.expected_at: Counter[tuple[str, str, str]] = Counter()
        self.marks = Marks(world)
        self.met: dict[int, int] = {}
        self.forgone: Counter[tuple[str, int, str, str, str]] = Counter()
        self.met_by: Counter[tuple[int, str, str, str]] = Counter()
        self.leaks: Counter[tuple[str, str]] = Counter()
        self.network = NetworkSums(world, self.year)

    def read(self, log: EventLog) -> None:
        """Take in the events that the log holds now."""
        self.names, self.streams = log.names, log.streams
        # Loads that are sent again have been added since; a stream may change, its goods do not.
        new = log.streams[len(self.commodity) :]
        self.commodity += [self.world.streams[stream].commodity for stream in new]
        year, controls, commodity, met = self.year, self.controls, self.commodity, self.met
        expected_of, mark_of = self.expected_of, self.marks.of_control
        handlers, shipments = self.network.handlers, self.shipments
        for time, kind, load, place, amount, p, note in log.events:
            if kind == ENCOUNTER:
                if load in met:
                    expected_of[load][place] += amount
                    met[load] |= mark_of[place]
                    if shipments is not None:
                        shipments.expected[load] += amount
            elif kind == DEPART:
                self.depart(load, time - p, amount)
                if shipments is not None and load in year:
                    way = f"{log.streams[load]} {place}"
                    shipments.depart(load, log.names[load], way, year[load], commodity[load], amount)
            elif kind == DETERRED:
                self.deter(load, time - p, amount)
            elif kind == DIVERTED:
                if load in year:
                    self.count("other_way_g", "other_way", year[load], load, amount)
            elif kind == SEIZED:
                self.seize(load, controls[place], amount, note)
            elif kind == DELIVERED:
                self.deliver(load)
            elif kind == FORGONE:
                if load in year:
                    control = controls[place]
                    self.forgone[note, year[load], commodity[load], control.kind, control.area] += amount
            elif kind in handlers:
                handlers[kind](time, load, place, amount, p, note)
        if self.again is not None:
            self.again.read(log, commodity)

    def summary(self, log: EventLog, planned_again: Expected | None = None) -> Summary:
        """The sums, after the last events: whoever has not ended is in transit.

        ``planned_again`` is what is planned again in expectation, where another run has decided it.
        """
        for load in list(self.loads):
            self.close(load, "in_transit_g")
        if planned_again is None and self.again is not None:
            planned_again = self.again.expected
        for (when, what), micrograms in (planned_again or {}).items():
            correction = micrograms - MICRO * self.planned_again[when, what]
            self.flows["again_correction_ug", when, what] = correction
            if self.shipments is not None:
                self.shipments.correction[when, what] = correction
        for (when, what), by_place in self.expected.items():
            for place, micrograms in by_place.items():
                control = self.controls[place]
                self.flows["expected_ug", when, what] += micrograms
                self.expected_by[when, what, control.kind, control.area, control.country] += micrograms
                self.expected_at[what, control.kind, control.country] += micrograms
        network = self.network
        for measure in ("warned", "rerouted", "waited"):
            self.leaks.update((measure, self.commodity[load]) for load in getattr(network, measure))
        return Summary(
            replication=log.replication,
            process_id=os.getpid(),
            flows=dict(self.flows),
            seized_by=dict(self.seized_by),
            expected_by=dict(self.expected_by),
            forgone=dict(self.forgone),
            met_by=dict(self.met_by),
            targets={
                (target.id, part): amount
                for target in self.world.targets
                for part, amount in zip(PARTS, self.target(target), strict=True)
            },
            seizures_by=dict(Counter((year, what, why) for year, what, _, why in self.seized.values())),
            lawful=_lawful(log, network),
            messages=network.messages(),
            messages_by=network.by_source(),
            late_by=dict(network.late_by),
            channels=dict(network.channels),
            tips=network.tip_outcomes(),
            desks=dict(network.desks),
            leaks=dict(self.leaks),
        )

    def year_of(self, time: float) -> int | None:
        """Measured year of a planned departure, None outside of the window."""
        year = bisect_right(self.world.year_starts, time) - 1
        return year if 0 <= year < self.world.years else None

    def depart(self, load: int, planned: float, grams: int) -> None:
        year = self.year_of(planned)
        if year is None:
            return
        self.year[load] = year
        self.attempted[load] = self.loads[load] = grams
        self.expected_of[load] = self.expected.setdefault((year, self.commodity[load]), defaultdict(int))
        self.met[load] = 0
        self.count("attempted_g", "consignments", year, load, grams)
        if self.is_again(load):
            self.count("again_g", "again", year, load, grams)
            self.planned_again[year, self.commodity[load]] += grams

    def deter(self, load: int, planned: float, grams: int) -> None:
        year = self.year_of(planned)
        if year is None:
            return
        self.count("deterred_g", "deterred", year, load, grams)
        if self.is_again(load):
            self.planned_again[year, self.commodity[load]] += grams

    def count(self, mass: str, number: str, year: int, load: int, grams: int) -> None:
        commodity = self.commodity[load]
        self.flows[mass, year, commodity] += grams
        self.flows[number, year, commodity] += 1

    def is_again(self, load: int) -> bool:
        """Whether a load is sent again after a loss."""
        return AGAIN in self.names[load]

    def seize(self, load: int, control: Control, grams: int, cause: str) -> None:
        if load not in self.year:
            return
        year, commodity = self.year[load], self.commodity[load]
        self.seized_by[year, commodity, control.kind, control.area, control.country, cause] += grams
        self.seized[self.names[load]] = (year, commodity, grams, cause)
        self.flows["seizures", year, commodity] += 1
        self.close(load, "seized_g")

    def deliver(self, load: int) -> None:
        if load in self.loads and (load in self.network.rerouted or load in self.network.waited):
            self.leaks["delivered_g", self.commodity[load]] += self.loads[load]
        if load in self.loads and self.is_again(load):
            self.flows["again_delivered_g", self.year[load], self.commodity[load]] += self.loads[load]
        self.close(load, "delivered_g")

    def close(self, load: int, measure: str) -> None:
        if load in self.loads:
            grams, year, commodity = self.loads.pop(load), self.year[load], self.commodity[load]
            self.flows[measure, year, commodity] += grams
            if self.shipments is not None:
                self.shipments.outcome[load] = measure
            for kind, area in self.marks.places(self.met[load]):
                self.met_by[year, commodity, kind, area] += grams

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
        marks = self.marks.of_countries(inside)
        numerator = sum(amount for (_, country), amount in seized.items() if country in inside)
        return numerator, self._entered(commodity, marks)

    def _mode_share(self, commodity: str, mode: str) -> tuple[int, int]:
        by_mode: Counter[str] = Counter()
        for load, grams in self.attempted.items():
            if self.commodity[load] == commodity:
                by_mode[self.world.streams[self.streams[load]].mode] += grams * MICRO
        return by_mode[mode], sum(by_mode.values())

    def _entered(self, commodity: str, marks: int) -> int:
        """Micrograms that met a control with one of the marks: what entered, or tried to."""
        return MICRO * sum(
            grams
            for load, grams in self.attempted.items()
            if self.commodity[load] == commodity and self.met[load] & marks
        )


class Marks:
    """A bit for each control type, area and country: what a load has met fits into one whole number."""

    def __init__(self, world: World) -> None:
        kinds = [(control.kind, control.area, control.country) for control in world.controls]
        self.kinds = list(dict.fromkeys(kinds))
        bits = {kind: 1 << number for number, kind in enumerate(self.kinds)}
        self.of_control = {
            control.id: bits[kind] for control, kind in zip(world.controls, kinds, strict=True)
        }
        self._places: dict[int, set[tuple[str, str]]] = {}

    def places(self, met: int) -> set[tuple[str, str]]:
        """Control types and areas of what was met."""
        known = self._places.get(met)
        if known is None:
            known = self._places[met] = set()
            while met:  # from the highest bit down: a long border has thousands, and a load few of them
                kind, area, _ = self.kinds[met.bit_length() - 1]
                known.add((kind, area))
                met ^= 1 << met.bit_length() - 1
        return known

    def of_countries(self, countries: set[str]) -> int:
        """The marks of all controls of some countries together."""
        return sum(1 << n for n, (_, _, country) in enumerate(self.kinds) if country in countries)


def _lawful(log: EventLog, network: NetworkSums) -> dict[str, int]:
    posts, extra = log.lawful.values(), network.lawful
    names = ("mistaken", "mistaken_ticks", "held", "held_ticks")
    waits = sum(post.lane_wait + post.bay_wait for post in posts)
    return {
        "passages": sum(post.passages for post in posts),
        "wait_ticks": waits + extra["mistaken_ticks"] + extra["held_ticks"],
        "searched": sum(post.searched for post in posts) + extra["mistaken"],
        "released": sum(post.released for post in posts),
    } | {name: extra[name] for name in names}
