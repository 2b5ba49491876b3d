from __future__ import annotations

import json
import math
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest
import scipy.stats
from fakes import HOUR, design, hop, scenario, summary

from blo_sim.errors import UsageError
from blo_sim.experiment.exchange import channels, desks, office_labels, officer_hours
from blo_sim.experiment.replications import Finished
from blo_sim.experiment.result import CompareResult, RunResult
from blo_sim.model.events import CAUSES, LATE, SOURCES
from blo_sim.results.network import ENDS, TIP_SOURCES
from blo_sim.results.response import attribution_shift
from blo_sim.results.runs import ListedRuns, Pair
from blo_sim.results.summary import Summary
from blo_sim.world.compile import MANY
from blo_sim.world.offices import Routes

KG = 10**9
V = {"mean", "mc_ci", "plausible"}
G = V | {"median", "draws_ci", "p_gain", "paired_years", "variance_reduction"}
BEFORE = [(1_000_000, 10 * KG, 12_000), (900_000, 9 * KG, 0), (1_100_000, 12 * KG, 15_000)]
AFTER = [(1_000_000, 14 * KG, 12_000), (900_000, 12 * KG, 8_000), (1_100_000, 17 * KG, 9_000)]


def summaries(heroin: list[tuple[int, int, int]], **more: Any) -> ListedRuns:
    opium = [(200_000, 2 * KG, 0), (300_000, 4 * KG, 0), (250_000, 3 * KG, 0)]
    return ListedRuns([summary(i, each, opium[i], **more) for i, each in enumerate(heroin)])


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
        "baseline", "headline", "scenarios", "lawful", "messages", "desks", "leaks", "causes", "places",
            "commodities", "gain_by_place",
    ]  # fmt: skip
    assert list(content["commodities"]) == ["opiates", "heroin", "opium"]
    assert content["headline"] == "opiates"
    assert content["scenarios"] == {"base": "a" * 64, "more": "b" * 64}
    assert set(content["lawful"]["base"]) == {
        "crossings", "wait_h", "searched_share", "released_share", "mistaken", "held",
    }  # fmt: skip
    messages = content["messages"]["more"]
    shares = [f"{end}_share" for end in (*ENDS, "leaked")]
    assert list(messages) == ["sent", *shares, "late_h", "late_by", "tips", "by_source", "by_channel"]
    assert list(messages["late_by"]) == list(LATE)
    assert list(messages["tips"]) == ["all", *TIP_SOURCES]
    assert list(messages["by_source"]) == list(SOURCES)
    assert list(messages["by_channel"]) == ["phone", "post"]
    assert list(content["desks"]["more"]) == ["bridge-bb"]
    assert set(content["leaks"]["base"]) == {"warned", "rerouted", "waited", "delivered_kg"}
    assert list(content["causes"]["base"]) == list(CAUSES)
    for block in content["commodities"].values():
        assert set(block) == {"measures", "gains", "ledger", "response"}
        assert set(block["measures"]) == {"base", "more"}
        for entries in block["measures"].values():
            assert set(entries) == {
                    "attempted_kg", "intercepted_kg", "intercepted_share", "delivered_kg",
                    "deterred_kg", "again_kg", "again_delivered_kg", "other_way_share",
                }  # fmt: skip
            assert all(set(entry) == V for entry in entries.values())
        assert set(block["gains"]) == set(block["ledger"]) == {"more"}
        assert set(block["gains"]["more"]) == {"intercepted_kg", "intercepted_share", "kept_kg"}
        assert all(set(entry) == G for entry in block["gains"]["more"].values())
        assert list(block["ledger"]["more"]) == [
            "detection", "overload", "staff", "false_reports", "displacement", "deterred", "replacement",
            "interaction", "net", "attribution_shift",
        ]  # fmt: skip


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
    assert gain["kept_kg"]["draws_ci"] is None
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


