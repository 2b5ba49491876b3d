"""Noise within draws of the parameters, and spread between them."""

from __future__ import annotations

import math

import numpy as np
import pytest
import scipy.stats
from hypothesis import given
from hypothesis import strategies as st

from blo_sim.experiment.values import CENTRAL, Numbers
from blo_sim.results.spread import (
    FEW,
    draws_interval,
    expected_values,
    grouped,
    noise,
    noise_interval,
    plausible_range,
)
from blo_sim.results.statistics import mean_interval

SEED = 20131201
DRAWS = (0, 0, 1, 2, 2, 3)
numbers = st.floats(-1e6, 1e6)


def pattern(replications: int) -> list[int]:
    """Of three replications two have the same draw."""
    return [2 * (each // 3) + each % 3 // 2 for each in range(replications)]


def test_noise_by_hand() -> None:
    found = noise([1.0, 3.0, 7.0, 5.0, 9.0, 2.0], DRAWS)
    assert found is not None
    assert found.degrees == 2
    assert found.variance == pytest.approx((2 * 1 + 2 * 4) / 2)


def test_interval_by_hand() -> None:
    values = [1.0, 3.0, 7.0, 5.0, 9.0, 2.0]
    half = scipy.stats.t.ppf(0.975, 2) * math.sqrt(5 / 6)
    assert noise_interval(values, DRAWS) == pytest.approx((4.5 - half, 4.5 + half))


def test_interval_over_draws_by_hand() -> None:
    values = [1.0, 3.0, 7.0, 5.0, 9.0, 2.0]
    sums = [-5.0, 2.5, 5.0, -2.5]  # of the draws, from the mean of 4.5
    half = scipy.stats.t.ppf(0.975, 3) * math.sqrt(sum(each**2 for each in sums) * 4 / 3) / 6
    assert draws_interval(values, DRAWS) == pytest.approx((4.5 - half, 4.5 + half))


def test_interval_over_draws_of_one_replication_each_is_students() -> None:
    values = [1.0, 3.0, 7.0, 5.0]
    assert draws_interval(values, range(4)) == pytest.approx(mean_interval(values))


def test_interval_over_draws_covers_the_mean_of_all_worlds() -> None:
    """Of 8 draws in threes and 12 replications, whose worlds differ by twice the noise: 95 %, within 2."""
    generator = np.random.default_rng(SEED)
    draws, runs = pattern(12), 2000
    worlds = generator.normal(0.0, 2.0, (runs, 8))[:, draws]
    found = [draws_interval(list(each), draws) for each in worlds + generator.normal(0.0, 1.0, (runs, 12))]
    assert 0.93 < sum(low <= 0.0 <= high for low, high in found) / runs < 0.97


def test_what_nothing_tells_is_none() -> None:
    assert draws_interval([1.0, 2.0], [0, 0]) is None
    assert noise([1.0, 2.0], [0, 1]) is None
    assert noise_interval([1.0, 2.0], [0, 1]) is None
    assert noise_interval([2.0, 2.0, 5.0], [0, 0, 1]) is None
    assert expected_values([1.0, 2.0], [0, 1]) == []
    assert expected_values([1.0, 2.0], [0, 0]) == []
    assert plausible_range([]) is None


@given(st.lists(numbers, min_size=2, max_size=8))
def test_without_noise_a_draw_is_its_mean(means: list[float]) -> None:
    values = [each for each in means for _ in range(2)]
    draws = [draw for draw in range(len(means)) for _ in range(2)]
    assert expected_values(values, draws) == pytest.approx(means, rel=1e-9, abs=1e-6)


@given(st.lists(numbers, min_size=4, max_size=30))
def test_shrinking_keeps_the_order_of_equally_known_draws_and_never_widens(values: list[float]) -> None:
    values = values[: len(values) // 2 * 2]
    draws = [each // 2 for each in range(len(values))]
    means = [sum(group) / 2 for group in grouped(values, draws)]
    shrunk = expected_values(values, draws)
    assert max(shrunk) - min(shrunk) <= (max(means) - min(means)) * (1 + 1e-9) + 1e-6
    for first, second in zip(np.argsort(means), np.argsort(means)[1:], strict=False):
        assert shrunk[first] <= shrunk[second] + 1e-6


@pytest.mark.parametrize("count", [12, 150])
def test_without_spread_the_range_is_narrower_than_the_interval(count: int) -> None:
    generator = np.random.default_rng(SEED)
    narrower = 0
    for _ in range(400):
        values = generator.normal(7.0, 2.0, count).tolist()
        interval = noise_interval(values, pattern(count))
        plausible = plausible_range(expected_values(values, pattern(count)))
        assert interval is not None
        assert plausible is not None
        narrower += plausible[1] - plausible[0] < interval[1] - interval[0]
    assert narrower > 0.75 * 400


@pytest.mark.parametrize("spread", [2.0, 4.0])
def test_the_range_is_that_of_the_expected_values_not_of_the_noise(spread: float) -> None:
    generator = np.random.default_rng(SEED + 1)
    draws = pattern(300)
    widths = []
    for _ in range(150):
        centres = generator.normal(0.0, spread, 200)
        values = (centres[draws] + generator.normal(0.0, 2.0, 300)).tolist()
        low, high = plausible_range(expected_values(values, draws)) or (0.0, 0.0)
        widths.append(high - low)
    true = 2 * scipy.stats.norm.ppf(0.95) * spread
    error = np.std(widths) / math.sqrt(len(widths))
    # Quantiles of 200 values are some 1 % too close together; noise left in would add 35 % or 10 %.
    assert np.mean(widths) == pytest.approx(true, abs=4 * error + 0.02 * true)


def test_the_interval_covers_the_mean_over_the_draws_that_were_run() -> None:
    generator = np.random.default_rng(SEED + 2)
    draws = pattern(30)
    centres = generator.normal(0.0, 5.0, 20)
    covered = 0
    for _ in range(2000):
        values = centres[draws] + generator.normal(0.0, 1.0, 30)
        low, high = noise_interval(values.tolist(), draws) or (0.0, 0.0)
        covered += low <= np.mean(centres[draws]) <= high
    assert abs(covered / 2000 - 0.95) < 4 * math.sqrt(0.95 * 0.05 / 2000)


def test_few_draws_give_their_range_and_many_their_middle() -> None:
    assert plausible_range([float(each) for each in range(FEW - 1)]) == (0.0, FEW - 2.0)
    assert plausible_range([float(each) for each in range(101)]) == (5.0, 95.0)


def test_a_ratio_has_the_ratios_of_its_draws() -> None:
    above, below = [1.0, 1.0, 6.0, 3.0, 3.0, 8.0], [2.0, 2.0, 10.0, 4.0, 4.0, 10.0]
    found = Numbers(DRAWS).ratio(above, below)
    assert found["mean"] == pytest.approx(22 / 32)
    # Without noise: the ratios 0.5, 0.6, 0.75 and 0.8, moved to have the ratio of means as their centre.
    low, high = found["plausible"]
    assert high - low == pytest.approx(0.3)
    assert found["mc_ci"] is None
    assert Numbers(DRAWS).ratio(above, [0.0, 0.0, 1.0, 1.0, 1.0, 1.0])["plausible"] is None


def test_central_numbers_have_no_range() -> None:
    assert CENTRAL.mean([1.0, 2.0])["plausible"] is None
    assert CENTRAL.ratio([1.0, 2.0], [2.0, 2.0])["plausible"] is None
    assert CENTRAL.expected([1.0, 2.0]) == []
