"""Desks by hand: hours, on call, priority, jobs that are shared, what expires and what is merged."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import pytest
import simpy
from runs import load, log_of, world_of
from worlds import BARE, channel, desk, flow, leg, small_world

from blo_sim.draws import CONSTANT, Law, key_of, sample, uniform
from blo_sim.errors import ScenarioError
from blo_sim.model.events import (
    CARRIED,
    EXPIRED,
    LEAKED,
    MERGED,
    READ,
    SENT,
    TAKEN,
    WORKED,
    Event,
    EventLog,
    Record,
)
from blo_sim.model.intelligence.desks import Desk, Job
from blo_sim.model.intelligence.messages import Message, Report
from blo_sim.model.traffic.live import Call
from blo_sim.world.compile import MANY, DeskTables

SMALL = small_world()


class Clock:
    """As much of a replication as a desk uses."""

    def __init__(self) -> None:
        self.env = simpy.Environment()
        self.events: list[Record] = []

    @property
    def now(self) -> float:
        return self.env.now

    def at(self, delay: float, function: Callable[..., None], *arguments: Any) -> None:
        if delay > 0.0:
            Call(self.env, delay, function, arguments)
        else:
            function(*arguments)


class Office:
    """A desk, with what it took (hour, number of the first message) and released (hour, numbers)."""

    def __init__(self, officers: Sequence[int], hours: float = 1.0, late: float = 0.0) -> None:
        self.clock = Clock()
        self.released: list[tuple[float, list[int]]] = []
        self.needless: set[int] = set()
        self.tables = tables(officers, hours, late)
        clock: Any = self.clock
        self.desk = Desk(clock, "desk", key_of("desk desk"), self.tables, self._needs_work, self._release)

    def _needs_work(self, office: str, job: Job) -> bool:
        job.messages[:] = [message for message in job.messages if message.number not in self.needless]
        return bool(job.messages)

    def _release(self, office: str, job: Job) -> None:
        self.released.append((self.clock.now, [message.number for message in job.messages]))
        job.messages = []

    def comes(self, hour: float, number: int, report: Report | None = None) -> Message:
        """A message comes at this hour."""
        about = report or report_of(number)
        message = Message(number, about, "desk", 0, about.key, ())
        message.came = hour
        self.clock.at(hour, self.desk.put, message)
        return message

    @property
    def happened(self) -> list[Event]:
        return [Event._make(record) for record in self.clock.events]

    def run(self, until: float = 200.0) -> list[tuple[float, int]]:
        self.clock.env.run(until=until)
        return [(event.time, event.amount) for event in self.happened if event.kind == TAKEN]


def tables(officers: Sequence[int], hours: float, late: float = 0.0) -> DeskTables:
    """Officers by hour of the day; ``late`` hours more where there are at most half as many as at most."""
    week = tuple(officers) * (168 // len(officers))
    extra = tuple(late if 2 * number <= max(week) else 0.0 for number in week)
    service: Law = (CONSTANT, hours, 0.0)
    return DeskTables(week, service, extra)


def report_of(number: int, source: str = "surveillance") -> Report:
    return Report(0.0, "owner", source, key_of("report", number), None)


ONE = [1]
DAY = [0] * 8 + [1] * 8 + [0] * 8
"""One officer from 8 to 16 h."""


def test_thousands_that_take_no_time_are_done_when_the_desk_opens() -> None:
    office = Office(DAY, hours=0.0)
    for number in range(3000):
        office.comes(1.0, number)
    assert office.run() == [(8.0, number) for number in range(3000)]
    assert office.released == [(8.0, [number]) for number in range(3000)]


def test_first_come_first_served() -> None:
    office = Office(ONE, hours=1.0)
    for hour, number in ((0.5, 0), (0.75, 1), (1.0, 2)):
        office.comes(hour, number)
    assert office.run() == [(0.5, 0), (1.5, 1), (2.5, 2)]
    assert office.released == [(1.5, [0]), (2.5, [1]), (3.5, [2])]
    waits = [event.p for event in office.happened if event.kind == TAKEN]
    assert waits == [0.0, 0.75, 1.5]
    assert [event.p for event in office.happened if event.kind == WORKED] == [1.0] * 3


def test_several_officers_work_at_once() -> None:
    office = Office([2], hours=1.0)
    for number in range(5):
        office.comes(0.5, number)
    assert [hour for hour, _ in office.run()] == [0.5, 0.5, 1.5, 1.5, 2.5]
    office = Office([MANY], hours=1.0)
    for number in range(50):
        office.comes(0.5, number)
    assert {hour for hour, _ in office.run()} == {0.5}


def test_lookouts_go_before_questions_but_stop_nobody() -> None:
    office = Office(ONE, hours=1.0)
    for number, source in enumerate(["request", "answer", "pattern", "seizure", "false", "chase"]):
        office.comes(0.25 + number / 64, number, report_of(number, source))
    assert [number for _, number in office.run()] == [0, 3, 4, 5, 1, 2]


def test_work_is_drawn_for_the_report_and_the_office() -> None:
    law: Law = (2, 0.0, 1.0)
    office = Office(ONE)
    office.desk.change(DeskTables((1,) * 168, law, (0.0,) * 168))
    office.comes(0.5, 7)
    office.run()
    (work,) = (event.p for event in office.happened if event.kind == WORKED)
    assert work == pytest.approx(
        sample(uniform(report_of(7).key ^ key_of("desk desk"), 0), law), abs=2.0**-32
    )


def test_hours_of_the_desk() -> None:
    """What comes at night waits for the morning; what is begun at the last hour is finished."""
    office = Office(DAY, hours=1.5)
    for hour, number in ((3.0, 0), (7.0, 1), (15.5, 2), (15.75, 3)):
        office.comes(hour, number)
    assert office.run() == [(8.0, 0), (9.5, 1), (15.5, 2), (32.0, 3)]
    assert office.released[2] == (17.0, [2])


def test_nobody_comes_where_there_are_never_officers() -> None:
    office = Office([0])
    office.comes(3.0, 0)
    assert office.run() == []


def test_on_call_fewer_officers_who_need_longer() -> None:
    office = Office([1] * 8 + [2] * 8 + [1] * 8, hours=1.0, late=2.0)
    for number in range(3):
        office.comes(4.0, number)
    # One on call takes 3 h for the first (until 7) and for the second; at 8 h a second officer comes.
    assert office.run() == [(4.0, 0), (7.0, 1), (8.0, 2)]
    assert [hour for hour, _ in office.released] == [7.0, 9.0, 10.0]
    works = [event.p for event in office.happened if event.kind == WORKED]
    assert works == [3.0, 1.0, 3.0]


def test_copies_that_come_while_a_report_waits_or_is_worked_on_go_with_it() -> None:
    office = Office(ONE, hours=2.0)
    report, other = report_of(1), report_of(2)
    for hour, number, about in ((0.5, 0, other), (1.0, 1, report), (2.0, 2, report), (3.0, 3, report)):
        office.comes(hour, number, about)
    office.comes(4.75, 4, report)
    office.comes(9.0, 5, report)
    assert office.run() == [(0.5, 0), (2.5, 1)]
    # The copy that came at 3 h came during the work; those after it pass at once.
    assert office.released == [(2.5, [0]), (4.5, [1, 2, 3]), (4.75, [4]), (9.0, [5])]


def test_a_report_that_nobody_needs_takes_no_time() -> None:
    office = Office(ONE, hours=1.0)
    office.needless = {1}
    for number in range(3):
        office.comes(0.5, number)
    assert office.run() == [(0.5, 0), (1.5, 2)]
    assert office.released == [(1.5, [0]), (2.5, [2])]


def test_a_job_with_one_copy_that_is_needed_is_worked_on() -> None:
    office = Office(ONE, hours=1.0)
    office.needless = {1}
    report = report_of(9)
    office.comes(0.5, 0)
    office.comes(0.75, 1, report)
    office.comes(1.0, 2, report)
    assert office.run() == [(0.5, 0), (1.5, 2)]
    assert office.released[1] == (2.5, [2])


def test_officers_who_come_with_a_later_office() -> None:
    office = Office(DAY, hours=1.0)
    for number in range(3):
        office.comes(2.0, number)
    office.clock.at(4.5, office.desk.change, tables([2], 0.5))
    assert office.run() == [(4.5, 0), (4.5, 1), (5.0, 2)]


def test_what_the_wait_at_a_desk_is_made_of() -> None:
    """Until it opens, then the queue, then the work; a copy that comes late shares only the rest."""
    office = Office(DAY, hours=1.5)
    report = report_of(5)
    office.comes(5.0, 0)
    first = office.comes(6.0, 1, report)
    second = office.comes(8.5, 2, report)
    third = office.comes(10.25, 3, report)
    office.run()
    assert first.times == [0.0, 2.0, 1.5, 1.5]
    assert first.longest() == "closed"
    assert sum(second.times) == 2.5
    assert second.times[3] == 1.5
    assert third.times[0] == 0.0
    assert sum(third.times) == third.times[3] == 0.75


# In a run -------------------------------------------------------------------------------------------


def chain(*desks: str, loads_a_day: float = 5.0, travel: str = "200.0", more: str = "") -> str:
    """A unit at the market that hears of every load from an owner, through a centre."""
    return f"""{BARE}{flow(loads_a_day)}{leg(travel)}
