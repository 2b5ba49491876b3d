"""Which draws of a scenario's ranges are plausible: history matching.

Points of a Latin hypercube over all ranges are run once each, for a season, and kept where the scenario then
meets every one of its targets, within their bounds widened by half (`WIDENED`). Most points fail by far, and
it shows early: from the second block on, a point is run only if a regression of the measures on the positions
of the points before gives it a chance of at least `LEAST_CHANCE` to be kept. Whoever is passed over by that
would seldom have been kept, so the kept draws are, to that chance, those of plain rejection.

Vernon, Goldstein and Bower (2010) is the usual account of the method; the regression is theirs without its
Gaussian process, since noise of single runs is larger than what it would add.
"""

from __future__ import annotations

import math
import os
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import NormalDist
from typing import TYPE_CHECKING, Any

import numpy as np

from blo_sim.errors import ScenarioError, SimulationError, UsageError
from blo_sim.experiment.design import DEFAULT_SEED, loaded, make_design, usual_behaviour, whole
from blo_sim.experiment.ensemble import LINEAR, LOG, Draw, Ensemble, read_ensemble
from blo_sim.experiment.evaluators import evaluator_for
from blo_sim.experiment.output import file_to_write, write_whole, writing
from blo_sim.experiment.result import RunResult
from blo_sim.scenario.ranges import ranges_of

if TYPE_CHECKING:
    from blo_sim.experiment.replications import Progress
    from blo_sim.scenario import Scenario

WIDENED = 0.5
"""How much wider than published the bounds of a kept draw are: a quarter of their width on either side."""
BLOCK = 250
LEAST_CHANCE = 0.03
SECONDS_BETWEEN_WRITES = 2.0
_DIGITS = 5


@dataclass(frozen=True)
class Shared:
    """What all tasks of a matching need."""

    scenario: Scenario
    ensemble: Ensemble


def match_history(
    scenario: str | os.PathLike[str] | Scenario,
    *,
    out: str | os.PathLike[str] | None = None,
    keep: int = 100,
    points: int = 4000,
    days: int = 90,
    seed: int = DEFAULT_SEED,
    behaviour: str | None = None,
    workers: int | None = None,
    cluster: str | None = None,
    progress: Progress | None = None,
) -> Ensemble:
    """Draw a scenario's ranges until enough draws are plausible.

    Parameters
    ----------
    scenario : str, path or Scenario
        With ``[[targets]]``; without any, every draw is kept.
    out : str or path, optional
        File of the ensemble. It is written every few seconds and at the end, whole; the same call goes on
        where it stands.
    keep : int
        How many plausible draws are enough; blocks of `BLOCK` points are finished.
    points : int
        Strata of each range, and at most so many points.
    days : int
        Measured days of a run, after the scenario's warm-up.
    seed, behaviour, workers, cluster, progress
        As in `simulate`; progress counts the points of a block.

    Returns
    -------
    Ensemble
        With fewer than ``keep`` plausible draws if there are no more points, or after Ctrl-C.

    Raises
    ------
    ScenarioError, SimulationError
    UsageError
        Also if ``out`` holds the ensemble of something else.
    """
    for name, value in (("keep", keep), ("points", points), ("days", days)):
        whole(name, value, at_least=1)
    whole("workers", workers, at_least=1, optional=True)
    whole("seed", seed, at_least=0)
    found = _begun(loaded(scenario), points, days, seed, behaviour)
    path = None if out is None else file_to_write(out)
    if path is not None and path.exists():
        found = _continued(path, found)
    job = Shared(loaded(scenario), found)
    write = _writer(path)
    try:
        for first in range(0, points, BLOCK):
            before = [draw for draw in found.draws if draw.point < first]
            if sum(draw.kept for draw in before) >= keep:
                break
            done = {draw.point for draw in found.draws}
            todo = [
                point
                for point in _promising(found, before, range(first, min(first + BLOCK, points)))
                if point not in done
            ]
            for draw in _run(job, todo, workers, cluster, progress):
                found = replace(found, draws=[*found.draws, draw])
                write(found, False)
    except KeyboardInterrupt:
        if not found.draws:
            raise
    write(found, True)
    return found


def _begun(scenario: Scenario, points: int, days: int, seed: int, behaviour: str | None) -> Ensemble:
    from blo_sim import __version__

    design = make_design([scenario], replications=1, seed=seed, days=days, behaviour=behaviour)
    ranges = ranges_of(scenario)
    if not ranges:
        raise UsageError(f"{scenario.name}: no value has a range, so that there is nothing to draw")
    bounds: dict[str, tuple[float, float]] = {}
    for target in scenario.model.targets:
        room = WIDENED / 2 * (target.high - target.low)
        bounds[target.id] = (max(0.0, target.low - room), target.high + room)
    return Ensemble(
        scenario=scenario.name,
        sha256=scenario.sha256,
        version=__version__,
        seed=seed,
        points=points,
        days=days,
        behaviour=design.behaviour if behaviour else usual_behaviour(scenario),
        targets=bounds,
        ranges={each.name: (each.low, each.high, LOG if each.log else LINEAR) for each in ranges},
        draws=[],
    )


def _continued(path: Path, wanted: Ensemble) -> Ensemble:
    """What a file holds already.

    Raises
    ------
    UsageError
        If it is of something else.
    """
    known = read_ensemble(path)
    for name in ("scenario", "sha256", "version", "seed", "points", "days", "behaviour"):
        if getattr(known, name) != getattr(wanted, name):
            raise UsageError(
                f"{path}: {name} is {getattr(known, name)!r}, not {getattr(wanted, name)!r}; name another "
                "file"
            )
    return replace(wanted, draws=list(known.draws))


