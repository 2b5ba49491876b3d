"""Instances, their errors, and the command ``bound``."""

from __future__ import annotations

import csv
import json
import math
from pathlib import Path
from typing import Any

import pytest

import blo_sim
from blo_sim.analysis.coordination import random_prices
from blo_sim.analysis.generate import generate_instance
from blo_sim.analysis.instance import Arc, Instance, instance_names, load_instance
from blo_sim.analysis.network import Network
from blo_sim.analysis.teams import team_value
from blo_sim.cli import main
from blo_sim.errors import UsageError


def content(**changes: Any) -> dict[str, Any]:
    """A fork: from s over a (0.8) or b (0.6) to t, sensors on the ways out."""
    plain: dict[str, Any] = {
        "arcs": [
            {"tail": "s", "head": "a", "evade": 0.8, "evade_sensor": 0.2},
            {"tail": "s", "head": "b", "evade": 0.6, "evade_sensor": 0.3},
            {"tail": "a", "head": "t", "evade": 1.0},
            {"tail": "b", "head": "t", "evade": 1},
        ],
        "od": [["s", "t"]],
        "od_prob": 1,
    }
    return plain | changes


def written(folder: Path, document: Any) -> Path:
    path = folder / "fork.json"
    path.write_text(document if isinstance(document, str) else json.dumps(document), encoding="utf-8")
    return path


def arc(**changes: Any) -> list[dict[str, Any]]:
    first, *others = content()["arcs"]
    return [first | changes, *others]


def fork(**changes: Any) -> Instance:
    from blo_sim.analysis.instance import parse_instance

    return parse_instance(content(**changes), "fork")


# Reading


def test_file_is_read(tmp_path: Path) -> None:
    instance = load_instance(written(tmp_path, content(source="drawn", note="n", optimum={"0": 0.8})))
    assert instance.name == "fork"
    assert instance.source == "drawn"
    assert instance.arcs[0] == Arc("s", "a", 0.8, 0.2)
    assert instance.arcs[3] == Arc("b", "t", 1.0)
    assert instance.candidates == (0, 1)
    assert instance.od == (("s", "t"),)
    assert instance.probabilities == (1.0,)


def test_bundled_instance_is_found_by_name() -> None:
    assert "pcm12" in instance_names()
    assert len(load_instance("pcm12").arcs) == 16


def test_one_and_the_text_one_are_two_nodes() -> None:
    instance = fork(
        arcs=[{"tail": 1, "head": 2, "evade": 0.5}, {"tail": "1", "head": 2, "evade": 0.25}],
        od=[["1", 2]],
    )
    assert Network(instance).evasion() == 0.25


