"""``blo-sim run``."""

from __future__ import annotations

from typing import Any

import click

from blo_sim.cli import options


@click.command("run", epilog="Example: blo-sim run k22-baseline --replications 10")
@click.argument("scenario")
@options.experiment
def command(scenario: str, **settings: Any) -> int:
    """Run one scenario several times: what is shipped, intercepted and delivered, with intervals.

    SCENARIO is a bundled name (see `blo-sim scenarios`) or a path to a .toml file.
    """
    from blo_sim.cli.experiment import carry_out
    from blo_sim.experiment.run import simulate

    return carry_out(simulate, [scenario], **settings)
