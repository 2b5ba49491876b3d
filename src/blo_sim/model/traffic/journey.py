"""The whole way of a consignment, on one page.

It leaves its origin, travels leg by leg, and meets the controls of each leg at the border and the inland
units of each place that it reaches, and the mobile teams beside them, until it is seized or delivered.
"""

from __future__ import annotations

import math
from collections.abc import Generator
from typing import TYPE_CHECKING

from blo_sim.clock import on_grid
from blo_sim.draws import key_of
from blo_sim.model.border.detection import (
    decayed,
    expected_micrograms,
    field_probability,
    post_probability,
)
from blo_sim.model.border.kernel import hours, uniform
from blo_sim.model.events import (
    ARRIVE,
    DELIVERED,
    DEPART,
    DIVERTED,
    ENCOUNTER,
    REROUTED,
    SEARCHED,
    SEIZED,
    WAITED,
)
from blo_sim.model.traffic import forgone
from blo_sim.model.traffic.demand import NO_CLASS
from blo_sim.model.traffic.live import Hold, Steps

if TYPE_CHECKING:
    from blo_sim.model.intelligence.messages import Message
    from blo_sim.model.replication import Replication
    from blo_sim.model.traffic.demand import Consignment
    from blo_sim.world.compile import Control, Route, RouteLeg

TRAVEL, GAP = 0, 1
"""Decisions of a leg: its key is the consignment's ^ key_of("leg", id)."""

SERVICE, SCORE, MATCH, FIND, SEARCH, ACT, DETECT, POOLED, AGAIN, LENGTH_AGAIN = range(10)
"""Decisions of an encounter: its key is the consignment's ^ key_of("control", id)."""

RESPONSE = 5
"""Decision of the consignment's key: whether it re-routes when it is warned."""
_REROUTE = key_of("reroute")

Way = Generator[float | Hold, None, bool]


def journey(sim: Replication, load: Consignment) -> Steps:
    """From departure to the end, as a `Course`: what it yields are hours."""
    number, key = load.number, load.key
    controls, classes = sim.world.controls, sim.world.classes
    sim.depart(load)
    note = "" if load.traffic_class == NO_CLASS else f"{classes[load.traffic_class]} {load.concealment}"
    postponed = load.departure - load.planned
    sim.events.append((load.departure, DEPART, number, load.route.name, load.load, postponed, note))
    usual = sim.world.streams[load.planned_stream].routes[load.usual]
    if load.way is not usual:
        sim.events.append((load.departure, DIVERTED, number, usual.name, load.load, 0.0, ""))
    delay = 0.0  # travel that nothing has interrupted yet
    position = 0
    while position < len(load.route.legs):
        leg = load.route.legs[position]
        if leg.sources and load.tips:
            if delay:
                yield delay
                delay = 0.0
            sim.intelligence.left_place(load, leg.sources)
        rest = hours(key ^ leg.key, TRAVEL, *leg.hours)
        if leg.controls:
            before = on_grid(rest * leg.border_share)
            rest -= before
            if delay + before:
                yield delay + before
                delay = 0.0
            if load.warned and (yield from turns_back(sim, load, leg.controls, position)):
                delay = before
                continue
            for i, index in enumerate(leg.controls):
                control = controls[index]
                if control.kind != "post":
                    if pass_field(sim, load, control):
                        return
                    continue
                if i:
                    yield hours(key ^ leg.key, GAP, *leg.gap)
                taken = yield from pass_post(sim, load, control, leg.lanes[i][load.traffic_class])
                if taken:
                    return
        delay += rest
        if leg.units:
            if delay:
                yield delay
                delay = 0.0
            if load.warned:
                yield from waits(sim, load, leg.units)
            for index in leg.units:
                if pass_field(sim, load, controls[index]):
                    return
        position += 1
    if delay:
        yield delay
    sim.end(load)
    sim.events.append((load.ended_at, DELIVERED, number, load.route.legs[-1].head, load.load, 0.0, ""))
    if sim.organisations is not None:
        sim.organisations.delivered(load)


