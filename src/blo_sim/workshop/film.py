"""A replication as a film: what moves on the map, and when.

Everything is read off the event table and the scenario's positions. Single simulated loads may be shown even
of a real place, labelled as simulated with judged parameters; what `trace` does not tell of a real place (how
probable a seizure was, which shift is for sale, which desk leaks) is not in a film of one either.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from blo_sim.experiment.design import replicated
from blo_sim.experiment.trace import Speaker
from blo_sim.model.events import (
    ARRIVE,
    CARRIED,
    DELIVERED,
    DEPART,
    DIVERTED,
    ENCOUNTER,
    EXPIRED,
    KINDS,
    LOST,
    MERGED,
    READ,
    REPORT,
    REROUTED,
    SEARCHED,
    SEIZED,
    SENT,
    WITHHELD,
    WORKED,
    EventLog,
)

if TYPE_CHECKING:
    from blo_sim.experiment.design import Design
    from blo_sim.model.replication import Replication
    from blo_sim.scenario import Scenario
    from blo_sim.world.compile import Route, World

MET = (ARRIVE, ENCOUNTER, SEARCHED, SEIZED)
ENDS = (READ, LOST, WITHHELD, EXPIRED, MERGED)
STORY = frozenset(
    {"depart", "diverted", "arrive", "encounter", "searched", "seized", "delivered", "report"}
    | {"rerouted", "waited", "held", "sent", "read", "lost", "withheld", "expired"}
)
"""Kinds that the page tells of a load."""
WAYS = (DEPART, DIVERTED, REROUTED)
"""Kinds whose place or note names a route."""
UNSAID = (REROUTED, LOST, WITHHELD, EXPIRED, MERGED)
"""Kinds whose note names a route or a channel."""
MASSES = (DEPART, DIVERTED, SEIZED, DELIVERED)
TOLD = ("lookout", "request")
Point = tuple[float, float]
"""Degrees east and north."""


@dataclass(frozen=True)
class Atlas:
    """Where everything stands.

    Attributes
    ----------
    sites : dict
        Controls and offices by id: name, kind (``post``, ``patrol``, ``inland``, ``team``, ``capital``,
        ``centre``), country, position, and whether a liaison office is there.
    places : dict
        Towns by id: position.
    borders : dict
        Legs that cross a border by id: where.
    """

    sites: dict[str, dict[str, Any]]
    places: dict[str, Point]
    borders: dict[str, Point]


def atlas(scenario: Scenario, world: World) -> Atlas:
    """Positions of a scenario; a capital without a town of its name stands amid the towns of its country."""
    model, speaker = scenario.model, Speaker(scenario)
    places = {row.id: (row.lon, row.lat) for row in model.places}
    crossings = {row.id: (row.lon, row.lat) for row in model.crossings}
    borders: dict[str, Point] = {}
    sectors: dict[str, Point] = {}
    for leg in model.legs:
        if leg.crossing:
            borders[leg.id] = crossings[leg.crossing]
        elif leg.sectors:
            borders[leg.id] = between(places[leg.from_], places[leg.to], leg.border_at)
            for sector in leg.sectors:
                sectors.setdefault(sector, borders[leg.id])
    found: dict[str, tuple[str, str, str, Point]] = {}
    for post in model.posts:
        found[post.id] = (speaker.name(post.id), "post", post.country, crossings[post.crossing])
    for row in model.sectors:
        if row.id in sectors:
            found[row.id] = (speaker.name(row.id), "patrol", row.country, sectors[row.id])
    for unit in model.units:
        found[unit.id] = (speaker.name(unit.id), "inland", unit.country, places[unit.place])
    for control in world.controls:
        site = control.id.partition("@")[2]
        where = found[site][3] if site in found else places.get(site)
        if control.kind == "team" and where is not None:
            found[control.id] = (control.id.partition("@")[0], "team", control.country, where)
    for capital in model.headquarters:
        position = _capital(scenario, capital.name, capital.country)
        found[capital.id] = (speaker.name(capital.id), "capital", capital.country, position)
    middle = _middle(places.values())
    for centre in model.centres:
        found[centre.id] = (speaker.name(centre.id), "centre", "", middle)
    offices = {row.post for row in model.offices if not row.components.neutral()}
    sites = {
        name: {"name": label, "kind": kind, "country": country, "at": at, "office": name in offices}
        for name, (label, kind, country, at) in found.items()
    }
    return Atlas(sites, places, borders)


def between(one: Point, other: Point, share: float) -> Point:
    """A point on the way from one to another."""
    return one[0] + share * (other[0] - one[0]), one[1] + share * (other[1] - one[1])


def _capital(scenario: Scenario, name: str, country: str) -> Point:
    towns = [row for row in scenario.model.places if row.country == country]
    named = [row for row in towns if name and row.name == name]
    return _middle((row.lon, row.lat) for row in named or towns or scenario.model.places)


def _middle(points: Iterable[Point]) -> Point:
    lons, lats = zip(*points, strict=True)
    return math.fsum(lons) / len(lons), math.fsum(lats) / len(lats)


@dataclass
class _Load:
    """What happened to one consignment: the times at which it was known where, and its story."""

    stream: int
    route: str = ""
    kg: float = 0.0
    known: list[tuple[float, str]] = field(default_factory=list)
    story: list[list[Any]] = field(default_factory=list)
    end: str = "under way"
    cause: str = ""


@dataclass
class _Message:
    load: int
    source: str
    steps: list[tuple[float, float, str]] = field(default_factory=list)
    sent: float = 0.0
    to: str = ""
    end: float = math.inf
    fate: str = "under way"


class Lines:
    """The lines in the lanes of every post, watched by the hour; ``of`` has hour and minutes by post."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.of: dict[str, list[tuple[float, int]]] = {post.id: [] for post in world.posts}

    def __call__(self, running: Replication) -> None:
        """Look at all posts now; what has not changed by a minute is not noted again."""
        for post, wait in zip(self.world.posts, running.borders.lines(running.now), strict=True):
            seen, minutes = self.of[post.id], round(60.0 * wait)
            if minutes != (seen[-1][1] if seen else 0):
                seen.append((running.now, minutes))


