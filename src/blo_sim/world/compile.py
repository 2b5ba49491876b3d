"""From a scenario to a `World`: plain tables that a replication runs on.

Everything here is computed once, in the parent process, and pickled to the workers: choice sets, weekly
tables of posts, message routes. A `World` holds no randomness.
"""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, Any, TypeVar

from blo_sim.clock import HOURS_PER_DAY, Calendar
from blo_sim.draws import CONSTANT, Law, key_of, law
from blo_sim.errors import ScenarioError
from blo_sim.world import crossings, layouts, offices, routes, teams

if TYPE_CHECKING:
    from blo_sim.scenario import Scenario
    from blo_sim.scenario.schema import (
        Behaviour,
        Flow,
        Headline,
        Leaks,
        Leg,
        Lookouts,
        Method,
        Mode,
        Office,
        Post,
        Reports,
        ScenarioModel,
        Sector,
        Source,
        Target,
        Team,
        Trust,
        Unit,
    )
    from blo_sim.scenario.values import Distribution
    from blo_sim.world.teams import TeamTables

_T = TypeVar("_T")

HOURS_PER_YEAR = 8760.0
ALWAYS = -math.inf
NO_GAP: Law = (CONSTANT, 0.0, 0.0)
MANY = 2**31
"""Officers of a desk that nothing limits."""
DRAIN_DAYS = 120
"""Days after the measured window in which its consignments may still end."""


@dataclass(frozen=True, slots=True)
class Effect:
    """How far an office works: 0 before ``start``, ``full`` from ``start + ramp`` on (hours)."""

    start: float
    ramp: float
    full: float

    def at(self, now: float) -> float:
        if now < self.start:
            return 0.0
        if now >= self.start + self.ramp:
            return self.full
        return self.full * (now - self.start) / self.ramp


@dataclass(frozen=True, slots=True)
class Control:
    """A post, patrol sector, inland unit, or a mobile team at one of its sites.

    ``area`` is where results put it: in a real place its border AA-BB, or the country of what stands inside
    one; in a synthetic world the crossing, sector, unit or site itself. ``office`` is where a report on a
    seizure is born (nowhere, if empty), ``team`` the number of the team, -1 for all others, ``presence`` the
    share of time in which it is there in the long run.
    """

    index: int
    id: str
    kind: str
    country: str
    area: str
    detection: float = 0.0
    detection_factor: tuple[tuple[str, float], ...] = ()
    post: int = -1
    key: int = 0
    office: str = ""
    team: int = -1
    presence: float = 1.0


@dataclass(frozen=True, slots=True)
class PostTables:
    """One post. ``bays`` are (hour from which it stands, bay); tables start at hour 0 of the run.

    ``methods`` are the post's own, ``equipment`` those that an office adds, ``training`` what it adds to d'.
    ``staff`` is who works at the border from a later hour on, when a desk takes its officers; ``pooling``
    the agencies of an office with a desk; ``shift_ages`` the hours since the shift began, by hour of the day.
    """

    id: str
    control: int
    across: str
    groups: tuple[crossings.LaneGroup, ...]
    officers: tuple[int, ...]
    bays: tuple[tuple[float, crossings.Bay], ...]
    search_cv: float
    queue_limit: int
    d_prime: float
    methods: tuple[str, ...]
    training: tuple[tuple[Effect, float], ...]
    equipment: tuple[tuple[Effect, tuple[str, ...]], ...]
    staff: tuple[tuple[float, crossings.Staff], ...] = ()
    pooling: tuple[tuple[Effect, int], ...] = ()
    shift_ages: tuple[int, ...] = tuple(range(24))


@dataclass(frozen=True, slots=True)
class DeskTables:
    """The officers of a desk in each hour of the run's week, and their work on one report, hours.

    ``extra`` is added to work that is taken up in an hour; ``agencies`` share the room, with ``effect``.
    """

    officers: tuple[int, ...]
    service: Law
    extra: tuple[float, ...]
    agencies: int = 1
    effect: Effect | None = None


@dataclass(frozen=True, slots=True)
class FalseSubject:
    """What a false report is about: the controls ahead, and the lane group of each (-1: none)."""

    controls: tuple[int, ...]
    lanes: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class RouteLeg:
    """One leg of a route as the model travels it.

    ``border_share`` is the share of its time before its controls; ``lanes`` has, for each control that is
    a post, the lane group (by traffic class) and -1 for the others. Sites of teams stand among ``controls``
    and ``units``, after the sector or unit in question.
    """

    leg: str
    key: int
    hours: Law
    border_share: float
    gap: Law
    controls: tuple[int, ...]
    lanes: tuple[tuple[int, ...], ...]
    units: tuple[int, ...]
    sources: tuple[int, ...]
    head: str


