"""The static limit of a scenario: what its controls could intercept at best, by class of loads.

No delay, no loss of messages, all offices at full effect, and one decision: every smuggler takes a way of his
choice set and is met there by what controls detect in the long run. A class is the loads of one flow by one
mode. What is common to a whole way (how a load is hidden, whether it is told of) makes evasion a mixture of
products, which is computed as such. Tips are those of informants; a tip is known at once, and stays fresh,
at every control that a message from there can reach and that lies ahead.

Two values frame what smugglers of one class can make of it, if only the risk counts: `lower`, where each
knows whether he was told of, and `upper`, where none knows and all take the one best way.
"""

from __future__ import annotations

import math
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from blo_sim import __version__
from blo_sim.analysis.office_sites import SitesPrice, price_of_sites
from blo_sim.draws import lognormal
from blo_sim.errors import UsageError
from blo_sim.experiment.design import loaded, whole
from blo_sim.experiment.result import as_dataframe
from blo_sim.model.border.long_run import LongRun
from blo_sim.model.traffic.demand import NO_CLASS, chance_of_notice
from blo_sim.model.traffic.prospects import Options, Smugglers, smugglers

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from blo_sim.scenario import Scenario
    from blo_sim.world.compile import Route, Stream, World

    Floats = NDArray[np.float64]

ROW = (
    "class", "commodity", "mode", "kg_per_year", "tipped_share", "untipped", "tipped", "lower", "upper",
    "best_reply",
)  # fmt: skip
SIZES = 50
"""Loads of a class are those at the middles of so many equal shares of its distribution of sizes."""
HOURS_PER_MONTH = 730.0


@dataclass(frozen=True)
class ClassBound:
    """The limit of one class of loads; all values but the mass are shares of its kilograms.

    Attributes
    ----------
    name : str
        Commodity and mode in a real place, flow and mode in a synthetic one.
    commodity, mode : str
    kg_per_year : float
    tipped_share : float
        Told of by at least one informant on the way.
    untipped, tipped : float
        Intercepted on the way of least risk to a load that nobody told of, and to one that was told of.
    lower, upper : float
        Intercepted at the least risk: where smugglers know whether they were told of, and where they do not.
    best_reply : float or None
        Intercepted on the ways that ``best-reply`` smugglers take, who weigh costs too and know of no tips;
        None without a table ``[behaviour]``.
    """

    name: str
    commodity: str
    mode: str
    kg_per_year: float
    tipped_share: float
    untipped: float
    tipped: float
    lower: float
    upper: float
    best_reply: float | None


@dataclass(frozen=True)
class ScenarioBound:
    """What `bound_scenario` returns.

    Attributes
    ----------
    scenario : Scenario
    classes : tuple of ClassBound
        Of the region together where the place is real: commodity by mode.
    sites : SitesPrice or None
        What further offices gain if they are placed with and without coordination; None if none were asked
        for.
    """

    scenario: Scenario
    classes: tuple[ClassBound, ...]
    sites: SitesPrice | None = None

    @cached_property
    def total(self) -> ClassBound:
        """The headline: its commodities, weighted."""
        headline = self.scenario.model.headline
        weights = {each: headline.weights.get(each.commodity, 0.0) for each in self.classes}
        rows = [each for each in self.classes if weights[each]]
        return _together(headline.id, headline.id, "", rows, [weights[each] for each in rows])

    def document(self) -> dict[str, Any]:
        """The JSON document: dictionaries, lists, strings, finite numbers and None."""
        return {
            "version": __version__,
            "scenario": self.scenario.name,
            "sha256": self.scenario.sha256,
            "headline": self.scenario.model.headline.id,
            "total": _row(self.total),
            "classes": self.rows(),
            "coordination": None if self.sites is None else self.sites.document(),
        }

    def rows(self) -> list[dict[str, Any]]:
        """The classes, one a row, with the keys of `ClassBound` (its name as ``class``)."""
        return [_row(each) for each in self.classes]

    def to_dataframe(self) -> Any:
        """The `rows` as a pandas ``DataFrame``.

        Raises
        ------
        UsageError
            If pandas is not installed.
        """
        return as_dataframe(self.rows(), ROW)


