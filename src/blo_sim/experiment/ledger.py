"""Where a gain comes from.

With fixed routes every gain is a change of detection: the same loads meet the same controls, which
find more or less. So ``detection`` equals ``net``: it holds what waits at desks, drawn staff, false reports
and warned loads take away, which no line tells apart yet.

``attribution_shift`` is the realised mass of loads seized in both worlds that intelligence is credited
with only in the alternative. It is shown and never counted: both worlds seized these loads, so nothing
more was kept from delivery, and its second column is 0.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from blo_sim.experiment.masses import MICROGRAMS_PER_GRAM, Series, kilograms
from blo_sim.results.statistics import mean, mean_interval

if TYPE_CHECKING:
    from blo_sim.results.summary import Summary

INTELLIGENCE = frozenset({"lookout", "request", "pattern"})
"""Causes that need another office's knowledge."""


def attribution_shift(
    first: Sequence[Summary], second: Sequence[Summary], commodities: Sequence[str], year: int | None = None
) -> Series:
    """Micrograms of loads seized in both worlds, credited to intelligence only in the second."""
    series: Series = {each: [0] * len(first) for each in commodities}
    for place, (before, after) in enumerate(zip(first, second, strict=True)):
        for consignment, (when, commodity, grams, cause) in before.seized.items():
            other = after.seized.get(consignment)
            shifted = other is not None and cause not in INTELLIGENCE and other[3] in INTELLIGENCE
            if shifted and year in (None, when):
                series[commodity][place] += grams * MICROGRAMS_PER_GRAM
    return series


def ledger(
    intercepted: Sequence[float], kept: Sequence[float], shifted: Series, weights: Mapping[str, float]
) -> dict[str, Any]:
    """The ledger of one gain.

    Parameters
    ----------
    intercepted, kept : sequence of float
        Paired differences in kilograms, one a replication.
    shifted : Series
        From `attribution_shift`.
    weights : mapping
        Of the block that the ledger stands in.
    """
    gain = {"intercepted_kg": line(intercepted), "kept_kg": line(kept)}
    relabelled = kilograms(shifted, weights)
    return {
        "detection": gain,
        "net": gain,
        "attribution_shift": {"intercepted_kg": line(relabelled), "kept_kg": line([0.0] * len(relabelled))},
    }


def line(values: Sequence[float]) -> dict[str, Any]:
    """One column of one line: its mean and Monte Carlo interval."""
    interval = mean_interval(values)
    return {"mean": mean(values), "mc_ci": None if interval is None else list(interval)}
