"""Layers of a scenario: extends, merging by key and id, remove, and where a value comes from."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from worlds import small_world

from blo_sim.errors import ScenarioError
from blo_sim.scenario import load_scenario
from blo_sim.scenario.layers import merge


def write(folder: Path, name: str, text: str) -> str:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return str(path)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write(tmp_path, "small.toml", small_world())
    return tmp_path


def problems(path: str) -> list[str]:
    with pytest.raises(ScenarioError) as caught:
        load_scenario(path)
    assert caught.value.exit_code == 2
    return [str(problem) for problem in caught.value.problems]


names = st.sampled_from(["a", "b", "c", "d"])
leaves = st.integers() | st.text("xyz", max_size=3) | st.lists(st.integers(), min_size=1, max_size=3)
rows = st.dictionaries(names, leaves, max_size=2).flatmap(
    lambda row: names.map(lambda name: {**row, "id": name})
)
row_lists = st.lists(rows, min_size=1, max_size=4, unique_by=lambda row: row["id"])
trees = st.recursive(
    st.dictionaries(names, leaves, max_size=3),
    lambda inner: st.dictionaries(names, leaves | inner | row_lists, max_size=4),
    max_leaves=12,
)


@given(trees)
def test_merging_with_itself_or_nothing_changes_nothing(tree: dict[str, Any]) -> None:
    assert merge(tree, tree) == tree
    assert merge(tree, {}) == tree
    assert merge({}, tree) == tree


@given(trees, trees)
def test_merging_leaves_both_layers_as_they_were(parent: dict[str, Any], child: dict[str, Any]) -> None:
    before = copy.deepcopy((parent, child))
    merge(parent, child)
    assert (parent, child) == before


@given(trees, trees)
def test_a_child_has_the_last_word_and_the_parent_keeps_the_rest(
    parent: dict[str, Any], child: dict[str, Any]
) -> None:
    merged = merge(parent, child)
    assert list(merged) == [*parent, *(key for key in child if key not in parent)]
    for key, value in merged.items():
        if key not in child:
            assert value == parent[key]
        elif not isinstance(child[key], dict | list):
            assert value == child[key]
    assert merge(merged, child) == merged


@given(row_lists, row_lists)
def test_rows_merge_by_id(parent: list[dict[str, Any]], child: list[dict[str, Any]]) -> None:
    merged = {row["id"]: row for row in merge(parent, child)}
    before, after = ({row["id"]: row for row in rows} for rows in (parent, child))
    assert list(merged) == [*before, *(name for name in after if name not in before)]
    for name, row in merged.items():
        assert row == {**before.get(name, {}), **after.get(name, {})}


def test_a_long_form_merges_by_key_and_a_plain_number_replaces_it() -> None:
    noted = {"value": 0.5, "grade": "judged", "reason": "r", "range": [0, 1]}
    assert merge(noted, {"value": 0.7}) == {**noted, "value": 0.7}
    assert merge(noted, 0.7) == 0.7


def test_a_distribution_of_another_shape_replaces_the_parents() -> None:
    parent = {"lognormal": {"mean": 2.0, "cv": 0.5}, "grade": "judged"}
    assert merge(parent, {"exponential": {"mean": 3.0}}) == {"exponential": {"mean": 3.0}}
    assert merge(parent, {"value": 1.0}) == {"value": 1.0}
    assert merge(parent, {"lognormal": {"mean": 3.0}}) == {
        "lognormal": {"mean": 3.0, "cv": 0.5},
        "grade": "judged",
    }


def test_three_layers_in_other_folders(folder: Path) -> None:
    write(folder, "sub/middle.toml", 'extends = "../small.toml"\n[run]\ndays = 40\nreplications = 7\n')
    top = write(folder, "top.toml", 'extends = "sub/middle.toml"\ntitle = "Top"\n[run]\ndays = 50\n')
    scenario = load_scenario(top)
    assert scenario.name == "top"
    assert scenario.model.title == "Top"
    run = scenario.model.run
    assert (run.days, run.replications, run.warmup_days) == (50, 7, 10)


def test_extends_takes_a_bundled_name(tmp_path: Path) -> None:
    child = load_scenario(write(tmp_path, "child.toml", 'extends = "k22-baseline"\n[run]\ndays = 7\n'))
    parent = load_scenario("k22-baseline")
    assert child.model.run.days == 7
    assert child.model.flows == parent.model.flows
    assert (child.bundled, parent.bundled) == (False, True)


def test_remove_takes_out_rows_of_any_array(folder: Path) -> None:
    text = 'extends = "small.toml"\nremove = ["blo-bridge", "opium-north"]\n'
    model = load_scenario(write(folder, "child.toml", text)).model
    assert [office.id for office in model.offices] == ["blo-south"]
    assert [flow.id for flow in model.flows] == ["heroin-north"]


def test_a_removed_row_can_be_written_anew(folder: Path) -> None:
    text = 'extends = "small.toml"\nremove = ["blo-bridge"]\n[[offices]]\nid = "blo-bridge"\n'
    text += 'post = "bridge-bb"\nopens = 2013-03-01\n'
    office = load_scenario(write(folder, "child.toml", text)).model.offices[-1]
    assert office.partners == []
    assert office.components.neutral()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            'extends = "small.toml"\nremove = ["blo-bridg"]\n',
            "child.toml:2: remove: 'blo-bridg' is the id of no",
        ),
        (
            'extends = "small.toml"\nremove = "blo-bridge"\n',
            "child.toml:2: remove: 'blo-bridge' is not a list",
        ),
        ('extends = "small.toml"\noffices = []\n', "child.toml:2: offices: an empty array takes out nothing"),
        ('extends = "a\\u0000.toml"\n', "child.toml:1: extends: 'a\\x00.toml' cannot be the name of a file"),
        ("extends = 3\n", "child.toml:1: extends: 3 is neither"),
        ('# head\nextends = "gone.toml"\n', "child.toml:2: extends: no such file:"),
        (
            'extends = "k22-baselin"\n',
            "child.toml:1: extends: no bundled scenario is called 'k22-baselin'; did you",
        ),
    ],
)
def test_wrong_directives(folder: Path, text: str, expected: str) -> None:
    (problem,) = problems(write(folder, "child.toml", text))
    assert expected in problem


def test_remove_without_extends(folder: Path) -> None:
    path = write(folder, "alone.toml", f'remove = ["blo-bridge"]\n{small_world()}')
    assert any("alone.toml:1: remove: only a scenario that extends" in line for line in problems(path))


def test_a_circle_of_extends_is_told_in_order(folder: Path) -> None:
    write(folder, "a.toml", 'extends = "b.toml"\n')
    write(folder, "b.toml", 'extends = "c.toml"\n')
    write(folder, "c.toml", '\nextends = "b.toml"\n')
    (problem,) = problems(str(folder / "a.toml"))
    assert "c.toml:2: extends: extends goes round in a circle" in problem
    assert problem.count("b.toml") == 2
    assert "a.toml ->" not in problem


def test_a_file_that_extends_itself(folder: Path) -> None:
    (problem,) = problems(write(folder, "a.toml", 'extends = "a.toml"\n'))
    assert "circle" in problem


def test_an_id_given_twice_in_one_array(folder: Path) -> None:
    text = small_world() + '\n[[commodities]]\nid = "opium"\n'
    found = problems(write(folder, "twice.toml", text))
    line = text.split("\n").index('id = "opium"', text.split("\n").index('id = "blo-south"')) + 1
    assert found == [
        f"{folder / 'twice.toml'}:{line - 1}: commodities.opium: the id 'opium' is given twice in "
        "[[commodities]]"
    ]


def test_an_id_shared_by_two_arrays(folder: Path) -> None:
    text = 'extends = "small.toml"\n[[commodities]]\nid = "bridge"\n'
    (problem,) = problems(write(folder, "child.toml", text))
    assert "the id 'bridge' is also a row of" in problem


def test_a_problem_is_laid_at_the_layer_that_set_the_value(folder: Path) -> None:
    write(folder, "middle.toml", 'extends = "small.toml"\n\n[run]\ndays = -1\n')
    path = write(folder, "top.toml", 'extends = "middle.toml"\n[run]\nreplications = 0\n')
    found = problems(path)
    assert len(found) == 2
    assert "middle.toml:4: run.days: -1 must be greater than 0" in found[0]
    assert "top.toml:3: run.replications: 0 must be greater than 0" in found[1]


def test_a_parent_s_parameter_may_lose_its_last_use(folder: Path) -> None:
    posts = [f'[[posts]]\nid = "bridge-{side}"\nd_prime = 1.0\n' for side in ("aa", "bb")]
    text = "".join(['extends = "small.toml"\n', *posts])
    model = load_scenario(write(folder, "child.toml", text)).model
    assert [post.d_prime for post in model.posts] == [1.0, 1.0]
