"""What losses make smugglers send again in expectation, by hand."""

from __future__ import annotations

import math
from statistics import NormalDist

import pytest
from runs import SEED, load, world_of
from worlds import BEHAVIOUR, SMALL, weighing_world

from blo_sim.experiment.design import make_design
from blo_sim.experiment.masses import masses
from blo_sim.experiment.replications import Shared, Task, run_task
from blo_sim.model.events import AGAIN, DEPART, DETERRED, ENCOUNTER, SEIZED, EventLog
from blo_sim.model.replication import Replication
from blo_sim.model.traffic.prospects import smugglers
from blo_sim.results.again import Expected, SentAgain
from blo_sim.results.runs import ListedRuns
from blo_sim.results.summary import Summariser
from blo_sim.scenario.schema import Behaviour

YEARS = [100.0, 200.0, 300.0]
HEROIN = "heroin"
WAITS = {
    "constant": "10.0",
    "exponential": "{ exponential = { mean = 50.0 } }",
    "lognormal": "{ lognormal = { mean = 50.0, cv = 1.0 } }",
}


def rules(kind: str) -> Behaviour:
    """Half of what is lost is sent again, three times at most."""
    found = load(SMALL + BEHAVIOUR, f"behaviour.replacement_h={WAITS[kind].replace(' = ', '=')}",
                 "behaviour.replacement=0.5").model.behaviour  # fmt: skip
    assert found is not None
    return found


def log(*encounters: tuple[float, str, int], kind: int = ENCOUNTER) -> EventLog:
    """Encounters of (time, name of the load, load x p in micrograms)."""
    names = list(dict.fromkeys(name for _, name, _ in encounters))
    events = [(time, kind, names.index(name), "post", amount, 0.1, "") for time, name, amount in encounters]
    return EventLog(0, events, names, [0] * len(names))


def expected(kind: str, *encounters: tuple[float, str, int]) -> Expected:
    found = SentAgain(rules(kind), YEARS)
    written = log(*encounters)
    found.read(written, [HEROIN] * len(written.names))
    return found.expected


def years(kind: str, time: float, micrograms: int = 10**6) -> list[int]:
    """What one encounter adds to each of the two years."""
    found = expected(kind, (time, "x:0", micrograms))
    assert {commodity for _, commodity in found} == {HEROIN}
    return [found[year, HEROIN] for year in (0, 1)]


@pytest.mark.parametrize(
    ("time", "first", "second"),
    [
        (85.0, 0, 0),  # planned again in the warm-up
        (90.0, 500_000, 0),  # at the very start of the window
        (95.0, 500_000, 0),
        (189.0, 500_000, 0),
        (190.0, 0, 500_000),
        (289.0, 0, 500_000),
        (290.0, 0, 0),  # a load that would leave at the end is not planned
        (400.0, 0, 0),
    ],
)
def test_a_constant_wait(time: float, first: int, second: int) -> None:
    assert years("constant", time) == [first, second]


def test_an_exponential_wait() -> None:
    assert years("exponential", 100.0) == [
        round(500_000 * (1 - math.exp(-2))),
        round(500_000 * (math.exp(-2) - math.exp(-4))),
    ]
    assert years("exponential", 250.0) == [0, round(500_000 * (1 - math.exp(-1)))]


def test_an_encounter_in_the_warm_up_counts_with_what_is_left() -> None:
    assert years("exponential", 50.0) == [
        round(500_000 * (math.exp(-1) - math.exp(-3))),
        round(500_000 * (math.exp(-3) - math.exp(-5))),
    ]


def test_a_lognormal_wait() -> None:
    """Of mean 50 and cv 1: its logarithm is normal with mean log(50 / sqrt 2) and variance log 2."""
    wait = NormalDist(math.log(50 / math.sqrt(2)), math.sqrt(math.log(2)))
    median = 50 / math.sqrt(2)
    within, later = (wait.cdf(math.log(median + more)) for more in (100.0, 200.0))
    assert years("lognormal", 100.0 - median) == [
        pytest.approx(500_000 * (within - 0.5), abs=1),
        pytest.approx(500_000 * (later - within), abs=1),
    ]


def test_halves_of_a_microgram_go_to_the_even_one() -> None:
    assert [years("constant", 100.0, micrograms)[0] for micrograms in (1, 3, 5)] == [0, 2, 2]


def test_the_last_attempt_is_not_sent_again() -> None:
    found = expected(
        "constant", (100.0, "x:0", 100), (100.0, "x:1+1", 1000), (100.0, "x:2+2", 10_000)
    )
    assert found == {(0, HEROIN): 50 + 500, (1, HEROIN): 0}


