"""Where and why loads were intercepted: by control type and border, and by cause.

Control type and border only, never single posts: for a real place no table may say which crossing is weak.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from blo_sim.experiment.masses import MICROGRAMS_PER_GRAM, Series, kilograms
from blo_sim.model.events import CAUSES
from blo_sim.results.statistics import mean

if TYPE_CHECKING:
    from blo_sim.results.summary import Summary

Place = tuple[str, str]
"""Control type (post, patrol, inland) and border, or country for inland units."""


def by_border(
    summaries: Sequence[Summary], estimator: str, weights: Mapping[str, float]
) -> dict[Place, float]:
    """Mean weighted kilograms intercepted, by control type and border."""
    parts: dict[Place, Series] = {}
    for number, summary in enumerate(summaries):
        for place, commodity, micrograms in _intercepted(summary, estimator):
            series = parts.setdefault(place, {each: [0] * len(summaries) for each in weights})
            if commodity in series:
                series[commodity][number] += micrograms
    return {place: mean(kilograms(series, weights)) for place, series in sorted(parts.items())}


def by_cause(summaries: Sequence[Summary], weights: Mapping[str, float]) -> dict[str, float]:
    """Mean weighted kilograms of seized loads, by the cause of the seizure."""
    parts: dict[str, Series] = {cause: {each: [0] * len(summaries) for each in weights} for cause in CAUSES}
    for number, summary in enumerate(summaries):
        for (_, commodity, _, _, cause), grams in summary.seized_by.items():
            if commodity in weights:
                parts[cause][commodity][number] += grams * MICROGRAMS_PER_GRAM
    return {cause: mean(kilograms(series, weights)) for cause, series in parts.items()}


def _intercepted(summary: Summary, estimator: str) -> list[tuple[Place, str, int]]:
    if estimator == "expected":
        return [
            ((kind, border), what, value) for (_, what, kind, border), value in summary.expected_by.items()
        ]
    return [
        ((kind, border), what, value * MICROGRAMS_PER_GRAM)
        for (_, what, kind, border, _), value in summary.seized_by.items()
    ]
