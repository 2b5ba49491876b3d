"""The time grid, the calendar, and keyed draws."""

from __future__ import annotations

import datetime as dt
import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from blo_sim import draws
from blo_sim.clock import TICK, TICKS_PER_HOUR, Calendar, on_grid, positive

hours = st.floats(0.0, 876_000.0)


@given(hours)
def test_the_grid_is_near(time: float) -> None:
    assert abs(on_grid(time) - time) <= TICK / 2
    assert (on_grid(time) * TICKS_PER_HOUR).is_integer()
    assert on_grid(on_grid(time)) == on_grid(time)


@given(st.lists(st.floats(0.0, 40_000.0), max_size=20))
def test_sums_on_the_grid_are_exact(times: list[float]) -> None:
    on = [on_grid(time) for time in times]
    assert sum(on) == sum(reversed(on)) == float(sum(map(Fraction, on)))


def test_rounding_to_the_grid() -> None:
    assert on_grid(0.5 * TICK) == TICK  # halves up
    assert on_grid(0.49 * TICK) == 0.0
    assert on_grid(1.5 * TICK) == 2 * TICK
    assert positive(0.0) == positive(0.49 * TICK) == TICK
    assert positive(2.25) == on_grid(2.25) == 2.25


def test_the_calendar() -> None:
    calendar = Calendar(dt.date(2012, 2, 27))
    assert calendar.weekday() == 0
    assert calendar.hour_of(dt.date(2012, 3, 1)) == 72.0
    assert calendar.hour_of(dt.date(2012, 2, 26)) == -24.0
    assert calendar.moment(48.5) == dt.datetime(2012, 2, 29, 0, 30)
    assert calendar.months(4) == [2, 2, 2, 3]


def test_keys_are_stable() -> None:
    """The bytes are what ``printf 'a\\x1f1' | b2sum -l 64`` prints."""
    assert draws.key_of("a", 1) == int.from_bytes(bytes.fromhex("8181c16b4ad83cc1"), "little")
    assert draws.key_of("a", 1) == draws.key_of("a", "1")
    assert len({draws.key_of("a", "b"), draws.key_of("ab"), draws.key_of("b", "a"), draws.key_of("a b")}) == 4


def test_words_are_splitmix64() -> None:
    """The first numbers of the generator with seed 1234567, from its reference implementation."""
    assert [draws.word(1234567, n) for n in range(5)] == [
        6457827717110365317,
        3203168211198807973,
        9817491932198370423,
        4593380528125082431,
        16408922859458223821,
    ]


keys = st.integers(0, draws.MASK)


@given(st.lists(keys, min_size=1, max_size=20), st.integers(0, 100))
def test_arrays_draw_the_same(several: list[int], n: int) -> None:
    array = np.array(several, dtype=np.uint64)
    assert draws.words(array, n).tolist() == [draws.word(key, n) for key in several]
    assert draws.uniforms(array, n).tolist() == [draws.uniform(key, n) for key in several]


@given(keys, st.integers(0, 1000))
def test_any_word_is_the_first_of_a_shifted_key(key: int, n: int) -> None:
    assert draws.word(key, n) == draws.word((key + n * draws.GOLDEN) & draws.MASK, 0)


