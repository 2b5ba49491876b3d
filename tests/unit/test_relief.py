"""Drawn worlds whose posts can pass what comes."""

from __future__ import annotations

import pytest
from runs import load
from worlds import small_world

from blo_sim.scenario import Scenario
from blo_sim.world.crossings import busiest_load, lane_groups
from blo_sim.world.relief import FULLEST, relieved

BUSY = ("crossings.bridge.daily.truck=900", "crossings.bridge.daily.car=300")


def loads(scenario: Scenario) -> dict[str, float]:
    model = scenario.model
    return {group.id: busiest_load(group) for post in model.posts for group in lane_groups(post, model)}


def test_what_can_pass_is_left_as_it_is() -> None:
    scenario = load(small_world())
    assert max(loads(scenario).values()) < FULLEST
    assert relieved(scenario) is scenario


def test_lanes_that_are_too_full_get_what_they_can_pass_and_others_stay() -> None:
    scenario = load(small_world(), *BUSY)
    before, after = loads(scenario), loads(relieved(scenario))
    full = [name for name, load_ in before.items() if load_ > FULLEST]
    assert full
    assert len(full) < len(before)
    for name in before:
        assert after[name] == pytest.approx(FULLEST if name in full else before[name])
    assert scenario.model.crossings[0].daily["truck"] == 900
    assert relieved(scenario).model.crossings[0].daily["car"] == 300
