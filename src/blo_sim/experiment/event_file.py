"""Event logs as a Parquet file, for whoever analyses single events.

For a real place the file says neither where at a border something happened nor how probable a seizure was
there, as no other output does: detection is judged, and a table of it would be read as a map of weak posts.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from blo_sim.errors import needing
from blo_sim.experiment.design import DEFAULT_SEED, make_design, replicated, whole
from blo_sim.experiment.output import beside, file_to_write, writing
from blo_sim.model.events import ENCOUNTER, FORGONE, KINDS, LEAKED, NOBODY

if TYPE_CHECKING:
    from blo_sim.model.events import EventLog
    from blo_sim.world.compile import World

UNTOLD = (LEAKED, FORGONE)
"""Kinds of events that a file of a real place leaves out: they name a weak desk or post."""
NOTES_TOLD = frozenset({"depart", "report", "sent", "taken", "worked", "read", "seized", "mistaken"})
"""Kinds whose notes a file of a real place keeps; those of others name ways, channels or shifts for sale."""


def write_events(
    scenario: Any,
    out: str | os.PathLike[str],
    *,
    replications: int = 1,
    seed: int = DEFAULT_SEED,
    days: int | None = None,
    clock: str = "steady",
    behaviour: str | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> int:
    """Run a scenario and write all its events to a Parquet file, one row group a replication.

    Parameters
    ----------
    scenario : str, path or Scenario
        Run with its central values, warm-up included.
    out : str or path
        The file; written beside its place and moved there when it is whole.
    replications, seed, days, clock, behaviour
        As for `simulate`.
    progress : callable, optional
        Called with the number of replications done and of all.

    Returns
    -------
    int
        Number of events in the file.

    Raises
    ------
    ScenarioError, SimulationError
    UsageError
        Also if pyarrow is not installed, or the file cannot be written.
    """
    whole("replications", replications, at_least=1)
    pyarrow, parquet = _pyarrow()
    path = file_to_write(out)
    design = make_design([scenario], replications=replications, seed=seed, days=days, clock=clock,
                         behaviour=behaviour)  # fmt: skip
    table = _Table(design.worlds[0], design.scenarios[0].model, pyarrow)
    count = 0
    with writing(path), beside(path) as place, parquet.ParquetWriter(place, table.schema) as file:
        for number in range(replications):
            rows = table.of(replicated(design, 0, number))
            file.write_table(rows, row_group_size=max(1, rows.num_rows))
            count += rows.num_rows
            if progress is not None:
                progress(number + 1, replications)
    return count


def _pyarrow() -> tuple[Any, Any]:
    from importlib import import_module

    with needing("export", "a file of events"):
        return import_module("pyarrow"), import_module("pyarrow.parquet")


class _Table:
    """Logs of one world as tables of Arrow, all with the same columns."""

    def __init__(self, world: World, model: Any, pyarrow: Any) -> None:
        self.world, self.arrow = world, pyarrow
        self.real = world.place == "real"
        self.where: dict[str, tuple[str, str]] = {row.id: (row.area, row.kind) for row in world.controls}
        self.where |= {row.id: (row.country, "capital") for row in model.headquarters}
        self.where |= {row.id: ("", "centre") for row in model.centres}
        text = pyarrow.dictionary(pyarrow.int32(), pyarrow.string())
        columns = {
            "replication": pyarrow.int32(),
            "time_h": pyarrow.float64(),
            "moment": pyarrow.timestamp("ms"),
            "kind": text,
            "consignment": text,
            "flow": text,
            "mode": text,
            "commodity": text,
            "area": text,
            "control": text,
            "place": text,
            "amount": pyarrow.int64(),
            "p": pyarrow.float64(),
            "note": text,
        }
        if self.real:
            del columns["place"]
        self.schema = pyarrow.schema(
            list(columns.items()),
            metadata={"scenario": world.scenario_name, "place": world.place, "clock": world.clock},
        )

    def of(self, log: EventLog) -> Any:
        """The events of one replication."""
        kept = [event for event in log.events if not self.real or event[1] not in UNTOLD]
        times, kinds, loads, places, amounts, chances, notes = zip(*kept, strict=True) if kept else ((),) * 7
        kind, load = np.array(kinds, np.int64), np.array(loads, np.int64)
        hours = np.array(times, np.float64)
        start = np.datetime64(self.world.first_day, "ms")
        hidden = (kind == ENCOUNTER) & self.real
        streams = [self.world.streams[number] for number in log.streams]
        of_load = {
            "consignment": list(log.names),
            "flow": [stream.flow for stream in streams],
            "mode": [stream.mode for stream in streams],
            "commodity": [stream.commodity for stream in streams],
        }
        found = {
            "replication": self.arrow.array(np.full(len(kept), log.replication, np.int32)),
            "time_h": self.arrow.array(hours),
            "moment": self.arrow.array(start + np.round(hours * 3_600_000.0).astype("timedelta64[ms]")),
            "kind": self._coded(kind, KINDS),
            **{name: self._coded(load, values, load == NOBODY) for name, values in of_load.items()},
            **self._places(places),
            "amount": self.arrow.array(np.array(amounts, np.int64), mask=hidden),
            "p": self.arrow.array(np.array(chances, np.float64), mask=hidden),
            "note": self._words(
                [
                    note if not self.real or KINDS[number] in NOTES_TOLD else ""
                    for number, note in zip(kinds, notes, strict=True)
                ]
            ),
        }
        return self.arrow.table([found[name] for name in self.schema.names], schema=self.schema)

    def _places(self, places: Sequence[str]) -> dict[str, Any]:
        found = [self.where.get(place, ("", "")) for place in places]
        columns = {
            "area": self._words([area for area, _ in found]),
            "control": self._words([control for _, control in found]),
        }
        return columns if self.real else {**columns, "place": self._words(places)}

    def _words(self, words: Sequence[str]) -> Any:
        """Words by their codes; an empty one is null."""
        numbers = {word: number for number, word in enumerate(dict.fromkeys(words))}
        codes = np.array([numbers[word] for word in words], np.int64)
        return self._coded(codes, list(numbers), codes == numbers.get("", -1))

    def _coded(self, codes: Any, words: Sequence[str], missing: Any = None) -> Any:
        indices = self.arrow.array(codes.astype(np.int32), mask=missing)
        return self.arrow.DictionaryArray.from_arrays(indices, self.arrow.array(words, self.arrow.string()))
