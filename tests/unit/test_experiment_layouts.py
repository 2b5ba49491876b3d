"""`compare_layouts` and ``blo-sim layouts``."""

from __future__ import annotations

import csv
import json
import math
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from runs import load
from worlds import small_world

import blo_sim
from blo_sim.cli import main
from blo_sim.cli.layouts_report import crossover_sentence
from blo_sim.errors import ScenarioError, UsageError
from blo_sim.experiment import evaluators, layouts, replications
from blo_sim.experiment.graph import graph_measures
from blo_sim.experiment.layouts import FACTORS, LAYOUTS, LayoutsResult, compare_layouts
from blo_sim.experiment.replications import Shared, Task, run_task
from blo_sim.scenario.graphs import with_layout
from blo_sim.world.compile import compile_world

CENTRED = small_world() + """
[[centres]]
id = "centre"
desk = "one-officer"

[[desks]]
id = "one-officer"
officers = 1
service_h = { exponential = { mean = 0.5 } }
"""
WORLD = CENTRED.replace('office = "bridge-aa"\n', 'office = "bridge-aa"\nfalse_per_year = 4000\n')
SHORT = ["--days", "10", "--replications", "2", "--workers", "1", "--quiet"]
COMMON = {"days": 10, "replications": 2, "workers": 1}


@pytest.fixture
def world(tmp_path: Path) -> str:
    path = tmp_path / "world.toml"
    path.write_text(WORLD, encoding="utf-8")
    return str(path)


@pytest.fixture(scope="module")
def all_layouts() -> LayoutsResult:
    return compare_layouts(load(WORLD), **COMMON)


@pytest.mark.no_cover
def test_the_usual_layouts_run_under_the_same_draws(all_layouts: LayoutsResult) -> None:
    content = all_layouts.document()
    assert list(content["layouts"]) == list(content["graph"]) == list(content["scenarios"]) == list(LAYOUTS)
    assert content["scenario"] == "world"
    assert "baseline" not in content
    assert all_layouts.left_out == {}
    attempted = {
        name: [each.flows["attempted_g", 0, "heroin"] for each in found]
        for name, found in all_layouts.summaries.items()
    }
    assert all(each == attempted["isolated"] for each in attempted.values())
    json.dumps(content, allow_nan=False)


def test_rows_of_a_layout_are_those_of_its_own_run(all_layouts: LayoutsResult) -> None:
    hub = all_layouts.document()["layouts"]["hub"]
    alone = blo_sim.simulate(with_layout(load(WORLD), "hub"), **COMMON).document()
    messages, desks = alone["messages"]["hub"], alone["desks"]["hub"]
    assert hub["intercepted_kg"] == alone["commodities"]["opiates"]["measures"]["hub"]["intercepted_kg"]
    assert hub["tips_in_time_share"] == messages["tips"]["all"]["in_time_share"]
    assert hub["late_by"] == messages["late_by"]
    assert hub["busiest"] == {
        "office": "centre", "load": desks["centre"]["load"], "wait_h": desks["centre"]["wait_h"]
    }  # fmt: skip
    assert hub["wait_h"] == alone["lawful"]["hub"]["wait_h"]
    jobs, false = desks["centre"]["jobs_per_year"]["mean"], desks["centre"]["false_share"]["mean"]
    assert 0 < false < 1
    work = desks["centre"]["load"]["mean"] * 8760
    assert hub["false_work_h_per_year"]["mean"] == pytest.approx(false * work)
    assert jobs > 0
    tips = messages["tips"]["all"]
    in_time = tips["born"]["mean"] * tips["in_time_share"]["mean"]
    assert hub["officers"] == 1
    assert hub["tips_per_officer_year"]["mean"] == pytest.approx(in_time * 365 / 10)


def test_a_layout_without_the_centre_leaves_its_desk_idle(all_layouts: LayoutsResult) -> None:
    isolated = all_layouts.document()["layouts"]["isolated"]
    assert isolated["busiest"]["office"] is None
    assert isolated["busiest"]["load"]["mean"] is None
    assert isolated["false_work_h_per_year"]["mean"] == 0.0


def test_rows_have_every_layout_graph_and_point(all_layouts: LayoutsResult) -> None:
    rows = {(row["kind"], row["scenario"], row["measure"]): row["mean"] for row in all_layouts.rows()}
    content = all_layouts.document()
    assert rows["layouts", "hub", "busiest.load"] == content["layouts"]["hub"]["busiest"]["load"]["mean"]
    assert rows["graph", "mesh", "edges"] == content["graph"]["mesh"]["edges"]
    shares = [rows["crossover", "mesh", f"tips_in_time_share at {factor:g}"] for factor in FACTORS]
    assert shares == [point["mesh"]["tips_in_time_share"]["mean"] for point in content["crossover"]]
    caught = content["crossover"][0]["hub"]["intercepted_share"]["mean"]
    assert rows["crossover", "hub", "intercepted_share at 0.5"] == caught > 0


