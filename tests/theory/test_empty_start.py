"""A warm-up study finds a start that matters, and none where there is none."""

from __future__ import annotations

import math

from intervals import CONFIDENCE
from scipy.stats import t

from blo_sim import warmup_study
from blo_sim.analysis.warmup import Bias

REPLICATIONS = 12


def wide(bias: Bias) -> tuple[float, float]:
    """Its interval at 99.9 % instead of 95 %."""
    assert bias.interval is not None
    assert bias.bias is not None
    low, high = bias.interval
    scale = t.ppf(0.5 + CONFIDENCE / 2, REPLICATIONS - 1) / t.ppf(0.975, REPLICATIONS - 1)
    half = scale * (high - low) / 2
    assert math.isclose(bias.bias, (low + high) / 2, abs_tol=1e-12)
    return bias.bias - half, bias.bias + half


def study(behaviour: str, measure: str) -> dict[int, tuple[float, float]]:
    settings = {"replications": REPLICATIONS, "seed": 20131071, "workers": 1}
    result = warmup_study("two-bridges", longest=90, step=90, behaviour=behaviour, **settings)
    return {each.warmup_days: wide(each) for each in result.biases if each.measure == measure}


def test_without_memory_every_year_is_like_the_next() -> None:
    for low, high in study("fixed", "intercepted_share").values():
        assert low < 0.0 < high
        assert high - low < 0.1


def test_an_empty_start_sends_less_again_until_first_losses_are_replaced() -> None:
    """A lost load is sent again after two weeks on average: a year from the first day on misses some."""
    found = study("learning", "again_share")
    assert found[0][1] < 0.0
    assert found[90][0] < 0.0 < found[90][1]
