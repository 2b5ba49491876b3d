"""Smugglers that weigh risk: what they do is conserved, and the ledger of a gain adds up exactly."""

from __future__ import annotations

from collections import Counter
from functools import lru_cache

import pytest
from choices import overrides
from hypothesis import given, settings
from hypothesis import strategies as st
from runs import SEED, load, world_of
from worlds import BEHAVIOUR, SMALL, answering_world

from blo_sim import compare
from blo_sim.experiment.document import lines_of
from blo_sim.experiment.ledger import DETECTION, NET, SHIFT, UNCHANGED
from blo_sim.experiment.result import CompareResult
from blo_sim.model.events import AGAIN, DEPART, DETERRED, DIVERTED, SEIZED, EventLog
from blo_sim.model.replication import Replication, replay, replicate
from blo_sim.model.traffic.prospects import smugglers
from blo_sim.results.response import RESPONSE
from blo_sim.world.compile import World

ANSWERING = answering_world()
SHORT = ("run.days=20", "run.warmup_days=5")
WITHOUT = (
    "offices.blo-bridge.components.link=false",
    "offices.blo-bridge.components.desk=0",
    "offices.blo-bridge.components.equipment=[]",
    "offices.blo-bridge.components.training=0.0",
)
"""Takes an office of `ANSWERING` away."""
CHOICES: dict[str, list[str]] = {
    "behaviour.risk_threshold": ["0.0", "0.2"],
    "behaviour.prior_losses": ["0.1", "10.0"],
    "behaviour.rumour": ["0.0", "1.0"],
    "behaviour.loss_usd": ["0.0", "20000.0"],
    "behaviour.mode_change_usd": ["0.0", "5000.0"],
    "behaviour.lay_low": ["0.0", "1.0"],
    "behaviour.new_signature": ["0.0", "1.0"],
    "behaviour.replacement": ["0.0", "1.0"],
    "behaviour.replacement_h": ["0.0", "{constant=200.0}", "{lognormal={mean=20.0, cv=2.0}}"],
    "behaviour.most_attempts": ["1", "2", "20"],
    "modes.foot.capacity_kg": ["5.0"],
    "organisations.gangs.compromised": ["0.0", "0.5"],
    "reports.request.probability": ["0.0", "0.5"],
    "leaks.probability": ["1.0"],
    "legs.south-north-hills.closed_months": ["[1]"],
}
settings_of = overrides(CHOICES, most=4)
kinds = st.sampled_from(["learning", "best-reply"])


def run_of(world: World, kind: str, replication: int = 0) -> tuple[Replication, EventLog]:
    run = Replication(world, SEED, replication, smugglers(world, kind))
    return run, run.run()


@lru_cache(maxsize=8)
def gain(kind: str, changes: tuple[str, ...], estimator: str) -> CompareResult:
    baseline = load(ANSWERING, *SHORT, *changes, *WITHOUT)
    return compare(
        baseline,
        load(ANSWERING, *SHORT, *changes),
        behaviour=kind,
        estimator=estimator,
        replications=2,
        workers=1,
    )


def test_the_worlds_below_have_loads_of_every_fate() -> None:
    """Else the properties would say little."""
    _, log = run_of(world_of(ANSWERING), "learning")
    kinds_found = {event.kind for event in log.rows()}
    assert {DETERRED, DIVERTED} <= kinds_found
    assert any(name.endswith(f"{AGAIN}2") for name in log.names)
    assert any(event.kind == DEPART and event.p > 0.0 for event in log.rows())


@settings(max_examples=12, deadline=None)
@given(settings_of, kinds)
def test_every_planned_load_is_sent_or_not_once(changes: tuple[str, ...], kind: str) -> None:
    world = world_of(ANSWERING, *SHORT, *changes)
    run, log = run_of(world, kind)
    decided = Counter(event.consignment for event in log.rows() if event.kind in (DEPART, DETERRED))
    assert set(decided.values()) <= {1}
    planned_first = {name for name in log.names if AGAIN not in name}
    assert planned_first == set(replicate(world, SEED, 0).names)
    grams = {each.name: each.load for each in run.loads}
    lost = {log.names[event.consignment]: event.time for event in log.rows() if event.kind == SEIZED}
    departs = [event for event in log.rows() if event.kind == DEPART]
    left = {log.names[event.consignment]: event.time - event.p for event in departs}
    for name in grams.keys() - planned_first:
        first, _, attempt = name.partition(AGAIN)
        parent = first if attempt == "1" else f"{first}{AGAIN}{int(attempt) - 1}"
        assert parent in lost
        assert grams[name] == grams[first]
        assert int(attempt) < world.behaviour.most_attempts  # type: ignore[union-attr]
        if name in left:
            assert left[name] >= lost[parent]


