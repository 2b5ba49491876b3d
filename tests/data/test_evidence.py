"""The shipped region against its evidence: every number graded, every grade earned."""

from __future__ import annotations

import ast
import math
import operator
import re
import tomllib
from collections.abc import Iterator
from typing import Any

import pytest
from render_assumptions import BASELINE, EVIDENCE, PAGE, ROOT, evidence, renewed

from blo_sim.scenario.schema import ScenarioModel
from blo_sim.world.crossings import busiest_load, lane_groups

FILES = sorted((ROOT / "scenarios").glob("*.toml"))
ROWS = evidence()
RAW = {
    path.stem: tomllib.loads(path.read_text(encoding="utf-8"))
    for path in FILES
    if not path.stem.startswith("overload")  # a made-up place has no evidence
}
BASE = RAW["k22-baseline"]
ID = re.compile(r"[A-Za-z][A-Za-z0-9]*(?:-[A-Za-z0-9]+)+")
CITED = re.compile(r"\b(?:E\d[a-z]?-\d+[a-z]?|E-cal-[a-z-]+[a-z]|geonames-\w+|point-[\w-]+|leg-\d+)\b")
NOTES = {"grade", "source", "reason", "range_factor", "range", "scale"}
SETTINGS = {"run", "route_choice.paths", "link.reach_legs", "behaviour.most_attempts"}
OPERATORS = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
}


@pytest.fixture(scope="module")
def region() -> ScenarioModel:
    return ScenarioModel.model_validate(BASE, context={"parameters": BASE["parameters"]})


def calculate(text: str) -> float:
    """Value of an arithmetic expression without names, calls or powers."""

    def value(node: ast.expr) -> float:
        if isinstance(node, ast.Constant) and isinstance(node.value, int | float):
            return float(node.value)
        if isinstance(node, ast.BinOp) and type(node.op) in OPERATORS:
            return float(OPERATORS[type(node.op)](value(node.left), value(node.right)))
        raise ValueError(f"not arithmetic: {text}")

    return value(ast.parse(text, mode="eval").body)


def derived(formula: str) -> float:
    return calculate(ID.sub(lambda match: ROWS[match.group()]["value"], formula))


def rounded_alike(exact: float, written: str) -> bool:
    """Whether ``written`` is ``exact`` at the digits that it shows."""
    decimals = len(written.partition(".")[2])
    return math.isclose(float(written), exact, abs_tol=0.5000001 * 10.0**-decimals)


def numbers(value: Any) -> Iterator[float]:
    """Plain numbers below a value; long forms and names of parameters speak for themselves."""
    if isinstance(value, bool):
        return
    if isinstance(value, int | float):
        yield value
    elif isinstance(value, list):
        for item in value:
            yield from numbers(item)
    elif isinstance(value, dict) and "grade" not in value:
        for key, item in value.items():
            if key not in NOTES:
                yield from numbers(item)


