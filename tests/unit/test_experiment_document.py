from __future__ import annotations

import json
import math
from typing import Any

import pytest
import scipy.stats
from fakes import design, summary

from blo_sim.errors import UsageError
from blo_sim.experiment.replications import Finished
from blo_sim.experiment.result import CompareResult, RunResult
from blo_sim.results.summary import Summary

KG = 10**9
V = {"mean", "mc_ci", "plausible"}
G = V | {"median", "p_gain", "paired_years", "variance_reduction"}
BEFORE = [(1_000_000, 10 * KG, 12_000), (900_000, 9 * KG, 0), (1_100_000, 12 * KG, 15_000)]
AFTER = [(1_000_000, 14 * KG, 12_000), (900_000, 12 * KG, 8_000), (1_100_000, 17 * KG, 9_000)]


def summaries(heroin: list[tuple[int, int, int]], **more: Any) -> list[Summary]:
    opium = [(200_000, 2 * KG, 0), (300_000, 4 * KG, 0), (250_000, 3 * KG, 0)]
    return [summary(i, each, opium[i], **more) for i, each in enumerate(heroin)]


def compared(**changes: Any) -> CompareResult:
    return CompareResult(
        design("base", "more", **changes),
        Finished({"base": summaries(BEFORE), "more": summaries(AFTER)}, interrupted=False),
    )


def numbers(content: Any) -> list[float]:
    if isinstance(content, dict):
        return [x for each in content.values() for x in numbers(each)]
    if isinstance(content, list):
        return [x for each in content for x in numbers(each)]
    return [content] if isinstance(content, int | float) else []


def test_document_has_the_keys_of_the_interface() -> None:
    content = compared().document()
    assert list(content) == [
        "seed", "replications", "days", "clock", "behaviour", "parameters", "estimator", "version",
        "baseline", "headline", "scenarios", "lawful", "messages", "commodities",
    ]  # fmt: skip
    assert list(content["commodities"]) == ["opiates", "heroin", "opium"]
    assert content["headline"] == "opiates"
    assert content["scenarios"] == {"base": "a" * 64, "more": "b" * 64}
    assert set(content["lawful"]["base"]) == {"crossings", "wait_h", "searched_share", "released_share"}
    assert set(content["messages"]["more"]) == {
        "sent", "in_time_share", "late_share", "lost_share", "expired_share", "under_way_share"
    }  # fmt: skip
    for block in content["commodities"].values():
        assert set(block) == {"measures", "gains", "ledger"}
        assert set(block["measures"]) == {"base", "more"}
        for entries in block["measures"].values():
            assert set(entries) == {"attempted_kg", "intercepted_kg", "intercepted_share", "delivered_kg"}
            assert all(set(entry) == V for entry in entries.values())
        assert set(block["gains"]) == set(block["ledger"]) == {"more"}
        assert set(block["gains"]["more"]) == {"intercepted_kg", "intercepted_share", "kept_kg"}
        assert all(set(entry) == G for entry in block["gains"]["more"].values())
        assert set(block["ledger"]["more"]) == {"detection", "net", "attribution_shift"}


def test_document_is_json_without_nan() -> None:
    text = json.dumps(compared().document(), allow_nan=False)
    assert all(math.isfinite(number) for number in numbers(json.loads(text)))


def test_gain_by_hand() -> None:
    gain = compared().document()["commodities"]["heroin"]["gains"]["more"]
    expected = scipy.stats.ttest_1samp([4.0, 3.0, 5.0], 0.0).confidence_interval(0.95)
    assert gain["intercepted_kg"]["mean"] == gain["kept_kg"]["mean"] == 4.0
    assert gain["kept_kg"]["mc_ci"] == pytest.approx([expected.low, expected.high])
    assert gain["kept_kg"]["median"] == 4.0
    assert gain["intercepted_kg"]["paired_years"] == {"positive": 1, "zero": 1, "negative": 1}
    assert gain["intercepted_share"]["mean"] == pytest.approx(43 / 3000 - 31 / 3000)
    variances = scipy.stats.tvar([10, 9, 12]) + scipy.stats.tvar([14, 12, 17])
    assert gain["intercepted_kg"]["variance_reduction"] == pytest.approx(variances / 1.0)
    assert gain["kept_kg"]["p_gain"] is None
    assert gain["kept_kg"]["plausible"] is None


