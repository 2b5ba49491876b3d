"""Simulation of border crossings, Border Liaison Offices and the intelligence between them.

>>> import blo_sim
>>> blo_sim.__all__  # doctest: +NORMALIZE_WHITESPACE
['Scenario', '__version__', 'bound_instance', 'bound_scenario', 'compare', 'compare_behaviours',
 'compare_layouts', 'instance_scenario', 'load_scenario', 'match_history', 'open_run', 'read_ensemble',
 'resume', 'simulate', 'synthetic_scenario', 'warmup_study', 'write_events', 'write_replay',
 'write_synthetic']
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from blo_sim.analysis.bound import bound_instance
    from blo_sim.analysis.matching import match_history
    from blo_sim.analysis.scenario_bound import bound_scenario
    from blo_sim.analysis.simulated import instance_scenario
    from blo_sim.analysis.warmup import warmup_study
    from blo_sim.experiment.behaviours import compare_behaviours
    from blo_sim.experiment.compare import compare
    from blo_sim.experiment.ensemble import read_ensemble
    from blo_sim.experiment.event_file import write_events
    from blo_sim.experiment.layouts import compare_layouts
    from blo_sim.experiment.resume import open_run, resume
    from blo_sim.experiment.run import simulate
    from blo_sim.scenario import Scenario, load_scenario
    from blo_sim.scenario.synthetic import synthetic_scenario, write_synthetic
    from blo_sim.workshop.replay import write_replay

__version__ = "0.1.0"
__all__ = [
    "Scenario",
    "__version__",
    "bound_instance",
    "bound_scenario",
    "compare",
    "compare_behaviours",
    "compare_layouts",
    "instance_scenario",
    "load_scenario",
    "match_history",
    "open_run",
    "read_ensemble",
    "resume",
    "simulate",
    "synthetic_scenario",
    "warmup_study",
    "write_events",
    "write_replay",
    "write_synthetic",
]

_HOMES = {
    "Scenario": "blo_sim.scenario",
    "bound_instance": "blo_sim.analysis.bound",
    "bound_scenario": "blo_sim.analysis.scenario_bound",
    "compare": "blo_sim.experiment.compare",
    "compare_behaviours": "blo_sim.experiment.behaviours",
    "compare_layouts": "blo_sim.experiment.layouts",
    "instance_scenario": "blo_sim.analysis.simulated",
    "load_scenario": "blo_sim.scenario",
    "match_history": "blo_sim.analysis.matching",
    "open_run": "blo_sim.experiment.resume",
    "read_ensemble": "blo_sim.experiment.ensemble",
    "resume": "blo_sim.experiment.resume",
    "simulate": "blo_sim.experiment.run",
    "synthetic_scenario": "blo_sim.scenario.synthetic",
    "warmup_study": "blo_sim.analysis.warmup",
    "write_events": "blo_sim.experiment.event_file",
    "write_replay": "blo_sim.workshop.replay",
    "write_synthetic": "blo_sim.scenario.synthetic",
}


def __getattr__(name: str) -> Any:
    # Loaded on first use, so that `blo-sim --help` and an import stay fast.
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    found = getattr(import_module(_HOMES[name]), name)
    globals()[name] = found
    return found


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