def key_with_word(value: int) -> int:
    """The key whose word 0 is ``value``: the finaliser is a bijection, here backwards."""

    def unshift(z: int, shift: int) -> int:
        result = z
        for _ in range(64 // shift):
            result = z ^ (result >> shift)
        return result

    z = unshift(value, 31)
    z = unshift(z * pow(0x94D049BB133111EB, -1, 2**64) & draws.MASK, 27)
    z = unshift(z * pow(0xBF58476D1CE4E5B9, -1, 2**64) & draws.MASK, 30)
    return (z - draws.GOLDEN) & draws.MASK


@pytest.mark.parametrize("value", [0, draws.MASK])
def test_uniform_numbers_are_strictly_between_0_and_1(value: int) -> None:
    key = key_with_word(value)
    assert draws.word(key, 0) == value
    assert 0.0 < draws.uniform(key, 0) < 1.0
    assert 0.0 < draws.uniforms(np.array([key], dtype=np.uint64), 0)[0] < 1.0


def test_laws() -> None:
    assert draws.sample(0.3, draws.law("constant", 2.0, 0.0)) == 2.0
    assert draws.sample(math.exp(-1), draws.law("exponential", 2.0, 1.0)) == pytest.approx(2.0)
    location, scale = draws.lognormal_parameters(3.0, 0.7)
    assert math.exp(location + scale**2 / 2) == pytest.approx(3.0)
    assert math.sqrt(math.exp(scale**2) - 1) == pytest.approx(0.7)
    assert draws.sample(0.5, draws.law("lognormal", 3.0, 0.7)) == math.exp(location)


@pytest.mark.parametrize(("mean", "cv", "most"), [(15.0, 2.5, 500.0), (3.0, 0.7, 3.5), (30.0, 4.0, 40.0)])
def test_bounded_loads_keep_their_mean_and_their_bound(mean: float, cv: float, most: float) -> None:
    size = draws.bounded_lognormal(mean, cv, most)
    points = 200_000
    loads = [size((n + 0.5) / points) for n in range(points)]
    assert math.fsum(loads) / points == pytest.approx(mean, rel=1e-4)
    assert size(1.0 - 2.0**-53) <= most * (1 + 1e-9)


def test_without_a_bound_or_a_spread_loads_are_plain_lognormal() -> None:
    unbounded = draws.bounded_lognormal(3.0, 0.7, math.inf)
    assert unbounded(0.2) == draws.sample(0.2, draws.law("lognormal", 3.0, 0.7))
    assert draws.bounded_lognormal(3.0, 0.0, 4.0)(0.2) == pytest.approx(3.0)


@given(st.sampled_from(["exponential", "lognormal"]), st.floats(0.01, 0.99), st.floats(0.01, 0.99))
def test_samples_are_monotone_in_the_draw(kind: str, u: float, v: float) -> None:
    """An exponential falls, a lognormal rises: either way one draw makes one order."""
    prepared = draws.law(kind, 2.0, 0.8)
    low, high = sorted((u, v), reverse=kind == "exponential")
    assert draws.sample(low, prepared) <= draws.sample(high, prepared)


laws = st.tuples(st.floats(1e-3, 1e4), st.floats(0.05, 3.0))


@given(laws, st.floats(1e-6, 1 - 1e-6))
def test_the_probability_below_a_sample_is_its_draw(parameters: tuple[float, float], u: float) -> None:
    mean, cv = parameters
    lognormal = draws.law("lognormal", mean, cv)
    assert draws.probability_below(draws.sample(u, lognormal), lognormal) == pytest.approx(u, abs=1e-9)
    exponential = draws.law("exponential", mean, 1.0)  # its inversion takes the upper tail
    below = draws.probability_below(draws.sample(u, exponential), exponential)
    assert below == pytest.approx(1.0 - u, abs=1e-9)


def test_the_probability_below_a_constant() -> None:
    two = draws.law("constant", 2.0, 0.0)
    assert [draws.probability_below(x, two) for x in (-1.0, 0.0, 1.9, 2.0, 2.1)] == [0, 0, 0, 0, 1]
    none = draws.law("constant", 0.0, 0.0)
    assert [draws.probability_below(x, none) for x in (-1.0, 0.0, 0.1)] == [0, 0, 1]


def test_laws_without_spread_are_constants() -> None:
    sure = draws.law("lognormal", 2.0, 0.0)
    assert [draws.probability_below(x, sure) for x in (0.0, 1.9, 2.1)] == [0, 0, 1]
    at_once = draws.law("exponential", 0.0, 1.0)
    assert [draws.probability_below(x, at_once) for x in (0.0, 0.1)] == [0, 1]