def test_headline_is_the_weighted_sum_of_each_replication() -> None:
    measures = compared().document()["commodities"]["opiates"]["measures"]["base"]
    assert measures["attempted_kg"]["mean"] == pytest.approx((3000 + 0.1 * 750) / 3)
    each = [10 + 0.2, 9 + 0.4, 12 + 0.3]
    expected = scipy.stats.ttest_1samp(each, 0.0).confidence_interval(0.95)
    assert measures["intercepted_kg"]["mc_ci"] == pytest.approx([expected.low, expected.high])
    assert measures["delivered_kg"]["mean"] == pytest.approx((3000 + 75 - 31 - 0.9) / 3)


def test_estimators_differ_in_what_is_intercepted_and_agree_in_what_is_attempted() -> None:
    expected = compared().document()["commodities"]["heroin"]
    realised = compared(estimator="realised").document()["commodities"]["heroin"]
    assert realised["measures"]["base"]["intercepted_kg"]["mean"] == 9.0
    assert realised["measures"]["base"]["delivered_kg"]["mean"] == 991.0
    assert realised["measures"]["base"]["attempted_kg"] == expected["measures"]["base"]["attempted_kg"]
    assert realised["gains"]["more"]["kept_kg"]["mean"] == pytest.approx(2 / 3)


def test_ledger_columns_are_the_gain_and_net_is_their_sum() -> None:
    block = compared().document()["commodities"]["opiates"]
    ledger, gain = block["ledger"]["more"], block["gains"]["more"]
    for column in ("intercepted_kg", "kept_kg"):
        assert ledger["net"][column]["mean"] == ledger["detection"][column]["mean"] == gain[column]["mean"]
        assert ledger["net"][column]["mc_ci"] == gain[column]["mc_ci"]


def test_attribution_shift_counts_loads_seized_in_both_worlds_and_relabelled() -> None:
    before = {
        "a:1": (0, "heroin", 5_000, "routine"),
        "a:2": (0, "heroin", 7_000, "lookout"),
        "a:3": (0, "heroin", 9_000, "patrol"),
        "b:1": (0, "opium", 20_000, "inland"),
    }
    after = {
        "a:1": (0, "heroin", 5_000, "lookout"),
        "a:2": (0, "heroin", 7_000, "lookout"),
        "b:1": (0, "opium", 20_000, "lookout"),
        "a:4": (0, "heroin", 1_000, "lookout"),
    }
    result = CompareResult(
        design("base", "more"),
        Finished({"base": summaries(BEFORE, seized=before), "more": summaries(AFTER, seized=after)}, False),
    )
    shift = result.document()["commodities"]["opiates"]["ledger"]["more"]["attribution_shift"]
    assert shift["intercepted_kg"]["mean"] == pytest.approx(5 + 0.1 * 20)
    assert shift["kept_kg"]["mean"] == 0.0


def test_a_world_against_itself_gains_exactly_nothing() -> None:
    result = CompareResult(
        design("base", alternatives=("base",)), Finished({"base": summaries(BEFORE)}, interrupted=False)
    )
    for block in result.document()["commodities"].values():
        for gain in block["gains"]["base"].values():
            assert gain["mean"] == 0.0
            assert gain["median"] == 0.0
            assert gain["mc_ci"] is None
            assert gain["variance_reduction"] is None
            assert gain["paired_years"] == {"positive": 0, "zero": 3, "negative": 0}
        assert block["ledger"]["base"]["net"]["kept_kg"] == {"mean": 0.0, "mc_ci": None}
    assert result.replications_for(0.1) is None


