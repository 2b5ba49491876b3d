"""Renew the parts of the documentation that are read off the code: ``python -m docs.generate``.

What stands above `MARK` in a page of ``docs/reference/`` is written by hand, what stands below it is not.
The outputs in ``docs/tutorial.md`` are renewed by running its commands. ``tests/docs`` holds all of it
against the code.
"""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
import types
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, Literal, Union, get_args, get_origin

import blo_sim

DOCS = Path(__file__).resolve().parent
MARK = "<!-- From here on written by `python -m docs.generate`. -->\n"
MEANINGS = {
    "title": "one line: what the scenario is",
    "description": "some lines more",
    "place": "`real`: outputs name borders and control types, no posts; `synthetic`: a made-up place",
    "parameters": "values that are used at many places, by name",
    "Row.id": "name of the row, unique in the whole file",
    "Row.name": "name for people",
    "Row.grade": "how far the row's plain numbers can be trusted",
    "Row.source": "where they come from: a row of the evidence, or a reference",
    "Row.reason": "why a judged number is what it is, in a line",
    "Row.range_factor": "a judged number lies between value / factor and value x factor",
    "Run.replications": "default of `--replications`",
    "Headline.id": "key of the headline in results",
    "Headline.name": "the headline in words",
    "Place.country": "ISO code",
    "Place.kind": "loads start at origins and end at destinations",
    "Profile.hours": "relative demand from 0 h, 1 h, ...",
    "Profile.weekdays": "relative demand on Monday, Tuesday, ...",
    "Profile.months": "relative demand in January, February, ...; for a season, relative departures",
    "Method.minutes": "length of a search by this method",
    "Method.used": "in every search, or only in that of a vehicle with a lookout",
    "Roster.shifts": "its shifts; hours without a shift have no lanes",
    "Shift.from_hour": "first hour",
    "Shift.to_hour": "hour at which it ends",
    "Crossing.countries": "the two countries; direction 0 runs from the first to the second",
    "Crossing.lat": "degrees north, WGS 84",
    "Crossing.lon": "degrees east, WGS 84",
    "Crossing.within_km": "uncertainty of a judged position",
    "Crossing.status": "a closed crossing has no posts and no leg",
    "Crossing.profile": "hours, weekdays and months of its lawful traffic; even if left out",
    "Post.crossing": "its crossing",
    "Post.country": "whose post it is: one of the crossing's countries",
    "Post.roster": "its staffing",
    "Post.methods": "search methods that it has without any liaison office",
    "Sector.country": "whose patrol it is",
    "Unit.country": "whose unit it is",
    "Unit.place": "where loads meet it: on arrival, not at their origin",
    "Leg.from": "a place",
    "Leg.to": "another place",
    "Leg.mode": "what kind of way it is; `[[modes]]` says which loads may use it",
    "Leg.km": "length",
    "Leg.crossing": "the crossing on it, if it has one",
    "Leg.sectors": "the patrol sectors that it passes, if it avoids posts",
    "Leg.border_at": "share of the leg before its border",
    "Leg.closed_months": "months in which no load departs that would use it, 1 to 12",
    "Leg.one_way": "only from `from` to `to`",
    "Mode.legs": "factor on the free cost by mode of leg",
    "Mode.entry_legs": "the same until the first border is behind the load",
    "RouteChoice.usd_per_km": "free cost of a kilometre",
    "RouteChoice.usd_per_hour": "free cost of an hour on the way",
    "Organisation.number": "how many there are; each owns an equal part of the loads",
    "Flow.commodity": "what is shipped",
    "Flow.origin": "where loads start",
    "Flow.destination": "where they end",
    "Flow.via": "countries that are entered first, in order",
    "Flow.volume_kg_per_year": "attempted in a year",
    "Flow.mean_load_kg": "mean load, for all modes or by mode",
    "Flow.load_cv": "coefficient of variation (lognormal, before `max_load_kg`), for all modes or by mode",
    "Flow.organisations": "the group that ships it",
    "Price.commodity": "what is sold",
    "ScenarioModel.prices": "see below",
    "Behaviour.kind": "what runs unless `--behaviour` says otherwise",
    "ScenarioModel.behaviour": "see below",
    "Headquarters.country": "whose capital it is",
    "Headquarters.hours": "working hours, from and to",
    "Centre.hours": "working hours, from and to",
    "Centre.weekdays": "working days of the week, from Monday",
    "Channel.from": "an office, or a word for several",
    "Channel.to": "an office, or a word for several",
    "Channel.delay_h": "time that a message takes, without waiting for working hours",
    "Channel.loss": "probability that a message is lost on it",
    "Channel.both_ways": "whether messages also go from `to` to `from`",
    "Link.delay_h": "time that a message takes, without waiting for working hours",
    "Link.loss": "probability that a message is lost on it",
    "Source.place": "the place that loads leave",
    "Source.probability": "that a load of the reference size is reported",
    "Source.reference_load_kg": "the load to which `probability` belongs",
    "Source.load_exponent": "0: all loads alike; 1: in proportion to their size",
    "Reports.other_side": "see below",
    "Reports.seizure": "see below",
    "Reports.chase": "see below",
    "Reports.pattern": "see below",
    "Reports.request": "see below",
    "ChaseReports.probability": "that the next control is told",
    "ChaseReports.lag_h": "from the reading to the report",
    "PatternReports.probability": "that a seizure of a signed load is told",
    "PatternReports.lag_h": "from the seizure to the report",
    "ScenarioModel.trust": "see below",
    "ScenarioModel.leaks": "see below",
    "OtherSide.probability": "that the referral is told",
    "OtherSide.lag_h": "from the referral to the report",
    "SeizureReports.lag_h": "from the seizure to the report",
    "Components.link": "whether it opens the channels of `[link]`",
    "Office.post": "where it stands",
    "Office.opens": "opening date; it counts under the dated clock only",
    "Office.components": "see below",
    "Target.measure": "which share, see above",
    "Target.commodity": "of which commodity",
    "Target.countries": "for `seized_share`: seized in these",
    "Target.mode": "for `mode_share`: a mode of loads",
    "Target.low": "lower end of the published range",
    "Target.high": "upper end of the published range",
}
"""Meanings of keys for which the schema has no description, by class and key."""
TABLES = {
    "Commodity": "A kind of contraband.",
    "Reports": "How long a report is worth something, and what gives rise to reports besides `[[sources]]`.",
}
"""The same for tables."""
TOLD = 0.001
"""Chance below which a range counts as narrowed."""
LIMITS = {"gt": ">", "ge": "≥", "lt": "<", "le": "≤"}


