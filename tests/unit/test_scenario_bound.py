"""`bound SCENARIO`: what it computes where that is known, what it prints, what it refuses."""

from __future__ import annotations

import csv
import datetime as dt
import json
from dataclasses import fields

import pytest
from runs import load
from worlds import altered, fork_world, relay_world, series_world, small_world

import blo_sim
from blo_sim.analysis.scenario_bound import ROW, ClassBound
from blo_sim.cli import main
from blo_sim.errors import UsageError
from blo_sim.scenario.load import rebuilt


def test_controls_in_series_by_hand() -> None:
    found = blo_sim.bound_scenario(load(series_world([0.1, 0.2, 0.5], 10.0))).total
    assert found.untipped == pytest.approx(1 - 0.9 * 0.8 * 0.5)
    assert found.lower == found.upper == found.untipped
    assert found.best_reply is None


def test_tips_by_hand() -> None:
    """Informants know of four loads in ten; a sector and a unit ahead act on half of what they are told."""
    changes = ("sources.informants-origin.probability=0.4", "sources.informants-origin.load_exponent=0.0",
               "lookouts.intercept=0.5", "flows.heroin-north.modes={road=0.0, foot=1.0}")  # fmt: skip
    result = blo_sim.bound_scenario(load(small_world(), *changes))
    (foot,) = (each for each in result.classes if each.mode == "foot")
    untold, told = 1 - 0.98 * 0.97, 1 - (0.98 * 0.5) * (0.97 * 0.5)
    assert foot.name == "heroin-north foot"
    assert foot.tipped_share == pytest.approx(0.4)
    assert foot.untipped == pytest.approx(untold)
    assert foot.tipped == pytest.approx(told)
    assert foot.upper == foot.lower == pytest.approx(0.6 * untold + 0.4 * told)


def test_only_those_ahead_that_can_be_reached_are_told() -> None:
    told = blo_sim.bound_scenario(load(small_world())).total
    cut = altered(small_world(), ('from = "posts"\nto = "capitals"', 'from = "bridge-bb"\nto = "capital-bb"'))
    links = (f"offices.{name}.components.link=false" for name in ("blo-bridge", "blo-south"))
    silent = blo_sim.bound_scenario(load(cut, *links)).total
    assert silent.tipped < told.tipped
    assert silent.untipped == told.untipped


def test_who_tells_late_helps_no_control_before_him() -> None:
    """Two sectors detect 0.1 and act on half of their lookouts; one informant before each of them."""
    found = blo_sim.bound_scenario(load(relay_world(0.05, 0.5))).total
    untold, by_late, by_early = 1 - 0.9 * 0.9, 1 - 0.9 * 0.45, 1 - 0.45 * 0.45
    seized_told = 0.05 * by_early + 0.95 * 0.5 * by_late
    assert found.untipped == pytest.approx(untold)
    assert found.tipped_share == pytest.approx(1 - 0.95 * 0.5)
    assert found.tipped == pytest.approx(seized_told / (1 - 0.95 * 0.5))
    assert found.upper == pytest.approx(0.95 * 0.5 * untold + seized_told)
    assert found.lower == pytest.approx(found.upper)


def test_who_knows_that_he_is_told_of_goes_round_the_informant() -> None:
    """The safe way has an informant who tells of four loads in ten, the other one has none."""
    found = blo_sim.bound_scenario(load(fork_world(0.4))).total
    safe, told_there, other = 0.1, 1 - 0.9 * 0.5, 0.3
    assert found.upper == pytest.approx(0.6 * safe + 0.4 * told_there)
    assert found.lower == pytest.approx(0.6 * safe + 0.4 * other)


def test_bribed_shifts_let_loads_pass_told_of_or_not() -> None:
    honest = blo_sim.bound_scenario(load(series_world([0.5], 10.0)))
    bribed = blo_sim.bound_scenario(load(series_world([0.5], 10.0), "organisations.gangs.compromised=0.2"))
    assert bribed.total.untipped == pytest.approx(0.8 * honest.total.untipped)


def test_further_offices_gain_what_the_scenario_with_them_has() -> None:
    more = "two-bridges-office"
    found = blo_sim.bound_scenario(more, offices=1)
    sites = found.sites
    assert sites is not None
    assert sites.proven
    assert sites.without == pytest.approx(found.total.untipped)
    rows = [
        {"id": f"blo-{post}", "post": post, "opens": dt.date(2012, 1, 1),
         "components": {"equipment": ["scanner"], "training": 0.5}}
        for post in ("west-bb", "west-aa", "east-aa")
    ]  # fmt: skip
    values = [blo_sim.bound_scenario(with_office(more, row)).total.untipped for row in rows]
    assert sites.coordinated == pytest.approx(max(values))
    assert sites.without <= sites.isolated <= sites.coordinated
    assert sum(sites.joint_shares.values()) == sum(sites.shares.values()) == 1


def with_office(name: str, row: dict[str, object]) -> blo_sim.Scenario:
    scenario = blo_sim.load_scenario(name)
    return rebuilt(scenario, {"offices": [*scenario.tables["offices"], row]}, name)


def test_table_json_and_csv_agree(capsys: pytest.CaptureFixture[str], weighing: str) -> None:
    kit = ["--set", "offices.blo-south.components.training=0.5"]
    assert main(["bound", weighing, *kit, "--offices", "1", "--format", "json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert main(["bound", weighing, *kit, "--format", "csv"]) == 0
    rows = list(csv.DictReader(capsys.readouterr().out.splitlines()))
    assert [float(row["upper"]) for row in rows] == [each["upper"] for each in document["classes"]]
    assert list(rows[0]) == list(ROW)
    assert len(ROW) == len(fields(ClassBound))
    assert document["coordination"]["offices"] == 1
    assert main(["bound", weighing, *kit, "--offices", "1"]) == 0
    out = capsys.readouterr().out
    assert out.startswith("weighing: of ")
    assert "1 more office at " in out
    assert max(len(line) for line in out.splitlines()) <= 110


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "bound takes a SCENARIO or --instance FILE: neither is given"),
        (["two-bridges", "--instance", "pcm12"], "two-bridges and --instance pcm12 are given"),
        (["two-bridges", "--method", "highs"], "--method highs: only for --instance"),
        (["two-bridges", "--time-limit", "3"], "--time-limit 3.0: only for --instance"),
        (["two-bridges", "--offices", "-1"], "offices is -1"),
        (["two-bridges-office", "--offices", "9"], "offices is 9; it must be a whole number from 1 to"),
        (["two-bridges", "--offices", "1"], "has no [[offices]]"),
        (["--instance", "pcm12", "--set", "run.days=3"], "--set run.days=3: only for a scenario"),
    ],
)
def test_bad_settings_are_refused(
    arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["bound", *arguments]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert message in err


def test_a_scenario_without_its_headline_has_no_limit() -> None:
    with pytest.raises(UsageError, match="no flow ships anything of the headline"):
        blo_sim.bound_scenario(load(small_world(), "headline.weights={ heroin = 0.0, opium = 0.0 }"))
