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

import datetime as dt
import heapq
import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Literal

from blo_sim.clock import TICKS_PER_HOUR, Calendar, on_grid, positive
from blo_sim.draws import Law, key_of, law, lognormal, quantile, sample, uniform, word
from blo_sim.scenario.schema import (
    Channel,
    Crossing,
    Flow,
    Leg,
    Mode,
    Office,
    Post,
    ScenarioModel,
    TrafficClass,
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
    route: Route
    ahead: list[str] = field(default_factory=list)
    lookouts: list[tuple[str, float, float]] = field(default_factory=list)
    inspected_at: str = ""
    under_way: bool = False
    ended: bool = False

    def lookout(self, control: str, now: float) -> float | None:
        """Birth of the youngest report that a control has read before now."""
        births = [birth for name, read, birth in self.lookouts if name == control and read < now]
        return max(births, default=None)


def first_above(u: float, shares: list[tuple[str, float]]) -> str:
    total = 0.0
    for name, share in shares:
        total += share
        if u < total:
            return name
    return shares[-1][0] if shares else ""


# Posts -------------------------------------------------------------------------------------------------


@dataclass
class Vehicle:
    """Someone who waits and is then served: ``started`` and ``left`` say what follows."""

    rank: int
    number: tuple[int, int]
    duration: float
    started: Callable[[], None]
    left: Callable[[], None]


class Servers:
    """Lanes or a bay: as many vehicles at once as are open, the urgent first, else in order."""

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
    servers: Servers

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
        self.has_bay = any(self.officers(hour) for hour in range(DAY))
        self.lanes: list[Lanes] = []
        for direction in (0, 1):
            for row in world.model.classes:
                if row.id in self.crossing.daily and any(
                    self.open_lanes(row.id, hour) for hour in range(DAY)
                ):
                    rates = self.rates(row.id)
                    servers = Servers(world.loop)
                    self.lanes.append(Lanes(len(self.lanes), direction, row, rates, servers))
        self.bay = Servers(world.loop)
        self.counts = dict.fromkeys(
            ("passages", "lane_wait", "referred", "searched", "released", "bay_wait"), 0
        )
        self.group_counts = {group.name: [0, 0] for group in self.lanes}

    # Rosters and hours

    def is_open(self, hour: int) -> bool:
        return self.row.hours[0] <= hour < self.row.hours[1]

    def shift_number(self, hour: int) -> int | None:
        if not self.is_open(hour):
            return None
        for n, shift in enumerate(self.roster.shifts):
            if in_shift(hour, shift.from_hour, shift.to_hour):
                return n
        return None

    def open_lanes(self, name: str, hour: int) -> int:
        n = self.shift_number(hour)
        return 0 if n is None else self.roster.shifts[n].lanes.get(name, 0)

    def officers(self, hour: int) -> int:
        n = self.shift_number(hour)
        return 0 if n is None else self.roster.shifts[n].bay_officers

    def on_the_hour(self, hour: int) -> None:
        for group in self.lanes:
            group.servers.set_open(self.open_lanes(group.traffic_class.id, hour % DAY))
        self.bay.set_open(self.officers(hour % DAY))

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
            rate = group.rates[self.world.hour_of_week(now)] * self.month_factor(self.world.month(now))
            if rate > 0 and now + on_grid(gap * (1 / rate)) < end:
                now += on_grid(gap * (1 / rate))
                yield n, now
                n += 1
                gap = -math.log(uniform(key, 4 * n))
            else:
                gap -= rate * (end - now)
                now = end

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
            if self.world.over():  # who comes later delays nobody who counts
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
            if uniform(key, 4 * n + 2) >= self.share(group, self.equipped(came)):
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
        group.servers.join(Vehicle(LAWFUL, (group.index, n), duration, inspected, primary_over))

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

    def share(self, group: Lanes, equipped: bool) -> float:
        """Share of lawful traffic that is referred now."""
        n = self.shift_number(int(self.world.loop.now) % DAY)
        if n is None or self.roster.shifts[n].bay_officers == 0 or self.mean_search(equipped) == 0:
            return 0.0
        first = self.roster.shifts[n].from_hour
        hours = [(first + i) % DAY for i in range(DAY) if self.shift_number((first + i) % DAY) == n]
        week = [day * DAY + hour for day in range(7) for hour in hours]
        lawful = sum(row.rates[hour] for row in self.lanes for hour in week) / len(week)
        cap = group.traffic_class.policy_cap
        capacity = 0.8 * self.roster.shifts[n].bay_officers / self.mean_search(equipped)
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
        return positive(lognormal(u, mean, self.row.search_cv)) if mean else 0.0

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

    def meet(self, load: Consignment, after: Callable[[], None]) -> None:
        world, loop = self.world, self.world.loop
        direction = 0 if self.row.country == self.crossing.countries[0] else 1
        if not self.is_exit(load):
            direction = 1 - direction
        groups = [group for group in self.lanes if group.direction == direction]
        group = next((row for row in groups if row.traffic_class.id == load.traffic_class), groups[0])
        e = load.key ^ key_of("control", self.row.id)
        came, event = loop.now, len(world.events)
        world.record("arrive", load, self.row.id, 0, -1.0, "")
        match = [0.0]

        def started() -> None:
            world.events[event] = (came, "arrive", load.number, self.row.id, 0, loop.now - came, "")
            load.inspected_at = self.row.id
            birth = load.lookout(self.row.id, loop.now)
            if birth is not None:
                match[0] = world.fresh(world.model.lookouts.match, loop.now - birth)

        def over() -> None:
            load.ahead.remove(self.row.id)
            self.encounter(load, group, e, match[0], after)

        duration = positive(sample(uniform(e, 0), prepared(group.traffic_class.service_h)))
        group.servers.join(Vehicle(LIVE, (load.number, 0), duration, started, over))

    def is_exit(self, load: Consignment) -> bool:
        """Whether this is the post of the country that the load is leaving."""
        return self.world.across[self.row.id] in load.ahead

    def encounter(self, load: Consignment, group: Lanes, e: int, m: float, after: Callable[[], None]) -> None:
        world, loop = self.world, self.world.loop
        s = self.share(group, self.equipped(loop.now)) if self.has_bay else 0.0
        d = self.d_prime()
        releases = self.would_release()
        plain, helped = self.find(load, matched=False), self.find(load, matched=True)
        under = self.passes_under(s, d)
        p = m * helped + (1 - m) * (0 if releases else (1 - under) * plain)
        note = "lookout" if m else "released" if releases else ""
        world.record("encounter", load, self.row.id, world.micrograms(load, p), p, note)

        matched = uniform(e, 2) < m
        score = uniform(e, 1)
        referred = score > under
        exits = self.is_exit(load)

        def told() -> None:
            if exits:
                world.tell_other_side(load, self.row.id)
            after()

        if not matched and not referred:
            after()
        elif not matched and releases:
            told()
        else:
            cause = "lookout" if matched else "routine" if score > self.passes_under(s, 0.0) else "profiling"
            found = uniform(e, 3) < (helped if matched else plain)
            at_bay = loop.now

            def search_over() -> None:
                if found:
                    world.seize(load, self.row.id, cause)
                else:
                    world.record("searched", load, self.row.id, 0, loop.now - at_bay, "")
                    told()

            duration = self.search_time(uniform(e, 4))
            vehicle = Vehicle(LIVE, (load.number, 0), duration, lambda: None, search_over)
            if duration == 0.0:
                search_over()
            elif self.has_bay:
                self.bay.join(vehicle, urgent=matched)
            else:
                loop.at(loop.now + duration, LIVE, (load.number, 0), search_over)


# Intelligence ------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Way:
    """A channel in one direction. ``office`` opened it, and it needs the ``partner`` too."""

    name: str
    start: str
    end: str
    delay: Distribution
    loss: float
    office: Office | None = None
    partner: Office | None = None


class Network:
    """The offices that send and read messages, and the channels between them."""

    def __init__(self, world: Plain) -> None:
        model = world.model
        self.world = world
        self.hours: dict[str, tuple[tuple[int, int], int]] = {}
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
                    yield Way(f"{channel.id}:{a}>{b}", a, b, channel.delay_h, channel.loss)

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
                yield Way(f"{office.id}:{a}>{b}", a, b, link.delay_h, link.loss, office, partner)

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
        if office not in self.hours:
            return time
        (first, last), weekdays = self.hours[office]
        while True:
            hour = self.world.hour_of_week(time)
            if hour // DAY < weekdays and first <= hour % DAY < last:
                return time
            time = math.floor(time) + 1.0


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
        self.messages = 0
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
        """Whether the window has ended and every load with it."""
        return self.loop.now >= self.window[1] and all(load.ended for load in self.loads)

    # Consignments

    def consignments(self) -> Iterator[Consignment]:
        number = 0
        for flow in self.model.flows:
            for mode in self.model.modes:
                if flow.modes.get(mode.id, 0.0) == 0:
                    continue
                routes = self.map.choice_set(flow, mode)
                for n, time in enumerate(self.departures(flow, mode)):
                    yield self.consignment(number, n, time, flow, mode, routes)
                    number += 1

    def by_mode(self, value: float | dict[str, float], mode: Mode) -> float:
        return value[mode.id] if isinstance(value, dict) else value

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
        mean, cv = self.by_mode(flow.mean_load_kg, mode), self.by_mode(flow.load_cv, mode)
        classes = [row for row in self.model.classes if row.mode == mode.id]
        chosen = first_above(uniform(c, 1), [(row.id, row.share) for row in classes])
        hiding = next((list(row.concealment.items()) for row in classes if row.id == chosen), [])
        group = next(row for row in self.model.organisations if row.id == flow.organisations)
        return Consignment(
            number=number,
            name=f"{stream}:{n}",
            key=c,
            departs=time,
            grams=max(1, math.floor(lognormal(uniform(c, 0), mean * 1000, cv) + 0.5)),
            commodity=flow.commodity,
            traffic_class=chosen,
            concealment=first_above(uniform(c, 2), hiding),
            owner=(group.id, math.floor(uniform(c, 3) * group.number)),
            route=self.choose(c, time, routes),
        )

    def choose(self, c: int, time: float, routes: list[Route]) -> Route:
        month = self.month(time)
        free = [r for r in routes if not any(month in step.leg.closed_months for step in r.steps)]
        return max(
            free or routes,
            key=lambda r: r.utility - math.log(-math.log(uniform(c ^ key_of("route", r.name), 0))),
        )

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

    def depart(self, load: Consignment) -> None:
        load.under_way = True
        for step in load.route.steps:
            load.ahead += self.controls(step) + self.units(step.end)
        note = f"{load.traffic_class} {load.concealment}" if load.traffic_class else ""
        self.record("depart", load, load.route.name, load.grams, 0.0, note)
        self.leave_place(load, 0)

    def leave_place(self, load: Consignment, n: int) -> None:
        step = load.route.steps[n]
        self.ask_sources(load, step.start)
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
            elif all(self.survives(load, name, "patrol") for name in self.controls(step)):
                beyond()

        self.later(load, self.loop.now + before, border)

    def reach_place(self, load: Consignment, n: int) -> None:
        place = load.route.steps[n].end
        if not all(self.survives(load, name, "inland") for name in self.units(place)):
            return
        if n + 1 < len(load.route.steps):
            self.leave_place(load, n + 1)
            return
        load.under_way, load.ended = False, True
        self.record("delivered", load, place, load.grams, 0.0, "")

    # At a sector or an inland unit

    def survives(self, load: Consignment, name: str, cause: str) -> bool:
        row = self.sectors.get(name) or next(unit for unit in self.model.units if unit.id == name)
        e = load.key ^ key_of("control", name)
        d = min(1.0, row.detection * row.detection_factor.get(load.commodity, 1.0))
        i = 0.0
        birth = load.lookout(name, self.loop.now)
        if birth is not None:
            i = self.fresh(self.model.lookouts.intercept, self.loop.now - birth)
        load.ahead.remove(name)
        p = 1 - (1 - i) * (1 - d) if i else d
        self.record("encounter", load, name, self.micrograms(load, p), p, "lookout" if i else "")
        if uniform(e, 5) < i:
            self.seize(load, name, "lookout")
        elif uniform(e, 6) < d:
            self.seize(load, name, cause)
        return not load.ended

    def fresh(self, probability: float, age: float) -> float:
        return float(probability * 2 ** (-age / self.model.reports.half_life_h))

    def micrograms(self, load: Consignment, p: float) -> int:
        return math.floor(load.grams * 1e6 * p + 0.5)

    def seize(self, load: Consignment, control: str, cause: str) -> None:
        load.under_way, load.ended = False, True
        self.record("seized", load, control, load.grams, 0.0, cause)
        rule = self.model.reports.seizure
        for sister in sorted(self.loads, key=lambda load: (load.departs, load.number)):
            if sister.under_way and sister.owner == load.owner:
                k = sister.key ^ load.key ^ key_of("sister")
                if uniform(k, 0) < rule.probability:
                    self.report(sister, k, rule.lag_h, control, "seizure")

    # Intelligence

    def ask_sources(self, load: Consignment, place: str) -> None:
        for source in self.model.sources:
            if source.place == place:
                k = load.key ^ key_of("source", source.id)
                relative = load.grams / 1000 / source.reference_load_kg
                if uniform(k, 0) < min(1.0, source.probability * relative**source.load_exponent):
                    self.report(load, k, source.lag_h, source.office, "surveillance")

    def tell_other_side(self, load: Consignment, post: str) -> None:
        rule = self.model.reports.other_side
        k = load.key ^ key_of("other side " + post)
        if uniform(k, 0) < rule.probability:
            self.report(load, k, rule.lag_h, post, "other side", only=self.across[post])

    def report(
        self, load: Consignment, k: int, lag: Distribution, office: str, note: str, only: str | None = None
    ) -> None:
        birth = self.loop.now + on_grid(sample(uniform(k, 1), prepared(lag)))

        def born() -> None:
            self.record("report", load, office, 0, 0.0, note)
            for addressee in [] if load.ended else list(load.ahead):
                if only in (None, addressee):
                    self.send(load, k, office, addressee, birth)

        if birth == self.loop.now:
            born()
        else:
            self.loop.at(birth, NEWS, (), born)

    def send(self, load: Consignment, k: int, office: str, addressee: str, birth: float) -> None:
        path = self.network.path(office, addressee, links=True)
        if path is None:
            return
        number = self.messages
        self.messages += 1
        self.record("sent", load, addressee, number, 0.0, "")
        time = self.travel(path, office, addressee, k ^ key_of(addressee))
        if time is None:
            self.record("lost", load, addressee, number, 0.0, "")
            return

        def read() -> None:
            note = "late" if load.ended or addressee not in load.ahead else "in time"
            if load.inspected_at == addressee:
                note = "late"
            if time - birth > self.model.reports.expiry_h:
                self.record("expired", load, addressee, number, 0.0, "")
                return
            self.record("read", load, addressee, number, 0.0, note)
            if note == "in time":
                load.lookouts.append((addressee, time, birth))

        if time == self.loop.now:
            read()
        else:
            self.loop.at(time, NEWS, (), read)

    def travel(self, path: list[Way], office: str, addressee: str, key: int) -> float | None:
        """When a message that is sent now is read by its addressee, or None if it is lost."""
        time = self.network.at_work(office, self.loop.now)
        path = list(path)
        while path:
            way = path.pop(0)
            h = key ^ key_of(way.name)
            if way.office and uniform(h, 2) >= self.effect(way.office, time):
                rest = self.network.path(way.start, addressee, links=False)
                if rest is None:
                    return None
                path = rest
                continue
            if uniform(h, 1) < way.loss:
                return None
            time = time + on_grid(sample(uniform(h, 0), prepared(way.delay)))
            time = self.network.at_work(way.end, time)
        return time

    # The run

    def record(self, kind: str, load: Consignment, place: str, amount: int, p: float, note: str) -> None:
        self.events.append((self.loop.now, kind, load.number, place, amount, p, note))

    def run(self) -> Plain:
        for station in self.stations.values():
            for hour in range(self.last_hour):
                self.loop.at(float(hour), SHIFT, (), lambda s=station, h=hour: s.on_the_hour(h))
            station.open_for_lawful()
        for load in self.loads:
            self.later(load, load.departs, lambda load=load: self.depart(load))
        self.loop.run(self.last_hour)
        return self


def simulate(
    model: ScenarioModel, seed: int, replication: int, clock: Literal["steady", "dated"] = "steady"
) -> Plain:
    """Run one replication; the events stand in ``events``, lawful counts in ``stations``."""
    return Plain(model, seed, replication, clock).run()
