"""The sums of many replications, read column by column.

Whatever an experiment says is computed from columns: one integer a replication, of one key of one table of
`blo_sim.results.summary.Summary` or of `Pair`. So it does not matter where the sums are kept.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

Key = Any
"""A string, or a tuple of strings and numbers."""


@dataclass(frozen=True)
class Pair:
    """What two runs of one replication tell load by load: an alternative against the baseline.

    Attributes
    ----------
    response : dict
        (line, column, year, commodity) to micrograms, of `blo_sim.results.response.response`; empty where
        nobody responds.
    shift : dict
        (year, commodity) to the grams of loads that both runs seized, and that intelligence is credited with
        only in the second.
    """

    response: dict[tuple[str, str, int, str], int]
    shift: dict[tuple[int, str], int]


class Runs(Protocol):
    """Replications 0, 1, 2, ... of one world, or of one pair of worlds."""

    def __len__(self) -> int:
        """Number of replications."""
        ...

    def keys(self, table: str) -> set[Key]:
        """Keys of a table that any replication has."""
        ...

    def column(self, table: str, key: Key) -> list[int]:
        """One value a replication; 0 where it has no such key."""
        ...


class ListedRuns:
    """Replications that are held in memory, as summaries or pairs.

    Parameters
    ----------
    rows : sequence of Summary or Pair
    """

    def __init__(self, rows: Sequence[Any] = ()) -> None:
        self.rows = list(rows)

    def __len__(self) -> int:
        return len(self.rows)

    def __iter__(self) -> Iterator[Any]:
        return iter(self.rows)

    def __getitem__(self, replication: int) -> Any:
        return self.rows[replication]

    def keys(self, table: str) -> set[Key]:
        """Keys of a table that any replication has."""
        return {key for row in self.rows for key in getattr(row, table)}

    def column(self, table: str, key: Key) -> list[int]:
        """One value a replication; 0 where it has no such key."""
        return [getattr(row, table).get(key, 0) for row in self.rows]


@dataclass(frozen=True)
class Stretch:
    """Replications ``first`` to ``last - 1`` of others."""

    runs: Runs
    first: int
    last: int

    def __len__(self) -> int:
        return self.last - self.first

    def keys(self, table: str) -> set[Key]:
        """Keys of a table that any replication has, of this stretch or not."""
        return self.runs.keys(table)

    def column(self, table: str, key: Key) -> list[int]:
        """One value a replication; 0 where it has no such key."""
        return self.runs.column(table, key)[self.first : self.last]


def summed(runs: Runs, table: str, keys: Sequence[Key]) -> list[int]:
    """Some columns added up, one in memory at a time; zeros if there are none."""
    total = [0] * len(runs)
    for key in keys:
        total = [sum(pair) for pair in zip(total, runs.column(table, key), strict=True)]
    return total
