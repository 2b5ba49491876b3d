"""A post in a running replication: its records for the kernel, and what it knows of its own equipment."""

from __future__ import annotations

from functools import cache, partial
from typing import TYPE_CHECKING, Any

import numpy as np

from blo_sim.clock import TICKS_PER_HOUR
from blo_sim.draws import Law, key_of, law, lognormal_parameters
from blo_sim.errors import SimulationError
from blo_sim.model.border import detection, kernel
from blo_sim.model.border.kernel import hours, uniform
from blo_sim.model.border.records import GROUP, HOURS, POST, hours_until_change
from blo_sim.model.events import EventLog, GroupCounts, PostCounts
from blo_sim.world.crossings import Staff

if TYPE_CHECKING:
    from collections.abc import Callable

    from blo_sim.scenario.schema import Method
    from blo_sim.world.compile import PostTables, World
    from blo_sim.world.crossings import Bay, LaneGroup

Shares = tuple[tuple[float, ...], ...]
"""Lawful share referred, by lane group and hour of the week."""
Thresholds = tuple[float, float, float]
"""Scores above which a load is referred: see `Post.thresholds`."""


def service_law(group: LaneGroup) -> Law:
    """Primary inspection of a lane group, hours."""
    return law(group.service.kind, group.service.mean, group.service.cv)


@cache
def _calls() -> tuple[Callable[..., Any], ...]:
    """Of the kernel: `enter_lane`, `releases`, `enter_bay` and `ask_bay`, compiled for its records."""
    records = np.zeros(0, GROUP), np.zeros(0, POST), 0, np.zeros(0, np.int64)
    return (
        kernel.entry(kernel.enter_lane, *records, 0.0, 0, np.uint64(0), 0, 0, 0.0, 0.0),
        kernel.entry(kernel.releases, *records, 0.0),
        kernel.entry(kernel.enter_bay, *records, 0.0, 0, False, 0.0),
        kernel.entry(kernel.ask_bay, *records, 0.0, 0),
    )


