"""Kilograms of a set of replications, as exact integers until the last step.

Loads are whole grams and expected seizures whole micrograms, so sums and paired differences are exact
in any order; only a headline's weights and the final conversion to kilograms round.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from functools import reduce
from typing import TYPE_CHECKING

from blo_sim.results.runs import summed

if TYPE_CHECKING:
    from blo_sim.results.runs import Runs

MICROGRAMS_PER_GRAM = 10**6
MICROGRAMS_PER_KG = 10**9
OTHERS = ("deterred", "again", "again_delivered", "other_way")
Series = dict[str, list[int]]
"""Micrograms by commodity, one value a replication."""


@dataclass(frozen=True)
class Masses:
    """What one world shipped and lost.

    ``attempted``, ``intercepted``, ``delivered`` and ``again`` (sent once more after a loss) follow the
    estimator; ``seized`` is always the realised mass, and so are the others: ``sent`` has departed,
    ``deterred`` was not sent, ``again_delivered`` of what was sent again came through, ``other_way`` was not
    sent the usual way.
    """

    attempted: Series
    intercepted: Series
    delivered: Series
    seized: Series
    sent: Series
    deterred: Series
    again: Series
    again_delivered: Series
    other_way: Series


def masses(
    runs: Runs, commodities: Sequence[str], estimator: str, year: int | None = None
) -> Masses:
    """Collect the masses of one world's replications.

    Parameters
    ----------
    runs : Runs
    commodities : sequence of str
    estimator : {"expected", "realised"}
        Under ``expected`` what is not intercepted counts as delivered, and loads that are sent again count
        as expected (`blo_sim.results.again`).
    year : int, optional
        One year of the dated clock; all of them together by default.
    """

    def series(measure: str, unit: int) -> Series:
        return {
            each: [unit * value for value in total(runs, measure, each, year)] for each in commodities
        }

    sent = series("attempted_g", MICROGRAMS_PER_GRAM)
    seized = series("seized_g", MICROGRAMS_PER_GRAM)
    others = [series(f"{each}_g", MICROGRAMS_PER_GRAM) for each in OTHERS]
    if estimator == "realised":
        return Masses(sent, seized, series("delivered_g", MICROGRAMS_PER_GRAM), seized, sent, *others)
    correction, expected = series("again_correction_ug", 1), series("expected_ug", 1)
    attempted = added(sent, correction)
    deterred, again, *rest = others
    delivered = difference(expected, attempted)
    again = added(again, correction)
    return Masses(attempted, expected, delivered, seized, sent, deterred, again, *rest)


def total(runs: Runs, measure: str, commodity: str, year: int | None = None) -> list[int]:
    """One of the flows, over all years unless one is given; one value a replication."""
    keys = [
        key
        for key in runs.keys("flows")
        if key[0] == measure and key[2] == commodity and year in (None, key[1])
    ]
    return summed(runs, "flows", keys)


def together(parts: Sequence[Masses]) -> Masses:
    """Masses of several periods, added up."""
    names = [each.name for each in fields(Masses)]
    return Masses(*(reduce(added, (getattr(part, name) for part in parts)) for name in names))


def added(first: Series, second: Series) -> Series:
    """First plus second, exactly."""
    return {each: [a + b for a, b in zip(first[each], second[each], strict=True)] for each in first}


def difference(first: Series, second: Series) -> Series:
    """Second minus first, exactly."""
    return {
        commodity: [b - a for a, b in zip(first[commodity], second[commodity], strict=True)]
        for commodity in first
    }


def kilograms(series: Series, weights: Mapping[str, float]) -> list[float]:
    """Weighted kilograms, one value a replication; a commodity that no world has counts as 0."""
    parts = [(weight, series[commodity]) for commodity, weight in weights.items() if commodity in series]
    count = len(next(iter(series.values())))
    return [
        math.fsum(weight * (values[i] / MICROGRAMS_PER_KG) for weight, values in parts) for i in range(count)
    ]
