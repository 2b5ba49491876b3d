"""Long-run detection: what a control seizes on average, with nobody told anything.

This is what smugglers believe before they have lost anything, and what they answer to under ``best-reply``.
It averages p over the hours of the week, the periods in which a team is elsewhere, the shifts that wave the
organisation through, the days on which a method works, and the ways in which the stream's loads are hidden;
lookouts, patterns and a bay that releases are left out. All probabilities come from
`blo_sim.model.border.detection`.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from blo_sim.model.border import detection

if TYPE_CHECKING:
    from blo_sim.scenario.schema import Method
    from blo_sim.world.compile import Control, Effect, PostTables, Stream, World


def stages(world: World) -> list[float]:
    """Hours from which detection without lookouts is another: the start, and each opening of an office."""
    openings = {effect.start for effect in world.effects.values() if effect.start > 0.0}
    return [0.0, *sorted(openings)]


class LongRun:
    """Long-run detection of a world's controls in one of its `stages`; ``hour`` is the stage's start."""

    def __init__(self, world: World, hour: float) -> None:
        self.world = world
        self.hour = hour
        self.first_group = _first_groups(world)
        self.referral = lru_cache(maxsize=None)(self._referral)
        self.found = lru_cache(maxsize=None)(self._found)

    def probability(self, stream: Stream, control: Control, lanes: tuple[int, ...]) -> float:
        """Probability that a load of ``stream`` is seized at an encounter.

        ``lanes`` are the lane groups that each traffic class uses at a post, empty elsewhere.
        """
        if control.post < 0:
            found = field_detection(control, stream.commodity)
            return control.presence * found * (1.0 - stream.compromised)
        before, total = 0.0, 0.0
        for cumulative, kind in stream.classes:
            p = detection.post_probability(
                0.0,
                0.0,
                self.referral(control.post, lanes[kind]),
                self.found(control.post, kind, stream.commodity),
                not any(self.world.posts[control.post].officers),
            )
            total += (cumulative - before) * p
            before = cumulative
        return total * (1.0 - stream.compromised)

    def of_kind(
        self, stream: Stream, control: Control, lanes: tuple[int, ...], kind: int, hidden: str, *, told: bool
    ) -> float:
        """The same for a load of one traffic class that is hidden in one way.

        Parameters
        ----------
        kind : int
            Its traffic class; -1 where it meets no post.
        hidden : str
            Its concealment.
        told : bool
            Whether the control has read a lookout for it just now.
        """
        bribed = stream.compromised
        lookouts = self.world.lookouts
        if control.post < 0:
            found = field_detection(control, stream.commodity)
            if told:
                found = detection.field_probability(found, lookouts.intercept)
            return control.presence * found * (1.0 - bribed)
        post = self.world.posts[control.post]
        match = lookouts.match if told else 0.0
        directed = 1.0 - (1.0 - self._found_hidden(post, hidden, stream.commodity, told=True)) * (
            1.0 - lookouts.find
        )
        p = detection.post_probability(
            match,
            directed,
            self.referral(control.post, lanes[kind]),
            self._found_hidden(post, hidden, stream.commodity, told=False),
            not any(post.officers),
        )
        honest = sum(
            self._full(effect) * (1.0 - bribed ** (agencies - 1)) for effect, agencies in post.pooling
        )
        return (1.0 - bribed) * p + bribed * honest * match * directed

    def _found_hidden(self, post: PostTables, hidden: str, commodity: str, *, told: bool) -> float:
        """Mean probability that a search finds a load that is hidden in one way."""
        return detection.find_on_average(self._chances(post, told=told), hidden, commodity)

    def _full(self, effect: Effect) -> float:
        """How far an office works in this stage, once it has ramped up."""
        return effect.full if self.hour >= effect.start else 0.0

    def _referral(self, number: int, lane: int) -> float:
        """Mean probability that a load is referred, over the hours in which its lanes are open."""
        post = self.world.posts[number]
        bay = [bay for start, bay in post.bays if start <= self.hour][-1]
        place = lane - self.first_group[number]
        d_prime = post.d_prime + sum(gain * self._full(effect) for effect, gain in post.training)
        shares = [
            share
            for share, lanes in zip(bay.shares[place], post.groups[place].lanes, strict=True)
            if lanes
        ]
        if not shares:
            return 0.0
        return sum(1.0 - detection.pass_threshold(share, d_prime) for share in shares) / len(shares)

    def _found(self, number: int, kind: int, commodity: str) -> float:
        """Mean probability that a search finds a load of a traffic class."""
        chances = self._chances(self.world.posts[number])
        before, total = 0.0, 0.0
        for cumulative, concealment in self.world.concealment[kind]:
            total += (cumulative - before) * detection.find_on_average(chances, concealment, commodity)
            before = cumulative
        return total

    def _chances(self, post: PostTables, *, told: bool = False) -> list[tuple[Method, float]]:
        """Methods of routine searches, or of all, and the probability that each is there and works."""
        present = dict.fromkeys(post.methods, 1.0)
        for effect, names in post.equipment:
            for name in names:
                present[name] = max(present.get(name, 0.0), self._full(effect))
        methods = [(self.world.methods[name], chance) for name, chance in present.items()]
        return [
            (method, chance * method.availability)
            for method, chance in methods
            if told or method.used == "always"
        ]


def field_detection(control: Control, commodity: str) -> float:
    """Probability that a patrol, inland unit or team, if there, seizes a load without a lookout."""
    return min(1.0, control.detection * dict(control.detection_factor).get(commodity, 1.0))


def _first_groups(world: World) -> list[int]:
    first, found = 0, []
    for post in world.posts:
        found.append(first)
        first += len(post.groups)
    return found
