"""Made-up instances of any size, the same for the same seed.

Nodes lie in a square, each moved at random from a place of a lattice. Arcs come in pairs, there and back:
first the shortest tree that joins all nodes, then the shortest further pairs, which gives a map like that of
roads. Smugglers start at nodes near the left edge and go to nodes near the right one. Countries are bands
between: an arc belongs to that of its tail.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from blo_sim.analysis.instance import Arc, Instance
from blo_sim.analysis.network import Floats
from blo_sim.draws import key_of, uniforms
from blo_sim.experiment.design import DEFAULT_SEED, whole

MOVED = 0.7
"""How far a node may lie from its place of the lattice, across and down, in steps of the lattice."""
EVADE = (0.85, 1.0)
"""Range of the probability of passing an arc undetected."""
RATIO = (0.1, 0.6)
"""Range of the factor that a sensor puts on it."""


def generate_instance(
    *,
    nodes: int,
    arcs: int,
    candidates: int,
    pairs: int,
    owners: int = 0,
    seed: int = DEFAULT_SEED,
) -> Instance:
    """Make up an instance.

    Parameters
    ----------
    nodes : int
        At least 2.
    arcs : int
        From 2 (nodes - 1) to nodes (nodes - 1), so that every node can be reached from every other.
    candidates : int
        Arcs on which a sensor can stand, drawn at random from those that lead right, then from the others.
    pairs : int
        Pairs of origin and destination, each with a probability of its own; at most (nodes // 2) squared.
    owners : int
        Countries that decide on their candidates; 0 for none.
    seed : int
        Of all draws.

    Raises
    ------
    UsageError
        If a number is out of its range.
    """
    whole("nodes", nodes, at_least=2)
    whole("owners", owners, at_least=0)
    whole("seed", seed, at_least=0)
    half = nodes // 2
    for name, value, low, high in (
        ("arcs", arcs, 2 * (nodes - 1), nodes * (nodes - 1)),
        ("candidates", candidates, 0, arcs),
        ("pairs", pairs, 1, half * half),
    ):
        whole(name, value, at_least=low, at_most=high)
    across, down = _places(nodes, seed)
    joined = _joined(across, down, arcs)
    evade = _between(EVADE, _uniform(seed, "evade", arcs))
    beside = evade * _between(RATIO, _uniform(seed, "ratio", arcs))
    leftward = np.array([across[head] <= across[tail] for tail, head in joined])
    sensible = set(np.argsort(_uniform(seed, "candidate", arcs) + leftward)[:candidates].tolist())
    made = tuple(
        Arc(
            tail,
            head,
            round(float(evade[place]), 6),
            round(float(beside[place]), 6) if place in sensible else None,
            _country(float(across[tail]), owners) if owners and place in sensible else None,
        )
        for place, (tail, head) in enumerate(joined)
    )
    od = _pairs(across, pairs, seed)
    weights = -np.log(_uniform(seed, "probability", pairs))
    probabilities = tuple((weights / weights.sum()).tolist())
    return Instance(f"generated-{seed}", made, od, probabilities, f"made up, seed {seed}")


def _uniform(seed: int, name: str, count: int) -> Floats:
    keys = np.array([key_of("instance", seed, name, place) for place in range(count)], dtype=np.uint64)
    return uniforms(keys, 0)


def _places(nodes: int, seed: int) -> tuple[Floats, Floats]:
    """Coordinates across and down, from 0 to 1."""
    side = math.isqrt(nodes - 1) + 1
    row, column = np.divmod(np.arange(nodes), side)
    across = (column + MOVED * _uniform(seed, "across", nodes)) / side
    down = (row + MOVED * _uniform(seed, "down", nodes)) / side
    return across, down


def _between(limits: tuple[float, float], u: Floats) -> Floats:
    return limits[0] + (limits[1] - limits[0]) * u


def _country(across: float, owners: int) -> str:
    return f"country-{min(owners, 1 + int(across * owners))}"


def _joined(across: Floats, down: Floats, arcs: int) -> list[tuple[int, int]]:
    """Tails and heads: the shortest tree, then the shortest other pairs, each there and back."""
    from scipy.sparse.csgraph import minimum_spanning_tree

    lengths = np.hypot(across[:, None] - across, down[:, None] - down)
    tree = minimum_spanning_tree(lengths).tocoo()
    first, second = np.triu_indices(len(across), 1)
    inside = {tuple(sorted(pair)) for pair in zip(tree.row.tolist(), tree.col.tolist(), strict=True)}
    by_length = np.argsort(lengths[first, second], kind="stable")[: arcs // 2 + len(across)]
    others: list[Any] = [
        pair
        for pair in zip(first[by_length].tolist(), second[by_length].tolist(), strict=True)
        if pair not in inside
    ]
    roads = [*sorted(inside), *others]
    there_and_back = [way for a, b in roads for way in ((a, b), (b, a))]
    return there_and_back[:arcs]


def _pairs(across: Floats, pairs: int, seed: int) -> tuple[tuple[int, int], ...]:
    """As few origins and destinations as the number of pairs allows, taken from the two edges."""
    ends = math.isqrt(pairs - 1) + 1
    by_place = np.argsort(across, kind="stable").tolist()
    every = [(origin, destination) for origin in by_place[:ends] for destination in by_place[-ends:]]
    drawn = np.argsort(_uniform(seed, "pair", len(every)), kind="stable")[:pairs]
    return tuple(every[place] for place in sorted(drawn.tolist()))
