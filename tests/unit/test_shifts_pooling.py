"""Compromised shifts, and other agencies in the room."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from runs import SEED, load, log_of, world_of
from worlds import small_world

from blo_sim.draws import key_of
from blo_sim.model.border.shifts import Shifts
from blo_sim.model.events import ARRIVE, ENCOUNTER, READ, REPORT, SEARCHED, SEIZED, EventLog
from blo_sim.world import crossings

SMALL = small_world()
CORRUPT = "organisations.gangs.compromised=1.0"
TOLD = ("sources.informants-origin.probability=1.0", "lookouts.match=1.0")
"""All loads are reported to bridge-aa, which passes it on over a link."""

ROOM = SMALL.replace("training = 0.3\n", "training = 0.3\ndesk = 1\npooling = 3\n").replace(
    'partners = ["blo-south"]\n', 'partners = ["blo-south"]\ndesk = "liaison"\n'
) + """
[[desks]]
id = "liaison"
service_h = 0.0
hours = [8, 20]
on_call = 1
grade = "judged"
reason = "made up"
range_factor = 2.0
"""
"""Three agencies at bridge-bb."""


def compromised(share: float, hours: list[float], agency: int = 0, replication: int = 0) -> list[bool]:
    world = world_of(SMALL, f"organisations.gangs.compromised={share}")
    shifts = Shifts(world, SEED, replication)
    vehicle: Any = SimpleNamespace(stream=0, owner="gangs-1")
    post = next(control for control in world.controls if control.id == "bridge-bb")
    return [shifts.compromised(vehicle, post, now, agency) for now in hours]


def test_ages_of_shifts() -> None:
    roster = load(SMALL).model.rosters[0]
    ages = crossings.shift_ages(roster)
    assert ages[8:20] == tuple(range(12))
    assert ages[20:24] == (0, 1, 2, 3)
    assert ages[:8] == (4, 5, 6, 7, 8, 9, 10, 11)


def test_a_shift_keeps_its_mind_from_start_to_end() -> None:
    by_hour = compromised(0.5, [hour + 0.5 for hour in range(24 * 60)])
    shifts = [by_hour[start : start + 12] for start in range(8, 24 * 60 - 12, 12)]
    assert all(len(set(shift)) == 1 for shift in shifts)
    assert len(set(by_hour[:8])) == 1
    share = sum(shift[0] for shift in shifts) / len(shifts)
    assert share == pytest.approx(0.5, abs=4 * 0.5 / len(shifts) ** 0.5)


def test_the_share_of_compromised_shifts() -> None:
    hours = [12.0 * shift + 9.0 for shift in range(2000)]
    for share in (0.1, 0.7):
        found = sum(compromised(share, hours)) / 2000
        assert found == pytest.approx(share, abs=4 * (share * (1 - share) / 2000) ** 0.5)
    assert not any(compromised(0.0, hours))
    assert all(compromised(1.0, hours))


def test_more_compromise_only_adds_shifts() -> None:
    hours = [12.0 * shift + 9.0 for shift in range(500)]
    few, many = compromised(0.2, hours), compromised(0.4, hours)
    assert all(high for low, high in zip(few, many, strict=True) if low)


def test_agencies_and_replications_draw_for_themselves() -> None:
    hours = [12.0 * shift + 9.0 for shift in range(500)]
    own, other, third = (compromised(0.5, hours, agency) for agency in range(3))
    assert own != other != third != own
    assert own != compromised(0.5, hours, replication=1)


def test_patrols_change_at_midnight() -> None:
    world = world_of(SMALL, "organisations.gangs.compromised=0.5")
    shifts = Shifts(world, SEED, 0)
    vehicle: Any = SimpleNamespace(stream=0, owner="gangs-1")
    sector = next(control for control in world.controls if control.kind == "patrol")
    by_day = [
        {shifts.compromised(vehicle, sector, 24.0 * day + hour, 0) for hour in range(24)} for day in range(60)
    ]
    assert all(len(day) == 1 for day in by_day)
    assert {True in day for day in by_day} == {True, False}
    assert sector.key == key_of("control", sector.id)


# In a run -------------------------------------------------------------------------------------------


def notes(log: EventLog, place: str) -> set[str]:
    return {event.note for event in log.rows() if event.kind == ENCOUNTER and event.place == place}


def test_compromised_shifts_wave_everything_through() -> None:
    log = log_of(SMALL, CORRUPT, *TOLD)
    encounters = [event for event in log.rows() if event.kind == ENCOUNTER]
    assert {event.note for event in encounters} == {"waved through"}
    assert {(event.p, event.amount) for event in encounters} == {(0.0, 0)}
    kinds = {event.kind for event in log.rows()}
    assert not kinds & {SEIZED, SEARCHED}
    assert {event.note for event in log.rows() if event.kind == REPORT} == {"surveillance"}
    assert ARRIVE in kinds


def test_another_agency_that_holds_the_lookout_defeats_a_compromised_shift() -> None:
    """Agencies fail together with probability 1/8 instead of 1/2; without a lookout they do not help."""
    half = "organisations.gangs.compromised=0.5"
    alone, pooled = (
        [log_of(ROOM, half, *TOLD, f"offices.blo-bridge.components.pooling={n}", replication=r)
         for r in range(6)]
        for n in (1, 3)
    )  # fmt: skip

    def waved(logs: list[EventLog]) -> float:
        met = [event for log in logs for event in log.rows() if event.kind == ENCOUNTER]
        met = [event for event in met if event.place == "bridge-bb"]
        return sum(event.note == "waved through" for event in met) / len(met)

    assert waved(alone) > 0.35
    assert waved(pooled) < 0.6 * waved(alone)
    blind = ("sources.informants-origin.probability=0.0", "reports.other_side.probability=0.0",
             "reports.seizure.probability=0.0", half)  # fmt: skip
    assert log_of(ROOM, *blind) == log_of(ROOM, *blind, "offices.blo-bridge.components.pooling=1")


def test_behind_a_compromised_shift_only_the_lookout_counts() -> None:
    """p is m F' there: with a match of half, half of what it is with a match of one."""
    half = "organisations.gangs.compromised=0.9"
    fresh = "reports.half_life_h=1e12"
    keyed: list[dict[tuple[int, float], float]] = []
    for match in (1.0, 0.5):
        log = log_of(ROOM, half, fresh, TOLD[0], f"lookouts.match={match}", "lookouts.find=0.8",
                     "parameters.d_prime_road=0.0", "classes.truck.policy_cap=0.0",
                     "classes.car.policy_cap=0.0", "offices.blo-bridge.components.training=0.0")  # fmt: skip
        keyed.append(
            {
                (event.consignment, event.time): event.p
                for event in log.rows()
                if event.kind == ENCOUNTER and event.place == "bridge-bb" and event.note == "lookout"
            }
        )
    both = set(keyed[0]) & set(keyed[1])
    assert len(both) > 3
    assert all(keyed[1][key] == pytest.approx(keyed[0][key] / 2) for key in both)


def test_a_compromised_shift_that_does_not_match_seizes_nobody() -> None:
    log = log_of(ROOM, "organisations.gangs.compromised=0.9", TOLD[0], "lookouts.match=0.0")
    assert "waved through" in notes(log, "bridge-bb")
    read = {
        (event.consignment, event.place)
        for event in log.rows()
        if event.kind == READ and event.note == "in time"
    }
    assert read
    posts = [event for event in log.rows() if event.kind == SEIZED and event.place.startswith("bridge")]
    assert all(event.note != "lookout" for event in posts)
