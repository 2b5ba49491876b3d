"""``blo-sim layouts``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from blo_sim.cli import options

if TYPE_CHECKING:
    from blo_sim.experiment.layouts import LayoutsResult

INTERRUPTED = 130
RESULT, ROWS = "layouts.json", "layouts.csv"
HELP = {
    "replications": "Number of replications.  [default: 8]",
    "out": f"Keep finished replications there, and write {RESULT} and {ROWS}.",
}


@click.command("layouts", epilog="Example: blo-sim layouts k22-extension --layout hub --layout my.graphml")
@click.argument("scenario")
@click.option(
    "--layout",
    "layouts",
    multiple=True,
    metavar="NAME|FILE",
    help="A layout, or a graph in GraphML or node-link JSON; can be repeated.  [default: the usual ones]",
)
@options.experiment_of_one
def command(
    scenario: str,
    layouts: tuple[str, ...],
    out: str | None,
    form: str,
    quiet: bool,
    overrides: tuple[str, ...],
    **settings: Any,
) -> int:
    """The same world under several office networks: what each intercepts, and where it hurts.

    The layouts are isolated, capitals, pairs, hub, mesh, pairs+hub and tree. A graph of your own has ids of
    offices as its nodes, and may give its edges delay_h, loss and willingness.
    """
    from blo_sim.cli.progress import progress_bar
    from blo_sim.experiment.layouts import compare_layouts
    from blo_sim.experiment.output import output_folder
    from blo_sim.scenario import load_scenario

    loaded = load_scenario(scenario, overrides)
    with output_folder(out) as folder, progress_bar(quiet) as progress:
        result = compare_layouts(loaded, layouts or None, progress=progress, store=folder, **settings)
    return finish(result, folder, form)


for _parameter in command.params:
    if isinstance(_parameter, click.Option) and _parameter.name in HELP:
        _parameter.help = HELP[_parameter.name]


def finish(result: LayoutsResult, folder: Path | None, form: str) -> int:
    """Write the files of a result, print it, and give the exit code: 130 if only a part was finished."""
    if folder is not None:
        _write(folder, result)
    click.echo(_shown(result, form), nl=False)
    if result.interrupted:
        click.echo(_interrupted(result), err=True)
        return INTERRUPTED
    return 0


def _write(folder: Path, result: LayoutsResult) -> None:
    from blo_sim.experiment.output import as_csv, as_json, write_whole
    from blo_sim.experiment.result import ROW

    write_whole(folder / RESULT, as_json(result.document()))
    write_whole(folder / ROWS, as_csv(result.rows(), ROW))


def _shown(result: LayoutsResult, form: str) -> str:
    from blo_sim.cli.layouts_report import layouts_text
    from blo_sim.experiment.output import as_csv, as_json
    from blo_sim.experiment.result import ROW

    if form == "json":
        return as_json(result.document())
    return as_csv(result.rows(), ROW) if form == "csv" else layouts_text(result)


def _interrupted(result: LayoutsResult) -> str:
    wanted, done = result.design.replications, result.replications
    if done < wanted:
        return f"Interrupted: {done} of {wanted} replications were finished, and no crossover."
    done, wanted = 0, 0
    if result.crossing is not None:
        done, wanted = result.crossing[1].replications, result.crossing[0].design.replications
    return f"Interrupted: of the crossover {done} of {wanted} replications were finished."
