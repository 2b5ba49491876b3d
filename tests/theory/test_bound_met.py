"""Rungs 3, 4 and 7: smugglers who know everything and answer once meet the exact limits of `bound`.

An instance with its design becomes a scenario by `instance_scenario`, whose choice sets hold every best
reply. Whoever cares for the risk alone must then be seized as often as `bound` computes.

Some assertions are about the made networks themselves: that sensors matter there, that fixed paths are much
riskier. They hold for these seeds; another generator needs others.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache
from pathlib import Path

import pytest
from intervals import covers, interval
from runs import load, world_of

import blo_sim
from blo_sim.analysis.generate import generate_instance
from blo_sim.analysis.instance import Instance, load_instance
from blo_sim.analysis.network import Network
from blo_sim.analysis.teams import Team, cut_value
from blo_sim.model.traffic.prospects import smugglers

SEED = 20131301
REPLICATIONS = 12


def shares(text: str, folder: Path, seed: int, *overrides: str, behaviour: str = "best-reply") -> list[float]:
    """Share of the loads that was seized, by replication."""
    path = folder / "made.toml"
    path.write_text(text, encoding="utf-8")
    scenario = blo_sim.load_scenario(path, overrides)
    result = blo_sim.simulate(
        scenario, replications=REPLICATIONS, days=20, seed=seed, behaviour=behaviour, workers=1
    )
    rows = [row for row in result.replications_table() if row["commodity"] == "goods"]
    assert all(row["consignments"] * 1000 == row["attempted_g"] for row in rows)
    return [row["seizures"] / row["consignments"] for row in rows]


def risk_of_best_replies(text: str) -> float:
    """What the model expects best replies to lose, with nobody simulated: flows by their volume."""
    world = world_of(text)
    prepared = smugglers(world, "best-reply")
    assert prepared is not None
    volumes = [flow.volume_kg_per_year for flow in load(text).model.flows]
    risks = []
    for number, options in enumerate(prepared.options):
        best = options.best_reply(prepared.rules, number, 1000, 0, 0)
        risks.append(1.0 if best is None else float(options.risk(0)[best]))
    weighted = math.fsum(volume * risk for volume, risk in zip(volumes, risks, strict=True))
    return weighted / math.fsum(volumes)


@pytest.mark.parametrize("number", range(10))
def test_rung_3_best_replies_meet_the_bound_of_generated_networks(number: int, tmp_path: Path) -> None:
    """Without sensors on the even ones, with the best design of one to five on the others."""
    seed = SEED + number
    offices = (number + 1) // 2 if number % 2 else 0
    made = generate_instance(nodes=10, arcs=30, candidates=12, pairs=4, seed=seed)
    found = blo_sim.bound_instance(made, offices=offices)
    text = blo_sim.instance_scenario(made, found.solved.design)
    assert risk_of_best_replies(text) == pytest.approx(found.interception, abs=1e-9, rel=0)
    seized = shares(text, tmp_path, seed)
    assert covers(seized, found.interception)
    if offices:
        assert found.evasion < 0.9 * found.evasion_without
        assert not covers(seized, 1.0 - found.evasion_without)


@pytest.mark.parametrize("offices", [0, 4])
def test_rung_3_best_replies_meet_the_bound_of_the_published_instance(offices: int, tmp_path: Path) -> None:
    found = blo_sim.bound_instance("pcm12", offices=offices)
    text = blo_sim.instance_scenario(load_instance("pcm12"), found.solved.design)
    assert risk_of_best_replies(text) == pytest.approx(found.interception, abs=1e-12, rel=0)
    seized = shares(text, tmp_path, SEED + 20 + offices)
    assert covers(seized, found.interception)
    assert not covers(seized, 1.0 - 1.5 * found.evasion)


def test_loads_that_take_any_path_are_seized_more_often(tmp_path: Path) -> None:
    """Else the tests above would not need best replies."""
    made = generate_instance(nodes=10, arcs=30, candidates=12, pairs=4, seed=SEED)
    seized = shares(blo_sim.instance_scenario(made), tmp_path, SEED + 30, behaviour="fixed")
    assert interval(seized)[0] > blo_sim.bound_instance(made).interception + 0.1


@pytest.mark.parametrize("number", [5, 9])
def test_rung_7_replies_take_back_some_of_what_sensors_win(number: int, tmp_path: Path) -> None:
    """The ledger meets the exact limits: F - A of the paths before, B - A of those after."""
    seed = SEED + number
    made = generate_instance(nodes=10, arcs=30, candidates=12, pairs=4, seed=seed)
    found = blo_sim.bound_instance(made, offices=(number + 1) // 2)
    network = Network(made)
    evade = network.under(found.solved.design)
    unmoved = network.total([math.prod(evade[list(reply.arcs)]) for reply in found.without])
    texts = {
        "without": blo_sim.instance_scenario(made),
        "with": blo_sim.instance_scenario(made, found.solved.design),
    }
    unchanged, response, net = ledger(texts, tmp_path, seed)
    assert covers(unchanged, found.evasion_without - unmoved)
    assert covers(net, found.evasion_without - found.evasion)
    assert interval(response)[1] < 0.0


def ledger(texts: dict[str, str], folder: Path, seed: int) -> tuple[list[float], ...]:
    """F - A, B - F and B - A as shares of the loads, by replication."""
    for name, text in texts.items():
        (folder / f"{name}.toml").write_text(text, encoding="utf-8")
    result = blo_sim.compare(
        *(folder / f"{name}.toml" for name in texts),
        replications=REPLICATIONS,
        days=20,
        seed=seed,
        behaviour="best-reply",
        estimator="realised",
        workers=1,
    )
    first = result.design.names[0]
    grams = [row["attempted_g"] for row in result.replications_table() if row["scenario"] == first]
    rows = [row for row in result.ledger_table() if row["commodity"] == "goods"]
    return tuple(
        [1000 * row["intercepted_kg"] / grams[row["replication"]] for row in rows if row["line"] == line]
        for line in ("detection", "displacement", "net")
    )


# One team


P = 0.6
"""Detection by the team at every arc."""


@lru_cache
def watched(number: int) -> tuple[Instance, Team]:
    """A network on which only the team detects, and on each arc alike; and best play on it."""
    made = generate_instance(nodes=8, arcs=36, candidates=36, pairs=1, seed=SEED + number)
    arcs = tuple(replace(arc, evade=1.0, evade_sensor=1.0 - P) for arc in made.arcs)
    network = replace(made, arcs=arcs)
    return network, cut_value(Network(network))


@pytest.mark.parametrize("number", [40, 41])
def test_rung_4_a_team_meets_its_value(number: int, tmp_path: Path) -> None:
    network, best = watched(number)
    assert len(best.mix) > 2
    seized = shares(blo_sim.instance_scenario(network, team=best.mix), tmp_path, SEED + number)
    assert covers(seized, best.value)
    assert not covers(seized, 0.8 * best.value)


@pytest.mark.parametrize("number", [40, 41])
def test_rung_7_a_random_team_beats_a_predictable_one(number: int, tmp_path: Path) -> None:
    """Smugglers go round a team that stays, and through the gaps of one that is everywhere alike."""
    network, best = watched(number)
    text = blo_sim.instance_scenario(network, team=best.mix)
    alike = dict.fromkeys(network.candidates, 1 / len(network.candidates))
    everywhere = blo_sim.instance_scenario(network, team=alike)
    seed = SEED + number
    mixed = shares(text, tmp_path, seed)
    stays = shares(text, tmp_path, seed, "teams.team.placement=fixed")
    spread = shares(everywhere, tmp_path, seed)
    assert stays == [0.0] * REPLICATIONS
    assert interval(differences(mixed, stays))[0] > 0.0
    assert interval(differences(mixed, spread))[0] > 0.0


def differences(first: Sequence[float], second: Sequence[float]) -> list[float]:
    return [a - b for a, b in zip(first, second, strict=True)]
