"""An experiment that was kept in a folder: go on with it, or read it."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from blo_sim.errors import UsageError
from blo_sim.experiment.behaviours import compare_behaviours
from blo_sim.experiment.compare import compare
from blo_sim.experiment.design import whole
from blo_sim.experiment.ensemble import read_ensemble
from blo_sim.experiment.layouts import CROSSOVER, compare_layouts
from blo_sim.experiment.run import simulate
from blo_sim.experiment.store import ENSEMBLE, Store

if TYPE_CHECKING:
    from blo_sim.experiment.behaviours import BehavioursResult
    from blo_sim.experiment.layouts import LayoutsResult
    from blo_sim.experiment.replications import Progress
    from blo_sim.experiment.result import CompareResult, RunResult
    from blo_sim.scenario import Scenario

    Resumed = RunResult | CompareResult | BehavioursResult | LayoutsResult


def _layouts(base: Scenario, *layouts: Scenario, **settings: Any) -> LayoutsResult:
    """`compare_layouts` by the scenarios that its store has: the usual layouts, or those that were named."""
    return compare_layouts(base, layouts or None, **settings)


FUNCTIONS: dict[str, Any] = {each.__name__: each for each in (simulate, compare, compare_behaviours)}
FUNCTIONS["compare_layouts"] = _layouts
"""Public functions that keep replications."""


def resume(
    folder: str | os.PathLike[str],
    *,
    replications: int | None = None,
    workers: int | None = None,
    cluster: str | None = None,
    progress: Progress | None = None,
) -> Resumed:
    """Go on with an experiment that was interrupted, killed, or shall have more replications.

    Parameters
    ----------
    folder : str or path
        The ``store`` of `simulate`, `compare`, `compare_behaviours` or `compare_layouts`, or what ``--out``
        named.
    replications : int, optional
        As many as were asked for at first, if left out, or as many as the precision asked for takes.
    workers, cluster, progress
        As for `simulate`.

    Returns
    -------
    RunResult, CompareResult, BehavioursResult or LayoutsResult
        What the first call would have returned, had it not been interrupted.

    Raises
    ------
    UsageError
        If the folder is no store, or another version of this program made it.
    SimulationError
    """
    whole("replications", replications, at_least=1, optional=True)
    store = Store(folder)
    settings = dict(store.manifest["call"]["settings"])
    if replications is not None:
        settings |= _exactly(replications, settings)
    return _called(store, folder, workers=workers, cluster=cluster, progress=progress, **settings)


def open_run(folder: str | os.PathLike[str]) -> Resumed:
    """Read an experiment as far as it is finished; nothing is run or written.

    Parameters
    ----------
    folder : str or path
        As for `resume`.

    Raises
    ------
    UsageError
        If the folder is no store, or no replication is finished.
    """
    store = Store(folder)
    counts = store.counts()
    counts.pop(CROSSOVER, None)
    finished = min(counts.values(), default=0)
    if not finished:
        raise UsageError(f"{folder}: no replication is finished yet; `blo-sim resume` goes on with it")
    settings = dict(store.manifest["call"]["settings"])
    return _called(store, store, workers=1, **settings | _exactly(finished, settings))


def _exactly(replications: int, settings: dict[str, Any]) -> dict[str, Any]:
    """Settings for a number of replications, whatever their precision."""
    exact: dict[str, Any] = {"replications": replications}
    return exact | {"precision": None} if "precision" in settings else exact


def _called(store: Store, kept: Any, **settings: Any) -> Resumed:
    function = FUNCTIONS[store.manifest["call"]["function"]]
    if (store.folder / ENSEMBLE).exists():
        settings["parameters"] = read_ensemble(store.folder / ENSEMBLE)
    result: Resumed = function(*store.scenarios(), store=kept, **settings)
    return result
