"""Exact limits on small random networks, against lists of all paths and all designs."""

from __future__ import annotations

import itertools
import math
from collections import defaultdict

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from networks import chance, game_value, instances, paths, plain_best, plain_evasion

import blo_sim
from blo_sim.analysis.cuts import PROVEN_WITHIN, cut_of, linear_bound
from blo_sim.analysis.instance import Instance, parse_instance
from blo_sim.analysis.interdiction import all_designs
from blo_sim.analysis.network import Network
from blo_sim.analysis.teams import detection, team_value

EXACT = 1e-12


@given(instances(), st.data())
@settings(max_examples=100, deadline=None)
def test_best_replies_are_the_best_of_all_paths(instance: Instance, data: st.DataObject) -> None:
    sensors = data.draw(st.sets(st.sampled_from(instance.candidates))) if instance.candidates else set()
    network = Network(instance)
    assert network.evasion(sorted(sensors)) == pytest.approx(plain_evasion(instance, sensors), abs=EXACT)
    for ends, reply in zip(instance.od, network.replies(network.under(sorted(sensors))), strict=True):
        if reply.arcs:
            steps = [instance.arcs[place] for place in reply.arcs]
            assert (steps[0].tail, steps[-1].head) == ends
            assert all(one.head == two.tail for one, two in itertools.pairwise(steps))
            passed = math.prod(chance(instance, place, place in sensors) for place in reply.arcs)
            assert reply.evasion == pytest.approx(passed, abs=EXACT)


@given(instances(), st.data())
@settings(max_examples=80, deadline=None)
def test_both_methods_find_the_best_design(instance: Instance, data: st.DataObject) -> None:
    offices = data.draw(st.integers(0, min(4, len(instance.candidates))))
    best = plain_best(instance, offices)
    listed = blo_sim.bound_instance(instance, offices=offices, method="enumeration")
    solved = blo_sim.bound_instance(instance, offices=offices, method="highs")
    assert listed.evasion == pytest.approx(best, abs=EXACT)
    without = listed.evasion_without
    assert solved.solved.proven
    assert best - EXACT <= solved.evasion <= best + PROVEN_WITHIN * without + EXACT
    assert linear_bound(Network(instance), offices) <= best + PROVEN_WITHIN * max(without, EXACT)
    for found in (listed, solved):
        assert len(set(found.solved.design)) == offices
        assert found.evasion == pytest.approx(plain_evasion(instance, found.solved.design), abs=EXACT)


@given(instances(), st.data())
@settings(max_examples=60, deadline=None)
def test_a_further_sensor_never_raises_evasion(instance: Instance, data: st.DataObject) -> None:
    assume(instance.candidates)
    order = data.draw(st.permutations(instance.candidates))
    network = Network(instance)
    left = [network.evasion(order[:count]) for count in range(len(order) + 1)]
    assert all(after <= before + EXACT for before, after in itertools.pairwise(left))
    least = [float(all_designs(network, count)[1].min()) for count in range(min(4, len(order)) + 1)]
    assert all(after <= before + EXACT for before, after in itertools.pairwise(least))


@given(
    st.lists(st.sampled_from([0.0, 1.0]) | st.floats(0.001, 1.0), min_size=1, max_size=6),
    st.data(),
)
@settings(max_examples=100, deadline=None)
def test_cuts_hold_for_every_design_and_are_tight_at_their_own(
    ratios: list[float], data: st.DataObject
) -> None:
    size = len(ratios)
    own = np.array(data.draw(st.lists(st.sampled_from([0.0, 1.0]), min_size=size, max_size=size)))
    cut = cut_of(0, 0.7, range(size), ratios, own)
    designs = [np.array([float(number >> bit & 1) for bit in range(size)]) for number in range(2**size)]
    for x in designs:
        evasion = 0.7 * math.prod(ratio for ratio, there in zip(ratios, x, strict=True) if there)
        assert cut.at(x) <= evasion + 1e-9
        if (x == own).all():
            assert cut.at(x) == pytest.approx(evasion, abs=1e-9) or min(ratios) == 0.0


@given(instances(pairs=1) | instances())
@settings(max_examples=100, deadline=None)
def test_value_of_a_team_is_that_of_the_game(instance: Instance) -> None:
    assume(sum(instance.probabilities) > 0)
    network = Network(instance)
    team = team_value(network)
    assert team.value == pytest.approx(game_value(instance), abs=1e-9)
    _assert_best_play(instance, network)


def _assert_best_play(instance: Instance, network: Network) -> None:
    """Neither side can do better than the value, whatever it does: the mixes are best."""
    team, p = team_value(network), detection(network)
    total = sum(instance.probabilities)
    if team.mix:
        assert math.fsum(team.mix.values()) == pytest.approx(1.0, abs=1e-9)
        guaranteed = 0.0
        for ends, probability in zip(instance.od, instance.probabilities, strict=True):
            seen = [sum(team.mix.get(a, 0.0) * p[a] for a in path) for path in paths(instance, *ends)]
            guaranteed += probability / total * min(seen, default=1.0)
        assert guaranteed == pytest.approx(team.value, abs=1e-9)
    if team.paths:
        used: dict[int, float] = defaultdict(float)
        shares: dict[int, float] = defaultdict(float)
        for pair, path, probability in team.paths:
            shares[pair] += probability
            assert instance.arcs[path[0]].tail == instance.od[pair][0]
            assert instance.arcs[path[-1]].head == instance.od[pair][1]
            for place in path:
                used[place] += instance.probabilities[pair] / total * probability
        assert list(shares.values()) == pytest.approx([1.0] * len(shares), abs=1e-7)
        sure = 1.0 - sum(instance.probabilities[pair] for pair in shares) / total
        most = max(p[place] * weight for place, weight in used.items())
        assert sure + most == pytest.approx(team.value, abs=1e-7)


@given(instances(owners=True), st.data())
@settings(max_examples=60, deadline=None)
def test_deciding_alone_is_never_better(instance: Instance, data: st.DataObject) -> None:
    assume(instance.candidates)
    offices = data.draw(st.integers(1, len(instance.candidates)))
    found = blo_sim.bound_instance(instance, offices=offices).coordination
    assert found is not None
    assert found.gap >= -EXACT
    assert sum(found.shares.values()) == offices == len(found.design)
    assert found.isolated == pytest.approx(plain_evasion(instance, found.design), abs=EXACT)
    for owner, share in found.shares.items():
        assert sum(instance.arcs[place].owner == owner for place in found.design) == share


@given(instances())
@settings(max_examples=60, deadline=None)
def test_an_instance_survives_its_file(instance: Instance) -> None:
    assert parse_instance(instance.document(), instance.name) == instance