@dataclass(frozen=True, slots=True)
class Route:
    """A route: its name (leg keys), systematic utility, months in which it is closed, and its legs.

    ``cost`` is its free cost in USD; ``controls`` lists all controls in the order in which they are met,
    sites of teams too, whether a team is there or not.
    """

    name: str
    utility: float
    cost: float
    closed: frozenset[int]
    legs: tuple[RouteLeg, ...]
    controls: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Stream:
    """The loads of one flow by one mode. ``per_hour`` is departures an hour by month (January first).

    ``sources`` are those at any place that one of its routes leaves. ``compromised`` is the probability that
    a control's shift waves its owners through, ``signature`` the share of loads hidden in the owner's way.
    ``usd_per_kg`` and ``usd_per_kg_at_origin`` are prices, ``capacity_kg`` the largest load that may change
    to the stream's mode, ``most_kg`` the largest load of all.
    """

    id: str
    flow: str
    mode: str
    commodity: str
    per_hour: tuple[float, ...]
    mean_kg: float
    cv: float
    most_kg: float
    owners: str
    owner_count: int
    classes: tuple[tuple[float, int], ...]
    routes: tuple[Route, ...]
    sources: tuple[int, ...]
    compromised: float = 0.0
    signature: float = 0.0
    usd_per_kg: float = 0.0
    usd_per_kg_at_origin: float = 0.0
    capacity_kg: float = math.inf


@dataclass(frozen=True)
class World:
    """Everything a replication needs, and nothing random.

    ``desks`` has, by office, the hours from which each of its desks stands (a BLO's replaces the office's
    own); ``false_subjects`` what false reports of each source can be about; ``asked`` the office that a
    post's requests go to; ``period_starts`` the hours at which the measured periods begin, if those are not
    ``years`` of 365 days.
    """

    scenario_name: str
    place: str
    clock: str
    first_day: dt.date
    warmup_hours: float
    days: int
    years: int
    headline: Headline
    targets: tuple[Target, ...]
    commodities: tuple[str, ...]
    classes: tuple[str, ...]
    concealment: tuple[tuple[tuple[float, str], ...], ...]
    controls: tuple[Control, ...]
    posts: tuple[PostTables, ...]
    methods: dict[str, Method]
    streams: tuple[Stream, ...]
    sources: tuple[Source, ...]
    reports: Reports
    lookouts: Lookouts
    reading: dict[str, tuple[bool, ...]]
    effects: dict[str, Effect]
    message_routes: tuple[tuple[float, offices.Routes], ...]
    standing_routes: offices.Routes
    months: tuple[int, ...]
    desks: dict[str, tuple[tuple[float, DeskTables], ...]]
    false_subjects: tuple[tuple[FalseSubject, ...], ...]
    asked: dict[str, str]
    trust: Trust | None
    leaks: Leaks | None
    teams: tuple[TeamTables, ...]
    behaviour: Behaviour | None = None
    scale_per_usd: float = 0.0
    period_starts: tuple[float, ...] = ()

    @property
    def false_reports(self) -> bool:
        """Whether any false report comes."""
        each = zip(self.sources, self.false_subjects, strict=True)
        return any(source.false_per_year * self.reports.false_factor and about for source, about in each)

    @property
    def end_hours(self) -> float:
        """End of the measured window."""
        return self.warmup_hours + self.days * HOURS_PER_DAY

    @cached_property
    def year_starts(self) -> list[float]:
        """Hours at which the measured years, or periods, begin, and the end of the window."""
        if self.period_starts:
            return [*self.period_starts, self.end_hours]
        later = [self.warmup_hours + year * HOURS_PER_YEAR for year in range(1, self.years)]
        return [self.warmup_hours, *later, self.end_hours]

    @property
    def last_hours(self) -> float:
        """Hour at which a replication stops even if loads are still under way."""
        return self.end_hours + DRAIN_DAYS * HOURS_PER_DAY


