"""Expected seizures have the mean of realised ones, at every kind of control and for every cause."""

from __future__ import annotations

from collections import Counter

import pytest
from intervals import covers
from runs import world_of
from worlds import ROVERS, SMALL

from blo_sim.model.replication import replicate
from blo_sim.results.summary import MICRO, Summary, summarise

REPLICATIONS = 120

BUSY = (
    "flows.heroin-north.volume_kg_per_year=40000",
    "flows.heroin-north.modes={road=0.5, foot=0.5}",
    "sources.informants-origin.probability=0.9",
    "reports.other_side.probability=1.0",
    "reports.seizure.probability=0.5",
    "lookouts.match=0.9",
    "lookouts.intercept=0.5",
    "units.north-unit.detection=0.2",
    "reports.half_life_h=48.0",
    "rosters.medium.shifts=[{from_hour=0, to_hour=24, lanes={truck=2, car=2}, bay_officers=1}]",
    "posts.bridge-bb.queue_limit=1",
)
"""Many lookouts, some reports of sisters, a bay that often releases."""

CROWDED = (
    "sources.informants-origin.probability=0.0",
    "reports.other_side.probability=0.0",
    "reports.seizure.probability=0.0",
    "flows.heroin-north.volume_kg_per_year=40000",
    "methods.physical.sensitivity={cargo=0.8, body=0.8}",
    "parameters.d_prime_road=1.5",
    "posts.bridge-aa.queue_limit=0",
    "posts.bridge-bb.queue_limit=0",
    "rosters.medium.shifts=[{from_hour=0, to_hour=24, lanes={truck=2, car=2}, bay_officers=1}]",
)
"""No lookouts, and bays that release most of those who are referred."""


def summaries(
    overrides: tuple[str, ...], seed: int, replications: int, clock: str = "steady"
) -> list[Summary]:
    world = world_of(SMALL + ROVERS, *overrides, clock=clock)
    return [summarise(world, replicate(world, seed, r)) for r in range(replications)]


@pytest.mark.parametrize(
    ("overrides", "clock", "seed"),
    [
        ((), "steady", 20131036),
        (BUSY, "steady", 20131037),
        (BUSY, "dated", 20131038),
        (CROWDED, "steady", 20131039),
    ],
    ids=["small", "busy", "busy-dated", "crowded"],
)
def test_realised_minus_expected_covers_zero(overrides: tuple[str, ...], clock: str, seed: int) -> None:
    runs = summaries(overrides, seed, REPLICATIONS, clock)
    total: list[float] = []
    by_kind: dict[str, list[float]] = {"post": [], "patrol": [], "inland": [], "team": []}
    for run in runs:
        difference = dict.fromkeys(by_kind, 0)
        for (_, _, kind, _, _, _), grams in run.seized_by.items():
            difference[kind] += grams * MICRO
        for (_, _, kind, _, _), micrograms in run.expected_by.items():
            difference[kind] -= micrograms
        for kind, value in difference.items():
            by_kind[kind].append(float(value))
        total.append(float(sum(difference.values())))
    assert covers(total, 0.0)
    assert all(covers(values, 0.0) for values in by_kind.values())
    # and the interval is narrow enough to say something: 10 % of what is seized
    seized = sum(Counter(run.flows)["seized_g", 0, "heroin"] for run in runs) * MICRO / len(runs)
    assert not covers([value + 0.1 * seized for value in total], 0.0)


def test_the_busy_world_has_every_cause() -> None:
    """Else the test above would leave some formula out."""
    runs = summaries(BUSY, 20131037, 20)
    causes = {key[5] for run in runs for key in run.seized_by}
    assert causes == {"lookout", "routine", "profiling", "patrol", "inland", "team"}
    assert all(run.lawful["released"] > 0 for run in runs)
