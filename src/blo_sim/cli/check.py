"""``blo-sim check``."""

from __future__ import annotations

import click

from blo_sim.cli import options


@click.command("check", epilog="Example: blo-sim check my-plan.toml")
@click.argument("scenario")
@options.overrides
def command(scenario: str, overrides: tuple[str, ...]) -> None:
    """Validate a scenario: every problem with file, line, key and what would be right.

    SCENARIO is a bundled name (see `blo-sim scenarios`) or a path to a .toml file. Exit code 2 if there
    is a problem.
    """
    from blo_sim.errors import ScenarioError
    from blo_sim.scenario import counts, load_scenario
    from blo_sim.world.checks import check_world, notes

    loaded = load_scenario(scenario, overrides)
    problems = check_world(loaded)
    if problems:
        raise ScenarioError(problems)
    for note in notes(loaded):
        click.echo(f"note: {note}")
    rows = ", ".join(f"{number} {what}" for what, number in counts(loaded).items())
    click.echo(f"{loaded.name}: ok ({rows})")
