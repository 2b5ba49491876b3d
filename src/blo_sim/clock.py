"""Simulated time: hours from the start of the warm-up, on a grid of 2^-32 hour.

On the grid, sums and differences of times are exact in a float (up to 2^21 hours, some 239 years), so
that ``timeout(t - now)`` always lands on ``t`` and two programs that add the same durations in a different
order still agree with ``==``. One grid step (a *tick*) is 0.84 microseconds.
"""

from __future__ import annotations

import datetime as dt
import math

TICKS_PER_HOUR = 4294967296.0
TICK = 1.0 / TICKS_PER_HOUR
HOURS_PER_DAY = 24
HOURS_PER_WEEK = 168


def on_grid(hours: float) -> float:
    """Return ``hours`` rounded to the grid (halves go up)."""
    return math.floor(hours * TICKS_PER_HOUR + 0.5) * TICK


def positive(hours: float) -> float:
    """Return ``hours`` on the grid, but at least one tick: durations never vanish."""
    rounded = math.floor(hours * TICKS_PER_HOUR + 0.5) * TICK
    return rounded if rounded >= TICK else TICK


class Calendar:
    """Translates simulated hours to dates; hour 0 is midnight of ``first_day``.

    The year of the calendar ends where the run does; leap days are ordinary days of February.
    """

    def __init__(self, first_day: dt.date) -> None:
        self.first_day = first_day

    def hour_of(self, day: dt.date) -> float:
        """Simulated hour at which ``day`` begins (negative before the first day)."""
        return float((day - self.first_day).days * HOURS_PER_DAY)

    def moment(self, hours: float) -> dt.datetime:
        """Date and time of a simulated hour, to the second."""
        start = dt.datetime.combine(self.first_day, dt.time())
        return start + dt.timedelta(seconds=round(hours * 3600.0))

    def weekday(self) -> int:
        """Weekday of the first day, Monday = 0."""
        return self.first_day.weekday()

    def months(self, days: int) -> list[int]:
        """Month (1-12) of each of the first ``days`` days."""
        return [(self.first_day + dt.timedelta(days=i)).month for i in range(days)]
