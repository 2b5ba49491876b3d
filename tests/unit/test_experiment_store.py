"""Folders of experiments: what they keep, what they refuse, and that they go on after any end."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import sys
import tempfile
import textwrap
import time
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from runs import load
from worlds import small_world, weighing_world

import blo_sim
from blo_sim.cli import main
from blo_sim.errors import SimulationError, UsageError
from blo_sim.experiment import layouts, replications, store
from blo_sim.experiment.output import as_json
from blo_sim.experiment.store import MANIFEST, RUNS, Store
from blo_sim.results.columns import packed, unpacked

SEED = 20131081
SHORT: dict[str, Any] = {"days": 10, "seed": SEED, "workers": 1}


@given(st.lists(st.integers(), min_size=1) | st.lists(st.integers(-(2**63), 2**64), min_size=1))
def test_columns_come_back_as_they_were(values: list[int]) -> None:
    assert unpacked(packed(values)) == values


@pytest.mark.parametrize(
    ("values", "most"), [([7] * 5000, 60), (list(range(200)) * 25, 500), ([2**40] * 4999 + [0], 100)]
)
def test_columns_are_small(values: list[int], most: int) -> None:
    assert len(packed(values)) <= most


def compared(folder: Path | None, count: int, **changes: Any) -> str:
    worlds = load(weighing_world(), "offices.blo-bridge.full_effect=0.0"), load(weighing_world())
    settings = SHORT | {"behaviour": "learning", "replications": count} | changes
    return as_json(blo_sim.compare(*worlds, store=folder, **settings).document())


def test_a_store_gives_what_memory_gives(tmp_path: Path) -> None:
    assert compared(tmp_path / "kept", 5) == compared(None, 5)


def test_more_replications_run_only_the_new_ones(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "kept"
    compared(folder, 3)
    real, run = replications.run_task, []

    def counted(shared: Any, task: Any) -> Any:
        run.append(task.replication)
        return real(shared, task)

    monkeypatch.setattr(replications, "run_task", counted)
    assert compared(folder, 5) == compared(None, 5)
    assert run[:2] == [3, 4]
    del run[:]
    assert as_json(blo_sim.open_run(folder).document()) == compared(folder, 5)
    assert run == []


LAYOUT_COMMAND = ["layouts", "overload", "--layout", "pairs", "--layout", "mesh", "--replications", "3",
                  "--set", "run.warmup_days=0", "--days", "3", "--workers", "1", "--quiet",
                  "--format", "json"]  # fmt: skip


def overload() -> blo_sim.Scenario:
    return blo_sim.load_scenario("overload", ["run.warmup_days=0"])


@pytest.mark.parametrize("worlds", [2, 4])
@pytest.mark.no_cover
def test_layouts_go_on_where_they_stopped(
    worlds: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """In the two layouts themselves, and in the crossover's four worlds after them."""
    monkeypatch.setattr(layouts, "FACTORS", (1.0, 4.0))
    assert main(LAYOUT_COMMAND) == 0
    whole = capsys.readouterr().out
    real, folder = replications.run_task, tmp_path / "kept"

    def stopped(shared: Any, task: Any) -> Any:
        if len(shared.worlds) == worlds and task.replication == 1:
            raise KeyboardInterrupt
        return real(shared, task)

    monkeypatch.setattr(replications, "run_task", stopped)
    assert main([*LAYOUT_COMMAND, "--out", str(folder)]) == 130
    capsys.readouterr()
    read = blo_sim.open_run(folder)
    assert read.replications == (1 if worlds == 2 else 3)
    assert bool(read.document()["crossover"]) == (worlds == 4)
    monkeypatch.setattr(replications, "run_task", real)
    assert main(["resume", str(folder), "--format", "json", "--quiet", "--workers", "1"]) == 0
    assert capsys.readouterr().out == whole
    assert (folder / "layouts.json").read_text(encoding="utf-8") == whole


def test_layouts_of_graphs_need_their_files_no_more(tmp_path: Path) -> None:
    graph, folder = tmp_path / "mine.json", tmp_path / "kept"
    offices = [f"{place}-{country}" for place in ("east", "west") for country in ("aa", "bb")]
    links = [{"source": one, "target": other} for one, other in pairwise(offices)]
    graph.write_text(
        json.dumps({"directed": False, "nodes": [{"id": each} for each in offices], "links": links}),
        encoding="utf-8",
    )
    settings: dict[str, Any] = {"days": 3, "workers": 1, "crossover": False}
    whole = blo_sim.compare_layouts(overload(), [graph, "hub"], replications=3, **settings)
    blo_sim.compare_layouts(overload(), [graph, "hub"], replications=2, store=folder, **settings)
    graph.unlink()
    again = blo_sim.resume(folder, replications=3, workers=1)
    assert as_json(again.document()) == as_json(whole.document())
    assert list(again.document()["layouts"]) == ["mine", "hub"]


