"""Desks: a few officers who take up reports one after the other, lookouts first.

A desk works on each report once: copies of it that come while it waits or is worked on go with it, copies
that come later pass at once. Officers never stop what they have begun, not even when the desk closes.
"""

from __future__ import annotations

import heapq
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
    """One report at one desk, with its copies that are there: waiting until ``done``."""

    __slots__ = ("arrival", "done", "messages", "report", "sold", "worked")

    def __init__(self, report: Report, arrival: float) -> None:
        self.report = report
        self.arrival = arrival
        self.messages: list[Message] = []
        self.done = False
        self.worked = False
        self.sold: bool | None = None


class Desk:
    """The officers of one office.

    Parameters
    ----------
    needless : callable
        Takes a job and ends those of its messages that need no work; whether any is left.
    release : callable
        Takes a job whose work is done.
    """

    def __init__(
        self,
        sim: Replication,
        office: str,
        key: int,
        tables: DeskTables,
        needless: Callable[[str, Job], bool],
        release: Callable[[str, Job], None],
    ) -> None:
        self.sim = sim
        self.office = office
        self.key = key
        self.busy = 0
        self.queue: list[tuple[int, int, Job]] = []
        self.arrivals = 0
        self.wake_at = -1.0
        self.needless = needless
        self.release = release
        self.change(tables)

    def change(self, tables: DeskTables) -> None:
        """From now on the desk has these officers."""
        self.tables = tables
        self.until_open = _hours_until_open(tables.officers)
        self.until_more = _hours_until_more(tables.officers)
        self.wake_at = -1.0
        self.start()

    def put(self, message: Message) -> None:
        """A message comes to the desk now."""
        jobs = message.report.jobs
        message.closed = 0.0 if self._officers() else self._until(self.until_open)
        job = jobs.get(self.office)
        if job is not None:
            job.messages.append(message)
            if job.done:
                self.release(self.office, job)
            return
        job = jobs[self.office] = Job(message.report, self.sim.now)
        job.messages.append(message)
        heapq.heappush(self.queue, (message.report.priority, self.arrivals, job))
        self.arrivals += 1
        self.start()

    def start(self) -> None:
        """Free officers take up what waits."""
        while self.queue and self.busy < self._officers():
            self._begin(heapq.heappop(self.queue)[2])
        if self.queue:
            self._wake_later()

    def _begin(self, job: Job) -> None:
        if not self.needless(self.office, job):
            job.done = True
            return
        sim, report = self.sim, job.report
        hours = sample(uniform(report.key ^ self.key, WORK), self.tables.service)
        work = on_grid(hours + self.tables.extra[int(sim.now) % WEEK])
        wait = sim.now - job.arrival
        sim.record((sim.now, TAKEN, report.subject, self.office, job.messages[0].number, wait, report.source))
        self.busy += 1
        sim.at(work, self._end, job, work)

    def _end(self, job: Job, work: float) -> None:
        sim, report = self.sim, job.report
        number = job.messages[0].number
        sim.record((sim.now, WORKED, report.subject, self.office, number, work, report.source))
        self.busy -= 1
        job.done = job.worked = True
        for message in job.messages:
            message.add_desk(sim.now, work)
        self.release(self.office, job)
        self.start()

    def _officers(self) -> int:
        return self.tables.officers[int(self.sim.now) % WEEK]

    def _until(self, table: tuple[int, ...]) -> float:
        """Hours to the full hour that a table counts to."""
        now = self.sim.now
        return int(now) + table[int(now) % WEEK] - now

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
