"""Means, intervals and ratios over replications.

Replications are independent and identically distributed, so the Monte Carlo interval of a mean is
Student's t, and that of a ratio of means (a share) is the jackknife's. What is undefined (one
replication, no spread, an empty denominator) is ``None``, never NaN.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

Interval = tuple[float, float]
CONFIDENCE = 0.95
LARGEST_NEED = 10**9


def mean(values: Sequence[float]) -> float:
    """Arithmetic mean; the sum is exact before it is rounded."""
    return math.fsum(values) / len(values)


def variance(values: Sequence[float]) -> float:
    """Unbiased sample variance of at least two values; exactly 0 if all are equal."""
    if all(value == values[0] for value in values):
        return 0.0
    centre = mean(values)
    return math.fsum((value - centre) ** 2 for value in values) / (len(values) - 1)


def median(values: Sequence[float]) -> float:
    """Middle value, or the mean of the two in the middle."""
    ordered = sorted(values)
    half = len(ordered) // 2
    if len(ordered) % 2:
        return float(ordered[half])
    return (ordered[half - 1] + ordered[half]) / 2.0


def t_quantile(degrees: int, probability: float = 0.5 + CONFIDENCE / 2) -> float:
    """Quantile of Student's t distribution."""
    from scipy.special import stdtrit

    return float(stdtrit(degrees, probability))


def mean_interval(values: Sequence[float]) -> Interval | None:
    """95 % interval of the mean, or None with fewer than two values or without spread."""
    if len(values) < 2:
        return None
    spread = variance(values)
    if spread == 0.0:
        return None
    half = t_quantile(len(values) - 1) * math.sqrt(spread / len(values))
    centre = mean(values)
    return centre - half, centre + half


def ratio(numerator: Sequence[float], denominator: Sequence[float]) -> float | None:
    """Ratio of means, or None if the denominator is 0."""
    below = math.fsum(denominator)
    return math.fsum(numerator) / below if below else None


def ratio_interval(numerator: Sequence[float], denominator: Sequence[float]) -> Interval | None:
    """95 % jackknife interval of a ratio of means, centred on the ratio itself."""
    return _around(ratio(numerator, denominator), _leave_one_out(numerator, denominator))


def ratio_difference(
    first: tuple[Sequence[float], Sequence[float]], second: tuple[Sequence[float], Sequence[float]]
) -> tuple[float | None, Interval | None]:
    """Second ratio of means minus the first, with the jackknife interval of the paired difference.

    Parameters
    ----------
    first, second : (numerators, denominators)
        Each sequence has one value a replication, in the same order.
    """
    before, after = ratio(*first), ratio(*second)
    if before is None or after is None:
        return None, None
    left, right = _leave_one_out(*first), _leave_one_out(*second)
    if left is None or right is None:
        return after - before, None
    return after - before, _around(after - before, [b - a for a, b in zip(left, right, strict=True)])


def relative_difference(
    first: tuple[Sequence[float], Sequence[float]], second: tuple[Sequence[float], Sequence[float]]
) -> tuple[float | None, Interval | None]:
    """First ratio of means over the second, minus 1, with the jackknife interval of the paired ratios.

    Parameters
    ----------
    first, second : (numerators, denominators)
        As for `ratio_difference`.
    """
    above, below = ratio(*first), ratio(*second)
    if above is None or not below:
        return None, None
    left, right = _leave_one_out(*first), _leave_one_out(*second)
    if left is None or right is None or not all(right):
        return above / below - 1, None
    parts = [a / b - 1 for a, b in zip(left, right, strict=True)]
    return above / below - 1, _around(above / below - 1, parts)


def _leave_one_out(numerator: Sequence[float], denominator: Sequence[float]) -> list[float] | None:
    """The ratio with each replication left out in turn; None where one of them is undefined."""
    if len(numerator) < 2:
        return None
    above, below = math.fsum(numerator), math.fsum(denominator)
    rest = [below - value for value in denominator]
    if not all(rest):
        return None
    return [(above - value) / left for value, left in zip(numerator, rest, strict=True)]


def _around(centre: float | None, parts: list[float] | None) -> Interval | None:
    if centre is None or parts is None:
        return None
    count = len(parts)
    spread = variance(parts) * (count - 1) ** 2 / count
    if spread == 0.0:
        return None
    half = t_quantile(count - 1) * math.sqrt(spread)
    return centre - half, centre + half


def variance_reduction(first: Sequence[float], second: Sequence[float]) -> float | None:
    """Variance of an unpaired difference over that of the paired one; None if the latter is 0."""
    if len(first) < 2:
        return None
    paired = variance([b - a for a, b in zip(first, second, strict=True)])
    return (variance(first) + variance(second)) / paired if paired else None


def replications_needed(
    values: Sequence[float],
    half_width: float,
    spread: float | None = None,
    degrees: Callable[[int], int] = lambda count: count - 1,
) -> int | None:
    """Replications that a relative half-width of the mean's interval would take, by these values' spread.

    Parameters
    ----------
    values : sequence of float
        A pilot of at least two replications.
    half_width : float
        Half-width of the 95 % interval over the absolute mean, such as 0.1.
    spread : float, optional
        Variance of a single one, if it is not that of these values.
    degrees : callable, optional
        Degrees of freedom of the spread of so many.

    Returns
    -------
    int or None
        None where the pilot has no spread or its mean is 0, or if more than a thousand million
        would be needed.
    """
    if len(values) < 2:
        return None
    if spread is None:
        spread = variance(values)
    allowed = half_width * abs(mean(values))
    if spread == 0.0 or allowed == 0.0 or 4 * spread / allowed**2 > LARGEST_NEED:
        return None
    low, high = 1, 2
    while not _narrow_enough(high, degrees(high), spread, allowed):
        low, high = high, 2 * high
    while high - low > 1:
        middle = (low + high) // 2
        enough = _narrow_enough(middle, degrees(middle), spread, allowed)
        low, high = (low, middle) if enough else (middle, high)
    return high


def _narrow_enough(count: int, degrees: int, spread: float, allowed: float) -> bool:
    return degrees > 0 and t_quantile(degrees) * math.sqrt(spread / count) <= allowed
