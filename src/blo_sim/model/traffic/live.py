"""How a consignment moves and waits, with a rule for what happens at one instant.

SimPy orders events of one time by priority. A live wait has priority ``FIRST_LIVE + number`` of its
consignment, so that everything else at that instant comes first and live events go by consignment,
in whatever order they were scheduled.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from typing import Any

from simpy import Environment
from simpy.events import NORMAL, Event

FIRST_LIVE = NORMAL + 1


class Course:
    """A process of one consignment: lighter than SimPy's `Process`, which can fail, return and be waited for.

    It begins at once, and may yield only events that have not happened yet, such as `Live` and `Hold`.

    Parameters
    ----------
    steps : generator of Event
    """

    __slots__ = ("_send",)

    def __init__(self, steps: Generator[Event, None, None]) -> None:
        self._send = steps.send
        self._go_on(None)

    def _go_on(self, _: Event | None) -> None:
        try:
            event = self._send(None)
        except StopIteration:
            return
        event.callbacks.append(self._go_on)


class Live(Event):
    """An event of consignment ``number`` after ``delay`` hours (>= 0)."""

    # Every such event succeeds with no value, so the class says it once for all of them.
    _ok = True
    _value = None

    def __init__(self, env: Environment, delay: float, number: int) -> None:
        self.env = env
        self.callbacks = []
        env.schedule(self, FIRST_LIVE + number, delay)  # type: ignore[arg-type]


class Hold(Event):
    """A wait of consignment ``number`` that somebody else ends."""

    _ok = True
    _value = None

    def __init__(self, env: Environment, number: int) -> None:
        self.env = env
        self.callbacks = []
        self.number = number

    def release(self) -> None:
        """The consignment goes on now, in its turn."""
        self.env.schedule(self, FIRST_LIVE + self.number, 0.0)  # type: ignore[arg-type]


class Call(Event):
    """Calls a function after ``delay`` hours: lighter than a process for what happens once."""

    # As in `Live`.
    _ok = True
    _value = None

    def __init__(
        self, env: Environment, delay: float, function: Callable[..., None], arguments: tuple[Any, ...]
    ) -> None:
        self.env = env
        self.callbacks = [lambda _: function(*arguments)]
        env.schedule(self, NORMAL, delay)
