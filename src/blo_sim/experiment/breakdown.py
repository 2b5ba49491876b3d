"""Where and why loads were intercepted: by control type and border, and by cause.

Control type and border only, never single posts: for a real place no table may say which crossing is weak.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from blo_sim.experiment.masses import MICROGRAMS_PER_GRAM, Series, kilograms
from blo_sim.experiment.values import of_mean
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
    return {cause: mean(kilograms_by(summaries, cause, weights)) for cause in CAUSES}


def causes(summaries: Sequence[Summary], weights: Mapping[str, float]) -> dict[str, Any]:
    """Realised kilograms and numbers of seized loads, by the cause: a share by weight and one by count."""
    return {
        cause: {
            "kg": of_mean(kilograms_by(summaries, cause, weights)),
            "seizures": of_mean([_seizures(summary, cause, weights) for summary in summaries]),
        }
        for cause in CAUSES
    }


def kilograms_by(
    summaries: Sequence[Summary], cause: str, weights: Mapping[str, float]
) -> list[float]:
    """Weighted kilograms of loads seized by a cause, one value a replication."""
    series: Series = {each: [0] * len(summaries) for each in weights}
    for number, summary in enumerate(summaries):
        for (_, commodity, _, _, why), grams in summary.seized_by.items():
            if why == cause and commodity in weights:
                series[commodity][number] += grams * MICROGRAMS_PER_GRAM
    return kilograms(series, weights)


def _seizures(summary: Summary, cause: str, weights: Mapping[str, float]) -> int:
    return sum(why == cause and what in weights for _, what, _, why in summary.seized.values())


def _intercepted(summary: Summary, estimator: str) -> list[tuple[Place, str, int]]:
    if estimator == "expected":
        return [
            ((kind, border), what, value) for (_, what, kind, border), value in summary.expected_by.items()
        ]
    return [
        ((kind, border), what, value * MICROGRAMS_PER_GRAM)
        for (_, what, kind, border, _), value in summary.seized_by.items()
    ]
