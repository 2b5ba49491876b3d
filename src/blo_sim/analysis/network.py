"""The smuggler's best reply: the path of greatest evasion, by Dijkstra on -log of the arcs' probabilities.

Smugglers who share a destination share one search, as do those who share an origin; the searches start from
whichever end has fewer distinct nodes (a *root*). `Network.evasions` does the same for many designs at once
by products instead of logarithms: Bellman's recursion over arrays, until nothing changes.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from blo_sim.analysis.instance import Instance, Node

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
CHUNK = 4_000_000
"""Numbers in an array of `Network.evasions`: arcs times the designs that are worked on together."""


@dataclass(frozen=True, slots=True)
class Reply:
    """The best reply of one kind of smuggler.

    Parameters
    ----------
    arcs : tuple of int
        Places in the instance's ``arcs``, from origin to destination; empty where there is no way.
    evasion : float
        The product of their probabilities; 0 where there is no way.
    """

    arcs: tuple[int, ...]
    evasion: float


class Network:
    """An instance, ready for searches.

    Attributes
    ----------
    instance : Instance
    candidates : ndarray of int, shape (n,)
        Places of the candidates in the instance's ``arcs``.
    evade, evade_sensor : ndarray, shape (arcs,)
        Without and with a sensor; equal where none can stand.
    probabilities : ndarray, shape (pairs,)
    """

    def __init__(self, instance: Instance) -> None:
        self.instance = instance
        self.candidates: Integers = np.array(instance.candidates, dtype=np.int64)
        self.evade: Floats = np.array([arc.evade for arc in instance.arcs])
        self.evade_sensor: Floats = np.array(
            [arc.evade if arc.evade_sensor is None else arc.evade_sensor for arc in instance.arcs]
        )
        self.probabilities: Floats = np.array(instance.probabilities)
        self._number: dict[Node, int] = {}
        for arc in instance.arcs:
            self._number.setdefault(arc.tail, len(self._number))
            self._number.setdefault(arc.head, len(self._number))
        self._orient()
        self._pack()

    def _orient(self) -> None:
        """Choose the roots, and call each arc's ends ``near`` and ``far`` as seen from a root."""
        arcs = self.instance.arcs
        tails = np.array([self._number[arc.tail] for arc in arcs])
        heads = np.array([self._number[arc.head] for arc in arcs])
        origins = np.array([self._number[origin] for origin, _ in self.instance.od])
        destinations = np.array([self._number[destination] for _, destination in self.instance.od])
        self.backward = len(set(destinations)) <= len(set(origins))
        self._near, self._far = (heads, tails) if self.backward else (tails, heads)
        roots, self._goals = (destinations, origins) if self.backward else (origins, destinations)
        self._roots, self._root_of = np.unique(roots, return_inverse=True)

    def _pack(self) -> None:
        """The sparse matrix of the searches, with one entry for all arcs that join the same two nodes."""
        self._order = np.lexsort((self._far, self._near))
        near, far = self._near[self._order], self._far[self._order]
        fresh = np.append(True, (np.diff(near) != 0) | (np.diff(far) != 0))
        self._starts = np.flatnonzero(fresh)
        self._ends = np.append(self._starts[1:], len(near))
        self._columns = far[self._starts].astype(np.int32)
        counts = np.bincount(near[self._starts], minlength=len(self._number))
        self._pointers = np.append(0, np.cumsum(counts)).astype(np.int32)
        joined = zip(near[self._starts].tolist(), self._columns.tolist(), strict=True)
        self._entry = {pair: entry for entry, pair in enumerate(joined)}
        self._by_far = np.argsort(self._far, kind="stable")
        self._reached, self._reached_starts = np.unique(self._far[self._by_far], return_index=True)

    @property
    def roots(self) -> int:
        """Number of searches for one design."""
        return len(self._roots)

    def under(self, sensors: Sequence[int] | Integers) -> Floats:
        """Probabilities of passing each arc undetected.

        Parameters
        ----------
        sensors : sequence of int
            Places in the instance's ``arcs``.
        """
        evade = self.evade.copy()
        chosen = np.asarray(sensors, dtype=np.int64)
        evade[chosen] = self.evade_sensor[chosen]
        return evade

    def replies(self, evade: Floats) -> list[Reply]:
        """Best replies to the arcs' probabilities, one a pair of the instance.

        Parameters
        ----------
        evade : ndarray, shape (arcs,)
        """
        with np.errstate(divide="ignore"):
            paths = self.shortest(-np.log(evade))
        return [
            Reply((), 0.0) if path is None else Reply(path, math.prod(evade[list(path)].tolist()))
            for path in paths
        ]

    def shortest(self, lengths: Floats) -> list[tuple[int, ...] | None]:
        """Shortest paths, as places of arcs; None for a pair without a way of finite length.

        Parameters
        ----------
        lengths : ndarray, shape (arcs,)
            At least 0; infinite for an arc that is closed.
        """
        from scipy.sparse import csr_array
        from scipy.sparse.csgraph import dijkstra

        ordered = lengths[self._order]
        shortest = np.minimum.reduceat(ordered, self._starts)
        size = len(self._number)
        graph = csr_array((shortest, self._columns, self._pointers), shape=(size, size))
        distances, before = dijkstra(graph, indices=self._roots, return_predecessors=True)
        reached = np.isfinite(distances[self._root_of, self._goals])
        return [
            self._walked(before[root], goal, int(self._roots[root]), ordered) if there else None
            for root, goal, there in zip(
                self._root_of.tolist(), self._goals.tolist(), reached.tolist(), strict=True
            )
        ]

    def _walked(self, before: NDArray[np.int32], goal: int, root: int, ordered: Floats) -> tuple[int, ...]:
        path, node = [], goal
        while node != root:
            nearer = int(before[node])
            entry = self._entry[nearer, node]
            start, end = self._starts[entry], self._ends[entry]
            best = start if end == start + 1 else start + int(np.argmin(ordered[start:end]))
            path.append(int(self._order[best]))
            node = nearer
        return tuple(path) if self.backward else tuple(reversed(path))

    def evasion(self, sensors: Sequence[int] | Integers = ()) -> float:
        """Probability that a smuggler gets through against sensors, with best replies to them."""
        replies = self.replies(self.under(sensors))
        return self.total([reply.evasion for reply in replies])

    def total(self, evasions: Sequence[float]) -> float:
        """Evasions of the pairs, weighted by their probabilities."""
        weights = self.instance.probabilities
        return math.fsum(p * evasion for p, evasion in zip(weights, evasions, strict=True))

    def evasions(self, designs: Integers) -> Floats:
        """`evasion` of many designs.

        Parameters
        ----------
        designs : ndarray of int, shape (m, k)
            Places of sensors in the instance's ``arcs``, a design a row.

        Returns
        -------
        ndarray, shape (m,)
        """
        step = max(1, CHUNK // len(self.evade))
        parts = [self._evasions(designs[start : start + step]) for start in range(0, len(designs), step)]
        return np.concatenate(parts)

    def _evasions(self, designs: Integers) -> Floats:
        count = len(designs)
        evade = np.repeat(self.evade[:, None], count, axis=1)
        rows = np.arange(count)
        for column in designs.T:
            evade[column, rows] = self.evade_sensor[column]
        evade = evade[self._by_far]
        near = self._near[self._by_far]
        found = np.zeros(count)
        for place, root in enumerate(self._roots):
            best = np.zeros((len(self._number), count))
            best[root] = 1.0
            changed = True
            while changed:
                reached = np.maximum.reduceat(evade * best[near], self._reached_starts, axis=0)
                changed = bool((reached > best[self._reached]).any())
                best[self._reached] = np.maximum(best[self._reached], reached)
            pairs = np.flatnonzero(self._root_of == place)
            found += self.probabilities[pairs] @ best[self._goals[pairs]]
        return found
