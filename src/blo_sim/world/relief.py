"""A drawn world whose posts can pass what comes.

Traffic, inspections and their length are drawn one by one, but rosters are not. Together they would ask four
times as much of some lanes as there is, and queues would grow for the whole year. What is published is what
passed: where a draw asks for more, the crossing has the traffic that its lanes can pass.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from blo_sim.scenario.load import rebuilt
from blo_sim.world.crossings import busiest_load, lane_groups

if TYPE_CHECKING:
    from blo_sim.scenario import Scenario

FULLEST = 0.9
"""Load of the lanes of one class in the busiest month that is not exceeded."""


def relieved(scenario: Scenario) -> Scenario:
    """The scenario with less traffic of those classes that its lanes could not pass.

    Parameters
    ----------
    scenario : Scenario
        It is not changed; if nothing is too full, it is what is returned.
    """
    model = scenario.model
    worst: dict[tuple[str, str], float] = {}
    for post in model.posts:
        for group in lane_groups(post, model):
            place = post.crossing, group.traffic_class
            worst[place] = max(worst.get(place, 0.0), busiest_load(group))
    rows, changed = [], False
    for row, table in zip(model.crossings, scenario.tables["crossings"], strict=True):
        less = {
            name: count * FULLEST / worst[row.id, name]
            for name, count in row.daily.items()
            if worst.get((row.id, name), 0.0) > FULLEST
        }
        changed |= bool(less)
        rows.append({**table, "daily": {**table["daily"], **less}} if less else table)
    return rebuilt(scenario, {"crossings": rows}, scenario.name) if changed else scenario