def pages() -> dict[str, str]:
    """The generated part of each page, by its path under ``docs/``."""
    return {
        "plausible.md": narrowed_ranges(),
        "reference/cli.md": command_line(),
        "reference/scenario.md": scenario_keys(),
    }


def main() -> None:
    """Write the pages, and the outputs of the tutorial."""
    for name, generated in pages().items():
        path = DOCS / name
        written = path.read_text(encoding="utf-8").partition(MARK)[0]
        path.write_text(f"{written}{MARK}\n{generated}", encoding="utf-8")
    tutorial = DOCS / "tutorial.md"
    tutorial.write_text(renewed(tutorial.read_text(encoding="utf-8")), encoding="utf-8")


# Plausible worlds -----------------------------------------------------------------------------------


def narrowed_ranges() -> str:
    """How far matching narrowed the ranges of the shipped ensemble."""
    from blo_sim.cli.tables import amount, percent
    from blo_sim.experiment.ensemble import FOLDER, read_ensemble
    from blo_sim.scenario.library import directory

    ensemble = read_ensemble(directory() / FOLDER / "k22.json")
    rows = ensemble.narrowing()
    told = [row for row in rows if row["p_value"] < TOLD]
    bounds = "; ".join(f"`{name}` {low:.3g} to {high:.3g}" for name, (low, high) in ensemble.targets.items())
    passed = max(draw.point for draw in ensemble.draws) + 1 - len(ensemble.draws)
    lines = [
        f"{len(ensemble.draws)} points were run, {passed} passed over, and **{len(ensemble.kept)} kept**. "
        f"Bounds: {bounds}.\n",
        f"Of {len(rows)} ranges, {len(told)} differ from what all points have so far that chance would "
        "do it in less than 1 of 1,000 (Kolmogorov-Smirnov; by chance alone it would be none or one). All "
        f"others are, as far as {len(ensemble.kept)} draws can tell, not narrowed at all.\n",
        "| range | from to | middle 90 % of the kept | median | width left | p |",
        "|---|---|---|---|---|---|",
    ]
    for row in rows[: max(len(told), 12)]:
        extent, kept = ((row[a], row[b]) for a, b in (("low", "high"), ("kept_low", "kept_high")))
        cells = [f"`{row['range']}`", *(f"{amount(low)} to {amount(high)}" for low, high in (extent, kept))]
        cells += [amount(row["kept_median"]), percent(row["width_left"]), f"{row['p_value']:.1g}"]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


# Commands -------------------------------------------------------------------------------------------


def command_line() -> str:
    """The help of every command."""
    from blo_sim.cli import COMMANDS

    parts = []
    for name in ("", *COMMANDS):
        title = f"blo-sim {name}".strip()
        parts.append(f"## {title}\n\n```text\n{help_of(name)}\n```\n")
    return "\n".join(parts)