def compile_world(scenario: Scenario, *, clock: str = "steady", days: int | None = None) -> World:
    """Compile a scenario.

    Parameters
    ----------
    clock : {"steady", "dated"}
        ``steady``: all offices of the scenario stand at full effect from the start. ``dated``: they open
        on their dates, and the window is counted from the grant on.
    days : int, optional
        Length of the measured window; default the scenario's for this clock.

    Raises
    ------
    ScenarioError
        If a flow has no route, or a post cannot spare the officers of a desk.
    """
    model = scenario.model
    unbuilt = layouts.problems(model)
    if unbuilt:
        raise ScenarioError([scenario.problem(key, text) for key, text in unbuilt])
    run = model.run
    dated = clock == "dated"
    length = days if days is not None else (run.dated_days if dated else run.days)
    first_day = (run.grant if dated else run.first_day) - dt.timedelta(days=run.warmup_days)
    calendar = Calendar(first_day)
    effects = office_effects(model, calendar, dated)
    controls = controls_of(model)
    posts = tuple(_post(model, row.id, controls, effects, calendar) for row in model.posts)
    sources = tuple(row for row in model.sources if row.probability > 0 or row.false_per_year > 0)
    lanes = _lane_index(model, posts)
    streams, problems = _streams(model, controls, lanes, sources)
    problems += short_desks(model)
    if problems:
        raise ScenarioError([scenario.problem(key, text) for key, text in problems])
    return World(
        scenario_name=scenario.name,
        place=model.place,
        clock=clock,
        first_day=first_day,
        warmup_hours=float(run.warmup_days * HOURS_PER_DAY),
        days=length,
        years=max(1, math.ceil(length / 365)) if dated else 1,
        headline=model.headline,
        targets=tuple(model.targets),
        commodities=tuple(row.id for row in model.commodities),
        classes=tuple(row.id for row in model.classes),
        concealment=tuple(_cumulative(row.concealment) for row in model.classes),
        controls=controls,
        posts=posts,
        methods={row.id: row for row in model.methods},
        streams=streams,
        sources=sources,
        reports=model.reports,
        lookouts=model.lookouts,
        reading={
            name: tuple(_rotate(table, calendar)) for name, table in offices.working_hours(model).items()
        },
        effects=effects,
        message_routes=_message_routes(model, effects, sources),
        standing_routes=offices.message_routes(
            offices.network(model, []),
            # A link hop can also start at a capital or centre, and the message go on without the link.
            [*_senders(model, sources), *(row.id for row in [*model.headquarters, *model.centres])],
        ),
        months=tuple(month - 1 for month in calendar.months(run.warmup_days + length + DRAIN_DAYS)),
        desks=_desks(model, effects, calendar),
        false_subjects=_false_subjects(sources, streams, controls),
        asked=_asked(model),
        trust=model.trust,
        leaks=model.leaks,
        teams=teams.tables(model, {control.id: control.index for control in controls}),
        behaviour=model.behaviour,
        scale_per_usd=model.route_choice.scale_per_usd,
    )


def office_effects(model: ScenarioModel, calendar: Calendar, dated: bool) -> dict[str, Effect]:
    """State of each BLO that is not neutral; a neutral one is no office at all."""
    effects = {}
    for office in model.offices:
        if office.components.neutral():
            continue
        if dated:
            start = calendar.hour_of(office.opens) + 24.0 * office.setup_days
            effects[office.id] = Effect(start, 24.0 * office.ramp_days, office.full_effect)
        else:
            effects[office.id] = Effect(ALWAYS, 0.0, office.full_effect)
    return effects


def controls_of(model: ScenarioModel) -> tuple[Control, ...]:
    """Posts, sectors, units and sites of teams, in the order of the file."""
    is_real = model.place == "real"
    areas = {row.id: "-".join(sorted(row.countries)) if is_real else row.id for row in model.crossings}
    controls: list[Control] = []
    for number, post in enumerate(model.posts):
        area = areas[post.crossing]
        key = key_of("control", post.id)
        controls.append(
            Control(len(controls), post.id, "post", post.country, area, post=number, key=key, office=post.id)
        )

    def add(
        name: str,
        kind: str,
        row: Sector | Unit | Team,
        area: str,
        office: str,
        team: int = -1,
        presence: float = 1.0,
    ) -> None:
        controls.append(
            Control(
                len(controls),
                name,
                kind,
                row.country,
                area,
                row.detection,
                tuple(row.detection_factor.items()),
                key=key_of("control", name),
                office=office,
                team=team,
                presence=presence,
            )
        )

    for sector in model.sectors:
        add(sector.id, "patrol", sector, teams.border_of(sector) if is_real else sector.id, sector.id)
    for unit in model.units:
        add(unit.id, "inland", unit, unit.country if is_real else unit.id, unit.id)
    for site in teams.sites(model):
        area = site.border if is_real else site.site
        add(site.control, "team", model.teams[site.team], area, site.office, site.team, site.share)
    return tuple(controls)