@pytest.mark.parametrize(
    ("document", "message"),
    [
        ("{", "is not JSON"),
        ([], "must be an object with the keys arcs, od and od_prob"),
        ({"arcs": [], "od": [], "od_prob": 1}, "arcs: is []; it must be a list with at least one entry"),
        ({"od": [[1, 2]], "od_prob": 1}, "arcs: is missing"),
        (content(arc=1), "arc: unknown key; did you mean 'arcs'?"),
        (content(note=3), "note: is 3; it must be a text"),
        (content(arcs=[7]), "arcs[0]: is 7; it must be an object with tail, head and evade"),
        (content(arcs=arc(evad=1)), "arcs[0].evad: unknown key; did you mean 'evade'?"),
        (content(arcs=[{"tail": 1, "head": 2}]), "arcs[0].evade: is missing"),
        (content(arcs=arc(tail=1.5)), "arcs[0].tail: is 1.5; a node is a whole number or a text"),
        (content(arcs=arc(tail=True)), "arcs[0].tail: is true; a node is a whole number or a text"),
        (content(arcs=arc(head="s")), "arcs[0].head: is 's', its tail; an arc joins two nodes"),
        (content(arcs=arc(evade=1.2)), "arcs[0].evade: is 1.2; it must be a number from 0 to 1"),
        (content(arcs=arc(evade=math.nan)), "arcs[0].evade: is nan; it must be a number from 0 to 1"),
        (content(arcs=arc(evade_sensor=0.9)), "arcs[0].evade_sensor: is 0.9; it must be at most evade, 0.8"),
        (content(arcs=arc(owner="")), "arcs[0].owner: is ''; it must be a text"),
        (content(arcs=arc(owner="A")), "arcs[1].owner: is missing; give an owner to every arc with"),
        (content(od=["st"]), "od[0]: is 'st'; it must be a list of an origin and a destination"),
        (content(od=[["s", "x"]]), "od[0][1]: is 'x'; no arc has this node"),
        (content(od=[["s", "s"]]), "origin and destination must differ"),
        (content(od_prob=[0.5, 0.5]), "od_prob: has 2 entries; it must have one a pair of od, 1"),
        (content(od_prob=[-0.5]), "od_prob[0]: is -0.5; it must be a number from 0 to 1"),
        (content(od=[["s", "t"], ["a", "t"]]), "the probabilities of the 2 pairs sum to 2; at most 1"),
    ],
)
def test_bad_files_are_refused(
    document: Any, message: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = written(tmp_path, document)
    assert main(["bound", "--instance", str(path)]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith(f"Error: {path}: ")
    assert message in err


def test_missing_and_unreadable_files_are_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "latin.json").write_bytes(b'{"source": "\xe9"}')
    for source, message in (
        (str(tmp_path / "none.json"), "cannot be read: No such file or directory"),
        (str(tmp_path), "cannot be read: Is a directory"),
        (str(tmp_path / "latin.json"), "it is not UTF-8 text"),
        ("pcm21", "neither such a file nor a bundled instance; did you mean 'pcm12'?"),
    ):
        assert main(["bound", "--instance", source]) == 2
        assert message in capsys.readouterr().err


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--offices", "-1"], "offices is -1; it must be a whole number from 0 to 16"),
        (["--offices", "17"], "offices is 17; it must be a whole number from 0 to 16"),
        (["--offices", "x"], "'x' is not a valid integer"),
        (["--time-limit", "0"], "time_limit is 0.0; it must be a number of seconds above 0"),
        (["--time-limit", "nan"], "time_limit is nan; it must be a number of seconds above 0"),
        (["--method", "guess"], "'guess' is not one of"),
    ],
)
def test_bad_options_are_refused(
    options: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["bound", "--instance", "pcm12", *options]) == 2
    assert message in capsys.readouterr().err


def test_instance_is_required(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["bound"]) == 2
    assert "--instance" in capsys.readouterr().err


def test_python_refuses_what_the_command_refuses() -> None:
    with pytest.raises(UsageError, match="method is 'guess'"):
        blo_sim.bound_instance("pcm12", method="guess")
    with pytest.raises(UsageError, match="offices is True"):
        blo_sim.bound_instance("pcm12", offices=True)
    with pytest.raises(UsageError, match="time_limit is True"):
        blo_sim.bound_instance("pcm12", time_limit=True)


def test_too_many_designs_are_not_enumerated() -> None:
    large = generate_instance(nodes=30, arcs=100, candidates=60, pairs=4)
    with pytest.raises(UsageError, match="too many to enumerate"):
        blo_sim.bound_instance(large, offices=20, method="enumeration")


# What comes out, worked out by hand


def test_a_fork() -> None:
    none, one, two = (blo_sim.bound_instance(fork(), offices=count) for count in range(3))
    assert (none.evasion, one.evasion, two.evasion) == (0.8, 0.6, 0.3)
    assert one.ends(one.solved.design) == [["s", "a"]]
    assert one.interception == pytest.approx(0.4)
    assert none.coordination is None
    assert [reply.arcs for reply in two.replies] == [(1, 3)]
    # The team detects with 0.75 on one way and 0.5 on the other: 1 / (1 / 0.75 + 1 / 0.5).
    assert none.team.value == pytest.approx(0.3)
    assert none.team.mix == {0: pytest.approx(0.4), 1: pytest.approx(0.6)}
    assert sorted(path for _, path, _ in none.team.paths) == [(0, 2), (1, 3)]


def test_offices_that_decide_alone_choose_the_same_arc() -> None:
    found = blo_sim.bound_instance(fork(), offices=2).coordination
    assert found is not None
    assert found.design == (0, 0)
    assert (found.isolated, found.coordinated) == (0.6, 0.3)
    assert found.gap == pytest.approx(0.3)
    assert found.ratio == pytest.approx(0.4 / 0.7)
    assert found.shares == {}


