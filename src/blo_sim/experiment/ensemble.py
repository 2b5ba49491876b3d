"""Plausible worlds: whole sets of parameters within the ranges that a scenario gives.

An ensemble names points of a Latin hypercube and says which of them were kept because the baseline, with
these values, met what is published (`blo_sim.analysis.matching`). A point has a position between 0 and 1 in
every range, by the range's name: the positions of a range are a keyed permutation of ``points`` strata, so
they depend neither on other ranges nor on the order of draws. Any scenario can be drawn: a range that the
matched scenario did not have (of an office that only the alternative has) gets its position in the same way.

Of three replications, the first two have the same draw and the third the next one, and so on: two equal draws
tell noise from spread (`blo_sim.results.spread`).
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from blo_sim.draws import GOLDEN, key_of, uniforms
from blo_sim.errors import UsageError
from blo_sim.scenario.library import directory
from blo_sim.scenario.ranges import Range, ranges_of, with_values
from blo_sim.world.relief import relieved

if TYPE_CHECKING:
    from blo_sim.scenario import Scenario

FORMAT = 1
FOLDER = "ensembles"
LOG, LINEAR = "log", "linear"
_KEPT = ("kept_low", "kept_median", "kept_high")
REPLICATIONS_OF_TWO_DRAWS = 3
_KEYS = ("scenario", "sha256", "version", "seed", "points", "days", "behaviour", "targets", "ranges", "draws")


@dataclass(frozen=True, slots=True)
class Draw:
    """A point that was run.

    Parameters
    ----------
    point : int
        Its number.
    kept : bool
        Whether every measure lies within its bounds.
    measures : tuple of float or None
        The baseline's, in the order of the ensemble's targets; None where undefined, empty where the values
        do not go together.
    """

    point: int
    kept: bool
    measures: tuple[float | None, ...]


@dataclass(frozen=True)
class Ensemble:
    """Points of a Latin hypercube over the ranges of a scenario, and which of them are plausible.

    Parameters
    ----------
    scenario, sha256, version : str
        What was matched, and by which version.
    seed : int
        Of the points, and of their runs.
    points : int
        Strata of each range.
    days : int
        Measured days of a run.
    behaviour : str
    targets : mapping
        By id, the lowest and highest value that a kept draw may have.
    ranges : mapping
        By name, ``[low, high, "log" or "linear"]`` as the scenario had them.
    draws : sequence of Draw
        In the order of their points.
    """

    scenario: str
    sha256: str
    version: str
    seed: int
    points: int
    days: int
    behaviour: str
    targets: Mapping[str, tuple[float, float]]
    ranges: Mapping[str, tuple[float, float, str]]
    draws: Sequence[Draw] = field(repr=False)

    @cached_property
    def kept(self) -> tuple[int, ...]:
        """Points of the plausible draws."""
        return tuple(each.point for each in self.draws if each.kept)

    @property
    def digest(self) -> str:
        """What makes its plausible worlds what they are, in short."""
        return sha256(json.dumps([self.seed, self.points, self.kept]).encode()).hexdigest()

    def draw_of(self, replication: int) -> int:
        """The plausible draw, counted from 0, that a replication takes."""
        pair, place = divmod(replication, REPLICATIONS_OF_TWO_DRAWS)
        return (2 * pair + place // 2) % len(self.kept)

    def degrees(self, replications: int) -> int:
        """Replications beyond the first of each draw: the degrees of freedom of their noise."""
        pairs, rest = divmod(replications, REPLICATIONS_OF_TWO_DRAWS)
        return replications - min(len(self.kept), 2 * pairs + min(rest, 1))

    def position(self, name: str, point: int) -> float:
        """Where a point lies in the range of a name, between 0 and 1."""
        return position(self.seed, self.points, name, point)

    def world(self, scenario: Scenario, draw: int) -> Scenario:
        """A scenario with the values of a plausible draw.

        Raises
        ------
        ScenarioError
            If they do not go together in this scenario.
        """
        return self.at(scenario, self.kept[draw])

    def at(self, scenario: Scenario, point: int) -> Scenario:
        """A scenario with the values of a point, and no more traffic than its lanes can pass.

        Raises
        ------
        ScenarioError
            If the values do not go together in this scenario.
        """
        return relieved(with_values(scenario, lambda name: self.position(name, point)))

    def positions(self, points: Sequence[int]) -> np.ndarray[Any, Any]:
        """Positions of points in the ranges of the matched scenario, shape (points, ranges)."""
        columns = [strata(self.seed, self.points, name)[list(points)] for name in self.ranges]
        return np.array(columns).T

    def differing(self, scenario: Scenario) -> list[str]:
        """Names of ranges of a scenario that are not what they were when the draws were found."""
        return [
            each.name
            for each in ranges_of(scenario)
            if self.ranges.get(each.name, (each.low, each.high, _scale(each)))
            != (each.low, each.high, _scale(each))
        ]

    def narrowing(self) -> list[dict[str, Any]]:
        """How far matching narrowed each range, those first that moved most.

        Returns
        -------
        list of dict
            Keys ``range`` (its name), ``low``, ``high``, ``scale`` (of a row's quantity low and high are
            factors), ``kept_low``, ``kept_median``, ``kept_high`` (5, 50 and 95 % of the kept draws),
            ``width_left`` (of the middle 90 % of the range, as a share) and ``p_value`` (Kolmogorov-Smirnov
            test that the kept draws are as all draws: small where matching told something).
        """
        from scipy.stats import kstest

        rows = []
        for name, (low, high, scale) in self.ranges.items():
            places = strata(self.seed, self.points, name)[list(self.kept)]
            if not len(places):
                return []
            quantiles = np.quantile(places, [0.05, 0.5, 0.95]).tolist()
            found = Range((name,), low, high, scale == LOG)
            values = dict(zip(_KEPT, map(found.at, quantiles), strict=True))
            rows.append(
                {"range": name, "low": low, "high": high, "scale": scale}
                | values
                | {
                    "width_left": (quantiles[2] - quantiles[0]) / 0.9,
                    "p_value": float(kstest(places, "uniform").pvalue),
                }
            )
        return sorted(rows, key=lambda row: row["p_value"])

    def values(self) -> list[dict[str, float]]:
        """The values of every plausible draw, by the names of the matched scenario's ranges."""
        columns = {
            name: [
                Range((name,), low, high, scale == LOG).at(place)
                for place in strata(self.seed, self.points, name)[list(self.kept)].tolist()
            ]
            for name, (low, high, scale) in self.ranges.items()
        }
        return [{name: column[draw] for name, column in columns.items()} for draw in range(len(self.kept))]

    def to_dataframe(self) -> Any:
        """The `values` as a pandas ``DataFrame``, one row a plausible draw.

        Raises
        ------
        UsageError
            If pandas is not installed.
        """
        from blo_sim.experiment.result import as_dataframe

        return as_dataframe(self.values(), list(self.ranges))

    def head(self) -> dict[str, Any]:
        """What was matched, how, and how many draws were tried and kept."""
        names = ("scenario", "sha256", "version", "seed", "points", "days", "behaviour")
        targets = {name: list(bounds) for name, bounds in self.targets.items()}
        counts = {"tried": len(self.draws), "kept": len(self.kept)}
        return {name: getattr(self, name) for name in names} | {"targets": targets} | counts

    def text(self) -> str:
        """As its file has it: JSON, with one draw a line."""
        lines = [f"{json.dumps(name)}: {json.dumps(getattr(self, name))}" for name in _KEYS[:7]]
        lines = [f'"format": {FORMAT}', *lines]
        for name in ("targets", "ranges"):
            rows = [f"  {json.dumps(key)}: {json.dumps(row)}" for key, row in getattr(self, name).items()]
            lines.append(f'"{name}": {{\n' + ",\n".join(rows) + "\n}")
        draws = [f"  {json.dumps([each.point, int(each.kept), *each.measures])}" for each in self.draws]
        lines.append('"draws": [\n' + ",\n".join(draws) + "\n]")
        return "{\n" + ",\n".join(lines) + "\n}\n"