def _rotate(table: tuple[_T, ...], calendar: Calendar) -> tuple[_T, ...]:
    """A weekly table that starts on Monday, as one that starts at hour 0 of the run."""
    start = 24 * calendar.weekday()
    return table[start:] + table[:start]


def _post(
    model: ScenarioModel,
    name: str,
    controls: tuple[Control, ...],
    effects: dict[str, Effect],
    calendar: Calendar,
) -> PostTables:
    post = next(row for row in model.posts if row.id == name)
    roster = next(row for row in model.rosters if row.id == post.roster)
    across = next(row.id for row in model.posts if row.crossing == post.crossing and row.id != name)
    groups = crossings.lane_groups(post, model)
    office = next((row for row in model.offices if row.post == name and row.id in effects), None)
    effect = effects[office.id] if office else None
    states = [(ALWAYS, office if effect and effect.start == ALWAYS else None)]
    if office and effect and effect.start > ALWAYS:
        states.append((effect.start, office))
    staffs = [(start, _staffed(post, state, groups, model)) for start, state in states]
    bays = []
    for (start, state), (_, staff) in zip(states, staffs, strict=True):
        added = state.components.equipment if state else ()
        built = crossings.bay(post, added, groups, model, staff.officers)
        full = crossings.bay(post, added, groups, model)
        shares, undrawn = (tuple(_rotate(table, calendar) for table in each.shares) for each in (built, full))
        drawn = undrawn if undrawn != shares else None
        bays.append((start, crossings.Bay(built.methods, built.search_mean_h, shares, drawn)))
    parts = office.components if office else None
    return PostTables(
        id=name,
        control=next(control.index for control in controls if control.id == name),
        across=across,
        groups=tuple(
            _rotated(group, lanes, calendar) for group, lanes in zip(groups, staffs[0][1].lanes, strict=True)
        ),
        officers=_rotate(staffs[0][1].officers, calendar),
        bays=tuple(bays),
        search_cv=post.search_cv,
        queue_limit=post.queue_limit,
        d_prime=post.d_prime,
        methods=tuple(post.methods),
        training=((effect, parts.training),) if effect and parts and parts.training else (),
        equipment=(
            ((effect, tuple(m for m in parts.equipment if m not in post.methods)),)
            if effect and parts and parts.equipment
            else ()
        ),
        staff=tuple(
            (start, _turned(staff, calendar))
            for start, staff in staffs[1:]
            if parts and parts.desk
        ),
        pooling=((effect, parts.pooling),) if effect and parts and parts.desk and parts.pooling > 1 else (),
        shift_ages=crossings.shift_ages(roster),
    )


def _staffed(
    post: Post, office: Office | None, groups: Sequence[crossings.LaneGroup], model: ScenarioModel
) -> crossings.Staff:
    """Who works at the border of a post while an office's desk, if any, has its officers."""
    wanted = [0] * crossings.WEEK
    if office and office.components.desk:
        wanted = [office.components.desk * is_open for is_open in _office_hours(office, post, model)]
    return crossings.staff(post, groups, wanted, model)


def _office_hours(office: Office, post: Post, model: ScenarioModel) -> tuple[bool, ...]:
    """Hours of the week of a BLO's desk."""
    desk = next(row for row in model.desks if row.id == office.desk)
    return crossings.desk_hours(desk, post.hours, 7)


def _turned(staff: crossings.Staff, calendar: Calendar) -> crossings.Staff:
    lanes = tuple(_rotate(table, calendar) for table in staff.lanes)
    return crossings.Staff(lanes, _rotate(staff.officers, calendar), staff.short)