class Borders:
    """All posts of a replication: the kernel's records and the calls that a journey makes.

    ``groups`` and ``posts`` are the structured arrays of `blo_sim.model.border.records`.
    """

    def __init__(self, world: World, seed: int, replication: int) -> None:
        self.world = world
        self.months = np.array(world.months, dtype=np.int64)
        self.groups = np.zeros(sum(len(post.groups) for post in world.posts), dtype=GROUP)
        self.posts = np.zeros(len(world.posts), dtype=POST)
        first = 0
        for number, tables in enumerate(world.posts):
            first = self._fill(number, tables, first, seed, replication)
        kernel.begin(self.groups, self.posts, self.months)
        self.desks = [Post(self, number, seed, replication) for number in range(len(world.posts))]

    def _fill(self, number: int, tables: PostTables, first: int, seed: int, replication: int) -> int:
        world, record = self.world, self.posts[number]
        record["first_group"] = first
        record["stop_group"] = first + len(tables.groups)
        record["window_from"] = int(world.warmup_hours * TICKS_PER_HOUR)
        record["window_to"] = int(world.end_hours * TICKS_PER_HOUR)
        record["queue_limit"] = tables.queue_limit
        for i, group in enumerate(tables.groups):
            row = self.groups[first + i]
            row["key"] = key_of(seed, replication, "lawful", group.id)
            row["kind"], row["first"], row["second"] = service_law(group)
            row["rate"] = group.rate
            row["months"] = group.months
        self.set_staff(number, Staff(tuple(group.lanes for group in tables.groups), tables.officers))
        self.set_bay(number, tables.bays[0][1])
        return first + len(tables.groups)

    def set_bay(self, number: int, bay: Bay) -> None:
        """Give a post the search times and referral shares of ``bay``."""
        record = self.posts[number]
        if bay.search_mean_h > 0:
            location, scale = lognormal_parameters(bay.search_mean_h, self.world.posts[number].search_cv)
            record["search_location"], record["search_scale"] = location, scale
        for i, shares in enumerate(bay.shares):
            row = self.groups[record["first_group"] + i]
            row["share"] = shares
            row["most_referred"] = max(shares)

    def set_staff(self, number: int, staff: Staff) -> None:
        """Give a post other lanes and officers."""
        record = self.posts[number]
        record["officers"] = staff.officers
        record["servers"] = max(1, record["servers"], *staff.officers)
        record["officers_until"] = hours_until_change(staff.officers)
        for i, lanes in enumerate(staff.lanes):
            row = self.groups[record["first_group"] + i]
            row["lanes"] = lanes
            row["servers"] = max(1, row["servers"], *lanes)
            row["lanes_until"] = hours_until_change(lanes)

    def overflow(self, number: int) -> SimulationError:
        return SimulationError(
            f"post {self.world.posts[number].id}: its queue grew beyond what the model can hold; "
            "it is overloaded (blo-sim check names posts over 100 % load)"
        )

    def advance(self, number: int, hour: float) -> None:
        """Advance a post to an hour; lawful arrivals at that instant are in."""
        if kernel.advance(self.groups, self.posts, number, self.months, hour):
            raise self.overflow(number)

    def lines(self, hour: float) -> list[float]:
        """By post, hours until all who stand in its lanes at ``hour`` are being inspected."""
        ticks = int(hour * TICKS_PER_HOUR)
        found = []
        for number, record in enumerate(self.posts):
            self.advance(number, hour)
            last = int(self.groups["last_start"][record["first_group"] : record["stop_group"]].max())
            found.append(max(0, last - ticks) / TICKS_PER_HOUR)
        return found

    def finish(self, log: EventLog) -> None:
        """Advance every post to the end of the measured window and read its counts.

        It goes on by the hour while a vehicle that came to the bay in the window still waits there.
        """
        for number, tables in enumerate(self.world.posts):
            hour = self.world.end_hours
            self.advance(number, hour)
            while kernel.unsettled(self.posts, number) and hour < self.world.last_hours:
                hour += 1.0
                self.advance(number, hour)
            record = self.posts[number]
            rows = self.groups[record["first_group"] : record["stop_group"]]
            log.lawful[tables.id] = PostCounts(
                passages=int(rows["passages"].sum()),
                lane_wait=int(rows["wait"].sum()),
                referred=int(rows["referred"].sum()),
                searched=int(record["searched"]),
                released=int(record["released"]),
                bay_wait=int(record["bay_wait"]),
            )
            for group, row in zip(tables.groups, rows, strict=True):
                log.lane_groups[group.id] = GroupCounts(int(row["passages"]), int(row["wait"]))


