"""``blo-sim describe``."""

from __future__ import annotations

import click

from blo_sim.cli import options


@click.command("describe", epilog="Example: blo-sim describe k22-baseline")
@click.argument("scenario")
@options.overrides
def command(scenario: str, overrides: tuple[str, ...]) -> None:
    """The world, flows, offices, channels and assumptions of a scenario, in words and tables.

    SCENARIO is a bundled name (see `blo-sim scenarios`) or a path to a .toml file.
    """
    from blo_sim.cli.tables import paragraph, section, table
    from blo_sim.scenario import load_scenario
    from blo_sim.scenario.describe import describe

    parts = []
    for each in describe(load_scenario(scenario, overrides)):
        body = [paragraph(each.text)] if each.text else []
        body += [table(each.columns, each.rows, left=each.left)] if each.rows else []
        parts.append(section(each.title, "\n".join(body)))
    click.echo("\n\n".join(parts))
