"""How long a world must run before it is measured.

A world begins empty: nobody is on the road, desks have no backlog, trust and patterns are those of the first
day, smugglers have lost nothing yet. A year that begins on day d of such a run is compared with the year
after it, day for day: the same season, the same world, one year further from the start. What differs by more
than noise is what the start still does to it.

The suggested warm-up is the shortest from which on no measure is told from the year after, by this length or
a longer one.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

from blo_sim.errors import UsageError
from blo_sim.experiment.design import DEFAULT_SEED, Design, loaded, make_design, whole
from blo_sim.experiment.document import head
from blo_sim.experiment.masses import Masses, kilograms, masses, together
from blo_sim.experiment.replications import Finished, Progress, run_design
from blo_sim.experiment.result import as_dataframe
from blo_sim.results.statistics import mean, mean_interval, ratio, relative_difference

if TYPE_CHECKING:
    from blo_sim.results.runs import Runs
    from blo_sim.scenario import Scenario

YEAR = 365
ROW = ("scenario", "measure", "warmup_days", "year", "year_after", "bias", "low", "high", "told_apart")
SHARES = ("intercepted_share", "other_way_share", "again_share")
"""Measures of one scenario; their bias is relative."""
GAIN = "kept_kg"
"""Measure of an alternative against the baseline; its bias is in kilograms."""


@dataclass(frozen=True)
class Bias:
    """What one measure of a year that begins after a warm-up differs from the year after it.

    ``year`` and ``year_after`` are the measure itself; ``bias`` is their relative difference, or that of
    kilograms, with its 95 % interval; ``tolerance`` is what would not matter, in the same unit.
    """

    scenario: str
    measure: str
    warmup_days: int
    year: float | None
    year_after: float | None
    bias: float | None
    interval: tuple[float, float] | None
    tolerance: float

    @property
    def told_apart(self) -> bool:
        """Whether the start still matters: the interval lies off 0 and reaches beyond the tolerance."""
        if self.interval is None:
            return bool(self.bias) and abs(self.bias or 0.0) > self.tolerance
        low, high = self.interval
        return not low <= 0.0 <= high and max(-low, high) > self.tolerance

    @property
    def noisy(self) -> bool:
        """Whether a difference as large as the tolerance could hide in the noise."""
        return self.interval is not None and self.interval[1] - self.interval[0] > 2.0 * self.tolerance


class WarmupResult:
    """What a study found.

    Attributes
    ----------
    design : Design
        Its scenarios run without warm-up.
    biases : list of Bias
        By scenario, measure and warm-up.
    interrupted : bool
        True if Ctrl-C ended the study early, with the replications that were finished.
    """

    def __init__(self, design: Design, finished: Finished, lengths: Sequence[int], tolerance: float) -> None:
        self.design = design
        self.lengths = tuple(lengths)
        self.tolerance = tolerance
        self.interrupted = finished.interrupted
        self.replications = finished.replications
        self._runs = finished.summaries

    @cached_property
    def biases(self) -> list[Bias]:
        """Every measure of every scenario at every warm-up."""
        return list(self._biases())

    @property
    def suggested_days(self) -> int | None:
        """The shortest warm-up from which on nothing is told from the year after; None if there is none."""
        late = [each.warmup_days for each in self.biases if each.told_apart]
        rest = [days for days in self.lengths if days > max(late, default=-1)]
        return min(rest, default=None)

    def document(self) -> dict[str, Any]:
        """The JSON document: dictionaries, lists, strings, finite numbers and None."""
        return {
            **head(self.design, self.replications),
            "tolerance": self.tolerance,
            "suggested_days": self.suggested_days,
            "biases": self.rows(),
        }

    def rows(self) -> list[dict[str, Any]]:
        """One row for each bias.

        Returns
        -------
        list of dict
            Keys ``scenario``, ``measure``, ``warmup_days``, ``year`` and ``year_after`` (the measure in
            both), ``bias`` (relative; of ``kept_kg`` in kilograms), ``low``, ``high``, ``told_apart``.
        """
        return [
            {
                "scenario": each.scenario,
                "measure": each.measure,
                "warmup_days": each.warmup_days,
                "year": each.year,
                "year_after": each.year_after,
                "bias": each.bias,
                "low": None if each.interval is None else each.interval[0],
                "high": None if each.interval is None else each.interval[1],
                "told_apart": each.told_apart,
            }
            for each in self.biases
        ]

    def to_dataframe(self) -> Any:
        """The `rows` as a pandas ``DataFrame``.

        Raises
        ------
        UsageError
            If pandas is not installed.
        """
        return as_dataframe(self.rows(), ROW)

    def _biases(self) -> Iterator[Bias]:
        years = {
            (name, first): self._year(runs, first)
            for name, runs in self._runs.items()
            for days in self.lengths
            for first in (days, days + YEAR)
        }
        for name in self.design.names:
            for measure in SHARES:
                for days in self.lengths:
                    year, after = (self._share(years[name, day], measure) for day in (days, days + YEAR))
                    yield self._relative(name, measure, days, year, after)
        for name in self.design.alternatives:
            for days in self.lengths:
                first, later = (
                    self._kept(years[self.design.baseline, day], years[name, day])
                    for day in (days, days + YEAR)
                )
                yield self._absolute(name, days, first, later)

    def _year(self, runs: Runs, first: int) -> Masses:
        """Masses of the 365 days from a day on."""
        starts = self.design.worlds[0].year_starts
        periods = [
            period
            for period, start in enumerate(starts[:-1])
            if 24.0 * first <= start < 24.0 * (first + YEAR)
        ]
        design = self.design
        return together([masses(runs, design.commodities, design.estimator, each) for each in periods])

    def _kilograms(self, series: dict[str, list[int]]) -> list[float]:
        headline = self.design.scenarios[0].model.headline.id
        return kilograms(series, self.design.blocks()[headline])

    def _share(self, year: Masses, measure: str) -> tuple[list[float], list[float]]:
        above, below = {
            "intercepted_share": (year.intercepted, year.attempted),
            "other_way_share": (year.other_way, year.sent),
            "again_share": (year.again, year.attempted),
        }[measure]
        return self._kilograms(above), self._kilograms(below)

    def _kept(self, baseline: Masses, alternative: Masses) -> list[float]:
        pairs = zip(self._kilograms(baseline.delivered), self._kilograms(alternative.delivered), strict=True)
        return [before - after for before, after in pairs]

    def _relative(
        self,
        name: str,
        measure: str,
        days: int,
        year: tuple[list[float], list[float]],
        year_after: tuple[list[float], list[float]],
    ) -> Bias:
        centre, around = relative_difference(year, year_after)
        return Bias(name, measure, days, ratio(*year), ratio(*year_after), centre, around, self.tolerance)

    def _absolute(self, name: str, days: int, year: list[float], year_after: list[float]) -> Bias:
        differences = [before - after for before, after in zip(year, year_after, strict=True)]
        centre, around = mean(differences), mean_interval(differences)
        allowed = self.tolerance * abs(mean(year_after))
        return Bias(name, GAIN, days, mean(year), mean(year_after), centre, around, allowed)


def warmup_study(
    scenario: str | os.PathLike[str] | Scenario,
    *alternatives: str | os.PathLike[str] | Scenario,
    longest: int = 120,
    step: int = 10,
    tolerance: float = 0.01,
    replications: int | None = None,
    seed: int = DEFAULT_SEED,
    estimator: str = "expected",
    behaviour: str | None = None,
    workers: int | None = None,
    progress: Progress | None = None,
    cluster: str | None = None,
) -> WarmupResult:
    """Compare years that begin after warm-ups of several lengths with the years after them.

    Parameters
    ----------
    scenario : str, path or Scenario
    *alternatives : str, path or Scenario
        Their own measures are studied too, and what they keep from delivery against the first.
    longest, step : int
        Warm-ups of 0, ``step``, 2 ``step``, ... up to ``longest`` days; each scenario is run once for
        ``longest`` + 730 days, from an empty world on.
    tolerance : float
        Relative difference that would not matter.
    replications, seed, estimator, behaviour, workers, progress, cluster
        As for `blo_sim.simulate`.

    Returns
    -------
    WarmupResult

    Raises
    ------
    ScenarioError, UsageError, SimulationError

    Notes
    -----
    A year is compared with the one after, not with a far later part of the run, so that seasons cancel. What
    takes much longer than a year to settle is seen in part only.
    """
    whole("longest", longest, at_least=0, at_most=3650)
    whole("step", step, at_least=1, at_most=3650)
    whole("workers", workers, at_least=1, optional=True)
    if not 0.0 < tolerance < 1.0:
        raise UsageError(f"tolerance is {tolerance!r}; it must be a share between 0 and 1, such as 0.01")
    lengths = range(0, longest + 1, step)
    design = make_design(
        [_without_warmup(loaded(each)) for each in (scenario, *alternatives)],
        replications=replications,
        seed=seed,
        days=lengths[-1] + 2 * YEAR,
        estimator=estimator,
        behaviour=behaviour,
    )
    bounds = sorted({days + shift for days in lengths for shift in (0, YEAR, 2 * YEAR)})
    starts = tuple(24.0 * day for day in bounds[:-1])
    design = replace(
        design,
        worlds=tuple(replace(world, years=len(starts), period_starts=starts) for world in design.worlds),
    )
    finished = run_design(design, workers=workers, progress=progress, cluster=cluster)
    return WarmupResult(design, finished, lengths, tolerance)


def _without_warmup(scenario: Scenario) -> Scenario:
    from blo_sim.scenario.load import rebuilt

    run = {**scenario.tables["run"], "warmup_days": 0}
    return rebuilt(scenario, {"run": run}, scenario.name)
