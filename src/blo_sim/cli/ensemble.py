"""``blo-sim ensemble``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from blo_sim.cli import options

if TYPE_CHECKING:
    from blo_sim.experiment.ensemble import Ensemble

MOST_SHOWN = 15
COLUMNS = ("range", "low", "high", "scale", "kept_low", "kept_median", "kept_high", "width_left", "p_value")


@click.command("ensemble", epilog="Example: blo-sim ensemble k22-baseline --out k22.json")
@click.argument("scenario")
@click.option(
    "--out",
    type=click.Path(dir_okay=False),
    metavar="FILE",
    help="Write the draws there as they come (.json); the same command goes on where it stopped.",
)
@click.option("--keep", type=int, default=100, show_default=True, metavar="K", help="Plausible draws wanted.")
@click.option("--points", type=int, default=4000, show_default=True, metavar="N", help="Draws at most.")
@click.option(
    "--days", type=int, default=90, show_default=True, metavar="D", help="Measured days of a draw's run."
)
@options.behaviour
@options.seed
@options.workers
@options.cluster
@options.form
@options.quiet
@options.overrides
def command(
    scenario: str, out: str | None, form: str, quiet: bool, overrides: tuple[str, ...], **settings: Any
) -> int:
    """Find plausible sets of values within a scenario's ranges, for `--parameters plausible`.

    Draws are run once each and kept where the scenario then meets each of its targets, within bounds half as
    wide again. The file is what the scenario's key `ensemble` names.
    """
    from blo_sim.analysis.matching import match_history
    from blo_sim.cli.progress import progress_bar
    from blo_sim.errors import UsageError
    from blo_sim.experiment.output import as_csv, as_json
    from blo_sim.scenario import load_scenario

    if out is not None and not out.endswith(".json"):
        raise UsageError(f"--out {out}: the name of an ensemble ends in .json")
    loaded = load_scenario(scenario, overrides)
    with progress_bar(quiet) as progress:
        ensemble = match_history(loaded, out=out, progress=progress, **settings)
    rows = ensemble.narrowing()
    if form == "json":
        click.echo(as_json({**ensemble.head(), "ranges": rows}), nl=False)
    elif form == "csv":
        click.echo(as_csv(rows, COLUMNS), nl=False)
    else:
        click.echo(_text(ensemble, rows))
    return 0


def _text(ensemble: Ensemble, rows: list[dict[str, Any]]) -> str:
    from blo_sim.cli.tables import amount, paragraph, percent, section, table

    bounds = "; ".join(f"{name} {low:.3g} to {high:.3g}" for name, (low, high) in ensemble.targets.items())
    kept = len(ensemble.kept)
    first = paragraph(
        f"{ensemble.scenario}: {kept} of {len(ensemble.draws)} draws of {len(rows)} ranges are plausible"
        + (f" ({bounds})." if bounds else " (the scenario has no targets).")
    )
    if kept < 2:
        return first
    told = [row for row in rows if row["p_value"] < 0.01]
    second = paragraph(
        f"{len(told)} ranges were narrowed or shifted so that chance would do it in less than 1 of 100; "
        f"among {len(rows)}, chance alone would seem to narrow about {len(rows) / 100:.0f}. These moved most:"
    )
    cells = [
        [
            row["range"],
            f"{amount(row['low'])} to {amount(row['high'])}",
            f"{amount(row['kept_low'])} to {amount(row['kept_high'])}",
            amount(row["kept_median"]),
            percent(row["width_left"]),
            f"{row['p_value']:.1g}",
        ]
        for row in rows[:MOST_SHOWN]
    ]
    columns = ["value", "range", "middle 90 % of kept", "median", "width left", "p"]
    return "\n\n".join([first, second, section("Ranges of the plausible draws", table(columns, cells))])
