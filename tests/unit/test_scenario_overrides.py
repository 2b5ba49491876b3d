"""``--set KEY=VALUE``."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import pytest
from worlds import small_world

from blo_sim.errors import ScenarioError
from blo_sim.scenario import Scenario, load_scenario, load_scenarios
from blo_sim.scenario.overrides import parse_value


@pytest.fixture
def path(tmp_path: Path) -> Path:
    file = tmp_path / "small.toml"
    file.write_text(small_world(), encoding="utf-8")
    return file


def load(path: Path, *overrides: str) -> Scenario:
    return load_scenario(path, overrides)


def refused(path: Path, *overrides: str) -> list[str]:
    with pytest.raises(ScenarioError) as caught:
        load_scenario(path, overrides)
    return [str(problem) for problem in caught.value.problems]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("3", 3),
        ("2.5", 2.5),
        ("true", True),
        ("2014-11-01", dt.date(2014, 11, 1)),
        ('"x"', "x"),
        ("d_prime_road", "d_prime_road"),
        ("a b, c", "a b, c"),
        ('["x", "y"]', ["x", "y"]),
        ("{ value = 1 }", {"value": 1}),
        ("1\nother = 2", "1\nother = 2"),
        ("", ""),
    ],
)
def test_values(text: str, value: Any) -> None:
    assert parse_value(text) == value


def test_rows_are_addressed_by_id(path: Path) -> None:
    model = load(
        path,
        "run.days=12",
        "offices.blo-bridge.opens=2014-11-01",
        "offices.blo-bridge.components.training=0.5",
        "flows.heroin-north.volume_kg_per_year=5",
        "crossings.bridge.daily.truck=9",
        "rosters.medium.shifts.1.bay_officers=4",
        "channels.between-capitals.delay_h.exponential.mean=7",
        "posts.bridge-aa.hours=[8, 20]",
        "posts.bridge-aa.queue_limit = 3",
    ).model
    assert model.run.days == 12
    assert model.offices[0].opens == dt.date(2014, 11, 1)
    assert model.offices[0].components.training == 0.5
    assert model.offices[0].components.link
    assert model.flows[0].volume_kg_per_year == 5
    assert model.crossings[0].daily == {"truck": 9, "car": 300}
    assert model.rosters[0].shifts[1].bay_officers == 4
    assert model.channels[3].delay_h.mean == 7
    assert model.posts[0].hours == (8, 20)
    assert model.posts[0].queue_limit == 3
    assert model.posts[1].hours == (0, 24)


def test_keys_that_the_file_leaves_out(path: Path) -> None:
    model = load(path, "sources.informants-origin.reference_load_kg=3", "route_choice.path_size=0.5").model
    assert model.sources[0].reference_load_kg == 3
    assert model.route_choice.path_size == 0.5


def test_tables_that_the_file_leaves_out(tmp_path: Path) -> None:
    path = tmp_path / "less.toml"
    path.write_text(
        small_world()
        .replace("[reports.seizure]\nprobability = 0.2\nlag_h = ", "[reports.x]\nlag_h = ")
        .replace("[reports.x]\nlag_h = { exponential = { mean = 6.0 } }\n", ""),
        encoding="utf-8",
    )
    assert load(path).model.reports.seizure.probability == 0
    assert load(path, "reports.seizure.probability=0.4").model.reports.seizure.probability == 0.4


@pytest.mark.parametrize("text", ["parameters.d_prime_road=0.9", "parameters.d_prime_road.value=0.9"])
def test_a_parameter_that_is_set_keeps_its_notes_but_has_no_range(path: Path, text: str) -> None:
    scenario = load(path, text)
    assert [post.d_prime for post in scenario.model.posts] == [0.9, 0.9]
    before, after = (
        next(row for row in s.assumptions if row.key == "parameters.d_prime_road")
        for s in (load(path), scenario)
    )
    assert (before.value, after.value) == ("0.5", "0.9")
    assert (before.grade, before.reason) == (after.grade, after.reason)
    assert (before.range, after.range) == ("0 to 1", "")


def test_a_number_in_place_of_a_distribution(path: Path) -> None:
    channel = load(path, "parameters.post_delay=2").model.channels[0]
    assert (channel.delay_h.kind, channel.delay_h.mean) == ("constant", 2)


def test_a_name_in_place_of_a_number(path: Path) -> None:
    assert load(path, "lookouts.match=d_prime_road").model.lookouts.match == 0.5


def test_the_last_override_wins(path: Path) -> None:
    assert load(path, "run.days=1", "run.days=2").model.run.days == 2


def test_overrides_change_nothing_for_the_next_load(path: Path) -> None:
    before = load(path)
    load(path, "run.days=1", "flows.heroin-north.volume_kg_per_year=5")
    assert load(path) == before


def test_ids_with_dots(tmp_path: Path) -> None:
    path = tmp_path / "dots.toml"
    path.write_text(small_world().replace('"blo-bridge"', '"blo.bridge.b"'), encoding="utf-8")
    assert load(path, "offices.blo.bridge.b.setup_days=9").model.offices[0].setup_days == 9


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("run.dais=3", "--set: run.dais: 'dais' is an unknown key of [run]; did you mean 'days'?"),
        ("rum.days=3", "--set: rum.days: 'rum' is an unknown key of a scenario; did you mean 'run'?"),
        (
            "offices.blo-brige.opens=2014-11-01",
            "--set: offices.blo-brige.opens: 'blo-brige' is an unknown row of [offices]; "
            "did you mean 'blo-bridge'?",
        ),
        (
            "parameters.d_prime_rode=1",
            "--set: parameters.d_prime_rode: 'd_prime_rode' is an unknown key of [parameters]; "
            "did you mean 'd_prime_road'?",
        ),
        ("run.days.x=1", "--set: run.days.x: run.days is a value without keys of its own"),
        ("run.days", "--set: run.days: 'run.days' is not KEY=VALUE, such as run.days=30"),
        ("=3", "--set: '=3' is not KEY=VALUE, such as run.days=30"),
        ("offices=[]", "--set: offices: an array of tables is overridden row by row: offices.ID.KEY=VALUE"),
        ("offices.blo-bridge.id=x", "--set: offices.blo-bridge.id: an id cannot be overridden"),
        ("extends=k22-baseline", "--set: extends: 'extends' is an unknown key of a scenario"),
        ("run.days=-3", "--set: run.days: -3 must be greater than 0"),
        ("run.days=x", "--set: run.days: 'x' must be a whole number"),
        ("lookouts.match=nan", "--set: lookouts.match: nan is not a finite number"),
        ("lookouts.match=", "--set: lookouts.match: '' is not a row of [parameters]"),
        ("offices.blo-bridge.post=bridge", "--set: offices.blo-bridge.post: 'bridge' is not a post"),
    ],
)
def test_wrong_overrides(path: Path, text: str, expected: str) -> None:
    (problem,) = refused(path, text)
    assert problem.startswith(expected)


def test_every_wrong_override_is_told(path: Path) -> None:
    assert len(refused(path, "run.dais=3", "run.days=4", "x=1")) == 2


def test_an_override_counts_wherever_its_key_exists(tmp_path: Path) -> None:
    baseline = tmp_path / "baseline.toml"
    baseline.write_text(small_world())
    without = tmp_path / "without.toml"
    without.write_text('extends = "baseline.toml"\nremove = ["blo-bridge", "blo-south"]\n')
    sets = ["offices.blo-bridge.opens=2014-11-01", "run.days=7"]
    first, second = load_scenarios([baseline, without], sets)
    assert first.model.offices[0].opens == dt.date(2014, 11, 1)
    assert second.model.offices == []
    assert first.model.run.days == second.model.run.days == 7


def test_an_override_that_no_scenario_has_is_refused(tmp_path: Path) -> None:
    baseline = tmp_path / "baseline.toml"
    baseline.write_text(small_world())
    with pytest.raises(ScenarioError, match="unknown row of"):
        load_scenarios([baseline, baseline], ["offices.nowhere.opens=2014-11-01"])
