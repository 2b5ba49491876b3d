"""Trust between neighbouring offices: earned by seizures, lost by searches in vain and by rotation."""

from __future__ import annotations

from typing import TYPE_CHECKING

from blo_sim.draws import exponential, key_of, uniform

if TYPE_CHECKING:
    from collections.abc import Iterable

    from blo_sim.scenario.schema import Trust
    from blo_sim.world.offices import Hop

Pair = tuple[str, str]
"""Two offices, in the order of their names."""


def pair_of(hop: Hop) -> Pair:
    """The two offices of a channel, whatever its direction."""
    return (hop.tail, hop.head) if hop.tail < hop.head else (hop.head, hop.tail)


class TrustBook:
    """How far every two neighbours trust each other; a pair is looked at only when somebody asks."""

    def __init__(self, rules: Trust, seed: int, replication: int, end: float) -> None:
        self.rules = rules
        self.names = seed, replication
        self.end = end
        self.levels: dict[Pair, tuple[float, float]] = {}
        self.changes: dict[str, list[float]] = {}

    def level(self, pair: Pair, now: float) -> float:
        """Trust of a pair at ``now``, in 0 to 1."""
        level, since = self.levels.get(pair, (self.rules.initial, 0.0))
        for office in pair:
            for moment in self._rotations(office):
                if since < moment <= now:
                    level *= 1.0 - self.rules.rotation_loss
        self.levels[pair] = level, now
        return level

    def willingness(self, hop: Hop, now: float) -> float:
        """Probability that a message is passed on over a channel."""
        return hop.willing + (1.0 - hop.willing) * self.level(pair_of(hop), now)

    def confirmed(self, pairs: Iterable[Pair], now: float) -> None:
        """A lookout that went over these pairs led to a seizure."""
        for pair in dict.fromkeys(pairs):
            level = self.level(pair, now)
            self.levels[pair] = level + self.rules.confirmed * (1.0 - level), now

    def false_alarm(self, pairs: Iterable[Pair], now: float) -> None:
        """A vehicle was searched in vain on a lookout that went over these pairs."""
        for pair in dict.fromkeys(pairs):
            self.levels[pair] = self.level(pair, now) * (1.0 - self.rules.false_alarm), now

    def _rotations(self, office: str) -> list[float]:
        """Hours at which the staff of an office rotates: a Poisson process of the office's own key."""
        known = self.changes.get(office)
        if known is None:
            known = self.changes[office] = []
            if self.rules.rotation_days is not None and self.rules.rotation_loss:
                key = key_of(*self.names, "rotation", office)
                now, n = 0.0, 0
                while now <= self.end:
                    now += 24.0 * self.rules.rotation_days * exponential(uniform(key, n))
                    known.append(now)
                    n += 1
        return known
