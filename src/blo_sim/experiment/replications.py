"""Runs every world of a design as often as it says, replication by replication."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from blo_sim.experiment.design import same_demand
from blo_sim.experiment.evaluators import evaluator_for

if TYPE_CHECKING:
    from blo_sim.experiment.design import Design
    from blo_sim.model.replication import Replication
    from blo_sim.model.traffic.prospects import Smugglers
    from blo_sim.results.again import Expected
    from blo_sim.results.response import Response, Shipments
    from blo_sim.results.summary import Summary
    from blo_sim.world.compile import World

Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class Shared:
    """What all tasks of a design need."""

    worlds: tuple[World, ...]
    smugglers: tuple[Smugglers | None, ...]
    estimator: str = "expected"


@dataclass(frozen=True)
class Task:
    """One replication of some worlds, by name.

    ``replayed`` are those of them that are run once more, on the consignments of the first.
    """

    worlds: dict[str, int]
    seed: int
    replication: int
    replayed: tuple[str, ...] = ()

    @property
    def runs(self) -> int:
        """How many worlds are run."""
        return len(self.worlds) + len(self.replayed)

    def __str__(self) -> str:
        return f"replication {self.replication} of {', '.join(self.worlds)}"


@dataclass(frozen=True)
class Replay:
    """An alternative on the baseline's consignments, and what its smugglers' response changes."""

    unchanged: Summary
    response: Response


@dataclass(frozen=True)
class Outcome:
    """What a task gives: a summary of each world, and a replay of each alternative that has one."""

    summaries: dict[str, Summary]
    replays: dict[str, Replay] = field(default_factory=dict)


@dataclass(frozen=True)
class Finished:
    """What was finished: for each name, the summaries of replications 0, 1, 2, ... without a gap.

    ``replays`` has the same for the alternatives that were replayed.
    """

    summaries: dict[str, list[Summary]]
    interrupted: bool
    replays: dict[str, list[Replay]] = field(default_factory=dict)

    @property
    def replications(self) -> int:
        """Number of replications that every world has finished."""
        return len(next(iter(self.summaries.values())))


def run_task(shared: Shared, task: Task) -> Outcome:
    """Run one task; the only function here that workers call."""
    from blo_sim.model.replication import Replication, collector_paused, replay
    from blo_sim.results.again import SentAgain
    from blo_sim.results.response import Shipments, response
    from blo_sim.results.summary import Summariser

    summaries: dict[str, Summary] = {}
    shipments: dict[str, Shipments] = {}
    first: Replication | None = None
    planned_again: Expected | None = None
    for name, place in task.worlds.items():
        world, smugglers = shared.worlds[place], shared.smugglers[place]
        sent = Shipments() if name in task.replayed else None
        again = None if smugglers is None else SentAgain(smugglers.rules, world.year_starts)
        summariser = Summariser(world, sent, again)
        with collector_paused():
            run = Replication(world, task.seed, task.replication, smugglers)
            log = run.run(summariser.read)
            summaries[name] = summariser.summary(log)
        if first is None:
            first, planned_again = run, None if again is None else again.expected
        if sent is not None:
            shipments[name] = sent
    replays = {}
    for name in task.replayed:
        assert first is not None
        world, sent = shared.worlds[task.worlds[name]], Shipments()
        summariser = Summariser(world, sent)
        log = replay(world, task.seed, task.replication, first, summariser.read)
        unchanged = summariser.summary(log, planned_again)
        replays[name] = Replay(unchanged, response(sent, shipments[name], shared.estimator))
    return Outcome(summaries, replays)


def run_design(
    design: Design,
    *,
    workers: int | None = None,
    progress: Progress | None = None,
    replayed: bool = False,
) -> Finished:
    """Run all replications of a design; Ctrl-C keeps the contiguous prefix that was finished.

    Parameters
    ----------
    design : Design
    workers : int, optional
        Processes, all cores by default; with one, everything runs in this process.
    progress : callable, optional
        Called with the number of finished runs and their total, first with 0.
    replayed : bool
        Whether to run each alternative also on the baseline's consignments, where its smugglers may send
        others.

    Raises
    ------
    SimulationError
        If a replication fails or a worker is lost.
    KeyboardInterrupt
        If not even the first replication was finished.
    """
    tasks = list(_tasks(design, replays(design) if replayed else ()))
    shared = Shared(design.worlds, design.smugglers, design.estimator)
    evaluator = evaluator_for(run_task, shared, workers=workers, tasks=len(tasks))
    total = sum(task.runs for task in tasks)
    done: list[Outcome] = []
    interrupted = False
    try:
        if progress is not None:
            progress(0, total)
        with closing(evaluator.map(tasks)) as results:
            for outcome in results:
                done.append(outcome)
                if progress is not None:
                    progress(sum(task.runs for task in tasks[: len(done)]), total)
    except KeyboardInterrupt:
        interrupted = True
        if not _complete(design, done):
            raise
    return _finished(design, done, interrupted)


def replays(design: Design) -> tuple[str, ...]:
    """Alternatives that must be run on the baseline's consignments to tell a gain's parts.

    None under ``fixed``, where both worlds send the same; none that plans other consignments itself, since
    then no part of its gain is that of its offices alone.
    """
    if design.behaviour == "fixed":
        return ()
    worlds = dict(zip(design.names, design.worlds, strict=True))
    others = [name for name in design.alternatives if name != design.baseline]
    return tuple(name for name in others if same_demand(worlds[design.baseline], worlds[name]))


def _tasks(design: Design, replayed: tuple[str, ...]) -> Iterator[Task]:
    places = {name: place for place, name in enumerate(design.names)}
    together = [places] if replayed else [{name: place} for name, place in places.items()]
    for replication in range(design.replications):
        for worlds in together:
            yield Task(worlds, design.seed, replication, replayed)


def _complete(design: Design, done: list[Outcome]) -> int:
    """Number of replications that every world has finished."""
    return min(sum(name in outcome.summaries for outcome in done) for name in design.names)


def _finished(design: Design, done: list[Outcome], interrupted: bool) -> Finished:
    count = _complete(design, done)
    summaries = {
        name: [each.summaries[name] for each in done if name in each.summaries][:count] for name in
        design.names
    }
    names = [name for name in design.alternatives if any(name in each.replays for each in done)]
    return Finished(summaries, interrupted, {name: [each.replays[name] for each in done] for name in names})
