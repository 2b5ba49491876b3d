"""A baseline against alternatives that share every draw that both make."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from blo_sim.errors import UsageError
from blo_sim.experiment.design import DEFAULT_SEED, loaded, make_design, whole
from blo_sim.experiment.precision import precision_of
from blo_sim.experiment.replications import Progress, run_design
from blo_sim.experiment.result import CompareResult
from blo_sim.experiment.store import Call, Kept, keeper_for

if TYPE_CHECKING:
    from blo_sim.experiment.ensemble import Ensemble
    from blo_sim.scenario import Scenario


def compare(
    baseline: str | os.PathLike[str] | Scenario,
    *alternatives: str | os.PathLike[str] | Scenario,
    replications: int | None = None,
    precision: float | None = None,
    seed: int = DEFAULT_SEED,
    days: int | None = None,
    clock: str = "steady",
    estimator: str = "expected",
    behaviour: str | None = None,
    parameters: str | Ensemble | None = None,
    workers: int | None = None,
    progress: Progress | None = None,
    store: Kept | None = None,
    cluster: str | None = None,
) -> CompareResult:
    """Compare scenarios with a baseline, replication by replication under common random numbers.

    Parameters
    ----------
    baseline : str, path or Scenario
        A bundled name such as ``k22-baseline``, a path to a ``.toml`` file, or what `load_scenario` gave.
    *alternatives : str, path or Scenario
        At least one. The baseline given again is compared with itself, and gains exactly 0.
    replications : int, optional
        The baseline's own default if left out.
    precision, seed, days, clock, estimator, behaviour, parameters, workers, progress, store, cluster
        As for `simulate`.

    Returns
    -------
    CompareResult
        After Ctrl-C, that of the replications finished in every scenario, with ``interrupted`` set.

    Raises
    ------
    UsageError
        Also if the scenarios differ in days, dates or headline.
    ScenarioError, SimulationError
    """
    if not alternatives:
        raise UsageError("nothing to compare with the baseline: name at least one alternative")
    whole("workers", workers, at_least=1, optional=True)
    scenarios = (loaded(baseline), *map(loaded, alternatives))
    settings: dict[str, Any] = {
        "replications": replications,
        "seed": seed,
        "days": days,
        "clock": clock,
        "estimator": estimator,
        "behaviour": behaviour,
    }
    design = make_design(scenarios, parameters=parameters, **settings)
    settings["parameters"] = design.parameters
    rule = precision_of(design, precision, replications)
    keeper = keeper_for(store, design, Call("compare", scenarios, settings | {"precision": precision}))
    finished = run_design(
        design,
        workers=workers,
        progress=progress,
        paired=True,
        keeper=keeper,
        cluster=cluster,
        precision=rule,
    )
    return CompareResult(design, finished)
