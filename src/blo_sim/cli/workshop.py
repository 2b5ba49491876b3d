"""``blo-sim workshop``."""

from __future__ import annotations

import click

OFFERED = ("two-bridges", "two-bridges-office", "overload", "overload-mesh", "k22-baseline", "k22-extension")


@click.command("workshop", epilog="Example: blo-sim workshop --port 8000")
@click.argument("scenarios", nargs=-1, metavar="[SCENARIO]...")
@click.option("--port", type=click.IntRange(0, 65535), default=8013, show_default=True, help="0 for any.")
@click.option("--no-browser", is_flag=True, help="Do not open the page.")
def command(scenarios: tuple[str, ...], port: int, no_browser: bool) -> None:
    """Serve the page for trainers on this machine: lessons to guess, films to watch, worlds to change.

    SCENARIOS, bundled names (see `blo-sim scenarios`) or paths to .toml files, are what the page offers; by
    default the made-up worlds of the tutorial and the region. Nothing leaves the machine. Needs the extra
    workshop.
    """
    from blo_sim.errors import needing
    from blo_sim.scenario import load_scenario

    with needing("workshop", "workshop"):
        from blo_sim.workshop.server import serve

    def ready(address: str) -> None:
        import webbrowser

        click.echo(f"The workshop is at {address} - Ctrl-C ends it.")
        if not no_browser:
            webbrowser.open(address)

    loaded = [load_scenario(each) for each in scenarios or OFFERED]
    serve([each.name if each.bundled else each for each in loaded], port, ready)
