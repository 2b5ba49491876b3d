"""Plausible draws: their points, their files, and experiments that run on them."""

from __future__ import annotations

import json
import re
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from runs import load
from worlds import altered, small_world, weighing_world

import blo_sim
from blo_sim.cli import main
from blo_sim.cli.report import compare_text
from blo_sim.errors import UsageError
from blo_sim.experiment.ensemble import (
    Draw,
    Ensemble,
    ensemble_of,
    position,
    read_ensemble,
    strata,
)
from blo_sim.experiment.output import as_json
from blo_sim.scenario import Scenario, load_scenario

SEED = 20131210
SHORT: dict[str, Any] = {"days": 10, "seed": SEED, "workers": 1}
RANGES = {"parameters.d_prime_road": (0.0, 1.0, "linear"), "flows.f": (0.5, 2.0, "log")}


def ensemble(kept: int = 4, points: int = 20) -> Ensemble:
    draws = [Draw(point, point % 2 == 0 and point < 2 * kept, (0.1,)) for point in range(points)]
    targets = {"share": (0.0, 0.5)}
    return Ensemble("world", "0" * 64, "0.1.0", SEED, points, 30, "fixed", targets, RANGES, draws)


def named(folder: Path) -> Scenario:
    """A world that names the ensemble of a file beside it."""
    path = folder / "world.toml"
    (folder / "draws.json").write_text(ensemble().text())
    place = 'place = "synthetic"\n'
    world = altered(small_world(), (place, f'{place}ensemble = "draws.json"\n'))
    path.write_text(world)
    return load_scenario(path)


def test_every_stratum_of_a_range_has_one_point() -> None:
    places = strata(SEED, 200, "x")
    assert sorted((places * 200).astype(int)) == list(range(200))
    assert not np.array_equal(places, np.sort(places))


def test_a_point_has_the_same_place_alone_as_among_all() -> None:
    places = strata(SEED, 60, "x")
    assert [position(SEED, 60, "x", point) for point in range(60)] == places.tolist()


def test_ranges_are_drawn_independently_and_by_their_names_alone() -> None:
    first, second = strata(SEED, 2000, "x"), strata(SEED, 2000, "y")
    assert abs(np.corrcoef(first, second)[0, 1]) < 4 / np.sqrt(2000)
    assert np.array_equal(first, strata(SEED, 2000, "x"))
    assert not np.array_equal(first, strata(SEED + 1, 2000, "x"))


def test_of_three_replications_two_have_the_same_draw() -> None:
    found = ensemble(kept=4)
    assert [found.draw_of(each) for each in range(8)] == [0, 0, 1, 2, 2, 3, 0, 0]
    for count in range(1, 30):
        draws = [found.draw_of(each) for each in range(count)]
        assert found.degrees(count) == sum(many - 1 for many in Counter(draws).values())


def test_a_file_comes_back_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "draws.json"
    path.write_text(ensemble().text())
    assert read_ensemble(path) == ensemble()
    assert json.loads(ensemble().text())["draws"][2] == [2, 1, 0.1]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda text: text[:-5], "cannot be read"),
        (lambda text: text.replace('"format": 1', '"format": 9'), "format is 9; this version reads 1"),
        (lambda text: text.replace('"points"', '"pints"'), "KeyError: 'points'"),
        (lambda text: text.replace("[19, 0, 0.1]", "[20, 0, 0.1]"), "outside of 0 to 19"),
        (lambda text: text.replace("[19, 0, 0.1]", "[]"), "IndexError"),
    ],
)
def test_what_is_no_ensemble_is_refused(tmp_path: Path, change: Any, said: str) -> None:
    path = tmp_path / "draws.json"
    path.write_text(change(ensemble().text()))
    with pytest.raises(UsageError, match=said):
        read_ensemble(path)


def test_who_names_no_ensemble_has_no_plausible_worlds(capsys: Any, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="names no ensemble: make one with"):
        blo_sim.simulate(load(small_world()), parameters="plausible", **SHORT)
    path = tmp_path / "world.toml"
    path.write_text(small_world())
    assert main(["run", str(path), "--parameters", "plausible"]) == 2
    assert "blo-sim ensemble world --out FILE.json" in capsys.readouterr().err


