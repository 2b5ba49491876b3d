"""The same experiment under every behaviour of smugglers, and at both ends of what decides if they adapt.

Smugglers who learn change nothing below a risk that they bear. No source says how large that risk is, so
``learning`` is run at both ends of the threshold's range too.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

from blo_sim.experiment.compare import compare
from blo_sim.experiment.design import (
    BEHAVIOURS,
    CENTRAL,
    PLAUSIBLE,
    check_behaviour,
    loaded,
    named,
)
from blo_sim.experiment.result import Result
from blo_sim.experiment.run import simulate
from blo_sim.experiment.store import Call, Place, Store
from blo_sim.scenario.assumptions import range_of

if TYPE_CHECKING:
    from blo_sim.experiment.replications import Progress
    from blo_sim.scenario import Scenario


SWEPT = "behaviour.risk_threshold"
ELSEWHERE = ("workers", "cluster")
"""Settings that say where an experiment runs, not what it is."""
Results = dict[str, Result]


class BehavioursResult:
    """What `compare_behaviours` returns.

    Attributes
    ----------
    results : dict of str to RunResult or CompareResult
        By behaviour.
    ends : dict of float to RunResult or CompareResult
        ``learning`` at both ends of the range of ``behaviour.risk_threshold``; empty if it has no range.
    interrupted : bool
        True if Ctrl-C ended the last of these early; later ones are then missing.
    """

    def __init__(self, results: Results, ends: dict[float, Result], interrupted: bool) -> None:
        self.results = results
        self.ends = ends
        self.interrupted = interrupted
        last = [*results.values(), *ends.values()][-1]
        self.design = last.design
        self.replications = last.replications

    @property
    def all(self) -> Results:
        """Every result by its label, such as ``learning`` and ``learning@0.13``."""
        return self.results | {_label(end): each for end, each in self.ends.items()}

    def document(self) -> dict[str, Any]:
        """``{"behaviours": {name: document}, "sweep": {key: {value: document}}}``."""
        content: dict[str, Any] = {
            "behaviours": {name: each.document() for name, each in self.results.items()}
        }
        if self.ends:
            content["sweep"] = {SWEPT: {f"{end:g}": each.document() for end, each in self.ends.items()}}
        return content

    def rows(self) -> list[dict[str, Any]]:
        """The rows of every result, with its label as ``behaviour`` before the other keys."""
        return list(self._with_behaviour(each.rows() for each in self.all.values()))

    def replications_table(self) -> list[dict[str, Any]]:
        """The exact integers of every result, with its label as ``behaviour`` before the other keys."""
        return list(self.replications_rows())

    def replications_rows(self) -> Iterator[dict[str, Any]]:
        """The rows of `replications_table`, without holding them all."""
        return self._with_behaviour(each.replications_rows() for each in self.all.values())

    def ledger_table(self) -> list[dict[str, Any]]:
        """The ledger of every result, with its label as ``behaviour`` before the other keys."""
        return list(self.ledger_rows())

    def ledger_rows(self) -> Iterator[dict[str, Any]]:
        """The rows of `ledger_table`, without holding them all."""
        return self._with_behaviour(each.ledger_rows() for each in self.all.values())

    def _with_behaviour(self, tables: Iterator[Iterable[dict[str, Any]]]) -> Iterator[dict[str, Any]]:
        for name, table in zip(self.all, tables, strict=True):
            for row in table:
                yield {"behaviour": name, **row}


def compare_behaviours(
    scenario: str | os.PathLike[str] | Scenario,
    *alternatives: str | os.PathLike[str] | Scenario,
    progress: Progress | None = None,
    store: str | os.PathLike[str] | Store | None = None,
    **settings: Any,
) -> BehavioursResult:
    """Run or compare scenarios under ``fixed``, ``learning`` and ``best-reply``, with the same draws.

    ``learning`` is run twice more, with the first scenario's ``behaviour.risk_threshold`` at both ends of
    its range, if it has one.

    Parameters
    ----------
    scenario : str, path or Scenario
    *alternatives : str, path or Scenario
        Compared with the first one under each behaviour, if there are any.
    progress : callable, optional
        Called with finished and total runs; the total is an estimate until the last part begins.
    store : str or path, optional
        As for `compare`; each part has a section of its own in it.
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
    distinct, _ = named(scenarios)
    for name in BEHAVIOURS:
        check_behaviour(name, distinct)
    experiment = compare if alternatives else simulate
    ends = sorted(set(range_of(scenarios[0].tables, *SWEPT.split(".")) or ()))
    parts: list[tuple[str | float, str, list[Scenario]]] = [(name, name, scenarios) for name in BEHAVIOURS]
    parts += [(end, "learning", [_with_threshold(each, end) for each in scenarios]) for end in ends]
    found: dict[str | float, Result] = {}
    folder = None
    if isinstance(store, Store):
        folder = store
    elif store is not None:
        kept_settings = {name: each for name, each in settings.items() if name not in ELSEWHERE}
        if kept_settings.get("parameters") not in (None, CENTRAL):
            kept_settings["parameters"] = PLAUSIBLE
        folder = Store(store, Call("compare_behaviours", tuple(scenarios), kept_settings))
    if folder is not None:
        parts = [each for each in parts if folder.most(_label(each[0]))]
    for place, (label, behaviour, worlds) in enumerate(parts):
        part = None if progress is None else _part(progress, place, len(parts))
        kept = None if folder is None else Place(folder, _label(label))
        try:
            found[label] = experiment(*worlds, behaviour=behaviour, progress=part, store=kept, **settings)
        except KeyboardInterrupt:
            if not found:
                raise
            break
        if found[label].interrupted:
            break
    return BehavioursResult(
        {label: each for label, each in found.items() if isinstance(label, str)},
        {label: each for label, each in found.items() if isinstance(label, float)},
        len(found) < len(parts) or any(each.interrupted for each in found.values()),
    )


def _label(part: str | float) -> str:
    """What results call a behaviour, or ``learning`` at one end of the threshold."""
    return part if isinstance(part, str) else f"learning@{part:g}"


def _with_threshold(scenario: Scenario, threshold: float) -> Scenario:
    """The scenario with another risk threshold."""
    from blo_sim.scenario.load import rebuilt

    table, name = SWEPT.split(".")
    changed = {table: scenario.tables[table] | {name: threshold}}
    return rebuilt(scenario, changed, scenario.name)


def _part(progress: Progress, place: int, parts: int) -> Progress:
    """Progress of one part as that of all, which take the same number of runs but for replays."""

    def told(done: int, total: int) -> None:
        progress(place * total + done, parts * total)

    return told