def filmed(design: Design, place: int, replication: int) -> dict[str, Any]:
    """Run one of a design's worlds, by its place in the design, and `film` its measured window."""
    world = design.worlds[place]
    lines = Lines(world)
    log = replicated(design, place, replication, watch=lines)
    return film(design.scenarios[place], world, log, (world.warmup_hours, world.end_hours), lines)


def film(
    scenario: Scenario, world: World, log: EventLog, hours: tuple[float, float], lines: Lines
) -> dict[str, Any]:
    """What happens between two hours of a run.

    Parameters
    ----------
    scenario, world
        What was run.
    log : EventLog
        Of a whole replication, with all its events.
    hours : (float, float)
        From and to, in hours from the start of the warm-up. Loads that leave in between are followed to
        their ends.
    lines : Lines
        That watched the run.

    Returns
    -------
    dict
        Plain values for JSON: ``sites``, ``towns``, ``points`` (degrees east and north), ``loads``
        (each with ``track``: hour, number of a point, hour, ...; ``story``: hour, kind, number of a site or
        a name, kilograms or hours or a probability, a word), ``messages`` (each with ``track``: from hour,
        to hour, from site, to site, ...), ``lines`` (by post: site, then hour and minutes until all who
        stand there are being inspected, wherever that changes), ``work`` (from hour, to hour, site: an
        officer at a desk). Hours count from the first.
    """
    return _Film(scenario, world, hours).of(log, lines)


