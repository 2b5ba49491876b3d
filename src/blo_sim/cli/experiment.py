"""What `run` and `compare` have in common: load, check ``--out``, run, write, print."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import click

from blo_sim.cli.options import ALL
from blo_sim.experiment.output import as_csv, as_json, output_folder, write_result

if TYPE_CHECKING:
    from blo_sim.experiment.behaviours import BehavioursResult
    from blo_sim.experiment.result import Result

INTERRUPTED = 130


def carry_out(
    function: Callable[..., Any],
    scenarios: Sequence[str],
    text: Callable[[Any], str],
    *,
    out: str | None,
    form: str,
    quiet: bool,
    overrides: Sequence[str],
    **settings: Any,
) -> int:
    """Run an experiment and show it.

    Parameters
    ----------
    function : callable
        `simulate` or `compare`.
    scenarios : sequence of str
        Names or paths.
    text : callable
        Turns the result into the tables that people read.

    Returns
    -------
    int
        The exit code: 0, or 130 if only a part was finished.
    """
    from blo_sim.cli.progress import progress_bar
    from blo_sim.scenario import load_scenarios

    loaded = load_scenarios(scenarios, overrides)
    if settings["behaviour"] == ALL:
        from blo_sim.cli.report import behaviours_text
        from blo_sim.experiment.behaviours import compare_behaviours

        del settings["behaviour"]
        function, text = compare_behaviours, behaviours_text
    with output_folder(out) as folder:
        with progress_bar(quiet) as progress:
            result = function(*loaded, progress=progress, **settings)
        if folder is not None:
            write_result(folder, result)
    click.echo(_shown(result, form, text), nl=False)
    if result.interrupted:
        wanted = result.design.replications
        click.echo(f"Interrupted: {result.replications} of {wanted} replications were finished.", err=True)
        return INTERRUPTED
    return 0


def _shown(result: Result | BehavioursResult, form: str, text: Callable[[Any], str]) -> str:
    if form == "json":
        return as_json(result.document())
    if form == "csv":
        rows = result.rows()
        return as_csv(rows, list(rows[0]))
    return text(result)
