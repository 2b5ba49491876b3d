"""Desks: a few officers who take up reports one after the other, lookouts first.

A desk works on each report once: copies of it that come while it waits or is worked on go with it, copies
that come later pass at once. Officers never stop what they have begun, not even when the desk closes.

`Unburdened` is the same desk in a world without false reports: it says when a report would be taken up
there, and changes nothing.
"""

from __future__ import annotations

import heapq
import math
from collections import deque
from collections.abc import Callable
from functools import lru_cache
from typing import TYPE_CHECKING

from blo_sim.clock import on_grid
from blo_sim.draws import sample, uniform
from blo_sim.model.events import TAKEN, WORKED

if TYPE_CHECKING:
    from blo_sim.model.intelligence.messages import Message, Report
    from blo_sim.model.replication import Replication
    from blo_sim.world.compile import DeskTables

WEEK = 168
WORK = 0
"""Decision of a report at a desk: its key is report ^ office."""


class Job:
    """One report at one desk, with its copies that are there: waiting until ``done``.

    It takes ``hours`` of work, more outside the desk's hours. An officer takes it up at ``taken``, and would
    at ``unburdened``, had no false report come (infinite: not yet, or not known).
    """

    __slots__ = ("arrival", "done", "hours", "messages", "report", "sold", "taken", "unburdened", "worked")

    def __init__(self, report: Report, arrival: float, hours: float) -> None:
        self.report = report
        self.arrival = arrival
        self.hours = hours
        self.messages: list[Message] = []
        self.done = False
        self.worked = False
        self.sold: bool | None = None
        self.taken = self.unburdened = math.inf


class Desk:
    """The officers of one office.

    Parameters
    ----------
    needless : callable
        Takes a job and ends those of its messages that need no work; whether any is left.
    release : callable
        Takes a job whose work is done.
    unburdened : Unburdened, optional
        Where false reports come.
    """

    def __init__(
        self,
        sim: Replication,
        office: str,
        key: int,
        tables: DeskTables,
        needless: Callable[[str, Job], bool],
        release: Callable[[str, Job], None],
        unburdened: Unburdened | None = None,
    ) -> None:
        self.sim = sim
        self.office = office
        self.key = key
        self.busy = 0
        self.starting = False
        self.queue: list[tuple[int, int, Job]] = []
        self.arrivals = 0
        self.wake_at = -1.0
        self.needless = needless
        self.release = release
        self.unburdened = unburdened
        self.change(tables)

    def change(self, tables: DeskTables) -> None:
        """From now on the desk has these officers, who take up what waits in their own time."""
        self.tables = tables
        for _, _, job in self.queue:
            job.hours = self.hours(job.report)
        self.until_open = _hours_until_open(tables.officers)
        self.until_more = _hours_until_more(tables.officers)
        self.wake_at = -1.0
        self.start()

    def put(self, message: Message) -> None:
        """A message comes to the desk now."""
        jobs = message.report.jobs
        now = self.sim.now
        message.closed = 0.0 if self._officers() else self.opens(now) - now
        job = jobs.get(self.office)
        if job is not None:
            job.messages.append(message)
            if job.done:
                self.release(self.office, job)
            return
        job = jobs[self.office] = Job(message.report, now, self.hours(message.report))
        job.messages.append(message)
        heapq.heappush(self.queue, (message.report.priority, self.arrivals, job))
        self.arrivals += 1
        if self.unburdened is not None and message.report.false is None:
            job.unburdened = self.unburdened.plan(self, job)
        self.start()

    def opens(self, hour: float) -> float:
        """First instant from ``hour`` on at which the desk has an officer."""
        place = int(hour) % WEEK
        if self.tables.officers[place]:
            return hour
        return float(int(hour) + (self.until_open[place] or math.inf))

    def takes_up_unburdened(self, arrival: float) -> float:
        """When a lookout that comes at ``arrival`` would be taken up, had no false report come."""
        return math.inf if self.unburdened is None else self.unburdened.take_up(self, arrival)

    def hours(self, report: Report) -> float:
        """Hours of work on a report in the desk's hours, not yet on the grid."""
        return sample(uniform(report.key ^ self.key, WORK), self.tables.service)

    def work(self, hours: float, start: float) -> float:
        """The same, if it is taken up at ``start``."""
        return on_grid(hours + self.tables.extra[int(start) % WEEK])

    def start(self) -> None:
        """Free officers take up what waits.

        Work that takes no time ends within this loop, which then goes on: any number of such jobs may wait.
        """
        if self.starting:
            return
        self.starting = True
        while self.queue and self.busy < self._officers():
            self._begin(heapq.heappop(self.queue)[2])
        self.starting = False
        if self.queue:
            self._wake_later()

    def _begin(self, job: Job) -> None:
        if not self.needless(self.office, job):
            job.done = True
            return
        sim, report = self.sim, job.report
        work = self.work(job.hours, sim.now)
        job.taken = sim.now
        wait = sim.now - job.arrival
        message = job.messages[0]
        sim.events.append((sim.now, TAKEN, report.subject, self.office, message.number, wait, report.source))
        self.busy += 1
        sim.at(work, self._end, job, work)

    def _end(self, job: Job, work: float) -> None:
        sim, report = self.sim, job.report
        number = job.messages[0].number
        sim.events.append((sim.now, WORKED, report.subject, self.office, number, work, report.source))
        self.busy -= 1
        job.done = job.worked = True
        for message in job.messages:
            message.add_desk(sim.now, work)
        self.release(self.office, job)
        self.start()

    def _officers(self) -> int:
        return self.tables.officers[int(self.sim.now) % WEEK]

    def _wake_later(self) -> None:
        """Look again at the next hour that has more officers than the one before it."""
        now = self.sim.now
        hours = self.until_more[int(now) % WEEK]
        if hours and self.wake_at <= now:
            self.wake_at = int(now) + hours
            self.sim.at(self.wake_at - now, self._wake, self.wake_at)

    def _wake(self, hour: float) -> None:
        if hour == self.wake_at:
            self.start()


