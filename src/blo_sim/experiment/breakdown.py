"""Where and why loads were intercepted: by control type and area, and by cause.

An area of a real place is a border or a country, never a single post: no table may say which crossing is
weak. In a synthetic world it is the crossing, sector or unit itself (`blo_sim.world.compile.Control`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from blo_sim.experiment.masses import MICROGRAMS_PER_GRAM, Series, kilograms
from blo_sim.experiment.values import of_mean
from blo_sim.model.events import CAUSES
from blo_sim.results.statistics import mean

if TYPE_CHECKING:
    from blo_sim.results.summary import Summary

def places(
    summaries: Sequence[Summary], estimator: str, weights: Mapping[str, float]
) -> dict[str, dict[str, Any]]:
    """Weighted kilograms that met such a control, and that it intercepted, by control type and area.

    A load counts once where it meets several controls of one type in one area.
    """
    met = _by_place([_met(each) for each in summaries], weights)
    caught = _by_place([_intercepted(each, estimator) for each in summaries], weights)
    nothing = [0.0] * len(summaries)
    return {
        label(*place): {
            "met_kg": of_mean(met.get(place, nothing)),
            "intercepted_kg": of_mean(caught.get(place, nothing)),
        }
        for place in sorted(met.keys() | caught.keys())
    }


def shares_of_gain(
    first: Sequence[Summary],
    unchanged: Sequence[Summary] | None,
    second: Sequence[Summary],
    estimator: str,
    weights: Mapping[str, float],
) -> dict[str, dict[str, Any]]:
    """Weighted kilograms more intercepted on unchanged flows and by response, by type, area and country.

    Parameters
    ----------
    first, unchanged, second : sequence of Summary
        As for `blo_sim.experiment.ledger.ledger_lines`.
    """
    runs = [first, second] if unchanged is None else [first, unchanged, second]
    found = [_by_place([_intercepted(each, estimator, True) for each in run], weights) for run in runs]
    nothing = [0.0] * len(first)
    result = {}
    for place in sorted({place for run in found for place in run}):
        series = [run.get(place, nothing) for run in found]
        steps = [_less(later, earlier) for earlier, later in pairwise(series)]
        names = ("net_kg",) if unchanged is None else ("detection_kg", "response_kg")
        result[label(*place)] = {name: of_mean(step) for name, step in zip(names, steps, strict=True)}
    return result


def label(*place: str) -> str:
    """What results call a place: control type, area, and country where both sides of it count apart."""
    return " ".join(dict.fromkeys(place))


def _less(later: Sequence[float], earlier: Sequence[float]) -> list[float]:
    return [b - a for a, b in zip(earlier, later, strict=True)]


def _by_place(
    replications: Sequence[list[tuple[tuple[str, ...], str, int]]], weights: Mapping[str, float]
) -> dict[tuple[str, ...], list[float]]:
    parts: dict[tuple[str, ...], Series] = {}
    for number, rows in enumerate(replications):
        for place, commodity, micrograms in rows:
            if commodity not in weights:
                continue
            series = parts.setdefault(place, {each: [0] * len(replications) for each in weights})
            series[commodity][number] += micrograms
    return {place: kilograms(series, weights) for place, series in parts.items()}


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
        for (_, commodity, _, _, _, why), grams in summary.seized_by.items():
            if why == cause and commodity in weights:
                series[commodity][number] += grams * MICROGRAMS_PER_GRAM
    return kilograms(series, weights)


def _seizures(summary: Summary, cause: str, weights: Mapping[str, float]) -> int:
    return sum(why == cause and what in weights for _, what, _, why in summary.seized.values())


def _met(summary: Summary) -> list[tuple[tuple[str, ...], str, int]]:
    return [
        ((kind, area), what, grams * MICROGRAMS_PER_GRAM)
        for (_, what, kind, area), grams in summary.met_by.items()
    ]


def _intercepted(
    summary: Summary, estimator: str, by_country: bool = False
) -> list[tuple[tuple[str, ...], str, int]]:
    if estimator == "expected":
        rows = [(key[1:], micrograms) for key, micrograms in summary.expected_by.items()]
    else:
        rows = [(key[1:-1], grams * MICROGRAMS_PER_GRAM) for key, grams in summary.seized_by.items()]
    return [((kind, area, country) if by_country else (kind, area), what, micrograms)
            for (what, kind, area, country), micrograms in rows]
