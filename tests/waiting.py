"""Waiting for what comes about on its own, in another thread, process or browser."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, TypeVar

Found = TypeVar("Found")

PATIENCE = 120.0
"""Seconds; for machines that are slow and shared, since whoever waits for long waits once."""


def until(holds: Callable[[], Found], pause: Callable[[], object] = lambda: time.sleep(0.02)) -> Found:
    """What ``holds()`` returns once it is true."""
    end = time.monotonic() + PATIENCE
    while not (found := holds()):
        assert time.monotonic() < end, "this did not come about"
        pause()
    return found


def until_on(page: Any, holds: Callable[[], object]) -> None:
    """The same for a page of Playwright, which goes on only while it waits itself.

    Its own policy may forbid to wait inside it.
    """
    until(holds, lambda: page.wait_for_timeout(30))
