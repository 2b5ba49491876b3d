"""``blo-sim schema``."""

from __future__ import annotations

import json

import click


@click.command("schema", epilog="Example: blo-sim schema > scenario.schema.json")
def command() -> None:
    """Print the JSON Schema of a scenario file: every key, with its unit, default and limits."""
    from blo_sim.scenario import schema_document

    click.echo(json.dumps(schema_document(), indent=2, sort_keys=True))