def test_goods_add_up_apart_over_all_encounters_and_parts_of_the_log() -> None:
    found = SentAgain(rules("constant"), YEARS)
    first = log((100.0, "x:0", 100), (110.0, "y:0", 1000), (120.0, "x:0", 100))
    found.read(first, [HEROIN, "opium"])
    second = log((250.0, "x:0", 10), (250.0, "y:0", 10), (250.0, "y:0+2", 9999), (130.0, "x:0+1", 4))
    found.read(second, [HEROIN, "opium", "opium", HEROIN])
    assert found.expected == {
        (0, HEROIN): 100 + 2, (0, "opium"): 500, (1, HEROIN): 5, (1, "opium"): 5,
    }  # fmt: skip
    assert found.attempt == [0, 0, 2, 1]


def test_only_encounters_count() -> None:
    found = SentAgain(rules("constant"), YEARS)
    found.read(log((100.0, "x:0", 100), kind=SEIZED), [HEROIN])
    found.read(log((100.0, "x:0", 0)), [HEROIN])
    assert found.expected == {}


# In a run -------------------------------------------------------------------------------------------


def test_the_correction_is_expected_less_drawn() -> None:
    """Expected from the encounters of the whole run, drawn from what was planned in the window."""
    text = weighing_world()
    overrides = ("behaviour.replacement_h=30.0", "behaviour.most_attempts=2", "behaviour.replacement=0.5",
                 "units.north-unit.detection=0.3", "route_choice.scale_per_usd=0.0001")  # fmt: skip
    world = world_of(text, *overrides)
    prepared = smugglers(world, "learning")
    assert prepared is not None
    summariser = Summariser(world, None, SentAgain(prepared.rules, world.year_starts))
    sim = Replication(world, SEED, 0, prepared)
    written = sim.run()
    summariser.read(written)
    flows = summariser.summary(written).flows
    due: dict[str, int] = {"heroin": 0, "opium": 0}
    drawn: dict[str, dict[int, int]] = {"heroin": {DEPART: 0, DETERRED: 0}, "opium": {DEPART: 0, DETERRED: 0}}
    for event in written.rows():
        if event.consignment < 0:
            continue
        load, name = sim.loads[event.consignment], written.names[event.consignment]
        if event.kind == ENCOUNTER and AGAIN not in name and 240.0 <= event.time + 30.0 < 960.0:
            due[load.commodity] += round(event.amount * 0.5)
        elif event.kind in (DEPART, DETERRED) and AGAIN in name and load.planned >= 240.0:
            drawn[load.commodity][event.kind] += event.amount
    for commodity, grams in drawn.items():
        planned = grams[DEPART] + grams[DETERRED]
        assert flows["again_correction_ug", 0, commodity] == due[commodity] - 10**6 * planned
        assert flows.get(("again_g", 0, commodity), 0) == grams[DEPART]
    assert all(drawn["heroin"].values())
    found = masses(ListedRuns([summariser.summary(written)]), ["heroin"], "expected")
    assert found.again["heroin"] == [due["heroin"] - 10**6 * drawn["heroin"][DETERRED]]


def test_a_replay_counts_what_the_baseline_expects_to_be_sent_again() -> None:
    """It faces the baseline's loads, sent-again ones included, so the correction is the baseline's too."""
    rest = ("behaviour.risk_threshold=0.1", "route_choice.scale_per_usd=0.0001")
    without = load(weighing_world(), "offices.blo-bridge.full_effect=0.0", *rest)
    design = make_design([without, load(weighing_world(), *rest)], replications=1, behaviour="learning")
    base, other = design.names
    task = Task({base: 0, other: 1}, SEED, 0, (other,), (other,))
    outcome = run_task(Shared(design.worlds, design.smugglers), task)
    before, unchanged = outcome.summaries[base].flows, outcome.unchanged[other].flows
    after = outcome.summaries[other].flows
    for measure in ("attempted_g", "again_g", "again_correction_ug", "deterred_g", "other_way_g"):
        planned, faced = ([flows.get((measure, 0, each), 0) for each in ("heroin", "opium")]
                          for flows in (before, unchanged))  # fmt: skip
        assert planned == faced
        assert any(planned)
    assert unchanged["expected_ug", 0, "heroin"] > before["expected_ug", 0, "heroin"]
    assert after["again_correction_ug", 0, "heroin"] != before["again_correction_ug", 0, "heroin"]


def test_what_is_planned_again_has_no_expectation_under_fixed() -> None:
    world = world_of(weighing_world())
    outcome = run_task(Shared((world,), (None,)), Task({"a": 0}, SEED, 0))
    assert not any(measure == "again_correction_ug" for measure, _, _ in outcome.summaries["a"].flows)
