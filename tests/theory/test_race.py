"""Rung 2: the race between a tip over k links and a consignment, both exponential."""

from __future__ import annotations

from collections import Counter

import pytest
from intervals import covers
from runs import world_of
from worlds import race_world

from blo_sim.model.events import CARRIED, READ, SENT
from blo_sim.model.replication import replicate

MU, LAM = 2.0, 0.5


@pytest.mark.parametrize(("links", "seed"), [(1, 20131033), (2, 20131034), (4, 20131035)])
def test_share_of_tips_in_time(links: int, seed: int) -> None:
    world = world_of(race_world(links, MU, LAM, loads_a_day=5.0))
    shares = []
    for replication in range(30):
        log = replicate(world, seed, replication)
        kinds = Counter(event.kind for event in log.rows())
        assert kinds[SENT] == kinds[READ] > 0
        assert kinds[CARRIED] == links * kinds[SENT]
        notes = Counter(event.note for event in log.rows() if event.kind == READ)
        assert set(notes) == {"in time", "late (delay)"}
        shares.append(notes["in time"] / kinds[READ])
    assert covers(shares, (MU / (MU + LAM)) ** links)
    assert not covers(shares, (MU / (MU + LAM)) ** links - 0.03)
