"""Where k sensors leave a smuggler the least evasion, if he knows them and takes his best path.

The stochastic network interdiction problem of Pan, Charlton and Morton (2003) and Morton, Pan and Saeger
(2007): sensors stand before it is known which pair of origin and destination the smuggler has, and he sees
them.
"""

from __future__ import annotations

import math
from itertools import chain, combinations

import numpy as np

from blo_sim.analysis import cuts
from blo_sim.analysis.cuts import Solved
from blo_sim.analysis.network import Floats, Integers, Network
from blo_sim.errors import UsageError

METHODS = ("auto", "enumeration", "highs")
SMALL = 50_000_000
"""Designs times arcs times searches up to which `best_design` enumerates by itself: a few seconds."""
LARGEST = 5_000_000
"""Designs that are enumerated on demand."""


def all_designs(network: Network, offices: int, allowed: Integers | None = None) -> tuple[Integers, Floats]:
    """Every design of a number of sensors, and the evasion it leaves.

    Parameters
    ----------
    network : Network
    offices : int
    allowed : ndarray of int, optional
        Candidates that may be used, as places in the instance's ``arcs``; all by default.

    Returns
    -------
    designs : ndarray of int, shape (m, offices)
        Places in the instance's ``arcs``, in lexicographic order.
    evasions : ndarray, shape (m,)

    Raises
    ------
    UsageError
        If there are more than `LARGEST`.
    """
    candidates = network.candidates if allowed is None else allowed
    count = math.comb(len(candidates), offices)
    if count > LARGEST:
        raise UsageError(
            f"there are {count:,} designs of {offices} of {len(candidates)} candidates, too many to "
            f"enumerate (at most {LARGEST:,}); the method highs needs no list of them"
        )
    flat = chain.from_iterable(combinations(candidates.tolist(), offices))
    designs = np.fromiter(flat, dtype=np.int64, count=count * offices).reshape(count, offices)
    return designs, network.evasions(designs)


def best_design(
    network: Network,
    offices: int,
    *,
    allowed: Integers | None = None,
    method: str = "auto",
    time_limit: float | None = None,
) -> tuple[Solved, str]:
    """The design that leaves the least evasion.

    Parameters
    ----------
    network : Network
    offices : int
        Number of sensors, at most that of the candidates.
    allowed : ndarray of int, optional
        Candidates that may be used; all by default.
    method : {"auto", "enumeration", "highs"}
        ``auto`` enumerates up to `SMALL`.
    time_limit : float, optional
        Seconds for HiGHS; enumeration takes what it takes.

    Returns
    -------
    Solved
        Of equal designs, enumeration gives the first in the file's order.
    str
        The method that was used.
    """
    candidates = network.candidates if allowed is None else allowed
    if method == "auto":
        work = math.comb(len(candidates), offices) * len(network.evade) * network.roots
        method = "enumeration" if work <= SMALL else "highs"
    if method == "highs":
        return cuts.solve(network, offices, allowed=candidates, time_limit=time_limit), method
    designs, evasions = all_designs(network, offices, candidates)
    # Sums in another order differ in the last digit; a tie must not be broken by it.
    best = int(np.flatnonzero(evasions <= evasions.min() * (1.0 + 1e-12))[0])
    design = tuple(designs[best].tolist())
    evasion = network.evasion(design)
    return Solved(design, evasion, evasion, True), method
