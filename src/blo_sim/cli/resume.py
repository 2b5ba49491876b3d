"""``blo-sim resume``."""

from __future__ import annotations

from typing import Any

import click

from blo_sim.cli import options


@click.command("resume", epilog="Example: blo-sim resume results --replications 100")
@click.argument("run_dir")
@click.option(
    "--replications", type=int, metavar="N", help="Number of replications.  [default: as at first]"
)
@options.workers
@options.cluster
@options.form
@options.quiet
def command(run_dir: str, form: str, quiet: bool, **settings: Any) -> int:
    """Go on with an experiment that was interrupted or killed, or run more replications of it.

    RUN_DIR is the folder that --out of `run`, `compare` or `layouts` named. What is finished there is not
    run again.
    """
    from blo_sim.cli import experiment, layouts
    from blo_sim.cli.progress import progress_bar
    from blo_sim.experiment.layouts import LayoutsResult
    from blo_sim.experiment.output import output_folder
    from blo_sim.experiment.resume import resume

    with output_folder(run_dir) as folder, progress_bar(quiet) as progress:
        result = resume(run_dir, progress=progress, **settings)
    if isinstance(result, LayoutsResult):
        return layouts.finish(result, folder, form)
    return experiment.finish(result, folder, form)
