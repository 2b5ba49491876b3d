"""Path cuts: the least evasion that k sensors leave, by an integer program that grows as it must.

Sensors on a path multiply its evasion, so a smuggler's evasion is the greatest of products over paths. The
program has a variable x for each candidate (1: a sensor stands there) and one for the evasion of each pair
of origin and destination, held up by linear *cuts*. A cut belongs to a path and a set S of its candidates,
and is tight where exactly S of them have a sensor (`cut_of`): Towle and Luedtke (2018) show such
inequalities to be stronger than the compact formulation of Pan, Charlton and Morton (2003) with its node
potentials.

Cuts are found by Dijkstra's algorithm in two phases: for fractional designs, until the linear program's
bound stands; then for the integer designs that HiGHS proposes, until none is better than its own cuts say.
Every bound on the way is valid, since a program with fewer cuts only allows more, and every design is
weighed exactly.
"""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

import numpy as np

from blo_sim.analysis.network import Floats, Integers, Network

PROVEN_WITHIN = 1e-6
"""Of the evasion without sensors: HiGHS holds cuts and whole numbers to about this much."""
VIOLATED = 1e-7
"""A cut is worth adding if it moves a pair's evasion by more than this share of that without sensors."""
STALLED, PATIENCE = 1e-4, 8
"""The linear phase ends if the bound gains less than this share in so many rounds."""
LOOSE = 0.05
"""Distance from binding, as a share of the evasion without sensors, at which the linear phase drops a cut."""
LARGEST_SEARCH = 12
"""Sensors on a path up to which `_slack` tries all subsets."""
BLOCKS = 1e-9
"""A ratio of evasion with and without a sensor below which the sensor closes the arc."""
ROUGHLY = 0.3
"""Of the gap left, to which an integer program is solved: its cuts are not all there yet."""
EXCHANGED, EXCHANGE_SECONDS = 0.6, 15.0
"""Share of the time limit at which sensors are no longer moved one by one, and the most that this takes."""
FINER = 100.0
"""Factor on the objective, whose sum of weights is 1: HiGHS stops at an absolute gap of 1e-6 of its own."""
LINEAR_SHARE = 0.4
"""Of the time limit, for the linear phase."""


@dataclass(frozen=True, slots=True)
class Cut:
    """``evasion[pair] + sum(coefficients * x[columns]) >= bound``, as shares of evasion without sensors."""

    pair: int
    columns: tuple[int, ...]
    coefficients: tuple[float, ...]
    bound: float

    def at(self, x: Floats) -> float:
        """The least evasion that it allows at a design."""
        terms = zip(self.coefficients, self.columns, strict=True)
        return self.bound - math.fsum(coefficient * x[column] for coefficient, column in terms)


@dataclass(frozen=True, slots=True)
class Solved:
    """A design, the exact evasion that it leaves, and a lower bound on that of any design of its size.

    Parameters
    ----------
    design : tuple of int
        Places in the instance's ``arcs``, ascending.
    evasion, bound : float
    proven : bool
        Whether no design is better by more than `PROVEN_WITHIN` of the evasion without sensors.
    """

    design: tuple[int, ...]
    evasion: float
    bound: float
    proven: bool


@dataclass
class _Search:
    """What is known so far."""

    network: Network
    offices: int
    allowed: Integers
    scale: Floats
    ends: float
    cuts: dict[tuple[Any, ...], Cut] = field(default_factory=dict)
    design: tuple[int, ...] = ()
    evasion: float = math.inf
    bound: float = 0.0

    @property
    def weights(self) -> Floats:
        return self.network.probabilities * self.scale

    @property
    def unit(self) -> float:
        """Evasion for 1 in the objective of HiGHS."""
        return float(self.weights.sum()) / FINER

    @property
    def tolerance(self) -> float:
        return PROVEN_WITHIN * float(self.weights.sum())

    @property
    def left(self) -> float:
        return self.ends - time.monotonic()

    def done(self) -> bool:
        return self.evasion - self.bound <= self.tolerance

    def raise_bound(self, bound: float) -> None:
        self.bound = max(self.bound, bound)

    def drop_loose(self, x: Floats, evasions: Floats) -> None:
        """Forget cuts that are far from binding; one that is needed after all is found again."""
        self.cuts = {key: cut for key, cut in self.cuts.items() if evasions[cut.pair] - cut.at(x) <= LOOSE}

    def weigh(self, design: Sequence[int]) -> None:
        """Keep a design if it is the best so far."""
        ordered = tuple(sorted(design))
        evasion = self.network.evasion(ordered)
        if evasion < self.evasion:
            self.design, self.evasion = ordered, evasion


