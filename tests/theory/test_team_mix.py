"""Rung 1: a load on a road is seized with the share of time that a team stands there x its detection."""

from __future__ import annotations

from collections import Counter

import pytest
from intervals import covers
from runs import world_of
from worlds import roads_world

from blo_sim.model.events import DEPART, SEIZED
from blo_sim.model.replication import replicate

MIX = (0.6, 0.3, 0.1)
DETECTION = 0.4
DAYS = 89
"""With ten days of warm-up 99 periods, so that a rotating team stands on each road equally long."""
PLACEMENTS = {
    "random": (MIX, 20131201),
    "rotating": ((1 / 3, 1 / 3, 1 / 3), 20131202),
    "fixed": ((1.0, 0.0, 0.0), 20131203),
}


def seized_shares(placement: str, seed: int, replications: int) -> list[list[float]]:
    """Share of the loads of each road that were seized, by replication."""
    mix = ", ".join(f"hills-{i} = {share}" for i, share in enumerate(MIX))
    team = f'placement = "{placement}"\nmix = {{ {mix} }}\nperiod_days = 1\ndetection = {DETECTION}'
    world = world_of(roads_world(len(MIX), 30.0, team), days=DAYS)
    shares: list[list[float]] = [[] for _ in MIX]
    for replication in range(replications):
        log = replicate(world, seed, replication)
        loads = Counter(event.place for event in log.rows() if event.kind == DEPART)
        seized = Counter(event.place for event in log.rows() if event.kind == SEIZED)
        for road, values in enumerate(shares):
            values.append(seized[f"rovers@hills-{road}"] / loads[f"road-hills-{road}"])
    return shares


@pytest.mark.parametrize("placement", PLACEMENTS)
def test_seized_share_is_mix_times_detection(placement: str) -> None:
    mix, seed = PLACEMENTS[placement]
    for share, values in zip(mix, seized_shares(placement, seed, 40), strict=True):
        if share == 0.0:
            assert set(values) == {0.0}
            continue
        assert covers(values, share * DETECTION)
        assert not covers(values, 1.2 * share * DETECTION)
