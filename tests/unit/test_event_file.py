"""Event logs as Parquet: the events as the model wrote them, and no more of a real place than elsewhere."""

from __future__ import annotations

import datetime as dt
import sys
from collections import Counter
from pathlib import Path

import pytest
from worlds import ROVERS, answering_world

from blo_sim import load_scenario, write_events
from blo_sim.cli import main
from blo_sim.errors import UsageError
from blo_sim.experiment.design import make_design
from blo_sim.model.events import KINDS
from blo_sim.model.replication import replicate

parquet = pytest.importorskip("pyarrow.parquet")

SETTINGS = [
    "run.warmup_days=2", "run.days=30", "flows.heroin-north.volume_kg_per_year=40000",
]  # fmt: skip


def written(folder: Path, place: str, replications: int = 2) -> tuple[Path, Path]:
    """A scenario in a real or a made-up place, and the file of its events."""
    scenario, out = folder / f"{place}.toml", folder / f"{place}.parquet"
    text = (answering_world() + ROVERS).replace('place = "synthetic"', f'place = "{place}"')
    scenario.write_text(text, encoding="utf-8")
    write_events(load_scenario(scenario, SETTINGS), out, replications=replications, seed=7)
    return scenario, out


def test_a_file_holds_every_event_as_the_model_wrote_it(tmp_path: Path) -> None:
    scenario, out = written(tmp_path, "synthetic")
    rows = parquet.read_table(out).to_pylist()
    design = make_design([load_scenario(scenario, SETTINGS)], replications=2, seed=7)
    world = design.worlds[0]
    start = dt.datetime.combine(world.first_day, dt.time())
    expected = []
    for replication in range(2):
        log = replicate(world, 7, replication, smugglers=design.smugglers[0])
        for event in log.rows():
            load, name = None, None
            if event.consignment >= 0:
                load, name = world.streams[log.streams[event.consignment]], log.names[event.consignment]
            expected.append(
                {
                    "replication": replication,
                    "time_h": event.time,
                    "kind": KINDS[event.kind],
                    "consignment": name,
                    "flow": load and load.flow,
                    "mode": load and load.mode,
                    "commodity": load and load.commodity,
                    "place": event.place or None,
                    "amount": event.amount,
                    "p": event.p,
                    "note": event.note or None,
                }
            )
    found = [{key: value for key, value in row.items() if key in expected[0]} for row in rows]
    assert found == expected
    assert len({row["kind"] for row in rows}) > 12
    for row in rows:
        assert abs((row["moment"] - start).total_seconds() / 3600 - row["time_h"]) < 1e-6
    assert parquet.ParquetFile(out).num_row_groups == 2
    areas = {control.id: (control.area, control.kind) for control in world.controls}
    met = [row for row in rows if row["kind"] == "encounter"]
    assert met
    assert all(areas[row["place"]] == (row["area"], row["control"]) for row in met)


def test_of_a_real_place_neither_post_nor_chance_nor_way_is_told(tmp_path: Path) -> None:
    (path, out), (_, other) = written(tmp_path, "real"), written(tmp_path, "synthetic")
    table = parquet.read_table(out)
    rows, all_rows = table.to_pylist(), parquet.read_table(other).to_pylist()
    assert "place" not in table.column_names
    design = make_design([load_scenario(path, SETTINGS)], replications=1)
    routes = {route.name for stream in design.worlds[0].streams for route in stream.routes}
    model = design.scenarios[0].model
    tables = (model.offices, model.headquarters, model.teams, model.legs, design.worlds[0].controls)
    names = routes | {row.id for rows in tables for row in rows}
    assert {row["place"] for row in all_rows if row["kind"] == "encounter"} <= names
    for column in ("area", "control", "note", "kind"):
        assert not names & {row[column] for row in rows}
    assert {row["area"] for row in rows if row["control"] == "post"} == {"AA-BB"}
    assert all((row["p"] is None) == (row["amount"] is None) == (row["kind"] == "encounter") for row in rows)
    assert not {row["note"] for row in rows} & {"waved through", "released"}
    told, everything = (Counter(row["kind"] for row in each) for each in (rows, all_rows))
    assert everything["leaked"]
    assert set(everything - told) <= {"leaked", "forgone"}
    assert not told["leaked"] + told["forgone"]


def test_command_writes_the_file_whole_or_not_at_all(
    tmp_path: Path, small: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "events.parquet"
    command = ["events", small, "--days", "5", "--replications", "3", "--quiet", "--out"]
    assert main([*command, str(out)]) == 0
    said = capsys.readouterr().out
    count = parquet.read_metadata(out).num_rows
    assert count > 10
    assert said == f"wrote {count:,} events of 3 runs to {out}\n"
    before = out.read_bytes()
    assert main([*command, str(tmp_path / "none" / "events.parquet")]) == 2
    assert "there is no folder" in capsys.readouterr().err
    assert main([*command, str(tmp_path)]) == 2
    assert "cannot be written" in capsys.readouterr().err

    def fails(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(parquet.ParquetWriter, "write_table", fails)
    assert main([*command, str(out)]) == 2
    assert "No space left on device" in capsys.readouterr().err
    assert out.read_bytes() == before
    assert {path.name for path in tmp_path.iterdir()} == {"small.toml", "events.parquet"}


def test_without_pyarrow_the_extra_is_named(
    tmp_path: Path, small: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(UsageError, match=r"pip install 'blo-sim\[export\]'"):
        write_events(small, tmp_path / "events.parquet")
    assert not list(tmp_path.glob("*.parquet"))


def test_a_run_without_events_is_an_empty_table(tmp_path: Path, small: str) -> None:
    out = tmp_path / "quiet.parquet"
    quiet = ["flows.heroin-north.volume_kg_per_year=0", "run.warmup_days=0"]
    assert write_events(load_scenario(small, quiet), out, days=1) == 0
    assert parquet.read_table(out).num_rows == 0
