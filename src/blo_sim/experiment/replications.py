"""Runs every world of a design as often as it says, replication by replication."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING

from blo_sim.experiment.evaluators import evaluator_for

if TYPE_CHECKING:
    from blo_sim.experiment.design import Design
    from blo_sim.results.summary import Summary
    from blo_sim.world.compile import World

Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class Task:
    """One world, one replication."""

    name: str
    world: int
    seed: int
    replication: int

    def __str__(self) -> str:
        return f"replication {self.replication} of {self.name}"


@dataclass(frozen=True)
class Finished:
    """What was finished: for each name, the summaries of replications 0, 1, 2, ... without a gap."""

    summaries: dict[str, list[Summary]]
    interrupted: bool

    @property
    def replications(self) -> int:
        """Number of replications that every world has finished."""
        return len(next(iter(self.summaries.values())))


def run_task(worlds: Sequence[World], task: Task) -> Summary:
    """Run one replication of one world; the only function here that workers call."""
    from blo_sim.model.replication import replicate
    from blo_sim.results.summary import Summariser

    world = worlds[task.world]
    summariser = Summariser(world)
    log = replicate(world, task.seed, task.replication, summariser.read)
    return summariser.summary(log)


def run_design(design: Design, *, workers: int | None = None, progress: Progress | None = None) -> Finished:
    """Run all replications of a design; Ctrl-C keeps the contiguous prefix that was finished.

    Parameters
    ----------
    design : Design
    workers : int, optional
        Processes, all cores by default; with one, everything runs in this process.
    progress : callable, optional
        Called with the number of finished world-replications and their total, first with 0.

    Raises
    ------
    SimulationError
        If a replication fails or a worker is lost.
    KeyboardInterrupt
        If not even the first replication was finished.
    """
    tasks = list(_tasks(design))
    evaluator = evaluator_for(run_task, design.worlds, workers=workers, tasks=len(tasks))
    done: list[Summary] = []
    interrupted = False
    try:
        if progress is not None:
            progress(0, len(tasks))
        with closing(evaluator.map(tasks)) as results:
            for summary in results:
                done.append(summary)
                if progress is not None:
                    progress(len(done), len(tasks))
    except KeyboardInterrupt:
        interrupted = True
        if len(done) < len(design.names):
            raise
    return Finished(_by_name(design.names, done), interrupted)


def _tasks(design: Design) -> Iterator[Task]:
    for replication in range(design.replications):
        for world, name in enumerate(design.names):
            yield Task(name, world, design.seed, replication)


def _by_name(names: Sequence[str], done: Sequence[Summary]) -> dict[str, list[Summary]]:
    count, width = len(done) // len(names), len(names)
    return {name: list(done[place : count * width : width]) for place, name in enumerate(names)}
