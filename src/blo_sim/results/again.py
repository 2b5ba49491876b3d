"""What losses make smugglers send again, in expectation.

Whether a lost load is sent again is luck, and the mass that is sent again varies by far more than any gain.
Its compensator is known at each encounter, before any draw: load x p is lost there in expectation, a share
``replacement`` of it is planned again, after a wait whose distribution is known. Summed over encounters it
has the same mean as the mass that is planned again, and hardly any variance between two worlds.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from blo_sim.draws import probability_below
from blo_sim.model.events import AGAIN, ENCOUNTER
from blo_sim.world.compile import law_of

if TYPE_CHECKING:
    from blo_sim.model.events import EventLog
    from blo_sim.scenario.schema import Behaviour

Expected = Counter[tuple[int, str]]
"""(measured year, commodity) to micrograms."""


class SentAgain:
    """Adds up what is planned again, by the measured year for which it is planned.

    The wait is counted from the encounter. Where a search comes between, the load is planned as much later,
    which matters at the edges of a year only.

    Parameters
    ----------
    rules : Behaviour
    years : list of float
        Hours at which the measured years begin, and the one at which the last of them ends.
    """

    def __init__(self, rules: Behaviour, years: list[float]) -> None:
        self.share = rules.replacement
        self.wait = law_of(rules.replacement_h)
        self.attempts = rules.most_attempts
        self.years = years
        self.attempt: list[int] = []
        self.expected: Expected = Counter()

    def read(self, log: EventLog, commodity: list[str]) -> None:
        """Take in the encounters that the log holds now."""
        new = log.names[len(self.attempt) :]
        self.attempt += [int(name.partition(AGAIN)[2] or 0) for name in new]
        attempt, last, share = self.attempt, self.attempts - 1, self.share
        start, ends, wait = self.years[0], list(enumerate(self.years[1:])), self.wait
        for time, kind, load, _, micrograms, _, _ in log.events:
            if kind != ENCOUNTER or not micrograms or attempt[load] >= last:
                continue
            before = probability_below(start - time, wait) if time < start else 0.0
            for year, end in ends:
                within = probability_below(end - time, wait)
                self.expected[year, commodity[load]] += round(share * micrograms * (within - before))
                before = within
