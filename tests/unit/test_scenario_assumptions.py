"""Grades, sources, reasons and ranges."""

from __future__ import annotations

from pathlib import Path

import pytest
from worlds import small_world

from blo_sim.scenario import Assumption, Scenario, grade_problems, load_scenario


def load(folder: Path, text: str = "") -> Scenario:
    (folder / "small.toml").write_text(small_world(), encoding="utf-8")
    (folder / "child.toml").write_text(f'extends = "small.toml"\n{text}', encoding="utf-8")
    return load_scenario(folder / "child.toml")


def told(scenario: Scenario, key: str) -> Assumption:
    (found,) = (row for row in scenario.assumptions if row.key == key)
    return found


def test_a_parameter(tmp_path: Path) -> None:
    assert told(load(tmp_path), "parameters.post_delay") == Assumption(
        "parameters.post_delay", "lognormal (mean 6, cv 0.8)", "judged", "", "made up", "3 to 12"
    )


def test_a_row_speaks_for_its_plain_numbers(tmp_path: Path) -> None:
    row = told(load(tmp_path), "legs.north-market")
    assert row.value == "km 300, hours.lognormal.mean 8, hours.lognormal.cv 0.3"
    assert row.range == "value / 1.5 to value x 1.5"


def test_a_long_form_within_a_row(tmp_path: Path) -> None:
    km = 'value = 310, grade = "published", source = "map", range = [300, 320], scale = "log"'
    scenario = load(tmp_path, f'[[legs]]\nid = "north-market"\nkm = {{ {km} }}\n')
    assert told(scenario, "legs.north-market.km") == Assumption(
        "legs.north-market.km", "310", "published", "map", "made up", "300 to 320 (log scale)"
    )
    assert "km" not in told(scenario, "legs.north-market").value


def test_numbers_without_a_grade_are_listed(tmp_path: Path) -> None:
    text = '[[units]]\nid = "new"\ncountry = "BB"\nplace = "north"\ndetection = 0.5\n'
    ungraded = load(tmp_path, text).ungraded
    assert "units.new.detection" in ungraded
    assert "lookouts.match" in ungraded
    assert "link.delay_h.exponential.mean" in ungraded
    assert "places.origin.lat" in ungraded
    graded = ("legs.north-market.km", "units.north-unit.detection", "run.days", "route_choice.paths")
    assert not any(key.startswith(graded) for key in ungraded)
    assert not any("opens" in key or "parameters" in key for key in ungraded)


def test_a_grade_takes_a_number_off_the_list(tmp_path: Path) -> None:
    match = 'value = 0.7, grade = "judged", reason = "r", range = [0, 1]'
    ungraded = load(tmp_path, f'[lookouts]\nmatch = {{ {match} }}\nfind = "d_prime_road"\n').ungraded
    assert not {"lookouts.match", "lookouts.find"} & set(ungraded)
    assert "lookouts.intercept" in ungraded


def test_the_small_world_has_no_wrong_notes(tmp_path: Path) -> None:
    assert grade_problems(load(tmp_path)) == []


@pytest.mark.parametrize(
    ("notes", "expected"),
    [
        ('grade = "published"', ["lookouts.match: a published value names its source"]),
        ('grade = "derived"', ["lookouts.match: a derived value names its source"]),
        ('grade = "seed"', ["lookouts.match: a seed value names its source"]),
        ('grade = "seed", source = "x"', []),
        ('grade = "judged", range = [0, 1]', ["lookouts.match: a judged value gives its reason"]),
        ('grade = "judged", reason = "r"', ["lookouts.match: a judged value gives its range"]),
        (
            'grade = "judged", reason = "r", range = [0.8, 0.9]',
            ["lookouts.match.range: [0.8, 0.9] does not hold the value 0.7"],
        ),
        ('grade = "judged", reason = "r", range = [0.7, 0.7]', []),
    ],
)
def test_what_a_grade_asks_for(tmp_path: Path, notes: str, expected: list[str]) -> None:
    found = grade_problems(load(tmp_path, f"[lookouts]\nmatch = {{ value = 0.7, {notes} }}\n"))
    assert [f"{problem.key}: {problem.message}" for problem in found] == expected
    assert all(problem.line == 3 and problem.file.endswith("child.toml") for problem in found)


def test_the_range_of_a_distribution_is_that_of_its_mean(tmp_path: Path) -> None:
    text = "[parameters]\npost_delay = { lognormal = { mean = 13.0 } }\n"
    (problem,) = grade_problems(load(tmp_path, text))
    assert problem.message == "[3, 12] does not hold the value 13"


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        ('[[units]]\nid = "new"\ncountry = "BB"\nplace = "north"\ndetection = 0.5\n', "range_factor"),
        ('[[places]]\nid = "new"\ncountry = "BB"\nlat = 1.0\nlon = 2.0\n', "range_factor"),
        ('[[places]]\nid = "new"\ncountry = "BB"\nlat = 1.0\nlon = 2.0\nwithin_km = 5.0\n', None),
        ('[[commodities]]\nid = "new"\n', None),
        ('[[centres]]\nid = "new"\nhours = [8, 20]\nweekdays = 6\n', None),
    ],
)
def test_a_judged_row(tmp_path: Path, row: str, expected: str | None) -> None:
    found = grade_problems(load(tmp_path, f'{row}grade = "judged"\nreason = "r"\n'))
    assert [problem.message for problem in found] == (
        [f"a judged value gives its {expected}"] if expected else []
    )


def test_a_judged_row_gives_its_reason(tmp_path: Path) -> None:
    (problem,) = grade_problems(load(tmp_path, '[[commodities]]\nid = "new"\ngrade = "judged"\n'))
    assert str(problem).endswith("child.toml:2: commodities.new: a judged value gives its reason")
