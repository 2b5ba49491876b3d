"""Numbers of a document: a mean or ratio of means over replications, with its uncertainties."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from blo_sim.results.statistics import Interval, mean, mean_interval, ratio, ratio_interval


def value(centre: float | None, interval: Interval | None) -> dict[str, Any]:
    """A number with its two uncertainties; the second needs parameter draws, which are not run yet."""
    return {"mean": centre, "mc_ci": None if interval is None else list(interval), "plausible": None}


def of_mean(values: Sequence[float]) -> dict[str, Any]:
    """The mean of one value a replication."""
    return value(mean(values), mean_interval(values))


def of_ratio(numerator: Sequence[float], denominator: Sequence[float]) -> dict[str, Any]:
    """A ratio of means."""
    return value(ratio(numerator, denominator), ratio_interval(numerator, denominator))


def flat(entries: Mapping[str, Any], within: str = "") -> Iterator[tuple[str, float | None, Any, Any]]:
    """Numbers of a block and of the blocks in it: name (``outer.inner``), mean, and interval or None."""
    for name, entry in entries.items():
        if isinstance(entry, Mapping) and "mean" not in entry:
            yield from flat(entry, f"{within}{name}.")
        elif isinstance(entry, Mapping):
            yield (within + name, entry["mean"], *(entry["mc_ci"] or (None, None)))
        elif isinstance(entry, int | float):
            yield within + name, entry, None, None
