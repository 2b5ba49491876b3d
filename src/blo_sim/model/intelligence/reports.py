"""Reports, their messages through the office network, and the lookouts that they become.

A report on a consignment is born at an office. Need-to-know: one message goes to each control that then
lies ahead of its subject (a report from the other side of a crossing: only to the post across). Each
message travels hop by hop over the channels; every office on the way, the first included, handles it
only in its working hours. Where the last office reads it, a lookout stands there from that moment on:
`Intelligence.read` is where a lookout is delivered, `Intelligence.lookout` where a control asks for it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from blo_sim.clock import on_grid
from blo_sim.draws import key_of, law, sample, uniform
from blo_sim.model.border.detection import decayed
from blo_sim.model.events import EXPIRED, LOST, READ, REPORT, SENT

if TYPE_CHECKING:
    from blo_sim.model.replication import Replication
    from blo_sim.model.traffic.demand import Consignment
    from blo_sim.scenario.values import Distribution
    from blo_sim.world.offices import Hop

DELAY, LOSS, OFFICE = 0, 1, 2
"""Decisions of one hop of a message: its key is report ^ addressee ^ channel."""

SURVEILLANCE, OTHER_SIDE, SEIZURE = "surveillance", "other side", "seizure"


class Intelligence:
    """What the offices know and send in one replication."""

    def __init__(self, sim: Replication) -> None:
        self.sim = sim
        self.world = sim.world
        self.control_ids = [control.id for control in sim.world.controls]
        self.number = {control.id: control.index for control in sim.world.controls}
        self.sent = 0
        self.source_keys = [key_of("source", source.id) for source in sim.world.sources]
        self.keys: dict[str, int] = {}
        self.waits = {name: _hours_until_open(table) for name, table in sim.world.reading.items()}

    def key(self, name: str) -> int:
        """Hash of a name, remembered."""
        known = self.keys.get(name)
        if known is None:
            known = self.keys[name] = key_of(name)
        return known

    # Reports are born -------------------------------------------------------------------------------

    def left_place(self, load: Consignment, sources: tuple[int, ...]) -> None:
        """Informants at a place that ``load`` leaves, if they know of it."""
        for number in sources:
            if number in load.tips:
                source = self.world.sources[number]
                key = load.key ^ self.source_keys[number]
                lag = _hours(source.lag_h, uniform(key, 1))
                self.sim.at(lag, self.report, load, source.office, SURVEILLANCE, key, None)

    def referred_in_vain(self, load: Consignment, control: int, across: str) -> None:
        """A post that referred ``load`` and found nothing tells the post across the border."""
        rules = self.world.reports.other_side
        key = load.key ^ self.key(f"other side {self.control_ids[control]}")
        if rules.probability and uniform(key, 0) < rules.probability:
            lag = _hours(rules.lag_h, uniform(key, 1))
            office = self.control_ids[control]
            self.sim.at(lag, self.report, load, office, OTHER_SIDE, key, self.number[across])

    def seized(self, load: Consignment, control: int) -> None:
        """A seizure names sister consignments of the same organisation that are under way."""
        rules = self.world.reports.seizure
        if not rules.probability:
            return
        for sister in list(self.sim.under_way[load.owner].values()):
            key = sister.key ^ load.key ^ self.key("sister")
            if uniform(key, 0) < rules.probability:
                lag = _hours(rules.lag_h, uniform(key, 1))
                self.sim.at(lag, self.report, sister, self.control_ids[control], SEIZURE, key, None)

    # and sent ---------------------------------------------------------------------------------------

    def report(self, load: Consignment, office: str, source: str, key: int, only: int | None) -> None:
        """A report is born now: one message to each control ahead of its subject."""
        now = self.sim.now
        self.sim.record((now, REPORT, load.number, office, 0, 0.0, source))
        if load.ended:
            return
        ahead = load.route.controls[load.passed :]
        if only is not None:
            ahead = (only,) if only in ahead else ()
        for control in ahead:
            self.send(load, office, control, key)

    def send(self, load: Consignment, office: str, control: int, key: int) -> None:
        """One message: its hops decide now when it is read, or that it is lost."""
        target = self.control_ids[control]
        born = self.sim.now
        hops = self.sim.message_routes.get((office, target))
        if hops is None:
            return
        number = self.sent
        self.sent += 1
        self.sim.record((born, SENT, load.number, target, number, 0.0, ""))
        arrival = self.travel(born, office, hops, key ^ self.key(target), target)
        if arrival is None:
            self.sim.record((born, LOST, load.number, target, number, 0.0, ""))
        else:
            self.sim.at(arrival - born, self.read, load, control, born, number)

    def travel(
        self, now: float, office: str, hops: tuple[Hop, ...], key: int, target: str
    ) -> float | None:
        """Time at which the last office reads the message, or None if it is lost."""
        now = self.next_open(office, now)
        for hop in hops:
            hop_key = key ^ self.key(hop.key)
            if hop.office:
                effect = self.world.effects[hop.office].at(now)
                if effect < 1.0 and uniform(hop_key, OFFICE) >= effect:
                    rest = self.world.standing_routes.get((hop.tail, target))
                    return None if rest is None else self.travel(now, hop.tail, rest, key, target)
            if hop.loss and uniform(hop_key, LOSS) < hop.loss:
                return None
            now = self.next_open(hop.head, now + _hours(hop.delay, uniform(hop_key, DELAY)))
        return now

    def next_open(self, office: str, now: float) -> float:
        """First instant from ``now`` on at which the office is staffed."""
        wait = self.waits[office][int(now) % 168]
        return now if wait == 0 else float(int(now) + wait)

    # and read ---------------------------------------------------------------------------------------

    def read(self, load: Consignment, control: int, born: float, number: int) -> None:
        """A message is read at its addressee now: the lookout stands from here on, if it is in time."""
        now = self.sim.now
        target = self.control_ids[control]
        if now - born > self.world.reports.expiry_h:
            self.sim.record((now, EXPIRED, load.number, target, number, 0.0, ""))
            return
        late = load.ended or control not in load.route.controls[load.passed :]
        if not late and load.at_post is not None and load.route.controls[load.passed] == control:
            late = load.at_post <= now
        if not late:
            load.lookouts.setdefault(control, []).append((now, born))
        self.sim.record((now, READ, load.number, target, number, 0.0, "late" if late else "in time"))

    def lookout(self, load: Consignment, control: int, start: float, share: float) -> float:
        """Probability that ``control`` acts on a lookout for ``load`` at ``start``; 0 if it knows none."""
        births = [born for read, born in load.lookouts.get(control, ()) if read < start]
        if not births:
            return 0.0
        return decayed(share, start - max(births), self.world.reports.half_life_h)


def _hours(distribution: Distribution, u: float) -> float:
    """A duration on the grid, 0 included."""
    return on_grid(sample(u, law(distribution.kind, distribution.mean, distribution.cv)))


def _hours_until_open(table: tuple[bool, ...]) -> list[int]:
    """For each hour of the week, how many hours until one in which somebody reads (168 if never)."""
    size = len(table)
    return [next((k for k in range(size) if table[(hour + k) % size]), size) for hour in range(size)]
