"""Choice sets: the loopless routes between two places, by free cost, and their path sizes.

A route visits no place twice. The set of the ``k`` cheapest is found by best-first search over partial
routes, ordered by cost so far plus a lower bound of the cost to go: one reverse Dijkstra gives it, and where
its path would run through a place already visited, another Dijkstra around those places makes it exact (or
shows that there is no way on). This lists the loopless routes of a directed multigraph in order of cost;
ties are broken by leg ids. A test holds the result equal to Yen's algorithm of networkx on the graph in
which each leg is a node.
"""

from __future__ import annotations

import heapq
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

Node = tuple[str, int]
"""A place, and how many borders are behind a load there."""


@dataclass(frozen=True, slots=True)
class Step:
    """One leg in one direction. ``key`` is ``leg`` or ``-leg`` (backwards), stable between worlds."""

    key: str
    leg: int
    forward: bool
    tail: str
    head: str
    mode: str
    border: tuple[str, str] | None
    cost: float


def graph_of(steps: Sequence[Step]) -> Any:
    """The directed multigraph (networkx) of places and legs; edge keys are step keys."""
    import networkx as nx

    graph = nx.MultiDiGraph()
    for step in steps:
        graph.add_edge(step.tail, step.head, key=step.key, step=step, cost=step.cost)
    return graph


def joined(steps: Sequence[Step]) -> dict[str, tuple[Step, ...]]:
    """By place, the steps that hang together with it, in their order: no route from there has others."""
    import networkx as nx

    graph = nx.Graph()
    graph.add_edges_from((step.tail, step.head) for step in steps)
    part = {place: n for n, places in enumerate(nx.connected_components(graph)) for place in places}
    parts: dict[int, list[Step]] = {}
    for step in steps:
        parts.setdefault(part[step.tail], []).append(step)
    whole = {number: tuple(members) for number, members in parts.items()}
    return {place: whole[number] for place, number in part.items()}


def cheapest(
    steps: Sequence[Step],
    origin: str,
    destination: str,
    k: int,
    cost: Callable[[Step, int], float | None],
    accept: Callable[[tuple[Step, ...]], bool] = lambda route: True,
    most_borders: int = 1,
) -> list[tuple[Step, ...]]:
    """The ``k`` cheapest loopless routes, cheapest first.

    Parameters
    ----------
    cost : callable
        ``cost(step, borders)`` is the cost of a step after ``borders`` borders, or None where it may not
        be used there.
    most_borders : int
        From so many borders on, ``cost`` no longer depends on their number.
    accept : callable
        Routes for which it is false are passed over.

    Returns
    -------
    list of tuple of Step
        Shorter than ``k`` where there are no more routes.
    """
    search = _Search(steps, destination, cost, most_borders)
    start: Node = (origin, 0)
    if start not in search.to_go:
        return []
    # (estimate, leg keys, is the estimate exact, cost so far, node, route)
    queue: list[tuple[float, tuple[str, ...], bool, float, Node, tuple[Step, ...]]] = []
    heapq.heappush(queue, (search.to_go[start], (), False, 0.0, start, ()))
    found: list[tuple[Step, ...]] = []
    while queue and len(found) < k:
        _, keys, exact, so_far, node, route = heapq.heappop(queue)
        if node[0] == destination:
            if accept(route):
                found.append(route)
            continue
        seen = {origin, *(step.head for step in route)}
        if not exact and not search.clear(node, seen):
            around = search.around(node, seen)
            if around is not None:
                heapq.heappush(queue, (so_far + around, keys, True, so_far, node, route))
            continue
        for step, price, head in search.onward(node):
            if step.head not in seen:
                total = so_far + price
                estimate = total + search.to_go[head]
                heapq.heappush(queue, (estimate, (*keys, step.key), False, total, head, (*route, step)))
    return found


class _Search:
    """The graph of (place, borders) for one destination, and the least costs to go in it."""

    def __init__(
        self, steps: Sequence[Step], destination: str, cost: Callable[[Step, int], float | None], most: int
    ) -> None:
        import networkx as nx

        self.destination = destination
        self.leaving: dict[Node, list[tuple[Step, float, Node]]] = {}
        self.graph = nx.DiGraph()
        for borders in range(most + 1):
            self.graph.add_edge((destination, borders), (destination, -1), cost=0.0)
            for step in steps:
                price = cost(step, borders)
                if price is None:
                    continue
                tail, head = (step.tail, borders), (step.head, _after(step, borders, most))
                self.leaving.setdefault(tail, []).append((step, price, head))
                known = self.graph.get_edge_data(tail, head)
                if known is None or price < known["cost"]:
                    self.graph.add_edge(tail, head, cost=price)
        reverse = self.graph.reverse(copy=False)
        onward, self.to_go = nx.dijkstra_predecessor_and_distance(
            reverse, (destination, -1), weight="cost"
        )
        self.next = {node: nodes[0] for node, nodes in onward.items() if nodes}

    def onward(self, node: Node) -> list[tuple[Step, float, Node]]:
        """Steps from a node, with their cost and the node they lead to, where there is a way on."""
        return [way for way in self.leaving.get(node, ()) if way[2] in self.to_go]

    def clear(self, node: Node, seen: set[str]) -> bool:
        """Whether the cheapest way on from a node avoids the places already visited."""
        while node[0] != self.destination:
            node = self.next[node]
            if node[0] in seen:
                return False
        return True

    def around(self, node: Node, seen: set[str]) -> float | None:
        """Least cost to go around the places already visited, or None if there is no way."""
        import networkx as nx

        def weight(tail: Node, head: Node, edge: dict[str, float]) -> float | None:
            return None if head[0] in seen else edge["cost"]

        try:
            return float(nx.dijkstra_path_length(self.graph, node, (self.destination, -1), weight=weight))
        except nx.NetworkXNoPath:
            return None


def _after(step: Step, borders: int, most: int) -> int:
    """Borders behind a load after a step; ``most`` are as good as more."""
    return min(most, borders + (step.border is not None))


def path_sizes(routes: Sequence[Sequence[str]], costs: Sequence[Sequence[float]]) -> list[float]:
    """Path size of each route of a choice set (Ben-Akiva and Bierlaire 1999).

    ``sum over legs of (leg cost / route cost) / (routes that use the leg)``: 1 for a route that shares
    nothing, 1/n for n copies of the same route. ``routes`` are leg keys, ``costs`` their costs, > 0.
    """
    uses: dict[str, int] = {}
    for route in routes:
        for key in route:
            uses[key] = uses.get(key, 0) + 1
    return [
        math.fsum(price / uses[key] for key, price in zip(route, prices, strict=True)) / math.fsum(prices)
        for route, prices in zip(routes, costs, strict=True)
    ]
