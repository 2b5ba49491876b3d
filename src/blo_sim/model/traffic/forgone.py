"""What desks cost at an encounter: p as it is, against p had one thing been otherwise.

Three mechanisms can take from p, each told by an event of its own after that of the encounter:

* `STAFF`: had desks drawn no officers, the post would refer the share that its full staff can search.
* `FALSE_REPORTS`: had no false report come, lookouts that waited at desks would have been read earlier.
* `OVERLOAD`: had lookouts waited for no officer at all, they would have been read earlier still. What false
  reports account for is not counted again.

Everything else is as in the run. `blo_sim.model.intelligence.messages` notes on the load when each lookout
that waited would have been read; p itself is that of `blo_sim.model.border.detection`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from blo_sim.model.border.detection import (
    decayed,
    expected_micrograms,
    field_probability,
    post_probability,
)
from blo_sim.model.events import FALSE_REPORTS, FORGONE, OVERLOAD, STAFF

if TYPE_CHECKING:
    from collections.abc import Callable

    from blo_sim.model.replication import Replication
    from blo_sim.model.traffic.demand import Consignment
    from blo_sim.world.compile import Control


def in_field(sim: Replication, load: Consignment, control: Control, p: float) -> None:
    """At a patrol sector or an inland unit, for which a lookout waited at a desk."""
    detection = sim.detection[load.commodity][control.index]

    def chance(intercept: float) -> float:
        return field_probability(detection, intercept) if intercept else detection

    _waits(sim, load, control, sim.now, p, sim.world.lookouts.intercept, chance)


def at_post(
    sim: Replication,
    load: Consignment,
    control: Control,
    lane: int,
    start: float,
    match: float,
    p: float,
    released: bool,
) -> None:
    """At a post whose desk drew officers, or for which a lookout waited at a desk.

    ``start`` is that of inspection, ``match`` the probability that a lookout is matched there; ``released``
    holds also where a compromised shift leaves the load to the lookout of another agency.
    """
    now, post = sim.now, sim.posts[control.post]
    pattern = sim.intelligence.lookouts.pattern(load, control.index)
    directed = post.find(now, load.concealment, load.commodity, True)
    routine = post.find(now, load.concealment, load.commodity, False)
    referral = 1.0 - post.thresholds(now, lane, pattern)[2]

    def chance(match: float, referral: float = referral) -> float:
        return post_probability(match, directed, referral, routine, released)

    if post.undrawn is not None and not released:
        full = 1.0 - post.thresholds(now, lane, pattern, post.undrawn)[2]
        _record(sim, load, control, STAFF, p, chance(match, full))
    if control.index in load.delayed:
        _waits(sim, load, control, start, p, sim.world.lookouts.match, chance)


def _waits(
    sim: Replication,
    load: Consignment,
    control: Control,
    start: float,
    p: float,
    share: float,
    chance: Callable[[float], float],
) -> None:
    """What waits at desks cost; ``chance`` is p by the effect of a lookout, ``share`` that of a fresh one."""
    half_life = sim.world.reports.half_life_h
    ages = sim.intelligence.lookouts.without_waits(load, control.index, start)
    at_once, unburdened = (chance(decayed(share, age, half_life)) for age in ages)
    _record(sim, load, control, FALSE_REPORTS, p, unburdened)
    _record(sim, load, control, OVERLOAD, unburdened, at_once)


def _record(
    sim: Replication, load: Consignment, control: Control, mechanism: str, p: float, without: float
) -> None:
    micrograms = expected_micrograms(load.load, p) - expected_micrograms(load.load, without)
    if micrograms:
        sim.events.append((sim.now, FORGONE, load.number, control.id, micrograms, p - without, mechanism))
