"""The commands ``scenarios``, ``new``, ``check`` and ``schema``."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from types import ModuleType

import pytest
from worlds import small_world

from blo_sim.cli import main
from blo_sim.errors import Problem
from blo_sim.scenario import Scenario, bundled_scenarios


@pytest.fixture
def small(tmp_path: Path) -> Path:
    path = tmp_path / "small.toml"
    path.write_text(small_world(), encoding="utf-8")
    return path


@pytest.fixture
def world_checks(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """A stand-in for the checks of the compiled world, which have tests of their own."""
    module = ModuleType("blo_sim.world.checks")
    module.check_world = lambda scenario: []  # type: ignore[attr-defined]
    module.notes = lambda scenario: []  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "blo_sim.world.checks", module)
    return module


def test_scenarios(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["scenarios"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines] == [row.name for row in bundled_scenarios()]
    assert all(line.endswith(row.title) for line, row in zip(lines, bundled_scenarios(), strict=True))


def test_schema(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["schema"]) == 0
    text = capsys.readouterr().out
    document = json.loads(text)
    assert text == json.dumps(document, indent=2, sort_keys=True) + "\n"
    assert {"extends", "remove", "offices"} <= set(document["properties"])


def test_check(small: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", str(small), "--set", "run.days=3"]) == 0
    out, err = capsys.readouterr()
    assert out.endswith(
        "small: ok (1 crossings, 2 posts, 1 sectors, 1 units, 4 legs, 2 flows, 2 offices, 4 channels)\n"
    )
    assert err == ""


def test_check_tells_every_problem(small: Path, capsys: pytest.CaptureFixture[str]) -> None:
    bad = small.parent / "bad.toml"
    bad.write_text('extends = "small.toml"\n[run]\ndais = 3\nreplications = 0\n', encoding="utf-8")
    assert main(["check", str(bad), "--set", "run.days=-1"]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert f"{bad}:3: run.dais: unknown key; did you mean 'days'?" in err
    assert f"{bad}:4: run.replications: 0 must be greater than 0" in err
    assert "--set: run.days: -1 must be greater than 0" in err


def test_check_tells_what_the_world_says(
    small: Path, world_checks: ModuleType, capsys: pytest.CaptureFixture[str]
) -> None:
    def loaded(scenario: Scenario) -> list[str]:
        return [f"{scenario.model.posts[0].id} is busy"]

    world_checks.notes = loaded  # type: ignore[attr-defined]
    assert main(["check", str(small)]) == 0
    assert capsys.readouterr().out.startswith("note: bridge-aa is busy\nsmall: ok")
    world_checks.check_world = lambda scenario: [Problem("f.toml", 3, "flows.x", "no route")]  # type: ignore[attr-defined]
    assert main(["check", str(small)]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert "f.toml:3: flows.x: no route" in err


@pytest.mark.no_cover
def test_new_and_check(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["new", "my-plan", "--from", "k22-extension"]) == 0
    assert capsys.readouterr().out == "wrote my-plan.toml\n"
    assert main(["check", "my-plan.toml"]) == 0
    assert "\nmy-plan: ok (47 crossings, " in capsys.readouterr().out
    assert main(["new", "my-plan"]) == 2
    assert "my-plan.toml exists already" in capsys.readouterr().err


@pytest.mark.parametrize(
    "arguments", [["new", "no/name"], ["new", "x", "--from", "k22"], ["check", "gone.toml"], ["check", "."]]
)
def test_bad_usage(
    tmp_path: Path, arguments: list[str], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(arguments) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert "Traceback" not in err
    assert list(tmp_path.iterdir()) == []
