"""Rung 7: a best reply to new offices takes back some of what they win on unchanged flows, and never adds.

In the static limit this is a theorem, whatever the offices do to long-run detection. With A the baseline, B
the alternative, and F the alternative's controls on what was decided in A: F - A >= B - A in the loss that
smugglers expect, since in B each load is sent the way that costs its owner least there, and that of A could
have been kept. It holds load by load, with ``==`` where nothing is changed.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import lru_cache

import pytest
from choices import overrides
from hypothesis import assume, given, settings
from networks import instances
from runs import SEED, world_of
from worlds import answering_world

import blo_sim
from blo_sim.analysis.instance import Instance
from blo_sim.analysis.network import Network
from blo_sim.model.replication import Replication
from blo_sim.model.traffic.demand import Consignment
from blo_sim.model.traffic.prospects import Options, Smugglers, smugglers
from blo_sim.world.compile import World

ANSWERING = answering_world()
ONCE = ("run.days=20", "run.warmup_days=5", "behaviour.lay_low=0.0", "behaviour.replacement=0.0")
"""Loads are planned once, in one month, and are the same in both worlds."""
FIRST = {
    "sectors.hills-bb.detection": ["0.0", "0.05"],
    "behaviour.loss_usd": ["0.0", "20000.0"],
    "behaviour.bribe_usd": ["0.0", "200.0"],
    "organisations.gangs.compromised": ["0.0", "0.5"],
}
MORE = {
    "sectors.hills-bb.detection": ["0.05", "0.2", "0.9"],
    "units.north-unit.detection": ["0.2", "0.6"],
    "posts.bridge-aa.methods": ['["physical", "scanner"]'],
    "offices.blo-bridge.components.training": ["0.0", "2.5"],
    "offices.blo-bridge.components.desk": ["0"],
    "rosters.medium.shifts": ["[{from_hour=0, to_hour=24, lanes={truck=1, car=1}, bay_officers=9}]"],
}


def here(*changes: str) -> World:
    return world_of(ANSWERING, *ONCE, *changes)


@lru_cache(maxsize=64)
def decided(*changes: str) -> dict[str, Consignment]:
    """What a run under ``best-reply`` made of each planned load."""
    run = Replication(here(*changes), SEED, 0, smugglers(here(*changes), "best-reply"))
    run.run()
    return {load.name: load for load in run.loads}


def losses(world: World, loads: dict[str, Consignment]) -> dict[str, float]:
    """USD that the owner of each load expects to lose in a world, sent as it was, or kept back as it was."""
    prepared = smugglers(world, "best-reply")
    assert prepared is not None
    found = {}
    for name, load in loads.items():
        options = prepared.options[load.planned_stream]
        if not load.shipped:
            found[name] = options.forgone(load.load)
            continue
        ways = list(zip(options.streams.tolist(), (route.name for route in options.routes), strict=True))
        costs = options.expected_loss(prepared.rules, load.planned_stream, load.load, 0)
        found[name] = float(costs[ways.index((load.stream, load.way.name))])
    return found


@settings(max_examples=20, deadline=None)
@given(overrides(FIRST), overrides(MORE, most=3))
def test_replies_only_take_from_the_loss_of_smugglers(first: tuple[str, ...], more: tuple[str, ...]) -> None:
    before, after = here(*first), here(*first, *more)
    baseline, alternative = decided(*first), decided(*first, *more)
    assert baseline.keys() == alternative.keys()
    unchanged, replied = losses(after, baseline), losses(after, alternative)
    assert all(replied[name] <= unchanged[name] for name in baseline)
    if not more:
        assert replied == unchanged
    a, b, f = (math.fsum(each.values()) for each in (losses(before, baseline), replied, unchanged))
    assert f - a >= b - a


def test_some_replies_take_much_of_it_and_some_loads_are_kept_back() -> None:
    """Else the property above would say little."""
    more = "sectors.hills-bb.detection=0.2"
    baseline, alternative = decided(), decided(more)
    sent = [name for name in baseline if baseline[name].shipped and alternative[name].shipped]
    assert 0 < len(sent) < len(baseline)
    assert any(baseline[name].way.name != alternative[name].way.name for name in sent)
    a = math.fsum(losses(here(), baseline).values())
    b, f = (math.fsum(losses(here(more), loads).values()) for loads in (alternative, baseline))
    assert f - a > 1.2 * (b - a) > 0.0


@settings(max_examples=40, deadline=None)
@given(instances())
def test_sensors_on_a_network_add_loss_and_replies_take_some_of_it_back(made: Instance) -> None:
    """Where detection only grows, A <= B <= F; and B is what the exact limit of the network says."""
    network = Network(made)
    sent = [
        pair
        for pair, reply in enumerate(network.replies(network.evade))
        if reply.evasion > 0 and made.probabilities[pair] > 0
    ]
    assume(sent)
    limits = network.replies(network.under(made.candidates))
    before, after = (prepared(made, sensors) for sensors in ((), made.candidates))
    for number, pair in enumerate(sent):
        old, new = before.options[number], after.options[number]
        assert [route.name for route in old.routes] == [route.name for route in new.routes]
        a, way = least(old, before, number)
        b, _ = least(new, after, number)
        assert way >= 0, "a pair with a way sends its loads"
        f = float(new.expected_loss(after.rules, number, GRAMS, 0)[way])
        assert a <= b * (1.0 + 1e-12)
        assert b <= f
        assert b == pytest.approx((1.0 - limits[pair].evasion) * new.forgone(GRAMS), rel=0, abs=1e-6)


GRAMS = 1000


def prepared(made: Instance, sensors: Sequence[int]) -> Smugglers:
    found = smugglers(world_of(blo_sim.instance_scenario(made, sensors)), "best-reply")
    assert found is not None
    return found


def least(options: Options, all_of: Smugglers, stream: int) -> tuple[float, int]:
    """USD that a best reply is expected to cost, and its option."""
    best = options.best_reply(all_of.rules, stream, GRAMS, 0, 0)
    if best is None:  # it would surely be seized
        return options.forgone(GRAMS), -1
    return float(options.expected_loss(all_of.rules, stream, GRAMS, 0)[best]), best
