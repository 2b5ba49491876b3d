"""One scenario, several replications."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from blo_sim.experiment.design import DEFAULT_SEED, loaded, make_design, whole
from blo_sim.experiment.precision import precision_of
from blo_sim.experiment.replications import Progress, run_design
from blo_sim.experiment.result import RunResult
from blo_sim.experiment.store import Call, Kept, keeper_for

if TYPE_CHECKING:
    from blo_sim.experiment.ensemble import Ensemble
    from blo_sim.scenario import Scenario


def simulate(
    scenario: str | os.PathLike[str] | Scenario,
    *,
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
) -> RunResult:
    """Run one scenario.

    Parameters
    ----------
    scenario : str, path or Scenario
        A bundled name such as ``k22-baseline``, a path to a ``.toml`` file, or what `load_scenario` gave.
    replications : int, optional
        The scenario's own default if left out.
    precision : float, optional
        Instead of a number of replications, the half-width that the interval of the headline's intercepted
        kilograms shall have over its mean, such as 0.1 (`blo_sim.experiment.precision`); of a comparison,
        the intervals of what each alternative keeps from delivery.
    seed : int
        The same seed gives the same draws to every scenario.
    days : int, optional
        Measured days; the scenario's default for the clock if left out.
    clock : {"steady", "dated"}
        A year in full operation, or the years from the grant on, with openings on their dates.
    estimator : {"expected", "realised"}
        What ``intercepted_kg`` counts: load times probability at every encounter (same mean, less
        variance), or the loads that were seized.
    behaviour : {"fixed", "learning", "best-reply"}, optional
        Whether smugglers keep their ways, learn from losses, or take the best ways from the start; the
        scenario's own if left out.
    parameters : {"central", "plausible"} or Ensemble, optional
        Whether replications have the values of the file, or those of plausible draws of their ranges, which
        give the range ``plausible`` beside each number (`blo_sim.experiment.ensemble`). ``plausible`` if the
        scenario names an ensemble, if left out.
    workers : int, optional
        Processes, all cores by default; results do not depend on it.
    progress : callable, optional
        Called with finished and total numbers of replications.
    store : str or path, optional
        Folder in which every finished replication is kept. The same call goes on there, and runs only what
        is not there yet.
    cluster : str, optional
        Address ``tcp://host:port`` of a Dask scheduler to run on instead of ``workers`` processes, or
        ``local:N`` for a cluster of N processes here; needs the extra ``[cluster]``.

    Returns
    -------
    RunResult
        After Ctrl-C, that of the replications finished until then, with ``interrupted`` set.

    Raises
    ------
    ScenarioError, UsageError, SimulationError
    """
    whole("workers", workers, at_least=1, optional=True)
    scenarios = (loaded(scenario),)
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
    keeper = keeper_for(store, design, Call("simulate", scenarios, settings | {"precision": precision}))
    finished = run_design(
        design, workers=workers, progress=progress, keeper=keeper, cluster=cluster, precision=rule
    )
    return RunResult(design, finished)