def short_desks(model: ScenarioModel) -> list[tuple[str, str]]:
    """Offices whose desk takes more officers than their post can spare."""
    found = []
    for office in model.offices:
        if not office.components.desk:
            continue
        post = next(row for row in model.posts if row.id == office.post)
        short = _staffed(post, office, crossings.lane_groups(post, model), model).short
        if short:
            found.append(
                (
                    f"offices.{office.id}.components.desk",
                    f"{office.components.desk} officers are {short} more than {post.id!r} can spare in the "
                    "desk's hours (an officer stays in the bay and one in each lane group): fewer, or more "
                    "lanes or bay_officers in its roster",
                )
            )
    return found


def _desks(
    model: ScenarioModel, effects: dict[str, Effect], calendar: Calendar
) -> dict[str, tuple[tuple[float, DeskTables], ...]]:
    terms = {row.id: row for row in model.desks}
    found: dict[str, list[tuple[float, DeskTables]]] = {}

    def tables(name: str, hours: tuple[int, int], days: int, officers: int | None) -> DeskTables:
        desk = terms[name]
        is_open = _rotate(crossings.desk_hours(desk, hours, days), calendar)
        inside = MANY if officers is None else officers
        return DeskTables(
            officers=tuple(inside if here else desk.on_call for here in is_open),
            service=law_of(desk.service_h),
            extra=tuple(0.0 if here else desk.call_out_h for here in is_open),
        )

    rows: list[tuple[Any, tuple[int, int], int]] = [
        *((row, row.hours, 7) for row in model.posts),
        *((row, (0, 24), 7) for table in (model.sectors, model.units) for row in table),
        *((row, row.hours, row.weekdays) for row in model.headquarters),
        *((row, row.hours, row.weekdays) for row in model.centres),
    ]
    for row, hours, days in rows:
        if row.desk is not None:
            found[row.id] = [(ALWAYS, tables(row.desk, hours, days, terms[row.desk].officers))]
    hours_of = {row.id: row.hours for row in model.posts}
    for office in model.offices:
        if office.desk is None or not office.components.desk or office.id not in effects:
            continue
        effect = effects[office.id]
        built = tables(office.desk, hours_of[office.post], 7, office.components.desk)
        pooled = replace(built, agencies=office.components.pooling, effect=effect)
        before = [] if effect.start == ALWAYS else found.get(office.post, [])
        found[office.post] = [*before, (effect.start, pooled)]
    return {name: tuple(stages) for name, stages in found.items()}


def _false_subjects(
    sources: tuple[Source, ...], streams: tuple[Stream, ...], controls: tuple[Control, ...]
) -> tuple[tuple[FalseSubject, ...], ...]:
    """For each source, the different ways on from its place, by the routes of all streams."""
    found: list[dict[FalseSubject, None]] = [{} for _ in sources]
    seen: set[tuple[int, int]] = set()
    for stream in streams:
        kind = stream.classes[0][1] if stream.classes else -1
        if (id(stream.routes), kind) in seen:  # streams between the same places share their routes
            continue
        seen.add((id(stream.routes), kind))
        for route in stream.routes:
            for n, leg in enumerate(route.legs):
                for number in leg.sources:
                    if sources[number].false_per_year:
                        found[number][_ahead(route.legs[n:], kind, controls)] = None
    return tuple(tuple(subjects) for subjects in found)


def _ahead(legs: Sequence[RouteLeg], kind: int, controls: tuple[Control, ...]) -> FalseSubject:
    ahead: list[tuple[int, int]] = []
    for leg in legs:
        for control, groups in zip(leg.controls, leg.lanes, strict=True):
            ahead.append((control, groups[kind] if groups and kind >= 0 else -1))
        ahead.extend((unit, -1) for unit in leg.units)
    offices = [(control, lane) for control, lane in ahead if controls[control].team < 0]
    return FalseSubject(tuple(each[0] for each in offices), tuple(each[1] for each in offices))


def _asked(model: ScenarioModel) -> dict[str, str]:
    """For each post, the office that its requests go to."""
    to = model.reports.request.to
    if not model.reports.request.probability:
        return {}
    if to == "centre":
        return {post.id: model.centres[0].id for post in model.posts}
    if to == "capital":
        capitals = {row.country: row.id for row in model.headquarters}
        return {post.id: capitals[post.country] for post in model.posts}
    sides = {(post.crossing, post.country): post.id for post in model.posts}
    return {
        one: other
        for (crossing, country), one in sides.items()
        for (place, abroad), other in sides.items()
        if place == crossing and abroad != country
    }


