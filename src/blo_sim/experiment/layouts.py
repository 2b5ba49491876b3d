"""The same world under several office networks, and where a hub beats a mesh as messages multiply."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, get_args

from blo_sim.errors import UsageError
from blo_sim.experiment import exchange
from blo_sim.experiment.design import DEFAULT_SEED, Design, loaded, make_design, whole
from blo_sim.experiment.document import differences, head, lawful, measures
from blo_sim.experiment.graph import graph_measures
from blo_sim.experiment.masses import masses
from blo_sim.experiment.replications import Finished, Progress, run_design
from blo_sim.experiment.result import Result, rows_of
from blo_sim.experiment.store import Call, Store
from blo_sim.experiment.values import CENTRAL, value
from blo_sim.results.runs import ListedRuns

if TYPE_CHECKING:
    from blo_sim.results.runs import Runs
    from blo_sim.scenario import Scenario
    from blo_sim.scenario.schema import ScenarioModel
    from blo_sim.world.compile import World

LAYOUTS = ("isolated", "capitals", "pairs", "hub", "mesh", "pairs+hub", "tree")
REPLICATIONS = 8
FACTORS = (0.5, 1.0, 2.0, 4.0, 8.0)
"""Multiples of the scenario's rate of false reports."""
RIVALS = {"hub": "need-to-know", "mesh": "broadcast"}
"""The two layouts of the crossover, and how each addresses its reports."""
MAIN, CROSSOVER = "layouts", "crossover"
CROSSOVER_REPLICATIONS = 2
CROSSOVER_DAYS = 60


@dataclass(frozen=True)
class Crossing:
    """The runs of the crossover: a design with a scenario for each factor and layout, by its names."""

    design: Design
    names: dict[tuple[float, str], str]


class LayoutsResult(Result):
    """What `compare_layouts` returns.

    Attributes
    ----------
    scenario : str
        Name of the scenario that all layouts share.
    left_out : dict of str to str
        Usual layouts that the scenario has no means for, and the crossover if so, with the reason.
    crossover : list of dict
        ``factor`` of the rate of false reports, and for each of `RIVALS` the ``tips_in_time_share`` and the
        headline's ``intercepted_share``.
    """

    def __init__(
        self,
        scenario: str,
        design: Design,
        finished: Finished,
        left_out: Mapping[str, str],
        crossing: tuple[Crossing, Finished] | None,
    ) -> None:
        super().__init__(design, finished)
        self.scenario = scenario
        self.left_out = dict(left_out)
        self.crossing = crossing
        self.crossover = [] if crossing is None else list(_points(*crossing))
        self.interrupted = finished.interrupted or (crossing is not None and crossing[1].interrupted)

    def lead(self, first: str, second: str) -> dict[str, Any]:
        """Kilograms of the headline that one layout intercepts more than another, paired."""
        headline = self.design.blocks()[self.design.scenarios[0].model.headline.id]
        one, other = (
            masses(self.summaries[name], self.design.commodities, self.design.estimator)
            for name in (first, second)
        )
        return CENTRAL.mean(differences(other, one, headline)[0])

    @cached_property
    def _document(self) -> dict[str, Any]:
        content = head(self.design, self.replications)
        del content["baseline"]
        worlds = list(zip(self.design.names, self.design.scenarios, self.design.worlds, strict=True))
        return {
            **content,
            "scenario": self.scenario,
            "left_out": self.left_out,
            "layouts": {
                name: self._layout(scenario.model, world, self.summaries[name])
                for name, scenario, world in worlds
            },
            "graph": {name: graph_measures(scenario.model, world) for name, scenario, world in worlds},
            CROSSOVER: self.crossover,
        }

    def _layout(self, model: ScenarioModel, world: World, runs: Runs) -> dict[str, Any]:
        design, offices = self.design, list(world.desks)
        weights = design.blocks()[model.headline.id]
        caught = measures(masses(runs, design.commodities, design.estimator), weights)
        sent = exchange.messages(world, runs)
        travellers = lawful(runs)
        mistaken = runs.column("lawful", "mistaken")
        return {
            "intercepted_kg": caught["intercepted_kg"],
            "intercepted_share": caught["intercepted_share"],
            "tips_in_time_share": sent["tips"][exchange.ALL]["in_time_share"],
            "late_by": sent["late_by"],
            "busiest": _busiest(exchange.desks(model, world, runs)),
            "false_work_h_per_year": CENTRAL.mean(
                exchange.per_year(exchange.hours(runs, "false_ticks", offices), world.days)
            ),
            "officers": desk_officers(world),
            "tips_per_officer_year": _tips_per_officer(world, runs),
            "leaked_kg": CENTRAL.mean(exchange.leaked_kilograms(runs, weights)),
            "wait_h": travellers["wait_h"],
            "mistaken_per_year": CENTRAL.mean(exchange.per_year(mistaken, world.days)),
        }

    def _rows(self) -> Iterator[dict[str, Any]]:
        content = self.document()
        for kind in ("layouts", "graph"):
            for name, entries in content[kind].items():
                yield from rows_of(kind, name, "", entries)
        for point in self.crossover:
            for name in RIVALS:
                shares = {f"{measure} at {point['factor']:g}": each for measure, each in point[name].items()}
                yield from rows_of(CROSSOVER, name, "", shares)


