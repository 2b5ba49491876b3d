"""What can be wrong with a world although its file is well formed.

`check_world` finds what makes a run impossible or meaningless, `notes` what a planner should know before
one: load of the busiest lanes, routes, how far the offices reach.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from blo_sim.errors import ScenarioError
from blo_sim.world import compile, crossings, layouts, offices, reports, routes

if TYPE_CHECKING:
    from blo_sim.errors import Problem
    from blo_sim.scenario import Scenario
    from blo_sim.scenario.schema import ScenarioModel

FULL = 1.0
CROWDED = 0.9


def check_world(scenario: Scenario) -> list[Problem]:
    """Problems of the world: a layout that cannot be built, flows without a route, posts over 100 % load,
    offices without a channel, desks that take more officers than there are."""
    unbuilt = layouts.problems(scenario.model)
    if unbuilt:
        return [scenario.problem(key, text) for key, text in unbuilt]
    unreachable = _unreachable(scenario.model)
    found = [*_overloaded(scenario.model), *_silent_offices(scenario.model), *unreachable]
    problems = [scenario.problem(key, text) for key, text in found]
    if unreachable:
        return problems
    try:
        compile.compile_world(scenario)
    except ScenarioError as error:
        problems.extend(error.problems)
    return problems


def _unreachable(model: ScenarioModel) -> list[tuple[str, str]]:
    """Flows whose destination no chain of legs reaches, by whatever mode."""
    import networkx as nx

    graph = routes.graph_of(compile.steps_of(model))
    graph.add_nodes_from(place.id for place in model.places)
    return [
        (f"flows.{flow.id}.destination", f"no legs lead from {flow.origin!r} to {flow.destination!r}")
        for flow in model.flows
        if not nx.has_path(graph, flow.origin, flow.destination)
    ]


def _overloaded(model: ScenarioModel) -> list[tuple[str, str]]:
    found = []
    for post in model.posts:
        for group in crossings.lane_groups(post, model):
            load = crossings.busiest_load(group)
            if load > FULL:
                found.append(
                    (
                        f"posts.{post.id}",
                        f"its {group.traffic_class} lanes are at {load:.0%} load in the busiest month "
                        "(at most 100 %): more lanes, longer hours or less traffic",
                    )
                )
    return sorted(set(found))


def _silent_offices(model: ScenarioModel) -> list[tuple[str, str]]:
    """Offices and owners of reports from which no message can go anywhere."""
    linked = [office.id for office in model.offices if office.components.link]
    graph = offices.network(model, linked)
    found = []
    for source in model.sources:
        if graph.out_degree(source.office) == 0:
            found.append((f"sources.{source.id}.office", f"{source.office!r} has no channel to any office"))
    for office in model.offices:
        if office.components.link and graph.out_degree(office.post) == 0:
            found.append((f"offices.{office.id}", "its link opens no channel: there is nobody in reach"))
    return found


def notes(scenario: Scenario) -> list[str]:
    """What a planner should know of a world that can be run."""
    model = scenario.model
    groups = [group for post in model.posts for group in crossings.lane_groups(post, model)]
    lines = []
    if groups:
        load = max(crossings.busiest_load(group) for group in groups)
        passages = sum(sum(group.rate) * 365 / 7 for group in groups)
        lines.append(
            f"lawful traffic: {passages / 2:,.0f} crossings ({passages:,.0f} post passages) a year; "
            f"busiest lanes at {load:.0%} load"
        )
    world = compile.compile_world(scenario)
    sizes = [len(stream.routes) for stream in world.streams]
    lines.append(
        f"contraband: {sum(sum(stream.per_hour) / 12 * 8760 for stream in world.streams):,.0f} loads a year "
        f"in {len(world.streams)} streams, with {min(sizes)} to {max(sizes)} routes each"
    )
    lines.extend(_busy_desks(world))
    neutral = [office.id for office in model.offices if office.components.neutral()]
    if neutral:
        lines.append(f"neutral offices, which change nothing: {', '.join(neutral)}")
    return lines


def _busy_desks(world: compile.World) -> list[str]:
    """The busiest desk, and those where messages pile up whatever a run brings besides."""
    loads = reports.desk_loads(world)
    if not any(loads.values()):
        return []
    busiest = max(loads, key=lambda office: loads[office])
    lines = [
        "desks: tips, false reports and requests on lawful vehicles are work for "
        f"{loads[busiest]:.0%} of the officers' hours at the busiest, {busiest}"
    ]
    over = sorted(office for office, load in loads.items() if load > CROWDED)
    if over:
        lines.append(f"desks over {CROWDED:.0%}, where messages pile up: {', '.join(over)}")
    return lines
