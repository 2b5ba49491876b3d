"""Reports that come by themselves, and the work that they make at desks before anything has been run.

Tips of informants and surveillance, false reports, and requests on lawful vehicles. What follows from loads
that were searched or seized is not known without a run and not counted, and neither are answers: a desk is
at least about as busy as it says here.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from functools import cache
from typing import TYPE_CHECKING

import numpy as np

from blo_sim.draws import CONSTANT, EXPONENTIAL, Law, bounded_lognormal

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from blo_sim.scenario.schema import Source
    from blo_sim.world.compile import DeskTables, PostTables, Route, Stream, World

SIZES = 50
"""Loads of a stream are taken at the middles of so many equal shares of its distribution of sizes."""
HOURS_PER_WEEK = 168
HOURS_PER_YEAR = 8760.0


def chance_of_notice(source: Source, grams: NDArray[np.float64]) -> NDArray[np.float64]:
    """Probability that a source reports each load; always of arrays, since scalar powers round otherwise."""
    relative = grams / (1000.0 * source.reference_load_kg)
    chance: NDArray[np.float64] = np.minimum(1.0, source.probability * relative**source.load_exponent)
    return chance


def load_sizes(stream: Stream) -> NDArray[np.float64]:
    """Grams of a stream's loads at the middles of `SIZES` equal shares of them."""
    mean = 1000.0 * stream.mean_kg
    if not stream.cv:
        return np.full(SIZES, mean)
    size = bounded_lognormal(mean, stream.cv, 1000.0 * stream.most_kg)
    return np.array([size((place + 0.5) / SIZES) for place in range(SIZES)])


def lawful_referrals(post: PostTables) -> float:
    """Lawful vehicles referred an hour on average over the week, by the bay that stands at hour 0."""
    total = 0.0
    bay = [bay for start, bay in post.bays if start <= 0.0][-1]
    for group, shares in zip(post.groups, bay.shares, strict=True):
        for rate, share in zip(group.rate, shares, strict=True):
            total += rate * share
    return total / HOURS_PER_WEEK


def desk_loads(world: World) -> dict[str, float]:
    """Work that tips, false reports and requests bring to every desk, over its officers' hours.

    Loads go by their usual ways, all offices stand, no message is lost or withheld, and a desk works on a
    report once, however many of its copies pass there.

    Returns
    -------
    dict of float
        By office; 1 is a desk without a free hour, infinity one without an officer.
    """
    desks = {office: stages[-1][1] for office, stages in world.desks.items()}
    ways = world.message_routes[-1][1]
    names = tuple(control.id for control in world.controls)
    broadcast = world.reports.addressing == "broadcast"

    @cache
    def passed(office: str, addressees: tuple[str, ...]) -> frozenset[str]:
        found = (ways.get((office, each), ()) for each in addressees)
        return frozenset(hop.head for hops in found for hop in hops if hop.head in desks)

    hourly = dict.fromkeys(desks, 0.0)
    for rate, office, controls in (*_false(world), *_tips(world)):
        for desk in passed(office, names if broadcast else tuple(names[each] for each in controls)):
            hourly[desk] += rate
    for post in world.posts:
        rate = world.reports.request.probability * lawful_referrals(post)
        for desk in passed(post.id, (world.asked[post.id],)) if rate else ():
            hourly[desk] += rate
    return {office: hourly[office] * _hours_on_one(tables) for office, tables in desks.items()}


Told = tuple[float, str, tuple[int, ...]]
"""Reports an hour, the office where they are born, and the controls that lie ahead of their subject."""


def _false(world: World) -> Iterator[Told]:
    for source, subjects in zip(world.sources, world.false_subjects, strict=True):
        rate = source.false_per_year * world.reports.false_factor / HOURS_PER_YEAR
        for subject in subjects if rate else ():
            yield rate / len(subjects), source.office, subject.controls


def _tips(world: World) -> Iterator[Told]:
    for stream in world.streams:
        grams = load_sizes(stream)
        noticed = {n: float(chance_of_notice(world.sources[n], grams).mean()) for n in stream.sources}
        rate = math.fsum(stream.per_hour) / len(stream.per_hour)
        for route, share in zip(stream.routes, _shares(stream.routes), strict=True):
            passed = 0
            for leg in route.legs:
                to_come = route.controls[passed:]
                ahead = tuple(control for control in to_come if world.controls[control].team < 0)
                for number in leg.sources:
                    yield rate * share * noticed[number], world.sources[number].office, ahead
                passed += len(leg.controls) + len(leg.units)


def _shares(routes: tuple[Route, ...]) -> list[float]:
    """Shares of loads by their usual way, months in which one is closed apart."""
    weights = [math.exp(route.utility - routes[0].utility) for route in routes]
    return [weight / math.fsum(weights) for weight in weights]


def _hours_on_one(tables: DeskTables) -> float:
    """Mean work on a report, over the mean number of officers."""
    present = sum(tables.officers)
    if not present:
        return math.inf
    extra = sum(extra * officers for extra, officers in zip(tables.extra, tables.officers, strict=True))
    return (_mean(tables.service) + extra / present) / (present / len(tables.officers))


def _mean(service: Law) -> float:
    kind, first, second = service
    return first if kind in (CONSTANT, EXPONENTIAL) else math.exp(first + 0.5 * second * second)