def compare_layouts(
    scenario: str | os.PathLike[str] | Scenario,
    layouts: Sequence[str | os.PathLike[str] | Scenario] | None = None,
    *,
    replications: int | None = None,
    seed: int = DEFAULT_SEED,
    days: int | None = None,
    clock: str = "steady",
    estimator: str = "expected",
    behaviour: str | None = None,
    workers: int | None = None,
    progress: Progress | None = None,
    crossover: bool = True,
    cluster: str | None = None,
    store: str | os.PathLike[str] | Store | None = None,
) -> LayoutsResult:
    """Run one scenario under several office networks with the same draws.

    Parameters
    ----------
    scenario : str, path or Scenario
    layouts : sequence of str, path or Scenario, optional
        Names of layouts, graphs (``.graphml`` or node-link ``.json``), and scenarios that are taken as they
        are. By default all usual layouts that the scenario has the means for.
    replications : int, optional
        8 if left out.
    seed, days, clock, estimator, behaviour, workers, cluster
        As for `simulate`.
    progress : callable, optional
        Called with finished and total runs, those of the crossover included.
    crossover : bool
        Whether to run hub and mesh under more and more false reports too: 2 replications of at most 60 days,
        in full operation.
    store : str or path, optional
        As for `simulate`; the crossover has a section of its own in it.

    Returns
    -------
    LayoutsResult
        After Ctrl-C, that of the replications finished in every layout, with ``interrupted`` set.

    Raises
    ------
    UsageError
        Also if there is no such layout.
    ScenarioError
        Also if a graph cannot be used, or the scenario has no means for a layout that was asked for.
    SimulationError
    """
    whole("workers", workers, at_least=1, optional=True)
    base = loaded(scenario)
    chosen, left_out = _chosen(base, layouts)
    settings: dict[str, Any] = {
        "replications": REPLICATIONS if replications is None else replications,
        "seed": seed,
        "days": days,
        "clock": clock,
        "estimator": estimator,
        "behaviour": behaviour,
    }
    design = make_design(chosen, **settings)
    if store is None or isinstance(store, Store):
        folder = store
    else:
        scenarios = (base, *(chosen if layouts else ()))
        folder = Store(store, Call("compare_layouts", scenarios, settings | {"crossover": crossover}))
    crossing = None
    most = CROSSOVER_REPLICATIONS if folder is None else min(CROSSOVER_REPLICATIONS, folder.most(CROSSOVER))
    if crossover and most:
        crossing = _crossing(base, design, left_out, int(most))
    total = sum(_runs(each) for each in (design, crossing and crossing.design) if each)
    finished = run_design(
        design,
        workers=workers,
        progress=_part(progress, 0, total),
        cluster=cluster,
        keeper=None if folder is None else folder.section(MAIN, design),
    )
    if crossing is None or finished.interrupted:
        return LayoutsResult(base.name, design, finished, left_out, None)
    second = Finished({name: ListedRuns() for name in crossing.design.names}, interrupted=True)
    with suppress(KeyboardInterrupt):
        part = _part(progress, _runs(design), total)
        kept = None if folder is None else folder.section(CROSSOVER, crossing.design)
        second = run_design(crossing.design, workers=workers, progress=part, cluster=cluster, keeper=kept)
    return LayoutsResult(base.name, design, finished, left_out, (crossing, second))


def desk_officers(world: World) -> int | None:
    """Officers of all desks that have a limit, each at its fullest hour; None if there are none."""
    last = [stages[-1][1].officers for stages in world.desks.values()]
    return sum(max(officers) for officers in last if not exchange.is_unlimited(officers)) or None


# Scenarios ------------------------------------------------------------------------------------------


def _chosen(
    base: Scenario, layouts: Sequence[str | os.PathLike[str] | Scenario] | None
) -> tuple[list[Scenario], dict[str, str]]:
    """The scenario under each layout, and the usual ones that it has no means for."""
    if layouts:
        return [
            _under(base, os.fspath(each)) if isinstance(each, str | os.PathLike) else each for each in layouts
        ], {}
    found, left_out = [], {}
    for name in LAYOUTS:
        scenario = _under(base, name)
        lacks = _lacks(scenario)
        if lacks:
            left_out[name] = lacks
        else:
            found.append(scenario)
    return found, left_out


