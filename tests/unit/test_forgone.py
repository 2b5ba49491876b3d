"""What waits at desks, drawn officers and false reports take from p, against worlds that lack them."""

from __future__ import annotations

import random
from collections import Counter
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from runs import SEED, log_of, world_of
from test_desks import Office, chain, report_of
from worlds import FORD, SMALL, desk, everything_world

from blo_sim.clock import on_grid
from blo_sim.model.border.detection import decayed, expected_micrograms
from blo_sim.model.events import (
    DEPART,
    ENCOUNTER,
    FORGONE,
    MECHANISMS,
    READ,
    SENT,
    TAKEN,
    Event,
    EventLog,
)
from blo_sim.model.intelligence.desks import Unburdened
from blo_sim.model.replication import Replication

Key = tuple[int, str]


def forgone(log: EventLog) -> dict[Key, dict[str, Event]]:
    """What each mechanism took, by encounter (load and control)."""
    found: dict[Key, dict[str, Event]] = {}
    for event in log.rows():
        if event.kind == FORGONE:
            found.setdefault((event.consignment, event.place), {})[event.note] = event
    return found


def chances(log: EventLog) -> dict[Key, float]:
    return {(e.consignment, e.place): e.p for e in log.rows() if e.kind == ENCOUNTER and e.note != "request"}


def without(log: EventLog, *mechanisms: str) -> dict[Key, float]:
    """p of each encounter, had it not been for some mechanisms."""
    taken = forgone(log)
    return {
        key: p - sum(taken[key][each].p for each in mechanisms if each in taken.get(key, {}))
        for key, p in chances(log).items()
    }


# Waits at desks -------------------------------------------------------------------------------------

RACE = chain(desk("terms", "3.0"), travel="6.0")
"""A report is read 5 h after the departure and its wait at the desk; the load is met after 6 h."""


def test_what_a_queue_takes_is_the_load_times_what_its_lookout_would_add() -> None:
    log = log_of(RACE)
    departed = {event.consignment: event for event in log.rows() if event.kind == DEPART}
    wait = {event.consignment: event.p for event in log.rows() if event.kind == TAKEN}
    world = world_of(RACE)
    p = decayed(world.lookouts.intercept, 6.0, world.reports.half_life_h)
    taken = forgone(log)
    assert set(taken) == {(load, "unit") for load, hours in wait.items() if hours >= 1.0}
    assert 100 < len(taken) < len(wait) - 100
    for (load, _), events in taken.items():
        assert list(events) == ["overload"]
        event = events["overload"]
        assert (event.time, event.p) == (departed[load].time + 6.0, -p)
        assert event.amount == -expected_micrograms(departed[load].amount, p)


def test_the_event_follows_its_encounter() -> None:
    log = log_of(RACE)
    events = list(log.rows())
    for before, event in pairwise(events):
        if event.kind == FORGONE:
            assert before.kind == ENCOUNTER
            assert (before.time, before.consignment, before.place) == event[:1] + event[2:4]


def test_a_desk_that_is_closed_is_no_overload() -> None:
    terms = desk("terms", "3.0", "officers = 90\nhours = [8, 16]")
    log = log_of(chain(terms, travel="6.0"))
    assert any(event.note == "late (closed)" for event in log.rows() if event.kind == READ)
    assert not forgone(log)


def test_a_report_that_expires_in_a_queue_is_overload() -> None:
    text = chain(desk("terms", "30.0"), travel="120.0")
    log = log_of(text, "reports.expiry_h=100.0")
    busy = log_of(text, "reports.expiry_h=100.0", "desks.terms.officers=90")
    assert without(log, "overload") == pytest.approx(chances(busy))
    assert len(forgone(log)) > 300


QUEUES = (
    "desks.terms.service_h={ exponential = { mean = 3.0 } }",
    "legs.origin-market.hours={ exponential = { mean = 6.0 } }",
    "channels.owner-to-middle.loss=0.1",
    "channels.middle-to-unit.willingness=0.8",
    "centres.middle.hours=[2, 22]",
)


def test_p_without_waiting_is_that_of_a_desk_with_many_officers() -> None:
    few, many = log_of(RACE, *QUEUES), log_of(RACE, *QUEUES, "desks.terms.officers=90")
    assert without(few, "overload") == pytest.approx(chances(many))
    assert len(forgone(few)) > 50
    assert not forgone(many)


def test_a_lookout_is_missed_from_the_moment_it_would_have_been_read() -> None:
    """The hour that is noted for a message that waits for a desk to open is that of its reading."""
    text = chain(desk("terms", "0.5", "officers = 90\nhours = [8, 16]\non_call = 0"))
    sim = Replication(world_of(text, *QUEUES), SEED, 0)
    read = {event.amount: event.time for event in sim.run().rows() if event.kind == READ}
    noted = {n: each for load in sim.loads for lines in load.delayed.values() for n, each in lines.items()}
    assert len(noted) > 200
    for number, delayed in noted.items():
        assert delayed.at_once == read.get(number, float("inf"))


# False reports --------------------------------------------------------------------------------------

LIES = ("sources.informants.false_per_year=700",)


def test_p_without_false_reports_is_that_of_a_world_without_them() -> None:
    log, honest = log_of(RACE, *QUEUES, *LIES), log_of(RACE, *QUEUES, *LIES, "reports.false_factor=0")
    assert without(log, "false reports") == pytest.approx(chances(honest))
    many = log_of(RACE, *QUEUES, *LIES, "desks.terms.officers=90")
    assert without(log, "false reports", "overload") == pytest.approx(chances(many))
    found = Counter(mechanism for events in forgone(log).values() for mechanism in events)
    assert min(found["overload"], found["false reports"]) > 50
    assert forgone(honest).keys() <= forgone(log).keys()
    assert {each for events in forgone(honest).values() for each in events} == {"overload"}


