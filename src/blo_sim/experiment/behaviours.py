"""The same experiment under every behaviour of smugglers."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from blo_sim.experiment.compare import compare
from blo_sim.experiment.design import BEHAVIOURS, check_behaviour, loaded, named
from blo_sim.experiment.result import Result
from blo_sim.experiment.run import simulate

if TYPE_CHECKING:
    from blo_sim.experiment.replications import Progress
    from blo_sim.scenario import Scenario


class BehavioursResult:
    """What `compare_behaviours` returns.

    Attributes
    ----------
    results : dict of str to RunResult or CompareResult
        By behaviour.
    interrupted : bool
        True if Ctrl-C ended the last of ``results`` early; later behaviours are then missing.
    """

    def __init__(self, results: dict[str, Result]) -> None:
        self.results = results
        last = list(results.values())[-1]
        self.design = last.design
        self.interrupted = last.interrupted or len(results) < len(BEHAVIOURS)
        self.replications = last.replications

    def document(self) -> dict[str, Any]:
        """``{"behaviours": {name: document}}``."""
        return {"behaviours": {name: each.document() for name, each in self.results.items()}}

    def rows(self) -> list[dict[str, Any]]:
        """The rows of every result, with the key ``behaviour`` before the others."""
        return list(self._with_behaviour(each.rows() for each in self.results.values()))

    def replications_table(self) -> list[dict[str, Any]]:
        """The exact integers of every result, with the key ``behaviour`` before the others."""
        return list(self._with_behaviour(each.replications_table() for each in self.results.values()))

    def _with_behaviour(self, tables: Iterator[list[dict[str, Any]]]) -> Iterator[dict[str, Any]]:
        for name, table in zip(self.results, tables, strict=True):
            for row in table:
                yield {"behaviour": name, **row}


def compare_behaviours(
    scenario: str | os.PathLike[str] | Scenario,
    *alternatives: str | os.PathLike[str] | Scenario,
    progress: Progress | None = None,
    **settings: Any,
) -> BehavioursResult:
    """Run or compare scenarios under ``fixed``, ``learning`` and ``best-reply``, with the same draws.

    Parameters
    ----------
    scenario : str, path or Scenario
    *alternatives : str, path or Scenario
        Compared with the first one under each behaviour, if there are any.
    progress : callable, optional
        Called with finished and total runs; the total grows as each behaviour begins.
    **settings
        As for `compare`, without ``behaviour``.

    Returns
    -------
    BehavioursResult

    Raises
    ------
    UsageError
        Also if a scenario has no table ``[behaviour]``.
    ScenarioError, SimulationError
    """
    scenarios = [loaded(each) for each in (scenario, *alternatives)]
    for name in BEHAVIOURS:
        check_behaviour(name, named(scenarios)[0])
    experiment = compare if alternatives else simulate
    results: dict[str, Result] = {}
    for place, name in enumerate(BEHAVIOURS):
        part = None if progress is None else _part(progress, place)
        try:
            results[name] = experiment(*scenarios, behaviour=name, progress=part, **settings)
        except KeyboardInterrupt:
            if not results:
                raise
            break
        if results[name].interrupted:
            break
    return BehavioursResult(results)


def _part(progress: Progress, place: int) -> Progress:
    """Progress of one behaviour as that of all, which take the same number of runs but for replays."""

    def told(done: int, total: int) -> None:
        progress(place * total + done, len(BEHAVIOURS) * total)

    return told
