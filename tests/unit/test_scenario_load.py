"""The `Scenario` object, its digest, and the bundled library."""

from __future__ import annotations

import dataclasses
import pickle
from pathlib import Path

import pytest
from worlds import small_world

from blo_sim.errors import UsageError
from blo_sim.scenario import Scenario, bundled_scenarios, counts, load_scenario, schema_document
from blo_sim.scenario import library as bundled_library
from blo_sim.scenario.schema import ScenarioModel


def load(folder: Path, text: str, name: str = "small") -> Scenario:
    path = folder / f"{name}.toml"
    path.write_text(text, encoding="utf-8")
    return load_scenario(path)


def test_the_small_world(tmp_path: Path) -> None:
    scenario = load(tmp_path, small_world())
    assert (scenario.name, scenario.bundled) == ("small", False)
    assert scenario.model.place == "synthetic"
    assert counts(scenario) == {
        "crossings": 1, "posts": 2, "sectors": 1, "units": 1, "legs": 4, "flows": 2, "offices": 2,
        "channels": 4,
    }  # fmt: skip
    with pytest.raises(dataclasses.FrozenInstanceError):
        scenario.name = "other"  # type: ignore[misc]


def test_a_scenario_goes_to_other_processes(tmp_path: Path) -> None:
    scenario = load(tmp_path, small_world())
    assert pickle.loads(pickle.dumps(scenario)) == scenario


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('title = "Two made-up', 'title = "Three made-up'),
        ('reason = "made up"', 'reason = "guessed"'),
        ("days = 30\n", "days = 30 # a month\n\n"),
        ("km = 300\n", "km = 300.0\n"),
        ('id = "gangs"\n', 'id = "gangs"\nname = "Gangs"\n'),
        ('d_prime = "d_prime_road"', "d_prime = 0.5"),
    ],
)
def test_labels_and_writing_do_not_count_for_the_digest(tmp_path: Path, old: str, new: str) -> None:
    text = small_world().replace(old, new, 1)
    assert text != small_world()
    assert load(tmp_path, text, "b").sha256 == load(tmp_path, small_world(), "a").sha256


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("days = 30\n", "days = 31\n"),
        ("km = 300\n", "km = 301\n"),
        ("value = 0.5,", "value = 0.6,"),
        ("range = [0.0, 1.0]", "range = [0.0, 1.5]"),
        ("opens = 2013-02-01", "opens = 2013-02-02"),
        ('place = "synthetic"', 'place = "real"'),
        ("cargo = 0.8, body = 0.2", "body = 0.2, cargo = 0.8"),
    ],
)
def test_content_counts_for_the_digest(tmp_path: Path, old: str, new: str) -> None:
    text = small_world().replace(old, new, 1)
    assert text != small_world()
    assert load(tmp_path, text, "b").sha256 != load(tmp_path, small_world(), "a").sha256


def test_a_copy_by_extends_is_the_same_content(tmp_path: Path) -> None:
    parent = load(tmp_path, small_world(), "parent")
    child = load(tmp_path, 'extends = "parent.toml"\ntitle = "Copy"\n', "child")
    assert child.sha256 == parent.sha256


def test_a_problem_finds_its_line(tmp_path: Path) -> None:
    scenario = load(tmp_path, small_world())
    line = small_world().split("\n").index("km = 300") + 1
    assert scenario.problem("legs.north-market.km", "too far").line == line
    assert scenario.problem("nowhere.at.all", "odd").line == 0


@pytest.mark.no_cover
def test_bundled_scenarios_load() -> None:
    rows = bundled_scenarios()
    assert {"k22-baseline", "k22-extension", "k22-neutral", "no-offices"} <= {row.name for row in rows}
    for row in rows:
        scenario = load_scenario(row.name)
        assert (scenario.name, scenario.bundled) == (row.name, True)
        assert scenario.model.title == row.title


def test_the_library_of_a_checkout() -> None:
    assert bundled_library.directory() == Path(__file__).resolve().parents[2] / "scenarios"


def test_the_library_of_a_wheel(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    packed = tmp_path / "site-packages" / "blo_sim" / "_scenarios"
    packed.mkdir(parents=True)
    (packed / "tiny.toml").write_text(small_world(), encoding="utf-8")
    (packed / "child.toml").write_text('extends = "tiny"\n[run]\ndays = 3\n', encoding="utf-8")
    monkeypatch.setattr(bundled_library, "package_directory", lambda: packed.parent)
    assert bundled_library.names() == ["child", "tiny"]
    assert load_scenario("child").model.run.days == 3
    assert [row.title for row in bundled_scenarios()] == ["", load_scenario("tiny").model.title]


def test_a_lost_library(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bundled_library, "package_directory", lambda: tmp_path / "lib" / "blo_sim")
    with pytest.raises(UsageError, match="no bundled scenarios"):
        load_scenario("k22-baseline")


def test_a_title_below_a_line_that_looks_like_a_table(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    packed = tmp_path / "_scenarios"
    packed.mkdir()
    (packed / "odd.toml").write_text('description = """\n[x]\n"""\ntitle = "Odd"\n[run]\n', encoding="utf-8")
    monkeypatch.setattr(bundled_library, "package_directory", lambda: tmp_path)
    assert [row.title for row in bundled_scenarios()] == ["Odd"]


def test_the_schema_has_every_key() -> None:
    document = schema_document()
    fields = {field.alias or name for name, field in ScenarioModel.model_fields.items()}
    assert set(document["properties"]) == fields | {"extends", "remove"}
    assert document["then"]["required"] == [
        name for name, field in ScenarioModel.model_fields.items() if field.is_required()
    ]
    leg = document["$defs"]["Leg"]
    assert {"from", "to", "km", "hours"} <= set(leg["properties"])
    assert leg["additionalProperties"] is False
    assert document["$defs"]["Link"]["properties"]["delay_h"]["anyOf"][0] == {"type": "number", "minimum": 0}
