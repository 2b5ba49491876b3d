"""What organisations believe about the risk at each control.

A belief is the long-run detection times a factor, (prior + losses) / (prior + expected losses): a gamma
prior of mean 1, updated by Poisson counts. Losses are an organisation's own and those that it hears of;
expected losses are what the long-run detection foretold for its own passages and, in the share in which it
hears of losses, for those of all others: who hears of losses knows that most loads get through. All counts
fade.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from blo_sim.draws import key_of, uniforms

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from blo_sim.scenario.schema import Behaviour

    Floats = NDArray[np.float64]
    Indices = NDArray[np.int64]


class Beliefs:
    """Beliefs of all organisations about all controls; counts fade at each midnight.

    Parameters
    ----------
    owners : sequence of str
        Names of the organisations.
    controls : int
        Number of controls.
    """

    def __init__(
        self, owners: Sequence[str], controls: int, rules: Behaviour, seed: int, replication: int
    ) -> None:
        self.number = {name: number for number, name in enumerate(owners)}
        keys = [key_of(seed, replication, "rumour", name) for name in owners]
        self.keys = np.array(keys, dtype=np.uint64)
        self.prior = rules.prior_losses
        self.rumour = rules.rumour
        self.fading = 2.0 ** (-1.0 / rules.memory_days)
        # One control more than there are, which nobody meets: it ends each option's list.
        self.losses = np.zeros((len(owners), controls + 1))
        self.expected = np.zeros((len(owners), controls + 1))
        self.expected_of_all = np.zeros(controls + 1)
        self.day = 0

    def factor(self, owner: str, now: float) -> Floats:
        """Believed detection over the long-run one, by control."""
        self._fade(now)
        number = self.number[owner]
        own = self.expected[number]
        heard = own + self.rumour * (self.expected_of_all - own)
        believed: Floats = (self.prior + self.losses[number]) / (self.prior + heard)
        return believed

    def passed(self, owner: str, controls: Indices, detection: Floats, now: float) -> None:
        """A load's way has ended after these controls, where ``detection`` was foretold."""
        self._fade(now)
        # Not ``+=``, which would count a control that a route meets twice only once.
        np.add.at(self.expected[self.number[owner]], controls, detection)
        np.add.at(self.expected_of_all, controls, detection)

    def lost(self, owner: str, control: int, key: int, now: float) -> None:
        """A load of an owner was seized; ``key`` is the load's."""
        self._fade(now)
        number = self.number[owner]
        if self.rumour:
            hears = uniforms(self.keys ^ np.uint64(key), 0) < self.rumour
            hears[number] = True
            self.losses[hears, control] += 1.0
        else:
            self.losses[number, control] += 1.0

    def _fade(self, now: float) -> None:
        day = int(now // 24.0)
        if day > self.day:
            left = self.fading ** (day - self.day)
            self.losses *= left
            self.expected *= left
            self.expected_of_all *= left
            self.day = day
