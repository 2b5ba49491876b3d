"""Shifts that an organisation has compromised: they wave its loads through."""

from __future__ import annotations

from typing import TYPE_CHECKING

from blo_sim.draws import key_of
from blo_sim.model.border.kernel import uniform

if TYPE_CHECKING:
    from blo_sim.model.traffic.demand import Consignment
    from blo_sim.world.compile import Control, World

FIELD_SHIFTS = tuple(range(24))
"""Hours since the shift began, by hour of the day: patrols, inland units and teams change at midnight."""


class Shifts:
    """Which control's shift is compromised towards whom, each by a draw of its own."""

    def __init__(self, world: World, seed: int, replication: int) -> None:
        self.ages = {
            control.index: world.posts[control.post].shift_ages if control.post >= 0 else FIELD_SHIFTS
            for control in world.controls
        }
        self.probability = [stream.compromised for stream in world.streams]
        self.names = seed, replication
        self.keys: dict[str, int] = {}

    def compromised(self, load: Consignment, control: Control, now: float, agency: int = 0) -> bool:
        """Whether the shift of one agency at a control is compromised towards the owner of a load.

        ``agency`` 0 is the control's own; those that a BLO brings into the room are 1, 2, ...
        """
        probability = self.probability[load.stream]
        if not probability:
            return False
        key = self.keys.get(load.owner)
        if key is None:
            key = self.keys[load.owner] = key_of(*self.names, "compromised", load.owner)
        hour = int(now)
        began = hour - self.ages[control.index][hour % 24]
        # A shift that runs at hour 0 began on the day before.
        draw: float = uniform(key ^ control.key ^ _AGENCIES[agency], began + 24)
        return draw < probability


_AGENCIES = [0, *(key_of("agency", number) for number in range(1, 20))]
