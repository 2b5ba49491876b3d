"""Which consignments there are: departures, loads, vehicles, owners and routes, all from keyed draws.

Departures of a stream (one flow by one mode) are a non-homogeneous Poisson process: unit exponentials
spent along the monthly rates. The n-th consignment has the key ``word(key_of(seed, replication,
"consignments", stream), n)``; every later decision of its own is a draw of that key. These are the loads
that are planned; what becomes of the plan is decided in `blo_sim.model.traffic.organisations`.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from functools import lru_cache
from itertools import count
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

from blo_sim.clock import on_grid
from blo_sim.draws import GOLDEN, bounded_lognormal, exponential, key_of, uniform, uniforms, words
from blo_sim.world.reports import chance_of_notice

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from blo_sim.model.intelligence.lookouts import Delayed
    from blo_sim.model.intelligence.messages import Message
    from blo_sim.world.compile import Route, Stream, World

LOAD, CLASS, CONCEALMENT, OWNER, SIGNATURE = range(5)
"""Decisions of a consignment's own key."""

NO_TIPS: frozenset[int] = frozenset()
NOWHERE: frozenset[int] = frozenset()
NOTHING: Any = MappingProxyType({})
"""An empty dictionary that all share and nobody can write to."""
NOT_YET = -1
"""Turn of a load that has not departed."""
NO_CLASS = -1
"""Traffic class of a load that meets no post."""

T = TypeVar("T")


class Consignment:
    """One load on its way. ``load`` in grams; ``number`` is its rank where two events fall together.

    ``passed`` counts the controls of its route that are behind it, ``met`` has the hour at which it met
    each (at a post: the start of primary inspection, known when it joins the lanes), ``lookouts`` what each
    control has read about it: (time read, time the knowledge was born, message); ``delayed`` has, by control
    and message, what those that waited at desks would have been without. ``tips`` are the sources
    that will report it when it leaves their place, ``signed`` says that it is hidden in its owner's usual
    way, ``signature`` which of the ways that he has had. ``known_at`` has, by office, since when it is known
    there, ``warned`` the controls that its owner knows to look out for it, ``chased`` those that read of it
    too late.

    ``planned`` is its departure before anything postponed it, ``planned_stream`` its stream before its owner
    chose another mode, ``usual`` the number of the route there that it takes unless its owner weighs others,
    ``shipped`` whether it is sent at all, ``turn`` its place among all departures of the run (`NOT_YET`
    before it, and of loads that are put off until the end of the run), ``way`` its route at departure.
    ``attempt`` counts earlier departures of the same load, ``first_key`` is the key of the first of them.
    """

    __slots__ = (
        "attempt",
        "chased",
        "commodity",
        "concealment",
        "delayed",
        "departure",
        "ended",
        "ended_at",
        "first_key",
        "key",
        "known_at",
        "load",
        "lookouts",
        "met",
        "name",
        "number",
        "owner",
        "passed",
        "planned",
        "planned_stream",
        "route",
        "shipped",
        "signature",
        "signed",
        "stream",
        "tips",
        "traffic_class",
        "turn",
        "usual",
        "warned",
        "way",
    )

    def __init__(
        self,
        number: int,
        name: str,
        key: int,
        stream: int,
        commodity: str,
        departure: float,
        load: int,
        traffic_class: int,
        concealment: str,
        owner: str,
        route: Route,
        tips: frozenset[int],
        signed: bool = False,
        usual: int = 0,
    ) -> None:
        self.number = number
        self.name = name
        self.key = key
        self.stream = stream
        self.commodity = commodity
        self.departure = departure
        self.load = load
        self.traffic_class = traffic_class
        self.concealment = concealment
        self.owner = owner
        self.route = route
        self.tips = tips
        self.signed = signed
        self.usual = usual
        self.planned = departure
        self.planned_stream = stream
        self.shipped = True
        self.turn = NOT_YET
        self.way = route
        self.signature = 0
        self.attempt = 0
        self.first_key = key
        self.passed = 0
        self.met: dict[int, float] = {}
        self.ended = False
        self.ended_at = 0.0
        # Few loads are ever known to anybody, so that these take no memory until they are written to, below.
        self.lookouts: dict[int, list[tuple[float, float, Message]]] = NOTHING
        self.delayed: dict[int, dict[int, Delayed]] = NOTHING
        self.known_at: dict[str, float] = NOTHING
        self.warned: frozenset[int] = NOWHERE
        self.chased: frozenset[int] = NOWHERE

    def informed(self, office: str, now: float) -> None:
        """An office knows of the load from ``now`` on, or did so before."""
        if self.known_at is NOTHING:
            self.known_at = {}
        self.known_at[office] = min(now, self.known_at.get(office, now))

    def looked_out_for(self, control: int, read: float, known: float, message: Message) -> None:
        """A control has read of the load, at ``read``, what was known at ``known``."""
        if self.lookouts is NOTHING:
            self.lookouts = {}
        self.lookouts.setdefault(control, []).append((read, known, message))

    def delays_at(self, control: int) -> dict[int, Delayed]:
        """What waits at desks on its way to a control, by message, to be added to."""
        if self.delayed is NOTHING:
            self.delayed = {}
        return self.delayed.setdefault(control, {})

    def lane_at(self, control: int) -> int:
        """The lane group that it uses at a control of its route, -1 if that has no lanes."""
        for leg in self.route.legs:
            if control in leg.controls:
                groups = leg.lanes[leg.controls.index(control)]
                return groups[self.traffic_class] if groups else -1
        return -1


