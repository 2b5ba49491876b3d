"""When to stop: as soon as the interval of every measure is narrow enough.

The number of replications is tested at fixed points, 20, 30, 45, ... up to 2,000, on replications 0, 1, 2,
... so far. So it does not depend on how many run at once; and between two looks the replications grow by a
half, so that there are few looks which could stop by luck.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from blo_sim.errors import UsageError
from blo_sim.experiment.document import differences, numbers
from blo_sim.experiment.masses import kilograms, masses
from blo_sim.results.statistics import mean

if TYPE_CHECKING:
    from blo_sim.experiment.design import Design
    from blo_sim.results.runs import Runs

LEAST, MOST = 20, 2000
GROWTH = 1.5
SMALL_GAIN = 0.001
"""Share of what the baseline intercepts below which a gain need not be told from 0."""


def points() -> list[int]:
    """Numbers of replications at which the intervals are looked at."""
    found = [LEAST]
    while found[-1] < MOST:
        found.append(min(MOST, int(GROWTH * found[-1])))
    return found


def precision_of(design: Design, relative: float | None, replications: int | None) -> Precision | None:
    """The rule for a half-width that a user asks for; None if he asks for none.

    Raises
    ------
    UsageError
        Also if he asks for a number of replications too.
    """
    if relative is None:
        return None
    if replications is not None:
        raise UsageError(
            f"precision is {relative!r} and replications is {replications}: give one of them, since the "
            "first says how many there are"
        )
    return Precision(design, relative)


@dataclass(frozen=True)
class Precision:
    """Half-widths of 95 % Monte Carlo intervals that are narrow enough.

    Of one scenario, that of the kilograms of the headline that are intercepted; of a comparison, that of the
    kilograms that each alternative keeps from delivery.

    Parameters
    ----------
    design : Design
    relative : float
        Over the absolute mean, such as 0.1. Of a gain, the mean counts as at least `SMALL_GAIN` of what the
        baseline intercepts, so that offices that do nothing need not be run for ever.

    Raises
    ------
    UsageError
        If ``relative`` is no number above 0.
    """

    design: Design
    relative: float

    def __post_init__(self) -> None:
        number = isinstance(self.relative, int | float) and not isinstance(self.relative, bool)
        if not number or not math.isfinite(self.relative) or self.relative <= 0:
            raise UsageError(
                f"precision is {self.relative!r}; it must be a number above 0, such as 0.1 for an interval "
                "of plus or minus 10 %"
            )

    def reached(self, worlds: Mapping[str, Runs]) -> bool:
        """Whether every measure of these replications is known well enough."""
        design = self.design
        headline = design.blocks()[design.scenarios[0].model.headline.id]
        found = {name: masses(runs, design.commodities, design.estimator) for name, runs in worlds.items()}
        caught = kilograms(found[design.baseline].intercepted, headline)
        if not design.alternatives:
            return self._narrow(caught, 0.0)
        least = SMALL_GAIN * mean(caught)
        gains = (
            differences(found[design.baseline], found[name], headline)[1]
            for name in design.alternatives
            if name != design.baseline
        )
        return all(self._narrow(gain, least) for gain in gains)

    def _narrow(self, values: list[float], least: float) -> bool:
        interval = numbers(self.design, len(values)).interval(values)
        half = 0.0 if interval is None else (interval[1] - interval[0]) / 2.0
        return half <= self.relative * max(abs(mean(values)), least)
