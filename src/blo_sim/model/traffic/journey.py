"""The whole way of a consignment, on one page.

It leaves its origin, travels leg by leg, and meets the controls of each leg at the border and the inland
units of each place that it reaches, until it is seized or delivered.
"""

from __future__ import annotations

from collections.abc import Generator
from typing import TYPE_CHECKING

from blo_sim.clock import on_grid
from blo_sim.draws import hours, law, uniform
from blo_sim.model.border.detection import expected_micrograms, field_probability, post_probability
from blo_sim.model.events import ARRIVE, DELIVERED, DEPART, ENCOUNTER, SEARCHED, SEIZED
from blo_sim.model.traffic.demand import NO_CLASS
from blo_sim.model.traffic.live import Live

if TYPE_CHECKING:
    from blo_sim.model.replication import Replication
    from blo_sim.model.traffic.demand import Consignment
    from blo_sim.world.compile import Control

TRAVEL, GAP = 0, 1
"""Decisions of a leg: its key is the consignment's ^ key_of("leg", id)."""

SERVICE, SCORE, MATCH, FIND, SEARCH, ACT, DETECT = range(7)
"""Decisions of an encounter: its key is the consignment's ^ key_of("control", id)."""


def journey(sim: Replication, load: Consignment) -> Generator[Live, None, None]:
    """A SimPy process: from departure to the end."""
    env, number, key, route = sim.env, load.number, load.key, load.route
    controls = sim.world.controls
    sim.depart(load)
    classes = sim.world.classes
    note = "" if load.traffic_class == NO_CLASS else f"{classes[load.traffic_class]} {load.concealment}"
    sim.record((env.now, DEPART, number, route.name, load.load, 0.0, note))
    delay = 0.0  # travel that nothing has interrupted yet
    for leg in route.legs:
        if leg.sources and load.tips:
            if delay:
                yield Live(env, delay, number)
                delay = 0.0
            sim.intelligence.left_place(load, leg.sources)
        rest = hours(key ^ leg.key, TRAVEL, leg.hours)
        if leg.controls:
            before = on_grid(rest * leg.border_share)
            rest -= before
            if delay + before:
                yield Live(env, delay + before, number)
                delay = 0.0
            for i, index in enumerate(leg.controls):
                control = controls[index]
                if control.kind != "post":
                    if pass_field(sim, load, control):
                        return
                    continue
                if i:
                    yield Live(env, hours(key ^ leg.key, GAP, leg.gap), number)
                taken = yield from pass_post(sim, load, control, leg.lanes[i][load.traffic_class])
                if taken:
                    return
        delay += rest
        if leg.units:
            if delay:
                yield Live(env, delay, number)
                delay = 0.0
            for index in leg.units:
                if pass_field(sim, load, controls[index]):
                    return
    if delay:
        yield Live(env, delay, number)
    sim.end(load)
    sim.record((env.now, DELIVERED, number, route.legs[-1].head, load.load, 0.0, ""))


def pass_field(sim: Replication, load: Consignment, control: Control) -> bool:
    """A patrol sector or an inland unit. Returns whether the load was seized."""
    now = sim.env.now
    detection = sim.detection[load.commodity][control.index]
    intercept = 0.0
    if load.lookouts:
        intercept = sim.intelligence.lookout(load, control.index, now, sim.world.lookouts.intercept)
    p = field_probability(detection, intercept) if intercept else detection
    micrograms = expected_micrograms(load.load, p)
    note = "lookout" if intercept else ""
    sim.record((now, ENCOUNTER, load.number, control.id, micrograms, p, note))
    load.passed += 1
    key = load.key ^ control.key
    if intercept and uniform(key, ACT) < intercept:
        return seize(sim, load, control, "lookout")
    if uniform(key, DETECT) < detection:
        return seize(sim, load, control, control.kind)
    return False


def pass_post(
    sim: Replication, load: Consignment, control: Control, lane: int
) -> Generator[Live, None, bool]:
    """A post: lanes, primary inspection, and the search bay if it is referred. True if it was seized."""
    post = sim.posts[control.post]
    key = load.key ^ control.key
    arrival = sim.env.now
    inspection = hours(key, SERVICE, post.services[lane - post.first_group])
    start = load.at_post = post.enter_lane(arrival, lane, inspection)
    now = start + inspection
    sim.record((arrival, ARRIVE, load.number, control.id, 0, start - arrival, ""))
    yield Live(sim.env, now - arrival, load.number)

    match = 0.0
    if load.lookouts:
        match = sim.intelligence.lookout(load, control.index, start, sim.world.lookouts.match)
    released = post.releases(now)
    without_profile, with_profile = post.thresholds(now, lane)
    routine = post.find(now, load.concealment, load.commodity, False)
    directed = post.find(now, load.concealment, load.commodity, True) if match else 0.0
    p = post_probability(match, directed, 1.0 - with_profile, routine, released)
    note = "lookout" if match else ("released" if released else "")
    micrograms = expected_micrograms(load.load, p)
    sim.record((now, ENCOUNTER, load.number, control.id, micrograms, p, note))
    load.at_post = None
    load.passed += 1

    score = uniform(key, SCORE)
    matched = match > 0.0 and uniform(key, MATCH) < match
    if not matched and score <= with_profile:
        return False
    if matched or not released:
        yield from search(sim, load, control, key, matched)
        if uniform(key, FIND) < (directed if matched else routine):
            cause = "lookout" if matched else ("routine" if score > without_profile else "profiling")
            return seize(sim, load, control, cause)
        sim.record((sim.env.now, SEARCHED, load.number, control.id, 0, sim.env.now - now, ""))
    if sim.is_ahead(load, post.tables.across):
        sim.intelligence.referred_in_vain(load, control.index, post.tables.across)
    return False


def search(
    sim: Replication, load: Consignment, control: Control, key: int, matched: bool
) -> Generator[Live, None, None]:
    """In the bay until the search is over. A routine search that waits wakes at its tentative start."""
    post = sim.posts[control.post]
    mean, cv = post.search_mean, post.tables.search_cv
    if mean <= 0.0:
        return
    length = hours(key, SEARCH, law("lognormal", mean, cv))
    answer = post.enter_bay(sim.env.now, load.number, matched, length)
    while answer < 0.0:
        yield Live(sim.env, -answer - sim.env.now, load.number)
        answer = post.ask_bay(sim.env.now, load.number)
    yield Live(sim.env, answer - sim.env.now, load.number)


def seize(sim: Replication, load: Consignment, control: Control, cause: str) -> bool:
    """The load is gone; a report on its sisters may follow."""
    sim.end(load)
    sim.record((sim.env.now, SEIZED, load.number, control.id, load.load, 0.0, cause))
    sim.intelligence.seized(load, control.index)
    return True
