"""One world, one run: SimPy owns the clock and everything that decides.

Lawful traffic is advanced by the kernel only when somebody looks at a post.
"""

from __future__ import annotations

import gc
import math
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from operator import attrgetter
from typing import TYPE_CHECKING, Any

import simpy
from simpy.events import NORMAL

from blo_sim.model.border.long_run import field_detection
from blo_sim.model.border.posts import Borders
from blo_sim.model.border.shifts import Shifts
from blo_sim.model.border.teams import Teams
from blo_sim.model.events import DETERRED, EventLog
from blo_sim.model.intelligence.reports import Intelligence
from blo_sim.model.traffic.demand import NOT_YET, Consignment, consignments, repeated
from blo_sim.model.traffic.journey import journey
from blo_sim.model.traffic.live import FIRST_LIVE, Call, Course, Steps
from blo_sim.model.traffic.organisations import Organisations

if TYPE_CHECKING:
    from blo_sim.model.traffic.prospects import Smugglers
    from blo_sim.world.compile import World
    from blo_sim.world.offices import Routes

Consumer = Callable[[EventLog], None]
Watcher = Callable[["Replication"], None]
HANDED_OVER_H = 720


class Replication:
    """The state of one run. ``under_way`` has the consignments on the road, by owner and number.

    Parameters
    ----------
    world : World
    seed, replication : int
    smugglers : Smugglers, optional
        From `blo_sim.model.traffic.prospects.smugglers`; None for smugglers who never change their ways.
    loads : list of Consignment, optional
        What is sent, and how, if it was decided in another run (see `replay`).
    """

    def __init__(
        self,
        world: World,
        seed: int,
        replication: int,
        smugglers: Smugglers | None = None,
        loads: list[Consignment] | None = None,
    ) -> None:
        self.world = world
        self.env = simpy.Environment()
        self.log = EventLog(replication)
        self.events = self.log.events
        self.borders = Borders(world, seed, replication)
        self.posts = self.borders.desks
        self.loads = consignments(world, seed, replication) if loads is None else loads
        self.waiting = [load for load in self.loads if loads is None or load.turn != NOT_YET]
        self.departed = 0
        self.log.names = [load.name for load in self.loads]
        self.log.streams = [load.stream for load in self.loads]
        self.under_way: dict[str, dict[int, Consignment]] = defaultdict(dict)
        self.message_routes = world.message_routes[0][1]
        self.intelligence = Intelligence(self, seed, replication)
        self.shifts = Shifts(world, seed, replication)
        self.teams = Teams(world, seed, replication)
        self.organisations = (
            None if smugglers is None else Organisations(self, smugglers, seed, replication)
        )
        self.detection = {
            name: [field_detection(control, name) for control in world.controls] for name in world.commodities
        }

    @property
    def now(self) -> float:
        """Hours since the start of the warm-up."""
        return self.env.now

    def at(self, delay: float, function: Callable[..., None], *arguments: Any) -> None:
        """Call a function after ``delay`` hours; now, if it is 0."""
        if delay > 0.0:
            Call(self.env, delay, function, arguments)
        else:
            function(*arguments)

    def add(self, load: Consignment) -> None:
        """One more consignment that nobody had planned; its number is the next one."""
        self.loads.append(load)
        self.log.names.append(load.name)
        self.log.streams.append(load.stream)

    def leave(self, load: Consignment) -> None:
        """The time of a planned departure has come."""
        if self.organisations is None:
            self.set_out(load)
        else:
            self.organisations.leave(load)

    def set_out(self, load: Consignment) -> None:
        """A load starts on its way now, unless its owner has decided against it."""
        load.turn = self.departed
        self.departed += 1
        if load.shipped:
            Course(self.env, FIRST_LIVE + load.number, journey(self, load))
        else:
            postponed = load.departure - load.planned
            self.events.append((self.now, DETERRED, load.number, load.route.name, load.load, postponed, ""))

    def depart(self, load: Consignment) -> None:
        self.under_way[load.owner][load.number] = load

    def end(self, load: Consignment) -> None:
        load.ended = True
        load.ended_at = self.env.now
        del self.under_way[load.owner][load.number]

    def is_ahead(self, load: Consignment, control: str) -> bool:
        """Whether a control lies ahead of a load."""
        return any(self.world.controls[index].id == control for index in load.route.controls[load.passed :])

    def run(self, consume: Consumer | None = None, watch: Watcher | None = None) -> EventLog:
        """Run to the end of the last consignment, then close the books of the lawful traffic."""
        if watch is not None:
            Course(self.env, NORMAL, self._watched(watch))
        for start, table in self.world.message_routes[1:]:
            if start > 0.0:
                self.at(start, self._routes_stand, table)
            else:
                self._routes_stand(table)
        for post in self.posts:
            for start, bay in post.tables.bays[1:]:
                if 0.0 < start < math.inf:
                    self.at(start, lambda post=post, bay=bay: post.change_bay(bay, self.now))
                else:
                    post.change_bay(bay, 0.0)
            for start, staff in post.tables.staff:
                self.at(max(start, 0.0), lambda post=post, staff=staff: post.change_staff(staff, self.now))
        self.intelligence.begin()
        Course(self.env, NORMAL, self._departures())
        for hour in _pauses(self.world.last_hours):
            self.env.run(until=hour)
            self._hand_over(consume)
        self.env.run(until=self.world.last_hours)
        self.borders.finish(self.log)
        self._hand_over(consume)
        return self.log

    def close(self) -> None:
        """Let go of everything: its parts know it, and else only the collector would free them, slowly."""
        vars(self).clear()

    def _hand_over(self, consume: Consumer | None) -> None:
        if consume is not None:
            consume(self.log)
            self.log.events.clear()

    def _watched(self, watch: Watcher) -> Steps:
        """Half past every hour of the measured window, so that it falls on no change of shift."""
        yield self.world.warmup_hours + 0.5
        while self.now < self.world.end_hours:
            watch(self)
            yield 1.0

    def _routes_stand(self, table: Routes) -> None:
        self.message_routes = table

    def _departures(self) -> Steps:
        """Starts each journey at its departure, equal times by number, or as in a run that is replayed."""
        env = self.env
        in_turn = sorted(self.waiting, key=attrgetter("turn"))  # they come by number, and sorting keeps that
        for load in sorted(in_turn, key=attrgetter("departure")):
            yield load.departure - env.now
            self.leave(load)


