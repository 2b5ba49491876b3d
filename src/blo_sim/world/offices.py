"""The office network: who can send to whom, by which hops, and when a desk reads.

Nodes are posts, sectors, units, headquarters and centres. Messages take the route of least expected
delay. A channel that a BLO's link opens carries the office's name: the model asks the office's state of
ramp-up before it uses the hop, and else goes on over the channels that need no BLO.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from blo_sim.scenario.schema import Centre, Channel, Headquarters, Link, Office, ScenarioModel
    from blo_sim.scenario.values import Distribution

WEEK = 168


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
    hops: list[Hop] = []
    for office in model.offices:
        if office.id not in opened or not office.components.link:
            continue
        reached = [offices[name].post for name in office.partners if name in opened
                   and offices[name].components.link]
        reached += home_reach(model, office, model.link.reach_legs)
        reached += [row.id for row in model.centres]
        for other in dict.fromkeys(reached):
            hops += Hop.pair((office.post, other), model.link, office.id, office.id, office.id)
    return hops


def home_reach(model: ScenarioModel, office: Office, legs: int) -> list[str]:
    """Own country's other posts within ``legs`` legs of the office's crossing, and all its units."""
    import networkx as nx

    post = next(row for row in model.posts if row.id == office.post)
    graph = nx.Graph()
    at: dict[str, set[str]] = {}
    for leg in model.legs:
        graph.add_edge(leg.from_, leg.to)
        if leg.crossing:
            at.setdefault(leg.crossing, set()).update((leg.from_, leg.to))
    near: set[str] = set()
    for place in at.get(post.crossing, ()):
        near |= set(nx.single_source_shortest_path_length(graph, place, cutoff=legs))
    posts = [
        row.id
        for row in model.posts
        if row.country == post.country and row.id != post.id and at.get(row.crossing, set()) & near
    ]
    return posts + [row.id for row in model.units if row.country == post.country]


def message_routes(graph: Any, sources: Sequence[str]) -> dict[tuple[str, str], tuple[Hop, ...]]:
    """Hops from each source to every office that it can reach, by least expected delay.

    Ties are broken by the order of the network's edges, which is that of the scenario file.
    """
    import networkx as nx

    routes = {}
    for source in sources:
        paths = nx.single_source_dijkstra_path(graph, source, weight="delay")
        for target, path in paths.items():
            hops = tuple(graph.edges[a, b]["hop"] for a, b in pairwise(path))
            routes[source, target] = hops
    return routes


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