class Post:
    """One post: which methods work, how well it refers, and its lanes and bay through the kernel."""

    def __init__(self, borders: Borders, number: int, seed: int, replication: int) -> None:
        world = borders.world
        self.borders = borders
        self.number = number
        self.tables = world.posts[number]
        self.records: tuple[Any, Any, int, Any] = (borders.groups, borders.posts, number, borders.months)
        self._enter_lane, self._releases, self._enter_bay, self._ask_bay = (
            partial(call, *self.records) for call in _calls()
        )
        self.first_group = int(borders.posts[number]["first_group"])
        self.services = [service_law(group) for group in self.tables.groups]
        self.has_bay = any(self.tables.officers)
        self.methods = world.methods
        self.lookout_find = world.lookouts.find
        self.keys = {
            name: key_of(seed, replication, "method", self.tables.id, name) for name in world.methods
        }
        self.shares, self.undrawn = self.tables.bays[0][1].shares, self.tables.bays[0][1].undrawn
        self.search_mean = self.tables.bays[0][1].search_mean_h
        self._day = -1.0
        self._working: tuple[str, ...] = ()
        self._finds: dict[tuple[str, ...], dict[tuple[str, str, bool], float]] = {}
        self._finds_today: dict[tuple[str, str, bool], float] = {}
        self._thresholds: dict[tuple[float, float], Thresholds] = {}

    def change_bay(self, bay: Bay, now: float) -> None:
        """New equipment opens at ``now``: what came before was referred under the old shares."""
        self.borders.advance(self.number, now)
        self.borders.set_bay(self.number, bay)
        self.shares, self.undrawn, self.search_mean = bay.shares, bay.undrawn, bay.search_mean_h

    def change_staff(self, staff: Staff, now: float) -> None:
        """A desk takes its officers at ``now``: who has come to the lanes before keeps its start."""
        self.borders.advance(self.number, now)
        self.borders.set_staff(self.number, staff)

    def enter_lane(
        self, now: float, group: int, key: int, decision: int, service: Law
    ) -> tuple[float, float]:
        """Start and end of a live vehicle's primary inspection, whose length is a draw of ``service``."""
        enter = self._enter_lane  # Python calls what is bound quicker than attributes
        times: tuple[float, float] = enter(now, group, key, decision, *service)
        if times[0] == kernel.OVERFLOW:
            raise self.borders.overflow(self.number)
        return times

    def releases(self, now: float) -> bool:
        """Whether the bay would release a routine vehicle at ``now``."""
        if not self.has_bay:
            return True
        answer = self._releases(now)
        if answer < 0:
            raise self.borders.overflow(self.number)
        return bool(answer)

    def enter_bay(self, now: float, vehicle: int, lookout: bool, search: float) -> float:
        """Departure from the bay, or minus the tentative start of a routine search."""
        if not self.has_bay:
            return now + search
        answer: float = self._enter_bay(now, vehicle, lookout, search)
        if answer == kernel.OVERFLOW:
            raise self.borders.overflow(self.number)
        return answer

    def search_length(self, key: int, decision: int) -> float:
        """Hours of a search by the methods that the bay has now."""
        length: float = hours(key, decision, *law("lognormal", self.search_mean, self.tables.search_cv))
        return length

    def ask_bay(self, now: float, vehicle: int) -> float:
        answer: float = self._ask_bay(now, vehicle)
        if answer == kernel.OVERFLOW:
            raise self.borders.overflow(self.number)
        return answer

    def d_prime(self, now: float) -> float:
        """The post's d', with what training adds so far."""
        value = self.tables.d_prime
        for effect, gain in self.tables.training:
            value += gain * effect.at(now)
        return value

    def thresholds(
        self, now: float, group: int, pattern: float, shares: Shares | None = None
    ) -> Thresholds:
        """Scores (as probabilities) above which a load is referred.

        Without the post's d', with it, and with what ``pattern`` adds to it. ``shares`` are the lawful
        shares referred, those of the bay by default.
        """
        share = (self.shares if shares is None else shares)[group - self.first_group][int(now) % HOURS]
        d_prime = self.d_prime(now) if self.tables.training else self.tables.d_prime
        known = self._thresholds.get((share, d_prime))
        if known is None:
            profiled = detection.pass_threshold(share, d_prime)
            known = detection.pass_threshold(share, 0.0), profiled, profiled
            self._thresholds[share, d_prime] = known
        if not pattern:
            return known
        return known[0], known[1], detection.pass_threshold(share, d_prime + pattern)

    def agencies(self, now: float, u: float) -> int:
        """Agencies in the room at ``now``; ``u`` decides while an office ramps up."""
        return next((number for effect, number in self.tables.pooling if u < effect.at(now)), 1)

    def find(self, now: float, concealment: str, commodity: str, lookout: bool) -> float:
        """Probability that a search on this day finds the load."""
        day = now // 24.0
        if day != self._day:
            self._begin(day)
        known = self._finds_today.get((concealment, commodity, lookout))
        if known is None:
            methods: list[Method] = [
                self.methods[name]
                for name in self._working
                if lookout or self.methods[name].used == "always"
            ]
            known = detection.find(methods, concealment, commodity)
            if lookout:
                known = 1.0 - (1.0 - known) * (1.0 - self.lookout_find)
            self._finds_today[concealment, commodity, lookout] = known
        return known

    def _begin(self, day: float) -> None:
        """Which methods are present and work on a day, counted from 0."""
        chances = dict.fromkeys(self.tables.methods, 1.0)
        for effect, names in self.tables.equipment:
            for name in names:
                chances[name] = max(chances.get(name, 0.0), effect.at(24.0 * day))
        self._day = day
        self._working = tuple(
            name
            for name, chance in chances.items()
            if uniform(self.keys[name], int(day)) < chance * self.methods[name].availability
        )
        self._finds_today = self._finds.setdefault(self._working, {})
