"""What smugglers' response changes, load by load."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest
from runs import SEED, load, world_of
from worlds import SMALL, weighing_world

from blo_sim.experiment.design import Design, make_design, same_demand
from blo_sim.experiment.ledger import DETECTION, NET, ledger_lines
from blo_sim.experiment.replications import Outcome, Shared, Task, replays, run_task
from blo_sim.model.replication import replicate
from blo_sim.model.traffic.prospects import smugglers
from blo_sim.results.again import SentAgain
from blo_sim.results.response import (
    DETERRED,
    DISPLACEMENT,
    INTERACTION,
    INTERCEPTED,
    KEPT,
    REPLACEMENT,
    RESPONSE,
    Response,
    Shipments,
    response,
)
from blo_sim.results.runs import ListedRuns
from blo_sim.results.summary import Summariser

G = 1_000_000
"""Micrograms of a gram."""
SEIZED, DELIVERED, LOST_SIGHT = "seized_g", "delivered_g", "in_transit_g"


def shipments(
    *loads: tuple[str, str, int, int, str], year: int = 0, correction: int = 0, commodity: str = "heroin"
) -> Shipments:
    """Loads of (name, way, grams, expected micrograms, end)."""
    sent = Shipments()
    for number, (name, way, grams, expected, end) in enumerate(loads):
        sent.depart(number, name, way, year, commodity, grams)
        sent.expected[number] = expected
        sent.outcome[number] = end
    if correction:
        sent.correction[year, commodity] = correction
    return sent


def lines(found: Response) -> dict[str, tuple[int, int]]:
    """Intercepted and kept, of the lines of one commodity and year."""
    assert {key[2:] for key in found} <= {(0, "heroin")}
    names = {key[0] for key in found}
    return {name: tuple(found.get((name, column, 0, "heroin"), 0) for column in (INTERCEPTED, KEPT))
            for name in names}  # fmt: skip


@pytest.mark.parametrize(
    ("before", "after", "line", "expected", "realised"),
    [
        # The same way: something that others changed met it.
        (
            ("a:0", "0 bridge", 10, 2 * G, DELIVERED),
            ("a:0", "0 bridge", 10, 3 * G, SEIZED),
            INTERACTION,
            (1 * G, 1 * G),
            (10 * G, 10 * G),
        ),
        # Still under way at the end: delivered in expectation, not in fact.
        (
            ("a:0", "0 bridge", 10, 2 * G, SEIZED),
            ("a:0", "0 bridge", 10, 2 * G, LOST_SIGHT),
            INTERACTION,
            (0, 0),
            (-10 * G, 0),
        ),
        # Another route.
        (
            ("a:0", "0 bridge", 10, 4 * G, SEIZED),
            ("a:0", "0 ford", 10, 1 * G, DELIVERED),
            DISPLACEMENT,
            (-3 * G, -3 * G),
            (-10 * G, -10 * G),
        ),
        # The same legs by another mode.
        (
            ("a:0", "0 bridge", 10, 4 * G, DELIVERED),
            ("a:0", "1 bridge", 10, 5 * G, DELIVERED),
            DISPLACEMENT,
            (1 * G, 1 * G),
            (0, 0),
        ),
        # Not sent any more: what it would have lost is not intercepted, the rest is kept from delivery.
        (("a:0", "0 bridge", 10, 4 * G, DELIVERED), None, DETERRED, (-4 * G, 6 * G), (0, 10 * G)),
        (("a:0", "0 bridge", 10, 4 * G, SEIZED), None, DETERRED, (-4 * G, 6 * G), (-10 * G, 0)),
        # Sent now, and not before.
        (None, ("a:0", "0 bridge", 10, 4 * G, DELIVERED), DETERRED, (4 * G, -6 * G), (0, -10 * G)),
        # Sent again, in one run or in both, whatever the way.
        (None, ("a:0+1", "0 bridge", 10, 4 * G, SEIZED), REPLACEMENT, (4 * G, -6 * G), (10 * G, 0)),
        (("a:0+2", "0 bridge", 10, 4 * G, DELIVERED), None, REPLACEMENT, (-4 * G, 6 * G), (0, 10 * G)),
        (
            ("a:0+1", "0 bridge", 10, 4 * G, SEIZED),
            ("a:0+1", "0 ford", 10, 1 * G, DELIVERED),
            REPLACEMENT,
            (-3 * G, -3 * G),
            (-10 * G, -10 * G),
        ),
    ],
)  # fmt: skip
def test_one_load(before: Any, after: Any, line: str, expected: Any, realised: Any) -> None:
    runs = [shipments(*([each] if each else [])) for each in (before, after)]
    assert lines(response(*runs, "expected")) == {line: expected}
    assert lines(response(*runs, "realised")) == {line: realised}


def test_what_is_sent_again_is_corrected_under_expected_only() -> None:
    """Planned again in expectation less drawn: 3 g before, -5 g now, so 8 g less are delivered."""
    runs = (shipments(correction=3 * G), shipments(correction=-5 * G))
    assert lines(response(*runs, "expected")) == {REPLACEMENT: (0, 8 * G)}
    assert response(*runs, "realised") == {}
    loads = (("a:0+1", "0 bridge", 10, 4 * G, SEIZED),)
    runs = (shipments(correction=3 * G), shipments(*loads, correction=-5 * G))
    assert lines(response(*runs, "expected")) == {REPLACEMENT: (4 * G, -6 * G + 8 * G)}
    assert lines(response(*runs, "realised")) == {REPLACEMENT: (10 * G, 0)}


def test_years_and_goods_stay_apart() -> None:
    before = shipments(("a:0", "0 bridge", 10, 2 * G, DELIVERED), year=1, commodity="opium", correction=G)
    after = shipments(("b:0", "0 bridge", 10, 4 * G, DELIVERED))
    assert response(before, after, "expected") == {
        (DETERRED, INTERCEPTED, 1, "opium"): -2 * G,
        (DETERRED, KEPT, 1, "opium"): 8 * G,
        (DETERRED, INTERCEPTED, 0, "heroin"): 4 * G,
        (DETERRED, KEPT, 0, "heroin"): -6 * G,
        (REPLACEMENT, KEPT, 1, "opium"): G,
    }


def test_the_correction_is_that_of_the_summary() -> None:
    world, sent = world_of(weighing_world()), Shipments()
    kinds = smugglers(world, "learning")
    assert kinds is not None
    summariser = Summariser(world, sent, SentAgain(kinds.rules, world.year_starts))
    summary = summariser.summary(replicate(world, SEED, 0, summariser.read, kinds))
    corrections = {key[1:]: value for key, value in summary.flows.items() if key[0] == "again_correction_ug"}
    assert sent.correction == corrections
    assert set(corrections) == {(0, "heroin"), (0, "opium")}
    assert all(corrections.values())


LOADS = [
    ("a:0", "0 bridge", 10, 2 * G, DELIVERED),
    ("a:1", "0 bridge", 20, 3 * G, SEIZED),
    ("a:2", "0 ford", 30, 0, DELIVERED),
    ("a:3", "1 hills", 40, 7 * G, LOST_SIGHT),
    ("a:1+1", "0 bridge", 20, 2 * G, DELIVERED),
]
OTHERS = [
    ("a:4", "0 bridge", 50, 9 * G, SEIZED),
    ("a:1", "0 ford", 20, 1 * G, DELIVERED),
    ("a:0", "0 bridge", 10, 3 * G, SEIZED),
    ("a:0+1", "0 bridge", 10, 1 * G, SEIZED),
    ("a:0+2", "0 bridge", 10, 1 * G, DELIVERED),
]


@pytest.mark.parametrize("estimator", ["expected", "realised"])
def test_lines_add_up_to_the_difference_of_the_runs(estimator: str) -> None:
    runs = shipments(*LOADS, correction=5 * G), shipments(*OTHERS, correction=-2 * G)
    found = lines(response(*runs, estimator))
    assert set(found) == set(RESPONSE)
    if estimator == "expected":
        caught = [sum(load[3] for load in loads) for loads in (LOADS, OTHERS)]
        sent = [sum(load[2] for load in loads) * G for loads in (LOADS, OTHERS)]
        delivered = [sent[0] + 5 * G - caught[0], sent[1] - 2 * G - caught[1]]
    else:
        caught, delivered = (
            [sum(load[2] for load in loads if load[4] == end) * G for loads in (LOADS, OTHERS)]
            for end in (SEIZED, DELIVERED)
        )
    assert sum(line[0] for line in found.values()) == caught[1] - caught[0]
    assert sum(line[1] for line in found.values()) == delivered[0] - delivered[1]


# In a run -------------------------------------------------------------------------------------------


def designed(estimator: str, clock: str, behaviour: str = "learning") -> Design:
    """Without and with the office at the bridge, and smugglers of many tastes."""
    without, tastes = "offices.blo-bridge.full_effect=0.0", "route_choice.scale_per_usd=0.001"
    return make_design(
        [load(weighing_world(), without, tastes), load(weighing_world(), tastes)],
        replications=1, estimator=estimator, clock=clock, days=400 if clock == "dated" else None,
        behaviour=behaviour,
    )  # fmt: skip


LINES = {"learning": set(RESPONSE), "best-reply": {DISPLACEMENT, REPLACEMENT, INTERACTION}}


def outcome_of(design: Design) -> Outcome:
    task = Task({name: n for n, name in enumerate(design.names)}, SEED, 0, replays(design), replays(design))
    return run_task(Shared(design.worlds, design.smugglers, design.estimator), task)


@pytest.mark.parametrize(
    ("estimator", "clock", "behaviour"),
    [("expected", "dated", "learning"), ("realised", "dated", "learning"),
     ("expected", "steady", "best-reply")],
)  # fmt: skip
def test_the_ledger_of_a_run_adds_up_exactly(estimator: str, clock: str, behaviour: str) -> None:
    design = designed(estimator, clock, behaviour)
    base, other = design.names
    found = outcome_of(design)
    rows = found.summaries[base], found.unchanged[other], found.summaries[other], found.pairs[other]
    arguments = *(ListedRuns([row]) for row in rows), design.commodities, estimator
    total: Counter[tuple[int, str]] = Counter()
    changes = found.pairs[other].response
    assert {key[0] for key, micrograms in changes.items() if micrograms} >= LINES[behaviour]
    for year in range(design.worlds[0].years):
        by_line = ledger_lines(*arguments, year=year)
        for column in (0, 1):
            for commodity in design.commodities:
                parts = [by_line[line][column][commodity][0] for line in (DETECTION, *RESPONSE)]
                assert sum(parts) == by_line[NET][column][commodity][0]
                total[column, commodity] += sum(parts)
    together = ledger_lines(*arguments)
    for (column, commodity), micrograms in total.items():
        assert together[NET][column][commodity] == [micrograms]


def test_a_comparison_is_replayed_where_smugglers_respond_to_the_same_plans() -> None:
    world, more = load(weighing_world()), load(weighing_world(), "units.north-unit.detection=0.1")
    other_plans = load(weighing_world(), "flows.heroin-north.volume_kg_per_year=10000")
    assert replays(make_design([world, more], behaviour="learning")) == ("world~2",)
    assert replays(make_design([world, more], behaviour="fixed")) == ()
    assert replays(make_design([world, world], behaviour="learning")) == ()
    design = make_design([world, other_plans, more], behaviour="best-reply")
    assert replays(design) == ("world~3",)


@pytest.mark.parametrize(
    ("override", "same"),
    [
        ("flows.opium-north.volume_kg_per_year=9000", False),
        ("flows.opium-north.mean_load_kg=20", False),
        ("flows.opium-north.load_cv=0.5", False),
        ("organisations.gangs.number=6", False),
        ("organisations.gangs.signature=0.5", False),
        ("route_choice.usd_per_hour=20", False),
        ("legs.south-north-ford.closed_months=[1]", False),
        ("classes.car.concealment={cargo=0.7, body=0.3}", False),
        ("organisations.gangs.compromised=0.1", True),
        ("sources.informants-origin.probability=0.5", True),
        ("prices.opium-price.usd_per_kg.BB=5", True),
        ("behaviour.replacement=0.1", True),
    ],
)
def test_worlds_of_the_same_plans(override: str, same: bool) -> None:
    assert same_demand(world_of(weighing_world()), world_of(weighing_world(), override)) is same


def test_the_scenario_says_which_behaviour_runs() -> None:
    assert make_design([load(weighing_world())]).behaviour == "learning"
    assert make_design([load(weighing_world(), "behaviour.kind=best-reply")]).behaviour == "best-reply"
    assert make_design([load(SMALL)]).behaviour == "fixed"
    assert make_design([load(weighing_world())], behaviour="fixed").smugglers == (None,)
