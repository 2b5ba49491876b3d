from __future__ import annotations

import csv
import json
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from worlds import small_world

from blo_sim.cli import main
from blo_sim.experiment import evaluators, output, replications

SHORT = ["--days", "10", "--replications", "3", "--workers", "1", "--quiet"]


class Interrupted:
    """An evaluator at which somebody presses Ctrl-C after some results."""

    def __init__(self, real: evaluators.Evaluator, after: int) -> None:
        self.real, self.after = real, after

    def map(self, tasks: Sequence[Any]) -> Iterator[Any]:
        for number, result in enumerate(self.real.map(tasks)):
            if number == self.after:
                raise KeyboardInterrupt
            yield result


def interrupt(monkeypatch: pytest.MonkeyPatch, after: int) -> None:
    real = evaluators.evaluator_for
    monkeypatch.setattr(
        replications, "evaluator_for", lambda *args, **more: Interrupted(real(*args, **more), after)
    )


def test_compare_prints_one_json_document(
    small: str, without: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["compare", without, small, *SHORT, "--format", "json"]) == 0
    out, err = capsys.readouterr()
    content = json.loads(out)
    assert err == ""
    assert content["baseline"] == "without"
    assert content["replications"] == 3
    gain = content["commodities"]["opiates"]["gains"]["small"]["kept_kg"]
    assert gain["mean"] > 0
    measures = content["commodities"]["opiates"]["measures"]
    assert measures["small"]["attempted_kg"] == measures["without"]["attempted_kg"]


def test_the_same_scenario_twice_is_one_and_gains_exactly_nothing(
    small: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["compare", small, small, *SHORT, "--format", "json"]) == 0
    content = json.loads(capsys.readouterr().out)
    assert list(content["scenarios"]) == ["small"]
    for block in content["commodities"].values():
        assert block["gains"]["small"]["kept_kg"]["mean"] == 0.0
        assert block["ledger"]["small"]["net"]["intercepted_kg"]["mean"] == 0.0


def test_same_name_other_content_is_numbered(
    small: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "other").mkdir()
    other = tmp_path / "other" / "small.toml"
    other.write_text(small_world().replace("training = 0.3", "training = 0.9"), encoding="utf-8")
    renamed = tmp_path / "other" / "renamed" / "small.toml"
    renamed.parent.mkdir()
    renamed.write_text(small_world().replace("Two made-up", "A pair of made-up"), encoding="utf-8")
    assert main(["compare", small, str(other), str(renamed), *SHORT, "--format", "json"]) == 0
    content = json.loads(capsys.readouterr().out)
    assert list(content["scenarios"]) == ["small", "small~2"]
    assert list(content["commodities"]["heroin"]["gains"]) == ["small~2", "small"]


def test_any_number_of_workers_prints_the_same_bytes(
    small: str, without: str, capsys: pytest.CaptureFixture[str]
) -> None:
    printed = []
    for workers in ("1", "2"):
        arguments = ["compare", without, small, "--days", "5", "--replications", "2", "--workers", workers]
        assert main([*arguments, "--format", "json"]) == 0
        printed.append(capsys.readouterr().out)
    assert printed[0] == printed[1]


def test_the_table_says_what_a_planner_needs(
    small: str, without: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["compare", without, small, *SHORT]) == 0
    out = capsys.readouterr().out
    first = out.partition("\n\n")[0].replace("\n", " ")
    assert first.startswith("small against without: +")
    for words in (
        "kg in 10 days of opiates in heroin equivalent kept from delivery",
        "Monte Carlo interval",
        "3 replications",
        "Central parameters only",
        "judged",
        "simulation noise, not the uncertainty of the answer",
    ):
        assert words in first
    titles = ("Gains over", "Ledger", "By control: ", "Lawful travellers", "Lookouts for loads")
    for words in (*titles, "Reports on loads"):
        assert words in out
    for words in ("Busiest desks", "withheld", "not needed", "leaked"):
        assert words not in out
    assert "change in small" in out
    assert "10 % of the headline gain would take" in out.replace("\n", " ")
    assert "Not modelled yet" in out
    assert max(len(line) for line in out.splitlines()) <= 110
    assert out.isascii()


