"""Stopping when the interval is narrow enough: where it looks, what it decides, and that it covers."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from fakes import design
from runs import load
from worlds import small_world

import blo_sim
from blo_sim.cli import main
from blo_sim.errors import UsageError
from blo_sim.experiment.output import as_json
from blo_sim.experiment.precision import LEAST, MOST, Precision, points
from blo_sim.results.runs import ListedRuns
from blo_sim.results.statistics import mean, mean_interval

SEED = 20131101
SHORT: dict[str, Any] = {"days": 5, "seed": SEED}


def test_looks_grow_by_a_half() -> None:
    assert points()[:6] == [20, 30, 45, 67, 100, 150]
    assert points()[-1] == MOST
    assert points() == sorted(set(points()))


class Row:
    """As much of a summary as masses read: kilograms of heroin that are intercepted of a tonne."""

    def __init__(self, kilograms: float) -> None:
        self.flows = {
            ("attempted_g", 0, "heroin"): 1_000_000,
            ("expected_ug", 0, "heroin"): round(kilograms * 1e9),
        }


def runs(values: Any) -> ListedRuns:
    return ListedRuns([Row(float(value)) for value in values])


def half_width(values: list[float]) -> float:
    interval = mean_interval(values)
    assert interval is not None
    return (interval[1] - interval[0]) / 2


def test_it_stops_at_the_width_that_was_asked_for() -> None:
    values = [10.0, 12.0, 9.0, 11.0] * 5
    width = half_width(values) / mean(values)
    one = design("base", alternatives=())
    assert Precision(one, 1.01 * width).reached({"base": runs(values)})
    assert not Precision(one, 0.99 * width).reached({"base": runs(values)})


def test_every_alternative_counts_and_small_gains_need_not_be_told_from_nothing() -> None:
    before = [100.0 + each for each in range(20)]
    more = [value + 10.0 + 0.01 * (each % 3) for each, value in enumerate(before)]
    little = [value + 0.001 * (-1) ** each for each, value in enumerate(before)]
    rough = [value + 5.0 * (-1) ** each for each, value in enumerate(before)]
    three = design("base", "more", "little")
    worlds = {"base": runs(before), "more": runs(more), "little": runs(little)}
    assert Precision(three, 0.1).reached(worlds)
    assert not Precision(three, 0.1).reached(worlds | {"little": runs(rough)})
    assert not Precision(three, 1e-5).reached(worlds)


@pytest.mark.no_cover
@pytest.mark.parametrize("shape", [0.3, 1.0])
def test_intervals_cover_with_stopping_on(shape: float) -> None:
    """Of 1,500 experiments that each stop by themselves, 95 % cover the mean; of skewed ones some less."""
    one, rng, count = design("base", alternatives=()), np.random.default_rng(SEED), 1500
    rule, covered, stops = Precision(one, 0.12 if shape < 1 else 0.25), 0, set()
    truth = math.exp(0.5 * shape**2)
    for _ in range(count):
        values = rng.lognormal(0.0, shape, points()[6])
        for goal in points()[:7]:
            if rule.reached({"base": runs(values[:goal])}) or goal == points()[6]:
                break
        stops.add(goal)
        interval = mean_interval([float(value) for value in values[:goal]])
        assert interval is not None
        covered += interval[0] <= truth <= interval[1]
    assert len(stops) >= 3
    assert covered / count > (0.925 if shape < 1 else 0.87)
    assert covered / count < 0.97


@pytest.mark.no_cover
def test_an_experiment_stops_by_itself_at_the_same_place_anywhere(tmp_path: Path) -> None:
    worlds = load(small_world(), "units.north-unit.detection=0.0"), load(small_world())
    found = blo_sim.compare(*worlds, precision=0.2, workers=1, **SHORT)
    count = found.replications
    assert count in points()
    assert LEAST < count < MOST
    plain = as_json(blo_sim.compare(*worlds, replications=count, workers=1, **SHORT).document())
    assert as_json(found.document()) == plain
    kept = tmp_path / "kept"
    blo_sim.compare(*worlds, replications=LEAST + 3, store=kept, workers=2, **SHORT)
    on_two = blo_sim.compare(*worlds, precision=0.2, store=kept, workers=2, **SHORT)
    assert as_json(on_two.document()) == plain
    assert as_json(blo_sim.resume(kept, workers=1).document()) == plain
    before, after = points()[points().index(count) - 1], count
    widths = [
        relative_width(blo_sim.compare(*worlds, replications=each, workers=1, **SHORT))
        for each in (before, after)
    ]
    assert widths[0] > 0.2 >= widths[1]


def relative_width(result: Any) -> float:
    content = result.document()
    (name,) = content["commodities"][content["headline"]]["gains"]
    gain = content["commodities"][content["headline"]]["gains"][name]["kept_kg"]
    low, high = gain["mc_ci"]
    return (high - low) / 2 / abs(gain["mean"])


@pytest.mark.parametrize("value", [0.0, -0.1, math.nan, math.inf, True])
def test_what_is_no_precision_is_refused(value: float) -> None:
    with pytest.raises(UsageError, match=r"precision is .*; it must be a number above 0"):
        blo_sim.simulate(load(small_world()), precision=value, **SHORT)


def test_replications_and_precision_exclude_each_other(
    small: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["run", small, "--precision", "0.1", "--replications", "5"]) == 2
    assert "precision is 0.1 and replications is 5: give one of them" in capsys.readouterr().err