def _under(base: Scenario, layout: str) -> Scenario:
    from blo_sim.scenario.graphs import SUFFIXES, read_graph, with_layout
    from blo_sim.scenario.names import suggestion
    from blo_sim.scenario.schema import LayoutName

    if layout.lower().endswith(SUFFIXES):
        return read_graph(layout, base)
    names = get_args(LayoutName)
    if layout not in names:
        raise UsageError(
            f"layout {layout!r} is not one of {', '.join(names)}, and no file that ends in "
            f"{' or '.join(SUFFIXES)}{suggestion(layout, list(names))}"
        )
    return with_layout(base, layout)


def _lacks(scenario: Scenario) -> str:
    from blo_sim.world.layouts import problems

    return "; ".join(text for _, text in problems(scenario.model))


def _crossing(
    base: Scenario, design: Design, left_out: dict[str, str], replications: int
) -> Crossing | None:
    """The design of the crossover; None, and a reason in ``left_out``, if the scenario cannot have it."""
    for name in RIVALS:
        lacks = _lacks(_under(base, name))
        if lacks:
            left_out[CROSSOVER] = lacks
            return None
    if not any(source.false_per_year for source in base.model.sources) or not _factor(base):
        left_out[CROSSOVER] = "the scenario has no false reports to make more of"
        return None
    points = [(factor, name) for factor in FACTORS for name in RIVALS]
    scenarios = [_loaded_with(base, *point) for point in points]
    # Compiling takes longer than such a run, and the rate of false reports is no part of it.
    compiled = make_design(
        scenarios[: len(RIVALS)],
        replications=min(replications, design.replications),
        seed=design.seed,
        days=min(CROSSOVER_DAYS, design.days),
        estimator=design.estimator,
        behaviour=design.behaviour,
    )
    worlds = dict(zip(RIVALS, compiled.worlds, strict=True))
    smugglers = dict(zip(RIVALS, compiled.smugglers, strict=True))
    names = {point: scenario.name for point, scenario in zip(points, scenarios, strict=True)}
    whole_design = replace(
        compiled,
        names=tuple(names.values()),
        scenarios=tuple(scenarios),
        worlds=tuple(
            replace(worlds[name], scenario_name=scenario.name, reports=scenario.model.reports)
            for (_, name), scenario in zip(points, scenarios, strict=True)
        ),
        alternatives=tuple(names.values())[1:],
        smugglers=tuple(smugglers[name] for _, name in points),
    )
    return Crossing(whole_design, names)


def _loaded_with(base: Scenario, factor: float, layout: str) -> Scenario:
    """The scenario under a rival layout, with a multiple of its false reports."""
    from blo_sim.scenario.load import rebuilt

    reports = {
        **base.tables.get("reports", {}),
        "false_factor": factor * _factor(base),
        "addressing": RIVALS[layout],
    }
    return rebuilt(base, {"layout": layout, "reports": reports}, f"{layout} at {factor:g}")


def _factor(base: Scenario) -> float:
    return float(base.model.reports.false_factor)


# Runs -----------------------------------------------------------------------------------------------


def _runs(design: Design) -> int:
    return design.replications * len(design.names)


def _part(progress: Progress | None, before: int, total: int) -> Progress | None:
    """Progress of a part of all runs."""
    if progress is None:
        return None
    return lambda done, _: progress(before + done, total)


# Numbers --------------------------------------------------------------------------------------------


def _points(crossing: Crossing, finished: Finished) -> Iterator[dict[str, Any]]:
    if not finished.replications:
        return
    for factor in FACTORS:
        yield {"factor": factor} | {
            name: _shares(crossing.design, finished.summaries[crossing.names[factor, name]])
            for name in RIVALS
        }


def _shares(design: Design, runs: Runs) -> dict[str, Any]:
    weights = design.blocks()[design.scenarios[0].model.headline.id]
    caught = measures(masses(runs, design.commodities, design.estimator), weights)
    born, in_time = (exchange.tip_counts(runs, outcome) for outcome in ("born", "in_time"))
    return {
        "tips_in_time_share": CENTRAL.ratio(in_time, born),
        "intercepted_share": caught["intercepted_share"],
    }


def _busiest(desks: Mapping[str, dict[str, Any]]) -> dict[str, Any]:
    """The desk with the greatest load; its load of None means that none has a limit."""
    loaded = {office: desk["load"]["mean"] for office, desk in desks.items() if desk["load"]["mean"]}
    if not loaded:
        return {"office": None, "load": value(None, None), "wait_h": value(None, None)}
    office = max(loaded, key=loaded.__getitem__)
    return {"office": office, "load": desks[office]["load"], "wait_h": desks[office]["wait_h"]}


def _tips_per_officer(world: World, runs: Runs) -> dict[str, Any]:
    officers = desk_officers(world)
    if officers is None:
        return value(None, None)
    in_time = exchange.per_year(exchange.tip_counts(runs, "in_time"), world.days)
    return CENTRAL.mean([each / officers for each in in_time])