[[units]]
id = "unit"
country = "BB"
place = "market"
detection = 0.0

[[centres]]
id = "owner"

[[centres]]
id = "middle"
desk = "terms"
{channel("owner", "middle", "1.0")}{channel("middle", "unit", "1.0")}
[[sources]]
id = "informants"
place = "origin"
office = "owner"
probability = 1.0
lag_h = 0.0
{"".join(desks)}{more}"""


def count(log: EventLog, kind: int) -> int:
    return sum(event.kind == kind for event in log.rows())


def test_the_owner_writes_without_its_desk() -> None:
    text = chain(desk("terms", "0.5", "officers = 90"), desk("slow", "99.0"))
    at_owner = text.replace('id = "owner"\n', 'id = "owner"\ndesk = "slow"\n', 1)
    assert log_of(at_owner).events == log_of(text).events
    assert {event.place for event in log_of(at_owner).rows() if event.kind == TAKEN} == {"middle"}


def test_a_desk_adds_its_time_to_the_way() -> None:
    log = log_of(chain(desk("terms", "0.5", "officers = 90")))
    sent = {event.amount: event.time for event in log.rows() if event.kind == SENT}
    ways = [event.time - sent[event.amount] for event in log.rows() if event.kind == READ]
    assert set(ways) == {2.5}
    hops = [(event.place, event.p) for event in log.rows() if event.kind == CARRIED]
    assert set(hops) == {("middle", 1.0), ("unit", 1.0)}


def test_terms_of_a_desk_take_the_hours_of_its_office_if_it_has_none() -> None:
    first = "run.first_day=2013-01-07"  # a Monday
    text = chain(desk("terms", "1.0", "officers = 3\non_call = 2\ncall_out_h = 0.5"))
    plain = ("run.warmup_days=0", first)
    around = world_of(text, *plain).desks["middle"][0][1]
    assert around.officers == (3,) * 168
    short = world_of(text, *plain, "centres.middle.hours=[9, 17]", "centres.middle.weekdays=5")
    table = short.desks["middle"][0][1]
    assert table.officers[:24] == (2,) * 9 + (3,) * 8 + (2,) * 7
    assert table.officers[120:] == (2,) * 48
    assert table.extra[8:10] == (0.5, 0.0)
    own = world_of(text, *plain, "centres.middle.weekdays=5", "desks.terms.hours=[0, 6]",
                   "desks.terms.weekdays=7").desks["middle"][0][1]  # fmt: skip
    assert own.officers == ((3,) * 6 + (2,) * 18) * 7


def test_a_message_older_than_the_limit_expires_at_the_desk_without_work() -> None:
    """One report in 30 h can be worked on, five a day come."""
    text = chain(desk("terms", "30.0"))
    log = log_of(text, "reports.expiry_h=100.0")
    sent = {event.amount: event.time for event in log.rows() if event.kind == SENT}
    ends = [event for event in log.rows() if event.kind == EXPIRED]
    assert len(ends) > 100
    assert all(event.time - sent[event.amount] > 100.0 for event in ends)
    taken = [event for event in log.rows() if event.kind == TAKEN]
    assert all(event.time - sent[event.amount] <= 100.0 for event in taken)
    assert count(log, READ) + len(ends) == len(sent)


def test_a_message_is_merged_where_a_younger_lookout_stands() -> None:
    """Reports over two ways: the slow one is older, and finds the lookout of the fast one."""
    second = """
