"""Every error that `blo_sim` raises on purpose, as one tree.

A user of the command line sees the message and an exit code; a user of the library catches
`BloSimError` or one of its children.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass


class BloSimError(Exception):
    """Root of all errors raised on purpose. ``exit_code`` is what the command line returns."""

    exit_code = 1


class UsageError(BloSimError):
    """An argument that cannot be used: the message names it, its value and what would be right."""

    exit_code = 2


class SimulationError(BloSimError):
    """A run that could not be finished."""


@contextmanager
def needing(extra: str, what: str) -> Iterator[None]:
    """Around the imports that ``what`` needs beyond the core: says which extra brings what is missing.

    Raises
    ------
    UsageError
        In place of ImportError.
    """
    try:
        yield
    except ImportError as missing:
        raise UsageError(
            f"{what} needs {missing.name}, which is not installed: pip install 'blo-sim[{extra}]'"
        ) from missing


@dataclass(frozen=True)
class Problem:
    """One thing wrong with a scenario file, and where.

    ``file`` is the layer that set the value (a path, a bundled name, or ``--set``), ``line`` the
    1-based line of the nearest key or header (0 where there is none), ``key`` the dotted path.
    """

    file: str
    line: int
    key: str
    message: str

    def __str__(self) -> str:
        where = f"{self.file}:{self.line}" if self.line else self.file
        return f"{where}: {self.key}: {self.message}" if self.key else f"{where}: {self.message}"


class ScenarioError(BloSimError):
    """A scenario that cannot be used; ``problems`` lists everything found, not only the first."""

    exit_code = 2

    def __init__(self, problems: list[Problem]) -> None:
        self.problems = problems
        super().__init__("\n".join(str(problem) for problem in problems))
