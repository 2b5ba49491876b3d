"""Rung 2: where a mesh by broadcast and a hub by need-to-know change places as the load grows."""

from __future__ import annotations

from functools import lru_cache
from statistics import fmean

import pytest
from intervals import covers
from runs import world_of
from worlds import layout_world

from blo_sim.model.events import DEPART, READ, SENT, TAKEN, EventLog
from blo_sim.model.replication import replicate

MU, LAM, NU, HUB, POSTS = 2.0, 0.5, 1.5, 6.0, 8
"""Rates an hour: delay of a channel, travel, service of a sector's desk and of the hub's."""
LAYOUTS = ("mesh", "hub")
LENGTH = ("run.days=60", "run.warmup_days=15")
WINDOW = (15 * 24.0, 75 * 24.0)
REPLICATIONS = 20
SEEDS = {0.8: 20131042, 1.0: 20131043}
"""By reports an hour."""
LINK = MU / (MU + LAM)


def race(service: float, load: float) -> float:
    """Probability that the time at M/M/1 is shorter than the trip."""
    return (service - load) / (service - load + LAM)


def closed_form(layout: str, load: float) -> float:
    if layout == "mesh":
        return LINK * race(NU, load)
    return LINK**2 * race(HUB, load) * race(NU, load / POSTS)


def log_of(layout: str, load: float, replication: int) -> EventLog:
    hub = HUB if layout == "hub" else None
    world = world_of(layout_world(hub, load, NU, MU, LAM, POSTS), *LENGTH)
    return replicate(world, SEEDS[load], replication)


def in_time(log: EventLog) -> float:
    """Share of reports read in time by the sector on their subject's route."""
    ahead: dict[int, str] = {}
    own: set[int] = set()
    read = 0
    for event in log.rows():
        if event.kind == DEPART and WINDOW[0] <= event.time < WINDOW[1]:
            ahead[event.consignment] = event.place.removeprefix("way-")
        elif event.kind == SENT and ahead.get(event.consignment) == event.place:
            own.add(event.amount)
        elif event.kind == READ and event.amount in own:
            read += event.note == "in time"
    assert len(own) == len(ahead) > 500
    return read / len(own)


@lru_cache
def shares(layout: str, load: float) -> list[float]:
    return [in_time(log_of(layout, load, replication)) for replication in range(REPLICATIONS)]


def test_the_closed_forms_cross_between_the_two_loads() -> None:
    rounded = {(layout, load): round(closed_form(layout, load), 3) for layout in LAYOUTS for load in SEEDS}
    assert rounded == {
        ("mesh", 0.8): 0.467, ("hub", 0.8): 0.430, ("mesh", 1.0): 0.400, ("hub", 1.0): 0.427,
    }  # fmt: skip


@pytest.mark.parametrize("load", list(SEEDS))
@pytest.mark.parametrize("layout", LAYOUTS)
def test_share_of_reports_in_time(layout: str, load: float) -> None:
    measured = shares(layout, load)
    assert covers(measured, closed_form(layout, load))
    assert not covers(measured, closed_form(layout, load) + 0.05)


@pytest.mark.parametrize(("load", "ahead"), [(0.8, "mesh"), (1.0, "hub")])
def test_which_layout_is_ahead(load: float, ahead: str) -> None:
    """The same loads in both: the paired difference has the sign of the closed forms, and is not 0."""
    gains = [mesh - hub for mesh, hub in zip(shares("mesh", load), shares("hub", load), strict=True)]
    assert (fmean(gains) > 0.0) == (ahead == "mesh")
    assert not covers(gains, 0.0)
    assert covers(gains, closed_form("mesh", load) - closed_form("hub", load))


@pytest.mark.parametrize("layout", LAYOUTS)
def test_who_reads_what(layout: str) -> None:
    """By broadcast every sector reads every report; by need-to-know one sector and the hub do."""
    log = log_of(layout, 1.0, 0)
    taken = [event.place for event in log.rows() if event.kind == TAKEN]
    reports = len({event.consignment for event in log.rows() if event.kind == DEPART})
    if layout == "mesh":
        assert len(taken) == POSTS * reports
        assert all(taken.count(f"hills-{i}") == reports for i in range(POSTS))
    else:
        assert len(taken) == 2 * reports
        assert taken.count("hub") == reports
