"""``blo-sim scenarios``."""

from __future__ import annotations

import click


@click.command("scenarios", epilog="Example: blo-sim scenarios")
def command() -> None:
    """List the bundled scenarios, with a line each."""
    from blo_sim.scenario import bundled_scenarios

    rows = bundled_scenarios()
    width = max((len(row.name) for row in rows), default=0)
    for row in rows:
        click.echo(f"{row.name:<{width}}  {row.title}")
