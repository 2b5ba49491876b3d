"""``blo-sim bound``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from blo_sim.cli import options
from blo_sim.errors import UsageError

if TYPE_CHECKING:
    from blo_sim.analysis.bound import BoundResult
    from blo_sim.analysis.scenario_bound import ScenarioBound

RESULT, ROWS = "bound.json", "bound.csv"


@click.command("bound", epilog="Example: blo-sim bound --instance pcm12 --offices 4")
@click.argument("scenario", required=False)
@click.option("--instance", metavar="FILE", help="A network instance in JSON, or the bundled pcm12.")
@click.option("--offices", type=int, metavar="K", default=0, show_default=True, help="How many to place.")
@click.option(
    "--method",
    type=click.Choice(["auto", "enumeration", "highs"]),
    help="Of an instance: try every design, or solve an integer program; auto chooses by size.  "
    "[default: auto]",
)
@click.option(
    "--time-limit",
    type=float,
    metavar="S",
    help="Of an instance: seconds for each integer program; then the best design so far and its gap.  "
    "[default: none]",
)
@click.option("--out", type=click.Path(), metavar="DIR", help=f"Write {RESULT} and {ROWS} there.")
@options.form
@options.overrides
def command(
    scenario: str | None,
    instance: str | None,
    offices: int,
    method: str | None,
    time_limit: float | None,
    out: str | None,
    form: str,
    overrides: tuple[str, ...],
) -> None:
    """What could be intercepted at best, if all were known and decided once: of a scenario or a network.

    Of a SCENARIO: by class of loads, if smugglers take the least risky way and informants' tips are known
    at once. Of a network instance: the least evasion that offices can leave, and what one unseen team
    detects. With --offices also what it costs if offices are placed without coordination.
    """
    from blo_sim.experiment.output import as_csv, as_json, output_folder, write_whole

    _check(scenario, instance, method, time_limit, overrides)
    with output_folder(out) as folder:
        result: BoundResult | ScenarioBound
        if scenario is None:
            result, columns, said = _of_instance(instance or "", offices, method or "auto", time_limit)
        else:
            result, columns, said = _of_scenario(scenario, offices, overrides)
        if folder is not None:
            write_whole(folder / RESULT, as_json(result.document()))
            write_whole(folder / ROWS, as_csv(result.rows(), columns))
    if form == "json":
        click.echo(as_json(result.document()), nl=False)
    elif form == "csv":
        click.echo(as_csv(result.rows(), columns), nl=False)
    else:
        click.echo(said, nl=False)


def _check(
    scenario: str | None,
    instance: str | None,
    method: str | None,
    time_limit: float | None,
    overrides: tuple[str, ...],
) -> None:
    if (scenario is None) == (instance is None):
        given = "neither is given" if scenario is None else f"{scenario} and --instance {instance} are given"
        raise UsageError(f"bound takes a SCENARIO or --instance FILE: {given}")
    if scenario is not None:
        for name, value in (("--method", method), ("--time-limit", time_limit)):
            if value is not None:
                raise UsageError(f"{name} {value}: only for --instance; leave it out for a scenario")
    elif overrides:
        raise UsageError(f"--set {overrides[0]}: only for a scenario; change the instance's file instead")


def _of_instance(
    instance: str, offices: int, method: str, time_limit: float | None
) -> tuple[BoundResult, Sequence[str], str]:
    from blo_sim.analysis.bound import ROW, bound_instance

    result = bound_instance(instance, offices=offices, method=method, time_limit=time_limit)
    return result, ROW, text(result)


def _of_scenario(
    scenario: str, offices: int, overrides: tuple[str, ...]
) -> tuple[ScenarioBound, Sequence[str], str]:
    from blo_sim.analysis.scenario_bound import ROW, bound_scenario
    from blo_sim.cli.bound_scenario_report import scenario_text
    from blo_sim.scenario import load_scenario

    result = bound_scenario(load_scenario(scenario, overrides), offices=offices)
    return result, ROW, scenario_text(result)


def text(result: BoundResult) -> str:
    """The result as people read it."""
    from blo_sim.cli.tables import paragraph

    parts = [paragraph(_headline(result)), _offices(result), _pairs(result), _team(result)]
    parts += [paragraph(_coordination(result))]
    return "\n\n".join(part for part in parts if part) + "\n"


LONGEST = 12
"""Rows of a table of pairs, arcs or offices."""


def _number(share: float) -> str:
    return f"{share:.6g}"


def _headline(result: BoundResult) -> str:
    placed = f"{result.offices} office{'s' if result.offices != 1 else ''}"
    size = f"{len(result.instance.arcs)} arcs, {len(result.instance.candidates)} of them candidates"
    pairs = f"{len(result.instance.od)} pairs of origin and destination"
    words = f"{result.instance.name} ({size}, {pairs}): "
    if not result.offices:
        return f"{words}without offices a smuggler gets through with probability {_number(result.evasion)}."
    words += (
        f"with {placed} at best a smuggler gets through with probability {_number(result.evasion)}, "
        f"without with {_number(result.evasion_without)}. "
    )
    if result.solved.proven:
        how = "by trying all" if result.method == "enumeration" else "by HiGHS, to its tolerance"
        return f"{words}Proven best ({how})."
    return f"{words}Not proven best: no design leaves less than {_number(result.solved.bound)}."


def _more(count: int) -> str:
    return f"\n{count - LONGEST} more: --format json has all" if count > LONGEST else ""


def _offices(result: BoundResult) -> str:
    from blo_sim.cli.tables import section, table

    if not result.offices:
        return ""
    arcs = [result.instance.arcs[place] for place in result.solved.design]
    rows = [
        [str(arc.tail), str(arc.head), _number(arc.evade), _number(arc.evade_sensor or 0.0)]
        for arc in arcs[:LONGEST]
    ]
    body = table(["from", "to", "passed undetected", "beside an office"], rows, left=2)
    return section("Offices", body + _more(len(arcs)))


def _pairs(result: BoundResult) -> str:
    from blo_sim.cli.tables import section, table

    rows = sorted(result.rows(), key=lambda row: -row["probability"] * row["evasion"])
    cells = [
        [
            str(row["origin"]),
            str(row["destination"]),
            row["path"] if len(row["path"]) <= 40 else f"{row['path'][:38]}..",
            _number(row["probability"]),
            _number(row["evasion_without"]),
            _number(row["evasion"]),
        ]
        for row in rows[:LONGEST]
    ]
    columns = ["from", "to", "best reply", "probability", "without", "gets through"]
    return section("Who gets through, most first", table(columns, cells, left=3) + _more(len(rows)))


def _team(result: BoundResult) -> str:
    from blo_sim.cli.tables import paragraph, section, table

    team = result.team
    words = paragraph(
        f"One unseen team that inspects one arc detects with probability {_number(team.value)} under "
        "best play, without offices."
    )
    mix = sorted(team.mix.items(), key=lambda each: -each[1])
    if not mix:
        return section("One team", words)
    rows = [[*map(str, result.ends([place])[0]), _number(share)] for place, share in mix[:LONGEST]]
    body = table(["from", "to", "inspected with"], rows, left=2)
    return section("One team", f"{words}\n{body}{_more(len(mix))}")


def _coordination(result: BoundResult) -> str:
    found = result.coordination
    if found is None:
        return ""
    who = "owners" if found.shares else "offices"
    shared = f" ({', '.join(f'{owner} {n}' for owner, n in found.shares.items())})" if found.shares else ""
    proven = "" if found.proven else " Not all of these designs are proven best."
    return (
        f"Without coordination: if {who}{shared} decide alone, a smuggler gets through with probability "
        f"{_number(found.isolated)}, {_number(found.gap)} more than under the joint design.{proven}"
    )
