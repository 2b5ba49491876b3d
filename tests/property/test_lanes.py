"""Lanes and search bay of the kernel against the SimPy reference, with ``==``."""

from __future__ import annotations

import heapq
import math
import os
from collections.abc import Generator, Sequence
from dataclasses import dataclass, replace
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from reference import (
    ALWAYS,
    LIVE,
    LOOKOUT,
    NEVER,
    SHIFT,
    At,
    ReferencePost,
    Servers,
    Vehicle,
    lawful_vehicles,
)
from runs import world_of
from simpy import Environment, Event
from simpy.resources.resource import PriorityRequest
from worlds import SMALL

from blo_sim.clock import TICKS_PER_HOUR, positive
from blo_sim.draws import CONSTANT, MASK, law, quantile, sample, uniform, word
from blo_sim.errors import BloSimError, SimulationError
from blo_sim.model.border import kernel
from blo_sim.model.border.posts import Borders, Post
from blo_sim.model.border.records import BLOCK
from blo_sim.scenario.values import Distribution
from blo_sim.world.compile import PostTables
from blo_sim.world.crossings import Bay, LaneGroup, Staff

pytestmark = pytest.mark.filterwarnings("ignore:overflow encountered in scalar:RuntimeWarning")
"""The kernel wraps around on purpose; uncompiled (``NUMBA_DISABLE_JIT=1``), numpy warns of it."""

FEWER = 10 if os.environ.get("BLO_SIM_FEW") else 1
"""Divides the number of examples where the kernel is slow: uncompiled or with bounds checked."""

SEED = 20131022
DAYS = 3
WINDOW = (20.0, 60.0)
END = 24.0 * 1000
"""When the last of those who came in the first days has long left."""
QUARTER = 0.25


@dataclass(frozen=True)
class Visit:
    """A contraband vehicle: ``wish`` is what becomes of it after the lanes."""

    time: float
    group: int
    inspection: float
    wish: str
    search: float


def tables_of(
    groups: Sequence[LaneGroup],
    officers: tuple[int, ...],
    shares: Sequence[tuple[float, ...]],
    search_mean_h: float,
    search_cv: float,
    queue_limit: int,
) -> PostTables:
    return PostTables(
        id="post",
        control=0,
        across="other",
        groups=tuple(groups),
        officers=officers,
        bays=((-math.inf, Bay((), search_mean_h, tuple(shares))),),
        search_cv=search_cv,
        queue_limit=queue_limit,
        d_prime=0.0,
        methods=(),
        training=(),
        equipment=(),
    )


def borders_of(tables: PostTables, months: list[int], window: tuple[float, float] = WINDOW) -> Borders:
    """The post alone in a world."""
    world = SimpleNamespace(
        months=months,
        posts=[tables],
        warmup_hours=window[0],
        end_hours=window[1],
        methods={},
        lookouts=SimpleNamespace(find=0.0),
    )
    return Borders(world, SEED, 0)  # type: ignore[arg-type]


def by_shift(values: Sequence[object], hours: Sequence[int]) -> tuple:  # type: ignore[type-arg]
    """A weekly table: ``values[i]`` from hour ``hours[i]`` of each day on, the last one past midnight."""
    day = [values[sum(hour >= start for start in hours) - 1] for hour in range(24)]
    return tuple(day) * 7


# The two programs -----------------------------------------------------------------------------------


def by_kernel(
    desk: Post, visits: Sequence[Visit], looks: Sequence[float], change: tuple[float, Staff] | None = None
) -> list[Vehicle]:
    """Live vehicles through the kernel, called as a journey does; ``looks`` only advance it.

    ``change`` is an hour and who works there from it on.
    """
    cars = [Vehicle(LIVE + i, v.group, v.time, v.inspection, v.search, ALWAYS) for i, v in enumerate(visits)]
    agenda = [(v.time, i, "arrives") for i, v in enumerate(visits)] + [(t, -1, "") for t in looks]
    agenda += [(change[0], -2, "staff")] if change else []
    heapq.heapify(agenda)
    while agenda:
        now, i, step = heapq.heappop(agenda)
        if change and step == "staff":
            desk.change_staff(change[1], now)
            continue
        if i < 0:
            assert kernel.advance(*desk.records, now) == 0
            continue
        car, wish = cars[i], visits[i].wish
        if step == "arrives":
            service = CONSTANT, car.inspection, 0.0
            car.start, inspected = desk.enter_lane(now, car.group, 0, 0, service)
            heapq.heappush(agenda, (inspected, i, "inspected"))
            continue
        if step == "inspected":
            car.inspected = car.departure = now
            if wish == "passes":
                continue
            if wish == "routine" and desk.releases(now):
                car.released = True
                continue
            answer = desk.enter_bay(now, i, wish == "lookout", car.search)
        else:
            answer = desk.ask_bay(now, i)
        if answer < 0:
            assert -answer > now
            heapq.heappush(agenda, (-answer, i, "asks again"))
        else:
            car.departure, car.search_start = answer, answer - car.search
    return cars


