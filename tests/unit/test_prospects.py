"""What an organisation can do with a load, and what each way costs it."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from runs import SEED, world_of
from worlds import FORD, ROVERS, SMALL, weighing_world

from blo_sim.draws import key_of, uniform
from blo_sim.model.border.long_run import LongRun
from blo_sim.model.traffic.demand import consignments
from blo_sim.model.traffic.prospects import Options, detection_along, smugglers
from blo_sim.scenario.schema import Behaviour

WEIGHING = weighing_world()
END = 3
"""The control that does not exist, of a world of three."""
JUNE, JULY, AUGUST = 5, 6, 7


def options(**changes: Any) -> Options:
    """Two routes of stream 0, of two controls and of none, and one of stream 1, of one control."""
    closed = np.zeros((12, 3), dtype=bool)
    closed[JUNE] = [True, False, False]
    closed[JULY] = [True, True, True]
    closed[AUGUST] = [True, True, False]
    content: dict[str, Any] = {
        "streams": np.array([0, 0, 1]),
        "routes": (),
        "first": {0: 0, 1: 2},
        "noise": {},
        "utility": np.zeros(3),
        "cost": np.zeros(3),
        "bribes": np.array([0.2, 0.0, 1.0]),
        "closed": closed,
        "capacity": np.array([100.0, 100.0, 60.0]),
        "controls": np.array([0, 1, END, END, 2, END]),
        "starts": np.array([0, 3, 4]),
        "detection": (
            np.array([0.1, 0.2, 0.0, 0.0, 0.5, 0.0]),
            np.array([0.3, 0.2, 0.0, 0.0, 0.5, 0.0]),
        ),
        "usd_per_gram": 2.0,
        "usd_per_gram_at_origin": 0.5,
    }
    return Options(**(content | changes))


def test_risk_is_that_of_passing_all_controls() -> None:
    assert options().risk(0) == pytest.approx([1 - 0.9 * 0.8, 0.0, 0.5])
    assert options().risk(1) == pytest.approx([1 - 0.7 * 0.8, 0.0, 0.5])


def test_a_belief_multiplies_detection_and_is_never_certain() -> None:
    factor = np.array([2.0, 1.0, 10.0, 7.0])
    assert options().risk(0, factor) == pytest.approx([1 - 0.8 * 0.8, 0.0, 0.99])
    assert options().risk(1, factor) == pytest.approx([1 - 0.4 * 0.8, 0.0, 0.99])


@pytest.mark.parametrize("stage", [0, 1])
def test_the_risk_of_one_option_is_that_among_all(stage: int) -> None:
    factor = np.array([2.5, 0.5, 10.0, 7.0])
    alone = [options().option_risk(stage, option, factor) for option in range(3)]
    assert alone == options().risk(stage, factor).tolist()


def test_where_the_controls_of_an_option_stand() -> None:
    assert [options().controls[options().met(option)].tolist() for option in range(3)] == [[0, 1], [], [2]]


def test_losses_by_hand() -> None:
    """50 g at 2 USD a gram and a loss of 100 USD put 200 USD at stake."""
    rules = Behaviour.model_validate(
        {
            "risk_threshold": 0.1, "prior_losses": 1, "memory_days": 1,
            "loss_usd": 100, "bribe_usd": 10, "mode_change_usd": 7,
        }
    )  # fmt: skip
    risk = np.array([0.25, 0.0, 0.5])
    assert options().losses(rules, 0, 50, risk).tolist() == [50 + 2, 0.0, 100 + 10 + 7]
    assert options().losses(rules, 1, 50, risk).tolist() == [50 + 2 + 7, 7.0, 100 + 10]


@pytest.mark.parametrize(
    ("stream", "grams", "month", "expected"),
    [
        (0, 60, 0, [True, True, True]),  # as much as the other mode can carry
        (0, 61, 0, [True, True, False]),
        (0, 500, 0, [True, True, False]),  # the own mode carries everything
        (1, 500, 0, [False, False, True]),
        (1, 100, 0, [True, True, True]),
        (0, 10, JUNE, [False, True, True]),
        (0, 10, JULY, [True, True, False]),  # nothing is open: all of the own mode
        (1, 10, JULY, [False, False, True]),
        (0, 10, AUGUST, [False, False, True]),
        (0, 61, AUGUST, [True, True, False]),  # what is open cannot carry it
    ],
)
def test_what_is_available(stream: int, grams: int, month: int, expected: list[bool]) -> None:
    assert options().available(stream, grams, month).tolist() == expected


# Of a compiled world --------------------------------------------------------------------------------


def of_heroin(*overrides: str, text: str = WEIGHING) -> Options:
    prepared = smugglers(world_of(text, *overrides), "learning")
    assert prepared is not None
    assert prepared.options[0] is prepared.options[1]
    return prepared.options[0]


BRIDGE, BY_FORD, HILLS = (
    f"origin-south,south-north-{way},north-market" for way in ("bridge", "ford", "hills")
)


def test_options_are_the_routes_of_all_modes_of_a_flow() -> None:
    found = of_heroin()
    assert [route.name for route in found.routes] == [BRIDGE, BY_FORD, HILLS]
    assert found.streams.tolist() == [0, 0, 1]
    assert found.first == {0: 0, 1: 2}
    world = world_of(WEIGHING)
    names = [[world.controls[index].id for index in found.controls[found.met(n)]] for n in range(3)]
    assert names == [
        ["bridge-aa", "bridge-bb", "north-unit"],
        ["ford-aa", "ford-bb", "north-unit"],
        ["hills-bb", "north-unit"],
    ]
    assert found.cost.tolist() == [route.cost for route in found.routes]
    # 460 km and 33 h to the market through the bridge, and two posts.
    assert found.cost[0] == pytest.approx(480 + 130 + 400)


def test_noise_is_that_of_the_usual_choice_in_the_usual_mode_only() -> None:
    found = of_heroin()
    key, foot, road = key_of("load"), key_of("mode", "foot"), key_of("mode", "road")

    def gumbel(*keys: int) -> float:
        combined = key
        for each in keys:
            combined ^= each
        return -math.log(-math.log(uniform(combined, 0)))

    names = [key_of("route", name) for name in (BRIDGE, BY_FORD, HILLS)]
    keys = np.array([key_of("another"), key], np.uint64)
    assert found.noise_of(0, keys)[1].tolist() == pytest.approx(
        [gumbel(names[0]), gumbel(names[1]), gumbel(names[2], foot)]
    )
    assert found.noise_of(1, keys)[1].tolist() == pytest.approx(
        [gumbel(names[0], road), gumbel(names[1], road), gumbel(names[2])]
    )


def test_without_losses_the_best_of_the_usual_mode_is_the_usual_way() -> None:
    found = of_heroin()
    loads = [load for load in consignments(world_of(WEIGHING), SEED, 0) if load.stream == 0]
    assert {load.usual for load in loads} == {0, 1}
    noise = found.noise_of(0, np.array([load.key for load in loads], np.uint64))
    for load, drawn in zip(loads, noise, strict=True):
        value = found.utility + drawn
        assert int(value[:2].argmax()) == load.usual


def test_bribes_are_expected_at_each_control() -> None:
    assert of_heroin("organisations.gangs.compromised=0.1").bribes.tolist() == pytest.approx([0.3, 0.3, 0.2])


def test_a_site_of_a_team_is_a_control_that_is_there_by_its_share() -> None:
    """All ways pass the unit (0.3) and the market (0.2); the hills (0.5) are on the third."""
    compromised = "organisations.gangs.compromised=0.1"
    found, without = of_heroin(compromised, text=WEIGHING + ROVERS), of_heroin(compromised)
    world = world_of(WEIGHING + ROVERS)
    names = [world.controls[index].id for index in found.controls[found.met(2)]]
    assert names == ["hills-bb", "rovers@hills-bb", "north-unit", "rovers@north-unit", "rovers@market"]
    assert found.bribes.tolist() == pytest.approx([0.35, 0.35, 0.3])
    passed = (1 - 0.3 * 0.2 * 0.9) * (1 - 0.2 * 0.2 * 0.9)
    hills = passed * (1 - 0.5 * 0.2 * 0.9)
    expected = 1 - (1 - without.risk(0)) * [passed, passed, hills]
    assert found.risk(0).tolist() == pytest.approx(expected.tolist())


def test_closed_months_and_capacity() -> None:
    found = of_heroin("legs.south-north-hills.closed_months=[12, 1]", "modes.foot.capacity_kg=12.5")
    assert [month for month in range(12) if found.closed[month, 2]] == [0, 11]
    assert not found.closed[:, :2].any()
    assert found.capacity.tolist() == [math.inf, math.inf, 12_500.0]


def test_the_price_of_a_place_counts_before_that_of_its_country() -> None:
    world = world_of(WEIGHING)
    prices = [(stream.id, stream.usd_per_kg_at_origin, stream.usd_per_kg) for stream in world.streams]
    assert prices == [
        ("heroin-north.road", 1000.0, 4000.0),
        ("heroin-north.foot", 1000.0, 4000.0),
        ("opium-north.road", 100.0, 400.0),
    ]
    assert (of_heroin().usd_per_gram, of_heroin().usd_per_gram_at_origin) == (4.0, 1.0)
    at_origin = world_of(WEIGHING, "prices.opium-price.usd_per_kg.origin=150").streams[2]
    assert at_origin.usd_per_kg_at_origin == 150.0


def test_detection_along_a_route_is_in_the_order_of_its_controls() -> None:
    world = world_of(WEIGHING)
    long_run = LongRun(world, 0.0)
    road, foot, _ = world.streams
    controls = {control.id: control for control in world.controls}

    def at(post: str) -> float:
        lanes = next(
            lanes
            for leg in road.routes[0].legs
            for index, lanes in zip(leg.controls, leg.lanes, strict=True)
            if world.controls[index].id == post
        )
        return long_run.probability(road, controls[post], lanes)

    found = detection_along(world, road, road.routes[0], long_run)
    assert found == [at("bridge-aa"), at("bridge-bb"), 0.03]
    assert found[0] < found[1]  # the office at bridge-bb has a scanner and training
    assert detection_along(world, foot, foot.routes[0], long_run) == [0.02, 0.03]
    assert of_heroin().detection[0].tolist() == [
        *found, 0.0, *detection_along(world, road, road.routes[1], long_run), 0.0, 0.02, 0.03, 0.0,
    ]  # fmt: skip


def test_the_dated_clock_has_detection_by_stage() -> None:
    prepared = smugglers(world_of(WEIGHING, clock="dated"), "best-reply")
    assert prepared is not None
    assert prepared.stages == (0.0, 504.0, 624.0)  # blo-south opens, and blo-bridge stands
    before, linked, after = prepared.options[0].detection
    assert before.tolist() == linked.tolist()
    changed = np.flatnonzero(after != before).tolist()
    assert changed == [1]  # bridge-bb
    assert after[1] > before[1]


def test_nobody_weighs_anything_under_fixed() -> None:
    assert smugglers(world_of(WEIGHING), "fixed") is None
    assert smugglers(world_of(SMALL + FORD), "fixed") is None


def test_a_world_without_behaviour_has_no_prospects() -> None:
    with pytest.raises(ValueError, match=r"'learning' needs the tables \[behaviour\] and \[\[prices\]\]"):
        smugglers(world_of(SMALL), "learning")
