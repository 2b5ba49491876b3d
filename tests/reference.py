"""One post, written as a SimPy tutorial would write it: the reference that the kernel is held to.

Every vehicle, lawful or not, is a process: it requests a lane, is inspected, and, if it is referred,
requests an officer of the bay. The rules are those of "At a post" in ``docs/model.md``; the draws are
taken from `blo_sim.draws`. Nothing is shared with the kernel.

What needs care is only the order of things at one instant. SimPy takes the events of one time by
priority; here this number is called a *rank*: shift changes come first, then departures (and the starts
that they allow, which SimPy schedules with the same priority), then lawful arrivals by group and
number, then live arrivals by number.
"""

from __future__ import annotations

import math
from collections.abc import Generator, Iterable, Iterator
from dataclasses import dataclass
from itertools import count
from typing import TYPE_CHECKING

from simpy import Environment, Event, Process
from simpy.events import NORMAL, URGENT
from simpy.resources.resource import PriorityResource

from blo_sim.clock import on_grid, positive
from blo_sim.draws import Law, exponential, key_of, law, sample, uniform

if TYPE_CHECKING:
    from blo_sim.world.compile import PostTables

SHIFT, DEPARTURE, LAWFUL, LIVE = URGENT, NORMAL, NORMAL + 1, 1 << 60
LOOKOUT, ROUTINE = 0, 1
ALWAYS, NEVER = -1.0, 1.0


@dataclass
class Vehicle:
    """What a vehicle brings, and what happens to it; times in hours.

    ``referral`` is the draw that is compared with the share referred.
    """

    rank: int
    group: int
    arrival: float
    inspection: float
    search: float
    referral: float
    lookout: bool = False
    start: float = math.inf
    inspected: float = math.inf
    released: bool = False
    search_start: float = math.inf
    departure: float = math.inf


class At(Event):
    """A timeout with a rank."""

    def __init__(self, env: Environment, delay: float, rank: int) -> None:
        super().__init__(env)
        self._ok, self._value = True, None
        env.schedule(self, rank, delay)  # type: ignore[arg-type]


class Servers(PriorityResource):
    """Servers whose number follows the hour of the week; one that goes finishes its work first."""

    def __init__(self, env: Environment, table: tuple[int, ...]) -> None:
        super().__init__(env, capacity=1)
        self._capacity = table[0]
        env.process(self._shifts(env, table))

    def _shifts(self, env: Environment, table: tuple[int, ...]) -> Generator[Event, None, None]:
        for hour in count(1):
            yield At(env, 1.0, SHIFT)
            self._capacity = table[hour % 168]
            while self.queue and self.count < self.capacity:
                self._trigger_put(None)


class ReferencePost:
    """The lanes and the bay of one post, from hour 0 on."""

    def __init__(self, tables: PostTables) -> None:
        self.env = Environment()
        self.lanes = [Servers(self.env, group.lanes) for group in tables.groups]
        self.bay = Servers(self.env, tables.officers)
        self.shares = tables.bays[0][1].shares
        self.queue_limit = tables.queue_limit

    def run(self, vehicles: Iterable[Vehicle]) -> None:
        """Let them all pass."""
        processes: list[Process] = [self.env.process(self.passage(vehicle)) for vehicle in vehicles]
        self.env.run(self.env.all_of(processes))

    def passage(self, vehicle: Vehicle) -> Generator[Event, None, None]:
        env = self.env
        yield At(env, vehicle.arrival, vehicle.rank)
        with self.lanes[vehicle.group].request() as lane:
            yield lane
            vehicle.start = env.now
            yield At(env, vehicle.inspection, DEPARTURE)
        yield At(env, 0.0, vehicle.rank)
        vehicle.inspected = vehicle.departure = env.now
        if vehicle.lookout or vehicle.referral < self.shares[vehicle.group][int(env.now) % 168]:
            yield from self.search(vehicle)

    def search(self, vehicle: Vehicle) -> Generator[Event, None, None]:
        waiting = sum(request.priority == ROUTINE for request in self.bay.queue)
        free = self.bay.count < self.bay.capacity
        if not vehicle.lookout and waiting >= self.queue_limit and not (waiting == 0 and free):
            vehicle.released = True
            return
        with self.bay.request(LOOKOUT if vehicle.lookout else ROUTINE) as officer:
            yield officer
            vehicle.search_start = self.env.now
            yield At(self.env, vehicle.search, DEPARTURE)
        vehicle.departure = self.env.now


def lawful_vehicles(
    tables: PostTables, group: int, months: list[int], seed: int, replication: int
) -> Iterator[Vehicle]:
    """The lawful traffic of one lane group, as long as there are ``months`` (of each day, January = 0)."""
    row = tables.groups[group]
    key = key_of(seed, replication, "lawful", row.id)
    inspection = law(row.service.kind, row.service.mean, row.service.cv)
    mean = tables.bays[0][1].search_mean_h
    search: Law = law("lognormal", mean, tables.search_cv)
    now = 0.0
    for n in count():
        rest, found = exponential(uniform(key, 4 * n)), False
        while not found:
            hour = int(now)
            if hour // 24 >= len(months):
                return
            rate = row.rate[hour % 168] * row.months[months[hour // 24]]
            # x * (1 / rate) and not x / rate, which can differ in the last digit
            if rate > 0 and now + on_grid(rest * (1.0 / rate)) < hour + 1:
                now, found = now + on_grid(rest * (1.0 / rate)), True
            else:
                rest, now = rest - (hour + 1 - now) * rate, float(hour + 1)
        yield Vehicle(
            rank=LAWFUL + (group << 40) + n,
            group=group,
            arrival=now,
            inspection=positive(sample(uniform(key, 4 * n + 1), inspection)),
            search=positive(sample(uniform(key, 4 * n + 3), search)),
            referral=uniform(key, 4 * n + 2),
        )
