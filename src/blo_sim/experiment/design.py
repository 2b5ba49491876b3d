"""What an experiment runs: scenarios with their names, their worlds, and how often under which seed."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, cast, get_args

from blo_sim.errors import UsageError

if TYPE_CHECKING:
    from blo_sim.experiment.ensemble import Ensemble
    from blo_sim.model.events import EventLog
    from blo_sim.model.replication import Watcher
    from blo_sim.model.traffic.prospects import Smugglers
    from blo_sim.scenario import Scenario
    from blo_sim.world.compile import World

Clock = Literal["steady", "dated"]
Estimator = Literal["expected", "realised"]
Behaviour = Literal["fixed", "learning", "best-reply"]
BEHAVIOURS: tuple[Behaviour, ...] = get_args(Behaviour)
CLOCKS = ("steady", "dated")
ESTIMATORS = ("expected", "realised")
CENTRAL, PLAUSIBLE = PARAMETERS = ("central", "plausible")
DEFAULT_SEED = 20131022
LARGEST_SEED = 2**63 - 1


@dataclass(frozen=True)
class Design:
    """The plan of an experiment; everything in it is decided before the first replication.

    Parameters
    ----------
    names : tuple of str
        One for each distinct world, the baseline's first.
    scenarios, worlds : tuple
        In the order of ``names``.
    alternatives : tuple of str
        What is compared with the baseline; the baseline itself if it was given twice.
    behaviour : {"fixed", "learning", "best-reply"}
    smugglers : tuple of Smugglers or None
        What the behaviour needs, in the order of ``names``.
    ensemble : Ensemble, optional
        Draws of the parameters, the same in all worlds of a replication; by default the central ones.
    """

    names: tuple[str, ...]
    scenarios: tuple[Scenario, ...]
    worlds: tuple[World, ...]
    alternatives: tuple[str, ...]
    seed: int
    replications: int
    clock: Clock
    estimator: Estimator
    behaviour: Behaviour = "fixed"
    smugglers: tuple[Smugglers | None, ...] = (None,)
    ensemble: Ensemble | None = None

    @property
    def baseline(self) -> str:
        """Name of the scenario that all others are compared with."""
        return self.names[0]

    @property
    def parameters(self) -> str:
        """Whether replications have ``central`` or ``plausible`` parameters."""
        return CENTRAL if self.ensemble is None else PLAUSIBLE

    def draws(self, replications: int) -> tuple[int, ...] | None:
        """The draw of the parameters of each replication; None if all have the central ones."""
        if self.ensemble is None:
            return None
        return tuple(map(self.ensemble.draw_of, range(replications)))

    @property
    def days(self) -> int:
        """Length of the measured window."""
        return self.worlds[0].days

    @property
    def commodities(self) -> tuple[str, ...]:
        """Ids of the commodities of all scenarios, the baseline's order first."""
        ids = [row.id for scenario in self.scenarios for row in scenario.model.commodities]
        return tuple(dict.fromkeys(ids))

    def blocks(self) -> dict[str, dict[str, float]]:
        """Weights by commodity of everything that is reported: the headline first."""
        headline = self.scenarios[0].model.headline
        return {headline.id: dict(headline.weights)} | {
            each: {each: 1.0} for each in self.commodities if each != headline.id
        }


def make_design(
    scenarios: Sequence[str | os.PathLike[str] | Scenario],
    *,
    replications: int | None = None,
    seed: int = DEFAULT_SEED,
    days: int | None = None,
    clock: str = "steady",
    estimator: str = "expected",
    behaviour: str | None = None,
    parameters: str | Ensemble | None = CENTRAL,
) -> Design:
    """Load, name, check and compile the scenarios of an experiment.

    Parameters
    ----------
    behaviour : {"fixed", "learning", "best-reply"}, optional
        The baseline's ``behaviour.kind`` by default, or ``fixed`` if it has no table ``[behaviour]``.
    parameters : {"central", "plausible"}, Ensemble or None
        The values of the files, or draws: of the ensemble that the baseline names, or of that one. None is
        ``plausible`` if the baseline names one.

    The name of a scenario is its file's stem; a second one of other content gets ``~2``, a third
    ``~3``; the same scenario twice is one.

    Raises
    ------
    UsageError
        If a setting is out of range, or the scenarios cannot be compared.
    ScenarioError
        If a scenario is invalid.
    """
    whole("replications", replications, at_least=1, optional=True)
    whole("days", days, at_least=1, optional=True)
    whole("seed", seed, at_least=0)
    one_of("clock", clock, CLOCKS)
    one_of("estimator", estimator, ESTIMATORS)
    if behaviour is not None:
        one_of("behaviour", behaviour, BEHAVIOURS)
    distinct, alternatives = named([loaded(each) for each in scenarios])
    chosen = behaviour or usual_behaviour(next(iter(distinct.values())))
    check_behaviour(chosen, distinct)
    worlds = tuple(_compiled(scenario, clock, days) for scenario in distinct.values())
    result = Design(
        names=tuple(distinct),
        scenarios=tuple(distinct.values()),
        worlds=worlds,
        alternatives=alternatives,
        seed=seed,
        replications=replications or next(iter(distinct.values())).model.run.replications,
        clock=cast(Clock, clock),
        estimator=cast(Estimator, estimator),
        behaviour=cast(Behaviour, chosen),
        smugglers=tuple(prepared(world, chosen) for world in worlds),
        ensemble=_ensemble(parameters, next(iter(distinct.values()))),
    )
    _check_comparable(result)
    return result


