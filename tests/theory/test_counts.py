"""Rung 1: consignments and seizures are (thinned) Poisson processes; controls in series."""

from __future__ import annotations

import math
from collections import Counter

import pytest
from intervals import covers, variance_equals_mean
from runs import world_of
from worlds import SMALL, series_world

from blo_sim.model.events import DEPART
from blo_sim.model.replication import replicate
from blo_sim.results.summary import summarise


def counts(text: str, seed: int, replications: int, days: int) -> tuple[list[int], list[int]]:
    """Consignments and seizures of the window, by replication."""
    world = world_of(text, days=days)
    flows = [Counter(summarise(world, replicate(world, seed, r)).flows) for r in range(replications)]
    return [f["consignments", 0, "heroin"] for f in flows], [f["seizures", 0, "heroin"] for f in flows]


def test_consignments_and_seizures_are_poisson() -> None:
    loads_a_day, detection = 1.5, 0.3
    days = 400
    consignments, seizures = counts(series_world([detection], loads_a_day), 20131029, 250, days)
    assert covers(consignments, loads_a_day * days)
    assert variance_equals_mean(consignments)
    assert covers(seizures, detection * loads_a_day * days)
    assert variance_equals_mean(seizures)


@pytest.mark.parametrize(
    ("detections", "seed"), [([0.2, 0.3], 20131030), ([0.05, 0.1, 0.15, 0.2, 0.5], 20131031)]
)
def test_controls_in_series_seize_one_minus_the_product(detections: list[float], seed: int) -> None:
    consignments, seizures = counts(series_world(detections, 10.0), seed, 30, days=100)
    expected = 1 - math.prod(1 - p for p in detections)
    assert covers([s / n for s, n in zip(seizures, consignments, strict=True)], expected)
    assert not covers([s / n for s, n in zip(seizures, consignments, strict=True)], expected + 0.03)


def test_departures_follow_the_season() -> None:
    months = [1.0] * 12
    months[0], months[1] = 3.0, 0.5
    text = SMALL.replace('id = "by-day"\n', f'id = "by-day"\nmonths = {months}\n')
    world = world_of(text, "flows.opium-north.season=by-day", "run.warmup_days=0", days=59)
    stream = next(i for i, row in enumerate(world.streams) if row.commodity == "opium")
    january, february = [], []
    for replication in range(60):
        log = replicate(world, 20131032, replication)
        departed = [event for event in log.rows() if event.kind == DEPART]
        times = [event.time for event in departed if log.streams[event.consignment] == stream]
        january.append(sum(time < 31 * 24 for time in times))
        february.append(len(times) - january[-1])
    per_day = 10000 / 30 / 365 / (sum(months) / 12)
    assert covers(january, 31 * 3.0 * per_day)
    assert covers(february, 28 * 0.5 * per_day)
    assert variance_equals_mean(january)
