"""The static limit of a scenario: what its controls could intercept at best, by class of loads.

No delay, no loss of messages, all offices at full effect, and one decision: every smuggler takes a way of his
choice set and is met there by what controls detect in the long run. A class is the loads of one flow by one
mode. What is common to a whole way (how a load is hidden, whether it is told of) makes evasion a mixture of
products, which is computed as such. Tips are those of informants; a tip is known at once, and stays fresh,
at every control that a message from there can reach and that lies ahead of the informant: who tells late on
a way helps no control before him.

Two values frame what smugglers of one class can make of it, if only the risk counts: `lower`, where each
knows whether he was told of, and `upper`, where none knows and all take the one best way.
"""

from __future__ import annotations

import math
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache, partial
from typing import TYPE_CHECKING, Any

import numpy as np

from blo_sim import __version__
from blo_sim.analysis.office_sites import SitesPrice, price_of_sites
from blo_sim.errors import UsageError
from blo_sim.experiment.design import loaded, whole
from blo_sim.experiment.result import as_dataframe
from blo_sim.model.border.long_run import LongRun
from blo_sim.model.traffic.demand import NO_CLASS
from blo_sim.model.traffic.prospects import Smugglers, smugglers
from blo_sim.world.reports import chance_of_notice, load_sizes

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from blo_sim.scenario import Scenario
    from blo_sim.world.compile import Route, Stream, World

    Floats = NDArray[np.float64]

ROW = (
    "class", "commodity", "mode", "kg_per_year", "tipped_share", "untipped", "tipped", "lower", "upper",
    "best_reply",
)  # fmt: skip
HOURS_PER_MONTH = 730.0
NOBODY: frozenset[int] = frozenset()