def bound_scenario(scenario: str | os.PathLike[str] | Scenario, *, offices: int = 0) -> ScenarioBound:
    """What the controls of a scenario could intercept at best, by class of loads.

    Parameters
    ----------
    scenario : str, path or Scenario
        All its offices are taken to stand at full effect, as under the steady clock.
    offices : int
        How many more are placed, by countries that each decide alone and by all together; none by default.

    Returns
    -------
    ScenarioBound
        Of a real place only values by commodity and mode: no way, and nothing that tells of a crossing.

    Raises
    ------
    ScenarioError
        If the scenario is not valid.
    UsageError
        If nothing of its headline is shipped, or so many offices cannot be placed.

    Examples
    --------
    >>> import blo_sim
    >>> found = blo_sim.bound_scenario("two-bridges").total
    >>> found.lower == found.upper == found.untipped  # nobody is told anything there
    True
    """
    from blo_sim.world.compile import compile_world

    whole("offices", offices, at_least=0)
    one = loaded(scenario)
    limits = _Limits(compile_world(one))
    streams = limits.world.streams
    found = [limits.bound(number) for number, stream in enumerate(streams) if any(stream.per_hour)]
    headline = one.model.headline
    if not any(headline.weights.get(each.commodity) for each in found):
        raise UsageError(f"{one.name}: no flow ships anything of the headline {headline.id}")
    if limits.world.place == "real":
        found = list(_by_commodity_and_mode(found))
    sites = price_of_sites(one, limits.world, offices) if offices else None
    return ScenarioBound(one, tuple(found), sites)


class _Limits:
    """The limits of a world's classes."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.long_run = LongRun(world, 0.0)
        self.smugglers = None if world.behaviour is None else smugglers(world, "best-reply")
        self.risks: dict[tuple[int, str, bool], float] = {}

    def bound(self, number: int) -> ClassBound:
        """The limit of a stream."""
        stream = self.world.streams[number]
        untipped, tipped = (
            np.array([self.risk(number, route, told=told) for route in stream.routes])
            for told in (False, True)
        )
        grams = _grams(stream)
        q = np.array([_masses(grams, self.told(route, grams)) for route in stream.routes])
        months = np.array(stream.per_hour) / sum(stream.per_hour)
        over_year = np.zeros(6)
        for is_open, share in _ways(stream, months):
            least = untipped[is_open].min(), tipped[is_open].min()
            mixture = (1.0 - q) * untipped + q * tipped
            best = min(is_open, key=mixture.__getitem__)
            knows = min((1.0 - q[way]) * least[0] + q[way] * least[1] for way in is_open)
            values = [q[best], *least, min(knows, mixture[best]), mixture[best], 0.0]
            over_year += share * np.array(values)
        if self.smugglers is not None:
            over_year[5] = self._best_replies(number, self.smugglers, grams, months)
        tipped_share, at_least, at_most, lower, upper, best_reply = map(float, over_year)
        return ClassBound(
            name=f"{stream.flow} {stream.mode}",
            commodity=stream.commodity,
            mode=stream.mode,
            kg_per_year=float(np.sum(stream.per_hour)) * HOURS_PER_MONTH * stream.mean_kg,
            tipped_share=tipped_share,
            untipped=at_least,
            tipped=at_most,
            lower=lower,
            upper=upper,
            best_reply=None if self.smugglers is None else best_reply,
        )

    def risk(self, number: int, route: Route, *, told: bool) -> float:
        """Probability that a load is seized on a route: a mixture over its class and how it is hidden."""
        place = number, route.name, told
        if place not in self.risks:
            self.risks[place] = self._risk(self.world.streams[number], route, told)
        return self.risks[place]

    def _risk(self, stream: Stream, route: Route, told: bool) -> float:
        world, total = self.world, 0.0
        reached = self.reached(route) if told else frozenset()
        for share, kind in _shares(stream.classes, NO_CLASS):
            for part, hidden in _shares(() if kind == NO_CLASS else world.concealment[kind], ""):
                passed = 1.0
                for leg in route.legs:
                    lanes = [*leg.lanes, *(() for _ in leg.units)]
                    for index, each in zip((*leg.controls, *leg.units), lanes, strict=True):
                        passed *= 1.0 - self.long_run.of_kind(
                            stream, world.controls[index], each, kind, hidden, told=index in reached
                        )
                total += share * part * (1.0 - passed)
        return total

    def reached(self, route: Route) -> frozenset[int]:
        """Controls of a route that lie beyond the first place with informants, and that these can reach."""
        routes = self.world.message_routes[-1][1]
        offices: set[str] = set()
        found: set[int] = set()
        for leg in route.legs:
            offices |= {self.world.sources[number].office for number in leg.sources}
            for index in (*leg.controls, *leg.units):
                name = self.world.controls[index].id
                if any((office, name) in routes for office in offices):
                    found.add(index)
        return frozenset(found)

    def told(self, route: Route, grams: Floats) -> Floats:
        """Probability that informants on a route tell of loads of these sizes."""
        unseen = np.ones_like(grams)
        for number in {number for leg in route.legs for number in leg.sources}:
            unseen *= 1.0 - chance_of_notice(self.world.sources[number], grams)
        return 1.0 - unseen

    def _best_replies(self, number: int, known: Smugglers, grams: Floats, months: Floats) -> float:
        """Share intercepted on the ways that best replies take; of what is not sent, nothing."""
        options, total = known.options[number], 0.0
        seen: dict[tuple[bool, ...], float] = {}
        for month, share in enumerate(months):
            closed = tuple(options.closed[month].tolist())
            if closed not in seen:
                chosen = [options.best_reply(known.rules, number, int(each), month, 0) for each in grams]
                caught = [
                    0.0 if option is None else each * self._caught(options, option, each)
                    for option, each in zip(chosen, grams.tolist(), strict=True)
                ]
                seen[closed] = math.fsum(caught) / float(grams.sum())
            total += float(share) * seen[closed]
        return total

    def _caught(self, options: Options, option: int, load: float) -> float:
        number, route = int(options.streams[option]), options.routes[option]
        q = float(self.told(route, np.array([load]))[0])
        return (1.0 - q) * self.risk(number, route, told=False) + q * self.risk(number, route, told=True)


def _ways(stream: Stream, months: Floats) -> Iterator[tuple[list[int], float]]:
    """Routes that are open together (all, if none is), and the share of the year's loads that finds them."""
    found: dict[tuple[int, ...], float] = {}
    for month, share in enumerate(months):
        ways = [place for place, route in enumerate(stream.routes) if month not in route.closed]
        is_open = tuple(ways or range(len(stream.routes)))
        found[is_open] = found.get(is_open, 0.0) + float(share)
    for is_open, total in found.items():
        yield list(is_open), total