def _rotated(
    group: crossings.LaneGroup, lanes: tuple[int, ...], calendar: Calendar
) -> crossings.LaneGroup:
    return crossings.LaneGroup(
        group.id,
        group.direction,
        group.traffic_class,
        _rotate(group.rate, calendar),
        group.months,
        _rotate(lanes, calendar),
        group.service,
        group.policy_cap,
    )


def _lane_index(
    model: ScenarioModel, posts: tuple[PostTables, ...]
) -> dict[tuple[str, int], tuple[int, ...]]:
    """Lane group (over all posts) that a load of each class uses, by (post, direction).

    A class without lanes at the post uses those of the first class that has some.
    """
    index: dict[tuple[str, int], tuple[int, ...]] = {}
    first = 0
    for post in posts:
        for direction in (0, 1):
            own = {
                group.traffic_class: first + i
                for i, group in enumerate(post.groups)
                if group.direction == direction
            }
            fallback = next(iter(own.values()), -1)
            index[post.id, direction] = tuple(own.get(row.id, fallback) for row in model.classes)
        first += len(post.groups)
    return index


def law_of(distribution: Distribution) -> Law:
    """A distribution of the scenario, ready to be sampled."""
    return law(distribution.kind, distribution.mean, distribution.cv)


def _cumulative(shares: dict[str, float]) -> tuple[tuple[float, str], ...]:
    total, result = 0.0, []
    for name, share in shares.items():
        total += share
        result.append((total, name))
    return tuple(result)


def steps_of(model: ScenarioModel) -> tuple[routes.Step, ...]:
    """Every leg in every direction that it may be used, with its free cost in USD."""
    country = {row.id: row.country for row in model.places}
    choice = model.route_choice
    steps = []
    for number, leg in enumerate(model.legs):
        cost = (
            choice.usd_per_km * leg.km
            + choice.usd_per_hour * leg.hours.mean
            + choice.usd_per_post * (2 if leg.crossing else 0)
            + choice.usd_per_sector * len(leg.sectors)
        )
        for forward in (True,) if leg.one_way else (True, False):
            tail, head = (leg.from_, leg.to) if forward else (leg.to, leg.from_)
            border = None if country[tail] == country[head] else (country[tail], country[head])
            key = leg.id if forward else f"-{leg.id}"
            steps.append(routes.Step(key, number, forward, tail, head, leg.mode, border, cost))
    return tuple(steps)


def choice_set(
    model: ScenarioModel, steps: tuple[routes.Step, ...], flow: Flow, mode: Mode
) -> list[tuple[tuple[routes.Step, ...], list[float]]]:
    """Up to ``route_choice.paths`` routes of a flow by a mode, each with the costs of its legs."""
    return _choice_set(
        steps,
        flow.origin,
        flow.destination,
        tuple(flow.via),
        tuple(mode.legs.items()),
        tuple(mode.entry_legs.items()),
        tuple(mode.requires),
        model.route_choice.paths,
    )


@lru_cache(maxsize=1024)
def _choice_set(
    steps: tuple[routes.Step, ...],
    origin: str,
    destination: str,
    via: tuple[str, ...],
    legs: tuple[tuple[str, float], ...],
    entry_legs: tuple[tuple[str, float], ...],
    requires: tuple[str, ...],
    paths: int,
) -> list[tuple[tuple[routes.Step, ...], list[float]]]:
    """`choice_set` of what it depends on: worlds that differ in their offices only share it."""
    by_mode, at_entry = dict(legs), dict(entry_legs)

    def cost(step: routes.Step, borders: int) -> float | None:
        factors = at_entry if via and borders == 0 else by_mode
        factor = factors.get(step.mode)
        if factor is None:
            return None
        if step.border and borders < len(via) and step.border[1] != via[borders]:
            return None
        return factor * step.cost

    def accept(route: tuple[routes.Step, ...]) -> bool:
        return not requires or any(step.mode in requires for step in route)

    most = max(1, len(via))
    result = []
    for route in routes.cheapest(steps, origin, destination, paths, cost, accept, most):
        borders, prices = 0, []
        for step in route:
            prices.append(cost(step, borders) or 0.0)
            borders = min(most, borders + (step.border is not None))
        result.append((route, prices))
    return result