class _Film:
    def __init__(self, scenario: Scenario, world: World, hours: tuple[float, float]) -> None:
        self.scenario, self.world, self.hours = scenario, world, hours
        self.atlas = atlas(scenario, world)
        self.speaker = Speaker(scenario)
        self.real = world.place == "real"
        self.numbers = {name: number for number, name in enumerate(self.atlas.sites)}
        self.points: dict[Point, int] = {}
        self.loads: dict[int, _Load] = {}
        self.messages: dict[int, _Message] = {}
        self.work: list[list[float]] = []

    def of(self, log: EventLog, lines: Lines) -> dict[str, Any]:
        """All of it as plain values."""
        owners: dict[int, str] = {}
        for time, kind, load, place, amount, p, note in log.events:
            self._load(log, time, kind, load, place, amount, p, note)
            if kind == REPORT:
                owners |= dict.fromkeys(range(amount, amount + round(p)), place)
            elif kind == SENT:
                self.messages[amount] = _Message(load, owners.get(amount, ""), sent=time, to=place)
            elif kind in (CARRIED, *ENDS):
                self._message(time, kind, place, amount, p, note)
            elif kind == WORKED and place in self.numbers:
                self.work.append([self._hour(time - p), self._hour(time), self.numbers[place]])
        start, end = self.hours
        loads: list[dict[str, Any]] = []
        number_of: dict[int, int] = {}
        for number, each in self.loads.items():
            if each.known and start <= each.known[0][0] < end:
                number_of[number] = len(loads)
                loads.append(self._told(log.names[number], each))
        messages = [
            self._sent(message, number_of)
            for message in self.messages.values()
            if start <= message.sent < end and message.source in self.numbers
        ]
        return {
            "scenario": self.scenario.name,
            "title": self.scenario.model.title,
            "sites": [
                {**site, "id": name, "at": _short(site["at"])} for name, site in self.atlas.sites.items()
            ],
            "towns": [
                {"name": self.speaker.name(row.id), "at": _short((row.lon, row.lat))}
                for row in self.scenario.model.places
                if row.kind != "junction"
            ],
            "points": [_short(point) for point in self.points],
            "loads": loads,
            "messages": messages,
            "lines": [
                [self.numbers[post], *(value for hour, minutes in seen for value in (hour - start, minutes))]
                for post, seen in lines.of.items()
                if seen
            ],
            "work": sorted(each for each in self.work if each[1] >= 0.0 and each[0] < end - start),
        }

    def _load(
        self, log: EventLog, time: float, kind: int, number: int, place: str, amount: int, p: float, note: str
    ) -> None:
        if number < 0:
            return
        load = self.loads.get(number)
        if load is None:
            load = self.loads[number] = _Load(log.streams[number])
        name = KINDS[kind]
        if kind == DEPART:
            load.route, load.kg = place, amount / 1000.0
            load.known.append((time, ""))
        elif kind == REROUTED:
            load.route = note
        elif kind in MET:
            load.known.append((time, place))
        if kind in (SEIZED, DELIVERED):
            load.end, load.cause = name, note
            if kind == DELIVERED:
                load.known.append((time, place))
        if name in STORY:
            load.story.append([self._hour(time), name, *self._said(kind, place, amount, p, note)])

    def _said(self, kind: int, place: str, amount: int, p: float, note: str) -> list[Any]:
        """Where (number of a site, or a name), a number or None, and a word."""
        where = self.numbers.get(place, "" if kind in WAYS else self.speaker.name(place))
        word = note if kind not in UNSAID else ""
        if kind == ENCOUNTER:
            # As in `trace`: of a real place neither the probability nor whether a shift was for sale.
            if self.real:
                return [where, None, word if word in TOLD else ""]
            return [where, round(p, 5), word]
        return [where, round(amount / 1000.0, 3) if kind in MASSES else round(p, 3), word]

    def _message(self, time: float, kind: int, place: str, number: int, p: float, note: str) -> None:
        message = self.messages.get(number)
        if message is None:
            return
        if kind == CARRIED:
            message.steps.append((time, time + p, place))
        elif kind in ENDS:
            message.end = time
            message.fate = note if kind == READ else KINDS[kind]

    def _told(self, name: str, load: _Load) -> dict[str, Any]:
        stream = self.world.streams[load.stream]
        flow = self.speaker.flows[stream.flow]
        return {
            "id": name,
            "commodity": stream.commodity,
            "kg": round(load.kg, 3),
            "mode": stream.mode,
            "from": self.speaker.name(flow.origin),
            "to": self.speaker.name(flow.destination),
            "end": load.end,
            "cause": load.cause,
            "track": self._track(load),
            "story": load.story,
        }

    def _track(self, load: _Load) -> list[float]:
        stream = self.world.streams[load.stream]
        route = next((each for each in stream.routes if each.name == load.route), stream.routes[0])
        way, anchors = self._way(route, self.speaker.flows[stream.flow].origin)
        track: list[float] = []
        last, at = load.known[0][0], 0
        self._add(track, last, way[0])
        for time, place in load.known[1:]:
            to = anchors.get(place, at)
            if to > at:
                for moment, point in _along(way[at : to + 1], last, time):
                    self._add(track, moment, point)
            else:
                self._add(track, time, way[at])
            last, at = time, max(at, to)
        return track

    def _way(self, route: Route, origin: str) -> tuple[list[Point], dict[str, int]]:
        """Points of a route, and which of them each control and the end stand at."""
        way, tail = [self.atlas.places[origin]], origin
        anchors: dict[str, int] = {}
        for leg in route.legs:
            border = self.atlas.borders.get(leg.leg)
            if border is not None:
                way.append(border)
                anchors |= {self.world.controls[index].id: len(way) - 1 for index in leg.controls}
            way.append(self.atlas.places[leg.head])
            anchors |= {self.world.controls[index].id: len(way) - 1 for index in leg.units}
            tail = leg.head
        anchors[tail] = len(way) - 1
        return way, anchors

    def _add(self, track: list[float], time: float, point: Point) -> None:
        track += [self._hour(time), self.points.setdefault(point, len(self.points))]

    def _sent(self, message: _Message, number_of: dict[int, int]) -> dict[str, Any]:
        track: list[float] = []
        at = self.numbers[message.source]
        for start, end, place in message.steps:
            to = self.numbers.get(place, at)
            track += [self._hour(start), self._hour(end), at, to]
            at = to
        return {
            "load": number_of.get(message.load, -1),
            "from": self.numbers[message.source],
            "to": self.numbers.get(message.to, -1),
            "sent": self._hour(message.sent),
            "end": self._hour(message.end) if math.isfinite(message.end) else None,
            "fate": message.fate,
            "track": track,
        }

    def _hour(self, time: float) -> float:
        return round(time - self.hours[0], 3)


def _along(way: list[Point], start: float, end: float) -> Iterator[tuple[float, Point]]:
    """Moments at the points of a way after the first, at an even pace."""
    lengths = [math.dist(one, other) for one, other in pairwise(way)]
    total, done = math.fsum(lengths), 0.0
    for length, point in zip(lengths, way[1:], strict=True):
        done += length
        yield (start + (end - start) * (done / total) if total else end), point


def _short(point: Point) -> list[float]:
    return [round(point[0], 3), round(point[1], 3)]
