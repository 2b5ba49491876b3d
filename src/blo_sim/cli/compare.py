"""``blo-sim compare``."""

from __future__ import annotations

from typing import Any

import click

from blo_sim.cli import options


@click.command("compare", epilog="Example: blo-sim compare k22-baseline k22-extension")
@click.argument("baseline")
@click.argument("alternatives", nargs=-1, required=True, metavar="ALTERNATIVE...")
@options.experiment
def command(baseline: str, alternatives: tuple[str, ...], **settings: Any) -> int:
    """Compare scenarios with a baseline: how much more is kept from delivery, and how sure that is.

    Each scenario is a bundled name (see `blo-sim scenarios`) or a path to a .toml file. All of them share
    every draw that they both make, so differences come from the scenarios alone.
    """
    from blo_sim.cli.experiment import carry_out
    from blo_sim.experiment.compare import compare

    return carry_out(compare, [baseline, *alternatives], **settings)
