"""A second, plain implementation of the model of the page ``docs/model.md``.

The first draft was written from the page alone. Where it then differed and the page was silent or ambiguous,
the source was read, and page and draft were made to say what the program does.

It shares nothing with `blo_sim.model` and `blo_sim.world`: only the keyed draws, the time grid and the
scenario that was read. It is slow on purpose. One heap holds everything that will happen, every lawful
vehicle is an event, routes are found by writing down all of them. `simulate` gives the events as plain
tuples in the order of the fields of `blo_sim.model.events.Event`, with the kind as a word.

The headings are those of the page.
"""

from __future__ import annotations

import bisect
import datetime as dt
import heapq
import math
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from statistics import NormalDist
from typing import Literal

from blo_sim.clock import TICKS_PER_HOUR, Calendar, on_grid, positive
from blo_sim.draws import Law, key_of, law, lognormal_parameters, quantile, sample, uniform, word
from blo_sim.scenario.schema import (
    Channel,
    Crossing,
    Desk,
    Flow,
    Leg,
    Mode,
    Office,
    Post,
    ScenarioModel,
    Sector,
    Source,
    Team,
    TrafficClass,
    Unit,
)
from blo_sim.scenario.values import Distribution

Event = tuple[float, str, int, str, int, float, str]
DAY, WEEK = 24, 168
TAIL_DAYS = 120
SHIFT, LEAVING, LAWFUL, NEWS, LIVE = range(5)
"""What comes first at one instant."""


def phi(x: float) -> float:
    """Distribution function of the standard normal."""
    return 0.5 * math.erfc(-x * math.sqrt(0.5))


def ticks(hours: float) -> int:
    return int(hours * TICKS_PER_HOUR)


def prepared(distribution: Distribution) -> Law:
    return law(distribution.kind, distribution.mean, distribution.cv)


# Routes ------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Step:
    """A leg in the direction in which it is used."""

    leg: Leg
    backwards: bool

    @property
    def start(self) -> str:
        return self.leg.to if self.backwards else self.leg.from_

    @property
    def end(self) -> str:
        return self.leg.from_ if self.backwards else self.leg.to

    @property
    def name(self) -> str:
        return ("-" if self.backwards else "") + self.leg.id


@dataclass
class Route:
    steps: list[Step]
    costs: list[float]
    utility: float = 0.0

    @property
    def names(self) -> list[str]:
        return [step.name for step in self.steps]

    @property
    def name(self) -> str:
        return ",".join(self.names)

    @property
    def cost(self) -> float:
        return sum(self.costs)


class Map:
    """The places and legs of a scenario, and the routes on them."""

    def __init__(self, model: ScenarioModel) -> None:
        self.model = model
        self.country = {place.id: place.country for place in model.places}
        self.steps = [Step(leg, False) for leg in model.legs]
        self.steps += [Step(leg, True) for leg in model.legs if not leg.one_way]

    def loopless(self, here: str, there: str, behind: tuple[str, ...] = ()) -> Iterator[list[Step]]:
        """Every way between two places that meets no place twice."""
        if here == there:
            yield []
            return
        for step in self.steps:
            if step.start == here and step.end not in behind:
                for rest in self.loopless(step.end, there, (*behind, here)):
                    yield [step, *rest]

    def entered(self, steps: list[Step]) -> list[str]:
        """The countries into which the borders of a route lead."""
        pairs = [(self.country[step.start], self.country[step.end]) for step in steps]
        return [after for before, after in pairs if before != after]

    def costs(self, steps: list[Step], flow: Flow, mode: Mode) -> list[float] | None:
        """Costs of the legs of a route for a mode, or None if it cannot use one of them."""
        prices = self.model.route_choice
        costs = []
        for n, step in enumerate(steps):
            entering = flow.via and not self.entered(steps[:n])
            factors = mode.entry_legs if entering else mode.legs
            if step.leg.mode not in factors:
                return None
            free = (
                prices.usd_per_km * step.leg.km
                + prices.usd_per_hour * step.leg.hours.mean
                + prices.usd_per_post * (2 if step.leg.crossing else 0)
                + prices.usd_per_sector * len(step.leg.sectors)
            )
            costs.append(free * factors[step.leg.mode])
        return costs

    def choice_set(self, flow: Flow, mode: Mode) -> list[Route]:
        routes = []
        for steps in self.loopless(flow.origin, flow.destination):
            costs = self.costs(steps, flow, mode)
            borders = zip(self.entered(steps), flow.via, strict=False)
            if costs is None or any(entered != wanted for entered, wanted in borders):
                continue
            if mode.requires and not any(step.leg.mode in mode.requires for step in steps):
                continue
            routes.append(Route(steps, costs))
        choice = self.model.route_choice
        routes = sorted(routes, key=lambda route: (route.cost, route.names))[: choice.paths]
        for route in routes:
            size = 0.0
            for step, cost in zip(route.steps, route.costs, strict=True):
                size += cost / route.cost / sum(step in other.steps for other in routes)
            route.utility = choice.path_size * math.log(size) - choice.scale_per_usd * route.cost
        return routes


# Consignments ------------------------------------------------------------------------------------------


@dataclass
class Consignment:
    number: int
    name: str
    key: int
    departs: float
    grams: int
    commodity: str
    traffic_class: str
    concealment: str
    owner: tuple[str, int]
    signed: bool
    route: Route
    routes: list[Route]
    compromised: float
    ahead: list[str] = field(default_factory=list)
    lookouts: list[Lookout] = field(default_factory=list)
    met: dict[str, float] = field(default_factory=dict)
    """When the inspection started, by control."""
    warned: set[str] = field(default_factory=set)
    chased: set[str] = field(default_factory=set)
    under_way: bool = False
    ended: float | None = None

    def lookout(self, control: str, now: float) -> Lookout | None:
        """The lookout from the youngest report that a control has read before now."""
        read = [row for row in self.lookouts if row.control == control and row.read < now]
        return max(read, key=lambda row: row.message.report.birth, default=None)

    @property
    def group(self) -> str:
        """Name of the organisation that owns it."""
        return f"{self.owner[0]}-{self.owner[1]}"


def first_above(u: float, shares: list[tuple[str, float]]) -> str:
    total = 0.0
    for name, share in shares:
        total += share
        if u < total:
            return name
    return shares[-1][0] if shares else ""


# Posts -------------------------------------------------------------------------------------------------


class Queue:
    """A group of lanes: who joins gets its start at once, from those before it and the lanes to come."""

    def __init__(self, loop: Loop, lanes: Callable[[int], int]) -> None:
        self.loop = loop
        self.lanes = lanes
        """Open lanes in an hour of the run, as things stand now."""
        self.last_start = 0.0
        self.ends: list[float] = []

    def start(self, duration: float) -> float:
        start = max(self.loop.now, self.last_start)
        while True:
            self.ends = [end for end in self.ends if end > start]
            if len(self.ends) < self.lanes(math.floor(start)):
                break
            start = min([*self.ends, math.floor(start) + 1.0])
        self.last_start = start
        self.ends.append(start + duration)
        return start

    def join(self, vehicle: Vehicle) -> None:
        start = self.start(vehicle.duration)
        if start == self.loop.now:
            vehicle.started()
        else:
            self.loop.at(start, LEAVING, (), vehicle.started)
        self.loop.at(start + vehicle.duration, vehicle.rank, vehicle.number, vehicle.left)


@dataclass
class Vehicle:
    """Someone who waits and is then served: ``started`` and ``left`` say what follows."""

    rank: int
    number: tuple[int, ...]
    duration: float
    started: Callable[[], None]
    left: Callable[[], None]


class Servers:
    """A bay: as many searches at once as there are officers, the urgent first, else in order."""

    def __init__(self, loop: Loop) -> None:
        self.loop = loop
        self.open = 0
        self.busy = 0
        self.urgent: list[Vehicle] = []
        self.waiting: list[Vehicle] = []

    def set_open(self, number: int) -> None:
        self.open = number
        self.serve()

    def join(self, vehicle: Vehicle, urgent: bool = False) -> None:
        (self.urgent if urgent else self.waiting).append(vehicle)
        self.serve()

    def serve(self) -> None:
        while self.busy < self.open and (self.urgent or self.waiting):
            vehicle = (self.urgent or self.waiting).pop(0)
            self.busy += 1
            vehicle.started()
            self.loop.at(self.loop.now + vehicle.duration, LEAVING, (), lambda v=vehicle: self.leave(v))

    def leave(self, vehicle: Vehicle) -> None:
        self.busy -= 1
        self.serve()
        self.loop.at(self.loop.now, vehicle.rank, vehicle.number, vehicle.left)


