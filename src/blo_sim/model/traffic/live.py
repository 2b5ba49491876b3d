"""How a consignment moves and waits, with a rule for what happens at one instant.

SimPy orders events of one time by priority. What a consignment does has priority ``FIRST_LIVE + number``, so
that everything else at that instant comes first and live events go by consignment, in whatever order they
were scheduled.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from typing import Any

from simpy import Environment
from simpy.events import NORMAL, Event

FIRST_LIVE = NORMAL + 1


class Course:
    """One event of SimPy's that happens again and again, and goes on with its steps each time.

    It does what SimPy's `Process` does for steps that only wait, and that nobody waits for or interrupts: no
    new event for each wait, and no value, failure or return to look after. It begins at once.

    Parameters
    ----------
    env : Environment
    priority : int
        Of its events among those of the same time; the lowest come first.
    steps : generator of float or Hold
        Hours until it goes on (>= 0), or what holds it.
    """

    __slots__ = ("_again", "_priority", "_schedule", "_send", "callbacks")

    # What SimPy asks of an event that has happened.
    _ok = True

    def __init__(self, env: Environment, priority: int, steps: Steps) -> None:
        self._schedule: Any = env.schedule
        self._priority = priority
        self._send = steps.send
        self._again = self.callbacks = [self._go_on]
        self._go_on(self)

    def _go_on(self, _: Course) -> None:
        send, schedule = self._send, self._schedule  # Python calls what is bound quicker than attributes
        try:
            hours = send(None)
        except StopIteration:
            del self._again  # it holds the course: nothing would free the two before the collector comes
            return
        if hours.__class__ is Hold:
            hours.hold(self)
            return
        self.callbacks = self._again  # SimPy takes them away when an event has happened
        schedule(self, self._priority, hours)

    def wait(self, hours: float) -> None:
        """It goes on after some hours."""
        self.callbacks = self._again
        self._schedule(self, self._priority, hours)


class Hold:
    """A wait of a `Course` that somebody else ends, be it before it begins."""

    __slots__ = ("_course", "_over")

    def __init__(self) -> None:
        self._course: Course | None = None
        self._over = False

    def hold(self, course: Course) -> None:
        """The course waits from now on."""
        self._course = course
        if self._over:
            course.wait(0.0)

    def release(self) -> None:
        """The course goes on now, in its turn."""
        self._over = True
        if self._course is not None:
            self._course.wait(0.0)


Steps = Generator[float | Hold, None, None]


class Call(Event):
    """Calls a function after ``delay`` hours: lighter than a process for what happens once."""

    # It succeeds with no value; the class says it once for all of them.
    _ok = True
    _value = None

    def __init__(
        self, env: Environment, delay: float, function: Callable[..., None], arguments: tuple[Any, ...]
    ) -> None:
        self.env = env
        self.callbacks = [lambda _: function(*arguments)]
        env.schedule(self, NORMAL, delay)
