"""Teams leave no trace where they are not, and stand at the same sites in every world."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from runs import SEED, log_of, world_of
from worlds import ROVERS, everything_world

from blo_sim.model.events import DEPART, ENCOUNTER, SEIZED, EventLog
from blo_sim.model.replication import replicate
from blo_sim.results.summary import summarise

DETOUR = """
[[places]]
id = "aside"
country = "AA"
lat = 10.5
lon = 11.0

[[legs]]
id = "origin-aside"
from = "origin"
to = "aside"
mode = "road"
km = 50
hours = 2.0

[[legs]]
id = "aside-south"
from = "aside"
to = "south"
mode = "road"
km = 50
hours = 2.0
"""
"""A way to the border that meets the same offices as the straight one, over a place of its own.

With three routes in a choice set not every way has such a twin, and to count one twice would show.
"""

WORLD = everything_world() + DETOUR
ELSEWHERE = """
[[places]]
id = "nowhere"
country = "BB"
lat = 14.0
lon = 10.0

[[teams]]
id = "rovers"
country = "BB"
sites = ["nowhere", "hills-bb", "north-unit", "north", "market"]
placement = "fixed"
detection = 1.0

[[teams]]
id = "absent"
country = "AA"
sites = ["south", "aside"]
placement = "random"
mix = { south = 1.0, aside = 0.0 }
period_days = 1
detection = 0.0
"""
"""A team at a place that no leg leads to, and one that never stands at the detour."""

CHOICES = {
    "reports.addressing": ["need-to-know", "broadcast"],
    "reports.seizure.probability": ["0.0", "1.0"],
    "reports.chase.probability": ["0.0", "1.0"],
    "organisations.gangs.compromised": ["0.0", "0.5"],
    "leaks.probability": ["0.0", "0.8"],
    "sources.informants-origin.false_per_year": ["0.0", "2000.0"],
    "flows.heroin-north.modes": ["{road=0.5, foot=0.5}", "{road=0.9, foot=0.1}"],
}
replications = st.integers(0, 10**6)
clocks = st.sampled_from(["steady", "dated"])


@st.composite
def overrides(draw: st.DrawFn) -> tuple[str, ...]:
    chosen = [f"{key}={draw(st.sampled_from(values))}" for key, values in CHOICES.items()]
    return ("route_choice.paths=3", "run.days=10", "run.dated_days=20", "run.warmup_days=3", *chosen)


def is_of_team(place: str) -> bool:
    return place.startswith("rovers@")


@settings(max_examples=40, deadline=None)
@given(overrides(), clocks, replications)
def test_a_team_that_is_elsewhere_leaves_no_trace(
    changes: tuple[str, ...], clock: str, replication: int
) -> None:
    """Though it may stand at every place where it is not."""
    here = replicate(world_of(WORLD, *changes, clock=clock), SEED, replication)
    there = replicate(world_of(WORLD + ELSEWHERE, *changes, clock=clock), SEED, replication)
    assert [event for event in there.events if event[3] != "absent@south"] == here.events
    assert there.lawful == here.lawful


@settings(max_examples=40, deadline=None)
@given(overrides(), clocks, replications)
def test_a_team_that_finds_nothing_changes_nothing(
    changes: tuple[str, ...], clock: str, replication: int
) -> None:
    here = replicate(world_of(WORLD, *changes, clock=clock), SEED, replication)
    idle = world_of(WORLD + ROVERS, *changes, "teams.rovers.detection=0.0", clock=clock)
    there = replicate(idle, SEED, replication)
    assert [event for event in there.events if not is_of_team(event[3])] == here.events
    assert there.lawful == here.lawful
    assert {event[5] for event in there.events if is_of_team(event[3])} <= {0.0}


def test_the_idle_team_is_met() -> None:
    """Else the property above would say little."""
    log = log_of(WORLD + ROVERS, "teams.rovers.detection=0.0")
    assert {event[3] for event in log.events if is_of_team(event[3])} == {
        "rovers@hills-bb", "rovers@north-unit", "rovers@market",
    }  # fmt: skip


def placements(log: EventLog, period_h: float) -> dict[int, set[str]]:
    """Where loads met the team, by period."""
    met: dict[int, set[str]] = {}
    for event in log.rows():
        if event.kind == ENCOUNTER and is_of_team(event.place):
            met.setdefault(int(event.time / period_h), set()).add(event.place)
    return met


@pytest.mark.parametrize("replication", range(3))
def test_a_team_stands_at_the_same_sites_in_two_worlds(replication: int) -> None:
    changes = ("units.north-unit.detection=0.6", "offices.blo-bridge.components.link=false")
    here = placements(log_of(WORLD + ROVERS, replication=replication), 48.0)
    there = placements(log_of(WORLD + ROVERS, *changes, replication=replication), 48.0)
    both = here.keys() & there.keys()
    assert len(both) >= 10
    assert all(len(here[period] | there[period]) == 1 for period in both)
    assert len({place for period in both for place in here[period]}) >= 2


@settings(max_examples=8, deadline=None)
@given(overrides(), replications)
def test_what_a_team_seizes_is_counted_once(changes: tuple[str, ...], replication: int) -> None:
    world = world_of(WORLD + ROVERS, *changes)
    log = replicate(world, SEED, replication)
    summary = summarise(world, log)
    measured = {
        event.consignment
        for event in log.rows()
        if event.kind == DEPART and event.time >= world.warmup_hours
    }
    seized = sum(
        event.amount
        for event in log.rows()
        if event.kind == SEIZED and is_of_team(event.place) and event.consignment in measured
    )
    counted = {key: grams for key, grams in summary.seized_by.items() if key[2] == "team"}
    assert sum(counted.values()) == seized
    assert {key[3:] for key in counted} <= {
        (site, "BB", "team") for site in ("hills-bb", "north-unit", "market")
    }
