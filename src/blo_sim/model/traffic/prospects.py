"""What an organisation can do with a load, and what each way is worth to it.

The *options* of a flow are the routes of all its modes. A load has a usual way: what it would take under
``fixed``. `Options.value` is the one formula of expected profit, used by every behaviour that weighs it.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from blo_sim.draws import key_of, uniforms
from blo_sim.model.border.long_run import LongRun, stages

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from blo_sim.scenario.schema import Behaviour
    from blo_sim.world.compile import Route, Stream, World

    Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Options:
    """The options of one flow, in the order of its streams and their routes; n of them.

    Attributes
    ----------
    streams : array of int, shape (n,)
        Index of each option's stream.
    routes : tuple of Route, length n
    first : dict
        Stream to the index of its first option.
    noise : dict
        Stream that a load belongs to, to the keys of its n draws of noise (uint64).
    utility, cost, bribes : array, shape (n,)
        Systematic utility of the usual choice; free cost in USD; expected number of shifts to be bribed.
    closed : array of bool, shape (12, n)
        Whether an option has a leg that is closed in a month.
    capacity : array, shape (n,)
        Largest load that may change to it, grams.
    controls, starts : array of int
        Controls of all options one after another, each option's ended by one that does not exist (index
        ``len(world.controls)``); ``starts`` has where each option's begin.
    detection : tuple of array
        By stage (`blo_sim.model.border.long_run.stages`), long-run detection at ``controls``.
    usd_per_gram, usd_per_gram_at_origin : float
    """

    streams: NDArray[np.int64]
    routes: tuple[Route, ...]
    first: dict[int, int]
    noise: dict[int, NDArray[np.uint64]]
    utility: Floats
    cost: Floats
    bribes: Floats
    closed: NDArray[np.bool_]
    capacity: Floats
    controls: NDArray[np.int64]
    starts: NDArray[np.int64]
    detection: tuple[Floats, ...]
    usd_per_gram: float
    usd_per_gram_at_origin: float

    def met(self, option: int) -> slice:
        """Where an option's controls stand in ``controls``."""
        ends = len(self.controls) if option + 1 == len(self.starts) else int(self.starts[option + 1])
        return slice(int(self.starts[option]), ends - 1)

    def risk(self, stage: int, factor: Floats | None = None) -> Floats:
        """Probability of loss on each option, shape (n,); ``factor`` multiplies detection by control."""
        p = self.detection[stage]
        if factor is not None:
            p = np.minimum(MOST, p * factor[self.controls])
        passed: Floats = np.multiply.reduceat(1.0 - p, self.starts)
        return 1.0 - passed

    def option_risk(self, stage: int, option: int, factor: Floats) -> float:
        """`risk` of one option."""
        place = self.met(option)
        p = np.minimum(MOST, self.detection[stage][place] * factor[self.controls[place]])
        return 1.0 - float(np.multiply.reduce(1.0 - p))

    def losses(self, rules: Behaviour, stream: int, grams: int, risk: Floats) -> Floats:
        """USD that an organisation expects to lose on each option, besides the free cost.

        Parameters
        ----------
        stream : int
            The load's usual one; any other is a change of mode.
        grams : int
        risk : array, shape (n,)
            Probability of loss.
        """
        at_stake = self.usd_per_gram * grams + rules.loss_usd
        changed = rules.mode_change_usd * (self.streams != stream)
        lost: Floats = risk * at_stake + rules.bribe_usd * self.bribes + changed
        return lost

    def expected_loss(self, rules: Behaviour, stream: int, grams: int, stage: int) -> Floats:
        """USD that an option is expected to cost at the long-run detection of a stage, shape (n,).

        What a best reply makes least: free cost and `losses`. ``stream`` and ``grams`` are those of `losses`.
        """
        lost: Floats = self.cost + self.losses(rules, stream, grams, self.risk(stage))
        return lost

    def forgone(self, grams: int) -> float:
        """USD that are not earned by a load that is not sent."""
        return (self.usd_per_gram - self.usd_per_gram_at_origin) * grams

    def best_reply(self, rules: Behaviour, stream: int, grams: int, month: int, stage: int) -> int | None:
        """The option of least `expected_loss` that is `available` to a load; None if it is not sent."""
        value = -self.expected_loss(rules, stream, grams, stage)
        return first_best(value, self.available(stream, grams, month), -self.forgone(grams))

    def available(self, stream: int, grams: int, month: int) -> NDArray[np.bool_]:
        """Options that are open in a month and can take the load; if none is, all of the usual mode."""
        usual = self.streams == stream
        found: NDArray[np.bool_] = ~self.closed[month] & (usual | (grams <= self.capacity))
        return found if found.any() else usual

    def noise_of(self, stream: int, keys: NDArray[np.uint64]) -> Floats:
        """Gumbel noise of loads on each option: that of the usual choice where the mode is the usual one.

        Parameters
        ----------
        stream : int
        keys : array of uint64, shape (m,)
            Of loads of this stream.

        Returns
        -------
        array, shape (m, n)
        """
        drawn: Floats = -np.log(-np.log(uniforms(self.noise[stream] ^ keys[:, np.newaxis], 0)))
        return drawn


