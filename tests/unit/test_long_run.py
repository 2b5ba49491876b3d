"""What a control seizes on average, by hand."""

from __future__ import annotations

from itertools import product
from statistics import NormalDist

import pytest
from runs import world_of
from worlds import small_world

from blo_sim.model.border.detection import find, find_on_average
from blo_sim.model.border.long_run import LongRun, field_detection, stages
from blo_sim.scenario.schema import Method
from blo_sim.world.compile import World

SMALL = small_world()
QUIET = ("crossings.bridge.daily={truck=2, car=2}",)
"""So few lawful vehicles that the policy cap, 0.1, is referred in every hour."""
ROAD, FOOT, OPIUM = range(3)
NORMAL = NormalDist()


def passes(share: float, d_prime: float) -> float:
    return NORMAL.cdf(NORMAL.inv_cdf(1.0 - share) - d_prime)


R = 1.0 - passes(0.1, 0.5)
"""Referred of a smuggler's loads, of which the profile is 0.5 apart, where 10 % of all are referred."""
PHYSICAL = 0.75 * 0.3 + 0.25 * (0.8 * 0.3 + 0.2 * 0.5)
"""Found by the physical search alone: trucks hide in cargo, of the cars a fifth on the body."""


def detection(world: World, name: str, stream: int = ROAD, hour: float = 0.0) -> float:
    """At the control of this id, on the first route that meets it."""
    long_run, tables = LongRun(world, hour), world.streams[stream]
    for route in tables.routes:
        for leg in route.legs:
            pairs = [*zip(leg.controls, leg.lanes, strict=True), *((index, ()) for index in leg.units)]
            for index, lanes in pairs:
                if world.controls[index].id == name:
                    return long_run.probability(tables, world.controls[index], lanes)
    raise KeyError(name)


# Sectors and units ----------------------------------------------------------------------------------


def test_a_sector_and_a_unit_detect_by_commodity_and_wave_through() -> None:
    world = world_of(
        SMALL, "units.north-unit.detection_factor.opium=0.5", "organisations.gangs.compromised=0.1"
    )
    assert detection(world, "hills-bb", FOOT) == pytest.approx(0.02 * 0.9)
    assert detection(world, "north-unit", ROAD) == pytest.approx(0.03 * 0.9)
    assert detection(world, "north-unit", OPIUM) == pytest.approx(0.03 * 0.5 * 0.9)


def test_detection_is_at_most_certain() -> None:
    world = world_of(
        SMALL, "units.north-unit.detection=0.5", "units.north-unit.detection_factor={opium=3.0, heroin=0.5}"
    )
    unit = next(control for control in world.controls if control.id == "north-unit")
    assert [field_detection(unit, name) for name in ("opium", "heroin", "other")] == [1.0, 0.25, 0.5]


# Posts ----------------------------------------------------------------------------------------------


def test_a_post_by_hand() -> None:
    assert detection(world_of(SMALL, *QUIET), "bridge-aa") == pytest.approx(R * PHYSICAL)
    corrupt = world_of(SMALL, *QUIET, "organisations.gangs.compromised=0.1")
    assert detection(corrupt, "bridge-aa") == pytest.approx(0.9 * R * PHYSICAL)


def scanned(there: float, factor: float = 1.0) -> float:
    """The same with a scanner that is there and works with this probability."""
    cargo = 1 - (1 - 0.3) * (1 - there * 0.6 * factor)
    body = 1 - (1 - 0.5) * (1 - there * 0.1 * factor)
    return 0.75 * cargo + 0.25 * (0.8 * cargo + 0.2 * body)


def test_two_methods_work_on_days_of_their_own() -> None:
    world = world_of(SMALL, *QUIET, 'posts.bridge-aa.methods=["physical", "scanner"]')
    assert detection(world, "bridge-aa") == pytest.approx(R * scanned(0.9))
    assert detection(world, "bridge-aa", OPIUM) == pytest.approx(R * scanned(0.9, 0.8))


def test_a_method_for_lookouts_finds_nothing_in_routine_searches() -> None:
    both = ('posts.bridge-aa.methods=["physical", "scanner"]', "methods.scanner.used=lookout")
    assert detection(world_of(SMALL, *QUIET, *both), "bridge-aa") == pytest.approx(R * PHYSICAL)


