"""The warm-up study: its arithmetic, its suggestion, its command."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import pytest
from runs import load
from worlds import small_world

import blo_sim
from blo_sim.analysis.warmup import YEAR, Bias, WarmupResult
from blo_sim.cli import main
from blo_sim.cli.warmup import text
from blo_sim.experiment.replications import Finished
from blo_sim.results.runs import ListedRuns

KG = 10**9
SHORT = ["--longest", "10", "--step", "10", "--replications", "2", "--workers", "1", "--quiet"]


def bias(measure: str = "intercepted_share", days: int = 0, **changes: Any) -> Bias:
    usual = {"year": 0.9, "year_after": 1.0, "bias": -0.1, "interval": (-0.15, -0.05), "tolerance": 0.01}
    return Bias("small", measure, days, **(usual | changes))


@pytest.mark.parametrize(
    ("interval", "told", "noisy"),
    [
        ((-0.15, -0.05), True, True),
        ((-0.15, 0.05), False, True),
        ((-0.009, -0.002), False, False),
        ((-0.012, -0.002), True, False),
        ((0.002, 0.011), True, False),
        ((-0.009, 0.009), False, False),
    ],
)
def test_a_year_is_told_apart_beyond_noise_and_tolerance(
    interval: tuple[float, float], told: bool, noisy: bool
) -> None:
    found = bias(bias=sum(interval) / 2, interval=interval)
    assert (found.told_apart, found.noisy) == (told, noisy)


def test_one_replication_is_told_apart_by_what_it_shows() -> None:
    assert bias(bias=-0.1, interval=None).told_apart
    assert not bias(bias=-0.001, interval=None).told_apart
    assert not bias(bias=None, interval=None).told_apart


@pytest.fixture(scope="module")
def study() -> WarmupResult:
    return blo_sim.warmup_study(
        load(small_world()), longest=20, step=10, replications=3, seed=1, workers=1
    )


@pytest.mark.parametrize(
    ("late", "suggested"),
    [((), 0), ((0,), 10), ((0, 10), 20), ((10,), 20), ((20,), None), ((0, 10, 20), None)],
)
def test_the_suggestion_is_the_shortest_after_the_last_that_is_told_apart(
    study: WarmupResult, late: tuple[int, ...], suggested: int | None
) -> None:
    result = WarmupResult(study.design, Finished(study._runs, False), (0, 10, 20), 0.01)
    result.biases = [
        bias(days=days) if days in late else bias(days=days, interval=(-0.1, 0.1)) for days in (0, 10, 20)
    ]
    assert result.suggested_days == suggested
    assert ("the longest that was tried" in text(result)) == (suggested == 20)
    assert (f"{suggested} days" if suggested is not None else "No warm-up of up to 20 days") in text(result)


def test_years_are_added_up_by_the_day(study: WarmupResult) -> None:
    """Every period has its number as grams seized, of 1 kg sent a day: windows know their own numbers."""
    bounds = [0, 10, 20, 365, 375, 385, 730, 740]
    assert study.design.worlds[0].year_starts == [24.0 * day for day in (*bounds, 750)]
    flows: dict[tuple[str, int, str], int] = {}
    for period, (start, end) in enumerate(zip(bounds, [*bounds[1:], 750], strict=True)):
        flows["attempted_g", period, "heroin"] = 1000 * (end - start)
        flows["expected_ug", period, "heroin"] = period * KG
    runs = [Row(flows), Row({key: 2 * grams for key, grams in flows.items()})]
    names = study.design.names
    result = WarmupResult(study.design, Finished({names[0]: ListedRuns(runs)}, False), (0, 10, 20), 0.01)
    found = {each.warmup_days: each for each in result.biases if each.measure == "intercepted_share"}
    sums = ((0, 0 + 1 + 2, 3 + 4 + 5), (10, 1 + 2 + 3, 4 + 5 + 6), (20, 2 + 3 + 4, 5 + 6 + 7))
    for days, first, second in sums:
        assert found[days].year == pytest.approx(first / YEAR)
        assert found[days].year_after == pytest.approx(second / YEAR)
        assert found[days].bias == pytest.approx(first / second - 1)
        assert found[days].told_apart


class Row:
    """As much of a summary as masses read."""

    def __init__(self, flows: dict[tuple[str, int, str], int]) -> None:
        self.flows = flows


def test_periods_add_up_to_a_run_without_warm_up(study: WarmupResult) -> None:
    whole = blo_sim.simulate(
        load(small_world(), "run.warmup_days=0"), days=750, replications=3, seed=1, workers=1
    )
    (parts,), (sums,) = study._runs.values(), whole.summaries.values()
    names = {(measure, commodity) for measure, _, commodity in sums.keys("flows")}
    for measure, commodity in names:
        by_period = [parts.column("flows", (measure, period, commodity)) for period in range(8)]
        assert [sum(each) for each in zip(*by_period, strict=True)] == sums.column(
            "flows", (measure, 0, commodity)
        )
    assert ("seizures", "heroin") in names


@pytest.mark.no_cover
def test_an_alternative_has_its_gain_in_kilograms() -> None:
    worlds = load(small_world()), load(small_world(), "units.north-unit.detection=0.5")
    result = blo_sim.warmup_study(*worlds, longest=0, replications=2, seed=1, workers=1)
    base, other = result.design.names
    (gain,) = (each for each in result.biases if each.measure == "kept_kg")
    assert gain.scenario == other
    years = []
    for first in (0, YEAR):
        kept = [0.0, 0.0]
        for sign, name in ((1, base), (-1, other)):
            for unit, measure in ((1, "attempted_g"), (-1e-6, "expected_ug")):
                for commodity, weight in result.design.scenarios[0].model.headline.weights.items():
                    column = result._runs[name].column("flows", (measure, int(first > 0), commodity))
                    kept = [a + sign * unit * weight * b / 1000 for a, b in zip(kept, column, strict=True)]
        years.append(sum(kept) / 2)
    assert (gain.year, gain.year_after) == pytest.approx(tuple(years))
    assert gain.year is not None
    assert gain.year > 0
    assert gain.bias == pytest.approx(years[0] - years[1])


def test_the_command_prints_what_the_study_found(capsys: pytest.CaptureFixture[str], small: str) -> None:
    assert main(["warmup", small, *SHORT]) == 0
    out = capsys.readouterr().out
    assert "days of warm-up are enough" in out or "No warm-up of up to 10 days" in out
    assert max(len(line) for line in out.splitlines()) <= 120
    assert main(["warmup", small, *SHORT, "--format", "json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert document["tolerance"] == 0.01
    assert document["days"] == 10 + 2 * YEAR
    assert main(["warmup", small, *SHORT, "--format", "csv"]) == 0
    rows = list(csv.DictReader(capsys.readouterr().out.splitlines()))
    assert [float(row["bias"] or 0) for row in rows] == [each["bias"] or 0 for each in document["biases"]]
    assert {row["warmup_days"] for row in rows} == {"0", "10"}


def test_the_picture_is_the_same_twice(tmp_path: Path, small: str) -> None:
    pytest.importorskip("matplotlib")
    pictures = [tmp_path / "one.svg", tmp_path / "two.svg"]
    for picture in pictures:
        assert main(["warmup", small, *SHORT, "--plot", str(picture)]) == 0
    first, second = (picture.read_text(encoding="utf-8") for picture in pictures)
    assert first == second
    assert "intercepted share" in first
    assert "warm-up, days" in first


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--tolerance", "0"], "tolerance is 0.0; it must be a share between 0 and 1, such as 0.01"),
        (["--tolerance", "nan"], "tolerance is nan"),
        (["--step", "0"], "step is 0; it must be a whole number from 1 to 3650"),
        (["--longest", "-1"], "longest is -1; it must be a whole number from 0 to 3650"),
        (["--plot", "here.gif"], "--plot here.gif: unknown kind of picture; it must end in .svg, .png, .pdf"),
        (["--plot", "nowhere/here.svg"], "--plot nowhere/here.svg: there is no folder nowhere"),
        (["--replications", "0"], "replications is 0"),
    ],
)
def test_bad_settings_are_refused(
    options: list[str], message: str, small: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["warmup", small, *options]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert message in err


def test_a_missing_extra_is_named(small: str, monkeypatch: pytest.MonkeyPatch, capsys: Any) -> None:
    import sys

    monkeypatch.setitem(sys.modules, "matplotlib", None)
    assert main(["warmup", small, "--plot", "here.svg"]) == 2
    assert "blo-sim[analysis]" in capsys.readouterr().err
