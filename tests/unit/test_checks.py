"""What is wrong with a world although its file is well formed."""

from __future__ import annotations

from runs import load
from worlds import small_world

from blo_sim.world.checks import check_world, notes

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
