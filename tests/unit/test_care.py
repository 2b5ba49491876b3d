"""What is printed and written about a real place names no crossing, no patrol, no unit and no office of one.

Detection there is judged, not measured: a table by crossing would be read as a map of weak ones. `trace`
may tell of one simulated load, and is held by `test_experiment_trace`.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from worlds import ROVERS, answering_world

from blo_sim.cli import main
from blo_sim.experiment.store import MANIFEST
from blo_sim.scenario import load_scenario

SHORT = ["--days", "10", "--replications", "2", "--workers", "1", "--quiet", "--set", "run.warmup_days=0"]
KIT = ["--set", "offices.blo-south.components.training=0.5"]
BUSY = ["--set", "flows.heroin-north.volume_kg_per_year=40000"]


@pytest.fixture(scope="module")
def places(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    folder = tmp_path_factory.mktemp("care")
    text = answering_world() + ROVERS
    for place in ("real", "synthetic"):
        made = text.replace('place = "synthetic"', f'place = "{place}"')
        (folder / f"{place}.toml").write_text(made, encoding="utf-8")
    return {place: str(folder / f"{place}.toml") for place in ("real", "synthetic")}


def names(path: str) -> set[str]:
    """Whatever could tell where a load met a control."""
    model = load_scenario(path).model
    rows = [*model.posts, *model.sectors, *model.units, *model.offices, *model.teams, *model.legs]
    return {row.id for row in rows}


def told(text: str, path: str) -> set[str]:
    return {name for name in names(path) if name in text}


COMMANDS = [
    *(["run", "--format", form] for form in ("table", "json", "csv")),
    *(["compare", "--format", form] for form in ("table", "json", "csv")),
    *(["compare", "--behaviour", "all", "--format", form] for form in ("table", "json", "csv")),
    *(["layouts", "--layout", "pairs", "--format", form] for form in ("table", "json", "csv")),
    *(["bound", "--offices", "1", "--format", form] for form in ("table", "json", "csv")),
]


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
@pytest.mark.no_cover
def test_a_real_place_is_told_by_border_and_control_type(
    command: list[str], places: dict[str, str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    said = {}
    for place, path in places.items():
        worlds = [path, path] if command[0] == "compare" else [path]
        out = tmp_path / place
        short = KIT if command[0] == "bound" else SHORT
        assert main([command[0], *worlds, *command[1:], *short, *BUSY, "--out", str(out)]) == 0
        # The manifest repeats the scenario, which is the user's own; the file of sums is not for reading.
        files = sorted({*out.glob("*.json"), *out.glob("*.csv")} - {out / MANIFEST})
        written = "".join(file.read_text(encoding="utf-8") for file in files)
        said[place] = capsys.readouterr().out + written
    assert told(said["real"], places["real"]) == set()
    if command[0] in ("run", "compare"):
        assert {"bridge-bb", "hills-bb"} <= told(said["synthetic"], places["synthetic"])
