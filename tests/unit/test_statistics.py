from __future__ import annotations

import math
import statistics as textbook

import pytest
import scipy.stats
from hypothesis import given
from hypothesis import strategies as st

from blo_sim.results import statistics

VALUES = [3.0, 5.0, 4.0, 8.0, 10.0]
numbers = st.lists(st.integers(-(10**6), 10**6).map(float), min_size=2, max_size=30)


def test_mean_interval_is_students_t() -> None:
    result = scipy.stats.ttest_1samp(VALUES, 0.0).confidence_interval(0.95)
    assert statistics.mean_interval(VALUES) == pytest.approx((result.low, result.high), rel=1e-12)


def test_undefined_intervals_are_none() -> None:
    assert statistics.mean_interval([4.0]) is None
    assert statistics.mean_interval([4.0, 4.0, 4.0]) is None
    assert statistics.ratio_interval([1.0], [2.0]) is None
    assert statistics.ratio([1.0, 2.0], [0.0, 0.0]) is None
    assert statistics.ratio_interval([1.0, 2.0], [0.0, 3.0]) is None
    assert statistics.replications_needed([4.0], 0.1) is None
    assert statistics.replications_needed([4.0, 4.0], 0.1) is None
    assert statistics.replications_needed([-4.0, 4.0], 0.1) is None


def test_variance_of_equal_values_is_exactly_zero() -> None:
    assert statistics.variance([0.1] * 7) == 0.0


@given(numbers)
def test_variance_and_median_agree_with_the_textbook(values: list[float]) -> None:
    assert statistics.variance(values) == pytest.approx(textbook.variance(values), rel=1e-9, abs=1e-9)
    assert statistics.median(values) == textbook.median(values)


def test_ratio_interval_by_hand() -> None:
    above, below = [1.0, 2.0, 6.0], [2.0, 3.0, 5.0]
    parts = [8 / 8, 7 / 7, 3 / 5]
    centre = sum(parts) / 3
    half = scipy.stats.t.ppf(0.975, 2) * math.sqrt(2 / 3 * sum((part - centre) ** 2 for part in parts))
    assert statistics.ratio(above, below) == pytest.approx(0.9)
    assert statistics.ratio_interval(above, below) == pytest.approx((0.9 - half, 0.9 + half))


def test_ratio_interval_over_a_constant_is_that_of_the_mean() -> None:
    low, high = statistics.mean_interval(VALUES) or (0.0, 0.0)
    assert statistics.ratio_interval(VALUES, [2.0] * 5) == pytest.approx((low / 2, high / 2))


def test_ratio_difference_is_paired() -> None:
    below = [10.0, 12.0, 9.0, 11.0, 10.0]
    centre, interval = statistics.ratio_difference((VALUES, below), (VALUES, below))
    assert centre == 0.0
    assert interval is None
    more = [value + 1.0 + 0.01 * i for i, value in enumerate(VALUES)]
    centre, interval = statistics.ratio_difference((VALUES, below), (more, below))
    unpaired = statistics.ratio_interval(more, below)
    assert interval is not None
    assert unpaired is not None
    assert interval[0] < (centre or 0.0) < interval[1]
    assert interval[1] - interval[0] < 0.2 * (unpaired[1] - unpaired[0])


def test_ratio_interval_covers() -> None:
    """95 % intervals of a ratio, over samples of 20, cover the truth in 93 to 97 of 100 cases."""
    rng = scipy.stats.uniform(0.5, 1.0)
    draws = rng.rvs(size=(2000, 20, 2), random_state=20131022)
    covered = 0
    for sample in draws:
        below = list(sample[:, 0])
        above = [0.3 * b * (0.5 + u) for b, u in zip(below, sample[:, 1], strict=True)]
        low, high = statistics.ratio_interval(above, below) or (0.0, 0.0)
        covered += low <= 0.45 <= high
    assert 0.93 <= covered / 2000 <= 0.97


def test_variance_reduction_by_hand() -> None:
    first, second = [1.0, 2.0, 3.0], [2.0, 3.5, 4.0]
    paired = scipy.stats.tvar([1.0, 1.5, 1.0])
    expected = (scipy.stats.tvar(first) + scipy.stats.tvar(second)) / paired
    assert statistics.variance_reduction(first, second) == pytest.approx(expected)
    assert statistics.variance_reduction(first, first) is None
    assert statistics.variance_reduction([1.0], [2.0]) is None


@given(numbers, st.sampled_from([0.02, 0.1, 0.5]))
def test_replications_needed_is_the_smallest_number_that_suffices(values: list[float], width: float) -> None:
    count = statistics.replications_needed(values, width)
    if count is None:
        return
    spread, centre = statistics.variance(values), abs(statistics.mean(values))

    def half(n: int) -> float:
        return float(scipy.stats.t.ppf(0.975, n - 1)) * math.sqrt(spread / n)

    assert half(count) <= width * centre * (1 + 1e-9)
    assert count == 2 or half(count - 1) > width * centre * (1 - 1e-9)