def solve(
    network: Network, offices: int, *, allowed: Integers | None = None, time_limit: float | None = None
) -> Solved:
    """The best sites for sensors, by path cuts and HiGHS.

    Parameters
    ----------
    network : Network
    offices : int
        Number of sensors, at least 0 and at most that of the candidates.
    allowed : ndarray of int, optional
        Candidates that may be used, as places in the instance's ``arcs``; all by default.
    time_limit : float, optional
        Seconds after which the best design and bound so far are returned.
    """
    candidates = network.candidates if allowed is None else allowed
    scale = np.array([reply.evasion for reply in network.replies(network.evade)])
    now = time.monotonic()
    ends = math.inf if time_limit is None else now + time_limit
    search = _Search(network, offices, candidates, scale, ends)
    search.weigh(candidates[:offices].tolist())
    search.raise_bound(network.evasion(candidates))
    if search.weights.sum() > 0 and not search.done():
        _linear_phase(search, math.inf if time_limit is None else now + LINEAR_SHARE * time_limit)
        share = math.inf if time_limit is None else now + EXCHANGED * time_limit
        _exchange(search, min(share, time.monotonic() + EXCHANGE_SECONDS))
        _integer_phase(search)
    if search.done():
        return Solved(search.design, search.evasion, search.evasion, True)
    bound = max(0.0, search.bound - search.tolerance)
    return Solved(search.design, search.evasion, bound, False)


def linear_bound(network: Network, offices: int, *, time_limit: float | None = None) -> float:
    """The bound of the linear program alone, which `solve` starts from; same parameters."""
    scale = np.array([reply.evasion for reply in network.replies(network.evade)])
    ends = math.inf if time_limit is None else time.monotonic() + time_limit
    search = _Search(network, offices, network.candidates, scale, ends)
    if search.weights.sum() > 0:
        _linear_phase(search, ends)
    return search.bound


# The phases


def _linear_phase(search: _Search, ends: float) -> None:
    history = [0.0]
    while time.monotonic() < ends:
        found = _linear_program(search, ends - time.monotonic())
        if found is None:
            return
        bound, x, evasions = found
        search.raise_bound(bound)
        search.weigh(_rounded(search, x))
        search.drop_loose(x, evasions)
        fresh = _add_cuts(search, x, evasions)
        history.append(max(history[-1], bound))
        recent = history[-1] - history[-1 - PATIENCE] if len(history) > PATIENCE else math.inf
        if not fresh or search.done() or recent < STALLED * max(bound, search.tolerance):
            return


def _integer_phase(search: _Search) -> None:
    exact = False
    while not search.done() and search.left > 0:
        accuracy = 0.0 if exact else ROUGHLY * (1.0 - search.bound / search.evasion)
        x, evasions, bound = _integer_program(search, accuracy)
        search.raise_bound(bound)
        if x is None:
            return
        search.weigh(_rounded(search, x))
        fresh = _add_cuts(search, np.round(x), evasions)
        if exact and not fresh:
            return
        exact = not fresh


def _exchange(search: _Search, ends: float) -> None:
    """Move the sensor that matters least to the best place on a smuggler's way, as long as that gains."""
    network, allowed = search.network, set(search.allowed.tolist())
    before = math.inf
    while search.evasion < before and search.offices and time.monotonic() < ends:
        before, design = search.evasion, search.design
        without = [tuple(place for place in design if place != moved) for moved in design]
        rest = min(without, key=network.evasion)
        ways = network.replies(network.under(rest))
        for place in sorted({arc for way in ways for arc in way.arcs} & allowed - set(rest)):
            search.weigh((*rest, place))


def _rounded(search: _Search, x: Floats) -> list[int]:
    """The design of the greatest values, the file's order breaking ties."""
    best = np.argsort(-np.round(x, 9), kind="stable")[: search.offices]
    return [int(place) for place in search.allowed[best]]


# Cuts


def _add_cuts(search: _Search, x: Floats, evasions: Floats) -> int:
    """Add the cut of each pair's best path that ``x`` violates; return how many there were."""
    network, added = search.network, 0
    column_of = {int(place): column for column, place in enumerate(search.allowed)}
    mixed = network.evade.copy()
    closer = network.evade_sensor[search.allowed] - network.evade[search.allowed]
    mixed[search.allowed] = np.maximum(mixed[search.allowed] + x * closer, 0.0)
    for pair, reply in enumerate(network.replies(mixed)):
        if not reply.arcs or search.weights[pair] == 0.0:
            continue
        sensible = [arc for arc in reply.arcs if arc in column_of]
        plain = math.prod(network.evade[list(reply.arcs)].tolist()) / search.scale[pair]
        cut = cut_of(
            pair,
            plain,
            [column_of[arc] for arc in sensible],
            [float(network.evade_sensor[arc] / network.evade[arc]) for arc in sensible],
            x,
        )
        key = (pair, cut.columns, cut.coefficients)
        if cut.at(x) > evasions[pair] + VIOLATED and key not in search.cuts:
            search.cuts[key] = cut
            added += 1
    return added