def turns_back(sim: Replication, load: Consignment, ahead: tuple[int, ...], position: int) -> Way:
    """A load that was warned of a control of this border takes another way, or waits. True: it turned."""
    rules = sim.world.leaks
    if rules is None or load.warned.isdisjoint(ahead):
        return False
    if uniform(load.key, RESPONSE) < rules.reroute:
        route = another_way(sim, load, position)
        if route is not None:
            place = next(sim.world.controls[index].id for index in ahead if index in load.warned)
            load.route = route
            sim.events.append((sim.env.now, REROUTED, load.number, place, 0, 0.0, route.name))
            return True
    yield from waits(sim, load, ahead)
    return False


def another_way(sim: Replication, load: Consignment, position: int) -> Route | None:
    """The best route that starts as the present one did and meets no control that it was warned of."""
    stream = sim.world.streams[load.stream]
    month = sim.world.months[int(load.departure // 24.0)]
    begun = load.route.legs[:position]
    open_ways = [
        route
        for route in stream.routes
        if _begins_with(route, begun)
        and month not in route.closed
        and load.warned.isdisjoint(route.controls[load.passed :])
    ]
    if not open_ways:
        return None
    noise = [uniform(load.key ^ key_of("route", route.name) ^ _REROUTE, 0) for route in open_ways]
    values = [route.utility - math.log(-math.log(u)) for route, u in zip(open_ways, noise, strict=True)]
    return open_ways[values.index(max(values))]


def _begins_with(route: Route, begun: tuple[RouteLeg, ...]) -> bool:
    return all(one is other for one, other in zip(route.legs, begun, strict=False)) and len(
        route.legs
    ) > len(begun)


def waits(sim: Replication, load: Consignment, ahead: tuple[int, ...]) -> Steps:
    """A warned load waits once before a control, so that the lookout ages."""
    rules = sim.world.leaks
    warned = [index for index in ahead if index in load.warned]
    load.warned -= set(warned)
    if rules is None or not warned or not rules.wait_h:
        return
    wait = on_grid(rules.wait_h)
    place = sim.world.controls[warned[0]].id
    sim.events.append((sim.env.now, WAITED, load.number, place, 0, wait, ""))
    yield wait


def known(
    sim: Replication, load: Consignment, control: Control, start: float, share: float
) -> tuple[float, Message | None]:
    """Probability that a control acts on a lookout for ``load``, and the message that it read."""
    found = sim.intelligence.lookouts.freshest(load, control.index, start)
    if found is None:
        return 0.0, None
    return decayed(share, found[0], sim.world.reports.half_life_h), found[1]


def meets(
    sim: Replication, now: float, load: Consignment, control: Control, p: float, note: str
) -> None:
    """A control can seize the load now, with probability ``p``."""
    sim.events.append((now, ENCOUNTER, load.number, control.id, expected_micrograms(load.load, p), p, note))


def pass_field(sim: Replication, load: Consignment, control: Control) -> bool:
    """A patrol sector, an inland unit, or a team if it stands here. Returns whether the load was seized."""
    now = sim.env.now
    load.passed += 1
    if control.team < 0:
        load.met[control.index] = now
    elif not sim.teams.stands_at(control, now):
        return False
    if sim.shifts.compromised(load, control, now):
        meets(sim, now, load, control, 0.0, "waved through")
        return False
    detection = sim.detection[load.commodity][control.index]
    intercept, message = 0.0, None
    if load.lookouts:
        intercept, message = known(sim, load, control, now, sim.world.lookouts.intercept)
    p = field_probability(detection, intercept) if intercept else detection
    meets(sim, now, load, control, p, "lookout" if intercept else "")
    if control.index in load.delayed:
        forgone.in_field(sim, load, control, p)
    key = load.key ^ control.key
    if message is not None and uniform(key, ACT) < intercept:
        sim.intelligence.confirmed(message)
        return seize(sim, load, control, "lookout")
    if uniform(key, DETECT) < detection:
        return seize(sim, load, control, control.kind)
    return False


def pass_post(sim: Replication, load: Consignment, control: Control, lane: int) -> Way:
    """A post: lanes, primary inspection, and the search bay if it is referred. True if it was seized."""
    post = sim.posts[control.post]
    key = load.key ^ control.key
    arrival = sim.env.now
    service = post.services[lane - post.first_group]
    start, now = post.enter_lane(arrival, lane, key, SERVICE, service)
    load.met[control.index] = start
    sim.events.append((arrival, ARRIVE, load.number, control.id, 0, start - arrival, ""))
    yield now - arrival

    match, message = 0.0, None
    if load.lookouts:
        match, message = known(sim, load, control, start, sim.world.lookouts.match)
    directed = post.find(now, load.concealment, load.commodity, True) if match else 0.0
    load.passed += 1
    waved = sim.shifts.compromised(load, control, now)
    delayed = control.index in load.delayed
    if waved and not (match and honest_agency(sim, load, control, uniform(key, POOLED))):
        meets(sim, now, load, control, 0.0, "waved through")
        if delayed and honest_agency(sim, load, control, uniform(key, POOLED)):
            forgone.at_post(sim, load, control, lane, start, match, 0.0, waved)
        return False
    released = waved or post.releases(now)
    pattern = sim.intelligence.lookouts.pattern(load, control.index) if load.signed else 0.0
    without, with_profile, with_pattern = post.thresholds(now, lane, pattern)
    routine = 0.0 if released else post.find(now, load.concealment, load.commodity, False)
    p = post_probability(match, directed, 1.0 - with_pattern, routine, released)
    meets(sim, now, load, control, p, "lookout" if match else ("released" if released else ""))
    if delayed or post.undrawn is not None:
        forgone.at_post(sim, load, control, lane, start, match, p, released)

    score = uniform(key, SCORE)
    matched = message is not None and uniform(key, MATCH) < match
    if not matched and (waved or score <= with_pattern):
        return False
    if matched or not released:
        yield from search(sim, load, control, matched, SEARCH)
        if uniform(key, FIND) < (directed if matched else routine):
            if matched and message is not None:
                sim.intelligence.confirmed(message)
                return seize(sim, load, control, "lookout")
            cause = "routine" if score > without else "profiling" if score > with_profile else "pattern"
            return seize(sim, load, control, cause)
        searched_in_vain(sim, load, control, now)
        if matched and message is not None:
            sim.intelligence.false_alarm(message)
    if sim.is_ahead(load, post.tables.across):
        sim.intelligence.referred_in_vain(load, control.index, post.tables.across)
    if sim.intelligence.requests.asks(load, control.id):
        return (yield from held(sim, load, control))
    return False


def honest_agency(sim: Replication, load: Consignment, control: Control, u: float) -> bool:
    """Whether another agency in the room of a compromised shift is not compromised too."""
    now = sim.env.now
    agencies = sim.posts[control.post].agencies(now, u)
    return any(not sim.shifts.compromised(load, control, now, agency) for agency in range(1, agencies))


def search(
    sim: Replication, load: Consignment, control: Control, matched: bool, decision: int
) -> Steps:
    """In the bay until the search is over. A routine search that waits wakes at its tentative start."""
    post = sim.posts[control.post]
    if post.search_mean <= 0.0:
        return
    length = post.search_length(load.key ^ control.key, decision)
    answer = post.enter_bay(sim.env.now, load.number, matched, length)
    while answer < 0.0:
        yield -answer - sim.env.now
        answer = post.ask_bay(sim.env.now, load.number)
    yield answer - sim.env.now


def searched_in_vain(sim: Replication, load: Consignment, control: Control, since: float) -> None:
    sim.events.append((sim.env.now, SEARCHED, load.number, control.id, 0, sim.env.now - since, ""))


def held(sim: Replication, load: Consignment, control: Control) -> Way:
    """The vehicle waits for an answer; if the other office knows of it, it is searched with everything."""
    key = load.key ^ control.key
    hold = Hold()
    question = sim.intelligence.requests.ask(control.id, load, load.key ^ key_of("request", control.id), hold)
    yield hold
    if not question.known:
        return False
    post = sim.posts[control.post]
    now = sim.env.now
    p = post.find(now, load.concealment, load.commodity, True)
    meets(sim, now, load, control, p, "request")
    yield from search(sim, load, control, True, LENGTH_AGAIN)
    if uniform(key, AGAIN) < p:
        return seize(sim, load, control, "request")
    searched_in_vain(sim, load, control, now)
    return False


def seize(sim: Replication, load: Consignment, control: Control, cause: str) -> bool:
    """The load is gone; a report on its sisters may follow."""
    sim.end(load)
    sim.events.append((load.ended_at, SEIZED, load.number, control.id, load.load, 0.0, cause))
    sim.intelligence.seized(load, control.index)
    if sim.organisations is not None:
        sim.organisations.lost(load, control.index)
    return True
