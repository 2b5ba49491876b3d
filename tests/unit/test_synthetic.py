"""Made-up borders: valid at any length, the same by seed, and the shorter is the beginning of the longer."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import blo_sim
from blo_sim.cli import main
from blo_sim.errors import UsageError
from blo_sim.scenario import load_scenario
from blo_sim.scenario.ranges import ranges_of
from blo_sim.scenario.synthetic import ZONE, synthetic_scenario, write_synthetic
from blo_sim.world.checks import check_world
from blo_sim.world.compile import compile_world
from blo_sim.world.crossings import busiest_load, lane_groups


@pytest.mark.parametrize("crossings", [2, 5, 12, 60])
@pytest.mark.parametrize("offices", [False, True])
def test_every_length_is_a_world_that_can_be_run(crossings: int, offices: bool) -> None:
    scenario = synthetic_scenario(crossings, seed=3, offices=offices)
    model = scenario.model
    assert check_world(scenario) == []
    assert (len(model.crossings), len(model.posts)) == (crossings, 2 * crossings)
    assert len(model.offices) == (2 * crossings if offices else 0)
    assert len(model.flows) == -(-crossings // ZONE)


def test_a_shorter_border_is_the_beginning_of_a_longer_one() -> None:
    short, long = (synthetic_scenario(n, seed=5).model for n in (10, 40))
    assert long.crossings[:10] == short.crossings
    assert long.flows[:2] == short.flows
    assert [leg for leg in long.legs if leg in short.legs] == short.legs


def test_a_border_depends_on_its_seed_alone() -> None:
    first, again, other = (synthetic_scenario(10, seed=seed).sha256 for seed in (1, 1, 2))
    assert first == again != other


@pytest.mark.no_cover
def test_choice_sets_and_load_do_not_grow_with_the_border() -> None:
    for crossings in (10, 200):
        world = compile_world(synthetic_scenario(crossings, seed=1), clock="steady", days=1)
        roads = [stream for stream in world.streams if len(stream.routes) > 1]
        assert {len(stream.routes) for stream in roads} == {ZONE}
    model = synthetic_scenario(200, seed=1).model
    loads = [busiest_load(group) for post in model.posts for group in lane_groups(post, model)]
    assert max(loads) < 0.95
    traffic = [sum(row.daily.values()) for row in model.crossings]
    assert sum(traffic) / 200 == pytest.approx(310, rel=0.1)
    assert max(traffic) > 1.5 * min(traffic)


def test_offices_change_what_is_caught_and_files_are_what_python_gives(tmp_path: Path) -> None:
    first, second = write_synthetic(5, seed=2, out=tmp_path / "new")
    base, offices = load_scenario(first), load_scenario(second)
    assert base.sha256 == synthetic_scenario(5, seed=2).sha256
    assert offices.sha256 == synthetic_scenario(5, seed=2, offices=True).sha256
    assert (base.name, offices.name) == ("synthetic-5", "synthetic-5-offices")
    settings: dict[str, Any] = {"replications": 2, "days": 60, "workers": 1}
    result = blo_sim.compare(base, offices, **settings).document()["commodities"]["heroin-kg"]
    assert result["gains"]["synthetic-5-offices"]["kept_kg"]["mean"] > 0
    assert result["measures"]["synthetic-5"]["intercepted_kg"]["mean"] > 0


def test_its_values_have_ranges() -> None:
    names = {each.name for each in ranges_of(synthetic_scenario(5, offices=True))}
    assert {"parameters.informants", "parameters.training", "flows.flow-0.volume_kg_per_year"} <= names


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"crossings": 1}, "crossings is 1; it must be a whole number from 2 to 1,000"),
        ({"crossings": 1001}, "crossings is 1001"),
        ({"crossings": True}, "crossings is True"),
        ({"crossings": 5, "seed": -1}, "seed is -1"),
    ],
)
def test_numbers_out_of_range_are_refused(changes: dict[str, Any], said: str) -> None:
    with pytest.raises(UsageError, match=said):
        synthetic_scenario(**changes)


def test_the_command_writes_two_files_and_overwrites_none(capsys: Any, tmp_path: Path) -> None:
    arguments = ["synthetic", "4", "--seed", "9", "--out", str(tmp_path)]
    assert main(arguments) == 0
    assert "synthetic-4.toml and" in capsys.readouterr().out
    before = (tmp_path / "synthetic-4.toml").read_text()
    assert main(arguments) == 2
    assert "exists already" in capsys.readouterr().err
    assert (tmp_path / "synthetic-4.toml").read_text() == before
    assert main(["synthetic", "0", "--out", str(tmp_path / "none")]) == 2
    assert not (tmp_path / "none").exists()
    (tmp_path / "file").write_text("")
    assert main(["synthetic", "4", "--out", str(tmp_path / "file")]) == 2
    assert "cannot be written" in capsys.readouterr().err
