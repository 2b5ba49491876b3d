"""Numbers of a document: a mean or ratio of means over replications, with its uncertainties."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from blo_sim.results.spread import (
    draws_interval,
    expected_values,
    members_of,
    noise_interval,
    plausible_range,
)
from blo_sim.results.statistics import (
    Interval,
    mean,
    mean_interval,
    ratio,
    ratio_difference,
    ratio_interval,
)


def value(
    centre: float | None, interval: Interval | None, plausible: Interval | None = None
) -> dict[str, Any]:
    """A number with its two uncertainties: of the Monte Carlo method, and over plausible worlds."""
    return {
        "mean": centre,
        "mc_ci": None if interval is None else list(interval),
        "plausible": None if plausible is None else list(plausible),
    }


@dataclass(frozen=True)
class Numbers:
    """Means and ratios over replications, each with its uncertainties.

    Parameters
    ----------
    draws : tuple of int, optional
        The draw of the parameters that each replication had; None if all had the central ones.
    """

    draws: tuple[int, ...] | None = None

    def mean(self, values: Sequence[float]) -> dict[str, Any]:
        """The mean of one value a replication."""
        if self.draws is None:
            return value(mean(values), mean_interval(values))
        return self._drawn(mean(values), values)

    def ratio(self, numerator: Sequence[float], denominator: Sequence[float]) -> dict[str, Any]:
        """A ratio of means."""
        centre = ratio(numerator, denominator)
        if self.draws is None:
            return value(centre, ratio_interval(numerator, denominator))
        pulls = self._pulls(numerator, denominator)
        return value(centre, None) if centre is None or pulls is None else self._drawn(centre, pulls)

    def ratio_difference(
        self,
        first: tuple[Sequence[float], Sequence[float]],
        second: tuple[Sequence[float], Sequence[float]],
    ) -> dict[str, Any]:
        """The second ratio of means, given as numerators and denominators, minus the first."""
        centre, interval = ratio_difference(first, second)
        if self.draws is None:
            return value(centre, interval)
        before, after = self._pulls(*first), self._pulls(*second)
        if centre is None or before is None or after is None:
            return value(centre, None)
        return self._drawn(centre, [b - a for a, b in zip(before, after, strict=True)])

    def interval(self, values: Sequence[float]) -> Interval | None:
        """95 % Monte Carlo interval of the mean."""
        return mean_interval(values) if self.draws is None else noise_interval(values, self.draws)

    def over_draws(self, values: Sequence[float]) -> Interval | None:
        """95 % interval of the mean over all plausible worlds; None for the central parameters."""
        return None if self.draws is None else draws_interval(values, self.draws)

    def expected(self, values: Sequence[float]) -> list[float]:
        """The expected value of each draw; empty for the central parameters."""
        return [] if self.draws is None else expected_values(values, self.draws)

    def share_above_0(self, values: Sequence[float]) -> float | None:
        """Share of the draws whose expected value is above 0; None for the central parameters, or if draws
        differ by no more than noise does.
        """
        expected = self.expected(values)
        if not expected or (len(set(expected)) == 1 and self.interval(values) is not None):
            return None
        return sum(each > 0 for each in expected) / len(expected)

    def _drawn(self, centre: float, values: Sequence[float]) -> dict[str, Any]:
        expected = self.expected(values)
        shift = centre - mean(values)
        around = self.interval(values)
        interval = None if around is None else (around[0] + shift, around[1] + shift)
        return value(centre, interval, plausible_range([each + shift for each in expected]))

    def _pulls(self, numerator: Sequence[float], denominator: Sequence[float]) -> list[float] | None:
        """The ratio of each replication's draw, and what the replication adds to it in the first order.

        Their mean over a draw is its ratio of means; None where a draw has nothing in the denominator.
        """
        assert self.draws is not None
        found: list[float] = [0.0] * len(numerator)
        for members in members_of(self.draws):
            typical = mean([denominator[each] for each in members])
            if not typical:
                return None
            own = mean([numerator[each] for each in members]) / typical
            for each in members:
                found[each] = own + (numerator[each] - own * denominator[each]) / typical
        return found


CENTRAL = Numbers()


def flat(entries: Mapping[str, Any], within: str = "") -> Iterator[tuple[Any, ...]]:
    """Numbers of a block and of those in it: name (``outer.inner``), mean, and both intervals or None."""
    for name, entry in entries.items():
        if isinstance(entry, Mapping) and "mean" not in entry:
            yield from flat(entry, f"{within}{name}.")
        elif isinstance(entry, Mapping):
            bounds = *(entry["mc_ci"] or (None, None)), *(entry.get("plausible") or (None, None))
            yield (within + name, entry["mean"], *bounds)
        elif isinstance(entry, int | float):
            yield within + name, entry, None, None, None, None