def test_the_crossover_is_hub_and_mesh_with_more_false_reports(all_layouts: LayoutsResult) -> None:
    assert all_layouts.crossing is not None
    crossing, finished = all_layouts.crossing
    assert [point["factor"] for point in all_layouts.crossover] == list(FACTORS)
    false = {
        point: sum(each.messages_by.get(("false", "sent"), 0) for each in finished.summaries[name])
        for point, name in crossing.names.items()
    }
    assert false[8.0, "hub"] > 6 * false[1.0, "hub"] > 6 * false[0.5, "hub"] > 0
    assert false[1.0, "mesh"] > false[1.0, "hub"]


@pytest.mark.no_cover
def test_worlds_of_the_crossover_are_those_that_a_file_would_make(all_layouts: LayoutsResult) -> None:
    assert all_layouts.crossing is not None
    design = all_layouts.crossing[0].design
    for place in (0, 5, 9):
        compiled = compile_world(design.scenarios[place], days=design.days)
        worlds = (compiled, design.worlds[place])
        runs = [run_task(Shared((each,), (None,)), Task({"it": 0}, 1, 0)) for each in worlds]
        assert runs[0].summaries["it"] == runs[1].summaries["it"]


def test_at_the_scenarios_own_load_the_hub_of_the_crossover_is_the_layout(all_layouts: LayoutsResult) -> None:
    """Both have the same days and draws here, and need-to-know is how the scenario addresses."""
    point = all_layouts.crossover[FACTORS.index(1.0)]
    hub = all_layouts.document()["layouts"]["hub"]
    assert point["hub"] == {key: hub[key] for key in ("tips_in_time_share", "intercepted_share")}


def test_layouts_that_the_scenario_has_no_means_for_are_left_out() -> None:
    result = compare_layouts(load(small_world()), **COMMON)
    assert list(result.document()["layouts"]) == ["isolated", "capitals", "pairs", "mesh"]
    assert set(result.left_out) == {"hub", "pairs+hub", "tree", "crossover"}
    assert "needs a row of [[centres]]" in result.left_out["hub"]
    assert result.crossover == []
    with pytest.raises(ScenarioError, match=r"needs a row of \[\[centres\]\]"):
        compare_layouts(load(small_world()), ["hub"], **COMMON)


def test_without_false_reports_there_is_no_crossover() -> None:
    result = compare_layouts(load(CENTRED), ["hub", "mesh"], **COMMON)
    assert result.left_out == {"crossover": "the scenario has no false reports to make more of"}


def test_crossover_can_be_switched_off_and_never_asks_for_more_than_the_layouts() -> None:
    assert compare_layouts(load(WORLD), ["hub"], crossover=False, **COMMON).crossing is None
    result = compare_layouts(load(WORLD), ["hub"], days=3, replications=1, workers=1)
    assert result.crossing is not None
    assert (result.crossing[0].design.days, result.crossing[1].replications) == (3, 1)


def test_progress_goes_on_over_both_parts() -> None:
    seen: list[tuple[int, int]] = []
    compare_layouts(
        load(WORLD), ["hub"], days=2, replications=2, workers=1, progress=lambda *at: seen.append(at)
    )
    total = 2 + 2 * 2 * len(FACTORS)
    assert seen == [(0, total), (1, total), (2, total), *((done, total) for done in range(2, total + 1))]


def test_eight_replications_by_default(monkeypatch: pytest.MonkeyPatch) -> None:
    plans = []

    def planned(design: Any, **_: Any) -> Any:
        plans.append(design.replications)
        raise KeyboardInterrupt

    monkeypatch.setattr(layouts, "run_design", planned)
    with pytest.raises(KeyboardInterrupt):
        compare_layouts(load(WORLD), ["hub"], days=2)
    assert plans == [8]


