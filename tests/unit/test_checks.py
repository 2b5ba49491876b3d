"""What is wrong with a world although its file is well formed."""

from __future__ import annotations

import pytest
from runs import load, world_of
from worlds import answering_world, hub_world, small_world

from blo_sim import load_scenario, simulate
from blo_sim.world.checks import check_world, notes
from blo_sim.world.compile import compile_world
from blo_sim.world.reports import desk_loads, load_sizes

SMALL = small_world()


def test_the_small_world_is_sound() -> None:
    scenario = load(SMALL)
    assert check_world(scenario) == []
    assert any("post passages" in note for note in notes(scenario))


def test_a_destination_that_no_leg_reaches() -> None:
    island = '\n[[places]]\nid = "island"\ncountry = "BB"\nlat = 1.0\nlon = 1.0\n'
    scenario = load(SMALL + island, "flows.heroin-north.destination=island")
    (problem,) = check_world(scenario)
    assert problem.key == "flows.heroin-north.destination"
    assert "no legs lead from 'origin' to 'island'" in problem.message


def test_lanes_that_cannot_keep_up() -> None:
    problems = check_world(load(SMALL, "crossings.bridge.daily={truck=4000, car=300}"))
    assert {problem.key for problem in problems} == {"posts.bridge-aa", "posts.bridge-bb"}
    assert all("truck lanes are at" in problem.message for problem in problems)


def test_a_source_whose_office_cannot_speak() -> None:
    lonely = '\n[[centres]]\nid = "lonely"\n'
    scenario = load(SMALL.replace("\n[[offices]]", lonely + "\n[[offices]]", 1))
    source = scenario.model.sources[0].id
    assert check_world(scenario) == []
    # The links of offices reach every centre, so only without them has it no channel.
    silent = load(
        SMALL.replace("\n[[offices]]", lonely + "\n[[offices]]", 1),
        f"sources.{source}.office=lonely",
        "offices.blo-bridge.components.link=false",
        "offices.blo-south.components.link=false",
    )
    assert [problem.key for problem in check_world(silent)] == [f"sources.{source}.office"]


# Desks before a run --------------------------------------------------------------------------------


def test_the_load_of_a_hub_is_reports_over_service_rate() -> None:
    """Rung 2's hub: messages at rate R meet one officer who works nu of them an hour."""
    loads = desk_loads(world_of(hub_world(0.9, 1.5, 2.0, 0.5)))
    assert max(loads.values()) == pytest.approx(0.9 / 1.5, rel=1e-6)


@pytest.mark.parametrize("name", ["overload", "overload-mesh"])
@pytest.mark.no_cover
def test_desks_are_about_as_busy_in_a_run_as_was_said_before(name: str) -> None:
    """Where nearly all is tips and false reports, by broadcast and by need-to-know."""
    scenario = load_scenario(name)
    said = desk_loads(compile_world(scenario))
    for office, desk in simulate(scenario, replications=4, workers=1).document()["desks"][name].items():
        if said[office] > 0.1:
            assert desk["load"]["mean"] == pytest.approx(said[office], rel=0.1), office


def test_crowded_desks_are_named_before_a_run() -> None:
    calm, crowded = (notes(load_scenario(name)) for name in ("overload", "overload-mesh"))
    assert not any("pile up" in note for note in calm)
    (line,) = [note for note in crowded if "pile up" in note]
    assert line == "desks over 90%, where messages pile up: east-bb, ford-bb, pass-bb, west-bb"


def test_requests_on_lawful_vehicles_are_work_for_whom_they_ask() -> None:
    asking, silent = (
        desk_loads(world_of(answering_world(), f"reports.request.probability={probability}"))
        for probability in (1.0, 0.0)
    )
    assert any(asking[office] > silent[office] for office in asking)
    assert all(asking[office] >= silent[office] for office in asking)


def test_sizes_of_loads_have_their_mean() -> None:
    """So far as the middles of fifty shares tell it: a little is missing from the tail."""
    for stream in world_of(SMALL).streams:
        assert 0.95 < load_sizes(stream).mean() / (1000 * stream.mean_kg) < 1.0
