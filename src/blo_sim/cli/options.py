"""Options that several commands share."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import click

from blo_sim.experiment.design import BEHAVIOURS, CLOCKS, DEFAULT_SEED, ESTIMATORS, PARAMETERS

F = TypeVar("F", bound=Callable[..., Any])

overrides = click.option(
    "--set",
    "overrides",
    multiple=True,
    metavar="KEY=VALUE",
    help="Override a key by its dotted path, in every scenario that has it; can be repeated.",
)
replications = click.option(
    "--replications", type=int, metavar="N", help="Number of replications.  [default: the scenario's]"
)
precision = click.option(
    "--precision",
    type=float,
    metavar="X",
    help="Instead: run until the headline's interval is within plus or minus X of its mean, such as 0.1.",
)
estimator = click.option(
    "--estimator",
    type=click.Choice(ESTIMATORS),
    default="expected",
    show_default=True,
    help="Count load times probability at every encounter (less noise), or the seized loads.",
)
workers = click.option("--workers", type=int, metavar="N", help="Processes.  [default: all cores]")
cluster = click.option(
    "--cluster",
    metavar="ADDRESS",
    help="A Dask scheduler to run on, tcp://host:port, or local:N (needs the extra cluster).",
)
form = click.option(
    "--format",
    "form",
    type=click.Choice(["table", "json", "csv"]),
    default="table",
    show_default=True,
    help="What is printed on standard output.",
)
quiet = click.option("--quiet", is_flag=True, help="No progress bar.")
seed = click.option("--seed", type=int, default=DEFAULT_SEED, show_default=True, help="Seed of all draws.")
days = click.option("--days", type=int, metavar="D", help="Measured days.  [default: the scenario's]")
clock = click.option(
    "--clock",
    type=click.Choice(CLOCKS),
    default="steady",
    show_default=True,
    help="A year in full operation, or the years from the grant on with openings on their dates.",
)
parameters = click.option(
    "--parameters",
    type=click.Choice(PARAMETERS),
    help="Central values, or draws of the ranges that are plausible.  "
    "[default: plausible where the scenario names an ensemble]",
)
ALL = "all"
WAYS = "Smugglers keep their ways, learn from losses, or take the most profitable ways from the start"
behaviour = click.option(
    "--behaviour", type=click.Choice(BEHAVIOURS), help=f"{WAYS}.  [default: the scenario's]"
)
behaviours = click.option(
    "--behaviour",
    type=click.Choice([*BEHAVIOURS, ALL]),
    help=f"{WAYS}; or all of these in turn.  [default: the scenario's]",
)


def experiment(command: F) -> F:
    """All options of an experiment, in the order in which the help lists them."""
    return _experiment(command, behaviours, precision, parameters)


def experiment_of_one(command: F) -> F:
    """The same for an experiment under one behaviour only."""
    return _experiment(command, behaviour)


def _experiment(command: F, of_smugglers: Any, *more: Any) -> F:
    options = [
        replications,
        *more,
        clock,
        estimator,
        of_smugglers,
        seed,
        days,
        workers,
        cluster,
        click.option(
            "--out",
            type=click.Path(),
            metavar="DIR",
            help="Keep finished replications there, and write result.json, replications.csv and ledger.csv.",
        ),
        form,
        quiet,
        overrides,
    ]
    for option in reversed(options):
        command = option(command)
    return command