def first_best(value: Floats, available: NDArray[np.bool_], stay: float) -> int | None:
    """The first option of largest value; None if staying is worth more."""
    value = np.where(available, value, -np.inf)
    best = int(value.argmax())
    return None if stay > value[best] else best


MOST = 0.99
"""Largest probability of loss at one control that anyone believes in."""


@dataclass(frozen=True)
class Smugglers:
    """How organisations behave in a world, and what they know beforehand.

    Attributes
    ----------
    kind : {"learning", "best-reply"}
    options : tuple of Options
        By stream (streams of one flow share theirs).
    stages : tuple of float
        Hours from which ``Options.detection`` has its entries.
    """

    kind: str
    rules: Behaviour
    options: tuple[Options, ...]
    stages: tuple[float, ...]


def smugglers(world: World, kind: str) -> Smugglers | None:
    """Prepare a behaviour for a world.

    Parameters
    ----------
    kind : {"fixed", "learning", "best-reply"}

    Returns
    -------
    Smugglers or None
        None for ``fixed``: nobody weighs anything.

    Raises
    ------
    ValueError
        If the scenario has no table ``[behaviour]``.
    """
    if kind == "fixed":
        return None
    if world.behaviour is None:
        raise ValueError(f"behaviour {kind!r} needs the tables [behaviour] and [[prices]]")
    starts = stages(world)
    detections = [LongRun(world, hour) for hour in starts]
    by_flow: dict[str, list[int]] = {}
    for number, stream in enumerate(world.streams):
        by_flow.setdefault(stream.flow, []).append(number)
    built = {flow: _options(world, members, detections) for flow, members in by_flow.items()}
    return Smugglers(
        kind=kind,
        rules=world.behaviour,
        options=tuple(built[stream.flow] for stream in world.streams),
        stages=tuple(starts),
    )


def _options(world: World, members: list[int], detections: list[LongRun]) -> Options:
    pairs = [(number, route) for number in members for route in world.streams[number].routes]
    first: dict[int, int] = {}
    for place, (number, _) in enumerate(pairs):
        first.setdefault(number, place)
    controls: list[int] = []
    starts: list[int] = []
    risks: list[list[float]] = [[] for _ in detections]
    for number, route in pairs:
        starts.append(len(controls))
        controls += [*route.controls, len(world.controls)]
        for found, long_run in zip(risks, detections, strict=True):
            found += [*detection_along(world, world.streams[number], route, long_run), 0.0]
    streams = [world.streams[number] for number, _ in pairs]
    usual = np.array([number for number, _ in pairs], dtype=np.int64)
    names = np.array([key_of("route", route.name) for _, route in pairs], dtype=np.uint64)
    modes = np.array([key_of("mode", stream.mode) for stream in streams], dtype=np.uint64)
    price = world.streams[members[0]]
    return Options(
        streams=usual,
        routes=tuple(route for _, route in pairs),
        first=first,
        noise={number: np.where(usual == number, names, names ^ modes) for number in members},
        utility=np.array([route.utility for _, route in pairs]),
        cost=np.array([route.cost for _, route in pairs]),
        bribes=np.array([world.streams[n].compromised * shifts_along(world, route) for n, route in pairs]),
        closed=np.array([[month in route.closed for _, route in pairs] for month in range(12)]),
        capacity=1000.0 * np.array([stream.capacity_kg for stream in streams]),
        controls=np.array(controls, dtype=np.int64),
        starts=np.array(starts, dtype=np.int64),
        detection=tuple(np.array(found) for found in risks),
        usd_per_gram=price.usd_per_kg / 1000.0,
        usd_per_gram_at_origin=price.usd_per_kg_at_origin / 1000.0,
    )


def shifts_along(world: World, route: Route) -> float:
    """Mean number of shifts that a load meets on a route: one at each control that is there."""
    return math.fsum(world.controls[index].presence for index in route.controls)


def detection_along(world: World, stream: Stream, route: Route, long_run: LongRun) -> list[float]:
    """Long-run detection at each control of a route, in order."""
    found: list[float] = []
    for leg in route.legs:
        for index, lanes in zip(leg.controls, leg.lanes, strict=True):
            found.append(long_run.probability(stream, world.controls[index], lanes))
        found += [long_run.probability(stream, world.controls[index], ()) for index in leg.units]
    return found
