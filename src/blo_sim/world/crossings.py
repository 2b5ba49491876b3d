"""Posts as weekly tables: lanes, lawful demand, search bay and referral shares.

All tables have 168 entries, Monday 0 h first; the world rotates them to its first day.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from blo_sim.scenario.schema import Crossing, Desk, Method, Post, Profile, Roster, ScenarioModel
    from blo_sim.scenario.values import Distribution

WEEK = 168
BAY_USE = 0.8
"""Share of the bay's capacity that routine referrals are planned to fill."""


@dataclass(frozen=True, slots=True)
class LaneGroup:
    """The lanes of one post for one direction and one traffic class.

    ``direction`` 0 runs from the first to the second country of the crossing. ``rate`` is lawful arrivals
    an hour before the month's multiplier; ``months`` has mean 1 over the year.
    """

    id: str
    direction: int
    traffic_class: str
    rate: tuple[float, ...]
    months: tuple[float, ...]
    lanes: tuple[int, ...]
    service: Distribution
    policy_cap: float


@dataclass(frozen=True, slots=True)
class Staff:
    """Who works at a post's border in each hour of the week: lanes by lane group, officers in the bay.

    ``short`` is the most officers that a desk lacks in any hour, because the post cannot spare them.
    """

    lanes: tuple[tuple[int, ...], ...]
    officers: tuple[int, ...]
    short: int = 0


@dataclass(frozen=True, slots=True)
class Bay:
    """A post's search bay with one set of methods; ``shares`` are per lane group.

    ``undrawn`` are what they would be if a desk had not taken officers, None where that makes no difference.
    """

    methods: tuple[str, ...]
    search_mean_h: float
    shares: tuple[tuple[float, ...], ...]
    undrawn: tuple[tuple[float, ...], ...] | None = None


def open_hours(hours: tuple[int, int]) -> set[int]:
    """Hours of the day at which a post is open."""
    first, last = hours
    return set(range(first, last)) if first < last else set(range(first, 24)) | set(range(last))


def shift_hours(first: int, last: int) -> list[int]:
    """Hours of the day of a shift that may wrap around midnight."""
    if first < last:
        return list(range(first, last))
    return [*range(first, 24), *range(last % 24)]


def weekly(daily: Sequence[int]) -> tuple[int, ...]:
    return tuple(daily) * 7


def lane_table(roster: Roster, hours: tuple[int, int], traffic_class: str) -> tuple[int, ...]:
    """Open lanes of one class in each hour of the week."""
    is_open = open_hours(hours)
    day = [0] * 24
    for shift in roster.shifts:
        for hour in shift_hours(shift.from_hour, shift.to_hour):
            if hour in is_open:
                day[hour] = shift.lanes.get(traffic_class, 0)
    return weekly(day)


def officer_table(roster: Roster, hours: tuple[int, int]) -> tuple[int, ...]:
    """Searches that the bay can make at once, in each hour of the week."""
    is_open = open_hours(hours)
    day = [0] * 24
    for shift in roster.shifts:
        for hour in shift_hours(shift.from_hour, shift.to_hour):
            if hour in is_open:
                day[hour] = shift.bay_officers
    return weekly(day)