def test_a_store_of_one_layout_is_not_one_of_another(tmp_path: Path) -> None:
    settings: dict[str, Any] = {"days": 3, "replications": 1, "workers": 1, "store": tmp_path}
    blo_sim.compare_layouts(overload(), ["hub"], crossover=False, **settings)
    with pytest.raises(UsageError, match="scenarios"):
        blo_sim.compare_layouts(overload(), ["mesh"], crossover=False, **settings)
    with pytest.raises(UsageError, match="holds what compare_layouts made, not simulate"):
        blo_sim.simulate(overload(), **settings)


def test_behaviours_are_read_as_far_as_they_are(
    weighing: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, left = replications.run_task, [2]

    def stopped(shared: Any, task: Any) -> Any:
        left[0] -= 1
        if left[0] < 0:
            raise KeyboardInterrupt
        return real(shared, task)

    monkeypatch.setattr(replications, "run_task", stopped)
    blo_sim.compare_behaviours(weighing, days=5, replications=2, workers=1, store=tmp_path / "kept")
    monkeypatch.setattr(replications, "run_task", real)
    read = blo_sim.open_run(tmp_path / "kept")
    assert list(read.results) == ["fixed"]


def test_surplus_replications_stay_out_of_the_report(tmp_path: Path) -> None:
    folder = tmp_path / "kept"
    compared(folder, 5)
    assert compared(folder, 2) == compared(None, 2)
    assert compared(folder, 5) == compared(None, 5)


@pytest.mark.parametrize(
    "segment", [3, *(pytest.param(length, marks=pytest.mark.no_cover) for length in (1, 2, 100))]
)
def test_columns_and_recent_replications_are_read_together(
    segment: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store, "SEGMENT", segment)
    monkeypatch.setattr(store, "SECONDS_BETWEEN_COMMITS", 0.0)
    folder = tmp_path / "kept"
    compared(folder, 3)
    assert compared(folder, 7) == compared(None, 7)
    with sqlite3.connect(folder / RUNS) as connection:
        (recent,) = connection.execute("SELECT coalesce(sum(count), 0) FROM recent").fetchone()
        (segments,) = connection.execute("SELECT count(DISTINCT first) FROM columns").fetchone()
    assert recent == 7 % segment
    assert segments == 7 // segment
    for table in ("replications_table", "ledger_table", "rows"):
        worlds = load(weighing_world(), "offices.blo-bridge.full_effect=0.0"), load(weighing_world())
        plain = blo_sim.compare(*worlds, replications=7, behaviour="learning", **SHORT)
        assert getattr(blo_sim.open_run(folder), table)() == getattr(plain, table)()


def test_a_run_keeps_every_scenario_setting(tmp_path: Path) -> None:
    """Resumed from the manifest alone: the scenario's file is gone, its changes are not."""
    file = tmp_path / "gone.toml"
    file.write_text(small_world(), encoding="utf-8")
    changes = ["flows.heroin-north.mean_load_kg=3.0", "offices.blo-bridge.opens=2013-03-01"]
    scenario = blo_sim.load_scenario(file, changes)
    first = blo_sim.simulate(scenario, replications=2, clock="dated", store=tmp_path / "kept", **SHORT)
    file.unlink()
    again = blo_sim.resume(tmp_path / "kept", replications=4, workers=1)
    plain = blo_sim.simulate(scenario, replications=4, clock="dated", **SHORT)
    assert again.document() == plain.document()
    assert again.design.scenarios[0].sha256 == first.design.scenarios[0].sha256


def test_all_behaviours_go_on_where_they_stopped(
    weighing: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    command = ["run", weighing, "--days", "10", "--replications", "3", "--workers", "1", "--quiet",
               "--behaviour", "all", "--format", "json"]  # fmt: skip
    assert main(command) == 0
    whole = capsys.readouterr().out
    real, left = replications.run_task, [5]

    def stopped(shared: Any, task: Any) -> Any:
        left[0] -= 1
        if left[0] < 0:
            raise KeyboardInterrupt
        return real(shared, task)

    monkeypatch.setattr(replications, "run_task", stopped)
    out = ["--out", str(tmp_path / "kept")]
    assert main([*command, *out]) == 130
    assert capsys.readouterr().err == "Interrupted: 2 of 3 replications were finished.\n"
    monkeypatch.setattr(replications, "run_task", real)
    assert main(["resume", str(tmp_path / "kept"), "--format", "json", "--quiet", "--workers", "1"]) == 0
    assert capsys.readouterr().out == whole
    assert (tmp_path / "kept" / "result.json").read_text(encoding="utf-8") == whole


# Refusals -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"seed": SEED + 1}, f"seed {SEED}, not {SEED + 1}; choose another folder"),
        ({"days": 11}, "days 10, not 11"),
        ({"clock": "dated"}, "clock steady, not dated"),
        ({"estimator": "realised"}, "estimator expected, not realised"),
        ({"behaviour": "fixed"}, "behaviour learning, not fixed"),
    ],
)
def test_another_experiment_is_refused(changes: dict[str, Any], message: str, tmp_path: Path) -> None:
    folder = tmp_path / "kept"
    compared(folder, 1)
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    with pytest.raises(UsageError) as caught:
        compared(folder, 2, **changes)
    assert message in str(caught.value)
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before