def consignments(world: World, seed: int, replication: int) -> list[Consignment]:
    """All consignments that depart before the end of the measured window, by stream and number."""
    result: list[Consignment] = []
    for number, stream in enumerate(world.streams):
        result.extend(_stream(world, number, stream, seed, replication, len(result)))
    return result


def _stream(
    world: World, number: int, stream: Stream, seed: int, replication: int, first: int
) -> list[Consignment]:
    clock = key_of(seed, replication, "departures", stream.id)
    times = departures(stream, world.months, world.end_hours, clock)
    keys = words(_places(key_of(seed, replication, "consignments", stream.id), len(times)), 0)
    months = [world.months[int(time // 24.0)] for time in times]
    chosen = choose(stream.routes, keys, months)
    draws = [uniforms(keys, decision).tolist() for decision in (CLASS, CONCEALMENT, OWNER)]
    size = bounded_lognormal(1000.0 * stream.mean_kg, stream.cv, 1000.0 * stream.most_kg)
    loads = [max(1, int(size(u) + 0.5)) for u in uniforms(keys, LOAD).tolist()]
    tips = informed(world, stream, keys, loads)
    owners = [f"{stream.owners}-{place}" for place in range(stream.owner_count)]
    result = []
    for n, (key, load, kind, hidden, owner) in enumerate(zip(keys.tolist(), loads, *draws, strict=True)):
        name = owners[int(owner * stream.owner_count)]
        traffic_class, concealment, signed = carriage(world, stream, key, name, 0, kind, hidden)
        route = stream.routes[chosen[n]]
        result.append(
            Consignment(  # by position: Python takes twice the time to call a class with names
                first + n,
                f"{stream.id}:{n}",
                key,
                number,
                stream.commodity,
                times[n],
                load,
                traffic_class,
                concealment,
                name,
                route,
                tips.get(n, NO_TIPS),
                signed,
                chosen[n],
            )
        )
    return result


def planned(
    world: World, *, number: int, name: str, key: int, stream: int, departure: float, grams: int, owner: str
) -> Consignment:
    """One more consignment of a stream, with the draws of its key."""
    tables = world.streams[stream]
    kind, hidden = uniform(key, CLASS), uniform(key, CONCEALMENT)
    traffic_class, concealment, signed = carriage(world, tables, key, owner, 0, kind, hidden)
    month = world.months[int(departure // 24.0)]
    usual = choose(tables.routes, np.array([key], dtype=np.uint64), [month])[0]
    return Consignment(
        number=number,
        name=name,
        key=key,
        stream=stream,
        commodity=tables.commodity,
        departure=departure,
        load=grams,
        traffic_class=traffic_class,
        concealment=concealment,
        owner=owner,
        route=tables.routes[usual],
        tips=noticed(world, tables, key, grams),
        signed=signed,
        usual=usual,
    )


def carriage(
    world: World, stream: Stream, key: int, owner: str, signature: int, kind: float, hidden: float
) -> tuple[int, str, bool]:
    """Traffic class and concealment of a load by a stream's mode, and whether it bears its owner's signature.

    Parameters
    ----------
    key : int
        The load's.
    signature : int
        How often the owner has changed its way of hiding.
    kind, hidden : float
        Words `CLASS` and `CONCEALMENT` of the key.
    """
    traffic_class = _pick(stream.classes, kind, NO_CLASS)
    ways = () if traffic_class == NO_CLASS else world.concealment[traffic_class]
    signed = stream.signature > 0.0 and uniform(key, SIGNATURE) < stream.signature
    if signed and ways:
        changed = (signature,) if signature else ()
        hidden = uniform(key_of("signature", owner, world.classes[traffic_class], *changed), 0)
    return traffic_class, _pick(ways, hidden, ""), signed


def repeated(world: World, loads: list[Consignment]) -> list[Consignment]:
    """The consignments of another run, as they were sent there, in a world with the same routes.

    Who reports them is drawn anew, with the same draws, since this world may have other informants.
    """
    routes = [{route.name: route for route in stream.routes} for stream in world.streams]
    copies = [_copy(load, routes[load.stream][load.way.name]) for load in loads]
    by_stream: dict[int, list[Consignment]] = {}
    for load in copies:
        by_stream.setdefault(load.stream, []).append(load)
    for stream, members in by_stream.items():
        keys = np.array([load.key for load in members], dtype=np.uint64)
        tips = informed(world, world.streams[stream], keys, [load.load for load in members])
        for n, load in enumerate(members):
            load.tips = tips.get(n, NO_TIPS)
    return copies


def _copy(load: Consignment, route: Route) -> Consignment:
    copy = Consignment(
        number=load.number,
        name=load.name,
        key=load.key,
        stream=load.stream,
        commodity=load.commodity,
        departure=load.departure,
        load=load.load,
        traffic_class=load.traffic_class,
        concealment=load.concealment,
        owner=load.owner,
        route=route,
        tips=NO_TIPS,
        signed=load.signed,
    )
    for name in (
        "planned", "planned_stream", "shipped", "turn", "signature", "attempt", "first_key", "usual",
    ):  # fmt: skip
        setattr(copy, name, getattr(load, name))
    return copy


def noticed(world: World, stream: Stream, key: int, grams: int) -> frozenset[int]:
    """`informed` of one consignment."""
    load = np.array([grams], dtype=np.float64)
    sources = [(number, world.sources[number]) for number in stream.sources]
    return frozenset(
        number
        for number, source in sources
        if uniform(key ^ _source_key(source.id), 0) < chance_of_notice(source, load)[0]
    )


def informed(
    world: World, stream: Stream, keys: NDArray[np.uint64], loads: list[int]
) -> dict[int, frozenset[int]]:
    """Which sources would report which consignments: likelier for a large load.

    Decided for all consignments at once, by the word 0 of ``key ^ key_of("source", id)``; a report is
    born only if the load comes to leave the source's place.
    """
    tips: dict[int, set[int]] = {}
    grams = np.array(loads, dtype=np.float64)
    for number in stream.sources:
        source = world.sources[number]
        noticed = uniforms(keys ^ np.uint64(_source_key(source.id)), 0) < chance_of_notice(source, grams)
        for n in np.flatnonzero(noticed).tolist():
            tips.setdefault(n, set()).add(number)
    return {n: frozenset(numbers) for n, numbers in tips.items()}


@lru_cache(maxsize=256)
def _source_key(source: str) -> int:
    return key_of("source", source)


def _places(key: int, size: int) -> NDArray[np.uint64]:
    """Keys whose word 0 is ``word(key, n)``, for n = 0, 1, ..., size - 1."""
    with np.errstate(over="ignore"):
        return np.uint64(key) + np.arange(size, dtype=np.uint64) * np.uint64(GOLDEN)


def _pick(cumulative: tuple[tuple[float, T], ...], u: float, default: T) -> T:
    """The first entry whose cumulative share is above ``u`` (the last one if rounding leaves none)."""
    for share, value in cumulative:
        if u < share:
            return value
    return cumulative[-1][1] if cumulative else default


def departures(stream: Stream, months: tuple[int, ...], end: float, key: int) -> list[float]:
    """Departure times in hours, on the grid, before ``end``."""
    times: list[float] = []
    last_day = int(end // 24.0)
    draws = _exponentials(key, stream, last_day)
    rest = next(draws)
    for day in range(last_day):
        now, midnight = 24.0 * day, 24.0 * (day + 1)
        rate = stream.per_hour[months[day]]
        while rest < (room := rate * (midnight - now)):
            now += rest / rate
            times.append(now)
            rest = next(draws)
        rest -= room
    return [time for time in map(on_grid, times) if time < end]


def _exponentials(key: int, stream: Stream, days: int) -> Iterator[float]:
    """``exponential(uniform(key, n))`` for n = 0, 1, ... : as many as are likely needed in one go."""
    mean = 24.0 * days * max(stream.per_hour)
    many = int(mean + 4.0 * math.sqrt(mean)) + 1
    yield from map(exponential, uniforms(_places(key, many), 0).tolist())
    for n in count(many):
        yield exponential(uniform(key, n))


def choose(routes: tuple[Route, ...], keys: NDArray[np.uint64], months: list[int]) -> list[int]:
    """Index of the route that each consignment takes: path-size logit by keyed Gumbel noise.

    The noise of (consignment, alternative) is the word 0 of ``key ^ key_of("route", route name)``, so
    an alternative that another scenario lacks changes no other one's noise. A route that is closed in
    the month of departure is not available, unless all are.
    """
    if len(routes) == 1 or not months:
        return [0] * len(keys)
    names = np.array([_route_key(route.name) for route in routes], dtype=np.uint64)
    noise = uniforms(keys[:, np.newaxis] ^ names, 0)
    utility = np.array([route.utility for route in routes]) - np.log(-np.log(noise))
    asked = sorted(set(months))
    is_open = np.array([[month not in route.closed for route in routes] for month in asked])
    is_open[~is_open.any(axis=1)] = True
    available = is_open[np.searchsorted(asked, months)]
    chosen: list[int] = np.where(available, utility, -np.inf).argmax(axis=1).tolist()
    return chosen


@lru_cache(maxsize=65536)
def _route_key(name: str) -> int:
    return key_of("route", name)