def test_owners_share_the_offices_and_decide_on_their_own_arcs() -> None:
    arcs = [{**each, "owner": owner} for each, owner in zip(content()["arcs"], "ABBB", strict=True)]
    found = blo_sim.bound_instance(fork(arcs=arcs), offices=2).coordination
    assert found is not None
    assert found.shares == {"A": 1, "B": 1}
    assert found.design == (0, 1)
    assert found.gap == 0.0


def test_nothing_to_coordinate_has_no_ratio() -> None:
    arcs = [{"tail": 1, "head": 2, "evade": 1.0, "evade_sensor": 1.0}]
    found = blo_sim.bound_instance(fork(arcs=arcs, od=[[1, 2]]), offices=1).coordination
    assert found is not None
    assert found.ratio is None


def test_pair_without_a_way_and_closed_arcs() -> None:
    arcs = [{"tail": 1, "head": 2, "evade": 0.0, "evade_sensor": 0.0}, {"tail": 2, "head": 3, "evade": 0.5}]
    result = blo_sim.bound_instance(fork(arcs=arcs, od=[[1, 3], [3, 1], [2, 3]], od_prob=0.3), offices=1)
    assert result.evasion == pytest.approx(0.15)
    assert [row["path"] for row in result.rows()] == ["", "", "2 > 3"]
    assert result.team.value == pytest.approx(2 / 3)


def test_parallel_arcs_are_told_apart() -> None:
    arcs = [
        {"tail": 1, "head": 2, "evade": 0.5, "evade_sensor": 0.1},
        {"tail": 1, "head": 2, "evade": 0.9, "evade_sensor": 0.2},
    ]
    result = blo_sim.bound_instance(fork(arcs=arcs, od=[[1, 2]]), offices=1)
    assert result.solved.design == (1,)
    assert result.replies[0].arcs == (0,)
    assert result.document()["arc_places"] == [1]


def test_unseen_way_beside_watched_ones_makes_a_team_worthless() -> None:
    arcs = [*content()["arcs"], {"tail": "s", "head": "t", "evade": 0.01}]
    team = team_value(Network(fork(arcs=arcs)))
    assert team.value == 0.0
    assert team.mix == {}
    assert team.paths == ((0, (4,), 1.0),)


def test_sums_of_capacities_are_exact() -> None:
    """In decimals 12.4 - 2.4 - 10 is not 0, and an arc of a least cut would seem to have room."""
    arcs = [
        {"tail": 4, "head": 0, "evade": 0.1},
        {"tail": 0, "head": 2, "evade": 0.1},
        {"tail": 2, "head": 1, "evade": 0.1, "evade_sensor": 0.0},
        {"tail": 4, "head": 2, "evade": 0.1, "evade_sensor": 0.05835841258629898},
        {"tail": 2, "head": 1, "evade": 0.1, "evade_sensor": 0.09000000000000001},
    ]
    team = team_value(Network(fork(arcs=arcs, od=[[4, 1]])))
    assert team.value == pytest.approx(1 / 11, abs=1e-12)


# Faces


def test_json_is_one_document(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["bound", "--instance", "pcm12", "--offices", "4", "--format", "json"]) == 0
    out, err = capsys.readouterr()
    found = json.loads(out)
    assert err == ""
    assert found["evasion"] == pytest.approx(0.03979166666666667, abs=1e-12)
    assert found["interception"] == 1 - found["evasion"]
    assert found["arcs"] == [[4, 3], [5, 6], [11, 10], [11, 12]]
    assert (found["gap"], found["proven"], found["method"], found["offices"]) == (0.0, True, "enumeration", 4)
    assert found["bound"] == found["evasion"]
    assert found["coordination"]["coordinated"] == found["evasion"] < found["coordination"]["isolated"]
    assert found["team"]["value"] == pytest.approx(0.15)
    assert sum(row["probability"] for row in found["team"]["mix"]) == pytest.approx(1)
    assert {"arc", "arc_place", "probability"} == set(found["team"]["mix"][0])
    assert len(found["pairs"]) == 12
    assert found["pairs"][0]["path"] == [[4, 3], [3, 1]]