def test_other_scenarios_are_refused(tmp_path: Path) -> None:
    folder = tmp_path / "kept"
    one, other = load(small_world()), load(small_world(), "units.north-unit.detection=0.5")
    blo_sim.simulate(one, replications=1, store=folder, **SHORT)
    with pytest.raises(UsageError, match="holds an experiment with another content of world"):
        blo_sim.simulate(other, replications=1, store=folder, **SHORT)
    with pytest.raises(UsageError, match="holds what simulate made, not compare"):
        blo_sim.compare(one, other, replications=1, store=folder, **SHORT)


def test_another_version_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "kept"
    compared(folder, 1)
    monkeypatch.setattr(blo_sim, "__version__", "9.9")
    with pytest.raises(UsageError, match=r"holds an experiment with version .*, not 9\.9"):
        blo_sim.resume(folder)


@pytest.mark.parametrize(
    ("content", "message"),
    [(None, "there is no manifest.json"), ("{", "cannot be read"), ('{"format": 99}', "format is 99")],
)
def test_what_is_no_store_is_refused(
    content: str | None, message: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    if content is not None:
        (tmp_path / MANIFEST).write_text(content, encoding="utf-8")
    before = sorted(tmp_path.iterdir())
    assert main(["resume", str(tmp_path)]) == 2
    assert message in capsys.readouterr().err
    assert sorted(tmp_path.iterdir()) == before


def test_nothing_finished_cannot_be_read(tmp_path: Path) -> None:
    folder = tmp_path / "kept"
    compared(folder, 1)
    with sqlite3.connect(folder / RUNS) as connection:
        connection.execute("DELETE FROM recent")
    connection.close()
    with pytest.raises(UsageError, match="no replication is finished yet"):
        blo_sim.open_run(folder)


def test_a_full_disk_is_a_clear_error_and_the_store_still_reads(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "kept"
    monkeypatch.setattr(store, "SECONDS_BETWEEN_COMMITS", 0.0)
    compared(folder, 2)
    with sqlite3.connect(folder / RUNS) as connection:
        (pages,) = connection.execute("PRAGMA page_count").fetchone()
    connection.close()
    real = sqlite3.connect

    def limited(*arguments: Any, **more: Any) -> sqlite3.Connection:
        connection = real(*arguments, **more)
        connection.execute(f"PRAGMA max_page_count={pages + 1}")
        return connection

    monkeypatch.setattr(sqlite3, "connect", limited)
    with pytest.raises(SimulationError, match="database or disk is full; what was committed before"):
        compared(folder, 40)
    monkeypatch.setattr(sqlite3, "connect", real)
    kept = blo_sim.open_run(folder)
    assert 2 <= kept.replications < 40
    assert as_json(kept.document()) == compared(None, kept.replications)
    assert compared(folder, 8) == compared(None, 8)


@pytest.fixture
def public() -> Iterator[Path]:
    """A folder that other users may look into, which `tmp_path` is not."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        yield Path(folder)


@contextmanager
def without_rights() -> Iterator[None]:
    """Root may write anywhere, so it is another user meanwhile."""
    nobody = 65534
    if os.geteuid() != 0:
        yield
        return
    os.seteuid(nobody)
    try:
        yield
    finally:
        os.seteuid(0)


@pytest.mark.skipif(os.name == "nt", reason="POSIX permissions")
def test_a_folder_that_cannot_be_written_to_is_refused_and_still_read(public: Path) -> None:
    folder = public / "kept"
    compared(folder, 2)
    folder.chmod(0o555)
    with without_rights():
        assert blo_sim.open_run(folder).replications == 2
        for refused in (folder, public / "new"):
            with pytest.raises(UsageError, match=r"cannot write there \(Permission denied\)"):
                compared(refused, 3)
    folder.chmod(0o755)
    assert compared(folder, 3) == compared(None, 3)


# Ends of a program ----------------------------------------------------------------------------------

SCRIPT = """
import sys
import blo_sim
from blo_sim.experiment import store

store.SECONDS_BETWEEN_COMMITS = 0.0
store.SEGMENT = 7
if __name__ == "__main__":
    blo_sim.compare(
        sys.argv[2], sys.argv[3], replications=28, days=10, seed=5, workers=int(sys.argv[4]),
        behaviour="learning", store=sys.argv[1],
    )
"""


@pytest.mark.no_cover
def test_killed_at_any_moment_it_goes_on_to_the_same_bytes(
    weighing: str, weighing_without: str, tmp_path: Path
) -> None:
    """Kills without warning between the first and the last commit, each at another replication."""
    script = tmp_path / "script.py"
    script.write_text(textwrap.dedent(SCRIPT), encoding="utf-8")
    folder = tmp_path / "kept"
    kills = 0
    for number, goal in enumerate((1, 3, 6, 8, 11, 14, 16, 19, 21, 23)):
        arguments = [str(folder), weighing_without, weighing, str(1 + number % 2)]
        process = subprocess.Popen([sys.executable, str(script), *arguments])
        while process.poll() is None and finished(folder) < goal:
            time.sleep(0.002)
        if process.poll() is None:
            process.send_signal(signal.SIGKILL)
            kills += 1
        process.wait()
        assert goal <= finished(folder) < 28
    assert kills == 10
    settings: dict[str, Any] = {"replications": 28, "days": 10, "seed": 5, "behaviour": "learning"}
    plain = blo_sim.compare(weighing_without, weighing, workers=1, **settings)
    assert as_json(blo_sim.resume(folder, workers=1).document()) == as_json(plain.document())


def finished(folder: Path) -> int:
    """Replications that are committed, as another program sees them."""
    if not (folder / RUNS).exists():
        return 0
    try:
        with sqlite3.connect(f"file:{folder / RUNS}?mode=ro", uri=True) as connection:
            rows = [
                connection.execute(f"SELECT max(first + count) FROM {table}").fetchone()[0] or 0
                for table in ("recent", "columns")
            ]
        connection.close()
        return max(rows)
    except sqlite3.OperationalError:
        return 0


def test_the_manifest_tells_what_was_run(tmp_path: Path) -> None:
    folder = tmp_path / "kept"
    compared(folder, 1)
    manifest = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
    assert manifest["call"]["function"] == "compare"
    assert manifest["sections"]["main"]["seed"] == SEED
    assert set(manifest["environment"]) >= {"python", "system", "numpy", "numba"}
    names = [each["name"] for each in manifest["call"]["scenarios"]]
    assert len(names) == 2
    assert Store(folder).counts() == {"main": 1}


# On a cluster ---------------------------------------------------------------------------------------


@pytest.mark.no_cover
def test_serial_processes_and_cluster_give_the_same_bytes_and_go_on_with_each_other(
    weighing: str, weighing_without: str, tmp_path: Path
) -> None:
    pytest.importorskip("distributed")
    settings: dict[str, Any] = {"days": 10, "seed": SEED, "behaviour": "learning"}
    pair = weighing_without, weighing
    plain = as_json(blo_sim.compare(*pair, replications=9, workers=1, **settings).document())
    kept = tmp_path / "kept"
    blo_sim.compare(*pair, replications=3, workers=2, store=kept, **settings)
    blo_sim.resume(kept, replications=7, cluster="local:2")
    found = blo_sim.resume(kept, replications=9, workers=1)
    assert as_json(found.document()) == plain
    on_cluster = blo_sim.compare(*pair, replications=9, cluster="local:2", **settings)
    assert as_json(on_cluster.document()) == plain
