"""Rung 2: the race between a tip over k links and a consignment, both exponential."""

from __future__ import annotations

import pytest
from intervals import covers
from runs import world_of
from worlds import race_world

from blo_sim.model.replication import replicate
from blo_sim.results.summary import summarise

MU, LAM = 2.0, 0.5


@pytest.mark.parametrize(("links", "seed"), [(1, 20131033), (2, 20131034), (4, 20131035)])
def test_share_of_tips_in_time(links: int, seed: int) -> None:
    world = world_of(race_world(links, MU, LAM, loads_a_day=5.0))
    shares = []
    for replication in range(30):
        messages = summarise(world, replicate(world, seed, replication)).messages
        assert messages["sent"] == messages["in_time"] + messages["late"] > 0
        shares.append(messages["in_time"] / messages["sent"])
    assert covers(shares, (MU / (MU + LAM)) ** links)
    assert not covers(shares, (MU / (MU + LAM)) ** links - 0.03)
