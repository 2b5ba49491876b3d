"""One team that inspects one arc, unseen: the game of Washburn and Wood (1995).

The team picks an arc, the smuggler a path, neither knowing the other's pick; on the arc that both use, the
team detects with probability p. For one pair of origin and destination the probability of detection under
best play is 1 / (least cut with capacities 1 / p): the team mixes over the arcs of that cut in proportion to
1 / p, the smuggler over the paths of a greatest flow. For several pairs the smuggler knows his own and the
team only its probability; the value is that of a linear program, which grows with the paths that Dijkstra's
algorithm finds.

In an instance p = 1 - evade_sensor / evade, what a sensor adds on the arc for who was not caught otherwise,
and 0 where none can stand. Evasion without the team plays no part: the value is of detection by the team
alone. Probabilities of the pairs are taken relative to their sum. A pair without any way counts as detected,
as its evasion of 0 does.
"""

from __future__ import annotations

import math
from collections import defaultdict, deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from blo_sim.analysis.instance import Node
from blo_sim.analysis.network import Floats, Network
from blo_sim.errors import SimulationError

SMALLEST = 1e-12
"""Probabilities of a mix below this are rounding."""
FINE = 2**50
"""Whole numbers for a capacity of 1 in the search for a least cut."""
WITHIN = 1e-10
"""Between the team's guarantee and the smugglers', where the linear program stops."""
TIE = 1e-13
"""Length of an arc without a team: of paths that are equally safe, the one with fewest arcs."""


@dataclass(frozen=True, slots=True)
class Team:
    """Best play of a team and of smugglers.

    Parameters
    ----------
    value : float
        Probability of detection.
    mix : dict of int to float
        The team's probabilities by place in the instance's ``arcs``; empty where it can do nothing or there
        is nothing to do.
    paths : tuple of (int, tuple of int, float)
        The smugglers' mixes: number of the pair, the path as places of arcs, and its probability given the
        pair.
    """

    value: float
    mix: dict[int, float]
    paths: tuple[tuple[int, tuple[int, ...], float], ...]


def team_value(network: Network) -> Team:
    """Best play on an instance: by `cut_value` for one pair, else by `mixed_value`."""
    return cut_value(network) if len(network.instance.od) == 1 else mixed_value(network)


def detection(network: Network) -> Floats:
    """Probability that a team detects, by arc; 0 on an arc that is never passed."""
    ratio = np.ones_like(network.evade)
    np.divide(network.evade_sensor, network.evade, out=ratio, where=network.evade > 0)
    return 1.0 - ratio


# One pair: a least cut


def cut_value(network: Network) -> Team:
    """Best play by a least cut and a greatest flow, for an instance with one pair."""
    import networkx as nx

    source, sink = network.instance.od[0]
    p = detection(network)
    passable = network.evade > 0
    if network.shortest(np.where(passable, 1.0, math.inf))[0] is None:
        return Team(1.0, {}, ())
    unseen = network.shortest(np.where(passable & (p <= 0.0), 1.0, math.inf))[0]
    if unseen is not None:
        return Team(0.0, {}, ((0, unseen, 1.0),))
    capacities = {int(a): 1.0 / p[a] if p[a] > 0.0 else math.inf for a in np.flatnonzero(passable)}
    beside = _beside(network, capacities)
    graph = _joined(beside, capacities)
    flow_func = nx.algorithms.flow.edmonds_karp
    _, (near, _) = nx.minimum_cut(graph, source, sink, flow_func=flow_func)
    value, flows = nx.maximum_flow(graph, source, sink, flow_func=flow_func)
    arcs = network.instance.arcs
    crossing = [place for place in capacities if arcs[place].tail in near and arcs[place].head not in near]
    cut = math.fsum(capacities[place] for place in crossing)
    mix = {place: float(capacities[place] / cut) for place in crossing}
    left: dict[Node, dict[int, float]] = defaultdict(dict)
    for (tail, head), places in beside.items():
        left[tail] |= _split(flows[tail][head] / value, places, capacities)
    return Team(1.0 / cut, mix, tuple(_paths(network, left)))


def _beside(network: Network, places: Iterable[int]) -> dict[tuple[Node, Node], list[int]]:
    """Arcs by the two nodes that they join."""
    joined = defaultdict(list)
    for place in places:
        arc = network.instance.arcs[place]
        joined[arc.tail, arc.head].append(place)
    return joined


def _joined(beside: Mapping[tuple[Node, Node], Sequence[int]], capacities: Mapping[int, float]) -> Any:
    """A networkx ``DiGraph`` with capacities in whole numbers: sums of decimals need not saturate an arc."""
    import networkx as nx

    graph = nx.DiGraph()
    for (tail, head), places in beside.items():
        unseen = any(math.isinf(capacities[place]) for place in places)
        whole = math.inf if unseen else sum(int(FINE * capacities[place]) for place in places)
        graph.add_edge(tail, head, capacity=whole)
    return graph


def _split(flow: float, places: Sequence[int], capacities: Mapping[int, float]) -> dict[int, float]:
    """A flow between two nodes, by arc: all of it on one that no team can watch, else as capacities are."""
    unseen = next((place for place in places if math.isinf(capacities[place])), None)
    if unseen is not None:
        return {unseen: flow}
    whole = math.fsum(capacities[place] for place in places)
    return {place: flow * capacities[place] / whole for place in places}


