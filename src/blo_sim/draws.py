"""Keyed random numbers: a draw belongs to a name and a decision, never to the order of events.

A *key* is a 64-bit hash of names (seed, replication, entity); a *word* is the key's n-th 64-bit number,
the finaliser of SplitMix64 (Steele, Lea, Flood 2014) at ``key + (n + 1) * GOLDEN``, so any word can be
computed without those before it. Two scenarios that make the same decision therefore see the same draw,
whatever else happens in them. Two keys are combined with ``^``: both are hashes, so the result is one too.

The compiled twin of `word` and `normal` stands in `blo_sim.model.border.kernel`; a test holds them equal.
"""

from __future__ import annotations

import hashlib
import math
from functools import lru_cache
from statistics import NormalDist
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy as np
    from numpy.typing import NDArray

MASK = 0xFFFFFFFFFFFFFFFF
GOLDEN = 0x9E3779B97F4A7C15
_FIRST = 0xBF58476D1CE4E5B9
_SECOND = 0x94D049BB133111EB
_TO_UNIT = 1.0 / 4503599627370496.0
_FAR = -30.0
"""So many deviations below zero a normal probability is as good as none."""

quantile = NormalDist().inv_cdf
"""Quantile function of the standard normal distribution (Wichura's AS 241)."""


def key_of(*names: object) -> int:
    """64-bit BLAKE2b hash of the names' text, joined by the ASCII unit separator."""
    text = "\x1f".join(str(name) for name in names)
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest(), "little")


def word(key: int, n: int) -> int:
    """The ``n``-th 64-bit word of a key, ``n >= 0``."""
    z = (key + (n + 1) * GOLDEN) & MASK
    z = ((z ^ (z >> 30)) * _FIRST) & MASK
    z = ((z ^ (z >> 27)) * _SECOND) & MASK
    return z ^ (z >> 31)


def uniform(key: int, n: int) -> float:
    """The ``n``-th uniform number of a key, strictly between 0 and 1."""
    z = (key + (n + 1) * GOLDEN) & MASK
    z = ((z ^ (z >> 30)) * _FIRST) & MASK
    z = ((z ^ (z >> 27)) * _SECOND) & MASK
    return (((z ^ (z >> 31)) >> 12) + 0.5) * _TO_UNIT


def words(keys: NDArray[np.uint64], n: int) -> NDArray[np.uint64]:
    """`word` for an array of keys."""
    import numpy as np

    z = keys + np.uint64(((n + 1) * GOLDEN) & MASK)
    z = (z ^ (z >> np.uint64(30))) * np.uint64(_FIRST)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(_SECOND)
    return z ^ (z >> np.uint64(31))


def uniforms(keys: NDArray[np.uint64], n: int) -> NDArray[np.float64]:
    """`uniform` for an array of keys, same shape."""
    import numpy as np

    values: NDArray[np.float64] = ((words(keys, n) >> np.uint64(12)).astype(np.float64) + 0.5) * _TO_UNIT
    return values


def exponential(u: float) -> float:
    """Unit exponential at a uniform number (inversion)."""
    return -math.log(u)


def lognormal_parameters(mean: float, cv: float) -> tuple[float, float]:
    """Location and scale of the logarithm, from mean and coefficient of variation."""
    variance = math.log1p(cv * cv)
    return math.log(mean) - 0.5 * variance, math.sqrt(variance)


def bounded_lognormal(mean: float, cv: float, most: float) -> Callable[[float], float]:
    """A lognormal that never exceeds a bound, and has its mean all the same.

    Parameters
    ----------
    mean : float
        Mean of the samples.
    cv : float
        Coefficient of variation of the lognormal before it is bounded, which sets the logarithm's scale.
    most : float
        The bound, greater than ``mean``; infinity for none.

    Returns
    -------
    callable
        The sample at a uniform number, by inversion: the lognormal's at that share of what lies below the
        bound.
    """
    location, scale = lognormal_parameters(mean, cv)
    if scale == 0.0:
        size = math.exp(location)
        return lambda u: size
    share = 1.0
    if not math.isinf(most):
        location = _location_below(mean, scale, math.log(most), location)
        share = _normal_below((math.log(most) - location) / scale)
    return lambda u: math.exp(location + scale * quantile(u * share))


def _location_below(mean: float, scale: float, bound: float, least: float) -> float:
    """Location of a lognormal whose mean below ``exp(bound)`` is ``mean``; at least the unbounded one's."""

    def mean_at(location: float) -> float:
        room = (bound - location) / scale
        if room < _FAR:
            return math.exp(bound)
        return math.exp(location + 0.5 * scale * scale) * _normal_below(room - scale) / _normal_below(room)

    low, high = least, least + scale
    while mean_at(high) < mean:
        low, high = high, high + scale
    while low < (middle := 0.5 * (low + high)) < high:
        low, high = (middle, high) if mean_at(middle) < mean else (low, middle)
    return high


def _normal_below(z: float) -> float:
    return 0.5 * math.erfc(-z * math.sqrt(0.5))


Law = tuple[int, float, float]
"""A distribution of durations ready to be sampled: (kind, first, second), see `law`."""

CONSTANT, EXPONENTIAL, LOGNORMAL = 0, 1, 2


@lru_cache(maxsize=4096)
def law(kind: str, mean: float, cv: float) -> Law:
    """Prepare one of the three kinds of `blo_sim.scenario.values.Distribution`.

    Returns
    -------
    (0, mean, 0) for a constant, (1, mean, 0) for an exponential, (2, location, scale) of the logarithm
    for a lognormal.
    """
    if kind == "lognormal":
        return (LOGNORMAL, *lognormal_parameters(mean, cv))
    return (EXPONENTIAL if kind == "exponential" else CONSTANT, mean, 0.0)


def sample(u: float, prepared: Law) -> float:
    """A duration at a uniform number (inversion)."""
    kind, first, second = prepared
    if kind == LOGNORMAL:
        return math.exp(first + second * quantile(u))
    if kind == EXPONENTIAL:
        return -first * math.log(u)
    return first


def probability_below(duration: float, prepared: Law) -> float:
    """Probability that a sample of a law is less than ``duration``."""
    kind, first, second = prepared
    if duration <= 0.0:
        return 0.0
    if kind == EXPONENTIAL and first > 0.0:
        return -math.expm1(-duration / first)
    if kind == LOGNORMAL and second > 0.0:
        return 0.5 * math.erfc((first - math.log(duration)) / second * math.sqrt(0.5))
    return 1.0 if (math.exp(first) if kind == LOGNORMAL else first) < duration else 0.0
