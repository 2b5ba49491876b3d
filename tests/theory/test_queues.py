"""Rung 1: waits at a post are those of queueing theory.

A post's lanes with Poisson arrivals around the clock are M/M/c or M/G/1. A world has two posts with two
directions each: four independent queues.
"""

from __future__ import annotations

import math
from statistics import fmean

import pytest
from intervals import covers, variance_equals_mean, within_chi_square
from runs import world_of
from worlds import lanes_world

from blo_sim.clock import TICKS_PER_HOUR
from blo_sim.model.border import kernel
from blo_sim.model.border.posts import Borders
from blo_sim.model.replication import replicate
from blo_sim.world.compile import World

FLAT = {"hours": [1.0] * 24}
SERVICE_H = 0.1
DAYS = 365


def mean_waits(world: World, seed: int, replications: int) -> list[float]:
    """Mean wait in the lanes, hours, by replication."""
    waits = []
    for replication in range(replications):
        groups = replicate(world, seed, replication).lane_groups.values()
        assert len(groups) == 4
        waits.append(sum(g.wait for g in groups) / TICKS_PER_HOUR / sum(g.passages for g in groups))
    return waits


def erlang_c_wait(rate: float, service: float, servers: int) -> float:
    """Mean wait in M/M/c."""
    work = rate * service
    below = sum(work**n / math.factorial(n) for n in range(servers))
    above = work**servers / math.factorial(servers) / (1 - work / servers)
    return above / (below + above) * service / (servers - work)


def pollaczek_khinchine_wait(rate: float, service: float, cv: float) -> float:
    """Mean wait in M/G/1."""
    return rate * service**2 * (1 + cv**2) / 2 / (1 - rate * service)


def test_mean_line_with_exponential_service() -> None:
    """The longer of two M/M/1 lines, each empty with probability 1 - rho^2, else exponential."""
    rho = 0.75
    text = lanes_world(f"{{ exponential = {{ mean = {SERVICE_H} }} }}", 1, 24 * rho / SERVICE_H, FLAT)
    world, means = world_of(text, days=DAYS), []
    for replication in range(20):
        seen: list[float] = []
        replicate(
            world, 20131025, replication, watch=lambda run, seen=seen: seen.extend(run.borders.lines(run.now))
        )
        assert len(seen) == 2 * 24 * DAYS
        means.append(fmean(seen))
    clears = (1 - rho) / SERVICE_H
    expected = 2 * rho**2 / clears - rho**4 / (2 * clears)
    assert covers(means, expected)
    assert not covers(means, 1.1 * expected)


@pytest.mark.parametrize(("servers", "seed"), [(1, 20131023), (3, 20131024)])
def test_mean_wait_with_exponential_service(servers: int, seed: int) -> None:
    rate = 0.75 * servers / SERVICE_H
    text = lanes_world(f"{{ exponential = {{ mean = {SERVICE_H} }} }}", servers, 24 * rate, FLAT)
    waits = mean_waits(world_of(text, days=DAYS), seed, replications=20)
    assert covers(waits, erlang_c_wait(rate, SERVICE_H, servers))
    assert not covers(waits, 1.1 * erlang_c_wait(rate, SERVICE_H, servers))


@pytest.mark.parametrize(("cv", "seed"), [(0.5, 20131025), (1.2, 20131026)])
def test_mean_wait_with_lognormal_service(cv: float, seed: int) -> None:
    rate = 0.7 / SERVICE_H
    text = lanes_world(f"{{ lognormal = {{ mean = {SERVICE_H}, cv = {cv} }} }}", 1, 24 * rate, FLAT)
    waits = mean_waits(world_of(text, days=DAYS), seed, replications=20)
    assert covers(waits, pollaczek_khinchine_wait(rate, SERVICE_H, cv))
    assert not covers(waits, pollaczek_khinchine_wait(rate, SERVICE_H, 1.15 * cv))


def test_lawful_passages_are_poisson() -> None:
    text = lanes_world("0.01", 3, 40.0, FLAT)
    world = world_of(text, days=30)
    counts = [
        group.passages for replication in range(60)
        for group in replicate(world, 20131027, replication).lane_groups.values()
    ]  # fmt: skip
    assert covers(counts, 40.0 * 30)
    assert variance_equals_mean(counts)


def test_lawful_arrivals_follow_the_profile() -> None:
    """Counts of each hour of the week are Poisson with the profile's mean."""
    hours = [0.0, 0.1, 0.3] + [1.0] * 6 + [3.0] * 8 + [1.5] * 4 + [0.5] * 3
    weekdays = [1.0, 1.0, 1.0, 1.0, 1.5, 0.5, 0.2]
    months = [1.0] * 11 + [4.0]  # the run starts in December
    text = lanes_world("0.001", 3, 100.0, {"hours": hours, "weekdays": weekdays, "months": months})
    world = world_of(text, "run.warmup_days=0", "run.first_day=2013-12-02", days=28)
    weights = [hours[hour % 24] * weekdays[hour // 24] for hour in range(168)]
    week = 7 * 100.0 * 4.0 / fmean(months)
    expected = [week * weight / sum(weights) for weight in weights]

    counts = [0] * 168
    for replication in range(5):
        borders = Borders(world, 20131028, replication)
        before = 0
        for hour in range(28 * 24):
            kernel.advance(*borders.desks[0].records, hour + 1.0)
            after = int(borders.groups[:2]["passages"].sum())
            counts[hour % 168] += after - before
            before = after
    statistic = 0.0
    for count, mean in zip(counts, expected, strict=True):
        total = 5 * 4 * 2 * mean  # replications, weeks, directions
        assert total or not count
        statistic += (count - total) ** 2 / total if total else 0.0
    assert within_chi_square(statistic, sum(weight > 0 for weight in weights))
