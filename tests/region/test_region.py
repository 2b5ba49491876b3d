"""The shipped region: the fit of rung 6, neutral offices, and one answer on any number of workers."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys

import pytest

import blo_sim
from blo_sim.analysis.matching import Shared, run_point
from blo_sim.cli.report import compare_text
from blo_sim.experiment.design import make_design
from blo_sim.experiment.ensemble import ensemble_of
from blo_sim.scenario import load_scenario
from blo_sim.scenario.ranges import ranges_of

SEED = 20131022


def test_the_fit_is_within_a_factor_of_two() -> None:
    result = blo_sim.simulate(
        load_scenario("k22-baseline"), replications=2, seed=SEED + 601, parameters="central"
    )
    rows = result.fit()
    assert {row.target for row in rows} == {
        "seized-region", "seized-tj", "seized-uz-tm", "road-share", "post-share"
    }  # fmt: skip
    for row in rows:
        assert row.low / 2 <= row.model["mean"] <= 2 * row.high, row


def test_the_shipped_ensemble_is_of_the_shipped_ranges() -> None:
    scenario = load_scenario("k22-baseline")
    ensemble = ensemble_of(scenario)
    assert set(ensemble.ranges) == {each.name for each in ranges_of(scenario)}
    assert ensemble.differing(scenario) == []
    assert ensemble.sha256 == scenario.sha256
    assert len(ensemble.kept) >= 100
    assert set(ensemble.targets) == {row.id for row in scenario.model.targets}
    bounds = list(ensemble.targets.values())
    for draw in (each for each in ensemble.draws if each.measures):
        pairs = zip(draw.measures, bounds, strict=True)
        assert draw.kept == all(low <= value <= high for value, (low, high) in pairs)


def test_a_stored_draw_is_what_its_point_gives() -> None:
    scenario = load_scenario("k22-baseline")
    ensemble = ensemble_of(scenario)
    draw = next(each for each in ensemble.draws if each.kept)
    found = run_point(Shared(scenario, ensemble), draw.point)
    assert found.kept
    assert found.measures == pytest.approx(draw.measures, rel=1e-4)


def test_neutral_offices_change_nothing_bit_for_bit() -> None:
    baseline, neutral = load_scenario("k22-baseline"), load_scenario("k22-neutral")
    result = blo_sim.compare(baseline, neutral, replications=2, days=20, seed=SEED + 602, workers=1)
    document = result.document()
    for block in document["commodities"].values():
        assert block["measures"]["k22-baseline"] == block["measures"]["k22-neutral"]
        for gain in block["gains"]["k22-neutral"].values():
            assert gain["mean"] == 0.0
    assert document["lawful"]["k22-baseline"] == document["lawful"]["k22-neutral"]
    assert document["messages"]["k22-baseline"] == document["messages"]["k22-neutral"]


def test_offices_change_something_and_any_number_of_workers_prints_the_same_bytes() -> None:
    command = [sys.executable, "-m", "blo_sim", "compare", "k22-baseline", "k22-extension"]
    options = ["--replications", "2", "--days", "3", "--set", "run.warmup_days=4"]
    printed = [
        subprocess.run(
            [*command, *options, "--format", "json", "--quiet", "--workers", str(workers)],
            capture_output=True,
            check=True,
        ).stdout
        for workers in (1, 2)
    ]
    assert printed[0] == printed[1]
    document = json.loads(printed[0])
    assert document["replications"] == 2
    assert document["commodities"]["opiates"]["gains"]["k22-extension"]["kept_kg"]["mean"] != 0.0


def test_two_workers_are_two_processes() -> None:
    from blo_sim.experiment.replications import run_design

    design = make_design(["k22-baseline"], replications=4, days=2, seed=SEED + 605)
    summaries = run_design(design, workers=2).summaries["k22-baseline"]
    ids = {summary.process_id for summary in summaries}
    assert len(ids) == 2
    assert os.getpid() not in ids


def test_the_region_is_told_without_its_crossings() -> None:
    """Neither ids nor names of posts, patrols, units, teams, offices, legs and towns are in any output."""
    worlds = [load_scenario(name) for name in ("k22-baseline", "k22-extension", "k22-teams")]
    result = blo_sim.compare(*worlds, replications=1, days=3, seed=SEED + 604, workers=1)
    outputs = [compare_text(result), json.dumps(result.document(), ensure_ascii=False)]
    outputs += [str(table) for table in (result.rows(), result.ledger_table(), result.replications_table())]
    assert all(len(output) > 1000 for output in outputs)
    hidden = set()
    for scenario in worlds:
        model = scenario.model
        controls = (*model.posts, *model.sectors, *model.units, *model.teams)
        for rows in (controls, model.offices, model.places, model.legs):
            hidden |= {text for row in rows for text in (row.id, getattr(row, "name", None)) if text}
    assert len(hidden) > 200
    words = {word for output in outputs for word in re.findall(r"[\w-]+", output)}
    assert {text for text in hidden if text in words} == set()
    assert {text for text in hidden if any(f" {text} " in output for output in outputs)} == set()
