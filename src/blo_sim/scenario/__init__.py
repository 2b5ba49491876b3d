"""What a user writes: the schema of scenario files, their layers and parameters, the bundled library."""

from __future__ import annotations

from blo_sim.scenario.assumptions import Assumption
from blo_sim.scenario.document import schema_document
from blo_sim.scenario.library import BundledScenario, bundled_scenarios
from blo_sim.scenario.load import Scenario, counts, grade_problems, load_scenario, load_scenarios
from blo_sim.scenario.template import new_scenario

__all__ = [
    "Assumption",
    "BundledScenario",
    "Scenario",
    "bundled_scenarios",
    "counts",
    "grade_problems",
    "load_scenario",
    "load_scenarios",
    "new_scenario",
    "schema_document",
]