def test_mechanisms_are_taken_out_of_detection() -> None:
    """Of 4, 3 and 5 kg more, waits at desks took 1, 0 and 2 kg, and drawn officers the same as before."""
    before = {"staff": -KG, "overload": 0}
    after = [0, 2 * KG, -KG]
    result = CompareResult(
        design("base", "more"),
        Finished(
            {
                "base": ListedRuns([summary(i, each, forgone=before) for i, each in enumerate(BEFORE)]),
                "more": ListedRuns(
                    [
                        summary(i, each, forgone={"staff": -KG, "overload": -taken - KG, "false reports": KG})
                        for i, (each, taken) in enumerate(zip(AFTER, after, strict=True))
                    ]
                ),
            },
            False,
        ),
    )
    ledger = result.document()["commodities"]["heroin"]["ledger"]["more"]
    for column in ("intercepted_kg", "kept_kg"):
        means = {line: columns[column]["mean"] for line, columns in ledger.items()}
        assert means == {
            "detection": pytest.approx(4.0 + (1 + 3 + 0) / 3 - 1.0),
            "overload": pytest.approx(-(1 + 3 + 0) / 3),
            "staff": 0.0,
            "false_reports": 1.0,
            "displacement": 0.0,
            "deterred": 0.0,
            "replacement": 0.0,
            "interaction": 0.0,
            "net": 4.0,
            "attribution_shift": 0.0,
        }
    assert ledger["overload"]["kept_kg"]["mc_ci"] is not None


def test_attribution_shift_counts_loads_seized_in_both_worlds_and_relabelled() -> None:
    before = {
        "a:1": (0, "heroin", 5_000, "routine"),
        "a:2": (0, "heroin", 7_000, "lookout"),
        "a:3": (0, "heroin", 9_000, "patrol"),
        "a:5": (0, "heroin", 300, "request"),
        "a:6": (0, "heroin", 200, "routine"),
        "b:1": (0, "opium", 20_000, "inland"),
    }
    after = {
        "a:1": (0, "heroin", 5_000, "lookout"),
        "a:2": (0, "heroin", 7_000, "lookout"),
        "a:5": (0, "heroin", 300, "pattern"),
        "a:6": (0, "heroin", 200, "profiling"),
        "b:1": (0, "opium", 20_000, "pattern"),
        "a:4": (0, "heroin", 1_000, "lookout"),
    }
    found = attribution_shift(before, after)
    assert found == {(0, "heroin"): 5_000, (0, "opium"): 20_000}
    pairs = ListedRuns([Pair({}, found) for _ in BEFORE])
    result = CompareResult(
        design("base", "more"),
        Finished({"base": summaries(BEFORE), "more": summaries(AFTER)}, False, {}, {"more": pairs}),
    )
    shift = result.document()["commodities"]["opiates"]["ledger"]["more"]["attribution_shift"]
    assert shift["intercepted_kg"]["mean"] == pytest.approx(5 + 0.1 * 20)
    assert shift["kept_kg"]["mean"] == 0.0


@pytest.mark.parametrize("behaviour", ["fixed", "learning"])
def test_a_world_against_itself_gains_exactly_nothing(behaviour: str) -> None:
    result = CompareResult(
        design("base", alternatives=("base",), behaviour=behaviour),
        Finished({"base": summaries(BEFORE)}, interrupted=False),
    )
    for block in result.document()["commodities"].values():
        for gain in block["gains"]["base"].values():
            assert gain["mean"] == 0.0
            assert gain["median"] == 0.0
            assert gain["mc_ci"] is None
            assert gain["variance_reduction"] is None
            assert gain["paired_years"] == {"positive": 0, "zero": 3, "negative": 0}
        assert len(block["ledger"]["base"]) == 10
        for line in block["ledger"]["base"].values():
            assert line["kept_kg"] == {"mean": 0.0, "mc_ci": None}
    assert result.replications_for(0.1) is None


def test_one_replication_has_no_interval_and_nothing_shipped_has_no_share() -> None:
    nothing = ListedRuns([summary(0, (0, 0, 0), (0, 0, 0), lawful=(0, 0, 0, 0))])
    only = Finished({"base": nothing}, interrupted=False)
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


def test_messages_by_hand() -> None:
    entry = compared().document()["messages"]["base"]
    assert entry["sent"]["mean"] == 16.0
    assert entry["withheld_share"]["mean"] == pytest.approx(5 / 16)
    assert entry["merged_share"]["mean"] == pytest.approx(1 / 16)
    assert entry["leaked_share"]["mean"] == pytest.approx(2 / 16)
    assert entry["late_h"]["mean"] == pytest.approx(2.0)
    assert entry["late_by"]["queue"]["mean"] == pytest.approx(2 / 3)
    assert entry["late_by"]["work"]["mean"] == 0.0
    assert entry["by_source"]["false"]["sent"]["mean"] == 20.0
    assert entry["by_source"]["false"]["lost_share"]["mean"] == pytest.approx(0.25)
    assert entry["by_source"]["answer"]["lost_share"]["mean"] is None
    phone = entry["by_channel"]["phone"]
    assert [phone[key]["mean"] for key in ("carried", "lost_share", "withheld_share")] == [6.0, 0.1, 0.3]
    assert entry["by_channel"]["post"]["lost_share"]["mean"] is None
    assert entry["tips"]["all"] == entry["tips"]["surveillance"]
    assert entry["tips"]["all"]["in_time_share"]["mean"] == pytest.approx(0.4)
    assert entry["tips"]["chase"]["never_sent_share"]["mean"] is None