Passage = tuple[float, list[tuple[int, float, float]]]
"""Share of a stream's loads, and of each control its index and the probability of passing untold and told."""


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
        Intercepted on the way of least risk to a load that nobody told of, and to one that was told of by
        somebody on that way.
    lower, upper : float
        Intercepted at the least risk: where smugglers know whether any informant tells of their load, on
        whatever way, and where they do not.
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
        self.reached = lru_cache(maxsize=None)(self._reached)
        self.passages: dict[tuple[int, str], list[Passage]] = {}

    def bound(self, number: int) -> ClassBound:
        """The limit of a stream."""
        stream = self.world.streams[number]
        grams = load_sizes(stream)
        untipped = np.array([self.risk(number, route, NOBODY) for route in stream.routes])
        mixture = np.array([self.mean_risk(number, route, grams) for route in stream.routes])
        q = np.array([_masses(grams, self.told(_sources(route), grams)) for route in stream.routes])
        told = mixture - (1.0 - q) * untipped  # share of all loads that are told of on the way and seized
        tipped = np.divide(told, q, out=untipped.copy(), where=q > 0.0)
        anywhere = _masses(grams, self.told(set(stream.sources), grams))
        unnoticed = (1.0 - anywhere) * untipped
        months = np.array(stream.per_hour) / sum(stream.per_hour)
        over_year = np.zeros(6)
        for is_open, share in _ways(stream, months):
            best = min(is_open, key=mixture.__getitem__)
            knows = unnoticed[is_open].min() + (mixture - unnoticed)[is_open].min()
            values = [
                q[best],
                untipped[is_open].min(),
                tipped[is_open].min(),
                min(knows, mixture[best]),
                mixture[best],
                0.0,
            ]
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

    def risk(self, number: int, route: Route, told: frozenset[int]) -> float:
        """Probability that a load is seized on a route, if the controls in ``told`` have a lookout for it."""
        return math.fsum(
            share * (1.0 - math.prod(tipped if index in told else usual for index, usual, tipped in met))
            for share, met in self.passage(number, route)
        )

    def passage(self, number: int, route: Route) -> list[Passage]:
        """How loads of a stream pass the controls of a route, by traffic class and by how they are hidden."""
        place = number, route.name
        if place not in self.passages:
            self.passages[place] = list(self._passage(self.world.streams[number], route))
        return self.passages[place]

    def _passage(self, stream: Stream, route: Route) -> Iterator[Passage]:
        world = self.world
        met = [
            (world.controls[index], lanes)
            for leg in route.legs
            for index, lanes in zip(
                (*leg.controls, *leg.units), [*leg.lanes, *(() for _ in leg.units)], strict=True
            )
        ]
        for share, kind in _shares(stream.classes, NO_CLASS):
            for part, hidden in _shares(() if kind == NO_CLASS else world.concealment[kind], ""):
                p = partial(self.long_run.of_kind, stream, kind=kind, hidden=hidden)
                yield share * part, [
                    (each.index, 1.0 - p(each, lanes, told=False), 1.0 - p(each, lanes, told=True))
                    for each, lanes in met
                ]

    def mean_risk(self, number: int, route: Route, grams: Floats) -> float:
        """Share of the mass of these loads that is seized on a route, told of or not."""
        return math.fsum(
            _masses(grams, told) * self.risk(number, route, who)
            for who, told in self.tips(route, grams).items()
        )

    def mixture(self, number: int, route: Route, grams: Floats) -> Floats:
        """`mean_risk` by size."""
        parts = [told * self.risk(number, route, who) for who, told in self.tips(route, grams).items()]
        whole: Floats = np.sum(parts, axis=0)
        return whole

    def tips(self, route: Route, grams: Floats) -> dict[frozenset[int], Floats]:
        """Sets of controls on a route that are told of loads of these sizes, with their probabilities."""
        found: dict[frozenset[int], Floats] = {NOBODY: np.ones_like(grams)}
        passed = 0
        for leg in route.legs:
            ahead = route.controls[passed:]
            for number in leg.sources:
                notice = chance_of_notice(self.world.sources[number], grams)
                reached = self.reached(number).intersection(ahead)
                if reached and notice.any():
                    found = _told_too(found, reached, notice)
            passed += len(leg.controls) + len(leg.units)
        return found

    def _reached(self, source: int) -> frozenset[int]:
        """Controls that messages of a source can reach."""
        office, routes = self.world.sources[source].office, self.world.message_routes[-1][1]
        return frozenset(each.index for each in self.world.controls if (office, each.id) in routes)

    def told(self, sources: set[int], grams: Floats) -> Floats:
        """Probability that at least one source tells of loads of these sizes."""
        unseen = np.ones_like(grams)
        for number in sources:
            unseen *= 1.0 - chance_of_notice(self.world.sources[number], grams)
        return 1.0 - unseen

    def _best_replies(self, number: int, known: Smugglers, grams: Floats, months: Floats) -> float:
        """Share intercepted on the ways that best replies take; of what is not sent, nothing."""
        options, total = known.options[number], 0.0
        seen: dict[tuple[bool, ...], float] = {}
        mixtures: dict[int, Floats] = {}

        def caught(option: int | None, size: int) -> float:
            if option is None:
                return 0.0
            if option not in mixtures:
                way = int(options.streams[option]), options.routes[option]
                mixtures[option] = self.mixture(*way, grams)
            return float(grams[size] * mixtures[option][size])

        for month, share in enumerate(months):
            closed = tuple(options.closed[month].tolist())
            if closed not in seen:
                chosen = [options.best_reply(known.rules, number, int(each), month, 0) for each in grams]
                masses = [caught(option, size) for size, option in enumerate(chosen)]
                seen[closed] = math.fsum(masses) / float(grams.sum())
            total += float(share) * seen[closed]
        return total


def _told_too(
    found: dict[frozenset[int], Floats], reached: frozenset[int], notice: Floats
) -> dict[frozenset[int], Floats]:
    """`_Limits.tips` with one more source, which notices with a probability and reaches some controls."""
    after: dict[frozenset[int], Floats] = {}
    for who, share in found.items():
        for known, part in ((who, share * (1.0 - notice)), (who | reached, share * notice)):
            after[known] = after[known] + part if known in after else part
    return after


def _sources(route: Route) -> set[int]:
    return {number for leg in route.legs for number in leg.sources}


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