def tables(raw: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Every row of an array of tables, with where it is."""
    for name, value in raw.items():
        if isinstance(value, list):
            for row in value:
                if isinstance(row, dict):
                    yield f"{name}.{row['id']}", row


def plain_tables(raw: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    """Keys of the tables that are no rows, by dotted path."""
    for name, value in raw.items():
        if isinstance(value, dict) and name not in {"parameters", "run"}:
            for key, item in value.items():
                yield f"{name}.{key}", item


def long_forms(value: Any, where: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """Values in long form, wherever they stand."""
    if isinstance(value, dict):
        if "grade" in value and "id" not in value:
            yield where, value
        for key, item in value.items():
            yield from long_forms(item, f"{where}.{key}")
    elif isinstance(value, list):
        for item in value:
            name = item.get("id", "") if isinstance(item, dict) else ""
            yield from long_forms(item, f"{where}.{name}" if name else where)


def test_rows_of_evidence_are_complete() -> None:
    lines = EVIDENCE.read_text(encoding="utf-8").splitlines()
    assert lines[0] == "id,topic,figure,value,unit,year,place,source,grade,formula"
    assert len(ROWS) == len(lines) - 1, "ids are unique and no row spans lines"
    for row in ROWS.values():
        assert row["grade"] in {"seed", "published", "derived", "judged"}, row
        assert row["figure"], row
        assert row["source"], row
        assert (row["grade"] == "derived") == bool(row["formula"]), row
        assert row["value"] or "no figure" in row["figure"] or row["grade"] == "judged", row


@pytest.mark.parametrize("name", [name for name, row in ROWS.items() if row["formula"]])
def test_formula_gives_the_value(name: str) -> None:
    row = ROWS[name]
    for used in ID.findall(row["formula"]):
        assert ROWS[used]["grade"] in {"seed", "published", "derived"}, f"{name} uses {used}"
    assert rounded_alike(derived(row["formula"]), row["value"]), derived(row["formula"])


@pytest.mark.parametrize("path", [*FILES, PAGE], ids=lambda path: path.name)
def test_cited_rows_exist(path: Any) -> None:
    cited = set(CITED.findall(path.read_text(encoding="utf-8")))
    assert not cited - set(ROWS)


@pytest.mark.parametrize("name", RAW)
def test_every_number_is_graded(name: str) -> None:
    for where, row in tables(RAW[name]):
        if any(True for _ in numbers({k: v for k, v in row.items() if k != "id"})):
            assert row.get("grade"), f"{where} has numbers without a grade"
            if row["grade"] == "judged":
                assert row.get("reason"), f"{where} is judged without a reason"
                assert row.get("range_factor") or row.get("within_km"), f"{where} is judged without a range"
    for where, value in plain_tables(RAW[name]):
        assert where in SETTINGS or not list(numbers(value)), f"{where} has a number without a grade"


@pytest.mark.parametrize("name", RAW)
def test_grades_of_values_are_earned(name: str) -> None:
    for where, entry in long_forms(RAW[name], name):
        if entry["grade"] == "judged":
            low, high = entry["range"]
            assert entry["reason"], where
            assert low <= entry["value"] <= high, where
        else:
            row = ROWS[entry["source"]]
            assert entry["grade"] == row["grade"], where
            assert entry["value"] == float(row["value"]), where
    for name_of_parameter in RAW[name].get("parameters", {}):
        assert "grade" in RAW[name]["parameters"][name_of_parameter], name_of_parameter


@pytest.mark.parametrize("name", RAW)
def test_only_coordinates_are_published_for_a_whole_row(name: str) -> None:
    for where, row in tables(RAW[name]):
        if row.get("grade") in {"seed", "published", "derived"}:
            kind = "geonames-" if where.startswith("places.") else "point-"
            assert row["source"].startswith(kind), where
            assert [row["lat"], row["lon"]] == [float(x) for x in ROWS[row["source"]]["value"].split()], where
            others = {k: v for k, v in row.items() if k not in {"id", "lat", "lon", *NOTES}}
            assert not list(numbers(others)), where


def test_coordinates_are_credited() -> None:
    assert all("CC BY 4.0" in row["source"] for name, row in ROWS.items() if name.startswith("geonames-"))
    header = BASELINE.read_text(encoding="utf-8").split("\ntitle")[0]
    for text in (header, PAGE.read_text(encoding="utf-8")):
        assert "GeoNames" in text
        assert "CC BY 4.0" in text


def test_data_names_no_package_registry() -> None:
    host = re.compile(r"\b(?:pypi|pythonhosted|npmjs|crates|rubygems)\.(?:org|com|io)\b")
    for path in (*FILES, EVIDENCE, PAGE):
        assert not host.search(path.read_text(encoding="utf-8")), path.name


def test_crossings_and_their_posts(region: ScenarioModel) -> None:
    is_open = {row.id for row in region.crossings if row.status == "open"}
    assert (len(region.crossings), len(is_open)) == (47, 39)
    for crossing in region.crossings:
        countries = [post.country for post in region.posts if post.crossing == crossing.id]
        assert sorted(countries) == (sorted(crossing.countries) if crossing.id in is_open else [])
    assert {leg.crossing for leg in region.legs if leg.crossing} == is_open
    assert len(region.legs) == 140


def test_lawful_traffic_has_its_real_size(region: ScenarioModel) -> None:
    year = 365 * sum(sum(row.daily.values()) for row in region.crossings)
    assert 13e6 <= year <= 17e6


def test_lanes_are_enough_for_lawful_traffic(region: ScenarioModel) -> None:
    loads = {group.id: busiest_load(group) for post in region.posts for group in lane_groups(post, region)}
    assert max(loads.values()) <= 0.85, max(loads, key=lambda name: loads[name])
    staffed = {row.id: set().union(*(shift.lanes for shift in row.shifts)) for row in region.rosters}
    for crossing in region.crossings:
        for post in region.posts:
            if post.crossing == crossing.id:
                assert set(crossing.daily) <= staffed[post.roster], post.id


def test_flows_add_up_to_the_published_totals(region: ScenarioModel) -> None:
    by_air_kg = 3100
    figure = {name: float(row["value"] or "nan") for name, row in ROWS.items() if " " not in row["value"]}

    def total(commodity: str, into: str = "") -> float:
        return sum(
            flow.volume_kg_per_year
            for flow in region.flows
            if flow.commodity == commodity and (not into or flow.via[0] == into)
        )

    assert total("heroin") + by_air_kg == pytest.approx(1000 * figure["E2a-01"], rel=1e-3)
    assert 1000 * figure["E2a-05"] <= total("heroin", "TJ") + by_air_kg <= 1000 * figure["E2a-06"]
    assert total("opium") == 1000 * figure["E2a-22"]
    for flow in region.flows:
        assert sum(flow.modes.values()) == pytest.approx(1.0), flow.id


def test_offices_of_the_grant() -> None:
    def offices(name: str) -> set[str]:
        return {row["post"] for row in RAW[name].get("offices", []) if "post" in row}

    four = {f"{name}-post" for name in ("dostuk", "dustlik", "nizhniy-pyanj", "ayritom")}
    assert len(offices("k22-baseline")) == 8
    assert offices("k22-extension") == offices("k22-neutral") == four
    assert set(RAW["no-offices"]["remove"]) == {row["id"] for row in BASE["offices"]}
    assert all(not row["components"] for row in RAW["k22-neutral"]["offices"])


def test_page_of_assumptions_is_up_to_date() -> None:
    assert PAGE.read_text(encoding="utf-8") == renewed(), "run: python tests/data/render_assumptions.py"