def test_desks_leaks_and_causes_by_hand() -> None:
    seizures = {(0, "heroin", "routine"): 1, (0, "opium", "lookout"): 1}
    only = Finished({"base": summaries(BEFORE, seizures=seizures)}, False)
    content = RunResult(design("base"), only).document()
    desk = content["desks"]["base"]["bridge-bb"]
    assert desk["jobs_per_year"]["mean"] == pytest.approx(40 * 365 / 30)
    assert desk["load"]["mean"] == pytest.approx(36 / (2 * 24 * 30))
    assert desk["wait_h"]["mean"] == pytest.approx(0.25)
    assert desk["false_share"]["mean"] == pytest.approx(0.25)
    leaks = content["leaks"]["base"]
    assert [leaks[key]["mean"] for key in ("warned", "rerouted", "waited")] == [4.0, 1.0, 0.0]
    assert leaks["delivered_kg"]["mean"] == pytest.approx(4 + 0.1 * 10)
    causes = content["causes"]["base"]
    assert causes["routine"]["kg"]["mean"] == pytest.approx(9.0)
    assert causes["routine"]["seizures"]["mean"] == causes["lookout"]["seizures"]["mean"] == 1.0
    assert causes["pattern"]["kg"]["mean"] == causes["pattern"]["seizures"]["mean"] == 0.0


def test_desks_of_a_real_place_are_called_by_kind_and_country() -> None:
    assert office_labels(scenario().model)["bridge-bb"] == "bridge-bb"
    real = scenario(place="real")
    labels = office_labels(real.model)
    assert labels["bridge-bb"] == "post BB"
    assert labels["capital-aa"] == "headquarters AA"
    assert labels["hills-bb"] == "sector BB"
    assert labels["north-unit"] == "unit BB"
    plan = replace(design("small"), scenarios=(real,))
    plan.worlds[0].desks["bridge-aa"] = plan.worlds[0].desks["capital-aa"] = ((-math.inf, week(1, 1)),)
    found = RunResult(plan, Finished({"small": summaries(BEFORE)}, False)).document()["desks"]["small"]
    assert list(found) == ["headquarters AA", "post AA", "post BB"]
    assert found["post BB"]["load"]["mean"] == pytest.approx(36 / 1440)


def test_links_of_a_real_place_are_one_channel() -> None:
    edges = {
        "a": [("b", 1.0, hop("a", "phone")), ("c", 1.0, hop("a", "blo-one", "blo-one"))],
        "b": [("c", 1.0, hop("b", "blo-two", "blo-two"))],
        "c": [("b", 5.0, hop("c", "slow")), ("a", 1.0, hop("c", "blo-one", "blo-one"))],
    }
    one = SimpleNamespace(
        place="synthetic", standing_routes=Routes({}, []), message_routes=((0.0, Routes(edges, [])),)
    )
    assert channels(one) == {"blo-one": ["blo-one"], "blo-two": ["blo-two"], "phone": ["phone"]}
    one.place = "real"
    assert channels(one) == {"links of offices": ["blo-one", "blo-two"], "phone": ["phone"]}


def test_offices_of_one_kind_and_country_are_one_row() -> None:
    plan = replace(design("small"), scenarios=(scenario(place="real"),))
    for office in ("capital-aa", "capital-bb"):
        plan.worlds[0].desks[office] = ((-math.inf, week(1, 1)),)
    model = plan.scenarios[0].model
    same = model.model_copy(
        update={"headquarters": [row.model_copy(update={"country": "AA"}) for row in model.headquarters]}
    )
    one = summaries(BEFORE)
    for each in one:
        each.desks["capital-aa", "jobs"], each.desks["capital-bb", "jobs"] = 10, 30
        each.desks["capital-aa", "work_ticks"] = each.desks["capital-bb", "work_ticks"] = 72 * HOUR
    row = desks(same, plan.worlds[0], one)["headquarters AA"]
    assert row["jobs_per_year"]["mean"] == pytest.approx(40 * 365 / 30)
    assert row["load"]["mean"] == pytest.approx(144 / (2 * 720))
    plan.worlds[0].desks["capital-aa"] = ((-math.inf, week(MANY, 1)),)
    assert desks(same, plan.worlds[0], one)["headquarters AA"]["load"]["mean"] is None