def _writer(path: Path | None) -> Callable[[Ensemble, bool], None]:
    """Writes the file now and then, or now for sure."""
    written = time.monotonic()

    def write(ensemble: Ensemble, surely: bool) -> None:
        nonlocal written
        if path is not None and (surely or time.monotonic() - written > SECONDS_BETWEEN_WRITES):
            with writing(path):
                write_whole(path, ensemble.text())
            written = time.monotonic()

    return write


def _run(
    shared: Shared,
    points: Sequence[int],
    workers: int | None,
    cluster: str | None,
    progress: Progress | None,
) -> Iterator[Draw]:
    if not points:
        return
    evaluator = evaluator_for(run_point, shared, workers=workers, tasks=len(points), cluster=cluster)
    with closing(evaluator.map(points)) as results:
        for done, draw in enumerate(results, start=1):
            if progress is not None:
                progress(done, len(points))
            yield draw


def run_point(shared: Shared, point: int) -> Draw:
    """Run a point once; the only function here that workers call.

    A point whose values do not go together, or whose queues grow without end, has no measures.
    """
    ensemble = shared.ensemble
    try:
        found = _measured(ensemble.at(shared.scenario, point), ensemble, point)
    except (ScenarioError, SimulationError):
        return Draw(point, False, ())
    measures = tuple(_rounded(found.get(target)) for target in ensemble.targets)
    return Draw(point, _within(ensemble, measures), measures)


def _measured(scenario: Scenario, ensemble: Ensemble, point: int) -> dict[str, float | None]:
    """Every target's measure in one replication, by the target's id."""
    from blo_sim.experiment.replications import Finished, Task, run_task
    from blo_sim.experiment.replications import Shared as Worlds
    from blo_sim.results.runs import ListedRuns

    design = make_design(
        [scenario], replications=1, seed=ensemble.seed, days=ensemble.days, behaviour=ensemble.behaviour
    )
    name = design.baseline
    outcome = run_task(Worlds(design.worlds, design.smugglers), Task({name: 0}, ensemble.seed, point))
    result = RunResult(design, Finished({name: ListedRuns([outcome.summaries[name]])}, False))
    return {each.target: each.model["mean"] for each in result.fit()}


def _rounded(value: float | None) -> float | None:
    return None if value is None else float(f"{value:.{_DIGITS}g}")


def _within(ensemble: Ensemble, measures: Sequence[float | None]) -> bool:
    bounds = ensemble.targets.values()
    return all(
        value is not None and low <= value <= high
        for value, (low, high) in zip(measures, bounds, strict=True)
    )


# What the points before tell ------------------------------------------------------------------------


def _promising(ensemble: Ensemble, before: Sequence[Draw], points: Sequence[int]) -> list[int]:
    """Points with a fair chance to be kept, by the draws before; all of them while there are few of those."""
    known = [draw for draw in before if draw.measures and None not in draw.measures]
    if len(known) < BLOCK / 2 or not ensemble.targets:
        return list(points)
    inputs = ensemble.positions([draw.point for draw in known])
    wanted = ensemble.positions(points)
    chance = np.ones(len(wanted))
    for number, (low, high) in enumerate(ensemble.targets.values()):
        seen = np.array([draw.measures[number] for draw in known], dtype=float)
        least = seen[seen > 0].min(initial=1.0) / 2
        predicted, spread = regressed(inputs, np.log(np.maximum(seen, least)), wanted)
        bounds = math.log(max(low, least)) if low > least else -math.inf, math.log(max(high, least))
        chance *= _probability(bounds, predicted, spread)
    return [point for point, likely in zip(points, chance, strict=True) if likely >= LEAST_CHANCE]


def regressed(
    inputs: np.ndarray[Any, Any], outputs: np.ndarray[Any, Any], wanted: np.ndarray[Any, Any]
) -> tuple[np.ndarray[Any, Any], float]:
    """Least squares on those inputs that matter.

    Parameters
    ----------
    inputs : array, shape (runs, ranges)
    outputs : array, shape (runs,)
    wanted : array, shape (points, ranges)

    Returns
    -------
    predicted : array, shape (points,)
    spread : float
        Standard deviation of what remains.
    """
    runs = len(outputs)
    centred = inputs - 0.5
    deviation = outputs - outputs.mean()
    if not deviation.any():
        return np.full(len(wanted), outputs.mean()), 0.0
    correlation = np.abs(centred.T @ deviation) / (
        np.linalg.norm(centred, axis=0) * np.linalg.norm(deviation)
    )
    order = np.argsort(-correlation, kind="stable")[: runs // 10]
    chosen = [column for column in order if correlation[column] > 3.0 / math.sqrt(runs)]

    def terms(positions: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
        columns = positions[:, chosen] - 0.5
        return np.column_stack([np.ones(len(positions)), columns])

    weights, *_ = np.linalg.lstsq(terms(inputs), outputs, rcond=None)
    rest = outputs - terms(inputs) @ weights
    return terms(wanted) @ weights, float(math.sqrt(rest @ rest / (runs - len(chosen) - 1)))


def _probability(
    bounds: tuple[float, float], predicted: np.ndarray[Any, Any], spread: float
) -> np.ndarray[Any, Any]:
    """Chance that a normal variate about each prediction lies within the bounds."""
    low, high = bounds
    normal = NormalDist(0.0, max(spread, 1e-9))
    return np.array([normal.cdf(high - each) - normal.cdf(low - each) for each in predicted])
