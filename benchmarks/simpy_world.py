"""The lawful traffic of a world as a good SimPy user writes it: one process a traveller.

A traveller arrives, requests a lane, holds it for the inspection and releases it; some do the same at the
search bay. Posts are the model's: lanes and officers by the hour, arrivals along the hourly rates, the
same laws of service. Draws come from `random.Random`, and nothing is recorded but the sums that the
comparison needs. Consignments and messages are left out, which can only make this version faster.

What was tried, in process time for a traveller on one machine (three days of `k22-baseline`, CPython 3.11;
best of three runs; they differ by 3 % between runs):

==========================================================================================  =======
``with lanes.request() as slot`` and ``rng.lognormvariate``, as in the tutorial             13.1 us
an explicit ``release`` and bound methods in locals                                         12.7 us
no ``yield`` on a request that was granted at once; ``exp(gauss(..))``, ``-log(1 - u)``     12.6 us
classes of events called directly; no referral share looked up where it cannot matter       11.9 us
the same with one function for each law of service, or without garbage collection           11.7 us
the same in an own copy of SimPy's step loop (private names; not what a user writes)        11.8 us
==========================================================================================  =======

The fourth is kept.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass
from random import Random
from typing import TYPE_CHECKING, Any

from simpy import Environment, Resource
from simpy.events import Event, Process, Timeout
from simpy.resources.resource import Release, Request

from blo_sim.draws import lognormal_parameters

if TYPE_CHECKING:
    from blo_sim.scenario.values import Distribution
    from blo_sim.world.compile import PostTables, World
    from blo_sim.world.crossings import LaneGroup

HOURS_PER_WEEK = 168
DRAIN_HOURS = 48
"""Hours after the last arrival in which the queues empty."""

Steps = Generator[Event, None, None]


@dataclass
class Sums:
    """Sums over the measured window, waits in hours; ``arrivals`` counts the warm-up too."""

    arrivals: int = 0
    passages: int = 0
    lane_wait: float = 0.0
    searched: int = 0
    bay_wait: float = 0.0
    released: int = 0


class SimpyWorld:
    """All posts of a world; `run` simulates its warm-up and its measured window."""

    def __init__(self, world: World, seed: int) -> None:
        self.world = world
        self.env = Environment()
        self.rng = Random(seed)
        self.sums = Sums()
        for post in world.posts:
            self._post(post)

    def run(self) -> Sums:
        self.env.run(until=self.world.end_hours + DRAIN_HOURS)
        return self.sums

    def _post(self, post: PostTables) -> None:
        bay = self._staffed(post.officers)
        search = self._search(bay, post)
        for group, share in zip(post.groups, post.bays[0][1].shares, strict=True):
            traveller = self._traveller(self._staffed(group.lanes), group.service, share, search)
            Process(self.env, self._arrivals(group, traveller))

    def _staffed(self, table: Sequence[int]) -> Resource:
        """A resource whose capacity follows a weekly table; who is served when it shrinks is finished."""
        resource = Resource(self.env, capacity=1)
        resource._capacity = table[0]
        if len(set(table)) > 1:
            Process(self.env, self._shifts(resource, table))
        return resource

    def _shifts(self, resource: Resource, table: Sequence[int]) -> Steps:
        last = int(self.world.end_hours) + DRAIN_HOURS
        for hour in range(1, last):
            capacity = table[hour % HOURS_PER_WEEK]
            if capacity != resource.capacity:
                yield Timeout(self.env, hour - self.env.now)
                resource._capacity = capacity
                resource._trigger_put(None)

    def _arrivals(self, group: LaneGroup, traveller: Callable[[bool], Steps]) -> Steps:
        """Exponential gaps within each hour; what is left at its end is drawn anew."""
        env, sums, random, log = self.env, self.sums, self.rng.random, math.log
        months, warmup = self.world.months, self.world.warmup_hours
        now = 0.0
        for hour in range(int(self.world.end_hours)):
            rate = group.rate[hour % HOURS_PER_WEEK] * group.months[months[hour // 24]]
            if rate <= 0.0:
                continue
            mean, end, measured, count = 1.0 / rate, hour + 1.0, hour >= warmup, 0
            time = hour - log(1.0 - random()) * mean
            while time < end:
                yield Timeout(env, time - now)
                now = env.now
                Process(env, traveller(measured))
                count += 1
                time = now - log(1.0 - random()) * mean
            sums.arrivals += count
            if measured:
                sums.passages += count

    def _traveller(
        self,
        lanes: Resource,
        service: Distribution,
        share: Sequence[float],
        search: Callable[[], Steps],
    ) -> Callable[[bool], Steps]:
        env, sums, random = self.env, self.sums, self.rng.random
        most = max(share)
        inspection = duration(service, self.rng)

        def traveller(measured: bool) -> Steps:
            request = Request(lanes)
            if not request.triggered:
                arrived = env.now
                yield request
                if measured:
                    sums.lane_wait += env.now - arrived
            yield Timeout(env, inspection())
            Release(lanes, request)
            u = random()
            if u < most and u < share[int(env.now) % HOURS_PER_WEEK]:
                yield from search()

        return traveller

    def _search(self, bay: Resource, post: PostTables) -> Callable[[], Steps]:
        env, sums, gauss, exp = self.env, self.sums, self.rng.gauss, math.exp
        warmup, last = self.world.warmup_hours, self.world.end_hours
        mean = post.bays[0][1].search_mean_h
        location, scale = lognormal_parameters(mean, post.search_cv) if mean > 0 else (0.0, 0.0)

        def search() -> Steps:
            came = env.now
            measured = warmup <= came < last
            if len(bay.queue) >= post.queue_limit and bay.count >= bay.capacity:
                sums.released += measured
                return
            request = Request(bay)
            yield request
            if measured:
                sums.searched += 1
                sums.bay_wait += env.now - came
            yield Timeout(env, exp(gauss(location, scale)))
            Release(bay, request)

        return search


def duration(law: Distribution, rng: Random) -> Callable[[], float]:
    """A sampler of a distribution, hours."""
    mean: float = law.mean
    if law.kind == "constant":
        return lambda: mean
    if law.kind == "exponential":
        random, log = rng.random, math.log
        return lambda: -log(1.0 - random()) * mean
    gauss, exp = rng.gauss, math.exp
    location, scale = lognormal_parameters(mean, law.cv)
    return lambda: exp(gauss(location, scale))


def timed(world: World, seed: int, clock: Callable[[], float]) -> tuple[float, Any]:
    """Seconds of one run by ``clock``, without the set-up, and its `Sums`."""
    built = SimpyWorld(world, seed)
    before = clock()
    sums = built.run()
    return clock() - before, sums
