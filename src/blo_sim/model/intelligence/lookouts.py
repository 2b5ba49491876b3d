"""Lookouts that stand at controls: what they do to their subject, and to lawful vehicles taken for it.

`Lookouts.stand` is where a lookout is delivered, `Lookouts.freshest` where a control asks for it, and
`Lookouts.without_waits` where the books ask what it would have had, if no message had waited at a desk.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from blo_sim.clock import on_grid
from blo_sim.draws import exponential, key_of, uniform
from blo_sim.model.border.detection import decayed
from blo_sim.model.events import MISTAKEN

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from blo_sim.model.intelligence.messages import Message
    from blo_sim.model.replication import Replication
    from blo_sim.model.traffic.demand import Consignment

NEXT, LENGTH = 0, 1
"""Decisions of the n-th lawful vehicle taken for a subject: words 2 n + decision of report ^ post."""


class Delayed(NamedTuple):
    """A lookout that waited at a desk: the birth of its knowledge, and when it would have been read.

    ``at_once`` if it had waited for no officer, ``unburdened`` if no false report had come.
    """

    known: float
    at_once: float
    unburdened: float


class Lookouts:
    """The lookouts of one replication."""

    def __init__(self, sim: Replication) -> None:
        self.sim = sim
        self.world = sim.world
        self.patterns: dict[tuple[int, str, int], float] = {}
        self.keys = {control.index: key_of(f"mistaken {control.id}") for control in sim.world.controls}
        self.arrivals: dict[int, NDArray[np.float64]] = {}

    def stand(self, message: Message, lane: int) -> None:
        """A lookout is read now at its control; ``lane`` is the lane group of its subject, -1 if none."""
        report, control = message.report, message.control
        if report.load is not None:
            report.load.looked_out_for(control, self.sim.now, report.known, message)
        if self.world.lookouts.false_match and lane >= 0:
            arrivals = self._cumulative(lane)
            self._next_mistake(message, lane, _reached(arrivals, self.sim.now), 0)

    def freshest(self, load: Consignment, control: int, start: float) -> tuple[float, Message] | None:
        """Age in hours at ``start`` of the youngest lookout that was read before it, and its message."""
        births = [(known, message) for read, known, message in load.lookouts.get(control, ()) if read < start]
        if not births:
            return None
        known, message = max(births, key=lambda birth: birth[0])
        return start - known, message

    def without_waits(self, load: Consignment, control: int, start: float) -> tuple[float, float]:
        """Age at ``start`` of the youngest lookout that would have been read before it; infinite if none.

        First if no message had waited at a desk for an officer, then if no false report had come.
        """
        read = [known for read, known, _ in load.lookouts.get(control, ()) if read < start]
        at_once = unburdened = max(read, default=-math.inf)
        for delayed in load.delayed[control].values():
            if delayed.unburdened < start:
                unburdened = max(unburdened, delayed.known)
            if delayed.at_once < start:
                at_once = max(at_once, delayed.known)
        return start - max(at_once, unburdened), start - unburdened

    def standing(self, load: Consignment, control: int, known: float) -> bool:
        """Whether a lookout for ``load`` stands at a control that is no older than ``known``."""
        return any(other >= known for _, other, _ in load.lookouts.get(control, ()))

    # Patterns ---------------------------------------------------------------------------------------

    def learn(self, control: int, load: Consignment, known: float) -> None:
        """A post reads the signature of the organisation that a seized load belonged to."""
        shown = control, load.owner, load.signature
        self.patterns[shown] = max(known, self.patterns.get(shown, known))

    def pattern(self, load: Consignment, control: int) -> float:
        """What the patterns read at a post add to its d' for ``load``."""
        known = self.patterns.get((control, load.owner, load.signature)) if load.signed else None
        if known is None:
            return 0.0
        rules = self.world.reports.pattern
        return decayed(rules.d_prime, self.sim.now - known, rules.half_life_h)

    # Lawful vehicles taken for the subject ------------------------------------------------------------

    def _cumulative(self, lane: int) -> NDArray[np.float64]:
        """Mean number of lawful arrivals of a lane group before each hour of the run."""
        known = self.arrivals.get(lane)
        if known is None:
            row = self.sim.borders.groups[lane]
            months = np.array(self.world.months)
            rates = np.resize(row["rate"], 24 * len(months)) * np.repeat(row["months"][months], 24)
            known = self.arrivals[lane] = np.concatenate([[0.0], np.cumsum(rates)])
        return known

    def _next_mistake(self, message: Message, lane: int, reached: float, n: int) -> None:
        """Lawful arrivals are taken for the subject each with probability ``false_match``."""
        key = message.report.key ^ self.keys[message.control]
        reached += exponential(uniform(key, 2 * n + NEXT)) / self.world.lookouts.false_match
        moment = _moment(self._cumulative(lane), reached)
        if moment is not None and moment <= message.report.born + self.world.reports.expiry_h:
            self.sim.at(moment - self.sim.now, self._mistaken, message, lane, reached, n)

    def _mistaken(self, message: Message, lane: int, reached: float, n: int) -> None:
        report, sim = message.report, self.sim
        load = report.load
        if load is not None and (load.ended or message.control not in load.route.controls[load.passed :]):
            return
        control = self.world.controls[message.control]
        post = sim.posts[control.post]
        inside = 0.0
        if post.search_mean > 0.0:
            key = report.key ^ self.keys[message.control]
            length = post.search_length(key, 2 * n + LENGTH)
            inside = post.enter_bay(sim.now, 0, True, length) - sim.now
        sim.events.append(
            (sim.now, MISTAKEN, report.subject, control.id, message.number, inside, report.source)
        )
        sim.intelligence.false_alarm(message)
        self._next_mistake(message, lane, reached, n + 1)


def _reached(cumulative: NDArray[np.float64], now: float) -> float:
    """Mean number of arrivals up to ``now``."""
    hour = int(now)
    before, after = float(cumulative[hour]), float(cumulative[hour + 1])
    return before + (now - hour) * (after - before)


def _moment(cumulative: NDArray[np.float64], reached: float) -> float | None:
    """When the mean number of arrivals comes to ``reached``; None after the last hour."""
    hour = int(np.searchsorted(cumulative, reached, side="right")) - 1
    if hour + 1 >= len(cumulative):
        return None
    before, after = float(cumulative[hour]), float(cumulative[hour + 1])
    return on_grid(hour + (reached - before) / (after - before))