def test_run_prints_targets_beside_the_model(
    small: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    target = (
        '\n[[targets]]\nid = "seized-bb"\nmeasure = "seized_share"\ncommodity = "heroin"\n'
        'countries = ["BB"]\n'
        'low = 0.0\nhigh = 0.001\ngrade = "judged"\nreason = "made up"\nrange_factor = 2.0\n'
    )
    path = tmp_path / "aimed.toml"
    path.write_text(small_world() + target, encoding="utf-8")
    assert main(["run", str(path), *SHORT]) == 0
    out = capsys.readouterr().out
    assert "a fit, not a validation" in out
    line = next(line for line in out.splitlines() if line.startswith("seized-bb"))
    assert line.endswith("outside")


DESKS = """
[[desks]]
id = "slow"
officers = 1
service_h = 12.0

[leaks]
probability = 0.5
wait_h = 24.0
"""


def test_desks_and_what_they_do_to_messages_are_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = small_world() + DESKS
    for capital in ("aa", "bb"):
        text = text.replace(f'id = "capital-{capital}"\n', f'id = "capital-{capital}"\ndesk = "slow"\n')
    text = text.replace("loss = 0.05\n", "loss = 0.05\nwillingness = 0.6\n")
    path = tmp_path / "desks.toml"
    path.write_text(text.replace('place = "synthetic"', 'place = "real"'), encoding="utf-8")
    assert main(["run", str(path), *SHORT]) == 0
    out = capsys.readouterr().out
    assert "By control type and border: " in out
    line = next(line for line in out.splitlines() if line.startswith("scenario  sent"))
    assert "withheld" in line
    assert "leaked" in line
    assert "Busiest desks" in out
    busy = next(line for line in out.splitlines() if line.startswith("desks     headquarters "))
    assert float(busy.split()[4]) > 0
    assert max(len(line) for line in out.splitlines()) <= 110


def test_csv_has_a_row_for_every_number(small: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["run", small, *SHORT, "--format", "csv"]) == 0
    rows = list(csv.DictReader(capsys.readouterr().out.splitlines()))
    assert {row["kind"] for row in rows} == {"measure", "lawful", "messages", "leaks", "causes", "places"}
    assert all(float(row["mean"]) >= 0 for row in rows if row["kind"] == "measure")


def test_out_holds_the_document_and_the_replications(
    small: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "new" / "results"
    assert main(["run", small, *SHORT, "--format", "json", "--out", str(folder)]) == 0
    assert (folder / "result.json").read_text(encoding="utf-8") == capsys.readouterr().out
    rows = list(csv.DictReader((folder / "replications.csv").read_text(encoding="utf-8").splitlines()))
    assert [row["replication"] for row in rows] == ["0", "0", "1", "1", "2", "2"]
    for row in rows:
        ends = sum(int(row[name]) for name in ("seized_g", "delivered_g", "in_transit_g"))
        assert int(row["attempted_g"]) == ends
    assert sorted(path.name for path in folder.iterdir()) == [
        "manifest.json", "replications.csv", "result.json", "runs.sqlite"
    ]  # fmt: skip


def test_out_of_a_comparison_holds_the_ledger_of_each_replication(small: str, tmp_path: Path) -> None:
    override = ["--set", "sources.informants-origin.probability=0.5"]
    assert main(["compare", small, small, *SHORT, *override, "--out", str(tmp_path)]) == 0
    rows = list(csv.DictReader((tmp_path / "ledger.csv").read_text(encoding="utf-8").splitlines()))
    nets = [row for row in rows if (row["commodity"], row["line"]) == ("heroin", "net")]
    assert [row["replication"] for row in nets] == ["0", "1", "2"]


def test_out_that_cannot_be_written_is_refused_before_the_run(
    small: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(replications, "evaluator_for", lambda *_, **__: pytest.fail("it ran"))
    file = tmp_path / "file"
    file.write_text("mine")
    before = sorted(tmp_path.rglob("*"))
    for folder in (file, file / "below" / "it"):
        assert main(["run", small, *SHORT, "--out", str(folder)]) == 2
        out, err = capsys.readouterr()
        assert out == ""
        assert f"--out {folder}: cannot write there" in err
    assert sorted(tmp_path.rglob("*")) == before
    assert file.read_text() == "mine"


def test_a_failed_run_leaves_no_folder_behind(
    small: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(shared: Any, task: Any) -> Any:
        raise MemoryError("no more")

    monkeypatch.setattr(replications, "run_task", broken)
    assert main(["run", small, *SHORT, "--out", str(tmp_path / "a" / "b")]) == 1
    assert not (tmp_path / "a").exists()


def test_a_file_is_replaced_whole_or_not_at_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "result.json"
    output.write_whole(path, "old")
    monkeypatch.setattr(output.os, "fsync", lambda _: (_ for _ in ()).throw(OSError("disk full")))
    with pytest.raises(OSError, match="disk full"):
        output.write_whole(path, "new and longer")
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_ctrl_c_keeps_the_contiguous_prefix(
    small: str,
    without: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    interrupt(monkeypatch, after=2)
    arguments = ["compare", without, small, *SHORT, "--format", "json", "--out", str(tmp_path / "out")]
    assert main(arguments) == 130
    out, err = capsys.readouterr()
    assert err == "Interrupted: 2 of 3 replications were finished.\n"
    assert json.loads(out)["replications"] == 2
    assert json.loads((tmp_path / "out" / "result.json").read_text())["replications"] == 2


def test_ctrl_c_before_anything_was_finished(
    small: str,
    without: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    interrupt(monkeypatch, after=0)
    assert main(["compare", without, small, *SHORT, "--out", str(tmp_path / "out")]) == 130
    assert capsys.readouterr().out == ""
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("option", "value", "message"),
    [
        ("--replications", "0", "replications is 0; it must be a whole number of at least 1"),
        ("--replications", "-3", "replications is -3"),
        ("--days", "0", "days is 0; it must be a whole number of at least 1"),
        ("--workers", "-1", "workers is -1; it must be a whole number of at least 1"),
        ("--seed", "-5", "seed is -5; it must be a whole number of at least 0"),
        ("--clock", "lunar", "'lunar' is not one of 'steady', 'dated'"),
        ("--behaviour", "nonsense", "'nonsense' is not one of 'fixed', 'learning', 'best-reply', 'all'"),
        ("--replications", "many", "'many' is not a valid integer"),
        ("--set", "run.day=3", "run.day"),
    ],
)
def test_bad_settings_are_refused(
    small: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], option: str, value: str, message: str
) -> None:
    out = tmp_path / "out"
    assert main(["run", small, option, value, "--out", str(out)]) == 2
    printed, err = capsys.readouterr()
    assert printed == ""
    assert message in err
    assert not out.exists()


def test_overrides_apply_to_all_scenarios(
    small: str, without: str, capsys: pytest.CaptureFixture[str]
) -> None:
    silent = ["--set", "sources.informants-origin.probability=0", "--set", "reports.other_side.probability=0"]
    silent += ["--set", "reports.seizure.probability=0"]
    assert main(["compare", without, small, *SHORT, *silent, "--format", "json"]) == 0
    messages = json.loads(capsys.readouterr().out)["messages"]
    assert messages["small"]["sent"]["mean"] == messages["without"]["sent"]["mean"] == 0
    assert messages["small"]["in_time_share"]["mean"] is None


def test_scenarios_of_other_length_or_headline_cannot_be_compared(
    small: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    longer = tmp_path / "longer.toml"
    longer.write_text('extends = "./small.toml"\n[run]\ndays = 31\n', encoding="utf-8")
    assert main(["compare", small, str(longer), "--quiet"]) == 2
    assert "longer measures 31 days and small 30" in capsys.readouterr().err
    heavier = tmp_path / "heavier.toml"
    heavier.write_text('extends = "./small.toml"\n[headline]\nweights = { opium = 0.2 }\n', encoding="utf-8")
    assert main(["compare", small, str(heavier), *SHORT]) == 2
    assert "differ in [headline]" in capsys.readouterr().err


def test_dated_clock_reports_by_year(small: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["run", small, *SHORT, "--clock", "dated", "--format", "json"]) == 0
    (year,) = json.loads(capsys.readouterr().out)["years"]
    assert (year["from"], year["to"]) == ("2013-01-21", "2013-01-30")
    assert main(["run", small, *SHORT, "--clock", "dated"]) == 0
    assert "By year" in capsys.readouterr().out


def test_progress_is_drawn_for_a_terminal_only(
    small: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    loud = [option for option in SHORT if option != "--quiet"]
    assert main(["run", small, *loud, "--format", "json"]) == 0
    assert capsys.readouterr().err == ""
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True, raising=False)
    assert main(["run", small, *loud, "--format", "json"]) == 0
    out, err = capsys.readouterr()
    assert "3 of 3" in err
    json.loads(out)


# Behaviours -----------------------------------------------------------------------------------------

BEHAVIOURS = ["fixed", "learning", "best-reply"]


def answer(capsys: pytest.CaptureFixture[str], *arguments: str) -> Any:
    """The JSON document that a command prints."""
    assert main([*arguments, *SHORT, "--format", "json"]) == 0
    return json.loads(capsys.readouterr().out)


def test_run_under_all_behaviours_holds_the_document_of_each(
    weighing: str, capsys: pytest.CaptureFixture[str]
) -> None:
    content = answer(capsys, "run", weighing, "--behaviour", "all")
    assert list(content) == ["behaviours"]
    assert list(content["behaviours"]) == BEHAVIOURS
    for name, document in content["behaviours"].items():
        assert document["behaviour"] == name
        assert document == answer(capsys, "run", weighing, "--behaviour", name)
    assert answer(capsys, "run", weighing) == content["behaviours"]["learning"]  # as the scenario says


@pytest.mark.no_cover
def test_compare_under_all_behaviours_holds_the_document_of_each(
    weighing: str, weighing_without: str, capsys: pytest.CaptureFixture[str]
) -> None:
    pair = ["compare", weighing_without, weighing, "--behaviour"]
    content = answer(capsys, *pair, "all")
    assert list(content["behaviours"]) == BEHAVIOURS
    for name, document in content["behaviours"].items():
        assert document == answer(capsys, *pair, name)
        ledger = document["commodities"]["heroin"]["ledger"]["weighing"]
        assert (ledger["replacement"]["kept_kg"]["mean"] != 0.0) == (name != "fixed")
        assert ledger["detection"] != ledger["net"] or name == "fixed"


def test_csv_of_all_behaviours_says_which_before_the_rest(
    weighing: str, weighing_without: str, capsys: pytest.CaptureFixture[str]
) -> None:
    pair = ["compare", weighing_without, weighing, *SHORT, "--format", "csv"]
    assert main([*pair, "--behaviour", "all"]) == 0
    table = csv.DictReader(capsys.readouterr().out.splitlines())
    rows = list(table)
    assert table.fieldnames == [
        "behaviour", "kind", "scenario", "commodity", "measure", "mean", "mc_low", "mc_high",
        "plausible_low", "plausible_high",
    ]  # fmt: skip
    for name in BEHAVIOURS:
        assert main([*pair, "--behaviour", name]) == 0
        alone = list(csv.DictReader(capsys.readouterr().out.splitlines()))
        assert [row for row in rows if row["behaviour"] == name] == [
            {"behaviour": name, **row} for row in alone
        ]


def test_out_holds_the_replications_of_all_behaviours(
    weighing: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "out"
    content = answer(capsys, "run", weighing, "--behaviour", "all", "--out", str(folder))
    assert json.loads((folder / "result.json").read_text(encoding="utf-8")) == content
    rows = list(csv.DictReader((folder / "replications.csv").read_text(encoding="utf-8").splitlines()))
    assert next(iter(rows[0])) == "behaviour"
    keys = [(row["behaviour"], row["replication"], row["commodity"]) for row in rows]
    assert keys == [(name, n, what) for name in BEHAVIOURS for n in "012" for what in ("heroin", "opium")]
    fixed = [row for row in rows if row["behaviour"] == "fixed"]
    assert {row[column] for row in fixed for column in ("deterred", "again", "other_way")} == {"0"}


def test_the_table_of_all_behaviours_sets_them_side_by_side(
    weighing: str, weighing_without: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """What responds takes back the difference of the gain and that on unchanged flows."""
    pair = ["compare", weighing_without, weighing, *SHORT, "--behaviour", "all"]
    assert main(pair) == 0
    out = capsys.readouterr().out
    table = out.partition("Under each behaviour: ")[2].splitlines()
    assert " ".join(table[1].split()) == (
        "behaviour alternative kept interval unchanged interval response interval"
    )
    rows = [line.split("  ") for line in table[3:6]]
    cells = [[cell.strip() for cell in row if cell.strip()] for row in rows]
    assert [row[0] for row in cells] == BEHAVIOURS
    for name, _, kept, _, unchanged, _, response, _ in cells:
        assert float(kept) - float(unchanged) == pytest.approx(float(response), abs=0.2)
        assert (float(response) == 0) == (name == "fixed")
    assert "Smugglers take the most profitable ways from the start" in out.replace("\n", " ")
    assert main(["run", weighing, *SHORT, "--behaviour", "all"]) == 0
    out = capsys.readouterr().out
    lines = out.partition("Under each behaviour: ")[2].splitlines()
    assert [line.split()[0] for line in lines[3:6]] == BEHAVIOURS
    assert lines[3].split()[-2:] == ["0", "%"]  # under fixed nobody takes another way
    assert max(len(line) for line in out.splitlines()) <= 110


@pytest.mark.no_cover
def test_all_behaviours_come_with_both_ends_of_the_threshold(
    weighing: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Each end is what the same key gives by itself; the alternative, which inherits it, is swept too."""
    other = tmp_path / "ranged.toml"
    other.write_text(
        f'extends = "{weighing}"\n[behaviour]\nrisk_threshold = '
        '{ value = 0.1, range = [0.02, 0.5], grade = "judged", reason = "made up" }\n',
        encoding="utf-8",
    )
    base = tmp_path / "without.toml"
    base.write_text('extends = "./ranged.toml"\nremove = ["blo-bridge"]\n', encoding="utf-8")
    pair = ["compare", str(base), str(other), "--behaviour"]
    content = answer(capsys, *pair, "all")
    assert list(content) == ["behaviours", "sweep"]
    ends = content["sweep"]["behaviour.risk_threshold"]
    assert list(ends) == ["0.02", "0.5"]
    measure = "attempted_kg", "deterred_kg", "other_way_share"
    for end, document in ends.items():
        alone = answer(capsys, *pair, "learning", "--set", f"behaviour.risk_threshold={end}")
        for name in document["scenarios"]:
            found, wanted = (
                each["commodities"]["heroin"]["measures"][name] for each in (document, alone)
            )
            assert {key: found[key] for key in measure} == {key: wanted[key] for key in measure}
    assert ends["0.02"]["commodities"] != ends["0.5"]["commodities"]
    assert main([*pair, "all", *SHORT, "--format", "csv"]) == 0
    labels = dict.fromkeys(row["behaviour"] for row in csv.DictReader(capsys.readouterr().out.splitlines()))
    assert list(labels) == [*BEHAVIOURS, "learning@0.02", "learning@0.5"]
    assert main([*pair, "all", *SHORT]) == 0
    out = capsys.readouterr().out
    lines = out.partition("Under each behaviour: ")[2].splitlines()
    assert [line.split("  ")[0] for line in lines[3:8]] == [
        *BEHAVIOURS, "learning at 0.02", "learning at 0.5",
    ]  # fmt: skip
    assert "both ends of its range stand here too" in out.replace("\n", " ")


def test_the_report_tells_what_smugglers_do_and_take_back(
    weighing: str, weighing_without: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["compare", weighing_without, weighing, *SHORT]) == 0
    out = capsys.readouterr().out
    first = out.partition("\n\n")[0].replace("\n", " ")
    assert "On unchanged flows it would be +" in first
    assert "the smugglers' response takes back" in first
    assert "Smugglers learn from losses." in first
    for line in ("displacement: sent another way", "replacement: sent again", "deterred: not sent",
                 "interaction: the same way, met otherwise", "detection, on unchanged flows"):  # fmt: skip
        assert line in out
    for name in ("unchanged", "weighing"):
        sent = out.partition("What smugglers do")[2].partition("\n\n")[0].splitlines()
        heroin = next(row for row in sent if row.startswith(f"heroin     {name}"))
        assert float(heroin.split()[3]) > 0  # sent again
        assert float(heroin.split()[-2]) > 10  # other ways, %
    assert max(len(line) for line in out.splitlines()) <= 110
    assert main(["compare", weighing_without, weighing, *SHORT, "--behaviour", "fixed"]) == 0
    out = capsys.readouterr().out
    for words in ("What smugglers do", "displacement", "takes back", "replacement"):
        assert words not in out
    assert "Smugglers keep their ways." in out.replace("\n", " ")


def test_places_add_up_to_the_changes_of_the_document(
    weighing: str, weighing_without: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """A synthetic world has its controls by name; each column of the table is a number of the document."""
    pair = ["compare", weighing_without, weighing]
    places = answer(capsys, *pair)["places"]
    assert set(places["weighing"]) == {
        "post bridge", "post ford", "patrol hills-bb", "inland north-unit",
    }  # fmt: skip
    assert main([*pair, *SHORT]) == 0
    lines = capsys.readouterr().out.partition("By control: ")[2].partition("\n\n")[0].splitlines()
    names = ["inland north-unit", "patrol hills-bb", "post bridge", "post ford"]
    rows = [line for line in lines if line.startswith(tuple(names))]
    assert [" ".join(row.split()[:2]) for row in rows] == names
    for name, row in zip(names, rows, strict=True):
        before, after = (places[world][name] for world in ("unchanged", "weighing"))
        expected = [before[key]["mean"] for key in ("met_kg", "intercepted_kg")]
        expected += [after[key]["mean"] - before[key]["mean"] for key in ("met_kg", "intercepted_kg")]
        shown = [float(cell.replace(",", "")) for cell in row.split()[2:]]
        assert shown == pytest.approx(expected, rel=0.01, abs=0.06)


@pytest.mark.parametrize("behaviour", ["learning", "best-reply", "all"])
def test_a_scenario_without_behaviour_is_refused_before_anything_runs(
    small: str,
    weighing: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    behaviour: str,
) -> None:
    monkeypatch.setattr(replications, "evaluator_for", lambda *_, **__: pytest.fail("it ran"))
    out = tmp_path / "out"
    for command in (["run", small], ["compare", weighing, small]):
        assert main([*command, *SHORT, "--behaviour", behaviour, "--out", str(out)]) == 2
        printed, err = capsys.readouterr()
        assert printed == ""
        assert "but small has no table [behaviour] (with its [[prices]]): add them, or use fixed" in err
        assert not out.exists()


def test_layouts_run_under_one_behaviour(weighing: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["layouts", weighing, *SHORT, "--behaviour", "all"]) == 2
    assert "'all' is not one of 'fixed', 'learning', 'best-reply'" in capsys.readouterr().err


def test_ctrl_c_keeps_the_behaviours_that_were_finished(
    weighing: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each has three runs here; the second is stopped after two of them, the third never begins."""
    real, begun = evaluators.evaluator_for, []

    def stopped(*arguments: Any, **more: Any) -> Any:
        begun.append(arguments)
        return Interrupted(real(*arguments, **more), 2 if len(begun) == 2 else 99)

    monkeypatch.setattr(replications, "evaluator_for", stopped)
    assert main(["run", weighing, *SHORT, "--behaviour", "all", "--format", "json"]) == 130
    out, err = capsys.readouterr()
    assert err == "Interrupted: 2 of 3 replications were finished.\n"
    found = {name: each["replications"] for name, each in json.loads(out)["behaviours"].items()}
    assert found == {"fixed": 3, "learning": 2}
    assert len(begun) == 2
