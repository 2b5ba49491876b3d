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

    Runs that a store had before count for nothing: the first call says how many there were.
    """

    def __init__(self, started: float) -> None:
        self.started = started
        self.before: int | None = None

    def note(self, done: int, total: int, now: float) -> str:
        """What the bar says beside the count."""
        if self.before is None or done < self.before:
            self.before = done
        fresh, seconds = done - self.before, now - self.started
        if not fresh or seconds <= 0:
            return "starting"
        rate = fresh / seconds
        speed = f"{rate:.1f} a second" if rate >= 1 else f"{1 / rate:.1f} s each"
        if done >= total:
            return f"{speed}, {_span(seconds)} in all"
        return f"{speed}, {_span((total - done) / rate)} left"


def _span(seconds: float) -> str:
    """A duration in words."""
    whole = round(seconds)
    if whole < 100:
        return f"{whole} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 100 else f"{minutes // 60} h {minutes % 60:02d} min"
