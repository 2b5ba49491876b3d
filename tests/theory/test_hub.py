"""Rung 2 with a desk: a message that queues at a hub, against the closed form of M/M/1."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

import pytest
from intervals import covers
from runs import world_of
from worlds import hub_world

from blo_sim.model.events import READ, SENT, TAKEN, WORKED, EventLog
from blo_sim.model.replication import replicate

MU, LAM, NU = 2.0, 0.5, 1.5
"""Rates an hour: delay of a link, travel of the subject, service of the desk."""
REPLICATIONS = 30
CASES = [(0.5, 20131040), (1.0, 20131041)]
"""Reports an hour, seed."""


@lru_cache
def logs(load: float, seed: int) -> list[EventLog]:
    world = world_of(hub_world(load, NU, MU, LAM))
    return [replicate(world, seed, replication) for replication in range(REPLICATIONS)]


def in_window(log: EventLog) -> Iterator[bool]:
    """Of the messages that left in the measured window, which were read in time."""
    sent = {event.amount for event in log.rows() if event.kind == SENT and 240.0 <= event.time < 2640.0}
    for event in log.rows():
        if event.kind == READ and event.amount in sent:
            yield event.note == "in time"


def in_time(load: float) -> float:
    """Two exponential links and the time at M/M/1, exponential of rate nu - R, beat an exponential trip."""
    return (MU / (MU + LAM)) ** 2 * (NU - load) / (NU - load + LAM)


@pytest.mark.parametrize(("load", "seed"), CASES)
def test_share_of_tips_in_time_through_a_hub_with_a_desk(load: float, seed: int) -> None:
    outcomes = [list(in_window(log)) for log in logs(load, seed)]
    assert min(len(each) for each in outcomes) > 1000 * load
    shares = [sum(each) / len(each) for each in outcomes]
    assert covers(shares, in_time(load))
    # Neither a desk that nobody else uses, nor no desk at all:
    assert not covers(shares, in_time(0.0))
    assert not covers(shares, (MU / (MU + LAM)) ** 2)
    assert not covers(shares, in_time(load) + 0.03)


@pytest.mark.parametrize(("load", "seed"), CASES)
def test_waits_and_work_at_the_desk(load: float, seed: int) -> None:
    """The mean wait is rho / (nu - R), the mean work 1 / nu."""
    waits, works = [], []
    for log in logs(load, seed):
        events = [event for event in log.rows() if 240.0 <= event.time < 2640.0]
        taken = [event.p for event in events if event.kind == TAKEN]
        worked = [event.p for event in events if event.kind == WORKED]
        waits.append(sum(taken) / len(taken))
        works.append(sum(worked) / len(worked))
    assert covers(waits, load / NU / (NU - load))
    assert covers(works, 1 / NU)
    assert not covers(waits, 0.8 * load / NU / (NU - load))