def _shares(cumulative: Sequence[tuple[float, Any]], default: Any) -> Iterator[tuple[float, Any]]:
    """Shares of a table of cumulative ones; all of a default if it is empty."""
    if not cumulative:
        yield 1.0, default
    before = 0.0
    for share, value in cumulative:
        yield share - before, value
        before = share


def _grams(stream: Stream) -> Floats:
    """Sizes of loads at the middles of `SIZES` equal shares of them."""
    mean = 1000.0 * stream.mean_kg
    if not stream.cv:
        return np.full(SIZES, mean)
    return np.array([lognormal((place + 0.5) / SIZES, mean, stream.cv) for place in range(SIZES)])


def _masses(grams: Floats, shares: Floats) -> float:
    """Share of the mass."""
    return float((grams * shares).sum() / grams.sum())


# Several --------------------------------------------------------------------------------------------


def _by_commodity_and_mode(classes: Sequence[ClassBound]) -> Iterator[ClassBound]:
    groups: dict[tuple[str, str], list[ClassBound]] = {}
    for each in classes:
        groups.setdefault((each.commodity, each.mode), []).append(each)
    for (commodity, mode), rows in groups.items():
        yield _together(f"{commodity} {mode}", commodity, mode, rows, [1.0] * len(rows))


def _together(
    name: str, commodity: str, mode: str, rows: Sequence[ClassBound], weights: Sequence[float]
) -> ClassBound:
    """Means of some classes, by weighted kilograms."""
    masses = [weight * each.kg_per_year for weight, each in zip(weights, rows, strict=True)]
    whole = math.fsum(masses)

    def average(values: Sequence[float]) -> float:
        return math.fsum(mass * each for mass, each in zip(masses, values, strict=True)) / whole

    replies = [each.best_reply for each in rows if each.best_reply is not None]
    return ClassBound(
        name=name,
        commodity=commodity,
        mode=mode,
        kg_per_year=whole,
        tipped_share=average([each.tipped_share for each in rows]),
        untipped=average([each.untipped for each in rows]),
        tipped=average([each.tipped for each in rows]),
        lower=average([each.lower for each in rows]),
        upper=average([each.upper for each in rows]),
        best_reply=average(replies) if len(replies) == len(rows) else None,
    )


def _row(found: ClassBound) -> dict[str, Any]:
    return {column: getattr(found, "name" if column == "class" else column) for column in ROW}