def by_reference(
    tables: PostTables,
    months: list[int],
    visits: Sequence[Visit],
    change: tuple[float, Staff] | None = None,
) -> list[list[Vehicle]]:
    """All vehicles of each lane group, and at last the live ones."""
    vehicles = [list(lawful_vehicles(tables, g, months, SEED, 0)) for g in range(len(tables.groups))]
    vehicles.append(
        [
            Vehicle(
                LIVE + i, v.group, v.time, v.inspection, v.search,
                NEVER if v.wish == "passes" else ALWAYS, v.wish == "lookout",
            )
            for i, v in enumerate(visits)
        ]
    )  # fmt: skip
    post = StaffedPost(tables, *change) if change else ReferencePost(tables)
    post.run(vehicle for row in vehicles for vehicle in row)
    return vehicles


class StaffedServers(Servers):
    """Servers of whom there are others from an hour on.

    What had come to the lanes, and lookouts that had come to the bay, start as if nothing had changed; so
    do the others in the bay that can start at that very instant.
    """

    def __init__(
        self, env: Environment, before: tuple[int, ...], after: tuple[int, ...], hour: float
    ) -> None:
        self.before, self.after, self.hour = before, after, hour
        super().__init__(env, before)

    @property
    def capacity(self) -> int:
        return self.at(self._env.now)

    def at(self, came: float) -> int:
        table = self.before if came < self.hour else self.after
        return table[int(self._env.now) % 168]

    def _do_put(self, event: PriorityRequest) -> bool:  # type: ignore[override]
        now = self._env.now
        if self.count >= self.at(event.time if event.priority == LOOKOUT or now <= self.hour else now):
            return False
        self.users.append(event)
        event.usage_since = self._env.now
        event.succeed()
        return True

    def _shifts(self, env: Environment, table: tuple[int, ...]) -> Generator[Event, None, None]:
        while True:
            yield At(env, 1.0, SHIFT)
            self._trigger_put(None)


class StaffedPost(ReferencePost):
    """The reference with a change of staff at a full hour of the first week."""

    def __init__(self, tables: PostTables, hour: float, staff: Staff) -> None:
        super().__init__(tables)
        self.lanes = [
            StaffedServers(self.env, group.lanes, after, hour)
            for group, after in zip(tables.groups, staff.lanes, strict=True)
        ]
        self.bay = StaffedServers(self.env, tables.officers, staff.officers, hour)


def ticks(hours: float) -> int:
    return int(hours * TICKS_PER_HOUR)


def lane_counts(vehicles: Sequence[Vehicle], shares: Sequence[float]) -> tuple[int, int, int]:
    """Passages, waits and referrals of those that arrive in the window."""
    inside = [v for v in vehicles if WINDOW[0] <= v.arrival < WINDOW[1]]
    referred = sum(v.referral < shares[int(v.inspected) % 168] for v in inside)
    return len(inside), sum(ticks(v.start - v.arrival) for v in inside), referred


def bay_counts(vehicles: Sequence[Vehicle]) -> tuple[int, int, int]:
    """Searched, released and waits of those that come to the bay in the window."""
    inside = [v for v in vehicles if WINDOW[0] <= v.inspected < WINDOW[1]]
    searched = [v for v in inside if not v.released]
    waits = sum(ticks(v.search_start - v.inspected) for v in searched)
    return len(searched), sum(v.released for v in inside), waits


# Random posts ---------------------------------------------------------------------------------------

services = st.one_of(
    st.sampled_from([Distribution.constant(QUARTER), Distribution.constant(0.125)]),
    st.builds(Distribution.exponential, st.floats(0.05, 0.4)),
    st.builds(Distribution.lognormal, st.floats(0.05, 0.4), st.floats(0.1, 1.5)),
)