def test_names_that_lead_nowhere_are_refused(tmp_path: Path) -> None:
    scenario = named(tmp_path)
    (tmp_path / "draws.json").unlink()
    with pytest.raises(UsageError, match=r"draws\.json: cannot be read"):
        ensemble_of(scenario)
    with pytest.raises(UsageError, match="ensemble is 'k23'; it must be one of k22"):
        ensemble_of(load(small_world(), "ensemble=k23"))
    (tmp_path / "draws.json").write_text(ensemble(kept=0).text())
    with pytest.raises(UsageError, match="no draw was kept"):
        ensemble_of(scenario)


def test_a_scenario_that_names_an_ensemble_runs_on_it(tmp_path: Path) -> None:
    scenario = named(tmp_path)
    found = blo_sim.simulate(scenario, replications=6, **SHORT).document()
    assert found["parameters"] == "plausible"
    caught = found["commodities"]["opiates"]["measures"]["world"]["intercepted_kg"]
    assert caught["plausible"] is not None
    central = blo_sim.simulate(scenario, replications=6, parameters="central", **SHORT).document()
    assert central["parameters"] == "central"
    assert central["commodities"]["opiates"]["measures"]["world"]["intercepted_kg"]["plausible"] is None
    assert found["scenarios"] == central["scenarios"]


def test_replications_of_a_draw_are_those_of_the_world_with_its_values() -> None:
    scenario = load(small_world())
    drawn = blo_sim.simulate(scenario, replications=2, parameters=ensemble(), **SHORT)
    alone = blo_sim.simulate(
        ensemble().world(scenario, 0), replications=2, parameters="central", **SHORT
    )
    assert drawn.replications_table() == alone.replications_table()


def test_both_worlds_of_a_comparison_have_the_same_draw() -> None:
    other = load(small_world(), "run.replications=5")
    result = blo_sim.compare(load(small_world()), other, replications=6, parameters=ensemble(), **SHORT)
    gain = result.document()["commodities"]["opiates"]["gains"]["world~2"]["kept_kg"]
    assert gain["mean"] == 0.0
    assert gain["plausible"] == [0.0, 0.0]
    assert gain["p_gain"] == 0.0


def test_gains_have_a_range_and_say_in_how_many_worlds_they_are_positive() -> None:
    worlds = load(weighing_world(), "offices.blo-bridge.full_effect=0.0"), load(weighing_world())
    result = blo_sim.compare(*worlds, replications=6, parameters=ensemble(), **SHORT)
    gain = result.document()["commodities"]["opiates"]["gains"]["world~2"]["kept_kg"]
    low, high = gain["plausible"]
    assert low <= high
    assert gain["draws_ci"][0] < gain["mean"] < gain["draws_ci"][1]
    assert gain["p_gain"] in ((None,) if low == high else (0.0, 0.25, 0.5, 0.75, 1.0))
    assert result.replications_for(0.1) is None or result.replications_for(0.1) > 2
    assert result.to_dataframe()["plausible_low"].notna().any()


@pytest.mark.no_cover
def test_without_spread_of_the_parameters_the_range_is_narrower_than_the_interval() -> None:
    point = "range = [0.5, 0.500000001]"
    text = altered(
        small_world(), ("range = [0.0, 1.0]", point), ("range = [3, 12]", "range = [6.0, 6.000000001]")
    )
    text = re.sub(r"range_factor = \d.\d", "range_factor = 1.000000001", text)
    narrower = 0
    for seed in range(10):  # chance alone would seem to be spread in one of five
        settings = SHORT | {"seed": SEED + seed, "replications": 12}
        result = blo_sim.simulate(load(text), parameters=ensemble(kept=8), **settings)
        caught = result.document()["commodities"]["opiates"]["measures"]["world"]["intercepted_kg"]
        (low, high), (least, most) = caught["plausible"], caught["mc_ci"]
        narrower += high - low < most - least
    assert narrower >= 6


@pytest.mark.parametrize("workers", [1, 2])
def test_workers_give_the_same_bytes_and_a_store_goes_on(tmp_path: Path, workers: int) -> None:
    scenario = named(tmp_path)
    folder = tmp_path / "kept"
    settings = SHORT | {"workers": workers}
    whole = as_json(blo_sim.simulate(scenario, replications=5, **SHORT).document())
    blo_sim.simulate(scenario, replications=2, store=folder, **settings)
    (tmp_path / "draws.json").unlink()  # a store has all that it needs
    assert as_json(blo_sim.resume(folder, replications=5, workers=workers).document()) == whole
    assert as_json(blo_sim.open_run(folder).document()) == whole


