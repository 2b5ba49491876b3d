"""A network instance as a scenario: what it says, and what is refused."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from typing import Any

import pytest
from runs import load, world_of

import blo_sim
from blo_sim.analysis.instance import Instance, parse_instance
from blo_sim.errors import UsageError


def instance(**changes: Any) -> Instance:
    """A direct way, and a detour that is safer beside a sensor; and a pair without a way."""
    content: dict[str, Any] = {
        "arcs": [
            {"tail": "valley", "head": 'the "bridge"', "evade": 0.8, "evade_sensor": 0.2},
            {"tail": 'the "bridge"', "head": "town", "evade": 0.9},
            {"tail": "valley", "head": "town", "evade": 0.5, "evade_sensor": 0.125},
        ],
        "od": [["valley", "town"], ["town", "valley"]],
        "od_prob": [0.6, 0.4],
    }
    return parse_instance(content | changes, "hills")


def test_detection_is_what_the_arcs_and_the_sensors_leave() -> None:
    model = load(blo_sim.instance_scenario(instance(), sensors=[0])).model
    assert {sector.id: pytest.approx(sector.detection) for sector in model.sectors} == {
        "watch-0": 0.8,
        "watch-1": 0.1,
        "watch-2": 0.5,
    }


def test_a_pair_without_a_way_ships_nothing() -> None:
    flows = load(blo_sim.instance_scenario(instance(), loads_per_day=10.0)).model.flows
    assert [(flow.id, flow.volume_kg_per_year) for flow in flows] == [("pair-0", 10 * 365 * 0.6)]


def test_nodes_keep_their_names() -> None:
    model = load(blo_sim.instance_scenario(instance())).model
    names = [place.name for place in model.places]
    assert {"valley", 'the "bridge"', "town"} <= set(names)


def test_the_choice_set_is_the_same_in_every_design() -> None:
    def names(*sensors: int) -> list[str]:
        (stream,) = world_of(blo_sim.instance_scenario(instance(), sensors)).streams
        return [route.name for route in stream.routes]

    assert names() == names(0) == names(2) == names(0, 2)
    assert len(names()) == 2


def test_a_team_detects_with_what_a_sensor_adds() -> None:
    (team,) = load(blo_sim.instance_scenario(instance(), team={0: 0.3, 2: 0.7})).model.teams
    assert team.detection == pytest.approx(0.75)
    assert team.mix == {"watch-0": 0.3, "watch-2": 0.7}


def layered(layers: int, wide: int) -> Instance:
    """So many more paths than a choice set can have, of which sensors leave only the dearest."""
    arcs = [
        {
            "tail": layer,
            "head": layer + 1,
            "evade": 0.5 if way == wide - 1 else 0.9,
            **({} if way == wide - 1 else {"evade_sensor": 0.1}),
        }
        for layer, way in itertools.product(range(layers), range(wide))
    ]
    return parse_instance({"arcs": arcs, "od": [[0, layers]], "od_prob": 1.0}, "layered")


@pytest.mark.parametrize(
    ("made", "settings", "message"),
    [
        (instance(), {"loads_per_day": 0.0}, "loads_per_day is 0.0"),
        (instance(), {"loads_per_day": float("nan")}, "loads_per_day is nan"),
        (instance(), {"sensors": [1]}, "sensors has 1; it must be the place in arcs of hills"),
        (instance(), {"sensors": [3]}, "sensors has 3"),
        (instance(), {"team": {1: 1.0}}, "team has 1; it must be the place"),
        (instance(), {"team": {0: 0.5}}, "sum to 0.5"),
        (instance(), {"team": {0: 1.5, 2: -0.5}}, "at least 0"),
        (instance(od_prob=[0.0, 1.0]), {}, "hills: no pair of od has a way"),
        (layered(4, 4), {"sensors": [n for n in range(16) if n % 4 < 3]}, "od\\[0\\]: the best reply is not"),
    ],
)
def test_what_cannot_be_used_is_refused(made: Instance, settings: Mapping[str, Any], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        blo_sim.instance_scenario(made, **settings)


def test_a_team_must_detect_alike_everywhere() -> None:
    arcs = [
        {"tail": 1, "head": 2, "evade": 1.0, "evade_sensor": 0.5},
        {"tail": 1, "head": 2, "evade": 1.0, "evade_sensor": 0.4},
    ]
    made = instance(arcs=arcs, od=[[1, 2]], od_prob=1.0)
    with pytest.raises(UsageError, match=r"it detects with 0\.5 to 0\.6"):
        blo_sim.instance_scenario(made, team={0: 0.5, 1: 0.5})
