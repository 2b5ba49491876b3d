"""``blo-sim replay``."""

from __future__ import annotations

import click

from blo_sim.cli import options
from blo_sim.workshop import LANGUAGES


@click.command("replay", epilog="Example: blo-sim replay two-bridges two-bridges-office --out film.html")
@click.argument("scenario")
@click.argument("against", required=False)
@click.option("--out", required=True, type=click.Path(), metavar="FILE", help="The page (.html).")
@click.option("--days", type=int, default=30, show_default=True, help="Length of the film.")
@click.option(
    "--replications", type=int, default=20, show_default=True, help="Runs among which the shown one stands."
)
@click.option("--replication", type=int, help="Which run is shown.  [default: the one in the middle]")
@click.option(
    "--language",
    type=click.Choice(LANGUAGES),
    default="en",
    show_default=True,
    help="In which the page opens.",
)
@options.behaviour
@options.seed
@options.workers
@options.quiet
@options.overrides
def command(
    scenario: str,
    against: str | None,
    out: str,
    days: int,
    replications: int,
    replication: int | None,
    language: str,
    behaviour: str | None,
    seed: int,
    workers: int | None,
    quiet: bool,
    overrides: tuple[str, ...],
) -> None:
    """Write a run as a film on a map: one HTML file that plays in a browser without a server or a network.

    SCENARIO and AGAINST are bundled names (see `blo-sim scenarios`) or paths to .toml files. With AGAINST
    both worlds play side by side under the same draws. Runs have the central values.
    """
    from blo_sim.cli.progress import progress_bar
    from blo_sim.scenario import load_scenarios
    from blo_sim.workshop.replay import write_replay

    loaded = load_scenarios([scenario] if against is None else [scenario, against], overrides)
    with progress_bar(quiet) as progress:
        shown = write_replay(
            loaded[0],
            None if against is None else loaded[1],
            out=out,
            days=days,
            replications=replications,
            replication=replication,
            seed=seed,
            behaviour=behaviour,
            language=language,
            workers=workers,
            progress=progress,
        )
    click.echo(f"wrote {out}: replication {shown} of {replications}")
