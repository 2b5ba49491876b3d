"""Network instances for tests, and what they give by plain means: networkx and lists of all paths."""

from __future__ import annotations

import math
from collections.abc import Collection
from itertools import combinations
from typing import Any

import networkx as nx
import numpy as np
from hypothesis import strategies as st
from scipy.optimize import linprog

from blo_sim.analysis.instance import Instance, parse_instance

CHANCES = st.sampled_from([0.0, 0.1, 0.25, 0.5, 0.8, 0.9, 1.0]) | st.floats(0.01, 1.0)


@st.composite
def instances(draw: st.DrawFn, *, pairs: int = 4, owners: bool = False) -> Instance:
    """Small instances, with parallel arcs, closed arcs, sensors that do nothing and pairs without a way."""
    size = draw(st.integers(3, 6))
    nodes = st.integers(0, size - 1)
    joined = draw(
        st.lists(st.tuples(nodes, nodes).filter(lambda ends: ends[0] != ends[1]), min_size=4, max_size=14)
    )
    arcs = [_arc(draw, tail, head, owners) for tail, head in joined]
    present = sorted({node for ends in joined for node in ends})
    some = st.sampled_from([(a, b) for a in present for b in present if a != b])
    od = draw(st.lists(some, min_size=1, max_size=pairs, unique=True))
    weights = [draw(st.integers(0, 5)) for _ in od]
    total = max(1, sum(weights))
    content = {"arcs": arcs, "od": [list(pair) for pair in od], "od_prob": [w / total for w in weights]}
    return parse_instance(content, "drawn")


def _arc(draw: st.DrawFn, tail: int, head: int, owners: bool) -> dict[str, Any]:
    arc: dict[str, Any] = {"tail": tail, "head": head, "evade": draw(CHANCES)}
    if draw(st.integers(0, 3)):
        arc["evade_sensor"] = arc["evade"] * draw(CHANCES)
        if owners:
            arc["owner"] = draw(st.sampled_from(["north", "south"]))
    return arc


def plain_evasion(instance: Instance, sensors: Collection[int] = ()) -> float:
    """Evasion by a list of all paths."""
    total = []
    for pair, probability in zip(instance.od, instance.probabilities, strict=True):
        products = [
            math.prod(chance(instance, place, place in sensors) for place in path)
            for path in paths(instance, *pair)
        ]
        total.append(probability * max(products, default=0.0))
    return math.fsum(total)


def chance(instance: Instance, place: int, sensor: bool) -> float:
    """Probability of passing an arc undetected."""
    arc = instance.arcs[place]
    return arc.evade_sensor if sensor and arc.evade_sensor is not None else arc.evade


def paths(instance: Instance, origin: Any, destination: Any) -> list[tuple[int, ...]]:
    """All simple paths over arcs that can be passed, as places of arcs."""
    graph = nx.MultiDiGraph()
    for place, arc in enumerate(instance.arcs):
        graph.add_nodes_from((arc.tail, arc.head))
        if arc.evade > 0:
            graph.add_edge(arc.tail, arc.head, key=place)
    found = nx.all_simple_edge_paths(graph, origin, destination)
    return [tuple(place for _, _, place in path) for path in found]


def plain_best(instance: Instance, offices: int) -> float:
    """The least evasion of any design, each weighed by its paths."""
    return min(plain_evasion(instance, design) for design in combinations(instance.candidates, offices))


def game_value(instance: Instance) -> float:
    """Value of the team's game by the linear program over all arcs and all paths."""
    p = [
        0.0 if arc.evade_sensor is None or arc.evade == 0 else 1.0 - arc.evade_sensor / arc.evade
        for arc in instance.arcs
    ]
    arcs, pairs = len(p), len(instance.od)
    total = sum(instance.probabilities)
    rows = [
        [-p[place] * (place in path) for place in range(arcs)] + [float(k == pair) for k in range(pairs)]
        for pair, ends in enumerate(instance.od)
        for path in paths(instance, *ends)
    ]
    weights = [probability / total for probability in instance.probabilities]
    result = linprog(
        [0.0] * arcs + [-weight for weight in weights],
        A_ub=np.array(rows) if rows else None,
        b_ub=np.zeros(len(rows)) if rows else None,
        A_eq=np.array([[1.0] * arcs + [0.0] * pairs]),
        b_eq=[1.0],
        bounds=(0.0, 1.0),
        method="highs",
    )
    assert result.status == 0
    return float(-result.fun)