@settings(max_examples=8, deadline=None)
@given(settings_of)
def test_nobody_leaves_while_lying_low(changes: tuple[str, ...]) -> None:
    changes = tuple(each for each in changes if "lay_low" not in each)
    world = world_of(ANSWERING, *SHORT, *changes, "behaviour.lay_low=1.0")
    run, log = run_of(world, "learning")
    quiet: dict[str, float] = {}
    assert world.behaviour is not None
    hours = 24.0 * world.behaviour.lay_low_days
    for event in log.rows():
        owner = run.loads[event.consignment].owner if event.consignment >= 0 else ""
        if event.kind in (DEPART, DETERRED):
            assert event.time >= quiet.get(owner, 0.0)
        elif event.kind == SEIZED:
            quiet[owner] = event.time + hours


@settings(max_examples=8, deadline=None)
@given(settings_of, kinds)
def test_a_world_on_its_own_loads_is_itself_bit_for_bit(changes: tuple[str, ...], kind: str) -> None:
    world = world_of(ANSWERING, *SHORT, *changes)
    run, log = run_of(world, kind)
    again = replay(world, SEED, 0, run)
    assert again.names == log.names
    assert again.streams == log.streams
    assert list(again.rows()) == list(log.rows())
    assert again.lawful == log.lawful


@settings(max_examples=8, deadline=None)
@given(settings_of)
def test_smugglers_who_fear_nothing_and_forget_losses_never_change(changes: tuple[str, ...]) -> None:
    """A threshold of 1 and no response to losses: every bit as under ``fixed``."""
    mine = ("risk_threshold", "lay_low", "new_signature", "replacement", "closed_months")
    changes = tuple(each for each in changes if not any(word in each for word in mine))
    careless = (
        "behaviour.risk_threshold=1.0",
        "behaviour.lay_low=0.0",
        "behaviour.new_signature=0.0",
        "behaviour.replacement=0.0",
    )
    world = world_of(ANSWERING, *SHORT, *changes, *careless)
    _, log = run_of(world, "learning")
    assert list(log.rows()) == list(replicate(world, SEED, 0).rows())


@settings(max_examples=8, deadline=None)
@given(settings_of, kinds, st.sampled_from(["expected", "realised"]))
def test_both_columns_of_the_ledger_add_up_to_the_net(
    changes: tuple[str, ...], kind: str, estimator: str
) -> None:
    result = gain(kind, changes, estimator)
    second = result.design.names[1]
    found = result.finished
    assert (second in found.unchanged) == (kind != "fixed")
    lines = lines_of(result.design, found, second)
    assert list(lines) == [*UNCHANGED, *RESPONSE, NET, SHIFT]
    for column in (0, 1):
        for commodity in result.design.commodities:
            parts = [lines[name][column][commodity] for name in (*UNCHANGED, *RESPONSE)]
            assert [sum(values) for values in zip(*parts, strict=True)] == lines[NET][column][commodity]
            assert {type(value) for values in parts for value in values} == {int}


def test_most_lines_of_some_ledger_differ_from_zero() -> None:
    """Else the sums above could be those of nothing."""
    result = gain("learning", ("behaviour.risk_threshold=0.0",), "expected")
    found = result.document()["commodities"]["heroin"]["ledger"][result.design.names[1]]
    lines = (DETECTION, "deterred", "replacement", "interaction", NET)
    assert all(found[line]["kept_kg"]["mean"] != 0.0 for line in lines)


@pytest.mark.parametrize("kind", ["fixed", "learning", "best-reply"])
def test_a_scenario_against_itself_has_an_empty_ledger(kind: str) -> None:
    same = load(ANSWERING, *SHORT)
    other = load(ANSWERING, *SHORT, "offices.blo-bridge.opens=2013-02-02")  # all stand: the clock is steady
    result = compare(same, other, behaviour=kind, replications=2, workers=1)
    names = result.design.names
    assert len(names) == 2
    for block in result.document()["commodities"].values():
        for line in block["ledger"][names[1]].values():
            assert line["kept_kg"]["mean"] == line["intercepted_kg"]["mean"] == 0.0


@settings(max_examples=8, deadline=None)
@given(settings_of, kinds)
def test_both_worlds_plan_the_same_loads(changes: tuple[str, ...], kind: str) -> None:
    """A load that is planned in two worlds is the same load, whatever its owner makes of the plan."""
    pair = []
    for more in ((), WITHOUT):
        run, _ = run_of(world_of(ANSWERING, *SHORT, *changes, *more), kind)
        pair.append({each.name: each for each in run.loads})
    first, second = pair
    for name in first.keys() & second.keys():
        for field in ("key", "load", "owner", "planned_stream", "usual", "first_key"):
            if AGAIN in name and field == "usual":
                continue  # it depends on the month for which it is planned
            assert getattr(first[name], field) == getattr(second[name], field)


def test_small_world_with_smugglers_is_a_scenario_of_its_own() -> None:
    """``fixed`` never reads the tables of smugglers."""
    with_tables, without = world_of(SMALL + BEHAVIOUR), world_of(SMALL)
    assert list(replicate(with_tables, SEED, 0).rows()) == list(replicate(without, SEED, 0).rows())
