"""The price of no coordination on a scenario: countries that each place offices alone, against all together.

An office adds to a post what the last office of the scenario adds to its own: equipment and training. Where
it stands, the post's long-run detection rises, for those whom nobody told of. Smugglers care for the risk
alone and take the least risky way of their choice sets. Everybody wants the same, the most kilograms of the
headline intercepted. The meaning of isolated and coordinated is that of `blo_sim.analysis.coordination`, with
countries as owners.
"""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING, Any

import numpy as np

from blo_sim.analysis.coordination import even_shares
from blo_sim.errors import UsageError
from blo_sim.experiment.design import whole
from blo_sim.model.border.long_run import LongRun
from blo_sim.model.traffic.prospects import detection_along

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from blo_sim.scenario import Scenario
    from blo_sim.world.compile import World

    Floats = NDArray[np.float64]

ENUMERATED = 100_000
"""Most designs that are weighed one by one; beyond, a greedy design is improved by exchanges."""
LEAST = 1e-12


@dataclass(frozen=True)
class SitesPrice:
    """What placing offices without coordination costs in a scenario; shares are of the headline's mass.

    Attributes
    ----------
    offices : int
    candidates : int
        Posts without a liaison office at which one would detect more.
    without : float
        Intercepted without further offices.
    isolated, coordinated : float
        Intercepted where each country places its share alone, and under the best joint design.
    shares : dict of str to int
        Offices of each country where they decide alone.
    joint_shares : dict of str to int
        Offices in each country under the joint design.
    proven : bool
        Whether all designs are known to be best.
    """

    offices: int
    candidates: int
    without: float
    isolated: float
    coordinated: float
    shares: dict[str, int]
    joint_shares: dict[str, int]
    proven: bool

    @property
    def ratio(self) -> float | None:
        """What isolated offices gain over what coordinated ones gain; None if these gain nothing."""
        gain = self.coordinated - self.without
        return (self.isolated - self.without) / gain if gain > LEAST else None

    def document(self) -> dict[str, Any]:
        """For JSON."""
        return {
            "offices": self.offices,
            "candidates": self.candidates,
            "without": self.without,
            "isolated": self.isolated,
            "coordinated": self.coordinated,
            "ratio": self.ratio,
            "shares": self.shares,
            "joint_shares": self.joint_shares,
            "proven": self.proven,
        }


def price_of_sites(scenario: Scenario, world: World, offices: int) -> SitesPrice:
    """Place offices alone and together.

    Parameters
    ----------
    scenario : Scenario
    world : World
        Compiled from it.
    offices : int
        At most the number of candidates.

    Raises
    ------
    UsageError
        If the scenario has no office to take as a model, or fewer candidates.
    """
    sites = _Sites(scenario, world)
    whole("offices", offices, at_least=1, at_most=max(1, len(sites.posts)))
    if not sites.posts:
        raise UsageError(f"{scenario.name}: an office like its last one adds nothing at any post without one")
    everywhere = range(len(sites.posts))
    joint, proven = sites.best(offices, everywhere)
    room = {
        country: [place for place in everywhere if sites.countries[place] == country]
        for country in sorted(set(sites.countries))
    }
    shares = even_shares({country: len(places) for country, places in room.items()}, offices)
    alone: tuple[int, ...] = ()
    for country, share in shares.items():
        chosen, known = sites.best(share, room[country])
        alone, proven = alone + chosen, proven and known
    return SitesPrice(
        offices=offices,
        candidates=len(sites.posts),
        without=sites.intercepted(()),
        isolated=sites.intercepted(alone),
        coordinated=sites.intercepted(joint),
        shares={country: share for country, share in shares.items() if share},
        joint_shares={
            country: sum(sites.countries[place] == country for place in joint)
            for country in room
            if any(sites.countries[place] == country for place in joint)
        },
        proven=proven,
    )


