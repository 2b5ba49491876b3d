"""The office network: who can send to whom, by which hops, and when a desk reads.

Nodes are posts, sectors, units, headquarters and centres. Messages take the route of least expected
delay. A channel that a BLO's link opens carries the office's name: the model asks the office's state of
ramp-up before it uses the hop, and else goes on over the channels that need no BLO.
"""

from __future__ import annotations

import heapq
import math
import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from blo_sim.scenario.schema import Centre, Channel, Headquarters, Link, Office, ScenarioModel
    from blo_sim.scenario.values import Distribution

WEEK = 168
_SEARCHING = threading.Lock()


@dataclass(frozen=True, slots=True)
class Hop:
    """One channel in one direction.

    ``office`` is the BLO whose link opened it, or ''; ``willing`` the probability that the tail passes a
    message on, before trust; ``channel`` what measures group by: the id of the row of ``[[channels]]``, the
    office, or the layout.
    """

    tail: str
    head: str
    key: str
    delay: Distribution
    loss: float
    office: str
    willing: float
    channel: str

    @classmethod
    def pair(
        cls, ends: tuple[str, str], terms: Channel | Link, key: str, channel: str, office: str = ""
    ) -> list[Hop]:
        """The hops of a channel there and back; their keys start with ``key``."""
        delay, loss, willing = terms.delay_h, terms.loss, terms.willingness
        return [
            cls(tail, head, f"{key}:{tail}>{head}", delay, loss, office, willing, channel)
            for tail, head in (ends, ends[::-1])
        ]


def network(model: ScenarioModel, linked: Iterable[str]) -> Any:
    """Directed graph (networkx) of offices; edges hold the fastest ``hop`` and its mean ``delay``.

    Parameters
    ----------
    linked : iterable of str
        Ids of the BLOs whose link is open.

    Raises
    ------
    ScenarioError
        If the scenario's layout lacks what it needs (see `blo_sim.world.layouts.problems`).
    """
    import networkx as nx

    from blo_sim.world import layouts

    graph = nx.DiGraph()
    for rows in (model.posts, model.sectors, model.units, model.headquarters, model.centres):
        graph.add_nodes_from(row.id for row in rows)
    opened, hops = set(linked), _standing(model)
    hops = hops + _links(model, opened) if model.layout is None else layouts.hops(model, opened, hops)
    for hop in hops:
        known = graph.get_edge_data(hop.tail, hop.head)
        if known is None or hop.delay.mean < known["delay"]:
            graph.add_edge(hop.tail, hop.head, hop=hop, delay=hop.delay.mean)
    return graph


def _standing(model: ScenarioModel) -> list[Hop]:
    """Channels of the scenario, the words ``posts``, ``capitals`` and so on written out."""
    hops: list[Hop] = []
    for row in model.channels:
        for ends in _ends(model, row.from_, row.to):
            both = Hop.pair(ends, row, row.id, row.id)
            hops += both if row.both_ways else both[:1]
    return hops


def _ends(model: ScenarioModel, tail: str, head: str) -> list[tuple[str, str]]:
    capitals = {row.country: row.id for row in model.headquarters}
    groups: dict[str, list[tuple[str, str]]] = {
        "posts": [(row.id, row.country) for row in model.posts],
        "sectors": [(row.id, row.country) for row in model.sectors],
        "units": [(row.id, row.country) for row in model.units],
        "capitals": [(row.id, row.country) for row in model.headquarters],
    }
    tails = groups.get(tail, [(tail, "")])
    heads = groups.get(head, [(head, "")])
    if tail == head == "capitals":
        return [(a, b) for i, (a, _) in enumerate(tails) for b, _ in heads[i + 1 :]]
    if tail in groups and head == "capitals":
        return [(name, capitals[country]) for name, country in tails if country in capitals]
    if tail == "capitals" and head in groups:
        return [(capitals[country], name) for name, country in heads if country in capitals]
    return [(a, b) for a, _ in tails for b, _ in heads if a != b]


def _links(model: ScenarioModel, opened: set[str]) -> list[Hop]:
    """Channels that the open BLOs' links add: partners, own posts nearby, own units, the centres."""
    if model.link is None:
        return []
    offices = {office.id: office for office in model.offices}
    reach = Reach(model)
    hops: list[Hop] = []
    for office in model.offices:
        if office.id not in opened or not office.components.link:
            continue
        reached = [offices[name].post for name in office.partners if name in opened
                   and offices[name].components.link]
        reached += reach.of(office, model.link.reach_legs)
        reached += [row.id for row in model.centres]
        for other in dict.fromkeys(reached):
            hops += Hop.pair((office.post, other), model.link, office.id, office.id, office.id)
    return hops


class Reach:
    """Which offices of its own country a link reaches without a partner."""

    def __init__(self, model: ScenarioModel) -> None:
        import networkx as nx

        self.graph = nx.Graph()
        self.at: dict[str, set[str]] = {}
        for leg in model.legs:
            self.graph.add_edge(leg.from_, leg.to)
            if leg.crossing:
                self.at.setdefault(leg.crossing, set()).update((leg.from_, leg.to))
        self.post = {row.id: row for row in model.posts}
        self.posts: dict[tuple[str, str], list[str]] = {}
        self.place = {row.id: number for number, row in enumerate(model.posts)}
        for row in model.posts:
            for place in self.at.get(row.crossing, ()):
                self.posts.setdefault((row.country, place), []).append(row.id)
        self.units: dict[str, list[str]] = {}
        for unit in model.units:
            self.units.setdefault(unit.country, []).append(unit.id)

    def of(self, office: Office, legs: int) -> list[str]:
        """Its country's other posts within ``legs`` legs of the office's crossing, and all its units."""
        import networkx as nx

        post = self.post[office.post]
        near: set[str] = set()
        for place in self.at.get(post.crossing, ()):
            near |= set(nx.single_source_shortest_path_length(self.graph, place, cutoff=legs))
        posts = {name for place in near for name in self.posts.get((post.country, place), ())}
        in_order = sorted(posts - {post.id}, key=self.place.__getitem__)
        return in_order + self.units.get(post.country, [])


