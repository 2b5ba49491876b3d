"""Rungs 3 and 4: the published instance, and the value of a team, exactly."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from networks import game_value, plain_best

import blo_sim
from blo_sim.analysis.cuts import linear_bound
from blo_sim.analysis.generate import generate_instance
from blo_sim.analysis.instance import load_instance
from blo_sim.analysis.interdiction import all_designs
from blo_sim.analysis.network import Network
from blo_sim.analysis.teams import cut_value, mixed_value
from blo_sim.cli import main

LISTED = {
    0: 0.08463541666666667,
    1: 0.07154947916666668,
    2: 0.058854166666666666,
    3: 0.046119791666666674,
    4: 0.03979166666666667,
    5: 0.03354166666666667,
}
SEED = 20131022
FILE = Path(__file__).resolve().parents[2] / "scenarios" / "instances" / "pcm12.json"


@pytest.mark.parametrize("method", ["enumeration", "highs"])
@pytest.mark.parametrize("offices", LISTED)
def test_rung_3_optimum_of_the_published_instance(
    offices: int, method: str, capsys: pytest.CaptureFixture[str]
) -> None:
    options = ["--instance", str(FILE), "--offices", str(offices), "--method", method, "--format", "json"]
    assert main(["bound", *options]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["evasion"] == pytest.approx(LISTED[offices], abs=1e-12, rel=0)
    assert found["method"] == method
    assert found["gap"] == 0.0


def test_rung_3_by_lists_of_all_paths() -> None:
    instance = load_instance("pcm12")
    for offices in range(3):
        assert plain_best(instance, offices) == pytest.approx(LISTED[offices], abs=1e-12, rel=0)


def test_rung_3_many_designs_are_nearly_best() -> None:
    designs, evasions = all_designs(Network(load_instance("pcm12")), 4)
    assert len(designs) == 1820
    assert int(np.sum(evasions <= evasions.min() + 0.005)) == 13


def test_listed_optimum_is_in_the_file() -> None:
    listed = json.loads(FILE.read_text(encoding="utf-8"))["optimum"]
    assert {int(offices): evasion for offices, evasion in listed.items()} == LISTED


@pytest.mark.parametrize("number", range(10))
def test_rung_4_value_of_a_team_on_random_graphs(number: int) -> None:
    """A third to all of the arcs can be watched: the value is 0 on some graphs and not on others."""
    arcs = 24
    made = generate_instance(
        nodes=10, arcs=arcs, candidates=8 + 4 * (number % 5), pairs=1, seed=SEED + number
    )
    network = Network(made)
    by_cut, by_program = cut_value(network), mixed_value(network)
    assert by_cut.value == pytest.approx(game_value(made), abs=1e-9)
    assert by_program.value == pytest.approx(by_cut.value, abs=1e-9)
    if number % 5 == 4:
        assert by_cut.value > 0.05


@pytest.mark.parametrize("number", range(5))
def test_rung_4_value_against_several_pairs(number: int) -> None:
    made = generate_instance(nodes=10, arcs=24, candidates=24, pairs=6, seed=SEED + number)
    assert mixed_value(Network(made)).value == pytest.approx(game_value(made), abs=1e-9)


def test_medium_instance_by_both_methods() -> None:
    made = generate_instance(nodes=60, arcs=210, candidates=30, pairs=40, seed=SEED)
    listed = blo_sim.bound_instance(made, offices=3, method="enumeration")
    solved = blo_sim.bound_instance(made, offices=3, method="highs")
    assert solved.solved.proven
    assert solved.evasion == pytest.approx(listed.evasion, rel=1e-6)
    assert linear_bound(Network(made), 3) <= listed.evasion * (1 + 1e-6)


def test_time_limit_gives_a_design_and_a_valid_bound() -> None:
    made = generate_instance(nodes=150, arcs=500, candidates=80, pairs=90, seed=SEED)
    short = blo_sim.bound_instance(made, offices=8, method="highs", time_limit=0.2)
    assert not short.solved.proven
    assert short.gap == short.evasion - short.solved.bound > 0
    longer = blo_sim.bound_instance(made, offices=8, method="highs", time_limit=3)
    assert short.solved.bound <= longer.evasion + 1e-12
    assert longer.solved.bound <= short.evasion + 1e-12
    assert longer.gap <= short.gap
    assert short.evasion == Network(made).evasion(short.solved.design)
    assert len(set(short.solved.design)) == 8
    assert set(short.solved.design) <= set(made.candidates)