def week(day: int, night: int) -> Any:
    return SimpleNamespace(officers=tuple(day if 8 <= hour % 24 < 16 else night for hour in range(168)))


def test_hours_of_officers_follow_the_desks_that_stand() -> None:
    world = SimpleNamespace(warmup_hours=240.0, end_hours=240.0 + 24 * 10, desks={})
    world.desks["one"] = ((-math.inf, week(2, 1)),)
    world.desks["opens"] = ((240.0 + 24 * 8, week(3, 0)),)
    world.desks["grows"] = ((-math.inf, week(1, 0)), (240.0 + 24 * 5 + 8, week(3, 0)))
    world.desks["endless"] = ((-math.inf, week(MANY, 0)),)
    world.desks["never"] = ((-math.inf, week(MANY, 0)), (100.0, week(1, 0)), (900.0, week(MANY, 0)))
    assert officer_hours(world, "one") == 10 * (8 * 2 + 16)
    assert officer_hours(world, "opens") == 2 * 8 * 3
    assert officer_hours(world, "grows") == 5 * 8 + 5 * 8 * 3
    assert officer_hours(world, "endless") is None
    assert officer_hours(world, "never") == 80.0


def test_dated_clock_reports_every_year() -> None:
    years = enumerate([((1000, 5 * KG, 0), 0), ((1000, 7 * KG, 0), 1)])
    two = ListedRuns([summary(i, heroin, year=year) for i, (heroin, year) in years])
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


def test_what_is_sent_again_counts_as_expected_but_ways_as_sent() -> None:
    """Of 1000 kg 400 are sent again, where 250 are expected; 600 go another way, 5 kg are not sent."""
    again = {"again_correction_ug": -150 * KG, "again_g": 400_000, "again_delivered_g": 300_000,
             "other_way_g": 600_000, "deterred_g": 5_000}  # fmt: skip
    one = summary(0, (1_000_000, 10 * KG, 12_000))
    one.flows.update({(measure, 0, "heroin"): number for measure, number in again.items()})
    only = Finished({"base": ListedRuns([one])}, False)
    measures = {}
    for estimator in ("expected", "realised"):
        result = RunResult(design("base", estimator=estimator, replications=1), only)
        entries = result.document()["commodities"]["heroin"]["measures"]["base"]
        measures[estimator] = {name: entry["mean"] for name, entry in entries.items()}
    assert measures["expected"] == {
        "attempted_kg": 850.0, "intercepted_kg": 10.0, "intercepted_share": 10 / 850, "delivered_kg": 840.0,
        "deterred_kg": 5.0, "again_kg": 250.0, "again_delivered_kg": 300.0, "other_way_share": 0.6,
    }  # fmt: skip
    assert measures["realised"] == {
        "attempted_kg": 1000.0, "intercepted_kg": 12.0, "intercepted_share": 0.012, "delivered_kg": 988.0,
        "deterred_kg": 5.0, "again_kg": 400.0, "again_delivered_kg": 300.0, "other_way_share": 0.6,
    }  # fmt: skip


REPLAYED = [  # per replication: expected kg on unchanged flows, displacement and replacement in kg
    (13, 2, -3),
    (11, 2, -4),
    (16, 0, -1),
]


def test_a_ledger_with_a_replay_by_hand() -> None:
    """Detection is what the replay adds; the lines of the response follow, and all add up to the net."""
    unchanged: list[Summary] = []
    pairs: list[Pair] = []
    for number, (caught, elsewhere, again) in enumerate(REPLAYED):
        lines = {
            ("displacement", "intercepted", 0, "heroin"): elsewhere * KG,
            ("displacement", "kept", 0, "heroin"): elsewhere * KG,
            ("replacement", "kept", 0, "heroin"): again * KG,
            ("replacement", "kept", 1, "heroin"): 0,
        }
        unchanged.append(summary(number, (BEFORE[number][0], caught * KG, 0)))
        pairs.append(Pair(lines, {}))
    worlds = {"base": summaries(BEFORE), "more": summaries(AFTER)}
    replayed = {"more": ListedRuns(unchanged)}, {"more": ListedRuns(pairs)}
    result = CompareResult(
        design("base", "more", behaviour="learning"), Finished(worlds, False, *replayed)
    )
    ledger = result.document()["commodities"]["heroin"]["ledger"]["more"]
    kept = {name: line["kept_kg"]["mean"] for name, line in ledger.items()}
    caught = {name: line["intercepted_kg"]["mean"] for name, line in ledger.items()}
    assert kept == {
        "detection": 3.0, "displacement": pytest.approx(4 / 3), "deterred": 0.0,
        "replacement": pytest.approx(-8 / 3), "interaction": 0.0, "net": 4.0, "attribution_shift": 0.0,
        "overload": 0.0, "staff": 0.0, "false_reports": 0.0,
    }  # fmt: skip
    parts = result.document()["commodities"]["heroin"]["response"]["more"]
    assert parts["unchanged_kg"]["mean"] == 3.0
    assert parts["response_kg"]["mean"] == pytest.approx(4 / 3 - 8 / 3)
    assert parts["taken_back_share"]["mean"] == pytest.approx(4 / 9)
    answers = [elsewhere + again for _, elsewhere, again in REPLAYED]
    expected = scipy.stats.ttest_1samp(answers, 0.0).confidence_interval(0.95)
    assert parts["response_kg"]["mc_ci"] == pytest.approx([expected.low, expected.high])
    assert caught["detection"] == 3.0
    assert caught["replacement"] == 0.0
    expected = scipy.stats.ttest_1samp([-3.0, -4.0, -1.0], 0.0).confidence_interval(0.95)
    assert ledger["replacement"]["kept_kg"]["mc_ci"] == pytest.approx([expected.low, expected.high])
    by_place = result.document()["gain_by_place"]["more"]["post AA-BB BB"]
    assert {name: entry["mean"] for name, entry in by_place.items()} == {
        "detection_kg": pytest.approx(3.0), "response_kg": pytest.approx(1.0),
    }  # fmt: skip