[[centres]]
id = "quick"

[[sources]]
id = "others"
place = "origin"
office = "quick"
probability = 1.0
lag_h = 0.5
""" + channel("quick", "unit", "0.25")
    text = chain(desk("terms", "0.0"), desk("unit-desk", "0.125", "officers = 90"), more=second).replace(
        'place = "market"\ndetection', 'place = "market"\ndesk = "unit-desk"\ndetection'
    )
    log = log_of(text)
    source = {event.amount: event.note for event in log.rows() if event.kind == SENT}
    place = {event.amount: event.place for event in log.rows() if event.kind == MERGED}
    loads = len(log.names)
    assert count(log, SENT) == 2 * loads
    assert count(log, MERGED) == count(log, READ) == loads
    assert set(place.values()) == {"unit"}
    assert set(source.values()) == {"surveillance"}
    # Without its desk the unit reads both.
    assert count(log_of(text, "sources.others.lag_h=3.0"), MERGED) == 0


def test_a_leak_marks_each_message_of_a_job_once() -> None:
    text = chain(desk("terms", "0.5", "officers = 90"), more="\n[leaks]\nprobability = 0.25\nwait_h = 5.0\n")
    log = log_of(text, "flows.heroin-north.volume_kg_per_year=60000")
    leaked = [event.amount for event in log.rows() if event.kind == LEAKED]
    assert len(leaked) == len(set(leaked))
    n = count(log, SENT)
    assert len(leaked) / n == pytest.approx(0.25, abs=4 * (0.25 * 0.75 / n) ** 0.5)
    assert set(leaked) <= {event.amount for event in log.rows() if event.kind == READ}


# A BLO's desk -------------------------------------------------------------------------------------------

BLO = SMALL.replace("training = 0.3\n", "training = 0.3\ndesk = 1\n").replace(
    'partners = ["blo-south"]\n', 'partners = ["blo-south"]\ndesk = "liaison"\n'
) + desk("liaison", "0.5", 'hours = [8, 20]\ngrade = "judged"\nreason = "made up"\nrange_factor = 2.0')


def test_the_desk_of_an_office_has_its_officers() -> None:
    world = world_of(BLO, clock="steady")
    ((start, table),) = world.desks["bridge-bb"]
    assert start < 0.0
    assert table.officers[:24] == (0,) * 8 + (1,) * 12 + (0,) * 4
    assert table.agencies == 1


def test_the_desk_of_an_office_replaces_that_of_its_post_when_it_stands() -> None:
    text = BLO + desk("old", "3.0", 'officers = 2\ngrade = "judged"\nreason = "x"\nrange_factor = 2.0')
    stages = world_of(text, "posts.bridge-bb.desk=old", clock="dated").desks["bridge-bb"]
    assert stages[0][0] < 0.0
    # It opens eleven days after the grant and is set up five days later; ten days of warm-up.
    assert stages[1][0] == 24.0 * (10 + 11 + 5)
    assert [table.service for _, table in stages] == [(CONSTANT, 3.0, 0.0), (CONSTANT, 0.5, 0.0)]
    assert stages[1][1].effect == world_of(text, clock="dated").effects["blo-bridge"]


def test_a_dated_desk_takes_its_officers_when_it_stands() -> None:
    posts = {post.id: post for post in world_of(BLO, clock="dated").posts}
    ((start, staff),) = posts["bridge-bb"].staff
    assert start == 24.0 * 26
    assert posts["bridge-bb"].officers[:24] == (1,) * 8 + (2,) * 12 + (1,) * 4
    assert staff.officers[:24] == (1,) * 24
    assert posts["bridge-aa"].staff == ()
    steady = {post.id: post for post in world_of(BLO).posts}["bridge-bb"]
    assert (steady.officers, steady.staff) == (staff.officers, ())


def test_a_post_that_cannot_spare_them_is_a_problem() -> None:
    with pytest.raises(ScenarioError, match="9 officers are 4 more than 'bridge-bb' can spare"):
        world_of(BLO, "offices.blo-bridge.components.desk=9")
    assert load(BLO, "offices.blo-bridge.components.desk=9").model.offices[0].components.desk == 9
