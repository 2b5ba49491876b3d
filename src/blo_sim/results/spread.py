"""Noise and spread, where replications belong to draws of the parameters.

Replications of one draw differ by noise only; draws differ also because their worlds do. The noise is what
two replications of one draw differ by, pooled over all draws that have several. It gives the Monte Carlo
interval of the mean, and it is taken out of the draws' means: by the one-way random effects model (analysis
of variance with unequal numbers), each is shrunk towards their mean by the square root of its reliability, so
that the shrunk means spread as the expected values do (the constrained estimate of Louis 1984; plain
shrinking would make them too narrow). Where the F test does not tell the draws from noise at `TOLD`, they
have no spread: chance alone would give them some half of the time.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from blo_sim.results.statistics import Interval, mean, t_quantile

FEW = 40
"""With fewer draws than this the range is that of all of them, not its middle 90 %."""
LOW, HIGH = 0.05, 0.95
TOLD = 0.2
"""Level of the test that draws differ by more than noise."""


@dataclass(frozen=True)
class Noise:
    """Variance of one replication within its draw, and how many degrees of freedom tell it."""

    variance: float
    degrees: int


def members_of(draws: Sequence[int]) -> list[list[int]]:
    """Replications of each draw, in the order in which the draws come."""
    groups: dict[int, list[int]] = {}
    for replication, draw in enumerate(draws):
        groups.setdefault(draw, []).append(replication)
    return list(groups.values())


def grouped(values: Sequence[float], draws: Sequence[int]) -> list[list[float]]:
    """Values by draw, in the order in which the draws come."""
    return [[values[each] for each in members] for members in members_of(draws)]


def noise(values: Sequence[float], draws: Sequence[int]) -> Noise | None:
    """The noise of single replications; None if no draw has two."""
    degrees, total = 0, []
    for group in grouped(values, draws):
        centre = mean(group)
        total += [(value - centre) ** 2 for value in group]
        degrees += len(group) - 1
    return Noise(math.fsum(total) / degrees, degrees) if degrees else None


def noise_interval(values: Sequence[float], draws: Sequence[int]) -> Interval | None:
    """95 % Monte Carlo interval of the mean over these draws, or None without two replications of a draw.

    Parameters
    ----------
    values : sequence of float
        One a replication.
    draws : sequence of int
        The draw of each.
    """
    found = noise(values, draws)
    if found is None or found.variance == 0.0:
        return None
    half = t_quantile(found.degrees) * math.sqrt(found.variance / len(values))
    middle = mean(values)
    return middle - half, middle + half


def draws_interval(values: Sequence[float], draws: Sequence[int]) -> Interval | None:
    """95 % interval of the mean over all worlds that could have been drawn; None with fewer than two draws.

    Draws are independent, replications of one draw are not. So the variance of the mean is that of the draws'
    sums (the cluster-robust one), with a degree of freedom less than there are draws.

    Parameters
    ----------
    values, draws
        As for `noise_interval`.
    """
    middle = mean(values)
    sums = [math.fsum(each - middle for each in group) for group in grouped(values, draws)]
    count = len(sums)
    if count < 2:
        return None
    variance = math.fsum(each**2 for each in sums) * count / (count - 1) / len(values) ** 2
    half = t_quantile(count - 1) * math.sqrt(variance)
    return middle - half, middle + half


def expected_values(values: Sequence[float], draws: Sequence[int]) -> list[float]:
    """Expected value of each draw: its mean, shrunk by the noise that is in it.

    Parameters
    ----------
    values, draws
        As for `noise_interval`.

    Returns
    -------
    list of float
        One a draw, all equal if they do not differ by more than noise; empty where the noise is not known, or
        if there are fewer than two draws.
    """
    groups = grouped(values, draws)
    found = noise(values, draws)
    if found is None or len(groups) < 2:
        return []
    means = [mean(group) for group in groups]
    spread = _spread(groups, means, found)
    if not spread:
        return [mean(values)] * len(groups)
    variances = [spread + found.variance / len(group) for group in groups]
    weighted = math.fsum(each / variance for each, variance in zip(means, variances, strict=True))
    middle = weighted / math.fsum(1.0 / variance for variance in variances)
    return [
        middle + math.sqrt(spread / variance) * (each - middle)
        for each, variance in zip(means, variances, strict=True)
    ]


def _spread(groups: Sequence[Sequence[float]], means: Sequence[float], noise: Noise) -> float:
    """Variance of the expected values between draws, by the method of moments; 0 if nothing tells it."""
    counts = [len(group) for group in groups]
    total = sum(counts)
    centre = math.fsum(count * each for count, each in zip(counts, means, strict=True)) / total
    squares = [count * (each - centre) ** 2 for count, each in zip(counts, means, strict=True)]
    typical = total - sum(count**2 for count in counts) / total
    between = math.fsum(squares) / (len(groups) - 1)
    if noise.variance and _by_chance(between / noise.variance, len(groups) - 1, noise.degrees) > TOLD:
        return 0.0
    return max(0.0, (between - noise.variance) * (len(groups) - 1) / typical)


def _by_chance(ratio: float, above: int, below: int) -> float:
    """Probability that a ratio of variances is larger than this by noise alone."""
    from scipy.special import fdtrc

    return float(fdtrc(above, below, ratio))


def plausible_range(expected: Sequence[float]) -> Interval | None:
    """Middle 90 % of the draws' expected values, all of them if there are few (`FEW`); None without any."""
    if not expected:
        return None
    ordered = sorted(expected)
    if len(ordered) < FEW:
        return ordered[0], ordered[-1]
    return _quantile(ordered, LOW), _quantile(ordered, HIGH)


def _quantile(ordered: Sequence[float], probability: float) -> float:
    """Quantile of sorted values, linear between them."""
    place = probability * (len(ordered) - 1)
    below = math.floor(place)
    above = min(below + 1, len(ordered) - 1)
    return ordered[below] + (place - below) * (ordered[above] - ordered[below])
