"""The exact limits of a network instance, as one result."""

from __future__ import annotations

import math
import os
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from blo_sim import __version__
from blo_sim.analysis.coordination import Coordination, price
from blo_sim.analysis.cuts import Solved
from blo_sim.analysis.instance import Instance, load_instance
from blo_sim.analysis.interdiction import METHODS, best_design
from blo_sim.analysis.network import Network, Reply
from blo_sim.analysis.teams import Team, team_value
from blo_sim.errors import UsageError
from blo_sim.experiment.design import one_of, whole
from blo_sim.experiment.result import as_dataframe

ROW = ("origin", "destination", "probability", "evasion_without", "evasion", "path")


@dataclass(frozen=True)
class BoundResult:
    """What `bound_instance` returns.

    Parameters
    ----------
    instance : Instance
    offices : int
    method : str
        ``enumeration`` or ``highs``.
    solved : Solved
        The design, its exact evasion, a lower bound on that of any design, and whether it is proven best.
    without, replies : tuple of Reply
        Best replies of each pair, to no office and to the design.
    evasion_without : float
        Evasion without any office.
    team : Team
        Best play of one team that inspects one arc; offices play no part in it.
    coordination : Coordination or None
        None without offices.
    """

    instance: Instance
    offices: int
    method: str
    solved: Solved
    without: tuple[Reply, ...]
    replies: tuple[Reply, ...]
    evasion_without: float
    team: Team
    coordination: Coordination | None

    @property
    def evasion(self) -> float:
        """Probability that a smuggler gets through."""
        return self.solved.evasion

    @property
    def interception(self) -> float:
        """What is left of 1."""
        return 1.0 - self.solved.evasion

    @property
    def gap(self) -> float:
        """How much better an unknown design might be; 0 where this one is proven."""
        return 0.0 if self.solved.proven else self.solved.evasion - self.solved.bound

    def ends(self, places: Sequence[int]) -> list[list[int | str]]:
        """Tail and head of arcs by their places in the instance."""
        return [[self.instance.arcs[place].tail, self.instance.arcs[place].head] for place in places]

    def document(self) -> dict[str, Any]:
        """The JSON document: dictionaries, lists, strings, finite numbers and None."""
        return {
            "version": __version__,
            "instance": self.instance.name,
            "source": self.instance.source,
            "offices": self.offices,
            "candidates": len(self.instance.candidates),
            "evasion_without": self.evasion_without,
            "evasion": self.evasion,
            "interception": self.interception,
            "arcs": self.ends(self.solved.design),
            "arc_places": list(self.solved.design),
            "bound": self.solved.bound,
            "gap": self.gap,
            "proven": self.solved.proven,
            "method": self.method,
            "pairs": [
                {**row, "path": self.ends(reply.arcs)}
                for row, reply in zip(self.rows(), self.replies, strict=True)
            ],
            "team": self._team(),
            "coordination": self._coordination(),
        }

    def rows(self) -> list[dict[str, Any]]:
        """The pairs of origin and destination, one a row.

        Returns
        -------
        list of dict
            Keys ``origin``, ``destination``, ``probability``, ``evasion_without``, ``evasion``, and
            ``path``: the nodes of the best reply to the design as a text with ``>`` between, empty where
            there is no way.
        """
        return [
            {
                "origin": origin,
                "destination": destination,
                "probability": probability,
                "evasion_without": before.evasion,
                "evasion": after.evasion,
                "path": self.path(after),
            }
            for (origin, destination), probability, before, after in zip(
                self.instance.od, self.instance.probabilities, self.without, self.replies, strict=True
            )
        ]

    def to_dataframe(self) -> Any:
        """The `rows` as a pandas ``DataFrame``.

        Raises
        ------
        UsageError
            If pandas is not installed.
        """
        return as_dataframe(self.rows(), ROW)

    def path(self, reply: Reply) -> str:
        """The nodes of a path as a text."""
        if not reply.arcs:
            return ""
        steps = self.ends(reply.arcs)
        return " > ".join(str(node) for node in (steps[0][0], *(head for _, head in steps)))

    def _team(self) -> dict[str, Any]:
        return {
            "value": self.team.value,
            "mix": [
                {"arc": self.ends([place])[0], "arc_place": place, "probability": probability}
                for place, probability in sorted(self.team.mix.items())
            ],
            "paths": [
                {"pair": pair, "path": self.ends(path), "probability": probability}
                for pair, path, probability in self.team.paths
            ],
        }

    def _coordination(self) -> dict[str, Any] | None:
        found = self.coordination
        if found is None:
            return None
        return {
            "isolated": found.isolated,
            "coordinated": found.coordinated,
            "gap": found.gap,
            "ratio": found.ratio,
            "proven": found.proven,
            "arcs": self.ends(found.design),
            "shares": found.shares,
        }


def bound_instance(
    instance: str | os.PathLike[str] | Instance,
    *,
    offices: int = 0,
    method: str = "auto",
    time_limit: float | None = None,
) -> BoundResult:
    """The least evasion that a number of offices can leave, and what lies beside it.

    Parameters
    ----------
    instance : str, path or Instance
        A JSON file, or the name of a bundled instance such as ``"pcm12"``.
    offices : int
        How many stand on candidate arcs, from 0 to the number of candidates.
    method : {"auto", "enumeration", "highs"}
        How the best design is found; ``auto`` enumerates where that takes a few seconds at most.
    time_limit : float, optional
        Seconds that HiGHS may take for the joint design, and for each owner's; then the best design so far
        stands beside a bound. By default it goes on until the design is proven best.

    Raises
    ------
    UsageError
        If the instance or a setting cannot be used.

    Examples
    --------
    >>> import blo_sim
    >>> result = blo_sim.bound_instance("pcm12", offices=2)
    >>> round(result.evasion, 6), result.ends(result.solved.design)
    (0.058854, [[4, 3], [5, 6]])
    """
    loaded = load_instance(instance)
    candidates = len(loaded.candidates)
    whole("offices", offices, at_least=0, at_most=candidates)
    one_of("method", method, METHODS)
    right = isinstance(time_limit, int | float) and not isinstance(time_limit, bool)
    if time_limit is not None and not (right and math.isfinite(time_limit) and time_limit > 0):
        raise UsageError(f"time_limit is {time_limit!r}; it must be a number of seconds above 0")
    network = Network(loaded)
    solved, used = best_design(network, offices, method=method, time_limit=time_limit)
    coordination = None
    if offices:
        coordination = price(network, offices, solved, method=method, time_limit=time_limit)
    return BoundResult(
        instance=loaded,
        offices=offices,
        method=used,
        solved=solved,
        without=tuple(network.replies(network.evade)),
        replies=tuple(network.replies(network.under(solved.design))),
        evasion_without=network.evasion(),
        team=team_value(network),
        coordination=coordination,
    )
