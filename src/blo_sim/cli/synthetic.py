"""``blo-sim synthetic``."""

from __future__ import annotations

import click


@click.command("synthetic", epilog="Example: blo-sim synthetic 50 --seed 7")
@click.argument("crossings", type=int)
@click.option(
    "--seed", type=int, default=0, show_default=True, help="Seed of the border's traffic and distances."
)
@click.option(
    "--out", default=".", show_default=True, type=click.Path(), metavar="DIR", help="Folder of the new files."
)
def command(crossings: int, seed: int, out: str) -> None:
    """Write a made-up border with so many CROSSINGS (2 to 1,000), for scale and for teaching.

    Two files: synthetic-N.toml without offices, and synthetic-N-offices.toml, which extends it with a pair of
    linked offices at each crossing. Nothing is overwritten.
    """
    from blo_sim.scenario.synthetic import write_synthetic

    first, second = write_synthetic(crossings, seed=seed, out=out)
    click.echo(f"wrote {first} and {second}")