@pytest.mark.no_cover
def test_a_graph_of_ones_own(world: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    graph = {"nodes": [{"id": "bridge-aa"}, {"id": "bridge-bb"}], "edges": []}
    graph["edges"] = [{"source": "bridge-aa", "target": "bridge-bb", "delay_h": 0.25}]
    path = tmp_path / "mine.json"
    path.write_text(json.dumps(graph), encoding="utf-8")
    arguments = ["layouts", world, *SHORT, "--layout", "isolated", "--layout", str(path), "--format", "json"]
    assert main(arguments) == 0
    content = json.loads(capsys.readouterr().out)
    assert list(content["layouts"]) == ["isolated", "mine"]
    in_time = {name: each["tips_in_time_share"]["mean"] for name, each in content["layouts"].items()}
    assert in_time["mine"] > in_time["isolated"]
    path.write_text(json.dumps(graph).replace("bridge-aa", "bridge-a"), encoding="utf-8")
    assert main(arguments) == 2
    assert "did you mean 'bridge-aa'" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("layout", "message"),
    [
        ("hubb", "layout 'hubb' is not one of isolated, capitals"),
        ("my.gexf", "no file that ends in .graphml or .json"),
        ("absent.graphml", "absent.graphml"),
    ],
)
def test_what_is_no_layout_is_refused(
    world: str, capsys: pytest.CaptureFixture[str], layout: str, message: str
) -> None:
    assert main(["layouts", world, *SHORT, "--layout", layout]) == 2
    assert message in capsys.readouterr().err
    with pytest.raises((UsageError, ScenarioError)):
        compare_layouts(load(WORLD), [layout])


