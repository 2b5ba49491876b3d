"""``blo-sim events``."""

from __future__ import annotations

import click

from blo_sim.cli import options


@click.command("events", epilog="Example: blo-sim events k22-baseline --out events.parquet")
@click.argument("scenario")
@click.option(
    "--out", required=True, type=click.Path(), metavar="FILE", help="The file of events (.parquet)."
)
@click.option("--replications", type=int, default=1, show_default=True, help="Runs, one row group each.")
@options.clock
@options.behaviour
@options.seed
@options.days
@options.quiet
@options.overrides
def command(
    scenario: str,
    out: str,
    replications: int,
    clock: str,
    behaviour: str | None,
    seed: int,
    days: int | None,
    quiet: bool,
    overrides: tuple[str, ...],
) -> None:
    """Write every event of some runs to a Parquet file, for pandas, polars or R.

    SCENARIO is a bundled name (see `blo-sim scenarios`) or a path to a .toml file; it runs with its central
    values. Of a real place the file tells border and kind of control, not the post, and no probabilities of
    seizure. Needs the extra export.
    """
    from blo_sim.cli.progress import progress_bar
    from blo_sim.experiment.event_file import write_events
    from blo_sim.scenario import load_scenario

    with progress_bar(quiet) as progress:
        count = write_events(
            load_scenario(scenario, overrides),
            out,
            replications=replications,
            clock=clock,
            behaviour=behaviour,
            seed=seed,
            days=days,
            progress=progress,
        )
    runs = "1 run" if replications == 1 else f"{replications} runs"
    click.echo(f"wrote {count:,} events of {runs} to {out}")
