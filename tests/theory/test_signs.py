"""Rung 7, the signs that concern intelligence: large loads are told of, and links can be too many."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from intervals import covers, interval

import blo_sim
from blo_sim.model.events import NOBODY, READ, SEIZED
from blo_sim.model.replication import replicate
from blo_sim.scenario import Scenario, load_scenario
from blo_sim.scenario.graphs import read_graph
from blo_sim.world.compile import compile_world

CROSSINGS = ("east", "west", "ford", "pass")
SEED = 20131051


def overload(*overrides: str) -> Scenario:
    return load_scenario("overload", overrides)


def test_intelligence_has_a_larger_share_by_weight_than_by_count() -> None:
    """Informants notice large loads, searches do not ask for the weight."""
    world = compile_world(
        overload(
            "classes.truck.policy_cap=0.2",
            "methods.physical.sensitivity={ cargo = 0.6 }",
            "reports.false_factor=0",
            *(f"sources.{name}-informant.load_exponent=1.0" for name in CROSSINGS),
        )
    )
    differences = []
    for replication in range(10):
        seized = [
            (event.amount, event.note == "lookout")
            for event in replicate(world, SEED, replication).rows()
            if event.kind == SEIZED
        ]
        weight = sum(grams for grams, told in seized if told) / sum(grams for grams, _ in seized)
        count = sum(told for _, told in seized) / len(seized)
        assert 0.1 < count < 0.9
        differences.append(weight - count)
    assert interval(differences)[0] > 0.05
    assert not covers(differences, 0.0)


def test_useful_tips_per_officer_fall_beyond_some_degree(tmp_path: Path) -> None:
    """Every office tells everybody whom it can reach; each desk has one officer, whatever it is told."""
    one, four = tips_per_officer(tmp_path, 1), tips_per_officer(tmp_path, 4)
    assert tips_per_officer(tmp_path, 0) == [0] * len(one)
    assert min(one) > 100
    assert interval([b - a for a, b in zip(one, four, strict=True)])[1] < -0.2 * min(one)


def test_a_denser_network_catches_less_where_its_desks_drown() -> None:
    result = blo_sim.compare("overload", "overload-mesh", replications=6, days=40, seed=SEED)
    gain = result.document()["commodities"]["contraband"]["gains"]["overload-mesh"]["intercepted_share"]
    assert gain["mc_ci"][1] < 0.0
    ledger = result.document()["commodities"]["contraband"]["ledger"]["overload-mesh"]
    waits = [ledger[line]["kept_kg"]["mean"] for line in ("overload", "false_reports")]
    assert ledger["false_reports"]["kept_kg"]["mc_ci"][1] < 0.0
    # They explain the loss: what the links add elsewhere is small.
    assert sum(waits) == pytest.approx(ledger["net"]["kept_kg"]["mean"], rel=0.2)
    late = result.document()["messages"]["overload-mesh"]["late_by"]
    assert late["queue"]["mean"] > 10 * late["delay"]["mean"]
    load = {name: max(desk["load"]["mean"] for desk in result.document()["desks"][name].values())
            for name in ("overload", "overload-mesh")}  # fmt: skip
    assert load["overload"] < 0.5 < 0.9 < load["overload-mesh"]


def tips_per_officer(folder: Path, degree: int) -> list[float]:
    """Lookouts read in time at a desk abroad, over desks, with ``degree`` partners for each office."""
    links = [
        {"source": f"{name}-aa", "target": f"{CROSSINGS[(i + step) % len(CROSSINGS)]}-bb"}
        for i, name in enumerate(CROSSINGS)
        for step in range(degree)
    ]
    nodes = [{"id": f"{name}-{side}"} for name in CROSSINGS for side in ("aa", "bb")]
    path = folder / f"degree-{degree}.json"
    path.write_text(json.dumps({"nodes": nodes, "links": links, "directed": False, "multigraph": False}))
    scenario = read_graph(path, overload()) if degree else overload("layout=isolated")
    world = compile_world(scenario)
    return [
        sum(
            event.kind == READ and event.consignment != NOBODY and event.note == "in time"
            and event.place.endswith("-bb")
            for event in replicate(world, SEED, replication).rows()
        ) / len(CROSSINGS)
        for replication in range(5)
    ]  # fmt: skip
