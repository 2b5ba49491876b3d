"""What `run` and `compare` have in common: load, check ``--out``, run, write, print."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import click

from blo_sim.cli.options import ALL
from blo_sim.experiment.output import as_csv, as_json, output_folder, write_result

if TYPE_CHECKING:
    from pathlib import Path

    from blo_sim.experiment.behaviours import BehavioursResult
    from blo_sim.experiment.result import CompareResult, RunResult

INTERRUPTED = 130


def carry_out(
    function: Callable[..., Any],
    scenarios: Sequence[str],
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

    Returns
    -------
    int
        The exit code: 0, or 130 if only a part was finished.
    """
    from blo_sim.cli.progress import progress_bar
    from blo_sim.scenario import load_scenarios

    loaded = load_scenarios(scenarios, overrides)
    if settings["behaviour"] == ALL:
        from blo_sim.experiment.behaviours import compare_behaviours

        del settings["behaviour"]
        function = compare_behaviours
    with output_folder(out) as folder, progress_bar(quiet) as progress:
        result = function(*loaded, progress=progress, store=folder, **settings)
    return finish(result, folder, form)


def finish(result: RunResult | CompareResult | BehavioursResult, folder: Path | None, form: str) -> int:
    """Write the files of a result, print it, and give the exit code: 130 if only a part was finished."""
    if folder is not None:
        write_result(folder, result)
    click.echo(_shown(result, form), nl=False)
    if result.interrupted:
        wanted = result.design.replications
        click.echo(f"Interrupted: {result.replications} of {wanted} replications were finished.", err=True)
        return INTERRUPTED
    return 0


def _shown(result: RunResult | CompareResult | BehavioursResult, form: str) -> str:
    from blo_sim.cli.report import result_text

    if form == "json":
        return as_json(result.document())
    if form == "csv":
        rows = result.rows()
        return as_csv(rows, list(rows[0]))
    return result_text(result)