def demand(per_day: float, lanes: Sequence[int], profile: Profile | None) -> tuple[float, ...]:
    """Lawful arrivals an hour in each hour of the week: ``per_day`` on average, while lanes are open."""
    by_hour = profile.hours if profile else [1.0] * 24
    by_day = profile.weekdays if profile else [1.0] * 7
    weights = [
        by_hour[hour % 24] * by_day[hour // 24] if lanes[hour] else 0.0 for hour in range(WEEK)
    ]
    total = sum(weights)
    return tuple(7.0 * per_day * weight / total if total else 0.0 for weight in weights)


def month_factors(profile: Profile | None) -> tuple[float, ...]:
    """Monthly multipliers with mean 1."""
    if profile is None:
        return (1.0,) * 12
    mean = sum(profile.months) / 12
    return tuple(month / mean for month in profile.months)


def lane_groups(post: Post, model: ScenarioModel) -> list[LaneGroup]:
    """The lane groups of a post: every class that its roster has lanes for, in both directions."""
    crossing = next(row for row in model.crossings if row.id == post.crossing)
    roster = next(row for row in model.rosters if row.id == post.roster)
    profile = next((row for row in model.profiles if row.id == crossing.profile), None)
    groups = []
    for direction in (0, 1):
        for row in model.classes:
            lanes = lane_table(roster, post.hours, row.id)
            if row.id not in crossing.daily or not any(lanes):
                continue
            groups.append(
                LaneGroup(
                    id=f"{post.id}/{direction}/{row.id}",
                    direction=direction,
                    traffic_class=row.id,
                    rate=demand(crossing.daily[row.id] / 2, lanes, profile),
                    months=month_factors(profile),
                    lanes=lanes,
                    service=row.service_h,
                    policy_cap=row.policy_cap,
                )
            )
    return groups


def direction_of(crossing: Crossing, country: str) -> int:
    """Direction of a load that comes from ``country``."""
    return 0 if crossing.countries[0] == country else 1


def search_mean_h(methods: Sequence[Method]) -> float:
    """Mean length of a routine search: the time of each method, as often as it works."""
    return sum(row.minutes * row.availability for row in methods if row.used == "always") / 60.0


def desk_hours(desk: Desk, hours: tuple[int, int], weekdays: int) -> tuple[bool, ...]:
    """The hours of the week of a desk, from its own terms or else those of its office."""
    is_open = open_hours(desk.hours or hours)
    days = desk.weekdays or weekdays
    return tuple(hour % 24 in is_open and hour // 24 < days for hour in range(WEEK))


def staff(post: Post, groups: Sequence[LaneGroup], desk: Sequence[int], model: ScenarioModel) -> Staff:
    """Lanes and officers of a post after a desk took ``desk`` officers in each hour of the week.

    They come from the bay as long as one stays there, then from the lane group with most lanes (the first
    of equals), as long as one lane of it stays open. A post that is closed sends nobody.
    """
    roster = next(row for row in model.rosters if row.id == post.roster)
    officers = list(officer_table(roster, post.hours))
    lanes = [list(group.lanes) for group in groups]
    short = 0
    for hour, wanted in enumerate(desk):
        if not officers[hour] and not any(table[hour] for table in lanes):
            continue
        given = min(wanted, max(0, officers[hour] - 1))
        officers[hour] -= given
        for _ in range(wanted - given):
            most = max(range(len(lanes)), key=lambda i: lanes[i][hour], default=None)
            if most is None or lanes[most][hour] < 2:
                break
            lanes[most][hour] -= 1
            given += 1
        short = max(short, wanted - given)
    return Staff(tuple(tuple(table) for table in lanes), tuple(officers), short)


def bay(
    post: Post,
    added: Sequence[str],
    groups: Sequence[LaneGroup],
    model: ScenarioModel,
    officers: Sequence[int] | None = None,
) -> Bay:
    """The bay with its own methods and those ``added``, and the referral shares that follow.

    In each hour, the lawful share referred is ``min(policy cap, 0.8 x bay rate / lawful rate)``: bay rate
    is officers over the mean search, lawful rate the mean over the shift of all classes and directions.
    ``officers`` in each hour of the week are the roster's if left out.
    """
    roster = next(row for row in model.rosters if row.id == post.roster)
    by_id = {row.id: row for row in model.methods}
    names = tuple(dict.fromkeys([*post.methods, *added]))
    mean = search_mean_h([by_id[name] for name in names])
    tables = [[0.0] * WEEK for _ in groups]
    present = officer_table(roster, post.hours) if officers is None else officers
    if mean > 0:
        is_open = open_hours(post.hours)
        for shift in roster.shifts:
            hours = [h for h in shift_hours(shift.from_hour, shift.to_hour) if h in is_open]
            week = [24 * day + hour for day in range(7) for hour in hours]
            lawful = sum(group.rate[hour] for group in groups for hour in week) / max(1, len(week))
            for table, group in zip(tables, groups, strict=True):
                for hour in week:
                    capacity = BAY_USE * present[hour] / mean
                    cap = group.policy_cap if present[hour] else 0.0
                    table[hour] = min(cap, capacity / lawful) if lawful > 0 else cap
    return Bay(names, mean, tuple(tuple(table) for table in tables))


def shift_ages(roster: Roster) -> tuple[int, ...]:
    """For each hour of the day, how many hours ago its shift began (from midnight outside the shifts)."""
    ages = list(range(24))
    for shift in roster.shifts:
        for age, hour in enumerate(shift_hours(shift.from_hour, shift.to_hour)):
            ages[hour] = age
    return tuple(ages)


def busiest_load(group: LaneGroup) -> float:
    """Largest ratio of lawful work to open lanes, averaged over a day's open hours, over the months."""
    peak = max(group.months)
    loads = []
    for day in range(7):
        hours = range(24 * day, 24 * day + 24)
        lanes = sum(group.lanes[hour] for hour in hours)
        if lanes:
            loads.append(sum(group.rate[hour] for hour in hours) * group.service.mean * peak / lanes)
    return max(loads, default=0.0)