def test_a_gain_between_other_plans_has_no_parts() -> None:
    """Under a behaviour that responds nothing is known but the net where no replay could be made."""
    result = compared(behaviour="learning")
    block = result.document()["commodities"]["heroin"]
    assert list(block["ledger"]["more"]) == ["net"]
    assert block["response"] == {}
    assert block["ledger"]["more"]["net"]["kept_kg"]["mean"] == 4.0
    assert set(result.document()["gain_by_place"]["more"]["post AA-BB BB"]) == {"net_kg"}


def test_replications_table_has_exact_integers_of_every_replication() -> None:
    rows = compared().replications_table()
    assert len(rows) == 2 * 3 * 2
    assert rows[0] == {
        "scenario": "base", "replication": 0, "year": 0, "commodity": "heroin", "attempted_g": 1_000_000,
        "expected_ug": 10 * KG, "seized_g": 12_000, "delivered_g": 988_000, "in_transit_g": 0,
        "consignments": 10, "seizures": 0, "deterred_g": 0, "again_g": 0, "again_delivered_g": 0,
            "again_correction_ug": 0, "other_way_g": 0, "deterred": 0, "again": 0, "other_way": 0,
    }  # fmt: skip


def test_ledger_table_has_the_values_that_the_ledger_is_the_mean_of() -> None:
    result = compared()
    rows = result.ledger_table()
    ledger = result.document()["commodities"]["opiates"]["ledger"]["more"]
    assert list(rows[0]) == ["scenario", "replication", "commodity", "line", "intercepted_kg", "kept_kg"]
    assert len({tuple(row.values())[:4] for row in rows}) == len(rows) == 3 * len(ledger) * 3
    for line, columns in ledger.items():
        values = [row for row in rows if (row["commodity"], row["line"]) == ("opiates", line)]
        assert [row["replication"] for row in values] == [0, 1, 2]
        for column, entry in columns.items():
            assert sum(row[column] for row in values) / 3 == pytest.approx(entry["mean"])
    assert any(row["kept_kg"] for row in rows)


def test_rows_hold_what_the_document_says() -> None:
    result = compared()
    rows = {(row["kind"], row["scenario"], row["commodity"], row["measure"]): row for row in result.rows()}
    gain = result.document()["commodities"]["opiates"]["gains"]["more"]["kept_kg"]
    assert rows["gain", "more", "opiates", "kept_kg"]["mean"] == gain["mean"]
    assert rows["gain", "more", "opiates", "kept_kg"]["mc_low"] == gain["mc_ci"][0]
    assert ("ledger", "more", "heroin", "net.kept_kg") in rows
    assert ("lawful", "base", "", "wait_h") in rows
    in_time = result.document()["messages"]["base"]["by_source"]["surveillance"]["in_time_share"]
    row = rows["messages", "base", "", "by_source.surveillance.in_time_share"]
    assert row["mean"] == in_time["mean"] == 0.25
    assert rows["desks", "more", "", "bridge-bb.wait_h"]["mean"] == 0.25
    assert rows["causes", "base", "", "routine.kg"]["mean"] == 9.0
    assert rows["leaks", "base", "", "warned"]["mean"] == 4.0


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
