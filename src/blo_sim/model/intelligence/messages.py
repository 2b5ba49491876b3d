"""Messages on their way through the office network, hop by hop, desk by desk.

`Messenger.carry` is the way of a message between two desks: it runs ahead of the clock as far as nothing
can change what happens. Where an office has a desk the message queues there (`desks`), and goes on when its
work is done. `Messenger.arrive` hands a message to whoever reads it at its end.

`Messenger.rest_of_way` is the same way on paper: when a message that waits at a desk would be read, had it
not had to wait.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from blo_sim.clock import on_grid
from blo_sim.draws import key_of, law, sample
from blo_sim.model.border.kernel import uniform
from blo_sim.model.events import (
    ANSWER,
    CARRIED,
    EXPIRED,
    LEAKED,
    LOST,
    MERGED,
    NOBODY,
    OTHER_SIDE,
    PATTERN,
    REPORT,
    REQUEST,
    SENT,
    WITHHELD,
)
from blo_sim.model.intelligence.desks import Desk, Job, Unburdened
from blo_sim.model.intelligence.lookouts import Delayed
from blo_sim.model.intelligence.trust import Pair, TrustBook, pair_of

if TYPE_CHECKING:
    from blo_sim.model.intelligence.requests import Question
    from blo_sim.model.replication import Replication
    from blo_sim.model.traffic.demand import Consignment
    from blo_sim.scenario.values import Distribution
    from blo_sim.world.compile import DeskTables, FalseSubject
    from blo_sim.world.offices import Hop

DELAY, LOSS, OFFICE, WILLING = range(4)
"""Decisions of one hop of a message: its key is report ^ addressee ^ channel."""
LEAK, POOLED = 1, 2
"""Decisions of a report at a desk, besides that of its work."""

NOT_LOOKOUTS = (REQUEST, ANSWER, PATTERN)
MOMENTS = ("delay", "closed", "queue", "work")


class Report:
    """What somebody says on a load (``load``), or on one that does not exist (``false``).

    ``known`` is the birth of the knowledge, from which a lookout ages; ``jobs`` has the desks that took the
    report up, ``question`` what a request or an answer is about.
    """

    __slots__ = ("born", "false", "jobs", "key", "known", "load", "office", "priority", "question", "source",
                 "subject")  # fmt: skip

    def __init__(
        self,
        born: float,
        office: str,
        source: str,
        key: int,
        load: Consignment | None,
        false: FalseSubject | None = None,
    ) -> None:
        self.born = self.known = born
        self.office = office
        self.source = source
        self.key = key
        self.load = load
        self.false = false
        self.subject = NOBODY if load is None else load.number
        self.priority = 1 if source in NOT_LOOKOUTS else 0
        self.jobs: dict[str, Job] = {}
        self.question: Question | None = None

    @property
    def is_lookout(self) -> bool:
        """Whether its reader looks out for the subject; else it is a question, an answer or a pattern."""
        return self.priority == 0

    def tell(self, office: str, now: float) -> None:
        """An office has the report from ``now`` on, and so knows of its load.

        A search in vain is no knowledge: lawful vehicles are searched in vain too.
        """
        if self.load is not None and self.is_lookout and self.source != OTHER_SIDE:
            self.load.informed(office, now)


class Message:
    """One copy of a report, under way to one office (``target``; ``control`` is its number, or -1).

    ``times`` adds up its hours by `MOMENTS`, ``pairs`` the neighbours that it went over. Had no false report
    come, it would be ``ahead`` of itself by so many hours, and be done at the desk where it is at ``done``.
    """

    __slots__ = (
        "ahead",
        "came",
        "closed",
        "control",
        "done",
        "key",
        "number",
        "pairs",
        "report",
        "route",
        "step",
        "target",
        "times",
    )

    def __init__(
        self, number: int, report: Report, target: str, control: int, key: int, route: tuple[Hop, ...]
    ) -> None:
        self.number = number
        self.report = report
        self.target = target
        self.control = control
        self.key = key
        self.route = route
        self.step = 0
        self.came = 0.0
        self.closed = 0.0
        self.ahead = 0.0
        self.done = math.inf
        self.times = [0.0, 0.0, 0.0, 0.0]
        self.pairs: list[Pair] = []

    def add_desk(self, now: float, work: float) -> None:
        """It waited at a desk, the hours until it opened apart, and was worked on."""
        waited = max(0.0, now - self.came - work)
        closed = min(self.closed, waited)
        self.times[1] += closed
        self.times[2] += waited - closed
        self.times[3] += now - self.came - waited

    def longest(self) -> str:
        """What took most of its time."""
        return MOMENTS[self.times.index(max(self.times))]


class Messenger:
    """Carries the messages of one replication.

    Parameters
    ----------
    arrive : callable
        Takes a message that is read at its addressee now.
    duplicate : callable
        Whether a message is not needed any more where it is going.
    leak : callable
        Takes a message that was sold.
    """

    def __init__(
        self,
        sim: Replication,
        seed: int,
        replication: int,
        arrive: Callable[[Message], None],
        duplicate: Callable[[Message], bool],
        leak: Callable[[Message], None],
    ) -> None:
        self.sim = sim
        self.world = world = sim.world
        self.arrive, self.duplicate, self.leak = arrive, duplicate, leak
        self.sent = 0
        self.keys: dict[str, int] = {}
        self.waits = {name: _hours_until_open(table) for name, table in world.reading.items()}
        rules = world.trust
        self.trust = TrustBook(rules, seed, replication, world.last_hours) if rules else None
        self.desks: dict[str, Desk] = {}
        for office, stages in world.desks.items():
            for start, tables in stages:
                if start > 0.0:
                    sim.at(start, self._opens, office, tables)
                else:
                    self._opens(office, tables)

    def _opens(self, office: str, tables: DeskTables) -> None:
        if office in self.desks:
            self.desks[office].change(tables)
        else:
            key = self.key(f"desk {office}")
            rules = self.world.reports
            unburdened = Unburdened(rules.expiry_h) if self.world.false_reports else None
            self.desks[office] = Desk(
                self.sim, office, key, tables, self._needs_work, self._worked, unburdened
            )

    def key(self, name: str) -> int:
        """Hash of a name, remembered."""
        known = self.keys.get(name)
        if known is None:
            known = self.keys[name] = key_of(name)
        return known

    def reaches(self, office: str, target: str) -> bool:
        """Whether a message from an office can come to another."""
        return (office, target) in self.sim.message_routes

    def publish(self, report: Report, addressees: Iterable[tuple[str, int]]) -> None:
        """A report is born now: one message to each (office, its control or -1) that can be reached."""
        reached = [each for each in addressees if self.reaches(report.office, each[0])]
        now, count = self.sim.now, float(len(reached))
        self.sim.events.append((now, REPORT, report.subject, report.office, self.sent, count, report.source))
        for target, control in reached:
            self.send(report, target, control)

    def send(self, report: Report, target: str, control: int) -> None:
        """One copy of a report leaves for an office; the caller knows that it is reached."""
        hops = self.sim.message_routes[report.office, target]
        message = Message(self.sent, report, target, control, report.key ^ self.key(target), hops)
        self.sent += 1
        now = self.sim.now
        self.sim.events.append((now, SENT, report.subject, target, message.number, 0.0, report.source))
        start = self.next_open(report.office, now)
        message.times[1] += start - now
        self.carry(message, start)

    def carry(self, message: Message, now: float) -> None:
        """Take a message on from the office where it is and which passes it on at ``now``."""
        sim = self.sim
        while message.step < len(message.route):
            hop = message.route[message.step]
            key = message.key ^ self.key(hop.key)
            if hop.office:
                effect = self.world.effects[hop.office].at(now)
                if effect < 1.0 and uniform(key, OFFICE) >= effect:
                    rest = self.world.standing_routes.get((hop.tail, message.target))
                    if rest is None:
                        self.end(message, LOST, hop.channel)
                        return
                    message.route, message.step = rest, 0
                    continue
            if hop.willing < 1.0:
                if self.trust is not None and now > sim.now:
                    sim.at(now - sim.now, self.carry, message, now)
                    return
                if uniform(key, WILLING) >= self._willing(hop, now):
                    self.end(message, WITHHELD, hop.channel)
                    return
                message.pairs.append(pair_of(hop))
            if hop.loss and uniform(key, LOSS) < hop.loss:
                self.end(message, LOST, hop.channel)
                return
            delay = hours_of(hop.delay, uniform(key, DELAY))
            sim.events.append(
                (sim.now, CARRIED, message.report.subject, hop.head, message.number, delay, hop.channel)
            )
            message.times[0] += delay
            message.step += 1
            now += delay
            if self._has_desk(hop.head, now):
                sim.at(now - sim.now, self._queue, message, hop.head)
                return
            opened = self.next_open(hop.head, now)
            message.times[1] += opened - now
            now = opened
            message.report.tell(hop.head, now)
        sim.at(now - sim.now, self._read, message)

    def _has_desk(self, office: str, now: float) -> bool:
        """Whether a message that comes to an office at ``now`` finds a desk there."""
        stages = self.world.desks.get(office, ())
        return bool(stages) and stages[0][0] <= now

    def _queue(self, message: Message, office: str) -> None:
        message.came = self.sim.now
        self.desks[office].put(message)
        report = message.report
        if report.load is not None and report.is_lookout:
            job = report.jobs[office]
            if not job.done and job.taken != job.arrival:
                self._delayed(message, report.load, office, job)

    def _needs_work(self, office: str, job: Job) -> bool:
        """End what an officer need not work on: what is too old, and what is known there already."""
        if self.sim.now - job.report.born > self.world.reports.expiry_h:
            for message in job.messages:
                self.end(message, EXPIRED)
            job.messages.clear()
            return False
        for message in list(job.messages):
            if message.target == office and self.duplicate(message):
                self.end(message, MERGED)
                job.messages.remove(message)
        return bool(job.messages)

    def _worked(self, office: str, job: Job) -> None:
        """The messages of a finished job go on, or are read."""
        messages, job.messages = job.messages, []
        report = job.report
        if job.worked:
            report.tell(office, self.sim.now)
        if job.sold is None:
            lookout = job.worked and report.is_lookout and report.load is not None
            job.sold = lookout and self._leaks(office, report)
        if job.sold:
            for message in messages:
                leaked = (self.sim.now, LEAKED, report.subject, office, message.number, 0.0, "")
                self.sim.events.append(leaked)
                self.leak(message)
        for message in messages:
            if message.done < self.sim.now:
                message.ahead += self.sim.now - message.done
            message.done = math.inf
            self.carry(message, self.sim.now)

    def _leaks(self, office: str, report: Report) -> bool:
        rules = self.world.leaks
        if rules is None or not rules.probability:
            return False
        tables = self.desks[office].tables
        key = report.key ^ self.key(f"desk {office}")
        agencies = tables.agencies
        if tables.effect is not None and uniform(key, POOLED) >= tables.effect.at(self.sim.now):
            agencies = 1
        draw: float = uniform(key, LEAK)
        return draw >= (1.0 - rules.probability) ** agencies

    def _read(self, message: Message) -> None:
        report = message.report
        if self.sim.now - report.born > self.world.reports.expiry_h:
            self.end(message, EXPIRED)
        else:
            self.arrive(message)

    # Had it not had to wait ---------------------------------------------------------------------------

    def _delayed(self, message: Message, load: Consignment, office: str, job: Job) -> None:
        """A lookout waits at a desk, or comes to a job that did: note when it would be read without that."""
        now, desk = self.sim.now, self.desks[office]
        message.done = max(now, _done(desk, job.hours, job.unburdened))
        at_once, unburdened = self.rest_of_way(
            message, max(now, _done(desk, job.hours, desk.opens(job.arrival))), message.done
        )
        noted = load.delays_at(message.control)
        before = noted.get(message.number)
        if before is not None:
            at_once = min(at_once, before.at_once)
        noted[message.number] = Delayed(message.report.known, at_once, unburdened - message.ahead)

    def rest_of_way(self, message: Message, at_once: float, unburdened: float) -> tuple[float, float]:
        """When a message would be read, from where it is; infinite if never.

        It makes the draws that it will make, with trust and desks as they stand at present.

        Parameters
        ----------
        at_once, unburdened : float
            When it would leave the office where it is, had it waited for no officer there, and had no false
            report come. From there on, the same.
        """
        report, route, step = message.report, message.route, message.step
        while step < len(route):
            hop = route[step]
            key = message.key ^ self.key(hop.key)
            if hop.office and uniform(key, OFFICE) >= self.world.effects[hop.office].at(at_once):
                rest = self.world.standing_routes.get((hop.tail, message.target))
                if rest is None:
                    return math.inf, math.inf
                route, step = rest, 0
                continue
            if hop.willing < 1.0 and uniform(key, WILLING) >= self._willing(hop, self.sim.now):
                return math.inf, math.inf
            if hop.loss and uniform(key, LOSS) < hop.loss:
                return math.inf, math.inf
            delay = hours_of(hop.delay, uniform(key, DELAY))
            at_once = self._passes(report, hop.head, at_once + delay, Desk.opens)
            unburdened = self._passes(report, hop.head, unburdened + delay, Desk.takes_up_unburdened)
            step += 1
        last = report.born + self.world.reports.expiry_h
        return at_once if at_once <= last else math.inf, unburdened if unburdened <= last else math.inf

    def _passes(
        self, report: Report, office: str, arrival: float, takes_up: Callable[[Desk, float], float]
    ) -> float:
        """When a report that comes to an office at ``arrival`` would leave it, or be read there.

        ``takes_up`` says when a desk would take up a report that comes at an hour.
        """
        if arrival == math.inf:
            return arrival
        desk = self.desks.get(office) if self._has_desk(office, arrival) else None
        if desk is None:
            return self.next_open(office, arrival)
        job = report.jobs.get(office)
        if job is None:
            return _done(desk, desk.hours(report), takes_up(desk, arrival))
        if job.done:
            return arrival
        return max(arrival, _done(desk, job.hours, takes_up(desk, min(arrival, job.arrival))))

    def _willing(self, hop: Hop, now: float) -> float:
        return hop.willing if self.trust is None else self.trust.willingness(hop, now)

    def end(self, message: Message, kind: int, note: str = "") -> None:
        """The message ends here, unread."""
        sim = self.sim
        sim.events.append((sim.now, kind, message.report.subject, message.target, message.number, 0.0, note))

    def next_open(self, office: str, now: float) -> float:
        """First instant from ``now`` on at which the office is staffed."""
        wait = self.waits[office][int(now) % 168]
        return now if wait == 0 else float(int(now) + wait)


def _done(desk: Desk, hours: float, start: float) -> float:
    """When work of ``hours`` that is taken up at ``start`` is done."""
    return start + desk.work(hours, start) if start < math.inf else start


def hours_of(distribution: Distribution, u: float) -> float:
    """A duration on the grid, 0 included."""
    return on_grid(sample(u, law(distribution.kind, distribution.mean, distribution.cv)))


def _hours_until_open(table: tuple[bool, ...]) -> list[int]:
    """For each hour of the week, how many hours until one in which somebody reads (168 if never)."""
    size = len(table)
    return [next((k for k in range(size) if table[(hour + k) % size]), size) for hour in range(size)]
