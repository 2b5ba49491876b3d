"""Reports: who tells whom what, and what they do when they read it.

A report on a consignment is born at an office. Need-to-know: one message goes to each control that then
lies ahead of its subject (a report from the other side of a crossing: only to the post across); broadcast:
one to every control. `Intelligence.read` is where a report is read; its way there is that of `messages`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from blo_sim.clock import on_grid
from blo_sim.draws import exponential, key_of, uniform, word
from blo_sim.model.events import (
    ANSWER,
    CHASE,
    ELSEWHERE,
    FALSE,
    OTHER_SIDE,
    PATTERN,
    READ,
    REQUEST,
    SEIZURE,
    SURVEILLANCE,
)
from blo_sim.model.intelligence.lookouts import Lookouts
from blo_sim.model.intelligence.messages import Message, Messenger, Report, hours_of
from blo_sim.model.intelligence.requests import Requests

if TYPE_CHECKING:
    from blo_sim.model.replication import Replication
    from blo_sim.model.traffic.demand import Consignment
    from blo_sim.scenario.schema import ChaseReports, OtherSide, PatternReports, SeizureReports

    Rules = OtherSide | SeizureReports | ChaseReports | PatternReports

HAPPENS, LAG = 0, 1
"""Decisions of a report's key."""
GAP, SUBJECT = 0, 1
"""Decisions of the n-th false report of a source: words 2 n + decision."""
HOURS_PER_YEAR = 8760.0


