"""A network instance as a scenario: the static limit of `bound`, put into the world of the simulation.

Every arc becomes a leg with one patrol sector, which detects with 1 - evade, or 1 - evade_sensor beside a
sensor. Every pair of origin and destination becomes a flow of loads of one kilogram, as many as its
probability says. Nobody is told anything, no border has a post, and prices are such that only the risk
counts: the free cost of a path is some 1e-12 of what is at stake. So smugglers under ``best-reply`` take
their best paths, and what is seized must be what `blo_sim.analysis.bound.bound_instance` computes.

Smugglers choose among the `PATHS` cheapest paths of their pair. The free cost of an arc grows with
-log(evade), without sensors in every design, so that scenarios of several designs have the same choice sets
and can be compared. On a large network a best reply to many sensors can lie beyond them: that is refused.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from blo_sim.analysis.instance import SUM_TOLERANCE, Instance, Node
from blo_sim.analysis.network import Floats, Network, Reply
from blo_sim.analysis.teams import detection
from blo_sim.errors import UsageError
from blo_sim.world.routes import Step, cheapest

PATHS = 100
"""Paths in a choice set: as many as a scenario can have."""
LEAST_KM, MOST_KM = 1e-6, 100.0
"""Lengths of legs, which are -log(evade) between these."""
SAME = 1e-12
"""Relative difference of evasions that are equal but for rounding."""


def instance_scenario(
    instance: Instance,
    sensors: Sequence[int] = (),
    *,
    team: Mapping[int, float] | None = None,
    loads_per_day: float = 50.0,
) -> str:
    """The text of a synthetic scenario in which smugglers meet an instance's network.

    Parameters
    ----------
    instance : Instance
        From `blo_sim.analysis.instance.load_instance` or `blo_sim.analysis.generate.generate_instance`.
    sensors : sequence of int
        Where sensors stand, as places in the instance's ``arcs``: a design such as
        ``bound_instance(...).solved.design``.
    team : mapping of int to float, optional
        Places to probabilities that sum to 1: a team that is at one of these arcs at a time, drawn anew every
        hour, such as ``bound_instance(...).team.mix``. It detects with 1 - evade_sensor / evade,
        which must be the same on all.
    loads_per_day : float
        Loads of 1 kg that depart in a day, over all pairs whose probabilities sum to 1.

    Returns
    -------
    str
        TOML. Pairs without a way, or of probability 0, have no flow.

    Raises
    ------
    UsageError
        If no pair has a way, an arc cannot have its sensor or the team, the team's probabilities or
        detection cannot be used, or a best reply is not among the `PATHS` cheapest paths.

    Examples
    --------
    >>> from blo_sim.analysis.instance import load_instance
    >>> text = instance_scenario(load_instance("pcm12"), sensors=(4, 7))
    >>> text.count("[[flows]]"), text.count("[[sectors]]")
    (12, 16)
    """
    if not (math.isfinite(loads_per_day) and loads_per_day > 0):
        raise UsageError(f"loads_per_day is {loads_per_day!r}; it must be a number above 0")
    network = Network(instance)
    _check_places("sensors", sensors, instance)
    _check_places("team", list(team or ()), instance)
    usual = network.replies(network.evade)
    pairs = [
        pair for pair, reply in enumerate(usual) if reply.evasion > 0 and instance.probabilities[pair] > 0
    ]
    if not pairs:
        raise UsageError(f"{instance.name}: no pair of od has a way and a probability above 0")
    lengths = _lengths(network)
    evade = network.under(sensors)
    p = _detection(network, team) if team else 0.0
    _check_choice_sets(network, _weighed(evade, team or {}, p), lengths, pairs)
    parts = [_HEAD.format(title=_text(f"Made from the network instance {instance.name}"), paths=PATHS)]
    parts += _places(instance, pairs)
    parts += _arcs(instance, 1.0 - evade, lengths)
    parts += [_FLOW.format(**each) for each in _flows(instance, pairs, loads_per_day)]
    if team:
        parts.append(_team(team, p))
    return "\n".join(parts)


def _check_places(name: str, places: Sequence[int], instance: Instance) -> None:
    allowed = set(instance.candidates)
    for place in places:
        if place not in allowed:
            raise UsageError(
                f"{name} has {place!r}; it must be the place in arcs of {instance.name} of an arc with "
                "evade_sensor"
            )


def _lengths(network: Network) -> Floats:
    """Kilometres of each arc's leg."""
    with np.errstate(divide="ignore"):
        lengths: Floats = np.clip(-np.log(network.evade), LEAST_KM, MOST_KM)
    return lengths


def _check_choice_sets(network: Network, evade: Floats, lengths: Floats, pairs: Sequence[int]) -> None:
    """Refuse an instance where a pair's best reply is not among its cheapest paths."""
    arcs = network.instance.arcs
    number = _numbers(network.instance)
    steps = [
        Step(f"arc-{place}", place, True, number[arc.tail], number[arc.head], "road", None, lengths[place])
        for place, arc in enumerate(arcs)
    ]
    replies: list[Reply] = network.replies(evade)
    for pair in pairs:
        origin, destination = network.instance.od[pair]
        found = cheapest(steps, number[origin], number[destination], PATHS, lambda step, borders: step.cost)
        best = max(math.prod(float(evade[step.leg]) for step in path) for path in found)
        if best < replies[pair].evasion * (1.0 - SAME):
            raise UsageError(
                f"{network.instance.name}: od[{pair}]: the best reply is not among the {PATHS} cheapest "
                "paths, as many as smugglers can choose from; take a smaller network or fewer sensors"
            )


