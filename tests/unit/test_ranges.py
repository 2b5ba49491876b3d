"""Ranges of a scenario, and the scenario at other points of them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from runs import load
from worlds import altered, small_world, weighing_world

from blo_sim.errors import ScenarioError
from blo_sim.scenario.ranges import Range, ranges_of, with_values


def by_name(*overrides: str) -> dict[str, Range]:
    return {each.name: each for each in ranges_of(load(small_world(), *overrides))}


def test_ranges_are_those_of_long_forms_and_of_rows_that_are_scaled() -> None:
    found = by_name()
    assert found["parameters.d_prime_road"] == Range(("parameters", "d_prime_road"), 0.0, 1.0, log=False)
    assert (found["parameters.post_delay"].low, found["parameters.post_delay"].high) == (3.0, 12.0)
    flows = load(small_world()).model.flows
    scaled = [name for name in found if name.startswith("flows.")]
    assert len(scaled) == sum("range_factor" in row for row in load(small_world()).tables["flows"])
    assert len(scaled) <= len(flows)
    assert not [name for name in found if name.split(".")[0] in ("classes", "methods", "rosters")]


@given(st.floats(0.0, 1.0), st.booleans())
def test_values_lie_in_their_range(position: float, log: bool) -> None:
    found = Range(("x",), 0.5, 4.0, log).at(position)
    assert 0.5 * (1 - 1e-12) <= found <= 4.0 * (1 + 1e-12)


def test_the_middle_of_a_range() -> None:
    assert Range(("x",), 1.0, 4.0, log=False).at(0.5) == 2.5
    assert Range(("x",), 1.0, 4.0, log=True).at(0.5) == pytest.approx(2.0)


def test_values_come_where_they_are_used_and_the_shape_stays() -> None:
    scenario = load(small_world())
    low, high = with_values(scenario, lambda _: 0.0), with_values(scenario, lambda _: 1.0)
    assert [post.d_prime for post in low.model.posts] == [0.0, 0.0]
    assert [post.d_prime for post in high.model.posts] == [1.0, 1.0]
    row = high.tables["parameters"]["post_delay"]
    assert row["lognormal"] == {"mean": 12.0, "cv": 0.8}
    factor = scenario.tables["flows"][0]["range_factor"]
    before = scenario.model.flows[0].volume_kg_per_year
    assert high.model.flows[0].volume_kg_per_year == pytest.approx(before * factor)
    assert low.model.flows[0].volume_kg_per_year == pytest.approx(before / factor)
    assert scenario.tables["parameters"]["d_prime_road"]["value"] == 0.5


def test_lognormal_hours_of_a_leg_are_scaled_by_their_mean() -> None:
    scenario = load(small_world())
    places = [
        place for place, row in enumerate(scenario.tables["legs"])
        if "range_factor" in row and isinstance(row["hours"], dict)
    ]  # fmt: skip
    assert places
    drawn = with_values(scenario, lambda _: 1.0)
    for place in places:
        before, after = scenario.model.legs[place].hours, drawn.model.legs[place].hours
        assert after.mean == pytest.approx(before.mean * scenario.tables["legs"][place]["range_factor"])
        assert after.cv == before.cv


def test_two_scenarios_get_the_same_values_under_the_same_names() -> None:
    def position(name: str) -> float:
        return (len(name) % 7) / 7

    first, second = (with_values(load(text), position) for text in (small_world(), weighing_world()))
    assert first.model.posts[0].d_prime == second.model.posts[0].d_prime
    assert first.model.flows[0].volume_kg_per_year == second.model.flows[0].volume_kg_per_year


def test_what_is_set_is_not_drawn() -> None:
    assert "parameters.d_prime_road" not in by_name("parameters.d_prime_road=0.25")
    assert "parameters.d_prime_road" not in by_name("parameters.d_prime_road.value=0.25")
    assert "parameters.post_delay" not in by_name("parameters.post_delay.lognormal.mean=4.0")
    assert by_name("parameters.post_delay.range=[4.0, 5.0]")["parameters.post_delay"].high == 5.0


def test_the_weights_of_the_headline_are_not_drawn() -> None:
    text = altered(
        small_world(),
        ("opium = 0.1 }", 'opium = "ratio" }'),
        ("[parameters]\n", "[parameters]\nratio = { value = 0.1, range = [0, 1] }\n"),
    )
    names = [each.name for each in ranges_of(load(text))]
    assert "parameters.ratio" not in names
    assert "parameters.d_prime_road" in names


def test_values_that_do_not_go_together_are_refused() -> None:
    text = altered(small_world(), ("range = [3, 12]", "range = [-3, 12]"))
    with pytest.raises(ScenarioError, match="the mean of a lognormal is positive, not -3"):
        with_values(load(text), lambda _: 0.0)