def _scale(each: Range) -> str:
    return LOG if each.log else LINEAR


def strata(seed: int, points: int, name: str) -> np.ndarray[Any, Any]:
    """Positions of all points in the range of a name: a Latin hypercube's column, shape (points,)."""
    drawn = _drawn(seed, name, np.arange(2 * points))
    order = np.empty(points)
    order[np.argsort(drawn[:points], kind="stable")] = np.arange(points)
    return np.asarray((order + drawn[points:]) / points)


def position(seed: int, points: int, name: str, point: int) -> float:
    """Where one point lies in the range of a name."""
    drawn = _drawn(seed, name, np.arange(points))
    below = np.count_nonzero(drawn < drawn[point]) + np.count_nonzero(drawn[:point] == drawn[point])
    return float((below + _drawn(seed, name, np.array([points + point]))[0]) / points)


def _drawn(seed: int, name: str, numbers: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """Numbered uniforms of a range, same shape."""
    keys = np.uint64(key_of(seed, "plausible", name)) + numbers.astype(np.uint64) * np.uint64(GOLDEN)
    return uniforms(keys, 0)


# Files ----------------------------------------------------------------------------------------------


def read_ensemble(path: str | os.PathLike[str]) -> Ensemble:
    """Read the file of an ensemble.

    Raises
    ------
    UsageError
        If it cannot be read, or is no ensemble.
    """
    try:
        content = json.loads(Path(path).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise UsageError(
            f"{path}: cannot be read ({error}); name a file that `blo-sim ensemble` made"
        ) from None
    try:
        if content["format"] != FORMAT:
            raise UsageError(f"{path}: format is {content['format']!r}; this version reads {FORMAT}")
        found = Ensemble(**{name: content[name] for name in _KEYS[:7]}, **_parts(content))
    except (TypeError, KeyError, ValueError, IndexError) as error:
        raise UsageError(
            f"{path}: is no ensemble ({type(error).__name__}: {error}); name a file that `blo-sim ensemble` "
            "made"
        ) from None
    if any(not 0 <= each.point < found.points for each in found.draws):
        raise UsageError(f"{path}: draws holds a point outside of 0 to {found.points - 1}, its points")
    return found


def _parts(content: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "targets": {name: (float(low), float(high)) for name, (low, high) in content["targets"].items()},
        "ranges": {
            name: (float(low), float(high), str(scale))
            for name, (low, high, scale) in content["ranges"].items()
        },
        "draws": [Draw(int(row[0]), bool(row[1]), tuple(row[2:])) for row in content["draws"]],
    }


def ensemble_of(scenario: Scenario) -> Ensemble:
    """The ensemble that a scenario names.

    Raises
    ------
    UsageError
        If it names none, the file cannot be read, or it holds no plausible draw.
    """
    name = scenario.model.ensemble
    if name is None:
        raise UsageError(
            f"parameters is 'plausible', but {scenario.name} names no ensemble: make one with "
            f"`blo-sim ensemble {scenario.name} --out FILE.json` and set its key ensemble to FILE.json"
        )
    found = read_ensemble(_path(scenario, name))
    if not found.kept:
        raise UsageError(
            f"{_path(scenario, name)}: no draw was kept; run `blo-sim ensemble` with more points"
        )
    return found


def _path(scenario: Scenario, name: str) -> Path:
    """A bundled ensemble, or a file beside the one that names it."""
    if not name.endswith(".json"):
        path = directory() / FOLDER / f"{name}.json"
        if not path.exists():
            known = sorted(each.stem for each in path.parent.glob("*.json"))
            raise UsageError(
                f"{scenario.name}: ensemble is {name!r}; it must be one of {', '.join(known)}, or a path "
                "that ends in .json"
            )
        return path
    return scenario.origins.folder(("ensemble",)) / name
