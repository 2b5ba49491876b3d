"""History matching: what is kept, that it goes on, and what it passes over."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from runs import load
from worlds import small_world

from blo_sim.analysis import matching
from blo_sim.analysis.matching import match_history, regressed
from blo_sim.cli import main
from blo_sim.errors import UsageError
from blo_sim.experiment.ensemble import Draw, Ensemble, read_ensemble, strata

SEED = 20131220
TARGET = """
[[targets]]
id = "seized"
name = "heroin seized over heroin that enters"
measure = "seized_share"
commodity = "heroin"
countries = ["AA", "BB"]
low = LOW
high = HIGH
"""
SETTINGS: dict[str, Any] = {"days": 10, "seed": SEED, "points": 16, "keep": 16}


def world(low: float = 0.2, high: float = 0.3) -> str:
    return small_world() + TARGET.replace("LOW", str(low)).replace("HIGH", str(high))


@pytest.mark.no_cover
def test_draws_within_the_widened_bounds_are_kept_and_the_others_stored(tmp_path: Path) -> None:
    path = tmp_path / "draws.json"
    seen = match_history(load(world(0.0, 1.0)), workers=1, **SETTINGS)
    middle = float(np.median([draw.measures[0] for draw in seen.draws]))
    low, high = middle - 0.01, middle + 0.02
    found = match_history(load(world(low, high)), out=path, workers=1, **SETTINGS)
    assert found.targets["seized"] == pytest.approx((low - 0.0075, high + 0.0075))
    assert [draw.point for draw in found.draws] == list(range(16))
    for draw, before in zip(found.draws, seen.draws, strict=True):
        assert draw.measures == before.measures
        assert draw.kept == (low - 0.0075 <= draw.measures[0] <= high + 0.0075)
    assert 0 < len(found.kept) < 16
    assert read_ensemble(path) == found


@pytest.mark.no_cover
def test_it_goes_on_where_it_stopped_and_workers_change_nothing(tmp_path: Path) -> None:
    scenario = load(world())
    whole, part = tmp_path / "whole.json", tmp_path / "part.json"
    match_history(scenario, out=whole, workers=1, **SETTINGS)
    found = read_ensemble(whole)
    part.write_text(found.text().replace(",\n  [15", "\n  [15").split("\n  [9,")[0].rstrip(",") + "\n]\n}\n")
    assert len(read_ensemble(part).draws) == 9
    match_history(scenario, out=part, workers=2, **SETTINGS)
    assert part.read_text() == whole.read_text()


def test_a_file_of_something_else_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "draws.json"
    match_history(load(world()), out=path, workers=1, **SETTINGS | {"points": 1})
    with pytest.raises(UsageError, match="points is 1, not 16; name another file"):
        match_history(load(world()), out=path, workers=1, **SETTINGS)
    with pytest.raises(UsageError, match="there is no folder"):
        match_history(load(world()), out=tmp_path / "none" / "draws.json", workers=1, **SETTINGS)
    text = "\n".join(line for line in small_world().splitlines() if "range" not in line)
    with pytest.raises(UsageError, match="no value has a range"):
        match_history(load(text.replace('"d_prime_road"', "0.5").replace('"post_delay"', "6.0")), **SETTINGS)


def test_a_point_that_cannot_run_has_no_measures() -> None:
    text = world().replace("range = [3, 12]", "range = [-12, 12]")
    found = match_history(load(text), workers=1, **SETTINGS)
    places = strata(SEED, 16, "parameters.post_delay")
    for draw in found.draws:
        assert (draw.measures == ()) == (places[draw.point] <= 0.5)
        assert not (draw.measures == () and draw.kept)


def test_regression_finds_what_matters() -> None:
    generator = np.random.default_rng(SEED)
    inputs, wanted = generator.random((200, 40)), generator.random((50, 40))
    noise = generator.normal(0.0, 0.1, 200)
    predicted, spread = regressed(inputs, 2.0 * inputs[:, 3] - inputs[:, 7] + noise, wanted)
    assert spread == pytest.approx(0.1, rel=0.2)
    assert np.abs(predicted - (2.0 * wanted[:, 3] - wanted[:, 7])).max() < 0.15


def test_points_without_a_chance_are_passed_over() -> None:
    ranges = {f"r{number}": (0.0, 1.0, "linear") for number in range(10)}
    places = strata(SEED, 1000, "r4")
    measures = np.exp(3.0 * places)
    draws = [Draw(point, False, (float(measures[point]),)) for point in range(matching.BLOCK)]
    ensemble = Ensemble("w", "", "", SEED, 1000, 30, "fixed", {"t": (2.0, 4.0)}, ranges, draws)
    found = matching._promising(ensemble, draws, range(matching.BLOCK, 500))
    inside = [
        point for point in range(matching.BLOCK, 500) if math.log(2.0) < 3.0 * places[point] < math.log(4.0)
    ]
    assert set(found) >= set(inside)
    assert len(found) < len(inside) + 10
    assert matching._promising(ensemble, draws[:50], range(250, 500)) == list(range(250, 500))


def test_enough_is_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(matching, "BLOCK", 4)
    found = match_history(load(world(0.0, 1.0)), workers=1, **SETTINGS | {"keep": 6})
    assert len(found.kept) == len(found.draws) == 8


def test_the_command_prints_how_ranges_were_narrowed(capsys: Any, tmp_path: Path) -> None:
    path, out = tmp_path / "world.toml", tmp_path / "draws.json"
    path.write_text(world(0.0, 1.0))
    arguments = ["ensemble", str(path), "--keep", "8", "--points", "8", "--days", "5", "--quiet"]
    assert main([*arguments, "--out", str(out)]) == 0
    assert "world: 8 of 8 draws of" in capsys.readouterr().out
    assert read_ensemble(out).kept == tuple(range(8))
    assert main([*arguments, "--format", "csv"]) == 0
    assert capsys.readouterr().out.startswith("range,low,high,scale,kept_low")
    assert main([*arguments, "--out", str(tmp_path / "draws.txt")]) == 2
    assert "ends in .json" in capsys.readouterr().err
