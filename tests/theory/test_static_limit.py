"""Rung 3 on scenarios: what best replies lose in a world without delay is what `bound SCENARIO` computes."""

from __future__ import annotations

from pathlib import Path

import pytest
from intervals import covers, interval
from runs import load
from worlds import relay_world, weighing_world

import blo_sim
from blo_sim.analysis.generate import generate_instance
from blo_sim.analysis.scenario_bound import bound_scenario

SEED = 20131091
AT_ONCE = (
    *(f"channels.{name}.delay_h=0.0001" for name in ("posts-capitals", "sectors-capitals", "units-capitals")),
    "channels.between-capitals.delay_h=0.0001",
    "channels.posts-capitals.loss=0.0",
    "channels.between-capitals.loss=0.0",
    "link.delay_h=0.0001",
    "link.loss=0.0",
    "sources.informants-origin.lag_h=0.0001",
    "reports.other_side.probability=0.0",
    "reports.seizure.probability=0.0",
    "reports.half_life_h=1000000000.0",
    "behaviour.replacement=0.0",
    "behaviour.lay_low=0.0",
    "behaviour.new_signature=0.0",
    "lookouts.intercept=0.4",
    "headquarters.capital-aa.hours=[0, 24]",
    "headquarters.capital-bb.hours=[0, 24]",
)
"""Tips that are known at once, never lost and never old, and no other reports."""


def shares(*changes: str) -> list[float]:
    """Expected share of the headline that best replies lose, by replication."""
    scenario = load(weighing_world(), *AT_ONCE, *changes)
    settings = {"replications": 20, "days": 40, "seed": SEED, "workers": 1}
    result = blo_sim.simulate(scenario, behaviour="best-reply", **settings)
    weights = scenario.model.headline.weights
    found = []
    for number in range(20):
        rows = [row for row in result.replications_table() if row["replication"] == number]
        caught = sum(weights[row["commodity"]] * row["expected_ug"] / 1e6 for row in rows)
        sent = sum(
            weights[row["commodity"]] * (row["attempted_g"] + row["deterred_g"]) for row in rows
        )
        found.append(caught / sent)
    return found


@pytest.mark.parametrize("told", [0.0, 0.3])
def test_best_replies_lose_what_the_bound_says(told: float) -> None:
    change = f"sources.informants-origin.probability={told}"
    limit = bound_scenario(load(weighing_world(), *AT_ONCE, change)).total
    seized = shares(change)
    assert limit.best_reply is not None
    assert covers(seized, limit.best_reply)
    assert not covers(seized, 1.2 * limit.best_reply)
    assert (limit.lower == limit.upper == limit.untipped) == (told == 0.0)
    low, high = interval(seized)
    assert high - low < 0.2 * limit.best_reply


def test_tips_from_two_places_count_where_they_can(tmp_path: Path) -> None:
    """A tip from the middle of a way is of no use at the control that lies behind."""
    path = tmp_path / "relay.toml"
    path.write_text(relay_world(0.05, 0.5), encoding="utf-8")
    limit = bound_scenario(path).total
    result = blo_sim.simulate(path, behaviour="fixed", replications=20, days=100, seed=SEED + 10, workers=1)
    rows = [row for row in result.replications_table() if row["commodity"] == "heroin"]
    seized = [row["expected_ug"] / 1e6 / row["attempted_g"] for row in rows]
    assert covers(seized, limit.upper)
    assert not covers(seized, 1.1 * limit.upper)


@pytest.mark.parametrize("number", range(3))
def test_the_scenario_of_an_instance_has_its_limit(number: int, tmp_path: Path) -> None:
    made = generate_instance(nodes=10, arcs=30, candidates=12, pairs=4, seed=SEED + number)
    found = blo_sim.bound_instance(made, offices=number)
    path = tmp_path / "made.toml"
    path.write_text(blo_sim.instance_scenario(made, found.solved.design), encoding="utf-8")
    limit = bound_scenario(path).total
    at_home = 1.0 - sum(made.probabilities)
    reached = sum(made.probabilities)
    for value in (limit.lower, limit.upper, limit.best_reply):
        assert reached * value + at_home == pytest.approx(found.interception, abs=1e-9)
