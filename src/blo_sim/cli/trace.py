"""``blo-sim trace``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from blo_sim.cli import options

if TYPE_CHECKING:
    from blo_sim.experiment.trace import Trace


@click.command("trace", epilog="Example: blo-sim trace k22-baseline --against k22-extension")
@click.argument("scenario")
@click.option("--against", metavar="OTHER", help="A second scenario, under the same draws.")
@click.option(
    "--consignment",
    metavar="ID",
    help="flow.mode:number.  [default: the first whose fate differs, or seized]",
)
@click.option("--replication", type=int, default=0, show_default=True, help="Which replication.")
@options.clock
@options.behaviour
@options.seed
@options.days
@options.overrides
def command(
    scenario: str,
    against: str | None,
    consignment: str | None,
    replication: int,
    clock: str,
    behaviour: str | None,
    seed: int,
    days: int | None,
    overrides: tuple[str, ...],
) -> None:
    """The story of one simulated consignment, event by event, in one world or two.

    SCENARIO is a bundled name (see `blo-sim scenarios`) or a path to a .toml file.
    """
    from blo_sim.experiment.trace import trace
    from blo_sim.scenario import load_scenarios

    loaded = load_scenarios([scenario] if against is None else [scenario, against], overrides)
    told = trace(
        loaded[0],
        against=None if against is None else loaded[1],
        consignment=consignment,
        replication=replication,
        clock=clock,
        behaviour=behaviour,
        seed=seed,
        days=days,
    )
    click.echo(text(told), nl=False)


def text(told: Trace) -> str:
    """The story as people read it."""
    lines = [f"Consignment {told.consignment} ({told.chosen})"]
    if told.place == "real":
        lines.append(
            "A simulated load with judged parameters: no real shipment, and no finding about a real post."
        )
    lines += [f"  in {world}: {fate}" for world, fate in told.fates.items()]
    lines.append("")
    several = len(told.worlds) > 1
    width = max(len(line.world) for line in told.lines)
    for line in told.lines:
        world = f"{line.world:<{width}}  " if several else ""
        lines.append(f"{line.moment:%Y-%m-%d %H:%M}  {world}{line.text}")
    return "\n".join(lines) + "\n"