def cut_of(pair: int, plain: float, columns: Sequence[int], ratios: Sequence[float], x: Floats) -> Cut:
    """The cut of a path, tight at as many sensors as ``x`` has on it.

    Let h be the path's evasion with sensors at S, b the ratios of evasion with and without a sensor. Then for
    any set T of its candidates the evasion is at least

        h (1 - sum over T without S of (1 - b) + g sum over S without T of (1 / b - 1)),

    where g is the greatest number that makes this true of all T (`_slack`). With equal ratios g = b, and the
    cuts of all S together are the convex hull.

    Parameters
    ----------
    pair : int
    plain : float
        The path's evasion without sensors, as a share of the pair's.
    columns, ratios : sequence
        Of the path's candidates.
    x : ndarray
        A design, whole or fractional, by column.
    """
    by_value = sorted(range(len(columns)), key=lambda i: -x[columns[i]])
    count = math.floor(sum(x[column] for column in columns) + 1e-6)
    inside = [i for i in by_value[:count] if ratios[i] > BLOCKS]
    outside = [i for i in range(len(columns)) if i not in inside]
    left = plain * math.prod(ratios[i] for i in inside)
    slack = _slack(tuple(sorted(ratios[i] for i in outside)), tuple(sorted(ratios[i] for i in inside)))
    gains = {columns[i]: left * slack * (1.0 / ratios[i] - 1.0) for i in inside}
    losses = {columns[i]: left * (1.0 - ratios[i]) for i in outside if ratios[i] < 1.0}
    coefficients = dict(sorted((losses | gains).items()))
    bound = left + sum(gains.values())
    return Cut(pair, tuple(coefficients), tuple(coefficients.values()), bound)


@lru_cache(maxsize=65536)
def _slack(outside: tuple[float, ...], inside: tuple[float, ...]) -> float:
    """The greatest valid g of `cut_of`, or a smaller one where there are too many subsets to try.

    Both arguments ascend. For a given part of S, the worst of the other sets are the least ratios: an element
    of a worst set whose ratio is not among them could be exchanged for one that is, or left out.
    """
    if not inside or min(inside) >= 1.0:
        return 0.0
    if len(inside) > LARGEST_SEARCH:
        return math.prod(outside)
    products = np.cumprod((1.0, *outside))
    losses = np.cumsum((0.0, *(1.0 - ratio for ratio in outside)))
    factors, gains = np.ones(1), np.zeros(1)
    for ratio in inside:
        factors = np.concatenate((factors, factors / ratio))
        gains = np.concatenate((gains, gains + (1.0 / ratio - 1.0)))
    some = gains > 0.0
    slack = (np.outer(products, factors[some]) - 1.0 + losses[:, None]) / gains[some]
    return max(0.0, float(slack.min()))


# HiGHS


def _program(search: _Search) -> tuple[Floats, Any, Floats]:
    """Objective, matrix and lower limits of the cuts; columns are x, then the pairs' evasions."""
    from scipy.sparse import coo_array

    n = len(search.allowed)
    weights = search.weights / search.unit
    cuts = list(search.cuts.values())
    rows = np.repeat(np.arange(len(cuts)), [len(cut.columns) for cut in cuts])
    columns = np.array([column for cut in cuts for column in cut.columns], dtype=np.int64)
    values = np.array([value for cut in cuts for value in cut.coefficients])
    rows = np.concatenate((rows, np.arange(len(cuts))))
    columns = np.concatenate((columns, np.array([n + cut.pair for cut in cuts], dtype=np.int64)))
    values = np.concatenate((values, np.ones(len(cuts))))
    shape = (len(cuts), n + len(weights))
    matrix = coo_array((values, (rows, columns)), shape=shape).tocsr()
    return np.concatenate((np.zeros(n), weights)), matrix, np.array([cut.bound for cut in cuts])


def _linear_program(search: _Search, seconds: float) -> tuple[float, Floats, Floats] | None:
    from scipy.optimize import linprog

    n = len(search.allowed)
    objective, matrix, limits = _program(search)
    exactly = np.concatenate((np.ones(n), np.zeros(len(objective) - n)))[None, :]
    result = linprog(
        objective,
        A_ub=-matrix if search.cuts else None,
        b_ub=-limits if search.cuts else None,
        A_eq=exactly,
        b_eq=[search.offices],
        bounds=(0.0, 1.0),
        method="highs",
        options={"time_limit": max(seconds, 0.0)} if math.isfinite(seconds) else {},
    )
    if result.status != 0:
        return None
    return result.fun * search.unit, result.x[:n], result.x[n:]


def _integer_program(search: _Search, accuracy: float) -> tuple[Floats | None, Floats, float]:
    from scipy.optimize import Bounds, LinearConstraint, milp

    n = len(search.allowed)
    objective, matrix, limits = _program(search)
    exactly = np.concatenate((np.ones(n), np.zeros(len(objective) - n)))[None, :]
    constraints = [LinearConstraint(exactly, search.offices, search.offices)]
    if search.cuts:
        constraints.append(LinearConstraint(matrix, limits, np.inf))
    result = milp(
        objective,
        integrality=(np.arange(len(objective)) < n).astype(int),
        bounds=Bounds(0.0, 1.0),
        constraints=constraints,
        options={"mip_rel_gap": accuracy}
        | ({"time_limit": search.left} if math.isfinite(search.ends) else {}),
    )
    bound = result.mip_dual_bound
    lower = 0.0 if bound is None or not math.isfinite(bound) else bound * search.unit
    if result.x is None:
        return None, np.zeros(0), lower
    return result.x[:n], result.x[n:], lower