def help_of(command: str) -> str:
    """What ``blo-sim COMMAND --help`` prints, at a fixed width."""
    from click.testing import CliRunner

    from blo_sim.cli import group

    words = [command, "--help"] if command else ["--help"]
    done = CliRunner().invoke(group, words, prog_name="blo-sim", terminal_width=110)
    if done.exit_code:
        raise LookupError(f"no help of {command!r}: {done.output}")
    return "\n".join(line.rstrip() for line in done.output.rstrip().split("\n"))


# Keys -----------------------------------------------------------------------------------------------


def scenario_keys() -> str:
    """Every table of a scenario file with its keys, in the order of the schema."""
    from blo_sim.scenario.schema import Row, ScenarioModel

    top: list[str] = []
    tables: list[str] = []
    for name, entry in ScenarioModel.model_fields.items():
        nested = _tables_in(entry.annotation)
        if nested:
            many = get_origin(_bare(entry.annotation)) is list
            tables.extend(_table(nested[0], f"[[{name}]]" if many else f"[{name}]", entry.is_required()))
        else:
            top.append(_row(name, entry, ""))
    common = [_row(entry.alias or name, entry, "Row.") for name, entry in Row.model_fields.items()]
    return "\n".join(
        [
            "## Above the first table\n",
            *_keys(top),
            "## Keys of every row\n",
            "A row of an array of tables (`[[...]]`) may have these besides its own. `grade`, `source`,",
            "`reason` and `range_factor` speak for every plain number of the row without a long form.\n",
            *_keys(common),
            *tables,
        ]
    )


def _table(table: Any, path: str, required: bool) -> Iterator[str]:
    from blo_sim.scenario.schema import Row

    yield f"## `{path}`\n"
    words = TABLES.get(table.__name__) or _words(table.__doc__)
    yield f"{words}{'' if required else ' Optional.'}\n"
    common = set(Row.model_fields) if issubclass(table, Row) else set()
    rows = {n: e for n, e in table.model_fields.items() if n not in common}
    owner = f"{table.__name__}."
    yield from _keys([_row(entry.alias or name, entry, owner) for name, entry in rows.items()])
    for name, entry in rows.items():
        for nested in _tables_in(entry.annotation):
            yield from _table(nested, f"{path.strip('[]')}.{name}", entry.is_required())


def _words(doc: str | None) -> str:
    """A docstring without the table's name, which the heading has."""
    text = " ".join((doc or "").split()).replace("``", "`")
    text = re.sub(r"^`\[+[a-z_.]+\]+`[:.]\s*", "", text)
    return text[:1].upper() + text[1:]


def _keys(rows: list[str]) -> list[str]:
    if not rows:
        return ["No keys of its own.\n"]
    return ["| key | type | default | meaning |", "|---|---|---|---|", *rows, ""]


def _row(name: str, entry: Any, owner: str) -> str:
    """One key; an unknown one without a description is an error, so that none stays unexplained."""
    kind = _kind(entry.annotation, entry.metadata)
    meaning = entry.description or MEANINGS[owner + name]
    return f"| `{name}` | {kind} | {_default(entry)} | {meaning.replace('|', '/')} |"


def _default(entry: Any) -> str:
    from pydantic import BaseModel

    from blo_sim.scenario.values import Distribution

    if entry.is_required():
        return "required"
    value = entry.default
    if value is None or value == "":
        return "none"
    if isinstance(value, Distribution):
        return f"`{value.mean:g}`" if value.kind == "constant" else f"`{value.written()}`"
    if isinstance(value, list) and len(value) > 3 and len(set(value)) == 1:
        return f"{len(value)} times `{value[0]:g}`"
    if isinstance(value, BaseModel):
        return "its defaults"
    if isinstance(value, bool):
        return f"`{str(value).lower()}`"
    return f"`{list(value)}`" if isinstance(value, tuple) else f"`{value}`"


def _kind(annotation: Any, metadata: list[Any]) -> str:
    """The type of a key in words, with its limits."""
    from blo_sim.scenario.values import Distribution

    while get_origin(annotation) is Annotated:
        annotation, *more = get_args(annotation)
        metadata = [*metadata, *(part for each in more for part in getattr(each, "metadata", [each]))]
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin in (Union, types.UnionType):
        return " or ".join(_kind(each, metadata) for each in arguments if each is not type(None))
    if origin is Literal:
        return " or ".join(f"`{each}`" for each in arguments)
    if origin is list:
        return f"list of {_kind(arguments[0], [])}"
    if origin is tuple:
        return f"list of {len(arguments)}: {_kind(arguments[0], [])}"
    if origin is dict:
        return f"table of {_kind(arguments[1], [])}"
    if annotation is Distribution:
        return "distribution"
    if annotation is object:
        return "any value"
    if hasattr(annotation, "model_fields"):
        return "table"
    words = {float: "number", int: "whole number", str: "text", bool: "`true` or `false`"}
    name = words.get(annotation, getattr(annotation, "__name__", str(annotation)))
    if annotation is float and any(hasattr(each, "func") for each in metadata):
        name = "quantity"
    return name + _limits(metadata)