class _Sites:
    """Interception by where offices stand. ``posts`` are the candidates, ``countries`` theirs."""

    def __init__(self, scenario: Scenario, world: World) -> None:
        weights = scenario.model.headline.weights
        taken = {office.post for office in scenario.model.offices}
        names = [post.id for post in world.posts if post.id not in taken]
        added = _with_offices(scenario, names)
        before, after = LongRun(world, 0.0), LongRun(added, 0.0)
        place_of = {post.control: name for post in world.posts for name in (post.id,) if name in set(names)}
        masses: list[float] = []
        logs: list[float] = []
        starts: list[int] = []
        gains: list[dict[str, float]] = []
        for stream, other in zip(world.streams, added.streams, strict=True):
            mass = weights.get(stream.commodity, 0.0) * sum(stream.per_hour) * stream.mean_kg
            if not mass:
                continue
            masses.append(mass)
            starts.append(len(logs))
            for route in stream.routes:
                old = np.array(detection_along(world, stream, route, before))
                new = np.array(detection_along(added, other, route, after))
                met = [index for leg in route.legs for index in (*leg.controls, *leg.units)]
                passed, watched = (np.log(np.maximum(LEAST, 1.0 - p)) for p in (old, new))
                logs.append(float(passed.sum()))
                gains.append(
                    {
                        place_of[index]: gain
                        for index, gain in zip(met, (watched - passed).tolist(), strict=True)
                        if index in place_of and gain < 0.0
                    }
                )
        if not masses:
            raise UsageError(f"{scenario.name}: no flow ships anything of its headline")
        self.posts = sorted({name for each in gains for name in each})
        country = {post.id: post.country for post in scenario.model.posts}
        self.countries = [country[name] for name in self.posts]
        self.masses = np.array(masses) / math.fsum(masses)
        self.starts, self.logs = np.array(starts), np.array(logs)
        self.gains = np.array([[each.get(name, 0.0) for name in self.posts] for each in gains])

    def intercepted(self, design: Sequence[int]) -> float:
        """Share of the mass, if every smuggler takes his least risky way."""
        passed = self.logs + self.gains[:, list(dict.fromkeys(design))].sum(axis=1)
        best = np.maximum.reduceat(passed, self.starts)
        return 1.0 - float(self.masses @ np.exp(best))

    def best(self, count: int, allowed: Sequence[int]) -> tuple[tuple[int, ...], bool]:
        """The design that intercepts most, the first of equal ones, and whether it is known to be best."""
        if math.comb(len(allowed), count) <= ENUMERATED:
            designs = combinations(allowed, count)
            return max(designs, key=self.intercepted), True
        chosen: list[int] = []
        for _ in range(count):
            rest = [place for place in allowed if place not in chosen]
            chosen.append(max(rest, key=lambda place: self.intercepted([*chosen, place])))
        while True:
            value = self.intercepted(chosen)
            swaps = [
                [*chosen[:place], other, *chosen[place + 1 :]]
                for place in range(count)
                for other in allowed
                if other not in chosen
            ]
            better = max(swaps, key=self.intercepted)
            if self.intercepted(better) <= value + LEAST:
                return tuple(sorted(chosen)), False
            chosen = better


def _with_offices(scenario: Scenario, posts: Sequence[str]) -> World:
    """The world with an office like the scenario's last one at more posts."""
    from blo_sim.scenario.load import rebuilt
    from blo_sim.world.compile import compile_world

    if not scenario.model.offices:
        raise UsageError(f"{scenario.name}: has no [[offices]] whose last one could be a model for more")
    last = scenario.model.offices[-1].components
    components = {"equipment": list(last.equipment), "training": last.training}
    rows = [
        {"id": f"further-{post}", "post": post, "opens": dt.date(1900, 1, 1), "components": components}
        for post in posts
    ]
    tables = [*scenario.tables["offices"], *rows]
    return compile_world(rebuilt(scenario, {"offices": tables}, scenario.name))
