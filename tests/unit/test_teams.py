"""Mobile teams: what a scenario must say of them, where they stand, and what they do there."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise
from pathlib import Path

import pytest
from runs import SEED, log_of, world_of
from worlds import ROVERS, everything_world, small_world

from blo_sim.draws import key_of
from blo_sim.errors import ScenarioError
from blo_sim.model.border.teams import place_of
from blo_sim.model.events import DELIVERED, ENCOUNTER, REPORT, SEIZED, SENT
from blo_sim.scenario import load_scenario
from blo_sim.world.teams import TeamTables

SMALL = small_world() + ROVERS
ALWAYS_SEIZES = ("teams.rovers.placement=fixed", "teams.rovers.detection=1.0")


def found(folder: Path, text: str, *overrides: str) -> list[str]:
    path = folder / "world.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ScenarioError) as caught:
        load_scenario(path, overrides)
    return [f"{problem.key}: {problem.message}" for problem in caught.value.problems]


# What a scenario must say


@pytest.mark.parametrize(
    ("override", "expected"),
    [
        (
            'teams.rovers.sites=["hills-bb", "north-unit", "markt"]',
            "teams.rovers.sites: 'markt' is not a sector, unit or place; did you mean 'market'?",
        ),
        (
            'teams.rovers.sites=["bridge-bb"]',
            "teams.rovers.sites: 'bridge-bb' is not a sector, unit or place; allowed: hills-bb, market, ",
        ),
        (
            'teams.rovers.sites=["hills-bb", "north-unit", "market", "market"]',
            "teams.rovers.sites: 'market' is given 2 times, must be given once",
        ),
        ("teams.rovers.sites=[]", "teams.rovers.sites: has 0 items, must have at least 1"),
        ("teams.rovers.country=AA", "teams.rovers.sites: 'hills-bb' is of BB, but the team of AA"),
        ("teams.rovers.placement=rndom", "teams.rovers.placement: 'rndom' must be 'fixed', 'rotating' or"),
        ("teams.rovers.mix.hills-bb=0.4", "teams.rovers.mix: the probabilities of sites add up to 0.9, must"),
        ("teams.rovers.mix.hils-bb=0.0", "teams.rovers.mix.hils-bb: 'hils-bb' is not one of its sites; did"),
        (
            'teams.rovers.sites=["hills-bb", "north-unit", "market", "north"]',
            "teams.rovers.mix: no value for the site 'north'",
        ),
        ("teams.rovers.period_days=0", "teams.rovers.period_days: 0 must be greater than 0"),
        ("teams.rovers.detection=1.5", "teams.rovers.detection: 1.5 must be at most 1"),
        (
            "teams.rovers.detection_factor.opum=1",
            "teams.rovers.detection_factor.opum: 'opum' is not a commodity; did you mean 'opium'?",
        ),
    ],
)
def test_what_does_not_fit_is_refused(tmp_path: Path, override: str, expected: str) -> None:
    assert found(tmp_path, SMALL, override)[0].startswith(expected)


@pytest.mark.parametrize(
    ("line", "placement", "expected"),
    [
        ("period_days", "random", "needs period_days, the days that it stays at a site"),
        ("period_days", "rotating", "needs period_days, the days that it stays at a site"),
        ("mix", "random", "needs mix, the probabilities of its sites"),
    ],
)
def test_a_placement_needs_its_keys(tmp_path: Path, line: str, placement: str, expected: str) -> None:
    problems = found(tmp_path, without(line), f"teams.rovers.placement={placement}")
    assert problems == [f"teams.rovers: placement = {placement!r} {expected}"]


def without(*keys: str) -> str:
    """The small world whose team lacks some keys."""
    start, team = SMALL.split("[[teams]]")
    kept = [line for line in team.split("\n") if line.partition(" =")[0] not in keys]
    return start + "[[teams]]" + "\n".join(kept)


def test_a_fixed_team_needs_neither_period_nor_mix(tmp_path: Path) -> None:
    path = tmp_path / "world.toml"
    path.write_text(without("mix", "period_days"), encoding="utf-8")
    team = load_scenario(path, ["teams.rovers.placement=fixed"]).model.teams[0]
    assert (team.mix, team.period_days) == ({}, None)


# Where a team stands


def standing(placement: str, days: float, *overrides: str, replication: int = 0) -> list[str]:
    """The site of the team of the small world, by period of two days."""
    world = world_of(SMALL, f"teams.rovers.placement={placement}", *overrides)
    (team,) = world.teams
    key = key_of(SEED, replication, "team", team.id)
    hours = range(0, int(24 * days), 48)
    return [world.controls[place_of(team, key, float(hour))].id for hour in hours]


def test_a_fixed_team_stays_at_its_first_site() -> None:
    assert set(standing("fixed", 100)) == {"rovers@hills-bb"}


def test_a_rotating_team_goes_through_its_sites() -> None:
    assert standing("rotating", 8) == [
        "rovers@hills-bb", "rovers@north-unit", "rovers@market", "rovers@hills-bb",
    ]  # fmt: skip


def test_a_random_team_stands_by_its_mix() -> None:
    periods = 20_000
    times = Counter(standing("random", 2 * periods))
    for site, share in (("hills-bb", 0.5), ("north-unit", 0.3), ("market", 0.2)):
        spread = (share * (1 - share) * periods) ** 0.5
        assert abs(times[f"rovers@{site}"] - share * periods) < 3.3 * spread


def test_a_random_team_never_stands_where_its_mix_is_zero() -> None:
    mix = "teams.rovers.mix={hills-bb=0.0, north-unit=1.0, market=0.0}"
    assert set(standing("random", 2000, mix)) == {"rovers@north-unit"}


def test_replications_place_a_random_team_anew() -> None:
    assert standing("random", 40) != standing("random", 40, replication=1)


def test_a_period_ends_where_the_next_begins() -> None:
    team = TeamTables("t", "rotating", 36.0, (7, 8), (0.0, 0.0))
    assert [place_of(team, 0, hour) for hour in (0.0, 35.999, 36.0, 71.999, 72.0)] == [7, 7, 8, 8, 7]


# What it does there


def test_a_load_meets_a_team_right_after_the_site_s_own_control() -> None:
    log = log_of(SMALL, "teams.rovers.placement=rotating")
    met = [event for event in log.rows() if event.kind in (ENCOUNTER, SEIZED, DELIVERED)]
    seen = set()
    for before, event in pairwise(met):
        if event.kind == ENCOUNTER and event.place.startswith("rovers@"):
            site = event.place.partition("@")[2]
            seen.add(site)
            if site != "market":  # where no unit stands
                assert (before.consignment, before.place) == (event.consignment, site)
                assert before.time == event.time
    assert seen == {"hills-bb", "north-unit", "market"}


def test_teams_at_one_site_are_met_in_the_order_of_the_file() -> None:
    second = ROVERS.replace('"rovers"', '"others"')
    log = log_of(SMALL + second, "teams.rovers.placement=fixed", "teams.others.placement=fixed")
    met: dict[int, list[str]] = {}
    for event in log.rows():
        if event.kind == ENCOUNTER and "hills" in event.place:
            met.setdefault(event.consignment, []).append(event.place)
    assert max(met.values(), key=len) == ["hills-bb", "rovers@hills-bb", "others@hills-bb"]


def test_detection_goes_by_commodity() -> None:
    log = log_of(SMALL, "teams.rovers.detection_factor={opium=0.5}")
    chances = {
        (log.names[event.consignment].partition("-")[0], event.p)
        for event in log.rows()
        if event.kind == ENCOUNTER and event.place.startswith("rovers@")
    }
    assert chances == {("heroin", 0.2), ("opium", 0.1)}


def test_a_compromised_shift_of_a_team_waves_its_loads_through() -> None:
    log = log_of(SMALL, "organisations.gangs.compromised=1.0", *ALWAYS_SEIZES)
    met = [(event.p, event.note) for event in log.rows() if event.place == "rovers@hills-bb"]
    assert met
    assert set(met) == {(0.0, "waved through")}


@pytest.mark.parametrize("first", ["hills-bb", "north-unit", "market"])
def test_what_a_team_learns_is_told_where_an_office_stands(first: str) -> None:
    rest = [site for site in ("hills-bb", "north-unit", "market") if site != first]
    log = log_of(
        SMALL,
        f"teams.rovers.sites={[first, *rest]}".replace("'", '"'),
        "reports.seizure.probability=1.0",
        "sectors.hills-bb.detection=0.0",
        "units.north-unit.detection=0.0",
        "lookouts.intercept=0.0",
        *ALWAYS_SEIZES,
    )
    causes = Counter(event.place for event in log.rows() if event.kind == SEIZED and event.note == "team")
    assert set(causes) == {f"rovers@{first}"}
    told = {event.place for event in log.rows() if event.kind == REPORT and event.note == "seizure"}
    assert (first in told) == (first != "market")
    assert told <= {first, "bridge-aa", "bridge-bb"}


def test_no_message_is_for_a_team() -> None:
    log = log_of(everything_world() + ROVERS, "reports.addressing=broadcast")
    places = {event.place for event in log.rows() if event.kind == SENT}
    assert {"hills-bb", "north-unit"} <= places
    assert not any("@" in place for place in places)
