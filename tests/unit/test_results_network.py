"""Sums of messages, desks and leaks, from event logs written by hand."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from blo_sim.model.events import (
    CARRIED,
    DELIVERED,
    DEPART,
    EXPIRED,
    HELD,
    LEAKED,
    LOST,
    MERGED,
    MISTAKEN,
    NOBODY,
    READ,
    REPORT,
    REROUTED,
    SEIZED,
    SENT,
    TAKEN,
    WAITED,
    WITHHELD,
    WORKED,
    EventLog,
    PostCounts,
    Record,
)
from blo_sim.results.network import ENDS
from blo_sim.results.summary import Summary, summarise

HOUR = 2**32
START, END = 100.0, 200.0
LAWFUL = {"post": PostCounts(1000, 50 * HOUR, 30, 20, 4, 5 * HOUR)}


def world() -> Any:
    streams = tuple(SimpleNamespace(commodity=name, mode="road") for name in ("heroin", "opium"))
    control = SimpleNamespace(id="post", kind="post", country="AA", area="AA-BB")
    return SimpleNamespace(
        streams=streams, controls=(control,), warmup_hours=START, end_hours=END, years=1, targets=(),
        year_starts=[START, END],
    )


def summed(*events: Record, loads: int = 3) -> Summary:
    """The summary of a log in which loads 0 and 1 (opium) depart in the window, and load 2 before it."""
    departs = [(50.0, DEPART, 2, "r", 900, 0.0, "")]
    departs += [(110.0, DEPART, load, "r", 1000 * (load + 1), 0.0, "") for load in range(2)]
    log = EventLog(0, sorted([*departs, *events], key=lambda event: event[0]))
    log.names = [f"load:{number}" for number in range(loads)]
    log.streams = [0, 1, 0]
    log.lawful = LAWFUL
    return summarise(world(), log)


def report(time: float, load: int, first: int, count: int, source: str) -> list[Record]:
    sent: list[Record] = [(time, SENT, load, "post", first + i, 0.0, source) for i in range(count)]
    return [(time, REPORT, load, "office", first, float(count), source), *sent]


def read(time: float, load: int, number: int, note: str = "in time", late: float = 0.0) -> Record:
    return time, READ, load, "post", number, late, note


def end(time: float, kind: int, load: int, number: int, channel: str = "") -> Record:
    return time, kind, load, "post", number, 0.0, channel


def test_every_end_of_a_lookout_is_counted_once() -> None:
    found = summed(
        *report(120.0, 0, 0, 7, "surveillance"),
        read(121.0, 0, 0),
        read(122.0, 0, 1, "late (queue)", 1.5),
        end(123.0, LOST, 0, 2, "phone"),
        end(124.0, WITHHELD, 0, 3, "phone"),
        end(125.0, EXPIRED, 0, 4),
        end(126.0, MERGED, 0, 5),
    )
    assert found.messages == {"sent": 7, **dict.fromkeys(ENDS, 1), "leaked": 0, "late_ticks": 3 * HOUR // 2}
    assert found.messages_by == {("surveillance", each): 1 for each in ENDS} | {("surveillance", "sent"): 7}
    assert found.late_by == {"queue": 1}
    assert found.channels == {("phone", "lost"): 1, ("phone", "withheld"): 1}


def test_messages_count_by_their_load_and_those_of_nobody_by_when_they_were_sent() -> None:
    found = summed(
        *report(120.0, 2, 0, 1, "surveillance"),  # on a load of the warm-up
        read(121.0, 2, 0),
        *report(99.0, NOBODY, 1, 2, "false"),
        *report(150.0, NOBODY, 3, 2, "false"),
        *report(250.0, 1, 5, 1, "chase"),
        *report(210.0, NOBODY, 6, 1, "false"),
        read(151.0, NOBODY, 1),
        read(260.0, NOBODY, 3),
        *report(160.0, NOBODY, 7, 1, "request"),
        *report(170.0, 0, 8, 1, "pattern"),
        end(300.0, EXPIRED, 0, 8),
    )
    assert found.messages["sent"] == 1
    assert found.messages_by == {
        ("false", "sent"): 2, ("false", "in_time"): 1, ("false", "under_way"): 1,
        ("chase", "sent"): 1, ("chase", "under_way"): 1,
        ("request", "sent"): 1, ("request", "under_way"): 1,
        ("pattern", "sent"): 1, ("pattern", "expired"): 1,
    }  # fmt: skip
    assert found.tips["chase", "born"] == found.tips["chase", "failed"] == 1
    assert {source for source, _ in found.tips} == {"surveillance", "other side", "seizure", "chase"}


def tips_of(found: Summary, source: str) -> dict[str, int]:
    return {name: count for (other, name), count in found.tips.items() if other == source and count}


def test_a_tip_is_as_good_as_the_best_of_its_messages() -> None:
    found = summed(
        *report(120.0, 0, 0, 2, "surveillance"),
        read(121.0, 0, 0),
        read(122.0, 0, 1, "late (delay)", 2.0),
        *report(130.0, 0, 2, 2, "surveillance"),
        end(131.0, LOST, 0, 2, "phone"),
        end(131.0, MERGED, 0, 3),
        *report(140.0, 0, 4, 2, "surveillance"),
        read(141.0, 0, 4, "late (closed)", 3.0),
        end(142.0, EXPIRED, 0, 5),
        *report(150.0, 1, 6, 1, "seizure"),
        end(151.0, WITHHELD, 1, 6, "phone"),
        *report(155.0, 1, 7, 0, "seizure"),
        *report(156.0, 0, 7, 0, "pattern"),
    )
    assert tips_of(found, "surveillance") == {"born": 3, "in_time": 2, "late": 1}
    assert tips_of(found, "seizure") == {"born": 2, "failed": 1, "never_sent": 1}
    assert found.late_by == {"delay": 1, "closed": 1}


def test_channels_carry_what_is_still_open() -> None:
    found = summed(
        *report(120.0, 0, 0, 1, "surveillance"),
        (120.0, CARRIED, 0, "hub", 0, 2.0, "phone"),
        (121.0, CARRIED, 0, "post", 0, 2.0, "radio"),
        *report(120.0, 2, 1, 1, "surveillance"),
        (120.0, CARRIED, 2, "hub", 1, 2.0, "phone"),
        end(125.0, LOST, 0, 0, "radio"),
    )
    assert found.channels == {("phone", "carried"): 1, ("radio", "carried"): 1, ("radio", "lost"): 1}


def test_desks_count_all_work_of_the_window() -> None:
    found = summed(
        (99.0, TAKEN, 2, "hub", 0, 5.0, "surveillance"),
        (101.0, WORKED, 2, "hub", 0, 2.0, "surveillance"),
        (150.0, TAKEN, NOBODY, "hub", 1, 0.5, "false"),
        (151.0, WORKED, NOBODY, "hub", 1, 1.0, "false"),
        (160.0, TAKEN, NOBODY, "hub", 2, 0.25, "request"),
        (200.0, WORKED, NOBODY, "hub", 2, 40.0, "request"),
    )
    assert found.desks == {
        ("hub", "jobs"): 2, ("hub", "wait_ticks"): 3 * HOUR // 4, ("hub", "work_ticks"): 3 * HOUR,
        ("hub", "false_jobs"): 1, ("hub", "false_ticks"): HOUR,
    }  # fmt: skip


def test_leaks_count_loads_once_and_grams_of_those_that_got_through_by_it() -> None:
    found = summed(
        *report(120.0, 0, 0, 2, "surveillance"),
        *[(121.0, LEAKED, 0, office, 0, 0.0, "") for office in ("hub", "capital")],
        (121.0, LEAKED, 0, "hub", 1, 0.0, ""),
        (122.0, WAITED, 0, "post", 0, 12.0, ""),
        (123.0, REROUTED, 0, "post", 0, 0.0, "other legs"),
        (140.0, DELIVERED, 0, "market", 1000, 0.0, ""),
        (123.0, LEAKED, 1, "hub", 9, 0.0, ""),
        (124.0, REROUTED, 1, "post", 0, 0.0, "other legs"),
        (141.0, SEIZED, 1, "post", 2000, 0.0, "routine"),
        (124.0, LEAKED, 2, "hub", 3, 0.0, ""),
        (125.0, WAITED, 2, "post", 0, 12.0, ""),
        (142.0, DELIVERED, 2, "market", 900, 0.0, ""),
    )
    assert found.leaks == {
        ("warned", "heroin"): 1, ("warned", "opium"): 1, ("rerouted", "heroin"): 1,
        ("rerouted", "opium"): 1, ("waited", "heroin"): 1, ("delivered_g", "heroin"): 1000,
    }  # fmt: skip
    assert found.messages["leaked"] == 3
    assert found.flows["delivered_g", 0, "heroin"] == 1000


def test_lawful_vehicles_bear_mistakes_and_requests_of_the_window() -> None:
    plain = summed().lawful
    assert plain == {
        "passages": 1000, "wait_ticks": 55 * HOUR, "searched": 20, "released": 4,
        "mistaken": 0, "mistaken_ticks": 0, "held": 0, "held_ticks": 0,
    }  # fmt: skip
    found = summed(
        (99.0, MISTAKEN, 2, "post", 0, 9.0, "surveillance"),
        (120.0, MISTAKEN, 0, "post", 0, 2.0, "surveillance"),
        (199.0, MISTAKEN, NOBODY, "post", 1, 1.0, "false"),
        (130.0, HELD, NOBODY, "post", 0, 0.5, ""),
        (130.0, HELD, 0, "post", 0, 4.0, ""),
        (200.0, HELD, NOBODY, "post", 0, 4.0, ""),
    ).lawful
    assert found == plain | {
        "searched": 22, "wait_ticks": 58 * HOUR + HOUR // 2, "mistaken": 2, "mistaken_ticks": 3 * HOUR,
        "held": 1, "held_ticks": HOUR // 2,
    }  # fmt: skip


def test_without_messages_there_is_nothing() -> None:
    found = summed()
    for table in (found.messages_by, found.late_by, found.channels, found.desks, found.leaks):
        assert table == {}
    assert set(found.messages.values()) == {0}
