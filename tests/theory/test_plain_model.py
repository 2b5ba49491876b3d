"""Rung 8: a second implementation of ``docs/model.md`` gives the same event table.

All events and lawful counts are compared with ``==``, in their order, over 20 seeds, on a world with every
mechanism of the page. Ties within an instant follow the page too, so no table is sorted.
"""

from __future__ import annotations

from collections import Counter
from functools import lru_cache
from pathlib import Path
from typing import Literal

import plain_model
import pytest
from plain_model import Event, Plain

from blo_sim.model.events import KINDS, EventLog
from blo_sim.model.replication import replicate
from blo_sim.scenario import Scenario, load_scenario
from blo_sim.world.compile import World, compile_world

WORLD = Path(plain_model.__file__).with_name("plain_world.toml")
SEEDS = [20131022 + number for number in range(20)]
Clock = Literal["steady", "dated"]

QUIET = (
    "run.days=2",
    "run.warmup_days=1",
    "flows.heroin-market.volume_kg_per_year=200",
    "flows.opium-town.volume_kg_per_year=0",
    "methods.physical.minutes=120",
)
"""Hardly a load comes by, and searches are so long that vehicles wait in a closed bay at the window's end."""

AT_ONCE = (
    "reports.seizure.lag_h=0",
    "reports.seizure.probability=1",
    "reports.other_side.lag_h=0",
    "posts.gate-bb.methods=[]",
)
"""Reports are born where their cause lies, and one post has nothing to search with."""


@lru_cache(maxsize=8)
def compiled(overrides: tuple[str, ...], clock: Clock) -> tuple[Scenario, World]:
    scenario = load_scenario(WORLD, overrides)
    return scenario, compile_world(scenario, clock=clock)


def both(
    seed: int, replication: int = 0, clock: Clock = "steady", overrides: tuple[str, ...] = ()
) -> tuple[EventLog, Plain]:
    scenario, world = compiled(overrides, clock)
    log = replicate(world, seed, replication)
    return log, plain_model.simulate(scenario.model, seed, replication, clock)


def table(log: EventLog) -> list[Event]:
    return [(e.time, KINDS[e.kind], e.consignment, e.place, e.amount, e.p, e.note) for e in log.rows()]


def assert_equal(log: EventLog, plain: Plain) -> None:
    assert log.names == [load.name for load in plain.loads]
    events = table(log)
    for number, (one, other) in enumerate(zip(events, plain.events, strict=False)):
        assert one == other, f"event {number} of {len(events)}: {one}, by the page {other}"
    assert len(events) == len(plain.events)
    assert lawful(log) == lawful_by_the_page(plain)


def lawful(log: EventLog) -> dict[str, dict[str, int]]:
    counts = {name: vars(row) for name, row in log.lawful.items()}
    return counts | {name: vars(row) for name, row in log.lane_groups.items()}


def lawful_by_the_page(plain: Plain) -> dict[str, dict[str, int]]:
    counts = {name: station.counts for name, station in plain.stations.items()}
    for name, station in plain.stations.items():
        for group, (passages, wait) in station.group_counts.items():
            counts[f"{name}/{group}"] = {"passages": passages, "wait": wait}
    return counts


@pytest.mark.parametrize("seed", SEEDS)
def test_event_tables_are_equal(seed: int) -> None:
    assert_equal(*both(seed))


@pytest.mark.parametrize("replication", range(1, 6))
def test_event_tables_are_equal_while_offices_open(replication: int) -> None:
    assert_equal(*both(SEEDS[0], replication, "dated"))


def test_lawful_counts_are_equal_where_hardly_a_load_comes() -> None:
    for seed in SEEDS:
        assert_equal(*both(seed, overrides=QUIET))


@pytest.mark.parametrize("seed", SEEDS[:3])
def test_event_tables_are_equal_where_much_happens_at_once(seed: int) -> None:
    assert_equal(*both(seed, overrides=AT_ONCE))


def test_the_world_has_every_mechanism() -> None:
    """Else the equality above says less than it seems to."""
    log, plain = both(SEEDS[0])
    events = table(log)
    assert 150 <= len(plain.loads) <= 300
    assert {event[1] for event in events} == set(KINDS)
    notes = Counter((event[1], event[6]) for event in events)
    for kind, values in {
        "encounter": ("", "lookout", "released"),
        "report": ("surveillance", "other side", "seizure"),
        "read": ("in time", "late"),
        "seized": ("lookout", "routine", "profiling", "patrol", "inland"),
    }.items():
        for note in values:
            assert notes[kind, note] > 0, (kind, note)
    assert any(step.leg.closed_months and step.leg.mode == "foot" for step in plain.map.steps)
    assert any(",pass-path" in load.route.name for load in plain.loads)
    assert not any(",pass-path" in load.route.name for load in plain.loads if plain.month(load.departs) == 1)
    assert all(row.lane_wait > 0 for row in log.lawful.values())
    assert sum(row.released for row in log.lawful.values()) > 0
    assert sum(row.bay_wait for row in log.lawful.values()) > 0
