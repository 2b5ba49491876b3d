"""The one place that computes p, the probability that a load is seized at an encounter.

The draw of an encounter, the expected-seizure estimator and later behaviours all call these functions.
p is taken before any draw of the encounter, given what others share: the shift, the methods that work
that day, the lookouts read, the queue of the bay.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import TYPE_CHECKING

from blo_sim.draws import quantile

if TYPE_CHECKING:
    from blo_sim.scenario.schema import Method

_ROOT_HALF = math.sqrt(0.5)


def normal_cdf(x: float) -> float:
    """Distribution function of the standard normal."""
    return 0.5 * math.erfc(-x * _ROOT_HALF)


def pass_threshold(share: float, d_prime: float) -> float:
    """Probability that a contraband's score stays under the threshold (signal detection).

    Lawful scores are N(0, 1) and the threshold refers ``share`` of them; contraband's are N(d', 1).
    """
    if share <= 0.0:
        return 1.0
    if share >= 1.0:
        return 0.0
    return normal_cdf(quantile(1.0 - share) - d_prime)


def find(methods: Iterable[Method], concealment: str, commodity: str) -> float:
    """Probability that at least one method finds the load."""
    missed = 1.0
    for method in methods:
        factor = method.commodity_factor.get(commodity, 1.0)
        missed *= 1.0 - method.sensitivity.get(concealment, 0.0) * factor
    return 1.0 - missed


def find_on_average(
    methods: Iterable[tuple[Method, float]], concealment: str, commodity: str
) -> float:
    """`find`, averaged over days on which each method works with its own probability."""
    missed = 1.0
    for method, chance in methods:
        factor = method.commodity_factor.get(commodity, 1.0)
        missed *= 1.0 - chance * method.sensitivity.get(concealment, 0.0) * factor
    return 1.0 - missed


def decayed(share: float, age_h: float, half_life_h: float) -> float:
    """A lookout's probability of being recognised, ``age_h`` after the report's birth."""
    return share * math.pow(2.0, -age_h / half_life_h)


def post_probability(
    match: float, find_lookout: float, referral: float, find_routine: float, released: bool
) -> float:
    """p at a post.

    A vehicle that is matched to a lookout is always searched, with everything there is; another one if
    its score passes the threshold (probability ``referral``) and the bay does not release it.
    """
    routine = 0.0 if released else referral * find_routine
    return match * find_lookout + (1.0 - match) * routine


def field_probability(detection: float, intercept: float) -> float:
    """p at a patrol sector, inland unit or team: on a lookout (``intercept``), or else by itself."""
    return 1.0 - (1.0 - intercept) * (1.0 - detection)


def expected_micrograms(grams: int, p: float) -> int:
    """Load x p in whole micrograms (halves up): what an encounter adds to the expected seizures."""
    return int(grams * 1e6 * p + 0.5)
