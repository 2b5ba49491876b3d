"""Intervals that theory tests assert: 99.9 %, over independent replications."""

from __future__ import annotations

import math
from collections.abc import Sequence
from statistics import fmean, variance

from scipy.stats import chi2, t

CONFIDENCE = 0.999


def interval(values: Sequence[float]) -> tuple[float, float]:
    """The interval of the mean (Student's t)."""
    half = t.ppf(0.5 + CONFIDENCE / 2, len(values) - 1) * math.sqrt(variance(values) / len(values))
    assert half > 0, "values without spread say nothing"
    centre = fmean(values)
    return centre - half, centre + half


def covers(values: Sequence[float], expected: float) -> bool:
    """Whether the interval of the mean covers ``expected``."""
    low, high = interval(values)
    return low <= expected <= high


def within_chi_square(statistic: float, degrees: int) -> bool:
    """Whether a statistic lies in the middle 99.9 % of a chi-square distribution."""
    low, high = chi2.ppf([0.5 - CONFIDENCE / 2, 0.5 + CONFIDENCE / 2], degrees)
    return bool(low <= statistic <= high)


def variance_equals_mean(counts: Sequence[int]) -> bool:
    """Whether counts are as dispersed as a Poisson distribution's."""
    return within_chi_square((len(counts) - 1) * variance(counts) / fmean(counts), len(counts) - 1)
