"""`new_scenario`: a commented file to start from."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from worlds import small_world

from blo_sim.errors import ScenarioError, UsageError
from blo_sim.scenario import load_scenario, new_scenario


def uncommented(path: Path) -> str:
    """The file with its examples put to use."""
    top, examples = path.read_text(encoding="utf-8").split("with a reason and a range).\n", 1)
    return top + "\n" + "\n".join(line.removeprefix("# ").removeprefix("#") for line in examples.split("\n"))


def test_a_new_scenario_has_the_content_of_its_parent(tmp_path: Path) -> None:
    path = new_scenario("my-plan", out=tmp_path)
    assert path == tmp_path / "my-plan.toml"
    assert [file.name for file in tmp_path.iterdir()] == ["my-plan.toml"]
    scenario, parent = load_scenario(path), load_scenario("k22-baseline")
    assert scenario.sha256 == parent.sha256
    assert scenario.model.title == "my-plan, after k22-baseline"


@pytest.mark.parametrize("base", ["k22-baseline", "k22-extension", "no-offices", "small.toml"])
def test_the_examples_work_as_they_stand(tmp_path: Path, base: str) -> None:
    if base == "small.toml":
        base = str(tmp_path / base)
        Path(base).write_text(small_world(), encoding="utf-8")
    path = new_scenario("plan", base, tmp_path)
    path.write_text(uncommented(path), encoding="utf-8")
    scenario, parent = load_scenario(path), load_scenario(base)
    assert scenario.sha256 != parent.sha256
    new = {office.id for office in scenario.model.offices} - {office.id for office in parent.model.offices}
    free = len(parent.model.posts) > len(parent.model.offices)
    assert len(new) == (1 if free else 0)


def test_a_parent_in_another_folder(tmp_path: Path) -> None:
    (tmp_path / "small.toml").write_text(small_world(), encoding="utf-8")
    path = new_scenario("plan", tmp_path / "small.toml", tmp_path / "deep" / "er")
    assert 'extends = "../../small.toml"' in path.read_text(encoding="utf-8")
    assert load_scenario(path).model.run.days == 30


def test_nothing_is_overwritten(tmp_path: Path) -> None:
    target = tmp_path / "plan.toml"
    target.write_text("mine", encoding="utf-8")
    with pytest.raises(UsageError, match="exists already"):
        new_scenario("plan", out=tmp_path)
    assert target.read_text(encoding="utf-8") == "mine"
    assert len(list(tmp_path.iterdir())) == 1


def test_a_file_that_appears_meanwhile_is_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    target = tmp_path / "plan.toml"
    link = os.link

    def late(source: str, goal: Path) -> None:
        target.write_text("mine", encoding="utf-8")
        link(source, goal)

    monkeypatch.setattr(os, "link", late)
    with pytest.raises(UsageError, match="exists already"):
        new_scenario("plan", out=tmp_path)
    assert [file.read_text(encoding="utf-8") for file in tmp_path.iterdir()] == ["mine"]


def test_a_file_system_without_links(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(source: str, goal: Path) -> None:
        raise PermissionError(1, "no links")

    monkeypatch.setattr(os, "link", refuse)
    assert load_scenario(new_scenario("plan", out=tmp_path)).name == "plan"
    assert len(list(tmp_path.iterdir())) == 1


@pytest.mark.parametrize("name", ["", "a/b", "../x", "x.toml", ".hidden", "-x", "ä", "a b"])
def test_names_that_cannot_be_used(tmp_path: Path, name: str) -> None:
    with pytest.raises(UsageError, match="cannot name a scenario"):
        new_scenario(name, out=tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_bundled_name_is_taken(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="is a bundled scenario"):
        new_scenario("k22-baseline", out=tmp_path)


def test_an_unknown_parent(tmp_path: Path) -> None:
    with pytest.raises(ScenarioError, match="did you mean 'k22-extension'"):
        new_scenario("plan", "k22-extensio", tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    with pytest.raises(UsageError, match=r"exists already|cannot be written"):
        new_scenario("plan", out=tmp_path / "file" / "folder")
