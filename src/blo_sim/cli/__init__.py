"""The command line: one click command a module, each a thin call of a public function.

Commands are imported when they are called for, so that ``blo-sim --help`` stays fast.
"""

from __future__ import annotations

import os
import sys
import traceback
from collections.abc import Sequence
from importlib import import_module

import click

from blo_sim import __version__
from blo_sim.errors import BloSimError

COMMANDS = {
    "compare": "blo_sim.cli.compare",
    "run": "blo_sim.cli.run",
    "resume": "blo_sim.cli.resume",
    "layouts": "blo_sim.cli.layouts",
    "bound": "blo_sim.cli.bound",
    "warmup": "blo_sim.cli.warmup",
    "ensemble": "blo_sim.cli.ensemble",
    "trace": "blo_sim.cli.trace",
    "workshop": "blo_sim.cli.workshop",
    "replay": "blo_sim.cli.replay",
    "events": "blo_sim.cli.events",
    "describe": "blo_sim.cli.describe",
    "scenarios": "blo_sim.cli.scenarios",
    "new": "blo_sim.cli.new",
    "synthetic": "blo_sim.cli.synthetic",
    "check": "blo_sim.cli.check",
    "schema": "blo_sim.cli.schema",
}
"""Modules of the commands; each has its command as ``command``."""

FAILED, INTERRUPTED = 1, 130


class LazyGroup(click.Group):
    """A group that imports a command only when it is listed or run."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Names in the order of a planner's work."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of a name, or None."""
        if cmd_name not in COMMANDS:
            return None
        command: click.Command = import_module(COMMANDS[cmd_name]).command
        return command


@click.group(
    cls=LazyGroup,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110},
    epilog="Example: blo-sim compare k22-baseline k22-extension",
)
@click.version_option(__version__, prog_name="blo-sim")
def group() -> None:
    """How much contraband do Border Liaison Offices keep from delivery? A simulation, with intervals."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line.

    Parameters
    ----------
    arguments : sequence of str, optional
        Those of the process by default.

    Returns
    -------
    int
        0 done, 1 failed, 2 bad usage or a bad scenario, 130 interrupted.
    """
    try:
        code = _called(None if arguments is None else list(arguments))
        sys.stdout.flush()
        return code
    except BrokenPipeError:
        # Who reads no further wants no message; the flush at exit must not fail either.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return FAILED


def _called(arguments: list[str] | None) -> int:
    try:
        code = group.main(arguments, prog_name="blo-sim", standalone_mode=False)
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except (click.Abort, KeyboardInterrupt):
        click.echo("Interrupted: nothing was finished.", err=True)
        return INTERRUPTED
    except BrokenPipeError:
        raise
    except BloSimError as error:
        return _failed(str(error), error.exit_code)
    except Exception as error:
        return _failed(f"{type(error).__name__}: {error} (BLO_SIM_DEBUG=1 shows where)", FAILED)
    return code if isinstance(code, int) else 0


def _failed(message: str, code: int) -> int:
    if os.environ.get("BLO_SIM_DEBUG") == "1":
        traceback.print_exc()
    click.echo(f"Error: {message}", err=True)
    return code