def message_routes(graph: Any, sources: Sequence[str]) -> Routes:
    """Hops from each source to every office that it can reach in a `network`."""
    edges = {
        tail: tuple((head, edge["delay"], edge["hop"]) for head, edge in heads.items())
        for tail, heads in graph.adjacency()
    }
    return Routes(edges, sources)


Edges = Mapping[str, Sequence[tuple[str, float, Hop]]]
"""By office, the offices that it has a channel to, the mean delay and the hop."""


class Routes(Mapping[tuple[str, str], tuple[Hop, ...]]):
    """Hops from some offices to every office that they can reach, by least expected delay.

    A route is found when it is first asked for: on a long border there are millions of pairs, of which few
    ever send each other a message. Ties are broken by the order of the edges, which is that of the scenario
    file.

    Parameters
    ----------
    edges : mapping
    sources : sequence of str
        Offices that send.
    """

    def __init__(self, edges: Edges, sources: Sequence[str]) -> None:
        self.edges = edges
        self.heads = {head for heads in edges.values() for head, _, _ in heads}
        self.searches: dict[str, _Search | None] = dict.fromkeys(sources)
        self.found: dict[tuple[str, str], tuple[Hop, ...] | None] = {}

    def __getitem__(self, pair: tuple[str, str]) -> tuple[Hop, ...]:
        found: tuple[Hop, ...] | None = self.get(pair)
        if found is None:
            raise KeyError(pair)
        return found

    def get(self, pair: tuple[str, str], default: Any = None) -> Any:
        """The hops from one office to another, or ``default`` if there is no way."""
        if pair not in self.found:
            self.found[pair] = self._search(*pair)
        found = self.found[pair]
        return default if found is None else found

    def __contains__(self, pair: object) -> bool:
        return isinstance(pair, tuple) and self.get(pair) is not None

    def __iter__(self) -> Iterator[tuple[str, str]]:
        return ((tail, head) for tail in self.searches for head in self.edges if (tail, head) in self)

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def hops(self) -> Iterator[Hop]:
        """Hops that are the best way from their tail to their head: no other is part of a route."""
        for tail, heads in self.edges.items():
            search = _Search(self.edges, tail)
            yield from (hop for head, _, hop in heads if search.way_to(head) == (hop,))

    def _search(self, tail: str, head: str) -> tuple[Hop, ...] | None:
        if tail not in self.searches or (head not in self.heads and head != tail):
            return None  # nobody sends to it: a search would go through the whole network for nothing
        with _SEARCHING:  # workers of a cluster may be threads
            search = self.searches[tail]
            if search is None:
                search = self.searches[tail] = _Search(self.edges, tail)
            return search.way_to(head)


class _Search:
    """Dijkstra's search from one office, which goes on as far as somebody asks."""

    def __init__(self, edges: Edges, source: str) -> None:
        self.edges, self.source = edges, source
        self.last: dict[str, Hop] = {}
        self.seen = {source: 0.0}
        self.fringe = [(0.0, 0, source)]
        self.pushed = 0

    def way_to(self, target: str) -> tuple[Hop, ...] | None:
        """The hops to an office, none to the source itself; None if there is no way."""
        # Offices that are no nearer cannot shorten the way: those as far, which may be hundreds,
        # need not be gone through first.
        while self.fringe and self.fringe[0][0] < self.seen.get(target, math.inf):
            self._settle_one()
        if target not in self.seen:
            return None
        hops: list[Hop] = []
        while target != self.source:
            hops.append(self.last[target])
            target = hops[-1].tail
        return tuple(reversed(hops))

    def _settle_one(self) -> None:
        delay, _, office = heapq.heappop(self.fringe)
        if delay > self.seen[office]:
            return  # a shorter way was found meanwhile
        for head, more, hop in self.edges.get(office, ()):
            if delay + more < self.seen.get(head, math.inf):
                self.seen[head] = delay + more
                self.last[head] = hop
                self.pushed += 1
                heapq.heappush(self.fringe, (delay + more, self.pushed, head))


def working_hours(model: ScenarioModel) -> dict[str, tuple[bool, ...]]:
    """For each office, whether somebody reads messages, by hour of the week (Monday 0 h first)."""
    from blo_sim.world.crossings import open_hours

    table: dict[str, tuple[bool, ...]] = {}
    for post in model.posts:
        is_open = open_hours(post.hours)
        table[post.id] = tuple(hour % 24 in is_open for hour in range(WEEK))
    for controls in (model.sectors, model.units):
        table.update((row.id, (True,) * WEEK) for row in controls)
    offices: list[Headquarters | Centre] = [*model.headquarters, *model.centres]
    for office in offices:
        is_open = open_hours(office.hours)
        table[office.id] = tuple(
            hour % 24 in is_open and hour // 24 < office.weekdays for hour in range(WEEK)
        )
    return table