def _limits(metadata: list[Any]) -> str:
    found = [f"{sign} {getattr(each, key):g}" for each in metadata for key, sign in LIMITS.items()
             if getattr(each, key, None) is not None]
    if any(str(getattr(each, "pattern", "")).startswith("^[a-z0-9]") for each in metadata):
        return " (an id)"
    if any(str(getattr(each, "pattern", "")).startswith("^[A-Z]{2}") for each in metadata):
        return " (two capitals)"
    return f" {', '.join(found)}" if found else ""


def _bare(annotation: Any) -> Any:
    """Without limits and without None."""
    while get_origin(annotation) is Annotated:
        annotation = get_args(annotation)[0]
    if get_origin(annotation) in (Union, types.UnionType):
        return _bare(next(each for each in get_args(annotation) if each is not type(None)))
    return annotation


def _tables_in(annotation: Any) -> list[Any]:
    """The table that a key holds, alone or in a list."""
    bare = _bare(annotation)
    if get_origin(bare) is list:
        bare = _bare(get_args(bare)[0])
    return [bare] if hasattr(bare, "model_fields") else []


# The tutorial ---------------------------------------------------------------------------------------


@dataclass
class Block:
    """A fenced block of a page; ``file`` is the name in the comment of its first line."""

    language: str
    text: str
    file: str = ""
    steps: list[tuple[str, str]] = field(default_factory=list)


FENCE = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
NAMED = re.compile(r"#\s*([\w-]+\.(?:toml|py))\b")


def blocks(page: str) -> list[Block]:
    """The fenced blocks of a page: ``console`` blocks have (command, output) steps."""
    return [_block(*match.groups()) for match in FENCE.finditer(page)]


def _block(language: str, text: str) -> Block:
    named = NAMED.match(text)
    block = Block(language, text, named.group(1) if named else "")
    if language == "console":
        for part in re.split(r"^\$ ", text, flags=re.MULTILINE)[1:]:
            command, _, output = part.partition("\n")
            block.steps.append((command, output))
    return block


def run_command(command: str, folder: Path) -> str:
    """What a command of the page prints, with its exit code where that is not 0."""
    words = shlex.split(command)
    if words[0] not in ("blo-sim", "python"):
        raise ValueError(f"the tutorial can run blo-sim and python, not {words[0]!r}")
    program = [sys.executable, "-m", "blo_sim"] if words[0] == "blo-sim" else [sys.executable]
    package = str(Path(blo_sim.__file__).resolve().parents[1])
    path = os.pathsep.join(filter(None, [package, os.environ.get("PYTHONPATH")]))
    environment = {**os.environ, "PYTHONPATH": path, "PYTHONIOENCODING": "utf-8"}
    done = subprocess.run(
        [*program, *words[1:]],
        cwd=folder,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        encoding="utf-8",
        check=False,
    )
    lines = [line.rstrip() for line in done.stdout.rstrip().split("\n")]
    if done.returncode:
        lines.append(f"[exit code {done.returncode}]")
    return "\n".join(lines) + "\n"


def played(page: str, folder: Path) -> Iterator[tuple[str, str, str]]:
    """Write the files of a page and run its commands in order: (command, output as printed, as it is)."""
    for block in blocks(page):
        if block.file:
            (folder / block.file).write_text(block.text, encoding="utf-8")
        for command, output in block.steps:
            yield command, output, run_command(command, folder)


def renewed(page: str) -> str:
    """The page with the outputs that its commands have now."""
    folder = Path(tempfile.mkdtemp())
    try:
        for command, before, after in played(page, folder):
            page = page.replace(f"$ {command}\n{before}", f"$ {command}\n{cut(before, after)}", 1)
    finally:
        shutil.rmtree(folder)
    return page


def cut(before: str, after: str) -> str:
    """The new output, ending after as many lines as the old one if that ended in ``...``."""
    shown = before.rstrip().split("\n")
    if shown[-1] != "...":
        return after
    return "\n".join([*after.split("\n")[: len(shown) - 1], "..."]) + "\n"


if __name__ == "__main__":
    main()
