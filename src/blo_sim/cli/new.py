"""``blo-sim new``."""

from __future__ import annotations

import click


@click.command("new", epilog="Example: blo-sim new my-plan --from k22-extension")
@click.argument("name")
@click.option(
    "--from",
    "base",
    default="k22-baseline",
    show_default=True,
    metavar="SCENARIO",
    help="Scenario that the new one extends: a bundled name or a .toml file.",
)
@click.option(
    "--out", default=".", show_default=True, type=click.Path(), metavar="DIR", help="Folder of the new file."
)
def command(name: str, base: str, out: str) -> None:
    """Write NAME.toml, a commented scenario file to start from. Nothing is overwritten."""
    from blo_sim.scenario import new_scenario

    click.echo(f"wrote {new_scenario(name, base, out)}")
