"""``blo-sim warmup``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from blo_sim.cli import options

if TYPE_CHECKING:
    from blo_sim.analysis.warmup import Bias, WarmupResult

INTERRUPTED = 130
NAMES = {
    "intercepted_share": "intercepted share",
    "other_way_share": "share sent another way",
    "again_share": "share sent again",
    "kept_kg": "kept from delivery",
}


@click.command("warmup", epilog="Example: blo-sim warmup k22-baseline k22-extension --plot warmup.svg")
@click.argument("scenario")
@click.argument("alternatives", nargs=-1, metavar="[ALTERNATIVE]...")
@click.option(
    "--longest", type=int, default=120, show_default=True, metavar="D", help="Longest warm-up, days."
)
@click.option("--step", type=int, default=10, show_default=True, metavar="D", help="Days between warm-ups.")
@click.option(
    "--tolerance",
    type=float,
    default=0.01,
    show_default=True,
    metavar="X",
    help="Relative difference that would not matter.",
)
@options.replications
@options.estimator
@options.behaviour
@options.seed
@options.workers
@options.cluster
@click.option(
    "--plot",
    type=click.Path(dir_okay=False),
    metavar="FILE",
    help="Draw the differences with their intervals: .svg, .png or .pdf (needs the extra analysis).",
)
@options.form
@options.quiet
@options.overrides
def command(
    scenario: str,
    alternatives: tuple[str, ...],
    plot: str | None,
    form: str,
    quiet: bool,
    overrides: tuple[str, ...],
    **settings: Any,
) -> int:
    """How long a world must run before it is measured: `run.warmup_days`.

    Each scenario runs for two years and more from an empty world on. A year that begins after each warm-up
    is compared with the year after it.
    """
    from blo_sim.analysis.warmup import ROW, warmup_study
    from blo_sim.cli.progress import progress_bar
    from blo_sim.experiment.output import as_csv, as_json
    from blo_sim.scenario import load_scenarios

    loaded = load_scenarios([scenario, *alternatives], overrides)
    draw = None
    if plot is not None:
        from blo_sim.analysis.plots import warmup_figure

        draw = warmup_figure(plot)
    with progress_bar(quiet) as progress:
        result = warmup_study(*loaded, progress=progress, **settings)
    if draw is not None:
        draw(result)
    if form == "json":
        click.echo(as_json(result.document()), nl=False)
    elif form == "csv":
        click.echo(as_csv(result.rows(), ROW), nl=False)
    else:
        click.echo(text(result), nl=False)
    if result.interrupted:
        wanted = result.design.replications
        click.echo(f"Interrupted: {result.replications} of {wanted} replications were finished.", err=True)
        return INTERRUPTED
    return 0


def text(result: WarmupResult) -> str:
    """What people read."""
    from blo_sim.cli.tables import paragraph, section, table

    rows = [
        [each.scenario, NAMES[each.measure], str(each.warmup_days), *_cells(each), _told(each)]
        for each in result.biases
    ]
    columns = ["scenario", "measure", "days", "year", "year after", "difference", "interval", ""]
    title = "A year that begins after a warm-up of so many days, and the year after it"
    return "\n\n".join([paragraph(_headline(result)), section(title, table(columns, rows, left=2))]) + "\n"


def _headline(result: WarmupResult) -> str:
    noisy = sum(each.noisy for each in result.biases)
    share = f"{100 * result.tolerance:g} %"
    if result.suggested_days is None:
        said = f"No warm-up of up to {max(result.lengths)} days is long enough: try a larger --longest."
    else:
        said = (
            f"{result.suggested_days} days of warm-up are enough: from there on no year is told from the "
            f"year after it, or it differs by less than {share}."
        )
        if result.suggested_days == max(result.lengths) > 0:
            said += " That is the longest that was tried, so nothing longer confirms it."
    if noisy:
        said += (
            f" {noisy} of {len(result.biases)} intervals are wider than +-{share}, so a difference as large "
            "could hide in them: more replications tell."
        )
    return f"{said} {result.replications} replications, {result.design.behaviour} smugglers."


def _cells(bias: Bias) -> list[str]:
    from blo_sim.cli.tables import UNDEFINED, amount, percent, signed

    is_share = bias.measure != "kept_kg"
    scale, unit = (100.0, " %") if is_share else (1.0, " kg")
    cells = [percent(each) if is_share else f"{amount(each)} kg" for each in (bias.year, bias.year_after)]
    if bias.bias is None:
        return [*cells, UNDEFINED, UNDEFINED]
    around = UNDEFINED
    if bias.interval is not None:
        around = f"{amount(scale * bias.interval[0])} to {amount(scale * bias.interval[1])}{unit}"
    return [*cells, f"{signed(scale * bias.bias)}{unit}", around]


def _told(bias: Bias) -> str:
    return "start matters" if bias.told_apart else "noisy" if bias.noisy else ""
