"""Waiting for what comes about on its own, in another thread, process or browser."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

Found = TypeVar("Found")

PATIENCE = 120.0
"""Seconds; for machines that are slow and shared, since whoever waits for long waits once."""


def until(holds: Callable[[], Found], pause: Callable[[], object] = lambda: time.sleep(0.02)) -> Found:
    """What ``holds()`` returns once it is true.

    A page in a browser goes on only during a ``pause`` of its own.
    """
    end = time.monotonic() + PATIENCE
    while not (found := holds()):
        assert time.monotonic() < end, "this did not come about"
        pause()
    return found
