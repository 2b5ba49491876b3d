"""Where and why loads were intercepted: by control type and area, and by cause.

An area of a real place is a border or a country, never a single post: no table may say which crossing is
weak. In a synthetic world it is the crossing, sector or unit itself (`blo_sim.world.compile.Control`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from blo_sim.experiment.masses import MICROGRAMS_PER_GRAM, Series, kilograms
from blo_sim.experiment.values import CENTRAL, Numbers
from blo_sim.model.events import CAUSES
from blo_sim.results.runs import summed
from blo_sim.results.statistics import mean

if TYPE_CHECKING:
    from blo_sim.results.runs import Runs

Place = tuple[str, ...]
"""Control type and area, and country where both sides of it count apart."""


def places(
    runs: Runs, estimator: str, weights: Mapping[str, float], of: Numbers = CENTRAL
) -> dict[str, dict[str, Any]]:
    """Weighted kilograms that met such a control, and that it intercepted, by control type and area.

    A load counts once where it meets several controls of one type in one area.
    """
    met = _met(runs, weights)
    caught = _intercepted(runs, estimator, weights)
    nothing = [0.0] * len(runs)
    return {
        label(*place): {
            "met_kg": of.mean(met.get(place, nothing)),
            "intercepted_kg": of.mean(caught.get(place, nothing)),
        }
        for place in sorted(met.keys() | caught.keys())
    }


def shares_of_gain(
    first: Runs,
    unchanged: Runs | None,
    second: Runs,
    estimator: str,
    weights: Mapping[str, float],
    of: Numbers = CENTRAL,
) -> dict[str, dict[str, Any]]:
    """Weighted kilograms more intercepted on unchanged flows and by response, by type, area and country.

    Parameters
    ----------
    first, unchanged, second : Runs
        As for `blo_sim.experiment.ledger.ledger_lines`.
    """
    runs = [first, second] if unchanged is None else [first, unchanged, second]
    found = [_intercepted(each, estimator, weights, by_country=True) for each in runs]
    nothing = [0.0] * len(first)
    result = {}
    for place in sorted({place for run in found for place in run}):
        series = [run.get(place, nothing) for run in found]
        steps = [_less(later, earlier) for earlier, later in pairwise(series)]
        names = ("net_kg",) if unchanged is None else ("detection_kg", "response_kg")
        result[label(*place)] = {name: of.mean(step) for name, step in zip(names, steps, strict=True)}
    return result


def label(*place: str) -> str:
    """What results call a place: control type, area, and country where both sides of it count apart."""
    return " ".join(dict.fromkeys(place))


def _less(later: Sequence[float], earlier: Sequence[float]) -> list[float]:
    return [b - a for a, b in zip(earlier, later, strict=True)]


def by_cause(runs: Runs, weights: Mapping[str, float]) -> dict[str, float]:
    """Mean weighted kilograms of seized loads, by the cause of the seizure."""
    return {cause: mean(kilograms_by(runs, cause, weights)) for cause in CAUSES}


def causes(runs: Runs, weights: Mapping[str, float], of: Numbers = CENTRAL) -> dict[str, Any]:
    """Realised kilograms and numbers of seized loads, by the cause: a share by weight and one by count."""
    return {
        cause: {
            "kg": of.mean(kilograms_by(runs, cause, weights)),
            "seizures": of.mean(_seizures(runs, cause, weights)),
        }
        for cause in CAUSES
    }


def kilograms_by(runs: Runs, cause: str, weights: Mapping[str, float]) -> list[float]:
    """Weighted kilograms of loads seized by a cause, one value a replication."""
    keys = [key for key in runs.keys("seized_by") if key[-1] == cause]
    return kilograms(_series(runs, "seized_by", keys, weights, MICROGRAMS_PER_GRAM), weights)


def _seizures(runs: Runs, cause: str, weights: Mapping[str, float]) -> list[int]:
    keys = [key for key in runs.keys("seizures_by") if key[2] == cause and key[1] in weights]
    return summed(runs, "seizures_by", keys)


def _met(runs: Runs, weights: Mapping[str, float]) -> dict[Place, list[float]]:
    return _by_place(runs, "met_by", slice(2, 4), weights, MICROGRAMS_PER_GRAM)


def _intercepted(
    runs: Runs, estimator: str, weights: Mapping[str, float], *, by_country: bool = False
) -> dict[Place, list[float]]:
    place = slice(2, 5 if by_country else 4)
    if estimator == "expected":
        return _by_place(runs, "expected_by", place, weights, 1)
    return _by_place(runs, "seized_by", place, weights, MICROGRAMS_PER_GRAM)


def _by_place(
    runs: Runs, table: str, place: slice, weights: Mapping[str, float], unit: int
) -> dict[Place, list[float]]:
    """Weighted kilograms of a table whose keys have the commodity second and the place in that slice."""
    keys: dict[Place, list[Any]] = {}
    for key in runs.keys(table):
        if key[1] in weights:
            keys.setdefault(key[place], []).append(key)
    return {
        each: kilograms(_series(runs, table, group, weights, unit), weights) for each, group in keys.items()
    }


def _series(
    runs: Runs, table: str, keys: Sequence[Any], weights: Mapping[str, float], unit: int
) -> Series:
    return {
        commodity: [
            unit * value for value in summed(runs, table, [key for key in keys if key[1] == commodity])
        ]
        for commodity in weights
    }
