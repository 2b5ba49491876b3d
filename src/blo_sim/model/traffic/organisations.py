"""What organisations do with the loads that they plan, and after a loss.

A planned load is sent its usual way unless its owner believes that way to be riskier than the threshold.
Then the owner weighs all ways of the flow, and not to send it at all, by expected profit. After a loss it may
lie low, hide its loads in another way, or send the load again.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable
from typing import TYPE_CHECKING

import numpy as np

from blo_sim.clock import on_grid
from blo_sim.draws import key_of
from blo_sim.model.border.kernel import hours, uniform
from blo_sim.model.events import AGAIN
from blo_sim.model.traffic.beliefs import Beliefs
from blo_sim.model.traffic.demand import CLASS, CONCEALMENT, Consignment, carriage, noticed, planned
from blo_sim.model.traffic.prospects import first_best
from blo_sim.world.compile import law_of

if TYPE_CHECKING:
    from blo_sim.model.replication import Replication
    from blo_sim.model.traffic.prospects import Floats, Options, Smugglers

LIES_LOW, CHANGES_SIGNATURE, IS_REPLACED, REPLACED_AFTER = range(6, 10)
"""Decisions of a load's key after its loss."""
_STAY = key_of("not sent")


class Organisations:
    """The organisations of one replication: their beliefs, and what each is doing after its losses."""

    def __init__(self, sim: Replication, behaviour: Smugglers, seed: int, replication: int) -> None:
        self.sim = sim
        self.world = sim.world
        self.behaviour = behaviour
        self.rules = behaviour.rules
        groups = {stream.owners: stream.owner_count for stream in sim.world.streams}
        owners = [f"{group}-{number}" for group, size in groups.items() for number in range(size)]
        self.beliefs = Beliefs(owners, len(sim.world.controls), behaviour.rules, seed, replication)
        self.learns = behaviour.kind == "learning"
        self.noise = self._noise(sim.loads) if self.learns else {}
        self.option = [
            {(int(stream), route.name): n for n, (stream, route) in enumerate(
                zip(options.streams, options.routes, strict=True))}
            for options in behaviour.options
        ]
        self.quiet_until = dict.fromkeys(owners, 0.0)
        self.signatures = dict.fromkeys(owners, 0)

    def _noise(self, loads: Iterable[Consignment]) -> dict[int, Floats]:
        """Noise of loads on their options, by number: drawn for all of a stream at once, which is cheaper."""
        by_stream: defaultdict[int, list[Consignment]] = defaultdict(list)
        for load in loads:
            by_stream[load.stream].append(load)
        noise: dict[int, Floats] = {}
        for stream, members in by_stream.items():
            keys = np.array([load.key for load in members], np.uint64)
            drawn = self.behaviour.options[stream].noise_of(stream, keys)
            noise.update(zip((load.number for load in members), drawn, strict=True))
        return noise

    # A departure ------------------------------------------------------------------------------------

    def leave(self, load: Consignment) -> None:
        """The time has come to send a load: it goes, waits until its owner sends again, or stays."""
        quiet = self.quiet_until[load.owner] - self.sim.now
        if quiet > 0.0:
            self.sim.at(quiet, self.leave, load)
            return
        load.departure = self.sim.now
        option = self._choice(load)
        if option is None:
            load.shipped = False
        else:
            self._prepare(load, option)
        self.sim.set_out(load)

    def _choice(self, load: Consignment) -> int | None:
        """Number of the option that a load is sent by, None if it is not sent."""
        options = self.behaviour.options[load.stream]
        month = self.world.months[int(load.departure // 24.0)]
        if self.learns:
            return self._learned(options, load, month)
        stage = self._stage(load.departure)
        return options.best_reply(self.rules, load.stream, load.load, month, stage)

    def _learned(self, options: Options, load: Consignment, month: int) -> int | None:
        usual = options.first[load.stream] + load.usual
        factor = self.beliefs.factor(load.owner, load.departure)
        threshold = self.rules.risk_threshold
        if not options.closed[month, usual] and options.option_risk(0, usual, factor) <= threshold:
            return usual
        beyond = np.maximum(0.0, options.risk(0, factor) - threshold)
        scale = self.world.scale_per_usd
        value = (
            options.utility
            - scale * options.losses(self.rules, load.stream, load.load, beyond)
            + self.noise[load.number]
        )
        stay = -scale * options.forgone(load.load) - math.log(-math.log(uniform(load.key ^ _STAY, 0)))
        return first_best(value, options.available(load.stream, load.load, month), stay)

    def _stage(self, now: float) -> int:
        return sum(start <= now for start in self.behaviour.stages) - 1

    def _prepare(self, load: Consignment, option: int) -> None:
        """The load gets its route, and where its mode or its owner's signature has changed, another look."""
        options = self.behaviour.options[load.stream]
        stream = int(options.streams[option])
        load.route = load.way = options.routes[option]
        load.signature = self.signatures[load.owner]
        if stream == load.stream and not (load.signature and load.signed):
            return
        tables = self.world.streams[stream]
        load.traffic_class, load.concealment, load.signed = carriage(
            self.world,
            tables,
            load.key,
            load.owner,
            load.signature,
            uniform(load.key, CLASS),
            uniform(load.key, CONCEALMENT),
        )
        if stream != load.stream:
            load.stream = self.sim.log.streams[load.number] = stream
            load.tips = noticed(self.world, tables, load.key, load.load)

    # An end -----------------------------------------------------------------------------------------

    def delivered(self, load: Consignment) -> None:
        """A load came through: its owner has seen that its controls let it pass."""
        self._passed(load)

    def lost(self, load: Consignment, control: int) -> None:
        """A load was seized: beliefs change, and its owner may respond."""
        now, rules = self.sim.now, self.rules
        self._passed(load)
        self.beliefs.lost(load.owner, control, load.key, now)
        if rules.lay_low and uniform(load.key, LIES_LOW) < rules.lay_low:
            until = now + on_grid(24.0 * rules.lay_low_days)
            self.quiet_until[load.owner] = max(until, self.quiet_until[load.owner])
        if rules.new_signature and uniform(load.key, CHANGES_SIGNATURE) < rules.new_signature:
            self.signatures[load.owner] += 1
        if load.attempt + 1 < rules.most_attempts and uniform(load.key, IS_REPLACED) < rules.replacement:
            self._send_again(load)

    def _passed(self, load: Consignment) -> None:
        options = self.behaviour.options[load.stream]
        met = options.met(self.option[load.stream][load.stream, load.route.name])
        passed = slice(met.start, met.start + load.passed)
        self.beliefs.passed(load.owner, options.controls[passed], options.detection[0][passed], self.sim.now)

    def _send_again(self, lost: Consignment) -> None:
        """The same grams, planned anew by the same mode: a consignment of its own."""
        attempt = lost.attempt + 1
        key = lost.first_key ^ key_of("again", attempt)
        wait = hours(lost.key, REPLACED_AFTER, *law_of(self.rules.replacement_h))
        departure = self.sim.now + wait
        if departure >= self.world.end_hours:
            return
        load = planned(
            self.world,
            number=len(self.sim.loads),
            name=f"{lost.name.split(AGAIN)[0]}{AGAIN}{attempt}",
            key=key,
            stream=lost.planned_stream,
            departure=departure,
            grams=lost.load,
            owner=lost.owner,
        )
        load.attempt, load.first_key = attempt, lost.first_key
        self.sim.add(load)
        if self.learns:
            self.noise |= self._noise([load])
        self.sim.at(wait, self.leave, load)