def _paths(
    network: Network, left: Mapping[Node, dict[int, float]]
) -> Iterator[tuple[int, tuple[int, ...], float]]:
    """The paths that a flow of 1 takes, with their shares; the flow is used up."""
    source, sink = network.instance.od[0]
    while (path := _with_flow(network, left, source, sink)) is not None:
        steps = [(network.instance.arcs[place].tail, place) for place in path]
        amount = min(left[tail][place] for tail, place in steps)
        for tail, place in steps:
            left[tail][place] -= amount
        yield 0, path, amount


def _with_flow(
    network: Network, left: Mapping[Node, Mapping[int, float]], source: Node, sink: Node
) -> tuple[int, ...] | None:
    """A path of fewest arcs along which something still flows."""
    reached: dict[Node, tuple[int, ...]] = {source: ()}
    waiting = deque([source])
    while waiting:
        node = waiting.popleft()
        for place, flow in left.get(node, {}).items():
            head = network.instance.arcs[place].head
            if flow > SMALLEST and head not in reached:
                reached[head] = (*reached[node], place)
                waiting.append(head)
    return reached.get(sink)


# Several pairs: a linear program


def mixed_value(network: Network) -> Team:
    """Best play against smugglers of several pairs, by a linear program over the paths it needs.

    Raises
    ------
    SimulationError
        If HiGHS cannot solve it.
    """
    p = detection(network)
    total = float(network.probabilities.sum())
    weights = network.probabilities / total if total > 0 else network.probabilities
    ways = network.shortest(np.where(network.evade > 0, 1.0, math.inf))
    pairs = [pair for pair, way in enumerate(ways) if way is not None and weights[pair] > 0]
    places = np.flatnonzero(p > 0.0)
    sure = 1.0 - math.fsum(weights[pairs])
    if not pairs:
        return Team(1.0, {}, ())
    if not len(places):
        return Team(sure, {}, tuple((pair, ways[pair] or (), 1.0) for pair in pairs))
    game = _Game(network, p, weights, pairs, places)
    x, found = game.solved()
    mix = {int(place): float(each) for place, each in zip(places, x, strict=True) if each > SMALLEST}
    return Team(sure + math.fsum(weights[pairs] * game.seen(x)), mix, tuple(found))


class _Game:
    """The linear program: the team's mix, and what it guarantees against each pair's paths so far."""

    def __init__(
        self, network: Network, p: Floats, weights: Floats, pairs: Sequence[int], places: NDArray[np.int64]
    ) -> None:
        self.network, self.p, self.weights, self.pairs, self.places = network, p, weights, pairs, places
        self.column = {int(place): column for column, place in enumerate(places)}
        self.rows: dict[tuple[int, tuple[int, ...]], tuple[int, ...]] = {}

    def solved(self) -> tuple[Floats, Iterator[tuple[int, tuple[int, ...], float]]]:
        """The team's mix by place, and the smugglers' paths with their probabilities."""
        x: Floats = np.full(len(self.places), 1.0 / len(self.places))
        self._add(x)
        while True:
            result = self._program()
            x = np.maximum(result.x[: len(x)], 0.0)
            x /= x.sum()
            claimed = float(self.weights[self.pairs] @ result.x[len(x) :])
            known = list(self.rows.items())
            if claimed - float(self.weights[self.pairs] @ self.seen(x)) <= WITHIN or not self._add(x):
                return x, self._mixes(known, -result.ineqlin.marginals)

    def seen(self, x: Floats) -> Floats:
        """Probability of detection of each pair's best path against a mix."""
        return np.array([math.fsum(self._gain(x)[list(path)]) for path in self._best(x)])

    def _gain(self, x: Floats) -> Floats:
        gain = np.zeros(len(self.p))
        gain[self.places] = self.p[self.places] * x
        return gain

    def _best(self, x: Floats) -> list[tuple[int, ...]]:
        lengths = np.where(self.network.evade > 0, self._gain(x) + TIE, math.inf)
        ways = self.network.shortest(lengths)
        return [ways[pair] or () for pair in self.pairs]

    def _add(self, x: Floats) -> int:
        """Add each pair's best path against a mix; return how many are new (by the arcs that can be seen)."""
        before = len(self.rows)
        for number, path in enumerate(self._best(x)):
            watched = tuple(sorted(place for place in path if place in self.column))
            self.rows.setdefault((number, watched), path)
        return len(self.rows) - before

    def _program(self) -> Any:
        from scipy.optimize import linprog
        from scipy.sparse import lil_array

        n = len(self.places)
        matrix = lil_array((len(self.rows), n + len(self.pairs)))
        for row, (number, watched) in enumerate(self.rows):
            matrix[row, n + number] = 1.0
            for place in watched:
                matrix[row, self.column[place]] = -self.p[place]
        result = linprog(
            np.concatenate((np.zeros(n), -self.weights[self.pairs])),
            A_ub=matrix.tocsr(),
            b_ub=np.zeros(len(self.rows)),
            A_eq=np.concatenate((np.ones(n), np.zeros(len(self.pairs))))[None, :],
            b_eq=[1.0],
            # Limits on a pair's detection would take over dual values, which are the paths' shares.
            bounds=[(0.0, None)] * n + [(None, None)] * len(self.pairs),
            method="highs",
        )
        if result.status != 0:
            raise SimulationError(f"the team's linear program was not solved: {result.message}")
        return result

    def _mixes(
        self, known: Sequence[tuple[tuple[int, tuple[int, ...]], tuple[int, ...]]], duals: Floats
    ) -> Iterator[tuple[int, tuple[int, ...], float]]:
        for ((number, _), path), dual in zip(known, duals, strict=True):
            pair = self.pairs[number]
            share = float(dual / self.weights[pair])
            if share > SMALLEST:
                yield pair, path, share
