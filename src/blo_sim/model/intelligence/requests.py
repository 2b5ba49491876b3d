"""Requests: a post that found nothing asks another office, and holds the vehicle for the answer."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from blo_sim.clock import on_grid
from blo_sim.draws import exponential, key_of, uniform, word
from blo_sim.model.events import ANSWER, HELD, NOBODY, REQUEST
from blo_sim.model.intelligence.messages import Report
from blo_sim.world.reports import lawful_referrals

if TYPE_CHECKING:
    from blo_sim.model.intelligence.messages import Message, Messenger
    from blo_sim.model.replication import Replication
    from blo_sim.model.traffic.demand import Consignment
    from blo_sim.model.traffic.live import Hold

ASKS = 0
"""Decision of a load at a post: its key is the consignment's ^ key_of("request " + post)."""


class Question:
    """A request under way: the vehicle waits at ``post`` from ``since`` on; ``hold`` is a load's.

    ``told`` is what the office that was asked answers, ``known`` that the answer came while it waited.
    """

    __slots__ = ("hold", "known", "load", "open", "post", "since", "told")

    def __init__(self, post: str, since: float, load: Consignment | None, hold: Hold | None) -> None:
        self.post = post
        self.since = since
        self.load = load
        self.hold = hold
        self.open = True
        self.told = self.known = False


class Requests:
    """The requests of one replication."""

    def __init__(self, sim: Replication, messenger: Messenger, seed: int, replication: int) -> None:
        self.sim = sim
        self.rules = sim.world.reports.request
        self.asked = sim.world.asked
        self.messenger = messenger
        self.names = seed, replication
        self.number = {control.id: control.index for control in sim.world.controls}

    def asks(self, load: Consignment, post: str) -> bool:
        """Whether a post that found nothing on ``load`` asks another office."""
        if not self.rules.probability or not self.messenger.reaches(post, self.asked[post]):
            return False
        key = load.key ^ self.messenger.key(f"request {post}")
        return uniform(key, ASKS) < self.rules.probability

    def ask(self, post: str, load: Consignment | None, key: int, hold: Hold | None) -> Question:
        """A request leaves; the vehicle waits for the answer or until the limit."""
        question = Question(post, self.sim.now, load, hold)
        self.sim.at(on_grid(self.rules.hold_h), self._close, question)
        report = Report(self.sim.now, post, REQUEST, key, load)
        report.question = question
        self._tell(report, self.asked[post])
        return question

    def answer(self, message: Message) -> None:
        """The office that was asked says whether it knows of the load; nobody answers in vain."""
        question = message.report.question
        if question is None or not question.open:
            return
        load = question.load
        if load is not None:
            question.told = load.known_at.get(message.target, math.inf) <= self.sim.now
        key = message.report.key ^ self.messenger.key("answer")
        answer = Report(self.sim.now, message.target, ANSWER, key, load)
        answer.question = question
        self._tell(answer, question.post)

    def answered(self, message: Message) -> None:
        """The answer is read: the vehicle goes on, or is searched again."""
        question = message.report.question
        if question is not None and question.open:
            question.known = question.told
            self._close(question)

    def _tell(self, report: Report, target: str) -> None:
        """A report to one office, whether it is a control or not; nothing if there is no way."""
        self.messenger.publish(report, [(target, self.number.get(target, NOBODY))])

    def _close(self, question: Question) -> None:
        """The vehicle has waited: for the answer, or until the limit."""
        if not question.open:
            return
        question.open = False
        now = self.sim.now
        subject = NOBODY if question.load is None else question.load.number
        self.sim.events.append((now, HELD, subject, question.post, 0, now - question.since, ""))
        if question.hold is not None:
            question.hold.release()

    # On lawful vehicles -----------------------------------------------------------------------------

    def begin(self) -> None:
        """Lawful vehicles are asked about as often as they are referred, times the probability."""
        if not self.rules.probability:
            return
        for post in self.sim.posts:
            name = post.tables.id
            rate = self.rules.probability * lawful_referrals(post.tables)
            if rate and self.messenger.reaches(name, self.asked[name]):
                self._next(name, rate, 0.0, 0)

    def _next(self, post: str, rate: float, clock: float, n: int) -> None:
        """The n-th request on a lawful vehicle: a Poisson process from hour 0 to the end of the window."""
        key = key_of(*self.names, "lawful request", post)
        clock += exponential(uniform(key, n)) / rate
        if clock < self.sim.world.end_hours:
            self.sim.at(on_grid(clock) - self.sim.now, self._lawful, post, rate, clock, n)

    def _lawful(self, post: str, rate: float, clock: float, n: int) -> None:
        self.ask(post, None, word(key_of(*self.names, "lawful request key", post), n), None)
        self._next(post, rate, clock, n + 1)