def _pauses(end: float) -> list[float]:
    """Hours at which events are handed over, before the end."""
    return [float(hour) for hour in range(HANDED_OVER_H, math.ceil(end), HANDED_OVER_H)]


def replicate(
    world: World,
    seed: int,
    replication: int,
    consume: Consumer | None = None,
    smugglers: Smugglers | None = None,
    watch: Watcher | None = None,
) -> EventLog:
    """Run one replication of a world.

    Parameters
    ----------
    world : World
        From `blo_sim.world.compile.compile_world`.
    seed, replication : int
        Name the draws: the same pair makes the same draws in every world.
    consume : callable, optional
        Called with the log every 30 days; its events are forgotten afterwards, so that memory stays flat.
    smugglers : Smugglers, optional
        From `blo_sim.model.traffic.prospects.smugglers`; by default nobody changes his ways.
    watch : callable, optional
        Called with the `Replication` in every hour of the measured window; it may look and not touch.

    Returns
    -------
    EventLog

    Raises
    ------
    SimulationError
        If a post is so overloaded that its queue cannot be held.
    """
    with collector_paused(), closing(Replication(world, seed, replication, smugglers)) as run:
        return run.run(consume, watch)


def replay(
    world: World, seed: int, replication: int, other: Replication, consume: Consumer | None = None
) -> EventLog:
    """Run a world on the consignments of another one's finished run, sent as they were sent there.

    Losses have no consequence for what is sent: it is given. A load that a leak warned still turns back or
    waits, and offices learn from seizures as ever.

    Parameters
    ----------
    other : Replication
        Finished, of the same seed and replication, in a world with the same streams and routes.
    """
    loads = repeated(world, other.loads)
    with collector_paused(), closing(Replication(world, seed, replication, loads=loads)) as run:
        return run.run(consume)


@contextmanager
def collector_paused() -> Iterator[None]:
    """No cyclic garbage collection meanwhile: a run makes little of it and pays 8 % for the looking."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()