def _streams(
    model: ScenarioModel,
    controls: tuple[Control, ...],
    lanes: dict[tuple[str, int], tuple[int, ...]],
    sources: tuple[Source, ...],
) -> tuple[tuple[Stream, ...], list[tuple[str, str]]]:
    joined = routes.joined(steps_of(model))
    builder = _RouteBuilder(model, controls, lanes, sources)
    seasons = {row.id: crossings.month_factors(row) for row in model.profiles}
    organisations = {row.id: row for row in model.organisations}
    country = {row.id: row.country for row in model.places}
    prices = {row.commodity: row.usd_per_kg for row in model.prices}
    streams: list[Stream] = []
    problems: list[tuple[str, str]] = []
    sets: dict[tuple[str, str, str, tuple[str, ...]], tuple[Route, ...]] = {}
    for flow in model.flows:
        for mode in model.modes:
            share = flow.modes.get(mode.id, 0.0)
            if share <= 0 or flow.volume_kg_per_year <= 0:
                continue
            key = (flow.origin, flow.destination, mode.id, tuple(flow.via))
            if key not in sets:
                sets[key] = builder.choice_set(choice_set(model, joined.get(flow.origin, ()), flow, mode))
            if not sets[key]:
                problems.append(
                    (f"flows.{flow.id}.modes.{mode.id}",
                     f"no route by {mode.id} from {flow.origin} to {flow.destination}"
                     + (f" via {', '.join(flow.via)}" if flow.via else ""))
                )
                continue
            classes = _classes(model, mode.id)
            if not classes and any(any(leg.lanes) for route in sets[key] for leg in route.legs):
                problems.append(
                    (f"flows.{flow.id}.modes.{mode.id}",
                     f"routes by {mode.id} pass posts, but no traffic class has mode = {mode.id!r}")
                )
                continue
            for post in _closed_to(sets[key], classes, controls):
                problems.append(
                    (f"flows.{flow.id}.modes.{mode.id}",
                     f"its routes pass {post!r}, which has no lanes in that direction at any hour")
                )
            mean, cv, most = flow.sizes(mode.id)
            per_hour = flow.volume_kg_per_year * share / mean / HOURS_PER_YEAR
            season = seasons[flow.season] if flow.season else (1.0,) * 12
            streams.append(
                Stream(
                    id=f"{flow.id}.{mode.id}",
                    flow=flow.id,
                    mode=mode.id,
                    commodity=flow.commodity,
                    per_hour=tuple(per_hour * month for month in season),
                    mean_kg=mean,
                    cv=cv,
                    most_kg=most,
                    owners=flow.organisations,
                    owner_count=organisations[flow.organisations].number,
                    classes=classes,
                    routes=sets[key],
                    sources=tuple(sorted({i for r in sets[key] for leg in r.legs for i in leg.sources})),
                    compromised=organisations[flow.organisations].compromised,
                    signature=organisations[flow.organisations].signature,
                    usd_per_kg=_price(prices.get(flow.commodity, {}), flow.destination, country),
                    usd_per_kg_at_origin=_price(prices.get(flow.commodity, {}), flow.origin, country),
                    capacity_kg=math.inf if mode.capacity_kg is None else mode.capacity_kg,
                )
            )
    return tuple(streams), problems


def _price(usd_per_kg: dict[str, float], place: str, country: dict[str, str]) -> float:
    """Price at a place: its own, else its country's; 0 where none is given and nobody weighs profit."""
    return usd_per_kg.get(place, usd_per_kg.get(country[place], 0.0))


def _closed_to(
    routes: tuple[Route, ...], classes: tuple[tuple[float, int], ...], controls: tuple[Control, ...]
) -> list[str]:
    """Posts on the routes without lanes for any of the classes."""
    closed = {
        controls[control].id
        for route in routes
        for leg in route.legs
        for control, lanes in zip(leg.controls, leg.lanes, strict=True)
        if lanes and any(lanes[number] < 0 for _, number in classes)
    }
    return sorted(closed)


def _classes(model: ScenarioModel, mode: str) -> tuple[tuple[float, int], ...]:
    total, result = 0.0, []
    for number, row in enumerate(model.classes):
        if row.mode == mode:
            total += row.share
            result.append((total, number))
    return tuple(result)


