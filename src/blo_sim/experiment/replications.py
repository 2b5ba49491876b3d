"""Runs every world of a design as often as it says, replication by replication."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from blo_sim.experiment.design import prepared, same_demand
from blo_sim.experiment.evaluators import evaluator_for
from blo_sim.experiment.precision import points
from blo_sim.experiment.store import Memory
from blo_sim.results.runs import Pair, Stretch

if TYPE_CHECKING:
    from blo_sim.experiment.design import Design
    from blo_sim.experiment.precision import Precision
    from blo_sim.experiment.store import Keeper
    from blo_sim.model.replication import Replication
    from blo_sim.model.traffic.prospects import Smugglers
    from blo_sim.results.again import Expected
    from blo_sim.results.response import Response, Seizures
    from blo_sim.results.runs import Runs
    from blo_sim.results.summary import Summary
    from blo_sim.world.compile import World

Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class Shared:
    """What all tasks of a design need."""

    worlds: tuple[World, ...]
    smugglers: tuple[Smugglers | None, ...]
    estimator: str = "expected"
    drawn: DrawnWorlds | None = None

    def at(self, draw: int | None) -> tuple[tuple[World, ...], tuple[Smugglers | None, ...]]:
        """The worlds of a draw of the parameters, or of the central ones."""
        if draw is None:
            return self.worlds, self.smugglers
        assert self.drawn is not None
        return self.drawn.at(draw)


class DrawnWorlds:
    """Makes the worlds of a design with other parameters, and keeps those of the last draw.

    Parameters
    ----------
    design : Design
        With an ensemble.
    """

    def __init__(self, design: Design) -> None:
        assert design.ensemble is not None
        self.scenarios, self.ensemble = design.scenarios, design.ensemble
        self.clock, self.days, self.behaviour = design.clock, design.days, design.behaviour
        self.last: tuple[int, tuple[tuple[World, ...], tuple[Smugglers | None, ...]]] | None = None

    def at(self, draw: int) -> tuple[tuple[World, ...], tuple[Smugglers | None, ...]]:
        """The worlds of a draw, and their smugglers."""
        from blo_sim.world.compile import compile_world

        last = self.last
        if last is None or last[0] != draw:
            scenarios = [self.ensemble.world(each, draw) for each in self.scenarios]
            worlds = tuple(compile_world(each, clock=self.clock, days=self.days) for each in scenarios)
            last = draw, (worlds, tuple(prepared(world, self.behaviour) for world in worlds))
            self.last = last
        return last[1]


@dataclass(frozen=True)
class Task:
    """One replication of some worlds, by name.

    ``paired`` are those that are compared with the first load by load; ``replayed`` those of them that are
    run once more, on the consignments of the first.
    """

    worlds: dict[str, int]
    seed: int
    replication: int
    paired: tuple[str, ...] = ()
    replayed: tuple[str, ...] = ()
    draw: int | None = None

    @property
    def runs(self) -> int:
        """How many worlds are run."""
        return len(self.worlds) + len(self.replayed)

    def __str__(self) -> str:
        return f"replication {self.replication} of {', '.join(self.worlds)}"


@dataclass(frozen=True)
class Outcome:
    """What a task gives, by name: sums of each world, of each replay, and of each pair."""

    summaries: dict[str, Summary]
    unchanged: dict[str, Summary] = field(default_factory=dict)
    pairs: dict[str, Pair] = field(default_factory=dict)


@dataclass(frozen=True)
class Finished:
    """What was finished, by name: replications 0, 1, 2, ... without a gap, as many of each.

    Attributes
    ----------
    summaries : mapping of str to Runs
        Of every world.
    interrupted : bool
    unchanged, pairs : mapping of str to Runs
        Of the alternatives that were run on the baseline's consignments, and of those that were compared
        with it load by load.
    """

    summaries: Mapping[str, Runs]
    interrupted: bool
    unchanged: Mapping[str, Runs] = field(default_factory=dict)
    pairs: Mapping[str, Runs] = field(default_factory=dict)

    @property
    def replications(self) -> int:
        """Number of replications that every world has finished."""
        return len(next(iter(self.summaries.values())))

    def stretches(self, length: int) -> Iterator[tuple[int, Finished]]:
        """The same in stretches of replications, each with its first: no table need be held whole."""
        for first in range(0, self.replications, length):
            last = min(first + length, self.replications)
            cut = (
                {name: Stretch(runs, first, last) for name, runs in role.items()}
                for role in (self.summaries, self.unchanged, self.pairs)
            )
            summaries, unchanged, pairs = cut
            yield first, Finished(summaries, self.interrupted, unchanged, pairs)


def run_task(shared: Shared, task: Task) -> Outcome:
    """Run one task; the only function here that workers call."""
    from blo_sim.model.replication import collector_paused

    with collector_paused():
        return _outcome(shared, task)


def _outcome(shared: Shared, task: Task) -> Outcome:
    from blo_sim.model.replication import Replication, replay
    from blo_sim.results.again import SentAgain
    from blo_sim.results.response import Shipments, attribution_shift, response
    from blo_sim.results.summary import Summariser

    outcome = Outcome({})
    worlds, smugglers_of = shared.at(task.draw)
    seized: dict[str, Seizures] = {}
    shipments: dict[str, Shipments] = {}
    first: Replication | None = None
    planned_again: Expected | None = None
    for name, place in task.worlds.items():
        world, smugglers = worlds[place], smugglers_of[place]
        sent = Shipments() if name in task.replayed else None
        again = None if smugglers is None else SentAgain(smugglers.rules, world.year_starts)
        summariser = Summariser(world, sent, again)
        run = Replication(world, task.seed, task.replication, smugglers)
        outcome.summaries[name] = summariser.summary(run.run(summariser.read))
        if first is None:
            first, planned_again = run, None if again is None else again.expected
        else:
            run.close()
        if sent is not None:
            shipments[name] = sent
        seized[name] = summariser.seized
    before = next(iter(seized.values()))
    for name in task.paired:
        changes: Response = {}
        if name in task.replayed:
            assert first is not None
            world, sent = worlds[task.worlds[name]], Shipments()
            summariser = Summariser(world, sent)
            log = replay(world, task.seed, task.replication, first, summariser.read)
            outcome.unchanged[name] = summariser.summary(log, planned_again)
            seized[name] = summariser.seized
            changes = response(sent, shipments[name], shared.estimator)
        outcome.pairs[name] = Pair(changes, attribution_shift(before, seized[name]))
    if first is not None:
        first.close()
    return outcome


def run_design(
    design: Design,
    *,
    workers: int | None = None,
    progress: Progress | None = None,
    paired: bool = False,
    keeper: Keeper | None = None,
    cluster: str | None = None,
    precision: Precision | None = None,
) -> Finished:
    """Run all replications of a design that are not there yet; Ctrl-C keeps those that were finished.

    Parameters
    ----------
    design : Design
    workers : int, optional
        Processes, all cores by default; with one, everything runs in this process.
    progress : callable, optional
        Called with the number of finished runs and their total, first with those that were there before.
    paired : bool
        Whether to compare each alternative with the baseline load by load, and to run it also on the
        baseline's consignments where its smugglers may send others.
    keeper : Keeper, optional
        Where replications are kept; by default in memory.
    cluster : str, optional
        Address of a Dask cluster to run on, or ``local:N``.
    precision : Precision, optional
        When to stop, instead of after ``design.replications``.

    Raises
    ------
    SimulationError
        If a replication fails or a worker is lost.
    KeyboardInterrupt
        If not even the first replication was finished.
    """
    keeper = Memory(design.names) if keeper is None else keeper
    goals = [design.replications] if precision is None else points()
    count = _reached(keeper, goals, precision)
    interrupted = False
    try:
        if count is None:
            count = _run(design, keeper, goals, precision, workers, progress, paired, cluster)
        elif progress is not None:
            progress(count * len(design.names), count * len(design.names))
    except KeyboardInterrupt:
        interrupted = True
        if not keeper.replications:
            raise
    finally:
        keeper.close()
    return Finished(interrupted=interrupted, **keeper.runs(keeper.replications if count is None else count))


def _reached(keeper: Keeper, goals: Sequence[int], precision: Precision | None) -> int | None:
    """The first goal at which the replications that are there are enough; None if they are not."""
    for goal in goals:
        if goal > keeper.replications:
            return None
        if precision is None or goal == goals[-1]:
            return goal
        keeper.flush()
        if precision.reached(keeper.runs(goal)["summaries"]):
            return goal
    return None


def _run(
    design: Design,
    keeper: Keeper,
    goals: Sequence[int],
    precision: Precision | None,
    workers: int | None,
    progress: Progress | None,
    paired: bool,
    cluster: str | None,
) -> int:
    """Run what is missing until a goal is enough, and return it."""
    tasks = list(_tasks(replace(design, replications=goals[-1]), paired, keeper.replications))
    each = sum(task.runs for task in tasks) // (goals[-1] - keeper.replications)
    done = keeper.replications * each

    def tell() -> None:
        if progress is not None:
            progress(done, each * next(goal for goal in goals if goal * each >= done))

    tell()
    drawn = None if design.ensemble is None else DrawnWorlds(design)
    shared = Shared(design.worlds, design.smugglers, design.estimator, drawn)
    evaluator = evaluator_for(run_task, shared, workers=workers, tasks=len(tasks), cluster=cluster)
    with closing(evaluator.map(tasks)) as results:
        parts: list[Outcome] = []
        for task, outcome in zip(tasks, results, strict=True):
            parts.append(outcome)
            done += task.runs
            tell()
            if sum(len(part.summaries) for part in parts) < len(design.names):
                continue
            keeper.add(_joined(parts))
            parts = []
            if keeper.replications in goals:
                found = _reached(keeper, [keeper.replications, goals[-1]], precision)
                if found is not None:
                    return found
    raise AssertionError("the last goal is always enough")


def _joined(parts: list[Outcome]) -> Outcome:
    """One replication whose worlds were run by several tasks."""
    if len(parts) == 1:
        return parts[0]
    return Outcome({name: row for part in parts for name, row in part.summaries.items()})


def comparable(design: Design) -> tuple[str, ...]:
    """Alternatives that plan the baseline's consignments: the gain of others is not their offices' alone."""
    worlds = dict(zip(design.names, design.worlds, strict=True))
    others = [name for name in design.alternatives if name != design.baseline]
    return tuple(name for name in others if same_demand(worlds[design.baseline], worlds[name]))


def replays(design: Design) -> tuple[str, ...]:
    """Alternatives that must be run on the baseline's consignments to tell a gain's parts.

    None under ``fixed``, where both worlds send the same.
    """
    return () if design.behaviour == "fixed" else comparable(design)


def _tasks(design: Design, paired: bool, first: int) -> Iterator[Task]:
    """Tasks of the replications from ``first`` on; worlds that are not compared are tasks of their own."""
    places = {name: place for place, name in enumerate(design.names)}
    pairs = (comparable(design), replays(design)) if paired else ((), ())
    together = [places] if paired else [{name: place} for name, place in places.items()]
    for replication in range(first, design.replications):
        for worlds in together:
            draw = None if design.ensemble is None else design.ensemble.draw_of(replication)
            yield Task(worlds, design.seed, replication, *pairs, draw=draw)
