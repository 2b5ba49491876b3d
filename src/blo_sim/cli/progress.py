"""The progress bar, on standard error and only for somebody who is looking."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

from blo_sim.experiment.replications import Progress

WIDTH = 40


@contextmanager
def progress_bar(quiet: bool) -> Iterator[Progress | None]:
    """A function that draws the bar, or None if nobody would see it."""
    if quiet or not sys.stderr.isatty():
        yield None
        return
    started = time.monotonic()

    def draw(done: int, total: int) -> None:
        filled = WIDTH * done // total
        bar = "#" * filled + "." * (WIDTH - filled)
        note = "starting" if done == 0 else f"{time.monotonic() - started:.0f} s"
        print(f"\r[{bar}] {done} of {total} runs, {note:<10}", end="", file=sys.stderr, flush=True)

    try:
        yield draw
    finally:
        print(file=sys.stderr)
