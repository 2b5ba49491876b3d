"""The progress bar, on standard error and only for somebody who is looking."""

from __future__ import annotations

import math
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

from blo_sim.experiment.replications import Progress

WIDTH = 40
SECONDS_BETWEEN = 0.1
SETTLED = 2.0


@contextmanager
def progress_bar(quiet: bool) -> Iterator[Progress | None]:
    """A function that draws the bar, or None if nobody would see it."""
    if quiet or not sys.stderr.isatty():
        yield None
        return
    pace = Pace(time.monotonic())
    drawn = -math.inf

    def draw(done: int, total: int) -> None:
        nonlocal drawn
        now = time.monotonic()
        if now - drawn < SECONDS_BETWEEN and 0 < done < total:
            return
        drawn = now
        filled = WIDTH * done // total
        bar = "#" * filled + "." * (WIDTH - filled)
        note = pace.note(done, total, now)
        print(f"\r[{bar}] {done} of {total} runs, {note:<34}", end="", file=sys.stderr, flush=True)

    try:
        yield draw
    finally:
        print(file=sys.stderr)


class Pace:
    """How fast runs finish, and how long the rest will take at that rate.

    Runs that a store had before count for nothing: the first call says how many there were. Nor does the
    time until the first runs are there, once `SETTLED` times as much has passed since: loading and compiling
    are not repeated. Sooner, workers that finish at the same moment would look faster than they are.
    """

    def __init__(self, started: float) -> None:
        self.started = started
        self.before: int | None = None
        self.first: tuple[int, float] | None = None

    def seconds_each(self, done: int, now: float) -> float | None:
        """Seconds from one run to the next, from what was seen so far; None if that is nothing."""
        if self.before is None or done < self.before:
            self.before, self.first = done, None
        fresh = done - self.before
        if not fresh or now <= self.started:
            return None
        if self.first is None:
            self.first = done, now
        known, since = self.first
        if done > known and now - since > SETTLED * (since - self.started):
            return (now - since) / (done - known)
        return (now - self.started) / fresh

    def note(self, done: int, total: int, now: float) -> str:
        """What the bar says beside the count."""
        each = self.seconds_each(done, now)
        if each is None:
            return "starting"
        speed = f"{1 / each:.1f} a second" if each <= 1 else f"{each:.1f} s each"
        if done >= total:
            return f"{speed}, {_span(now - self.started)} in all"
        return f"{speed}, {_span((total - done) * each)} left"


def _span(seconds: float) -> str:
    """A duration in words."""
    whole = round(seconds)
    if whole < 100:
        return f"{whole} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 100 else f"{minutes // 60} h {minutes % 60:02d} min"