def test_referral_is_averaged_over_the_hours_with_open_lanes() -> None:
    """Nobody searches at night; a post that is closed at night has no such hours."""
    night = "{from_hour=20, to_hour=8, lanes={truck=1, car=1}, bay_officers=0}"
    day = "{from_hour=8, to_hour=20, lanes={truck=2, car=2}, bay_officers=2}"
    at_day = f"rosters.medium.shifts=[{day}, {night}]"
    assert detection(world_of(SMALL, *QUIET, at_day), "bridge-aa") == pytest.approx(R / 2 * PHYSICAL)
    closed = world_of(SMALL, *QUIET, at_day, "posts.bridge-aa.hours=[8, 20]")
    assert detection(closed, "bridge-aa") == pytest.approx(R * PHYSICAL)
    longer = world_of(SMALL, *QUIET, at_day, "posts.bridge-aa.hours=[8, 24]")
    assert detection(longer, "bridge-aa") == pytest.approx(R * 12 / 16 * PHYSICAL)


def test_shares_below_the_cap_differ_by_hour() -> None:
    """The mean is of referral, not that of a mean share."""
    world = world_of(SMALL, "crossings.bridge.daily={truck=400, car=600}")
    post = next(post for post in world.posts if post.id == "bridge-aa")
    shares = post.bays[0][1].shares[0]
    assert len(set(shares)) == 2
    mean = sum(1 - passes(share, 0.5) for share in shares) / 168
    assert detection(world, "bridge-aa") == pytest.approx(mean * PHYSICAL)
    of_mean_share = 1 - passes(sum(shares) / 168, 0.5)
    assert mean != pytest.approx(of_mean_share, rel=1e-3)


def test_a_post_without_officers_seizes_nothing() -> None:
    shift = "{from_hour=0, to_hour=24, lanes={truck=1, car=1}, bay_officers=0}"
    world = world_of(SMALL, *QUIET, f"rosters.medium.shifts=[{shift}]")
    assert detection(world, "bridge-aa") == detection(world, "bridge-bb") == 0.0
    assert detection(world, "north-unit") == 0.03


# Offices --------------------------------------------------------------------------------------------


def test_an_office_counts_with_its_full_effect_from_the_stage_on_in_which_it_stands() -> None:
    half = (*QUIET, "offices.blo-bridge.full_effect=0.5")
    trained = 1.0 - passes(0.1, 0.5 + 0.5 * 0.3)
    dated = world_of(SMALL, *half, clock="dated")
    assert stages(dated) == [0.0, 504.0, 624.0]
    for hour in (0.0, 504.0):
        assert detection(dated, "bridge-bb", hour=hour) == pytest.approx(R * PHYSICAL)
    later = detection(dated, "bridge-bb", hour=624.0)
    assert later == pytest.approx(trained * scanned(0.5 * 0.9))
    steady = world_of(SMALL, *half)
    assert stages(steady) == [0.0]
    assert detection(steady, "bridge-bb") == later
    assert detection(dated, "bridge-aa", hour=624.0) == pytest.approx(R * PHYSICAL)


def test_equipment_that_the_post_has_already_adds_nothing() -> None:
    world = world_of(SMALL, *QUIET, "offices.blo-bridge.full_effect=0.5",
                     'posts.bridge-bb.methods=["physical", "scanner"]',
                     "offices.blo-bridge.components.training=0")  # fmt: skip
    assert detection(world, "bridge-bb") == pytest.approx(R * scanned(0.9))


def test_offices_that_open_before_the_run_are_no_stage() -> None:
    early = "offices.blo-bridge.opens=2012-01-01"
    dated = world_of(SMALL, *QUIET, early, clock="dated")
    assert stages(dated) == [0.0, 504.0]
    assert detection(dated, "bridge-bb") == detection(world_of(SMALL, *QUIET), "bridge-bb") > R * PHYSICAL


# Searches -------------------------------------------------------------------------------------------


def test_the_mean_find_is_that_over_all_days() -> None:
    methods = [
        Method(id="m", minutes=1, sensitivity={"cargo": 0.3}),
        Method(id="n", minutes=1, sensitivity={"cargo": 0.8}, commodity_factor={"opium": 0.5}),
        Method(id="o", minutes=1, sensitivity={}),
    ]
    chances = (0.9, 0.25, 0.5)
    for commodity in ("heroin", "opium"):
        mean = 0.0
        for works in product((True, False), repeat=3):
            weight = 1.0
            for chance, here in zip(chances, works, strict=True):
                weight *= chance if here else 1 - chance
            mean += weight * find(
                [method for method, here in zip(methods, works, strict=True) if here], "cargo", commodity
            )
        found = find_on_average(zip(methods, chances, strict=True), "cargo", commodity)
        assert found == pytest.approx(mean)
    assert find_on_average([], "cargo", "heroin") == 0.0