class Loop:
    """Everything that will happen, by time; at one instant by rank and number, then first come."""

    def __init__(self) -> None:
        self.now = 0.0
        self.heap: list[tuple[float, int, tuple[int, ...], int, Callable[[], None]]] = []
        self.pushed = 0

    def at(self, time: float, rank: int, number: tuple[int, ...], what: Callable[[], None]) -> None:
        self.pushed += 1
        heapq.heappush(self.heap, (time, rank, number, self.pushed, what))

    def run(self, until: float) -> None:
        while self.heap and self.heap[0][0] < until:
            self.now, _, _, _, what = heapq.heappop(self.heap)
            what()


def in_shift(hour: int, first: int, last: int) -> bool:
    return first <= hour < last if first < last else hour >= first or hour < last


@dataclass
class Lanes:
    """One group of lanes: a direction and a traffic class."""

    index: int
    direction: int
    traffic_class: TrafficClass
    rates: list[float]
    queue: Queue

    @property
    def name(self) -> str:
        return f"{self.direction}/{self.traffic_class.id}"


class Station:
    """A post at work: lanes, referral and bay."""

    def __init__(self, world: Plain, post: Post) -> None:
        self.world = world
        self.row = post
        self.crossing = world.crossings[post.crossing]
        self.roster = world.rosters[post.roster]
        self.office = world.office_at.get(post.id)
        self.shifts = [self.shift_at(hour) for hour in range(DAY)]
        self.staffs: dict[tuple[int, bool], tuple[list[int], int]] = {}
        self.lawful_means: dict[int, float] = {}
        self.has_bay = any(self.officers(hour) for hour in range(DAY))
        self.lanes: list[Lanes] = []
        for direction in (0, 1):
            for row in world.model.classes:
                if row.id in self.crossing.daily and any(
                    self.open_lanes(row.id, hour) for hour in range(DAY)
                ):
                    rates = self.rates(row.id)
                    queue = Queue(world.loop, partial(self.lanes_left, len(self.lanes)))
                    self.lanes.append(Lanes(len(self.lanes), direction, row, rates, queue))
        self.expectations: dict[int, list[float]] = {}
        self.bay = Servers(world.loop)
        self.counts = dict.fromkeys(
            ("passages", "lane_wait", "referred", "searched", "released", "bay_wait"), 0
        )
        self.group_counts = {group.name: [0, 0] for group in self.lanes}

    # Rosters and hours

    def is_open(self, hour: int) -> bool:
        return self.row.hours[0] <= hour < self.row.hours[1]

    def shift_at(self, hour: int) -> int | None:
        """Number of the shift in an hour of the day, None outside of the shifts."""
        if not self.is_open(hour):
            return None
        for n, shift in enumerate(self.roster.shifts):
            if in_shift(hour, shift.from_hour, shift.to_hour):
                return n
        return None

    def open_lanes(self, name: str, hour: int) -> int:
        n = self.shifts[hour]
        return 0 if n is None else self.roster.shifts[n].lanes.get(name, 0)

    def officers(self, hour: int) -> int:
        n = self.shifts[hour]
        return 0 if n is None else self.roster.shifts[n].bay_officers

    def on_the_hour(self, hour: int) -> None:
        self.bay.set_open(self.staff(hour, self.equipped(hour))[1])

    # A BLO's desk

    def staff(self, hour: int, stands: bool) -> tuple[list[int], int]:
        """Open lanes of each group and officers of the bay, after the desk took its own."""
        hour %= WEEK
        if (hour, stands) not in self.staffs:
            self.staffs[hour, stands] = self.staff_left(hour, stands)
        return self.staffs[hour, stands]

    def staff_left(self, hour: int, stands: bool) -> tuple[list[int], int]:
        lanes = [self.open_lanes(group.traffic_class.id, hour % DAY) for group in self.lanes]
        officers = self.officers(hour % DAY)
        wanted = self.office.components.desk if self.office and stands else 0
        if wanted and not self.world.network.in_hours(self.row.id, hour, self.office):
            wanted = 0
        for _ in range(wanted if officers or any(lanes) else 0):
            if officers > 1:
                officers -= 1
            else:
                lanes[lanes.index(max(lanes))] -= 1
        return lanes, officers

    def lanes_left(self, group: int, hour: int) -> int:
        """Open lanes in an hour of the run, for who joins them now."""
        return self.staff(hour, self.equipped(self.world.loop.now))[0][group]

    # Lawful traffic

    def rates(self, name: str) -> list[float]:
        """Lawful vehicles an hour in one direction, by hour of the week (hour 0 on Monday)."""
        weights = []
        for hour in range(WEEK):
            profile = self.world.profiles.get(self.crossing.profile or "")
            weight = profile.hours[hour % DAY] * profile.weekdays[hour // DAY] if profile else 1.0
            weights.append(weight if self.open_lanes(name, hour % DAY) else 0.0)
        daily = self.crossing.daily[name]
        total = sum(weights)
        return [daily / 2 * 7 * weight / total for weight in weights]

    def month_factor(self, month: int) -> float:
        profile = self.world.profiles.get(self.crossing.profile or "")
        return profile.months[month - 1] / (sum(profile.months) / 12) if profile else 1.0

    def arrivals(self, group: Lanes) -> Iterator[tuple[int, float]]:
        """Numbers and times of the lawful vehicles of a group."""
        key = self.key(group)
        now, n, gap = 0.0, 0, -math.log(uniform(key, 0))
        while now < self.world.last_hour:
            end = math.floor(now) + 1.0
            rate = self.rate(group, now)
            if rate > 0 and now + on_grid(gap * (1 / rate)) < end:
                now += on_grid(gap * (1 / rate))
                yield n, now
                n += 1
                gap = -math.log(uniform(key, 4 * n))
            else:
                gap -= rate * (end - now)
                now = end

    def expected_by_hour(self, group: Lanes) -> list[float]:
        """Mean number of lawful arrivals of a group from hour 0 to each full hour."""
        if group.index not in self.expectations:
            sums = [0.0]
            for hour in range(self.world.last_hour):
                sums.append(sums[-1] + self.rate(group, hour))
            self.expectations[group.index] = sums
        return self.expectations[group.index]

    def rate(self, group: Lanes, time: float) -> float:
        return group.rates[self.world.hour_of_week(time)] * self.month_factor(self.world.month(time))

    def expected(self, group: Lanes, time: float) -> float:
        hour = math.floor(time)
        before, after = self.expected_by_hour(group)[hour : hour + 2]
        return before + (time - hour) * (after - before)

    def when_expected(self, group: Lanes, count: float) -> float | None:
        """The time at which so many vehicles are expected, on the grid."""
        sums = self.expected_by_hour(group)
        if count >= sums[-1]:
            return None
        hour = bisect.bisect_right(sums, count) - 1
        return on_grid(hour + (count - sums[hour]) / (sums[hour + 1] - sums[hour]))

    def key(self, group: Lanes) -> int:
        return self.world.key("lawful", f"{self.row.id}/{group.name}")

    def open_for_lawful(self) -> None:
        for group in self.lanes:
            self.next_lawful(group, self.arrivals(group))

    def next_lawful(self, group: Lanes, arrivals: Iterator[tuple[int, float]]) -> None:
        found = next(arrivals, None)
        if found is None:
            return
        n, time = found

        def arrive() -> None:
            if self.world.over():
                return
            self.lawful_arrives(group, n)
            self.next_lawful(group, arrivals)

        self.world.loop.at(time, LAWFUL, (group.index, n), arrive)

    def lawful_arrives(self, group: Lanes, n: int) -> None:
        loop = self.world.loop
        key = self.key(group)
        came = loop.now

        def count(when: float, what: str, amount: int = 1) -> None:
            if self.world.window[0] <= when < self.world.window[1]:
                self.counts[what] += amount

        def inspected() -> None:
            waited = ticks(loop.now - came)
            count(came, "passages")
            count(came, "lane_wait", waited)
            if self.world.window[0] <= came < self.world.window[1]:
                self.group_counts[group.name][0] += 1
                self.group_counts[group.name][1] += waited

        def primary_over() -> None:
            if uniform(key, 4 * n + 2) >= self.share(group, math.floor(loop.now), self.equipped(came)):
                return
            count(came, "referred")
            at_bay = loop.now
            if self.would_release():
                count(at_bay, "released")
                return

            def searched() -> None:
                vehicle.duration = self.search_time(uniform(key, 4 * n + 3))
                count(at_bay, "searched")
                count(at_bay, "bay_wait", ticks(loop.now - at_bay))

            vehicle = Vehicle(LAWFUL, (group.index, n), 0.0, searched, lambda: None)
            self.bay.join(vehicle)

        duration = positive(sample(uniform(key, 4 * n + 1), prepared(group.traffic_class.service_h)))
        group.queue.join(Vehicle(LAWFUL, (group.index, n), duration, inspected, primary_over))

    # Referral

    def equipped(self, time: float) -> bool:
        """Whether the office here has brought its methods."""
        return self.office is not None and time >= self.world.opening(self.office)

    def methods(self, equipped: bool) -> list[str]:
        brought = self.office.components.equipment if self.office and equipped else []
        return list(dict.fromkeys([*self.row.methods, *brought]))

    def mean_search(self, equipped: bool) -> float:
        """Hours of a search on average: the methods that are always used, as often as they work."""
        rows = [self.world.methods[name] for name in self.methods(equipped)]
        return sum(row.minutes * row.availability for row in rows if row.used == "always") / 60

    def lawful_mean(self, n: int) -> float:
        """Lawful vehicles an hour in a shift, over all groups."""
        first = self.roster.shifts[n].from_hour
        hours = [(first + i) % DAY for i in range(DAY) if self.shifts[(first + i) % DAY] == n]
        week = [day * DAY + hour for day in range(7) for hour in hours]
        return sum(row.rates[hour] for row in self.lanes for hour in week) / len(week)

    def share(self, group: Lanes, hour: int, stands: bool) -> float:
        """Share of lawful traffic that is referred in an hour of the run."""
        n = self.shifts[hour % DAY]
        officers = self.staff(hour, stands)[1]
        if n is None or officers == 0 or self.mean_search(stands) == 0:
            return 0.0
        if n not in self.lawful_means:
            self.lawful_means[n] = self.lawful_mean(n)
        lawful = self.lawful_means[n]
        cap = group.traffic_class.policy_cap
        capacity = 0.8 * officers / self.mean_search(stands)
        return min(cap, capacity / lawful) if lawful else cap

    @staticmethod
    def passes_under(s: float, d: float) -> float:
        """Probability that a contraband's score stays under the threshold."""
        return phi(quantile(1 - s) - d) if 0 < s < 1 else 1 - s

    def d_prime(self) -> float:
        more = (
            self.office.components.training * self.world.effect(self.office, self.world.loop.now)
            if self.office
            else 0.0
        )
        return self.row.d_prime + more

    # The bay

    def would_release(self) -> bool:
        if not self.has_bay:
            return True
        if self.row.queue_limit == 0:
            return self.bay.busy >= self.bay.open or bool(self.bay.urgent)
        return len(self.bay.waiting) >= self.row.queue_limit

    def search_time(self, u: float) -> float:
        mean = self.mean_search(self.equipped(self.world.loop.now))
        return positive(sample(u, law("lognormal", mean, self.row.search_cv))) if mean else 0.0

    # Search

    def find(self, load: Consignment, matched: bool) -> float:
        """Probability that a search finds the load, F or F'."""
        world = self.world
        day = int(world.loop.now // DAY)
        missed = 1.0
        for name in self.methods(equipped=True):
            method = world.methods[name]
            works = method.availability
            if name not in self.row.methods:
                works = world.effect(self.office, day * DAY) * works
            if uniform(world.key("method", self.row.id, name), day) >= works:
                continue
            if method.used == "lookout" and not matched:
                continue
            factor = method.commodity_factor.get(load.commodity, 1.0)
            missed *= 1 - method.sensitivity[load.concealment] * factor
        found = 1 - missed
        return 1 - (1 - found) * (1 - world.model.lookouts.find) if matched else found

    # A live consignment at the post

    def group_of(self, controls: list[str], name: str) -> Lanes:
        """The lanes of a class on a way on which these controls lie ahead."""
        outwards = self.is_exit(controls)
        direction = int(outwards != (self.row.country == self.crossing.countries[0]))
        groups = [group for group in self.lanes if group.direction == direction]
        return next((row for row in groups if row.traffic_class.id == name), groups[0])

    def is_exit(self, controls: list[str]) -> bool:
        """Whether this is the post of the country that is left: the post across lies further ahead."""
        across = self.world.across[self.row.id]
        return across in controls[controls.index(self.row.id) :] if self.row.id in controls else False

    def meet(self, load: Consignment, after: Callable[[], None]) -> None:
        world, loop = self.world, self.world.loop
        group = self.group_of(load.ahead, load.traffic_class)
        e = load.key ^ key_of("control", self.row.id)
        came, event = loop.now, len(world.events)
        world.record("arrive", load, self.row.id, 0, -1.0, "")
        counts: list[Lookout | None] = [None]

        def started() -> None:
            world.events[event] = (came, "arrive", load.number, self.row.id, 0, loop.now - came, "")
            load.met[self.row.id] = loop.now
            counts[0] = load.lookout(self.row.id, loop.now)

        def over() -> None:
            Encounter(self, load, group, e, counts[0], after).go()

        duration = positive(sample(uniform(e, 0), prepared(group.traffic_class.service_h)))
        group.queue.join(Vehicle(LIVE, (load.number, 0), duration, started, over))

    def search(self, vehicle: Vehicle, urgent: bool) -> None:
        """Search a vehicle in the bay, or where there is none, or nothing to search with, without a wait."""
        if vehicle.duration == 0.0:
            vehicle.started()
            vehicle.left()
        elif self.has_bay:
            self.bay.join(vehicle, urgent)
        else:
            vehicle.started()
            self.world.loop.at(
                self.world.loop.now + vehicle.duration, vehicle.rank, vehicle.number, vehicle.left
            )

    # Compromised shifts

    def shift_began(self, now: float) -> int:
        day, hour = divmod(math.floor(now), DAY)
        for shift in self.roster.shifts:
            if in_shift(hour, shift.from_hour, shift.to_hour):
                return (day if hour >= shift.from_hour else day - 1) * DAY + shift.from_hour
        return day * DAY

    def others_hold(self, load: Consignment, e: int) -> bool:
        """Whether another agency in the room is not compromised."""
        office, now = self.office, self.world.loop.now
        if not office or not office.components.desk or uniform(e, 7) >= self.world.effect(office, now):
            return False
        began = self.shift_began(now)
        agencies = range(1, office.components.pooling)
        return not all(
            self.world.is_compromised(load, self.row.id, began, key_of("agency", a)) for a in agencies
        )


class Encounter:
    """What happens to a load at the end of its primary inspection."""

    def __init__(
        self,
        station: Station,
        load: Consignment,
        group: Lanes,
        e: int,
        lookout: Lookout | None,
        after: Callable[[], None],
    ) -> None:
        self.station, self.load, self.group, self.e = station, load, group, e
        self.lookout, self.after = lookout, after
        self.world, self.post = station.world, station.row.id

    def go(self) -> None:
        world, station, load, e = self.world, self.station, self.load, self.e
        now = world.loop.now
        self.exits = station.is_exit(load.ahead)
        load.ahead.remove(self.post)
        m = 0.0
        if self.lookout:
            birth = self.lookout.message.report.birth
            m = world.fresh(world.model.lookouts.match, load.met[self.post] - birth)
        bought = world.is_compromised(load, self.post, station.shift_began(now))
        if bought and not (m > 0 and station.others_hold(load, e)):
            world.record("encounter", load, self.post, 0, 0.0, "waved through")
            self.after()
            return
        world.defeated += bought
        s = station.share(self.group, math.floor(now), station.equipped(now)) if station.has_bay else 0.0
        d = station.d_prime()
        releases = station.would_release()
        plain, helped = station.find(load, matched=False), station.find(load, matched=True)
        under = station.passes_under(s, d + self.pattern())
        p = m * helped if bought else m * helped + (1 - m) * (0 if releases else (1 - under) * plain)
        note = "lookout" if m else "released" if releases else ""
        world.record("encounter", load, self.post, world.micrograms(load, p), p, note)

        score = uniform(e, 1)
        if uniform(e, 2) < m:
            self.search("lookout", helped, uniform(e, 3), uniform(e, 4), self.in_vain)
        elif bought or score <= under:
            self.after()
        elif releases:
            self.in_vain()
        else:
            passed = [score > station.passes_under(s, 0.0), score > station.passes_under(s, d)]
            cause = "routine" if passed[0] else "profiling" if passed[1] else "pattern"
            self.search(cause, plain, uniform(e, 3), uniform(e, 4), self.in_vain)

    def pattern(self) -> float:
        """What the youngest pattern of the owner adds to d'."""
        births = self.world.intelligence.patterns.get((self.post, self.load.group), [])
        if not self.load.signed or not births:
            return 0.0
        rule = self.world.model.reports.pattern
        return float(rule.d_prime * 2 ** (-(self.world.loop.now - max(births)) / rule.half_life_h))

    def search(self, cause: str, chance: float, draw: float, length: float, vain: Callable[[], None]) -> None:
        world, load, began = self.world, self.load, self.world.loop.now

        def search_over() -> None:
            lookout = self.lookout.message if self.lookout and cause == "lookout" else None
            if draw < chance:
                world.seize(load, self.post, cause, self.post, lookout)
                return
            world.record("searched", load, self.post, 0, world.loop.now - began, "")
            if lookout:
                world.intelligence.false_alarm(lookout)
            vain()

        duration = self.station.search_time(length)
        vehicle = Vehicle(LIVE, (load.number, 0), duration, lambda: None, search_over)
        self.station.search(vehicle, urgent=cause in ("lookout", "request"))

    def in_vain(self) -> None:
        if self.exits:
            self.world.intelligence.tell_other_side(self.load, self.post)
        self.world.intelligence.ask(self.load, self.post, self.answered)

    def answered(self, known: bool) -> None:
        """The load is not held, or not any longer."""
        if not known:
            self.after()
            return
        p = self.station.find(self.load, matched=True)
        self.world.record(
            "encounter", self.load, self.post, self.world.micrograms(self.load, p), p, "request"
        )
        self.search("request", p, uniform(self.e, 8), uniform(self.e, 9), self.after)


# Intelligence ------------------------------------------------------------------------------------------


@dataclass(eq=False)
class Report:
    """``load`` is None for a false report and for what concerns a lawful vehicle."""

    key: int
    source: str
    load: Consignment | None
    office: str
    birth: float
    groups: dict[str, Lanes | None] = field(default_factory=dict)
    """Controls of the subject of a false report, with its lanes there."""
    when_read: Callable[[Message], None] | None = None
    """What a request or an answer sets in motion."""

    @property
    def is_lookout(self) -> bool:
        return self.source not in ("request", "answer", "pattern")


@dataclass(eq=False)
class Message:
    number: int
    report: Report
    addressee: str
    came_over: list[Way] = field(default_factory=list)
    closed: float = 0.0
    """Hours until the desk where it is next has an officer, if it had none when the message came."""
    spent: dict[str, float] = field(
        default_factory=lambda: {"delay": 0.0, "closed": 0.0, "queue": 0.0, "work": 0.0}
    )


@dataclass
class Lookout:
    control: str
    read: float
    message: Message


@dataclass(eq=False)
class Job:
    """A report on a desk, with its messages, when each came and where each goes on."""

    report: Report
    came: float
    copies: list[tuple[Message, float, list[Way]]] = field(default_factory=list)
    done: bool = False
    leaked: bool = False


@dataclass
class Bench:
    """The desk of an office at work."""

    jobs: dict[int, Job] = field(default_factory=dict)
    waiting: list[Job] = field(default_factory=list)
    busy: int = 0
    looks_at: float = -1.0


class Intelligence:
    """Reports, messages and lookouts, from birth to end."""

    def __init__(self, world: Plain) -> None:
        self.world, self.model, self.loop, self.network = world, world.model, world.loop, world.network
        self.messages = 0
        self.patterns: dict[tuple[str, str], list[float]] = {}
        """Births of the patterns that a post has read, by post and organisation."""
        self.known: dict[tuple[str, int], float] = {}
        """Since when an office knows a load."""
        self.benches: dict[str, Bench] = {name: Bench() for name in self.network.hours}
        self.trust: dict[frozenset[str], float] = {}
        self.trust_changes: Counter[str] = Counter()
        if self.model.trust:
            pairs = {frozenset((way.start, way.end)) for way in self.network.ways}
            self.trust = dict.fromkeys(pairs, self.model.trust.initial)

    def soon(self, time: float, what: Callable[[], None]) -> None:
        """What takes no time happens at once."""
        if time == self.loop.now:
            what()
        else:
            self.loop.at(time, NEWS, (), what)

    def open(self) -> None:
        for office in self.world.offices:
            opening = self.world.opening(office)
            if office.components.desk and opening > 0:
                self.loop.at(opening, NEWS, (), lambda name=office.post: self.desk_opens(name))
        for source in self.model.sources:
            self.open_false(source)
        for post in self.model.posts:
            self.open_lawful_requests(post.id)
        if self.model.trust and self.model.trust.rotation_days:
            for name in self.network.hours:
                self.rotate(name, 0, 0.0)

    # Reports

    def ask_sources(self, load: Consignment, place: str) -> None:
        for source in self.model.sources:
            if source.place == place:
                k = load.key ^ key_of("source", source.id)
                relative = load.grams / 1000 / source.reference_load_kg
                if uniform(k, 0) < min(1.0, source.probability * relative**source.load_exponent):
                    self.report(
                        load, k, source.lag_h, source.office, "surveillance", lambda: self.ahead(load)
                    )

    def tell_other_side(self, load: Consignment, post: str) -> None:
        rule, across = self.model.reports.other_side, self.world.across[post]
        k = load.key ^ key_of("other side " + post)
        if uniform(k, 0) < rule.probability:
            self.report(
                load,
                k,
                rule.lag_h,
                post,
                "other side",
                lambda: [name for name in self.ahead(load, broadcast=False) if name == across],
            )

    def exploit(self, load: Consignment, control: str) -> None:
        """Reports that follow a seizure."""
        rule = self.model.reports.seizure
        for sister in sorted(self.world.loads, key=lambda load: (load.departs, load.number)):
            if sister.under_way and sister.owner == load.owner:
                k = sister.key ^ load.key ^ key_of("sister")
                if uniform(k, 0) < rule.probability:
                    self.report(
                        sister, k, rule.lag_h, control, "seizure", lambda sister=sister: self.ahead(sister)
                    )
        pattern = self.model.reports.pattern
        k = load.key ^ key_of("pattern")
        if load.signed and uniform(k, 0) < pattern.probability:
            names = self.world.controls_from(load.route, 0)
            if self.model.reports.addressing == "broadcast":
                names = list(self.world.posts)
            posts = [name for name in names if name in self.world.posts]
            self.report(load, k, pattern.lag_h, control, "pattern", lambda: posts)

    def chase(self, load: Consignment, control: str) -> None:
        rule = self.model.reports.chase
        k = load.key ^ key_of("chase " + control)

        after = [name for name in self.ahead(load, broadcast=False) if name != control]
        if control not in load.chased:
            load.chased.add(control)
            if after and uniform(k, 0) < rule.probability:
                self.report(
                    load,
                    k,
                    rule.lag_h,
                    control,
                    "chase",
                    lambda: [name for name in self.ahead(load, broadcast=False) if name == after[0]],
                )

    def open_false(self, source: Source) -> None:
        key, keys = self.world.key("false", source.id), self.world.key("false report", source.id)
        rate = source.false_per_year * self.model.reports.false_factor / 8760
        subjects = self.subjects(source.place)
        birth, n = 0.0, 0
        while rate and subjects:
            birth += -math.log(uniform(key, 2 * n)) / rate
            if birth >= self.world.window[1]:
                break
            groups = subjects[math.floor(uniform(key, 2 * n + 1) * len(subjects))]
            report = Report(word(keys, n), "false", None, source.office, on_grid(birth), groups)
            names = list(groups)
            if self.model.reports.addressing == "broadcast":
                names = self.everyone()
            self.soon(report.birth, lambda report=report, names=names: self.born(report, names))
            n += 1

    def subjects(self, place: str) -> list[dict[str, Lanes | None]]:
        """The different ways on from a place: controls, and the lanes that are used there."""
        found: list[dict[str, Lanes | None]] = []
        for mode, routes in self.world.streams:
            name = next((row.id for row in self.model.classes if row.mode == mode.id), "")
            for route in routes:
                for n, step in enumerate(route.steps):
                    if step.start == place:
                        controls = self.world.controls_from(route, n)
                        way = {control: self.lanes(control, controls, name) for control in controls}
                        if all(list(way.items()) != list(other.items()) for other in found):
                            found.append(way)
        return found

    def lanes(self, control: str, controls: list[str], name: str) -> Lanes | None:
        if control not in self.world.stations or not name:
            return None
        return self.world.stations[control].group_of(controls, name)

    def everyone(self) -> list[str]:
        return [row.id for row in (*self.model.posts, *self.model.sectors, *self.model.units)]

    def ahead(self, load: Consignment, broadcast: bool = True) -> list[str]:
        """Addressees of a report that is born now."""
        if load.ended is not None:
            return []
        if broadcast and self.model.reports.addressing == "broadcast":
            return self.everyone()
        return list(load.ahead)

    def report(
        self,
        load: Consignment,
        k: int,
        lag: Distribution,
        office: str,
        source: str,
        addressees: Callable[[], list[str]],
    ) -> None:
        birth = self.loop.now + on_grid(sample(uniform(k, 1), prepared(lag)))
        report = Report(k, source, load, office, birth)
        self.soon(birth, lambda: self.born(report, addressees()))

    def born(self, report: Report, addressees: list[str]) -> None:
        paths = {name: self.network.path(report.office, name, links=True) for name in addressees}
        reached = [(name, path) for name, path in paths.items() if path is not None]
        world, load, office = self.world, report.load, report.office
        world.record("report", load, office, self.messages, float(len(reached)), report.source)
        self.know(report, office, self.loop.now)
        for name, path in reached:
            message = Message(self.messages, report, name)
            self.messages += 1
            world.record("sent", load, name, message.number, 0.0, report.source)
            time = self.network.at_work(office, self.loop.now)
            message.spent["closed"] += time - self.loop.now
            self.go_on(message, path, time)

    def know(self, report: Report, office: str, time: float) -> None:
        if report.is_lookout and report.load and report.source != "other side":
            known = self.known.get((office, report.load.number), math.inf)
            self.known[office, report.load.number] = min(known, time)

    # Requests

    def asked(self, post: str) -> str | None:
        """The office that a post asks, if it can reach it."""
        country, to = self.world.posts[post].country, self.model.reports.request.to
        capitals = [row.id for row in self.model.headquarters if row.country == country]
        names = {
            "across": [self.world.across[post]],
            "capital": capitals,
            "centre": [row.id for row in self.model.centres],
        }[to]
        if not names or self.network.path(post, names[0], links=True) is None:
            return None
        return names[0]

    def ask(self, load: Consignment, post: str, answered: Callable[[bool], None]) -> None:
        """Hold a load for the answer to a request; ``answered`` says whether it is known."""
        rule, office = self.model.reports.request, self.asked(post)
        if office is None or uniform(load.key ^ key_of("request " + post), 0) >= rule.probability:
            answered(False)
        else:
            self.hold(load.key ^ key_of("request", post), load, post, office, answered)

    def hold(
        self, k: int, load: Consignment | None, post: str, office: str, answered: Callable[[bool], None]
    ) -> None:
        began, held = self.loop.now, [True]

        def end(known: bool) -> None:
            if held[0]:
                held[0] = False
                self.world.record("held", load, post, 0, self.loop.now - began, "")
                self.loop.at(self.loop.now, LIVE, (load.number if load else -1, 0), lambda: answered(known))

        until = began + on_grid(self.model.reports.request.hold_h)
        self.loop.at(until, NEWS, (), lambda: end(False))
        self.request(k, load, post, office, lambda: held[0], end)

    def request(
        self,
        k: int,
        load: Consignment | None,
        post: str,
        office: str,
        is_held: Callable[[], bool],
        end: Callable[[bool], None],
    ) -> None:
        def read(message: Message) -> None:
            if not is_held():
                return
            known = load is not None and self.known.get((office, load.number), math.inf) <= self.loop.now
            answer = Report(k ^ key_of("answer"), "answer", load, office, self.loop.now)
            answer.when_read = lambda message: end(known)
            self.born(answer, [post])

        self.born(Report(k, "request", load, post, self.loop.now, when_read=read), [office])

    def open_lawful_requests(self, post: str) -> None:
        """Lawful vehicles that a post asks about."""
        station, rule = self.world.stations[post], self.model.reports.request
        key, keys = self.world.key("lawful request", post), self.world.key("lawful request key", post)
        total = 0.0
        for group in station.lanes:
            for hour in range(WEEK):
                share = station.share(group, hour, station.equipped(0.0))
                total += group.rates[self.world.hour_of_week(hour)] * share
        rate = rule.probability * (total / WEEK)
        if self.asked(post) is None:
            return
        birth, n = 0.0, 0
        while rate:
            birth += -math.log(uniform(key, n)) / rate
            if birth >= self.world.window[1]:
                break
            self.soon(on_grid(birth), partial(self.ask_on_lawful, word(keys, n), post))
            n += 1

    def ask_on_lawful(self, k: int, post: str) -> None:
        office = self.asked(post)
        assert office is not None
        self.hold(k, None, post, office, lambda known: None)

    # Messages

    def go_on(self, message: Message, path: list[Way], time: float) -> None:
        """Send a message over the channels that are left, from ``time`` on."""
        report, addressee, world = message.report, message.addressee, self.world
        path = list(path)
        while path:
            way = path[0]
            h = report.key ^ key_of(addressee) ^ key_of(way.name)
            if way.office and uniform(h, 2) >= world.effect(way.office, time):
                rest = self.network.path(way.start, addressee, links=False)
                if rest is None:
                    world.record("lost", report.load, addressee, message.number, 0.0, way.id)
                    return
                path = rest
                continue
            if self.model.trust and way.willingness < 1 and time > self.loop.now:
                self.soon(time, partial(self.go_on, message, path, time))
                return
            if way.willingness < 1 and uniform(h, 3) >= self.willingness(way):
                world.record("withheld", report.load, addressee, message.number, 0.0, way.id)
                return
            if uniform(h, 1) < way.loss:
                world.record("lost", report.load, addressee, message.number, 0.0, way.id)
                return
            delay = on_grid(sample(uniform(h, 0), prepared(way.delay)))
            world.record("carried", report.load, way.end, message.number, delay, way.id)
            message.came_over.append(way)
            message.spent["delay"] += delay
            time, path = time + delay, path[1:]
            if self.network.desk_at(way.end, time):
                self.soon(time, partial(self.come_to_desk, message, way.end, path))
                return
            opens = self.network.at_work(way.end, time)
            message.spent["closed"] += opens - time
            time = opens
            self.know(report, way.end, time)
        self.soon(time, lambda: self.read(message))

    # Desks

    def come_to_desk(self, message: Message, office: str, path: list[Way]) -> None:
        bench, report = self.benches[office], message.report
        job = bench.jobs.get(id(report))
        if job and job.done:
            self.pass_on(office, job, [(message, path)])
            return
        message.closed = self.hours_closed(office)
        if job is None:
            job = bench.jobs[id(report)] = Job(report, self.loop.now)
            bench.waiting.append(job)
        job.copies.append((message, self.loop.now, path))
        self.look(office)

    def look(self, office: str) -> None:
        """Officers who are free take up jobs, lookouts first."""
        bench = self.benches[office]
        while bench.waiting and bench.busy < self.network.officers(office, self.loop.now):
            job = next((job for job in bench.waiting if job.report.is_lookout), bench.waiting[0])
            bench.waiting.remove(job)
            self.take(office, job)
        if bench.waiting and bench.looks_at <= self.loop.now:
            hour = self.next_hour(office, lambda before, after: after > before)
            if hour is not None:
                bench.looks_at = hour
                self.loop.at(hour, NEWS, (), lambda: self.look_again(office, hour))

    def look_again(self, office: str, hour: float) -> None:
        if self.benches[office].looks_at == hour:
            self.look(office)

    def desk_opens(self, office: str) -> None:
        self.benches[office].looks_at = -1.0
        self.look(office)

    def next_hour(self, office: str, wanted: Callable[[float, float], bool]) -> float | None:
        """The next full hour whose officers are as wanted, given those of the hour before it."""
        now = math.floor(self.loop.now)
        for hour in range(now + 1, now + 1 + WEEK):
            if wanted(self.network.officers(office, hour - 1.0), self.network.officers(office, float(hour))):
                return float(hour)
        return None

    def take(self, office: str, job: Job) -> None:
        report, now, bench = job.report, self.loop.now, self.benches[office]
        job.copies = [copy for copy in job.copies if not self.ends_at_desk(office, copy[0])]
        if not job.copies:
            job.done = True
            return
        number = job.copies[0][0].number
        self.world.record("taken", report.load, office, number, now - job.came, report.source)
        bench.busy += 1
        for message, came, _ in job.copies:
            closed = min(message.closed, now - came)
            message.spent["closed"] += closed
            message.spent["queue"] += now - came - closed
        desk = self.network.desk_at(office, now)
        assert desk is not None
        extra = 0.0 if self.network.in_hours(office, now) else desk.call_out_h
        draw = uniform(report.key ^ key_of("desk " + office), 0)
        hours = on_grid(sample(draw, prepared(desk.service_h)) + extra)

        def worked() -> None:
            self.world.record("worked", report.load, office, number, hours, report.source)
            job.done = True
            for message, came, _ in job.copies:
                message.spent["work"] += self.loop.now - max(came, now)
            self.know(report, office, self.loop.now)
            job.leaked = self.sells(office, report)
            self.pass_on(office, job, [(message, path) for message, _, path in job.copies])
            bench.busy -= 1
            self.look(office)

        self.soon(now + hours, worked)

    def ends_at_desk(self, office: str, message: Message) -> bool:
        report, now = message.report, self.loop.now
        if now - report.birth > self.model.reports.expiry_h:
            self.world.record("expired", report.load, message.addressee, message.number, 0.0, "")
            return True
        if message.addressee == office and report.is_lookout and report.load:
            stand = [row for row in report.load.lookouts if row.control == office]
            if any(row.message.report.birth >= report.birth for row in stand):
                self.world.record("merged", report.load, message.addressee, message.number, 0.0, "")
                return True
        return False

    def hours_closed(self, office: str) -> float:
        if self.network.officers(office, self.loop.now) > 0:
            return 0.0
        hour = self.next_hour(office, lambda before, after: after > 0)
        return math.inf if hour is None else hour - self.loop.now

    def pass_on(self, office: str, job: Job, copies: list[tuple[Message, list[Way]]]) -> None:
        """Messages leave a desk that is done with their report."""
        if job.leaked:
            for message, _ in copies:
                self.leak(message, office)
        for message, path in copies:
            self.go_on(message, path, self.loop.now)

    # Trust

    def willingness(self, way: Way) -> float:
        if not self.model.trust:
            return way.willingness
        return way.willingness + (1 - way.willingness) * self.trust[frozenset((way.start, way.end))]

    def pairs_of(self, message: Message) -> set[frozenset[str]]:
        return {frozenset((way.start, way.end)) for way in message.came_over if way.willingness < 1}

    def confirm(self, message: Message) -> None:
        if self.model.trust:
            for pair in self.pairs_of(message):
                self.trust_changes["confirmed"] += 1
                self.trust[pair] += self.model.trust.confirmed * (1 - self.trust[pair])

    def false_alarm(self, message: Message) -> None:
        if self.model.trust:
            for pair in self.pairs_of(message):
                self.trust_changes["false alarm"] += 1
                self.trust[pair] *= 1 - self.model.trust.false_alarm

    def rotate(self, office: str, n: int, before: float) -> None:
        trust = self.model.trust
        assert trust is not None
        assert trust.rotation_days is not None
        gap = -math.log(uniform(self.world.key("rotation", office), n))
        time = before + 24 * trust.rotation_days * gap

        def rotation() -> None:
            for pair in self.trust:
                if office in pair:
                    self.trust_changes["rotation"] += 1
                    self.trust[pair] *= 1 - trust.rotation_loss
            self.rotate(office, n + 1, time)

        self.loop.at(time, NEWS, (), rotation)

    # Leaks

    def sells(self, office: str, report: Report) -> bool:
        if not self.model.leaks or not report.is_lookout or not report.load:
            return False
        key = report.key ^ key_of("desk " + office)
        blo = self.network.blo_at(office, self.loop.now)
        agencies = 1
        if blo and uniform(key, 2) < self.world.effect(blo, self.loop.now):
            agencies = blo.components.pooling
        return uniform(key, 1) >= (1 - self.model.leaks.probability) ** agencies

    def leak(self, message: Message, office: str) -> None:
        load = message.report.load
        assert load is not None
        self.world.record("leaked", load, office, message.number, 0.0, "")
        load.warned.add(message.addressee)

    # Lookouts

    def read(self, message: Message) -> None:
        report, addressee, now = message.report, message.addressee, self.loop.now
        load = report.load
        if now - report.birth > self.model.reports.expiry_h:
            self.world.record("expired", load, addressee, message.number, 0.0, "")
            return
        if not report.is_lookout or load is None:
            self.world.record("read", load, addressee, message.number, 0.0, "in time")
            if report.source == "pattern" and load:
                self.patterns.setdefault((addressee, load.group), []).append(report.birth)
            if report.when_read:
                report.when_read(message)
            if report.source == "false":
                self.stand(message, report.groups.get(addressee))
            return
        self.know(report, addressee, now)
        if addressee not in self.world.controls_from(load.route, 0):
            self.world.record("read", load, addressee, message.number, 0.0, "late (elsewhere)")
        elif load.ended is not None or addressee not in load.ahead or addressee in load.met:
            since = load.met.get(addressee, load.ended)
            assert since is not None
            reason = max(message.spent, key=lambda name: message.spent[name])
            self.world.record("read", load, addressee, message.number, now - since, f"late ({reason})")
            self.chase(load, addressee)
        else:
            self.world.record("read", load, addressee, message.number, 0.0, "in time")
            load.lookouts.append(Lookout(addressee, now, message))
            self.stand(message, self.lanes(addressee, load.ahead, load.traffic_class))

    # Lawful vehicles that are taken for the subject

    def stand(self, message: Message, group: Lanes | None) -> None:
        if group and self.model.lookouts.false_match:
            station = self.world.stations[message.addressee]
            self.next_mistaken(message, station, group, 0, station.expected(group, self.loop.now))

    def next_mistaken(self, message: Message, station: Station, group: Lanes, n: int, before: float) -> None:
        """The n-th vehicle that is mistaken; ``before`` is A at the one before it."""
        report, post = message.report, message.addressee
        z = report.key ^ key_of("mistaken " + post)
        count = before + -math.log(uniform(z, 2 * n)) / self.model.lookouts.false_match
        time = station.when_expected(group, count)
        if time is None or time > report.birth + self.model.reports.expiry_h:
            return

        def comes() -> None:
            if report.load and post not in self.ahead(report.load, broadcast=False):
                return
            came, event = self.loop.now, len(self.world.events)
            self.world.record("mistaken", report.load, post, message.number, -1.0, report.source)

            def over() -> None:
                row = self.world.events[event]
                self.world.events[event] = (*row[:5], self.loop.now - came, row[6])

            self.false_alarm(message)
            duration = station.search_time(uniform(z, 2 * n + 1))
            station.search(Vehicle(NEWS, (), duration, lambda: None, over), urgent=True)
            self.next_mistaken(message, station, group, n + 1, count)

        self.soon(time, comes)


@dataclass(frozen=True)
class Way:
    """A channel in one direction. ``office`` opened it, and it needs the ``partner`` too."""

    id: str
    start: str
    end: str
    delay: Distribution
    loss: float
    willingness: float
    office: Office | None = None
    partner: Office | None = None

    @property
    def name(self) -> str:
        return f"{self.id}:{self.start}>{self.end}"


class Network:
    """The offices that send and read messages, and the channels between them."""

    def __init__(self, world: Plain) -> None:
        model = world.model
        self.world = world
        self.hours: dict[str, tuple[tuple[int, int], int]] = {}
        self.desks: dict[str, Desk] = {}
        terms = {row.id: row for row in model.desks}
        for at_work in (*model.posts, *model.sectors, *model.units, *model.headquarters, *model.centres):
            self.hours[at_work.id] = ((0, 24), 7)
            if at_work.desk:
                self.desks[at_work.id] = terms[at_work.desk]
        self.liaison = {row.post: terms[row.desk or ""] for row in world.offices if row.components.desk}
        for row in model.posts:
            self.hours[row.id] = (row.hours, 7)
        for row in (*model.headquarters, *model.centres):
            self.hours[row.id] = (row.hours, row.weekdays)
        self.ways = [way for channel in model.channels for way in self.of_channel(channel)]
        self.ways += [
            way for office in world.offices if office.components.link for way in self.of_link(office)
        ]

    def ends(self, word: str) -> list[tuple[str, str]]:
        """Offices that an end of a channel means, with their countries."""
        model = self.world.model
        words = {
            "posts": model.posts,
            "sectors": model.sectors,
            "units": model.units,
            "capitals": model.headquarters,
        }
        if word in words:
            return [(row.id, row.country) for row in words[word]]
        return [(word, "")]

    def of_channel(self, channel: Channel) -> Iterator[Way]:
        words = {channel.from_, channel.to}
        own = "capitals" in words and bool(words & {"posts", "sectors", "units"})
        done = set()
        for start, country in self.ends(channel.from_):
            for end, other in self.ends(channel.to):
                if start == end or (end, start) in done or (own and country != other):
                    continue
                done.add((start, end))
                for a, b in ((start, end), (end, start)) if channel.both_ways else ((start, end),):
                    yield Way(channel.id, a, b, channel.delay_h, channel.loss, channel.willingness)

    def of_link(self, office: Office) -> Iterator[Way]:
        world, link = self.world, self.world.model.link
        assert link is not None
        post = world.posts[office.post]
        others: dict[str, Office | None] = {}
        for name in office.partners:
            partner = next((row for row in world.offices if row.id == name and row.components.link), None)
            if partner:
                others[partner.post] = partner
        for row in world.model.posts:
            if row.country == post.country and row.id != post.id:  # noqa: SIM102
                if world.legs_between(post.crossing, row.crossing) <= link.reach_legs:
                    others[row.id] = None
        for unit in world.model.units:
            if unit.country == post.country:
                others[unit.id] = None
        for centre in world.model.centres:
            others[centre.id] = None
        for other, partner in others.items():
            for a, b in ((post.id, other), (other, post.id)):
                yield Way(office.id, a, b, link.delay_h, link.loss, link.willingness, office, partner)

    def path(self, start: str, end: str, links: bool) -> list[Way] | None:
        """The route of least expected delay now; of equal ones that which is found first.

        Offices are looked at in the order of their distance, channels in the order of the file.
        """
        now = self.world.loop.now
        fastest: dict[tuple[str, str], Way] = {}
        for way in self.ways:
            pair = (way.start, way.end)
            if way.office is None or (links and self.stands(way, now)):  # noqa: SIM102
                if pair not in fastest or way.delay.mean < fastest[pair].delay.mean:
                    fastest[pair] = way
        best: dict[str, tuple[float, int, list[Way]]] = {start: (0.0, 0, [])}
        done: set[str] = set()
        found = 0
        while len(done) < len(best):
            here = min((name for name in best if name not in done), key=lambda name: best[name][:2])
            done.add(here)
            for way in fastest.values():
                delay = best[here][0] + way.delay.mean
                if way.start == here and (way.end not in best or delay < best[way.end][0]):
                    found += 1
                    best[way.end] = (delay, found, [*best[here][2], way])
        return best[end][2] if end in best else None

    def stands(self, way: Way, now: float) -> bool:
        """Whether the links that a channel needs are open."""
        return all(now >= self.world.opening(row) for row in (way.office, way.partner) if row)

    def at_work(self, office: str, time: float) -> float:
        """The first instant from ``time`` on at which an office works."""
        while not self.works(self.hours[office], time):
            time = math.floor(time) + 1.0
        return time

    def works(self, hours: tuple[tuple[int, int], int], time: float) -> bool:
        (first, last), weekdays = hours
        hour = self.world.hour_of_week(time)
        return hour // DAY < weekdays and first <= hour % DAY < last

    # Desks

    def blo_at(self, name: str, time: float) -> Office | None:
        """The BLO whose desk an office has."""
        office = self.world.office_at.get(name)
        if office and office.components.desk and time >= self.world.opening(office):
            return office
        return None

    def desk_at(self, name: str, time: float) -> Desk | None:
        return self.liaison[name] if self.blo_at(name, time) else self.desks.get(name)

    def in_hours(self, name: str, time: float, blo: Office | None = None) -> bool:
        """Whether a desk is in its hours: that of the BLO, if one is given."""
        desk = self.liaison[name] if blo else self.desk_at(name, time)
        assert desk is not None
        hours, weekdays = self.hours[name]
        return self.works((desk.hours or hours, desk.weekdays or weekdays), time)

    def officers(self, name: str, time: float) -> float:
        desk, blo = self.desk_at(name, time), self.blo_at(name, time)
        if desk is None:
            return 0
        if not self.in_hours(name, time):
            return desk.on_call
        return blo.components.desk if blo else desk.officers or math.inf


# The whole ---------------------------------------------------------------------------------------------


class Plain:
    """One replication of a scenario."""

    def __init__(
        self, model: ScenarioModel, seed: int, replication: int, clock: Literal["steady", "dated"] = "steady"
    ) -> None:
        self.model, self.seed, self.replication, self.clock = model, seed, replication, clock
        run = model.run
        first = run.first_day if clock == "steady" else run.grant
        self.calendar = Calendar(first - dt.timedelta(days=run.warmup_days))
        start = run.warmup_days * DAY
        self.window = (start, start + DAY * (run.days if clock == "steady" else run.dated_days))
        self.last_hour = self.window[1] + TAIL_DAYS * DAY
        self.months = self.calendar.months(self.last_hour // DAY + 1)

        self.loop = Loop()
        self.events: list[Event] = []
        self.map = Map(model)
        self.crossings: dict[str, Crossing] = {row.id: row for row in model.crossings}
        self.rosters = {row.id: row for row in model.rosters}
        self.profiles = {row.id: row for row in model.profiles}
        self.methods = {row.id: row for row in model.methods}
        self.posts = {row.id: row for row in model.posts}
        self.sectors = {row.id: row for row in model.sectors}
        self.across = {
            a.id: b.id for a in model.posts for b in model.posts if a.crossing == b.crossing and a.id != b.id
        }
        self.offices = [row for row in model.offices if not row.components.neutral()]
        self.office_at = {row.post: row for row in self.offices}
        self.stations = {row.id: Station(self, row) for row in model.posts}
        self.network = Network(self)
        self.intelligence = Intelligence(self)
        self.streams: list[tuple[Mode, list[Route]]] = []
        self.defeated = 0
        """Compromised shifts that another agency with the lookout defeated."""
        self.loads = list(self.consignments())

    def key(self, *names: object) -> int:
        return key_of(self.seed, self.replication, *names)

    # Time

    def month(self, time: float) -> int:
        return self.months[int(time // DAY)]

    def hour_of_week(self, time: float) -> int:
        return (self.calendar.weekday() * DAY + math.floor(time)) % WEEK

    def opening(self, office: Office) -> float:
        """Hour from which an office has an effect."""
        if self.clock == "steady":
            return -math.inf
        return self.calendar.hour_of(office.opens) + office.setup_days * DAY

    def effect(self, office: Office | None, time: float) -> float:
        assert office is not None
        start, ramp = self.opening(office), office.ramp_days * DAY
        if time < start:
            return 0.0
        if self.clock == "steady" or time >= start + ramp:
            return office.full_effect
        return office.full_effect * (time - start) / ramp

    def legs_between(self, one: str, other: str) -> int:
        """Legs between two crossings: 0 if they share a place."""
        ends = {name: set() for name in (one, other)}
        for leg in self.model.legs:
            if leg.crossing in ends:
                ends[leg.crossing] |= {leg.from_, leg.to}
        reached, legs = ends[one], 0
        while not reached & ends[other]:
            pairs = [(leg.from_, leg.to) for leg in self.model.legs]
            more = {b for pair in pairs for a, b in (pair, pair[::-1]) if a in reached}
            if more <= reached:
                return 10**9
            reached, legs = reached | more, legs + 1
        return legs

    def over(self) -> bool:
        """Whether every load has ended and no lookout of the window stands: who comes now delays nobody."""
        end = self.window[1] + self.model.reports.expiry_h
        return self.loop.now >= end and all(load.ended is not None for load in self.loads)

    # Consignments

    def consignments(self) -> Iterator[Consignment]:
        number = 0
        for flow in self.model.flows:
            for mode in self.model.modes:
                if flow.modes.get(mode.id, 0.0) == 0 or flow.volume_kg_per_year == 0:
                    continue
                routes = self.map.choice_set(flow, mode)
                self.streams.append((mode, routes))
                for n, time in enumerate(self.departures(flow, mode)):
                    yield self.consignment(number, n, time, flow, mode, routes)
                    number += 1

    def by_mode(self, value: float | dict[str, float], mode: Mode) -> float:
        return value[mode.id] if isinstance(value, dict) else value

    def grams(self, flow: Flow, mode: Mode, u: float) -> float:
        mean = self.by_mode(flow.mean_load_kg, mode) * 1000
        location, scale = lognormal_parameters(mean, self.by_mode(flow.load_cv, mode))
        if flow.max_load_kg is None:
            return math.exp(location + scale * quantile(u))
        most = math.log(self.by_mode(flow.max_load_kg, mode) * 1000)
        normal = NormalDist()
        step = 8 * scale
        while location + step != location:
            raised = location + step
            room = (most - raised) / scale
            kept = normal.cdf(room) or 1e-300
            if math.exp(raised + scale**2 / 2) * normal.cdf(room - scale) / kept <= mean:
                location = raised
            step /= 2
        return math.exp(location + scale * quantile(u * normal.cdf((most - location) / scale)))

    def departures(self, flow: Flow, mode: Mode) -> Iterator[float]:
        key = self.key("departures", f"{flow.id}.{mode.id}")
        season = self.profiles[flow.season].months if flow.season else [1.0] * 12
        mean_kg = self.by_mode(flow.mean_load_kg, mode)
        now, n, left = 0.0, 0, -math.log(uniform(key, 0))
        day = 0
        while day * DAY < self.window[1]:
            factor = season[self.months[day] - 1] / (sum(season) / 12)
            rate = flow.volume_kg_per_year * flow.modes[mode.id] / mean_kg / 8760 * factor
            end = (day + 1.0) * DAY
            if left < rate * (end - now):
                now += left / rate
                if on_grid(now) < self.window[1]:
                    yield on_grid(now)
                n += 1
                left = -math.log(uniform(key, n))
            else:
                left -= rate * (end - now)
                now = end
                day += 1

    def consignment(
        self, number: int, n: int, time: float, flow: Flow, mode: Mode, routes: list[Route]
    ) -> Consignment:
        stream = f"{flow.id}.{mode.id}"
        c = word(self.key("consignments", stream), n)
        classes = [row for row in self.model.classes if row.mode == mode.id]
        chosen = first_above(uniform(c, 1), [(row.id, row.share) for row in classes])
        hiding = next((list(row.concealment.items()) for row in classes if row.id == chosen), [])
        group = next(row for row in self.model.organisations if row.id == flow.organisations)
        owner = math.floor(uniform(c, 3) * group.number)
        signed = uniform(c, 4) < group.signature
        draw = uniform(c, 2)
        if signed and chosen:
            draw = uniform(key_of("signature", f"{group.id}-{owner}", chosen), 0)
        return Consignment(
            number=number,
            name=f"{stream}:{n}",
            key=c,
            departs=time,
            grams=max(1, math.floor(self.grams(flow, mode, uniform(c, 0)) + 0.5)),
            commodity=flow.commodity,
            traffic_class=chosen,
            concealment=first_above(draw, hiding),
            owner=(group.id, owner),
            signed=signed,
            route=self.choose(c, time, routes),
            routes=routes,
            compromised=group.compromised,
        )

    def choose(self, c: int, time: float, routes: list[Route]) -> Route:
        free = [route for route in routes if self.is_open(route, time)]
        return max(
            free or routes,
            key=lambda r: r.utility - math.log(-math.log(uniform(c ^ key_of("route", r.name), 0))),
        )

    def is_open(self, route: Route, time: float) -> bool:
        return not any(self.month(time) in step.leg.closed_months for step in route.steps)

    # The way of a consignment

    def controls(self, step: Step) -> list[str]:
        """Controls on a leg, in the order in which they are met."""
        if step.leg.crossing:
            left = self.map.country[step.start]
            posts = [row for row in self.model.posts if row.crossing == step.leg.crossing]
            return [row.id for row in sorted(posts, key=lambda row: row.country != left)]
        return step.leg.sectors[::-1] if step.backwards else list(step.leg.sectors)

    def units(self, place: str) -> list[str]:
        return [row.id for row in self.model.units if row.place == place]

    def later(self, load: Consignment, time: float, what: Callable[[], None]) -> None:
        self.loop.at(time, LIVE, (load.number, 0), what)

    def controls_from(self, route: Route, n: int) -> list[str]:
        """Controls on a route from its n-th leg on."""
        return [name for step in route.steps[n:] for name in self.controls(step) + self.units(step.end)]

    def depart(self, load: Consignment) -> None:
        load.under_way = True
        load.ahead = self.controls_from(load.route, 0)
        note = f"{load.traffic_class} {load.concealment}" if load.traffic_class else ""
        self.record("depart", load, load.route.name, load.grams, 0.0, note)
        self.leave_place(load, 0)

    def leave_place(self, load: Consignment, n: int) -> None:
        step = load.route.steps[n]
        self.intelligence.ask_sources(load, step.start)
        key = load.key ^ key_of("leg", step.leg.id)
        hours = positive(sample(uniform(key, 0), prepared(step.leg.hours)))
        if not self.controls(step):
            self.later(load, self.loop.now + hours, lambda: self.reach_place(load, n))
            return
        share = 1 - step.leg.border_at if step.backwards else step.leg.border_at
        before = on_grid(hours * share)

        def beyond() -> None:
            self.later(load, self.loop.now + (hours - before), lambda: self.reach_place(load, n))

        def border() -> None:
            if step.leg.crossing:
                exit_post, entry_post = self.controls(step)
                gap = positive(sample(uniform(key, 1), prepared(self.crossings[step.leg.crossing].gap_h)))

                def enter() -> None:
                    self.stations[entry_post].meet(load, beyond)

                def exited() -> None:
                    self.later(load, self.loop.now + gap, enter)

                self.stations[exit_post].meet(load, exited)
            elif all(self.survives_field(load, name, "patrol") for name in self.controls(step)):
                beyond()

        def reach_border() -> None:
            way = self.other_way(load, n)
            if way is None:
                self.wait_if_warned(load, self.controls(step), border)
                return
            first = next(name for name in self.controls(step) if name in load.warned)
            self.record("rerouted", load, first, 0, 0.0, way.name)
            load.route, load.ahead = way, self.controls_from(way, n)
            self.later(load, self.loop.now + before, lambda: self.leave_place(load, n))

        self.later(load, self.loop.now + before, reach_border)

    def reach_place(self, load: Consignment, n: int) -> None:
        place = load.route.steps[n].end

        def meet_units() -> None:
            if not all(self.survives_field(load, name, "inland") for name in self.units(place)):
                return
            if not self.survives_teams(load, place):
                return
            if n + 1 < len(load.route.steps):
                self.leave_place(load, n + 1)
                return
            load.under_way, load.ended = False, self.loop.now
            self.record("delivered", load, place, load.grams, 0.0, "")

        self.wait_if_warned(load, self.units(place), meet_units)

    # A load that was warned

    def other_way(self, load: Consignment, n: int) -> Route | None:
        """The route that a load takes instead of its n-th leg, if it was warned there and takes one."""
        leaks, here = self.model.leaks, self.controls(load.route.steps[n])
        if not leaks or not load.warned & set(here) or uniform(load.key, 5) >= leaks.reroute:
            return None
        ways = [
            route
            for route in load.routes
            if route.steps[:n] == load.route.steps[:n]
            and len(route.steps) > n
            and self.is_open(route, load.departs)
            and not load.warned & set(self.controls_from(route, n))
        ]
        again = load.key ^ key_of("reroute")
        return max(
            ways,
            key=lambda r: r.utility - math.log(-math.log(uniform(again ^ key_of("route", r.name), 0))),
            default=None,
        )

    def wait_if_warned(self, load: Consignment, controls: list[str], then: Callable[[], None]) -> None:
        warned = [name for name in controls if name in load.warned]
        load.warned -= set(controls)
        hours = on_grid(self.model.leaks.wait_h) if self.model.leaks else 0.0
        if not warned or hours == 0.0:
            then()
            return
        self.record("waited", load, warned[0], 0, hours, "")
        self.later(load, self.loop.now + hours, then)

    # At a sector or an inland unit, and mobile teams

    def survives_field(self, load: Consignment, name: str, cause: str) -> bool:
        row = self.sectors.get(name) or next(unit for unit in self.model.units if unit.id == name)
        load.ahead.remove(name)
        load.met[name] = self.loop.now
        return self.survives(load, name, row, cause, name) and self.survives_teams(load, name)

    def survives_teams(self, load: Consignment, site: str) -> bool:
        office = None if site in self.map.country else site
        return all(
            self.survives(load, f"{team.id}@{site}", team, "team", office)
            for team in self.model.teams
            if self.site_of(team) == site
        )

    def site_of(self, team: Team) -> str:
        """Where a team is now."""
        if team.placement == "fixed":
            return team.sites[0]
        assert team.period_days is not None
        n = math.floor(self.loop.now / (24 * team.period_days))
        if team.placement == "rotating":
            return team.sites[n % len(team.sites)]
        return first_above(uniform(self.key("team", team.id), n), [(s, team.mix[s]) for s in team.sites])

    def survives(
        self, load: Consignment, name: str, row: Sector | Unit | Team, cause: str, office: str | None
    ) -> bool:
        """Whether a load gets past a control, whose seizure is reported at an office, if it has one."""
        e = load.key ^ key_of("control", name)
        if self.is_compromised(load, name, math.floor(self.loop.now) // DAY * DAY):
            self.record("encounter", load, name, 0, 0.0, "waved through")
            return True
        d = min(1.0, row.detection * row.detection_factor.get(load.commodity, 1.0))
        i = 0.0
        lookout = load.lookout(name, self.loop.now)
        if lookout:
            i = self.fresh(self.model.lookouts.intercept, self.loop.now - lookout.message.report.birth)
        p = 1 - (1 - i) * (1 - d) if i else d
        self.record("encounter", load, name, self.micrograms(load, p), p, "lookout" if i else "")
        if lookout and uniform(e, 5) < i:
            self.seize(load, name, "lookout", office, lookout.message)
        elif uniform(e, 6) < d:
            self.seize(load, name, cause, office)
        return load.ended is None

    def is_compromised(self, load: Consignment, control: str, began: int, agency: int = 0) -> bool:
        key = self.key("compromised", load.group) ^ key_of("control", control) ^ agency
        return uniform(key, began + 24) < load.compromised

    def fresh(self, probability: float, age: float) -> float:
        return float(probability * 2 ** (-age / self.model.reports.half_life_h))

    def micrograms(self, load: Consignment, p: float) -> int:
        return math.floor(load.grams * 1e6 * p + 0.5)

    def seize(
        self,
        load: Consignment,
        control: str,
        cause: str,
        office: str | None,
        lookout: Message | None = None,
    ) -> None:
        load.under_way, load.ended = False, self.loop.now
        self.record("seized", load, control, load.grams, 0.0, cause)
        if lookout:
            self.intelligence.confirm(lookout)
        if office:
            self.intelligence.exploit(load, office)

    # The run

    def record(
        self, kind: str, load: Consignment | None, place: str, amount: int, p: float, note: str
    ) -> None:
        self.events.append((self.loop.now, kind, load.number if load else -1, place, amount, p, note))

    def run(self) -> Plain:
        for station in self.stations.values():
            for hour in range(self.last_hour):
                self.loop.at(float(hour), SHIFT, (), lambda s=station, h=hour: s.on_the_hour(h))
            station.open_for_lawful()
        self.intelligence.open()
        for load in self.loads:
            self.later(load, load.departs, lambda load=load: self.depart(load))
        self.loop.run(self.last_hour)
        return self


def simulate(
    model: ScenarioModel, seed: int, replication: int, clock: Literal["steady", "dated"] = "steady"
) -> Plain:
    """Run one replication; the events stand in ``events``, lawful counts in ``stations``."""
    return Plain(model, seed, replication, clock).run()
