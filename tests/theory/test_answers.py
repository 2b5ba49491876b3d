"""Smugglers who answer: the estimator keeps its mean, and what has no mean effect shows none."""

from __future__ import annotations

from functools import lru_cache
from statistics import fmean

import pytest
from intervals import covers, interval
from runs import load
from worlds import ROVERS, answering_world, weighing_world

from blo_sim import compare, simulate
from blo_sim.experiment.result import CompareResult
from blo_sim.results.summary import MICRO, Summary

BEHAVIOURS = ["fixed", "learning", "best-reply"]
REPLICATIONS = 80
BUSY = (
    "flows.heroin-north.volume_kg_per_year=40000",
    "flows.heroin-north.modes={road=0.5, foot=0.5}",
    "sources.informants-origin.probability=0.9",
    "reports.other_side.probability=1.0",
    "lookouts.match=0.9",
    "lookouts.intercept=0.5",
    "units.north-unit.detection=0.2",
)
"""Many lookouts, and seizures enough that smugglers have something to answer."""


@lru_cache(maxsize=3)
def runs(behaviour: str) -> list[Summary]:
    scenario = load(answering_world() + ROVERS, *BUSY)
    result = simulate(scenario, behaviour=behaviour, replications=REPLICATIONS, seed=20131061, workers=1)
    return result.summaries[scenario.name]


def total(run: Summary, measure: str) -> int:
    return sum(value for (name, _, _), value in run.flows.items() if name == measure)


@pytest.mark.parametrize("behaviour", BEHAVIOURS)
def test_realised_minus_expected_covers_zero_under_every_behaviour(behaviour: str) -> None:
    """In total and by control type; the interval is narrower than a fifth of what is seized."""
    differences: dict[str, list[float]] = {"post": [], "patrol": [], "inland": [], "team": [], "all": []}
    for run in runs(behaviour):
        difference = dict.fromkeys(differences, 0)
        for (_, _, kind, _, _, _), grams in run.seized_by.items():
            difference[kind] += grams * MICRO
            difference["all"] += grams * MICRO
        for (_, _, kind, _, _), micrograms in run.expected_by.items():
            difference[kind] -= micrograms
            difference["all"] -= micrograms
        for kind, value in difference.items():
            differences[kind].append(float(value))
    assert {kind: covers(values, 0.0) for kind, values in differences.items()} == dict.fromkeys(
        differences, True
    )
    seized = MICRO * sum(total(run, "seized_g") for run in runs(behaviour)) / REPLICATIONS
    low, high = interval(differences["all"])
    assert high - low < 0.2 * seized


@pytest.mark.parametrize("behaviour", BEHAVIOURS[1:])
def test_what_losses_make_smugglers_send_again_has_its_mean(behaviour: str) -> None:
    """The correction of the attempted grams has mean 0, and is not 0 in any single run."""
    corrections = [float(total(run, "again_correction_ug")) for run in runs(behaviour)]
    assert all(corrections)
    assert covers(corrections, 0.0)
    again = MICRO * sum(total(run, "again_g") for run in runs(behaviour)) / REPLICATIONS
    low, high = interval(corrections)
    assert again > 0
    assert high - low < 0.4 * again


def test_under_fixed_nothing_is_sent_again() -> None:
    assert {total(run, "again_correction_ug") for run in runs("fixed")} == {0}


# Tips that come at other times -----------------------------------------------------------------------

TIMED = (*BUSY, "link.delay_h={ lognormal = { mean = 8.0, cv = 0.1 } }")
LINES = ("detection", "displacement", "deterred", "replacement", "interaction", "net")


def by_replication(result: CompareResult, world: str, line: str, commodity: str) -> list[float]:
    """Kilograms kept from delivery that one line of a world's ledger has, by replication."""
    return [
        row["kept_kg"]
        for row in result.ledger_table()
        if (row["scenario"], row["commodity"], row["line"]) == (world, commodity, line)
    ]


@pytest.mark.parametrize("behaviour", BEHAVIOURS)
def test_tips_at_other_times_lose_and_gain_nothing(behaviour: str) -> None:
    """The same tips by the same law, each some 10 % sooner or later: no line of the ledger is off 0.

    The office tells across the border within some 10 % of 8 hours. The draws of a channel belong to the
    office that opens it: under another name it has others. A world without informants tells what tips are
    worth, of which the intervals are a small part.
    """
    result = compare(
        load(weighing_world(), *TIMED),
        load(weighing_world().replace("blo-bridge", "blo-span"), *TIMED),
        load(weighing_world(), *TIMED, "sources.informants-origin.probability=0.0"),
        behaviour=behaviour,
        replications=30,
        seed=20131062,
        workers=1,
    )
    renamed, untold = result.design.alternatives
    worth = -fmean(by_replication(result, untold, "net", "heroin"))
    assert worth > 0
    for line in LINES:
        values = by_replication(result, renamed, line, "heroin")
        if any(values):
            assert covers(values, 0.0), line
            low, high = interval(values)
            assert high - low < 0.2 * worth
    assert any(by_replication(result, renamed, "detection", "heroin"))


# Displacement, rung 7 ----------------------------------------------------------------------------------


OFFICE = "two-bridges-office"


@lru_cache(maxsize=2)
def bridges(behaviour: str) -> CompareResult:
    return compare(
        "two-bridges", OFFICE, behaviour=behaviour, replications=12, days=120, seed=20131063, workers=1
    )


def met(result: CompareResult, name: str, crossing: str) -> list[int]:
    """Grams that came to a crossing, by replication."""
    return [run.met_by[0, "goods", "post", crossing] for run in result.summaries[name]]


def moved(result: CompareResult, crossing: str) -> list[int]:
    """Grams more that came to a crossing with the office than without."""
    before, after = (met(result, name, crossing) for name in result.design.names)
    return [b - a for a, b in zip(before, after, strict=True)]


def test_an_office_moves_those_who_learn_to_the_other_bridge() -> None:
    """Flow falls at the guarded bridge and rises at the other, by nearly the same mass."""
    result = bridges("learning")
    changes = {control: moved(result, control) for control in ("east", "west")}
    assert interval(changes["east"])[1] < 0 < interval(changes["west"])[0]
    assert all(abs(east + west) < 0.2 * west for east, west in zip(*changes.values(), strict=True))
    assert all(grams > 0 for grams in met(result, OFFICE, "east"))


def test_their_response_takes_back_most_of_what_fixed_ways_lose() -> None:
    fixed, learning = bridges("fixed"), bridges("learning")
    displaced, net = (by_replication(learning, OFFICE, line, "goods") for line in ("displacement", "net"))
    unchanged = by_replication(fixed, OFFICE, "net", "goods")
    assert interval(displaced)[1] < 0.0
    assert interval(net)[0] > 0.0
    shares = [after - 0.5 * before for after, before in zip(net, unchanged, strict=True)]
    assert interval(shares)[1] < 0.0