def test_two_desks_in_a_row() -> None:
    """The wait at the second one is guessed from how it stands, so the two agree on average."""
    text = chain(desk("terms", "3.0"), travel="9.0").replace(
        'place = "market"\ndetection', 'place = "market"\ndesk = "terms"\ndetection'
    )
    log, honest = log_of(text, *QUEUES[:2], *LIES), log_of(text, *QUEUES[:2], *LIES, "reports.false_factor=0")
    many = log_of(text, *QUEUES[:2], *LIES, "desks.terms.officers=90")
    assert without(log, "false reports", "overload") == pytest.approx(chances(many))
    guessed, true, as_it_is = (
        sum(each.values()) for each in (without(log, "false reports"), chances(honest), chances(log))
    )
    assert true > 1.2 * as_it_is
    assert guessed == pytest.approx(true, rel=0.1)


@settings(max_examples=100, deadline=None)
@given(st.integers(0, 10**6), st.sampled_from([0.2, 1.0, 3.0]))
def test_where_nothing_false_comes_the_desk_without_it_is_the_desk(seed: int, service: float) -> None:
    rng = random.Random(seed)
    office = Office([rng.randrange(4) for _ in range(23)] + [1], on_grid(rng.expovariate(1 / service)))
    office.desk.unburdened = Unburdened(1e9)
    reports = [report_of(number, rng.choice(["surveillance", "pattern"])) for number in range(30)]
    for number, report in enumerate(reports):
        office.comes(on_grid(rng.uniform(0.0, 20.0)), number, report)
    office.run(until=2000.0)
    for report in reports:
        job = report.jobs["desk"]
        assert job.unburdened == (job.taken if report.is_lookout else float("inf"))


# Staff ----------------------------------------------------------------------------------------------

DRAWN = SMALL.replace("training = 0.3\n", "training = 0.3\ndesk = 1\n").replace(
    'partners = ["blo-south"]\n', 'partners = ["blo-south"]\ndesk = "liaison"\n'
) + desk("liaison", "0.5", 'hours = [8, 20]\ngrade = "judged"\nreason = "made up"\nrange_factor = 2.0')
SILENT = ("sources.informants-origin.probability=0", "reports.seizure.probability=0",
          "reports.other_side.probability=0", "posts.bridge-bb.queue_limit=200")  # fmt: skip
UNCAPPED = ("classes.truck.policy_cap=1.0", "classes.car.policy_cap=1.0")


def test_p_without_drawn_officers_is_that_of_a_post_with_one_more() -> None:
    more = DRAWN.replace("car = 2 }, bay_officers = 2", "car = 2 }, bay_officers = 3")
    log, larger = log_of(DRAWN, *SILENT, *UNCAPPED), log_of(more, *SILENT, *UNCAPPED)
    # Full staff of `DRAWN` is what is left of the larger one, in the hours of the desk.
    hypothetical, real = without(log, "staff"), chances(larger)
    taken = forgone(log)
    assert {place for _, place in taken} == {"bridge-bb"}
    assert len(taken) > 40
    for key, events in taken.items():
        assert list(events) == ["staff"]
        assert 8 <= events["staff"].time % 24 <= 20
        assert hypothetical[key] == pytest.approx(real[key])
        assert events["staff"].p < 0.0


def test_officers_that_the_policy_does_not_need_take_nothing() -> None:
    caps = ("classes.truck.policy_cap=0.001", "classes.car.policy_cap=0.001")
    world = world_of(DRAWN, *SILENT, *caps)
    assert all(bay.undrawn is None for post in world.posts for _, bay in post.bays)
    assert not forgone(log_of(DRAWN, *SILENT, *caps))


def test_a_desk_that_opens_later_takes_nothing_before() -> None:
    bays = {post.id: post.bays for post in world_of(DRAWN, *UNCAPPED, clock="dated").posts}
    assert [bay.undrawn is None for _, bay in bays["bridge-bb"]] == [True, False]
    assert [bay.undrawn is None for _, bay in bays["bridge-aa"]] == [True, True]


# All of them ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("text", [SMALL, SMALL + FORD], ids=["small", "two crossings"])
def test_without_desks_nothing_is_forgone(text: str) -> None:
    assert not forgone(log_of(text, "sources.informants-origin.false_per_year=400", "lookouts.match=1.0"))


def test_what_each_mechanism_needs() -> None:
    text, busy = everything_world(), ("desks.slow.service_h=4.0", *UNCAPPED)
    found = {note for events in forgone(log_of(text, *busy)).values() for note in events}
    assert found == set(MECHANISMS)
    honest = {note for events in forgone(log_of(text, *busy, "reports.false_factor=0")).values()
              for note in events}  # fmt: skip
    assert honest == {"overload", "staff"}
    kept = {note for events in forgone(log_of(text, *busy, "offices.blo-bridge.components.desk=0")).values()
            for note in events}  # fmt: skip
    assert kept == {"overload", "false reports"}
    silent = log_of(text, *busy, "sources.informants-origin.probability=0", "reports.seizure.probability=0",
                    "reports.other_side.probability=0")  # fmt: skip
    assert not any(event.kind == SENT and event.note == "surveillance" for event in silent.rows())
    assert {note for events in forgone(silent).values() for note in events} <= {"staff"}