def named(scenarios: Sequence[Scenario]) -> tuple[dict[str, Scenario], tuple[str, ...]]:
    """Names of distinct scenarios, and the names of all but the first as they were given, once each."""
    distinct: dict[str, Scenario] = {}
    given: list[str] = []
    for scenario in scenarios:
        name, copy = scenario.name, 1
        while name in distinct and distinct[name].sha256 != scenario.sha256:
            copy += 1
            name = f"{scenario.name}~{copy}"
        distinct.setdefault(name, scenario)
        given.append(name)
    return distinct, tuple(dict.fromkeys(given[1:]))


def whole(
    name: str, value: Any, *, at_least: int, at_most: int = LARGEST_SEED, optional: bool = False
) -> None:
    """Refuse what is not a whole number in range.

    Raises
    ------
    UsageError
        Naming the setting, its value and what is right.
    """
    if optional and value is None:
        return
    right = isinstance(value, int) and not isinstance(value, bool) and at_least <= value <= at_most
    if not right:
        limits = f"of at least {at_least}" if at_most == LARGEST_SEED else f"from {at_least} to {at_most}"
        raise UsageError(f"{name} is {value!r}; it must be a whole number {limits}")


def one_of(name: str, value: str, allowed: Sequence[str]) -> None:
    """Refuse a word that is not among those allowed."""
    if value not in allowed:
        raise UsageError(f"{name} is {value!r}; it must be one of {', '.join(allowed)}")


def loaded(scenario: str | os.PathLike[str] | Scenario) -> Scenario:
    """A scenario by its name or path, or as it is."""
    if isinstance(scenario, str | os.PathLike):
        from blo_sim.scenario import load_scenario

        return load_scenario(os.fspath(scenario))
    return scenario


def usual_behaviour(scenario: Scenario) -> str:
    """What runs if nobody says otherwise."""
    rules = scenario.model.behaviour
    return "fixed" if rules is None else rules.kind


def _ensemble(parameters: str | Ensemble | None, baseline: Scenario) -> Ensemble | None:
    from blo_sim.experiment.ensemble import Ensemble, ensemble_of

    if isinstance(parameters, Ensemble):
        return parameters
    if parameters is None:
        parameters = CENTRAL if baseline.model.ensemble is None else PLAUSIBLE
    one_of("parameters", parameters, PARAMETERS)
    return ensemble_of(baseline) if parameters == PLAUSIBLE else None


def check_behaviour(behaviour: str, scenarios: dict[str, Scenario]) -> None:
    """Refuse scenarios, by their names, that do not say how organisations decide under a behaviour."""
    for name, scenario in scenarios.items():
        if behaviour != "fixed" and scenario.model.behaviour is None:
            raise UsageError(
                f"behaviour {behaviour!r} needs prices and rules, but {name} has no table [behaviour] "
                "(with its [[prices]]): add them, or use fixed"
            )


def replicated(design: Design, place: int, replication: int, watch: Watcher | None = None) -> EventLog:
    """All events of one replication of one of a design's worlds, by its place in the design."""
    from blo_sim.model.replication import replicate

    world, smugglers = design.worlds[place], design.smugglers[place]
    return replicate(world, design.seed, replication, smugglers=smugglers, watch=watch)


def prepared(world: World, behaviour: str) -> Smugglers | None:
    from blo_sim.model.traffic.prospects import smugglers

    return smugglers(world, behaviour)


def same_demand(first: World, second: World) -> bool:
    """Whether two worlds plan the same consignments: the same streams, routes, goods and owners."""

    def demand(world: World) -> Any:
        return [
            (
                stream.id,
                stream.per_hour,
                stream.mean_kg,
                stream.cv,
                stream.most_kg,
                stream.owners,
                stream.owner_count,
                stream.classes,
                stream.signature,
                [(route.name, route.utility, route.closed) for route in stream.routes],
            )
            for stream in world.streams
        ], world.concealment, world.classes

    return bool(demand(first) == demand(second))


def _compiled(scenario: Scenario, clock: str, days: int | None) -> World:
    from blo_sim.world.compile import compile_world

    return compile_world(scenario, clock=cast(Clock, clock), days=days)


def _check_comparable(design: Design) -> None:
    first = design.scenarios[0].model
    start = design.worlds[0].first_day, design.worlds[0].warmup_hours
    for name, scenario, world in zip(design.names, design.scenarios, design.worlds, strict=True):
        if world.days != design.days:
            raise UsageError(
                f"{name} measures {world.days} days and {design.baseline} {design.days}; "
                "they can only be compared over the same days: give --days"
            )
        if (world.first_day, world.warmup_hours) != start:
            raise UsageError(
                f"{name} and {design.baseline} differ in [run] dates or warm-up; they must be equal"
            )
        if scenario.model.headline != first.headline:
            raise UsageError(f"{name} and {design.baseline} differ in [headline]; it must be the same")