@dataclass(frozen=True)
class Lanes:
    """A lane group: what each shift of the day has, and the factor of the second month."""

    lanes: tuple[int, ...]
    rates: tuple[float, ...]
    shares: tuple[float, ...]
    service: Distribution
    month: float


@dataclass(frozen=True)
class Case:
    """A post whose shifts begin at ``hours``, live visits, and times of mere looks."""

    hours: tuple[int, ...]
    groups: tuple[Lanes, ...]
    officers: tuple[int, ...]
    search_mean_h: float
    search_cv: float
    queue_limit: int
    months: list[int]
    visits: list[Visit]
    looks: list[float]

    def tables(self) -> PostTables:
        def weekly(values: Sequence[float]) -> tuple:  # type: ignore[type-arg]
            return by_shift(values, self.hours)

        groups = [
            LaneGroup(
                id=f"post/{g}",
                direction=0,
                traffic_class="car",
                rate=weekly(row.rates),
                months=(1.0, row.month) + (1.0,) * 10,
                lanes=weekly(row.lanes),
                service=row.service,
                policy_cap=1.0,
            )
            for g, row in enumerate(self.groups)
        ]
        return tables_of(
            groups,
            weekly(self.officers),
            [weekly(row.shares) for row in self.groups],
            self.search_mean_h,
            self.search_cv,
            self.queue_limit,
        )


@st.composite
def cases(draw: st.DrawFn) -> Case:
    """Up to three lane groups, shifts, closed nights, a bay, and visits on a grid full of ties."""
    hours = draw(st.sampled_from([(0,), (0, 8), (6, 20), (0, 8, 16), (5, 6, 13, 22)]))

    def per_shift(values: st.SearchStrategy) -> st.SearchStrategy:
        return st.tuples(*[values] * len(hours))

    group = st.builds(
        Lanes,
        lanes=per_shift(st.integers(0, 3)).filter(any),
        rates=per_shift(st.sampled_from([0.0, 0.5, 3.0, 9.0])),
        shares=per_shift(st.sampled_from([0.0, 0.2, 0.5, 1.0])),
        service=services,
        month=st.sampled_from([0.0, 0.7, 1.3]),
    )
    case = Case(
        hours=hours,
        groups=tuple(draw(st.lists(group, min_size=1, max_size=3))),
        officers=draw(per_shift(st.integers(0, 2)).filter(any)),
        search_mean_h=draw(st.sampled_from([0.125, QUARTER, 0.5])),
        search_cv=draw(st.sampled_from([0.0, 0.5])),
        queue_limit=draw(st.integers(0, 3)),
        months=sorted(draw(st.integers(0, 1)) for _ in range(DAYS)),
        visits=[],
        looks=[],
    )
    tables = case.tables()
    lawful = [list(lawful_vehicles(tables, g, case.months, SEED, 0))[:200] for g in range(len(tables.groups))]
    times = st.integers(0, 24 * DAYS * 4).map(lambda n: n * QUARTER)
    same = sorted({vehicle.arrival for row in lawful for vehicle in row})
    if same:
        times = st.one_of(times, st.sampled_from(same))
    visit = st.builds(
        Visit,
        time=times,
        group=st.integers(0, len(tables.groups) - 1),
        inspection=st.sampled_from([QUARTER, QUARTER, 0.5, 1.0, 2.0**-32]),
        wish=st.sampled_from(["passes", "routine", "routine", "lookout"]),
        search=st.sampled_from([QUARTER, 0.5, 1.0, 3.0]),
    )
    visits = draw(st.lists(visit, min_size=6, max_size=40))
    return replace(case, visits=visits, looks=draw(st.lists(times, max_size=6)))


