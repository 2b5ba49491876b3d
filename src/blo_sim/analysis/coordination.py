"""The price of no coordination: offices whose owners decide alone, against the best joint design.

Everybody wants the same, the least evasion of the whole network, and knows everything but the others'
choices. Owners (countries) share the offices as evenly as their candidates allow, the first by name taking
what is left over; each solves its own problem as if the others had no offices. Without owners every office
decides for itself: all of them take the one arc that alone reduces evasion most, where only the first does
anything. That shows what blindness to each other can cost; it is no forecast of what offices do.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from blo_sim.analysis.cuts import Solved
from blo_sim.analysis.generate import generate_instance
from blo_sim.analysis.interdiction import best_design
from blo_sim.analysis.network import Network
from blo_sim.experiment.design import DEFAULT_SEED, whole


@dataclass(frozen=True, slots=True)
class Coordination:
    """What deciding alone costs.

    Parameters
    ----------
    isolated, coordinated : float
        Evasion when each decides alone, and under the joint design.
    design : tuple of int
        Where the offices of the former stand, as places in the instance's ``arcs``; one that is chosen by
        several stands there several times.
    shares : dict of str to int
        Offices of each owner; empty without owners.
    proven : bool
        Whether all designs are known to be best.
    """

    isolated: float
    coordinated: float
    design: tuple[int, ...]
    shares: dict[str, int]
    proven: bool

    @property
    def gap(self) -> float:
        """Evasion that coordination takes away."""
        return self.isolated - self.coordinated

    @property
    def ratio(self) -> float | None:
        """Interception when each decides alone over that under the joint design; None where both are 0."""
        return (1.0 - self.isolated) / (1.0 - self.coordinated) if self.coordinated < 1.0 else None


def price(
    network: Network,
    offices: int,
    joint: Solved,
    *,
    method: str = "auto",
    time_limit: float | None = None,
) -> Coordination:
    """Compare deciding alone with a joint design.

    Parameters
    ----------
    network : Network
    offices : int
        At most the number of candidates.
    joint : Solved
        The best joint design of as many offices.
    method : {"auto", "enumeration", "highs"}
    time_limit : float, optional
        Seconds for each owner's problem.
    """
    owners = network.instance.owners
    if not owners:
        alone, _ = best_design(network, min(1, offices), method=method, time_limit=time_limit)
        chosen, shares, proven = alone.design * offices, {}, alone.proven
    else:
        chosen, shares, proven = (), _shares(network, offices), True
        for owner, share in shares.items():
            alone, _ = best_design(
                network, share, allowed=_owned(network, owner), method=method, time_limit=time_limit
            )
            chosen, proven = chosen + alone.design, proven and alone.proven
    isolated = network.evasion(tuple(dict.fromkeys(chosen)))
    return Coordination(isolated, joint.evasion, chosen, shares, proven and joint.proven)


def random_prices(
    graphs: int,
    *,
    offices: int,
    nodes: int,
    arcs: int,
    candidates: int,
    pairs: int,
    owners: int = 2,
    seed: int = DEFAULT_SEED,
) -> list[dict[str, Any]]:
    """The price of no coordination on made-up instances.

    Parameters
    ----------
    graphs : int
        How many; their seeds count up from ``seed``.
    offices : int
    nodes, arcs, candidates, pairs, owners, seed
        As for `blo_sim.analysis.generate.generate_instance`.

    Returns
    -------
    list of dict
        One a graph, with ``seed``, ``without`` (evasion without offices), ``isolated``, ``coordinated``,
        ``gap`` and ``ratio``.

    Raises
    ------
    UsageError
        If a number is out of its range.
    """
    whole("graphs", graphs, at_least=1)
    whole("candidates", candidates, at_least=0)
    whole("offices", offices, at_least=0, at_most=candidates)
    rows = []
    for each in range(seed, seed + graphs):
        instance = generate_instance(
            nodes=nodes, arcs=arcs, candidates=candidates, pairs=pairs, owners=owners, seed=each
        )
        network = Network(instance)
        joint, _ = best_design(network, offices)
        found = price(network, offices, joint)
        rows.append(
            {
                "seed": each,
                "without": network.evasion(),
                "isolated": found.isolated,
                "coordinated": found.coordinated,
                "gap": found.gap,
                "ratio": found.ratio,
            }
        )
    return rows


def _owned(network: Network, owner: str) -> np.ndarray[Any, np.dtype[np.int64]]:
    arcs = network.instance.arcs
    return np.array([place for place in network.candidates.tolist() if arcs[place].owner == owner])


def _shares(network: Network, offices: int) -> dict[str, int]:
    return even_shares({owner: len(_owned(network, owner)) for owner in network.instance.owners}, offices)


def even_shares(room: Mapping[str, int], offices: int) -> dict[str, int]:
    """Offices of each owner, as even as its candidates allow: one each in turn, until all are given.

    Parameters
    ----------
    room : mapping of str to int
        Candidates of each owner.
    """
    shares = dict.fromkeys(room, 0)
    while sum(shares.values()) < offices:
        for owner in _with_room(shares, room)[: offices - sum(shares.values())]:
            shares[owner] += 1
    return shares


def _with_room(shares: Mapping[str, int], room: Mapping[str, int]) -> list[str]:
    return [owner for owner in room if shares[owner] < room[owner]]