class _RouteBuilder:
    """Turns paths of legs into the routes that the model travels."""

    def __init__(
        self,
        model: ScenarioModel,
        controls: tuple[Control, ...],
        lanes: dict[tuple[str, int], tuple[int, ...]],
        sources: tuple[Source, ...],
    ) -> None:
        self.model = model
        self.lanes = lanes
        self.number = {control.id: control.index for control in controls}
        self.teams: dict[str, list[int]] = {}
        for site in teams.sites(model):
            self.teams.setdefault(site.site, []).append(self.number[site.control])
        self.crossing = {row.id: row for row in model.crossings}
        self.post = {(row.crossing, row.country): row.id for row in model.posts}
        self.country = {row.id: row.country for row in model.places}
        self.units: dict[str, list[int]] = {}
        for unit in model.units:
            self.units.setdefault(unit.place, []).extend(self.met_at(unit.id))
        for place in model.places:
            self.units.setdefault(place.id, []).extend(self.teams.get(place.id, ()))
        self.sources: dict[str, list[int]] = {}
        for i, source in enumerate(sources):
            self.sources.setdefault(source.place, []).append(i)
        self.built: dict[str, RouteLeg] = {}

    def met_at(self, name: str) -> tuple[int, ...]:
        """A sector or unit, then the teams that may stand there."""
        return self.number[name], *self.teams.get(name, ())

    def choice_set(self, paths: list[tuple[tuple[routes.Step, ...], list[float]]]) -> tuple[Route, ...]:
        if not paths:
            return ()
        choice = self.model.route_choice
        keys = [[step.key for step in path] for path, _ in paths]
        costs = [[max(price, 1e-9) for price in prices] for _, prices in paths]
        sizes = routes.path_sizes(keys, costs)
        result = []
        for (path, _), names, prices, size in zip(paths, keys, costs, sizes, strict=True):
            legs = tuple(self.leg(step) for step in path)
            result.append(
                Route(
                    name=",".join(names),
                    utility=choice.path_size * math.log(size) - choice.scale_per_usd * math.fsum(prices),
                    cost=math.fsum(prices),
                    closed=frozenset(m - 1 for step in path for m in self.model.legs[step.leg].closed_months),
                    legs=legs,
                    controls=tuple(c for leg in legs for c in (*leg.controls, *leg.units)),
                )
            )
        return tuple(result)

    def leg(self, step: routes.Step) -> RouteLeg:
        if step.key not in self.built:
            self.built[step.key] = self._leg(step, self.model.legs[step.leg])
        return self.built[step.key]

    def _leg(self, step: routes.Step, leg: Leg) -> RouteLeg:
        controls, lanes, gap = self._controls(step, leg)
        return RouteLeg(
            leg=leg.id,
            key=key_of("leg", leg.id),
            hours=law_of(leg.hours),
            border_share=leg.border_at if step.forward else 1.0 - leg.border_at,
            gap=law_of(gap) if gap else NO_GAP,
            controls=controls,
            lanes=lanes,
            units=tuple(self.units.get(step.head, ())),
            sources=tuple(self.sources.get(step.tail, ())),
            head=step.head,
        )

    def _controls(
        self, step: routes.Step, leg: Leg
    ) -> tuple[tuple[int, ...], tuple[tuple[int, ...], ...], Distribution | None]:
        if leg.crossing is None:
            names = leg.sectors if step.forward else list(reversed(leg.sectors))
            met = tuple(each for name in names for each in self.met_at(name))
            return met, tuple(() for _ in met), None
        crossing = self.crossing[leg.crossing]
        ends = (self.country[step.tail], self.country[step.head])
        names = [self.post[leg.crossing, country] for country in ends]
        direction = crossings.direction_of(crossing, ends[0])
        lanes = tuple(self.lanes[name, direction] for name in names)
        return tuple(self.number[name] for name in names), lanes, crossing.gap_h


def _senders(model: ScenarioModel, sources: tuple[Source, ...]) -> list[str]:
    """Offices that send: owners of sources, every control (a seizure can happen there), and who is asked."""
    rows = [row.id for table in (model.posts, model.sectors, model.units) for row in table]
    asked = _asked(model).values()
    return list(dict.fromkeys([*(source.office for source in sources), *rows, *asked]))


def _message_routes(
    model: ScenarioModel, effects: dict[str, Effect], sources: tuple[Source, ...]
) -> tuple[tuple[float, offices.Routes], ...]:
    """Message routes, and the hour from which they stand: one set for each opening of a link."""
    links = {o.id for o in model.offices if o.components.link and o.id in effects}
    starts = sorted({effects[name].start for name in links} | {ALWAYS})
    senders = _senders(model, sources)
    return tuple(
        (start, offices.message_routes(
            offices.network(model, [name for name in links if effects[name].start <= start]), senders))
        for start in starts
    )