def test_a_store_of_other_draws_is_refused(tmp_path: Path) -> None:
    scenario = load(small_world())
    blo_sim.simulate(scenario, replications=1, parameters=ensemble(), store=tmp_path / "kept", **SHORT)
    for other in (ensemble(kept=3), "central"):
        with pytest.raises(UsageError, match="holds an experiment with parameters plausible"):
            blo_sim.simulate(scenario, replications=1, parameters=other, store=tmp_path / "kept", **SHORT)


def test_precision_stops_by_the_noise_within_draws() -> None:
    result = blo_sim.simulate(load(small_world()), precision=3.0, parameters=ensemble(), **SHORT)
    assert result.replications == 20
    interval = result.document()["commodities"]["opiates"]["measures"]["world"]["intercepted_kg"]
    assert (interval["mc_ci"][1] - interval["mc_ci"][0]) / 2 <= 3.0 * interval["mean"]


def test_the_report_says_where_draws_differ_by_noise_only(capsys: Any, tmp_path: Path) -> None:
    named(tmp_path)
    arguments = ["run", str(tmp_path / "world.toml"), "--replications", "6", "--days", "10", "--workers", "1"]
    assert main([*arguments, "--quiet"]) == 0
    text = " ".join(capsys.readouterr().out.split())
    assert "4 plausible worlds differ by no more than noise does; 6 replications, Monte Carlo" in text
    assert "within noise" in text
    assert "Plausible worlds are 4 of the 4 sets of values, out of 20 tried" in text
    assert main([*arguments, "--quiet", "--parameters", "central"]) == 0
    text = capsys.readouterr().out
    assert "Central parameters only" in text
    assert "plausible" not in text


def test_the_report_says_what_the_range_is_where_draws_differ(capsys: Any, tmp_path: Path) -> None:
    named(tmp_path)
    arguments = ["run", str(tmp_path / "world.toml"), "--replications", "6", "--workers", "1", "--quiet"]
    assert main([*arguments, "--days", "365"]) == 0
    text = " ".join(capsys.readouterr().out.split())
    assert "in plausible worlds" in text
    assert "range of 4 draws; 6 replications, Monte Carlo interval of the mean of these draws" in text


@pytest.mark.no_cover
def test_the_report_of_a_comparison_says_where_the_mean_over_all_worlds_lies() -> None:
    worlds = load(weighing_world(), "offices.blo-bridge.full_effect=0.0"), load(weighing_world())
    result = blo_sim.compare(*worlds, replications=6, parameters=ensemble(), **SHORT | {"days": 365})
    text = " ".join(compare_text(result).split())
    assert re.search(r"range of 4 draws; mean over all such worlds [-,.\d]+ to [-,.\d]+; 6 rep", text)


def test_ranges_that_were_changed_are_named(capsys: Any, tmp_path: Path) -> None:
    assert ensemble().differing(load(small_world())) == []
    path = tmp_path / "child.toml"
    named(tmp_path)
    row = 'd_prime_road = { value = 0.5, grade = "judged", reason = "made up", range = [0.2, 1.0] }\n'
    path.write_text(f'extends = "world.toml"\n[parameters]\n{row}')
    assert ensemble().differing(load_scenario(path)) == ["parameters.d_prime_road"]
    assert main(["run", str(path), "--replications", "1", "--days", "3", "--workers", "1", "--quiet"]) == 0
    text = " ".join(capsys.readouterr().out.split())
    assert "1 of the ranges are not those with which these were found" in text


def test_narrowing_finds_the_range_that_was_cut() -> None:
    ranges = dict.fromkeys(("cut", "free"), (0.0, 1.0, "linear"))
    places = strata(SEED, 400, "cut")
    draws = [Draw(point, bool(places[point] < 0.3), (0.1,)) for point in range(400)]
    found = Ensemble("w", "", "", SEED, 400, 30, "fixed", {}, ranges, draws).narrowing()
    assert [row["range"] for row in found] == ["cut", "free"]
    assert found[0]["width_left"] == pytest.approx(0.3, abs=0.02)
    assert found[0]["kept_high"] < 0.3
    assert found[0]["p_value"] < 1e-6 < 1e-3 < found[1]["p_value"]


def test_values_of_the_draws_are_those_of_their_worlds() -> None:
    scenario, drawn = load(small_world()), ensemble()
    values = drawn.values()
    assert len(values) == 4
    for draw, row in enumerate(values):
        post = drawn.world(scenario, draw).model.posts[0]
        assert post.d_prime == pytest.approx(row["parameters.d_prime_road"])
    assert list(drawn.to_dataframe().columns) == list(RANGES)