def test_one_replication_has_no_interval_and_nothing_shipped_has_no_share() -> None:
    only = Finished({"base": [summary(0, (0, 0, 0), (0, 0, 0), lawful=(0, 0, 0, 0))]}, interrupted=False)
    content = RunResult(design("base"), only).document()
    entries = content["commodities"]["heroin"]["measures"]["base"]
    assert entries["attempted_kg"] == {"mean": 0.0, "mc_ci": None, "plausible": None}
    assert entries["intercepted_share"]["mean"] is None
    assert content["lawful"]["base"]["wait_h"]["mean"] is None
    json.dumps(content, allow_nan=False)


def test_run_has_neither_gains_nor_ledger() -> None:
    content = RunResult(design("base"), Finished({"base": summaries(BEFORE)}, False)).document()
    assert all(set(block) == {"measures"} for block in content["commodities"].values())


def test_lawful_crossings_are_half_the_passages_and_waits_those_of_both_posts() -> None:
    entry = compared().document()["lawful"]["base"]
    assert entry["crossings"]["mean"] == 1000.0
    assert entry["wait_h"]["mean"] == pytest.approx(2 * 100 / 2000)
    assert entry["searched_share"]["mean"] == pytest.approx(0.02)


def test_dated_clock_reports_every_year() -> None:
    two = [
        summary(i, heroin, year=year)
        for i, (heroin, year) in enumerate([((1000, 5 * KG, 0), 0), ((1000, 7 * KG, 0), 1)])
    ]
    result = RunResult(
        design("base", clock="dated", days=700, years=2, replications=2), Finished({"base": two}, False)
    )
    years = result.document()["years"]
    assert [(year["from"], year["to"]) for year in years] == [
        ("2013-01-01", "2013-12-31"),
        ("2014-01-01", "2014-12-01"),
    ]
    kg = [year["commodities"]["heroin"]["measures"]["base"]["intercepted_kg"]["mean"] for year in years]
    assert kg == [2.5, 3.5]
    assert result.document()["commodities"]["heroin"]["measures"]["base"]["intercepted_kg"]["mean"] == 6.0


def test_replications_table_has_exact_integers_of_every_replication() -> None:
    rows = compared().replications_table()
    assert len(rows) == 2 * 3 * 2
    assert rows[0] == {
        "scenario": "base", "replication": 0, "year": 0, "commodity": "heroin", "attempted_g": 1_000_000,
        "expected_ug": 10 * KG, "seized_g": 12_000, "delivered_g": 988_000, "in_transit_g": 0,
        "consignments": 10, "seizures": 0,
    }  # fmt: skip


def test_rows_hold_what_the_document_says() -> None:
    result = compared()
    rows = {(row["kind"], row["scenario"], row["commodity"], row["measure"]): row for row in result.rows()}
    gain = result.document()["commodities"]["opiates"]["gains"]["more"]["kept_kg"]
    assert rows["gain", "more", "opiates", "kept_kg"]["mean"] == gain["mean"]
    assert rows["gain", "more", "opiates", "kept_kg"]["mc_low"] == gain["mc_ci"][0]
    assert ("ledger", "more", "heroin", "net.kept_kg") in rows
    assert ("lawful", "base", "", "wait_h") in rows


def test_dataframe_names_the_extra_that_has_pandas(monkeypatch: pytest.MonkeyPatch) -> None:
    import sys

    monkeypatch.setitem(sys.modules, "pandas", None)
    with pytest.raises(UsageError, match=r"blo-sim\[analysis\]"):
        compared().to_dataframe()


def test_dataframe_has_the_rows() -> None:
    pytest.importorskip("pandas")
    frame = compared().to_dataframe()
    assert len(frame) == len(compared().rows())


def test_replications_for_a_tenth_grow_with_the_square_of_the_width() -> None:
    many = compared().replications_for(0.01)
    few = compared().replications_for(0.1)
    assert many is not None
    assert few is not None
    assert many > 50 * few