class Unburdened:
    """When the officers of a desk would take up its reports, had no false one ever come to it.

    Lookouts start in order of arrival, so the start of one is known when it comes: the first instant, not
    before the one ahead of it, at which fewer jobs are worked on than there are officers. Other reports
    start when no lookout waits: they stand in ``later`` until the next lookout comes.
    """

    def __init__(self, expiry_h: float) -> None:
        self.expiry_h = expiry_h
        self.last = 0.0
        self.ends: list[float] = []
        self.later: deque[Job] = deque()

    def plan(self, desk: Desk, job: Job) -> float:
        """A true report comes to the desk now. When it would be taken up; infinite if it is no lookout."""
        if not job.report.is_lookout:
            self.later.append(job)
            return math.inf
        while self.later:
            start = self.take_up(desk, self.later[0].arrival)
            if start >= job.arrival:
                break
            self._begin(desk, self.later.popleft(), start)
        start = self.take_up(desk, job.arrival)
        self._begin(desk, job, start)
        return start

    def take_up(self, desk: Desk, arrival: float) -> float:
        """When a lookout would be taken up that comes at ``arrival``, as the next one."""
        start = max(arrival, self.last)
        while True:
            hour = int(start)
            ends = [end for end in self.ends if end > start]
            if len(ends) < desk.tables.officers[hour % WEEK]:
                return start
            more = desk.until_more[hour % WEEK]
            start = min([hour + more if more else math.inf, *ends])
            if start == math.inf:
                return start

    def _begin(self, desk: Desk, job: Job, start: float) -> None:
        if start - job.report.born <= self.expiry_h:
            self.last = start
            self.ends = [end for end in self.ends if end > start]
            self.ends.append(start + desk.work(job.hours, start))


@lru_cache
def _hours_until_open(officers: tuple[int, ...]) -> tuple[int, ...]:
    """For each hour of the week, in how many hours (1 to 168) there are officers; 0 if there never are."""
    return _hours_until([number > 0 for number in officers])


@lru_cache
def _hours_until_more(officers: tuple[int, ...]) -> tuple[int, ...]:
    """The same until an hour with more officers than the hour before it."""
    return _hours_until([officers[hour] > officers[hour - 1] for hour in range(WEEK)])


def _hours_until(here: list[bool]) -> tuple[int, ...]:
    ahead = range(1, WEEK + 1)
    return tuple(next((k for k in ahead if here[(hour + k) % WEEK]), 0) for hour in range(WEEK))