def test_bad_settings_are_refused(world: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "out"
    for option in ("--replications", "--workers", "--days"):
        assert main(["layouts", world, option, "0", "--out", str(out)]) == 2
        assert f"{option[2:]} is 0" in capsys.readouterr().err
    assert not out.exists()


# The graph


def test_measures_of_a_graph_by_hand() -> None:
    """The bridge: two posts, a sector and a unit; two capitals; a centre."""
    base = load(WORLD)
    found = {
        name: graph_measures(scenario.model, compile_world(scenario, days=2))
        for name in ("isolated", "pairs", "capitals")
        for scenario in [with_layout(base, name)]
    }
    isolated = found["isolated"]
    # posts, sector and unit with their capitals; the office of BB with its unit
    assert (isolated["nodes"], isolated["edges"]) == (7, 10)
    assert isolated["density"] == pytest.approx(10 / 42)
    assert isolated["diameter"] == 2
    # AA: two ways of 6 h. BB: to the capital 6 h from three offices, post and unit 0.5 h, the others 12 h
    # and, over the post, 6.5 h from unit to capital is no gain.
    ways = 2 * [6.0] + 2 * (3 * [6.0] + [0.5] + 2 * [12.0])
    assert isolated["mean_delay_h"] == pytest.approx(math.fsum(ways) / len(ways))
    assert isolated["between"] == "capital-bb"
    # sector with post and with unit, both ways, of all 6 x 5 pairs of others
    assert isolated["betweenness"] == pytest.approx(4 / 30)
    assert isolated["degree"] == (1 + 2) / 2
    assert found["pairs"]["edges"] == found["capitals"]["edges"] == 12
    assert found["pairs"]["degree"] == (2 + 3) / 2
    assert found["capitals"]["diameter"] == 3


# The command


@pytest.mark.no_cover
def test_the_table_says_where_layouts_hurt(world: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["layouts", world, *SHORT]) == 0
    out, err = capsys.readouterr()
    assert err == ""
    assert "under 7 layouts" in out
    assert "Office networks as graphs" in out
    assert "Hub (need-to-know) against mesh (broadcast)" in out
    for words in ("full operation", "By reports in time: ", "By the intercepted share: "):
        assert words in out.replace("\n", " ")
    tables = out.partition("\n\nLayouts, ")[2]
    lines = [line.split() for line in tables.splitlines()]
    assert [line[0] for line in lines if line and line[0] in LAYOUTS] == [*LAYOUTS, *LAYOUTS]
    assert max(len(line) for line in out.splitlines()) <= 110
    assert out.isascii()


@pytest.mark.no_cover
def test_one_layout_alone_is_not_compared(world: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["layouts", world, *SHORT, "--layout", "hub"]) == 0
    assert capsys.readouterr().out.startswith("world under the layout hub, in 10 days: 2 replications.")


def test_out_holds_the_document_and_the_rows(
    world: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "new"
    arguments = ["layouts", world, *SHORT, "--layout", "hub", "--out", str(folder), "--format"]
    assert main([*arguments, "json"]) == 0
    assert (folder / "layouts.json").read_text(encoding="utf-8") == capsys.readouterr().out
    assert main([*arguments, "csv"]) == 0
    text = capsys.readouterr().out
    assert (folder / "layouts.csv").read_text(encoding="utf-8") == text
    kinds = {row["kind"] for row in csv.DictReader(text.splitlines())}
    assert kinds == {"layouts", "graph", "crossover"}
    found = {path.name for path in folder.iterdir()}
    assert found == {"layouts.csv", "layouts.json", "manifest.json", "runs.sqlite"}


@pytest.mark.no_cover
def test_overrides_count(world: str, capsys: pytest.CaptureFixture[str]) -> None:
    silent = ["--set", "sources.informants-origin.probability=0", "--set", "reports.other_side.probability=0"]
    silent += ["--set", "reports.seizure.probability=0", "--layout", "hub", "--format", "json"]
    assert main(["layouts", world, *SHORT, *silent]) == 0
    assert json.loads(capsys.readouterr().out)["layouts"]["hub"]["tips_in_time_share"]["mean"] is None


def test_help_names_its_own_default_and_files(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["layouts", "--help"]) == 0
    out = capsys.readouterr().out
    assert "[default: 8]" in out
    assert "layouts.json and layouts.csv" in out
    assert main(["compare", "--help"]) == 0
    assert "result.json, replications.csv" in capsys.readouterr().out


class Interrupted:
    """An evaluator at which somebody presses Ctrl-C after some results."""

    def __init__(self, real: evaluators.Evaluator, after: int) -> None:
        self.real, self.after = real, after

    def map(self, tasks: Sequence[Any]) -> Iterator[Any]:
        for number, result in enumerate(self.real.map(tasks)):
            if number == self.after:
                raise KeyboardInterrupt
            yield result


def interrupt(monkeypatch: pytest.MonkeyPatch, part: int, after: int) -> None:
    """Ctrl-C in the first or second part of the runs."""
    real, parts = evaluators.evaluator_for, []

    def made(*args: Any, **more: Any) -> Any:
        parts.append(1)
        evaluator = real(*args, **more)
        return Interrupted(evaluator, after) if len(parts) == part else evaluator

    monkeypatch.setattr(replications, "evaluator_for", made)


@pytest.mark.parametrize(
    ("part", "after", "message", "points"),
    [
        (1, 3, "1 of 2 replications were finished, and no crossover.", 0),
        (2, 11, "of the crossover 1 of 2 replications were finished.", 5),
        (2, 4, "of the crossover 0 of 2 replications were finished.", 0),
    ],
)
def test_ctrl_c_keeps_what_was_finished(
    world: str,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    part: int,
    after: int,
    message: str,
    points: int,
) -> None:
    interrupt(monkeypatch, part, after)
    two = ["--layout", "hub", "--layout", "mesh", "--format", "json"]
    assert main(["layouts", world, *SHORT, *two]) == 130
    out, err = capsys.readouterr()
    assert err == f"Interrupted: {message}\n"
    content = json.loads(out)
    assert content["replications"] == (1 if part == 1 else 2)
    assert len(content["crossover"]) == points


def test_ctrl_c_before_anything_was_finished(
    world: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    interrupt(monkeypatch, part=1, after=1)
    assert main(["layouts", world, *SHORT, "--layout", "hub", "--layout", "mesh"]) == 130
    assert capsys.readouterr().out == ""


def points(*shares: tuple[float | None, float | None]) -> list[dict[str, Any]]:
    return [
        {"factor": factor, "hub": {"it": {"mean": hub}}, "mesh": {"it": {"mean": mesh}}}
        for factor, (hub, mesh) in zip(FACTORS, shares, strict=False)
    ]


@pytest.mark.parametrize(
    ("shares", "sentence"),
    [
        (
            [(0.2, 0.4), (0.2, 0.3), (0.2, 0.2), (0.2, 0.1)],
            "the mesh is ahead up to a load of 1, the hub from 4 on.",
        ),
        ([(0.5, 0.4), (0.5, 0.3)], "no crossing between 0.5 and 1 times, the hub is ahead."),
        ([(0.2, 0.2), (None, 0.1)], "neither is ahead at any load."),
        (
            [(0.2, 0.1), (0.1, 0.2), (0.2, 0.1)],
            "the hub is ahead up to a load of 0.5, the mesh from 1 on; "
            "then the mesh is ahead up to a load of 1, the hub from 2 on.",
        ),
    ],
)
def test_where_the_order_changes_in_words(
    shares: list[tuple[float | None, float | None]], sentence: str
) -> None:
    assert crossover_sentence(points(*shares), "it") == sentence


def test_what_is_left_out_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "plain.toml"
    path.write_text(small_world(), encoding="utf-8")
    assert main(["layouts", str(path), *SHORT]) == 0
    out = capsys.readouterr().out.replace("\n", " ")
    assert "Left out: hub, pairs+hub, tree (it needs a row of [[centres]]); crossover (" in out
    assert "Hub (need-to-know)" not in out
    assert list(compare_layouts(path, ["pairs"], **COMMON).summaries) == ["pairs"]