def _numbers(instance: Instance) -> dict[Node, str]:
    """Names of the nodes as a scenario can have them."""
    nodes = dict.fromkeys(node for arc in instance.arcs for node in (arc.tail, arc.head))
    return {node: f"node-{number}" for number, node in enumerate(nodes)}


def _text(text: object) -> str:
    return json.dumps(str(text), ensure_ascii=False)


def _places(instance: Instance, pairs: Sequence[int]) -> Iterator[str]:
    """Nodes, and a place to start from before each origin: loads are worth something beyond it."""
    number = _numbers(instance)
    ends = {instance.od[pair][1] for pair in pairs}
    for place, (node, name) in enumerate(number.items()):
        kind = "destination" if node in ends else "junction"
        yield _PLACE.format(id=name, name=_text(node), country="BB", kind=kind, lon=place % 180)
    for node in dict.fromkeys(instance.od[pair][0] for pair in pairs):
        start = f"start-{number[node]}"
        yield _PLACE.format(id=start, name=_text(f"before {node}"), country="AA", kind="origin", lon=0)
        yield _LEG.format(id=f"from-{start}", tail=start, head=number[node], km=LEAST_KM, sectors=[])


def _arcs(instance: Instance, watched: Floats, lengths: Floats) -> Iterator[str]:
    number = _numbers(instance)
    for place, arc in enumerate(instance.arcs):
        tail, head = number[arc.tail], number[arc.head]
        watch = f"watch-{place}"
        km = float(lengths[place])
        yield _LEG.format(id=f"arc-{place}", tail=tail, head=head, km=km, sectors=[watch])
        yield _SECTOR.format(id=watch, name=_text(f"{arc.tail} > {arc.head}"), p=float(watched[place]))


def _flows(instance: Instance, pairs: Sequence[int], loads_per_day: float) -> Iterator[dict[str, object]]:
    number = _numbers(instance)
    for pair in pairs:
        origin, destination = instance.od[pair]
        yield {
            "id": f"pair-{pair}",
            "name": _text(f"{origin} > {destination}"),
            "origin": f"start-{number[origin]}",
            "destination": number[destination],
            "volume": 365.0 * loads_per_day * instance.probabilities[pair],
        }


def _detection(network: Network, team: Mapping[int, float]) -> float:
    """What a team detects with at each of its arcs."""
    total = math.fsum(team.values())
    if not all(share >= 0 for share in team.values()) or abs(total - 1.0) > SUM_TOLERANCE:
        raise UsageError(
            f"team has probabilities that sum to {total:g}; they must be at least 0 and sum to 1"
        )
    p = detection(network)[list(team)]
    if p.max() - p.min() > SAME:
        raise UsageError(
            f"team is at arcs where it detects with {p.min():g} to {p.max():g}; in a scenario a team detects "
            "alike at all its sites"
        )
    return float(p.max())


def _weighed(evade: Floats, team: Mapping[int, float], p: float) -> Floats:
    """Evasions as smugglers weigh them: with a team that is at each arc in its share of the time."""
    weighed = evade.copy()
    for place, share in team.items():
        weighed[place] *= 1.0 - share * p
    return weighed


def _team(team: Mapping[int, float], p: float) -> str:
    sites = [f"watch-{place}" for place in team]
    mix = ", ".join(f"watch-{place} = {float(share)!r}" for place, share in team.items())
    return _TEAM.format(sites=sites, mix=mix, period=1.0 / 24.0, p=p)


_HEAD = """\
title = {title}
description = "The static limit that `blo-sim bound --instance` computes, to be met by best-reply smugglers."
place = "synthetic"

[run]
days = 100
dated_days = 100
warmup_days = 0
replications = 20
first_day = 2013-01-01
grant = 2013-01-01

[headline]
id = "contraband"
name = "contraband"
weights = {{ goods = 1.0 }}

[[commodities]]
id = "goods"

[[modes]]
id = "road"
legs = {{ road = 1.0 }}
entry_legs = {{ road = 1.0 }}

[route_choice]
paths = {paths}
usd_per_km = 1e-9
usd_per_hour = 0.0
usd_per_post = 0.0
usd_per_sector = 0.0
scale_per_usd = 0.001
path_size = 0.0

[[organisations]]
id = "groups"
number = 10

[[prices]]
id = "price"
commodity = "goods"
usd_per_kg = {{ AA = 0, BB = 10000 }}

[behaviour]
kind = "best-reply"
risk_threshold = 0.0
prior_losses = 2.0
memory_days = 90

[lookouts]
match = 0.0
find = 0.0
intercept = 0.0
"""

_PLACE = """\
[[places]]
id = "{id}"
name = {name}
country = "{country}"
kind = "{kind}"
lat = 10.0
lon = {lon}
"""

_LEG = """\
[[legs]]
id = "{id}"
from = "{tail}"
to = "{head}"
mode = "road"
km = {km!r}
hours = 1.0
sectors = {sectors}
one_way = true
"""

_SECTOR = """\
[[sectors]]
id = "{id}"
name = {name}
country = "BB"
border = "AA-BB"
detection = {p!r}
"""

_FLOW = """\
[[flows]]
id = "{id}"
name = {name}
commodity = "goods"
origin = "{origin}"
destination = "{destination}"
volume_kg_per_year = {volume!r}
modes = {{ road = 1.0 }}
mean_load_kg = 1.0
load_cv = 0.0
organisations = "groups"
"""

_TEAM = """\
[[teams]]
id = "team"
country = "BB"
sites = {sites}
placement = "random"
mix = {{ {mix} }}
period_days = {period!r}
detection = {p!r}
"""