class Intelligence:
    """What the offices know and tell each other in one replication."""

    def __init__(self, sim: Replication, seed: int, replication: int) -> None:
        self.sim = sim
        self.world = sim.world
        self.names = seed, replication
        self.control_ids = [control.id for control in sim.world.controls]
        self.number = {control.id: control.index for control in sim.world.controls}
        self.source_keys = [key_of("source", source.id) for source in sim.world.sources]
        self.lookouts = Lookouts(sim)
        self.messenger = Messenger(sim, seed, replication, self.read, self.is_duplicate, self.leaked)
        self.requests = Requests(sim, self.messenger, seed, replication)
        self.key = self.messenger.key

    # Reports are born -------------------------------------------------------------------------------

    def begin(self) -> None:
        """False reports and requests on lawful vehicles come by themselves."""
        for number, source in enumerate(self.world.sources):
            rate = source.false_per_year * self.world.reports.false_factor / HOURS_PER_YEAR
            if rate and self.world.false_subjects[number]:
                self._next_false(number, rate, 0.0, 0)
        self.requests.begin()

    def left_place(self, load: Consignment, sources: tuple[int, ...]) -> None:
        """Informants at a place that ``load`` leaves, if they know of it."""
        for number in sources:
            if number in load.tips:
                source = self.world.sources[number]
                key = load.key ^ self.source_keys[number]
                lag = hours_of(source.lag_h, uniform(key, LAG))
                self.sim.at(lag, self.report, load, source.office, SURVEILLANCE, key, None)

    def referred_in_vain(self, load: Consignment, control: int, across: str) -> None:
        """A post that referred ``load`` and found nothing tells the post across the border."""
        key = load.key ^ self.key(f"other side {self.control_ids[control]}")
        rules = self.world.reports.other_side
        self._maybe(rules, load, self.control_ids[control], OTHER_SIDE, key, (self.number[across],))

    def seized(self, load: Consignment, control: int) -> None:
        """A seizure names sister consignments that are under way, and shows how their owner hides them.

        What a team learns is told by the sector or unit where it stands, and by nobody where there is none.
        """
        office = self.world.controls[control].office
        if not office:
            return
        rules = self.world.reports.seizure
        if rules.probability:
            for sister in list(self.sim.under_way[load.owner].values()):
                key = sister.key ^ load.key ^ self.key("sister")
                self._maybe(rules, sister, office, SEIZURE, key, None)
        if load.signed:
            key = load.key ^ self.key("pattern")
            self._maybe(self.world.reports.pattern, load, office, PATTERN, key, None)

    def _maybe(
        self,
        rules: Rules,
        load: Consignment,
        office: str,
        source: str,
        key: int,
        only: tuple[int, ...] | None,
    ) -> None:
        """A report is born after its lag, with the probability of its kind."""
        if rules.probability and uniform(key, HAPPENS) < rules.probability:
            lag = hours_of(rules.lag_h, uniform(key, LAG))
            self.sim.at(lag, self.report, load, office, source, key, only)

    def _next_false(self, number: int, rate: float, clock: float, n: int) -> None:
        """The n-th false report of a source, a Poisson process from hour 0 to the end of the window."""
        source = self.world.sources[number]
        key = key_of(*self.names, "false", source.id)
        clock += exponential(uniform(key, 2 * n + GAP)) / rate
        if clock < self.world.end_hours:
            self.sim.at(on_grid(clock) - self.sim.now, self._false, number, rate, clock, n)

    def _false(self, number: int, rate: float, clock: float, n: int) -> None:
        source = self.world.sources[number]
        key = key_of(*self.names, "false", source.id)
        subjects = self.world.false_subjects[number]
        subject = subjects[int(uniform(key, 2 * n + SUBJECT) * len(subjects))]
        report = Report(
            self.sim.now, source.office, FALSE, word(key_of(*self.names, "false report", source.id), n), None,
            subject,
        )  # fmt: skip
        self._send(report, self._addressees(subject.controls))
        self._next_false(number, rate, clock, n + 1)

    # and sent ---------------------------------------------------------------------------------------

    def report(
        self, load: Consignment, office: str, source: str, key: int, only: tuple[int, ...] | None
    ) -> None:
        """A report is born now: messages to the controls that should know, those of ``only`` if given."""
        report = Report(self.sim.now, office, source, key, load)
        if source == PATTERN:
            posts = self.world.posts if self._is_broadcast() else None
            route = [number for number in load.route.controls if self.world.controls[number].post >= 0]
            self._send(report, route if posts is None else [post.control for post in posts])
            return
        report.tell(office, self.sim.now)
        ahead = self._ahead(load)
        if load.ended:
            self._send(report, ())
        elif only is not None:
            self._send(report, [control for control in only if control in ahead])
        else:
            self._send(report, self._addressees(ahead))

    def _ahead(self, load: Consignment) -> list[int]:
        """The offices ahead of a load: its controls to come, but for teams."""
        controls = self.world.controls
        return [each for each in load.route.controls[load.passed :] if controls[each].team < 0]

    def _is_broadcast(self) -> bool:
        return self.world.reports.addressing == "broadcast"

    def _addressees(self, ahead: Sequence[int]) -> Sequence[int]:
        return range(len(self.control_ids)) if self._is_broadcast() else ahead

    def _send(self, report: Report, controls: Sequence[int]) -> None:
        """One message to each control that can be reached, in order."""
        self.messenger.publish(report, [(self.control_ids[control], control) for control in controls])

    # and read ---------------------------------------------------------------------------------------

    def read(self, message: Message) -> None:
        """A message is read by its addressee now."""
        source = message.report.source
        if source == REQUEST:
            self._done(message)
            self.requests.answer(message)
        elif source == ANSWER:
            self._done(message)
            self.requests.answered(message)
        elif source == PATTERN:
            self._done(message)
            load = message.report.load
            assert load is not None
            self.lookouts.learn(message.control, load, message.report.known)
        elif message.report.load is None:
            assert message.report.false is not None
            self._done(message)
            lanes = dict(zip(message.report.false.controls, message.report.false.lanes, strict=True))
            self.lookouts.stand(message, lanes.get(message.control, -1))
        else:
            self._read_lookout(message, message.report.load)

    def _read_lookout(self, message: Message, load: Consignment) -> None:
        """The lookout stands from here on, if its subject still comes; else it may become a chase."""
        now, control = self.sim.now, message.control
        message.report.tell(message.target, now)
        met = load.met.get(control)
        ahead = not load.ended and control in load.route.controls[load.passed :]
        if ahead and (met is None or now < met):
            self._done(message)
            self.lookouts.stand(message, load.lane_at(control))
            return
        if control not in load.route.controls:
            self._done(message, f"late ({ELSEWHERE})")
            return
        since = load.ended_at if met is None else met
        self._done(message, f"late ({message.longest()})", now - since)
        if not load.ended and control not in load.chased:
            load.chased |= {control}
            key = load.key ^ self.key(f"chase {message.target}")
            left = [each for each in self._ahead(load) if each != control]
            if left:
                self._maybe(self.world.reports.chase, load, message.target, CHASE, key, (left[0],))

    def _done(self, message: Message, note: str = "in time", late: float = 0.0) -> None:
        now, subject = self.sim.now, message.report.subject
        self.sim.events.append((now, READ, subject, message.target, message.number, late, note))

    def is_duplicate(self, message: Message) -> bool:
        """Whether a lookout for the same load that is no older stands already where a message goes."""
        report = message.report
        if not report.is_lookout or report.load is None:
            return False
        return self.lookouts.standing(report.load, message.control, report.known)

    def leaked(self, message: Message) -> None:
        """The owner of the load hears which control was told."""
        if message.report.load is not None:
            message.report.load.warned |= {message.control}

    # Outcomes ---------------------------------------------------------------------------------------

    def confirmed(self, message: Message) -> None:
        """A seizure was made on a lookout."""
        if self.messenger.trust is not None:
            self.messenger.trust.confirmed(message.pairs, self.sim.now)

    def false_alarm(self, message: Message) -> None:
        """A vehicle was searched in vain on a lookout."""
        if self.messenger.trust is not None:
            self.messenger.trust.false_alarm(message.pairs, self.sim.now)