TOGETHER = Case(
    hours=(0, 8, 20),
    groups=(Lanes((0, 3, 0), (3.0, 3.0, 3.0), (1.0, 1.0, 1.0), Distribution.constant(QUARTER), 1.0),) * 3,
    officers=(1, 2, 1),
    search_mean_h=QUARTER,
    search_cv=0.5,
    queue_limit=7,
    months=[0] * DAYS,
    visits=[
        Visit(24.0 + i * QUARTER, i % 3, QUARTER, ("routine", "lookout")[i // 3 % 2], QUARTER)
        for i in range(20)
    ],
    looks=[],
)
"""Those who came in the night leave the lanes together, and reach the bay at the same instants."""


@settings(
    max_examples=300 // FEWER,
    deadline=None,
    suppress_health_check=[
        HealthCheck.too_slow,
        HealthCheck.data_too_large,
        HealthCheck.large_base_example,
    ],
)
@given(cases())
@example(TOGETHER)
def test_kernel_and_reference_give_the_same_times(case: Case) -> None:
    tables = case.tables()
    borders = borders_of(tables, case.months)
    live = by_kernel(borders.desks[0], case.visits, case.looks)
    *lawful, expected = by_reference(tables, case.months, case.visits)

    assert [(v.start, v.inspected, v.released, v.departure) for v in live] == [
        (v.start, v.inspected, v.released, v.departure) for v in expected
    ]
    assert kernel.advance(*borders.desks[0].records, END) == 0
    all_shares = tables.bays[0][1].shares
    referred: list[Vehicle] = []
    for row, vehicles, shares in zip(borders.groups, lawful, all_shares, strict=True):
        assert (row["passages"], row["wait"], row["referred"]) == lane_counts(vehicles, shares)
        referred += [v for v in vehicles if v.referral < shares[int(v.inspected) % 168]]
    post = borders.posts[0]
    assert (post["searched"], post["released"], post["bay_wait"]) == bay_counts(referred)


@settings(max_examples=100 // FEWER, deadline=None)
@given(cases(), st.lists(st.floats(0.0, 24.0 * DAYS), max_size=200))
def test_results_do_not_depend_on_how_often_the_kernel_is_advanced(case: Case, looks: list[float]) -> None:
    tables, months, visits = case.tables(), case.months, case.visits
    rarely, often = borders_of(tables, months), borders_of(tables, months)
    assert by_kernel(rarely.desks[0], visits, []) == by_kernel(often.desks[0], visits, looks)
    for borders in (rarely, often):
        kernel.advance(*borders.desks[0].records, END)
    for name in ("passages", "wait", "referred", "number", "next", "last_start"):
        assert rarely.groups[name].tolist() == often.groups[name].tolist()
    for name in ("searched", "released", "bay_wait", "waiting", "pending", "last_start"):
        assert rarely.posts[name].tolist() == often.posts[name].tolist()


def fewer(table: tuple[int, ...], taken: int) -> tuple[int, ...]:
    """The table after so many are taken, as long as one stays."""
    return tuple(max(min(number, 1), number - taken) for number in table)


@settings(
    max_examples=200 // FEWER,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.large_base_example],
)
@given(cases(), st.integers(1, 24 * DAYS), st.lists(st.integers(0, 2), min_size=4, max_size=4))
@example(TOGETHER, 8, [2, 2, 2, 2])
def test_a_desk_that_takes_its_officers(case: Case, hour: int, taken: list[int]) -> None:
    """Those who had come to the lanes keep their starts; everybody else meets fewer lanes and officers."""
    tables = case.tables()
    lanes = tuple(fewer(row.lanes, less) for row, less in zip(tables.groups, taken, strict=False))
    # Off the grid of the cases: the order within an instant counts at a bay that lets nobody wait.
    change = hour + 3 / 2048, Staff(lanes, fewer(tables.officers, taken[-1]))
    borders = borders_of(tables, case.months)
    live = by_kernel(borders.desks[0], case.visits, case.looks, change)
    *lawful, expected = by_reference(tables, case.months, case.visits, change)

    assert [(v.start, v.inspected, v.released, v.departure) for v in live] == [
        (v.start, v.inspected, v.released, v.departure) for v in expected
    ]
    assert kernel.advance(*borders.desks[0].records, END) == 0
    referred: list[Vehicle] = []
    for row, vehicles, shares in zip(borders.groups, lawful, tables.bays[0][1].shares, strict=True):
        assert (row["passages"], row["wait"], row["referred"]) == lane_counts(vehicles, shares)
        referred += [v for v in vehicles if v.referral < shares[int(v.inspected) % 168]]
    post = borders.posts[0]
    assert (post["searched"], post["released"], post["bay_wait"]) == bay_counts(referred)


def test_a_desk_takes_officers_from_those_who_come_later_only() -> None:
    """Two lanes, then one, from 1 h on: of four who came before, and two after."""
    post = quiet_post(lanes=(2,) * 168)
    visits = [Visit(0.75, 0, 1.0, "passes", 0.5) for _ in range(4)]
    visits += [Visit(1.0, 0, 1.0, "passes", 0.5) for _ in range(2)]
    staff = Staff(((1,) * 168,), OPEN)
    starts = [car.start for car in by_kernel(post, visits, [], (1.0, staff))]
    assert starts == [0.75, 0.75, 1.75, 1.75, 2.75, 3.75]
    post = quiet_post(lanes=(2,) * 168)
    assert [car.start for car in by_kernel(post, visits, [])] == [0.75, 0.75, 1.75, 1.75, 2.75, 2.75]


# Draws ----------------------------------------------------------------------------------------------

words = st.integers(0, MASK)


@settings(deadline=None)
@given(words, words)
@example(MASK, MASK)
@example(0, 0)
def test_words_of_the_kernel(key: int, n: int) -> None:
    with np.errstate(over="ignore"):
        assert int(kernel._word(np.uint64(key), np.uint64(n))) == word(key, n)
        assert kernel._uniform(np.uint64(key), np.uint64(n)) == uniform(key, n)


@settings(deadline=None)
@given(
    words,
    st.integers(0, 2**40),
    st.sampled_from(["constant", "exponential", "lognormal"]),
    st.floats(1e-12, 1e4),
    st.floats(0.0, 3.0),
)
def test_draws_of_the_kernel_are_those_of_plain_python(
    key: int, n: int, kind: str, mean: float, cv: float
) -> None:
    prepared = law(kind, mean, cv)
    with np.errstate(over="ignore"):
        assert kernel.uniform(key, n) == uniform(key, n)
        assert kernel.hours(key, n, *prepared) == positive(sample(uniform(key, n), prepared))


@settings(max_examples=2000 // FEWER, deadline=None)
@given(st.one_of(st.integers(0, 2**52 - 1).map(lambda n: (n + 0.5) / 2**52), st.floats(5e-17, 1 - 2e-16)))
@example(0.5 / 2**53)
@example(1 - 2**-53)
@example(0.075)
@example(0.925)
@example(0.5)
def test_normal_quantiles_of_the_kernel(u: float) -> None:
    assert kernel._normal(u) == quantile(u)


@settings(deadline=None)
@given(words)
@example(0)
def test_exponentials_of_the_kernel_are_a_unit_in_the_last_place_off(key: int) -> None:
    with np.errstate(over="ignore"):
        drawn = np.array([uniform(key, n) for n in range(BLOCK)])
        drawn[:4] = 0.5 / 2**52, 1.0 - 0.5 / 2**52, 0.5, math.sqrt(0.5)
        found = np.empty(BLOCK)
        kernel._exponentials(drawn.copy(), found)
    for u, got in zip(drawn, found, strict=True):
        right = -math.log(u)
        assert abs(got - right) <= math.ulp(right)


# Corners --------------------------------------------------------------------------------------------

OPEN = (1,) * 168


def quiet_post(officers: tuple[int, ...] = OPEN, lanes: tuple[int, ...] = OPEN, queue_limit: int = 8) -> Post:
    """One lane without lawful traffic."""
    group = LaneGroup(
        "post/0", 0, "car", (0.0,) * 168, (1.0,) * 12, lanes, Distribution.constant(QUARTER), 1.0
    )
    tables = tables_of([group], officers, [(0.0,) * 168], QUARTER, 0.0, queue_limit)
    return borders_of(tables, [0] * 10).desks[0]


def test_lookouts_go_ahead_but_never_stop_a_search() -> None:
    visits = [
        Visit(0.0, 0, QUARTER, "routine", 3.0),  # searched from 0.25 to 3.25
        Visit(0.25, 0, QUARTER, "routine", 1.0),  # waits, and goes after the lookouts
        Visit(0.5, 0, QUARTER, "lookout", 1.0),
        Visit(0.75, 0, QUARTER, "lookout", 1.0),
    ]
    assert [v.departure for v in by_kernel(quiet_post(), visits, [])] == [3.25, 6.25, 4.25, 5.25]


def test_a_lane_that_closes_finishes_its_vehicle_and_the_queue_keeps_its_order() -> None:
    lanes = by_shift([1, 0], (0, 1))  # open from 0 to 1 h
    visits = [Visit(0.5, 0, 1.0, "passes", 0.0), Visit(0.75, 0, QUARTER, "passes", 0.0),
              Visit(0.75, 0, QUARTER, "passes", 0.0)]  # fmt: skip
    assert [v.start for v in by_kernel(quiet_post(lanes=lanes), visits, [])] == [0.5, 24.0, 24.25]


@pytest.mark.parametrize(("limit", "released"), [(0, [False, True, True]), (1, [False, False, True])])
def test_a_bay_with_a_full_queue_releases(limit: int, released: list[bool]) -> None:
    visits = [Visit(i * QUARTER, 0, QUARTER, "routine", 3.0) for i in range(3)]
    assert [v.released for v in by_kernel(quiet_post(queue_limit=limit), visits, [])] == released


def test_a_search_may_start_at_one_o_clock_of_the_first_day() -> None:
    officers = by_shift([0, 1, 0], (0, 1, 2))
    (car,) = by_kernel(quiet_post(officers), [Visit(0.0, 0, QUARTER, "routine", QUARTER)], [])
    assert car.departure == 1.25


def test_a_post_without_officers_refers_nobody_and_searches_a_matched_vehicle_at_once() -> None:
    desk = quiet_post(officers=(0,) * 168)
    assert desk.releases(5.0)
    assert desk.enter_bay(5.0, 0, True, 0.5) == 5.5


def busy_tables(rate: float, share: float, officers: int, queue_limit: int) -> PostTables:
    """Forty lanes and so many lawful vehicles that the kernel's tables are packed again and again."""
    group = LaneGroup(
        "post/0",
        0,
        "car",
        (rate,) * 168,
        (1.0,) * 12,
        (40,) * 168,
        Distribution.exponential(0.25),
        1.0,
    )
    return tables_of([group], (officers,) * 168, [(share,) * 168], 0.5, 0.5, queue_limit)


def test_many_lanes_and_officers() -> None:
    tables, months = busy_tables(150.0, 0.2, 14, 4), [0, 0]
    desk = borders_of(tables, months).desks[0]
    visits = [Visit(0.5 * i, 0, 0.5, "routine", 0.5) for i in range(90)]
    live = by_kernel(desk, visits, [])
    lawful, expected = by_reference(tables, months, visits)
    assert [(v.start, v.departure) for v in live] == [(v.start, v.departure) for v in expected]
    assert any(v.start > v.arrival for v in lawful)
    kernel.advance(*desk.records, END)
    row = desk.borders.groups[0]
    assert (row["passages"], row["wait"], row["referred"]) == lane_counts(lawful, (0.2,) * 168)


def test_a_queue_that_the_kernel_cannot_hold_is_an_error() -> None:
    """The bay has room for every waiting vehicle, says the scenario; the kernel has for some hundreds."""
    desk = borders_of(busy_tables(150.0, 1.0, 1, 10**6), [0] * 10).desks[0]
    with pytest.raises(SimulationError, match="post post: its queue grew"):
        desk.releases(200.0)


@pytest.mark.parametrize(
    "staff", ["lanes={truck=97, car=2}, bay_officers=1", "lanes={truck=2}, bay_officers=97"]
)
def test_more_servers_than_the_kernel_can_hold_are_an_error(staff: str) -> None:
    with pytest.raises(BloSimError):
        world_of(SMALL, f"rosters.medium.shifts=[{{from_hour=0, to_hour=24, {staff}}}]")


# Rule 5: what is monotone without queues is not so with them --------------------------------------------


def test_a_shorter_service_can_make_a_tip_too_late() -> None:
    """The tip is read at 0.75: behind a slow vehicle the load still waits then, behind a quick one not."""
    read = 0.75

    def starts_after_the_tip(service_ahead: float) -> bool:
        visits = [Visit(0.0, 0, service_ahead, "passes", 0.0), Visit(0.25, 0, QUARTER, "passes", 0.0)]
        _, load = by_kernel(quiet_post(), visits, [])
        return read < load.start

    assert starts_after_the_tip(1.0)
    assert not starts_after_the_tip(0.5)


def test_a_tip_in_time_can_save_another_load_from_its_search() -> None:
    """A lookout takes the only officer: the load behind it, referred by routine, is released unsearched."""

    def searched(tip_in_time: bool) -> bool:
        first = "lookout" if tip_in_time else "passes"
        visits = [Visit(0.0, 0, QUARTER, first, 3.0), Visit(0.25, 0, QUARTER, "routine", 1.0)]
        return not by_kernel(quiet_post(queue_limit=0), visits, [])[1].released

    assert searched(tip_in_time=False)
    assert not searched(tip_in_time=True)