def test_out_writes_what_is_printed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = tmp_path / "new"
    options = ["bound", "--instance", "pcm12", "--offices", "1", "--out", str(folder)]
    assert main([*options, "--format", "json"]) == 0
    assert (folder / "bound.json").read_text(encoding="utf-8") == capsys.readouterr().out
    assert main([*options, "--format", "csv"]) == 0
    printed = capsys.readouterr().out
    rows = list(csv.DictReader(printed.splitlines()))
    assert len(rows) == 12
    assert rows[0]["path"] == "4 > 3 > 1"
    assert (folder / "bound.csv").read_text(encoding="utf-8").splitlines() == printed.splitlines()


def test_table_says_what_was_found(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["bound", "--instance", "pcm12", "--offices", "2"]) == 0
    out = " ".join(capsys.readouterr().out.split())
    assert "with probability 0.0588542, without with 0.0846354. Proven best (by trying all)." in out
    assert "if offices decide alone, a smuggler gets through with probability 0.0715495" in out
    assert main(["bound", "--instance", "pcm12"]) == 0
    out = capsys.readouterr().out
    assert "without offices a smuggler gets through with probability 0.0846354" in " ".join(out.split())
    assert "\nOffices\n" not in out


def test_table_of_a_large_instance_is_short(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    made = generate_instance(nodes=40, arcs=140, candidates=30, pairs=20, owners=2)
    path = written(tmp_path, made.document())
    options = ["--offices", "14", "--method", "highs", "--time-limit", "5"]
    assert main(["bound", "--instance", str(path), *options]) == 0
    out = capsys.readouterr().out
    assert "2 more: --format json has all" in out
    assert "8 more: --format json has all" in out
    assert "owners (country-1 7, country-2 7) decide alone" in " ".join(out.split())


def test_dataframe_has_a_row_for_each_pair() -> None:
    frame = blo_sim.bound_instance("pcm12", offices=2).to_dataframe()
    assert list(frame.columns)[:3] == ["origin", "destination", "probability"]
    assert (frame.probability * frame.evasion).sum() == pytest.approx(0.058854166666666666)


# Made-up instances


def test_generated_instances_repeat_and_are_valid(tmp_path: Path) -> None:
    size = {"nodes": 50, "arcs": 170, "candidates": 25, "pairs": 30}
    made = generate_instance(**size, owners=3)
    assert made == generate_instance(**size, owners=3)
    assert made != generate_instance(**size, owners=3, seed=1)
    path = written(tmp_path, made.document())
    read = load_instance(path)
    assert (read.arcs, read.od, read.probabilities) == (made.arcs, made.od, made.probabilities)
    nodes = {arc.tail for arc in made.arcs} | {arc.head for arc in made.arcs}
    assert (len(nodes), len(made.arcs), len(made.candidates), len(made.od)) == (50, 170, 25, 30)
    assert set(made.owners) <= {"country-1", "country-2", "country-3"}
    assert all(reply.evasion > 0 for reply in Network(made).replies(Network(made).evade))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"nodes": 1}, "nodes is 1"),
        ({"arcs": 17}, "arcs is 17; it must be a whole number from 18 to 90"),
        ({"candidates": 31}, "candidates is 31; it must be a whole number from 0 to 30"),
        ({"pairs": 26}, "pairs is 26; it must be a whole number from 1 to 25"),
        ({"owners": -1}, "owners is -1"),
    ],
)
def test_impossible_sizes_are_refused(changes: dict[str, int], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        generate_instance(**({"nodes": 10, "arcs": 30, "candidates": 5, "pairs": 4} | changes))


def test_full_graphs_can_be_made() -> None:
    made = generate_instance(nodes=7, arcs=42, candidates=42, pairs=9)
    assert len({(arc.tail, arc.head) for arc in made.arcs}) == 42


def test_prices_on_made_up_graphs() -> None:
    size = {"nodes": 20, "arcs": 70, "candidates": 10, "pairs": 6}
    rows = random_prices(4, offices=3, **size)
    assert [row["seed"] for row in rows] == [20131022 + each for each in range(4)]
    for row in rows:
        assert row["coordinated"] <= row["isolated"] <= row["without"]
        assert row["gap"] == row["isolated"] - row["coordinated"]
    assert any(row["gap"] > 0 for row in random_prices(4, offices=3, owners=0, **size))
    with pytest.raises(UsageError, match="offices is 11; it must be a whole number from 0 to 10"):
        random_prices(1, offices=11, **size)
