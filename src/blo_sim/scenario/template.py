"""A commented scenario file to start from."""

from __future__ import annotations

import contextlib
import json
import os
import re
import tempfile
from pathlib import Path
from typing import Any

from blo_sim.errors import UsageError
from blo_sim.scenario import library
from blo_sim.scenario.layers import is_path
from blo_sim.scenario.load import Scenario, load_scenario

DEFAULT_BASE = "k22-baseline"
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]*")


def new_scenario(
    name: str, base: str | os.PathLike[str] = DEFAULT_BASE, out: str | os.PathLike[str] = "."
) -> Path:
    """Write ``NAME.toml``, which extends a scenario and shows in comments what can be changed.

    Parameters
    ----------
    name : str
        Letters, digits, ``-`` and ``_``.
    base : str or path
        The scenario to start from.
    out : str or path
        Folder of the new file; made if it is missing.

    Returns
    -------
    Path
        The new file.

    Raises
    ------
    UsageError
        If the name cannot be used, or the file exists or cannot be written. Nothing is overwritten.
    ScenarioError
        If ``base`` cannot be loaded.
    """
    if not _NAME.fullmatch(name):
        raise UsageError(f"{name!r} cannot name a scenario: use letters, digits, '-' and '_' (my-plan)")
    if name in library.names():
        raise UsageError(f"{name!r} is a bundled scenario: choose another name")
    base = os.fspath(base)
    scenario = load_scenario(base)
    target = Path(out) / f"{name}.toml"
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        write_new(target, _text(name, _reference(base, target.parent), scenario))
    except FileExistsError:
        raise UsageError(f"{target} exists already: choose another name or folder") from None
    except OSError as error:
        raise UsageError(f"{target} cannot be written: {error.strerror or error}") from None
    return target


def _reference(base: str, folder: Path) -> str:
    """How a file in ``folder`` names its parent."""
    if not is_path(base):
        return base
    try:
        return Path(os.path.relpath(base, folder)).as_posix()
    except ValueError:  # another drive
        return Path(base).resolve().as_posix()


def write_new(target: Path, text: str) -> None:
    """Write a whole file or none, and never over another."""
    if target.exists():
        raise FileExistsError(target)
    handle, draft = tempfile.mkstemp(prefix=f".{target.stem}-", suffix=".toml", dir=target.parent)
    try:
        with os.fdopen(handle, "w", encoding="utf-8", newline="\n") as file:
            file.write(text)
        os.chmod(draft, 0o666 & ~_umask())
        load_scenario(draft)
        try:
            os.link(draft, target)
        except FileExistsError:
            raise
        except OSError:  # a file system without hard links
            os.rename(draft, target)
    finally:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(draft)


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


def _text(name: str, reference: str, scenario: Scenario) -> str:
    """The file: what is in force first, then examples in comments that can be used as they stand."""
    examples = "\n\n".join(
        "\n".join(f"# {line}" if line else "#" for line in example.split("\n"))
        for example in _examples(scenario)
    )
    return f"""\
# {name}: a scenario for blo-sim.
#
#   blo-sim check {name}.toml
#   blo-sim compare {_command(scenario, reference)} {name}.toml
#
# This file holds only what differs from the scenario that it extends. Tables merge by key, rows of
# [[arrays]] by their id. `blo-sim schema` lists all keys, `blo-sim describe` what a scenario has.
# Units stand in the key: delay_h is in hours, load_kg in kilograms, share between 0 and 1.

extends = {_quoted(reference)}
title = {_quoted(f"{name}, after {scenario.name}")}

# Take out rows of the parent by their ids. Stands up here, above the first [table]:
#
# remove = ["ID", "ID"]

# Examples: delete the "# " in front of the lines that you want. A value of your own is written with what
# is known about it: grade is "published" (with its source) or "judged" (with a reason and a range).

{examples}
"""


def _command(scenario: Scenario, reference: str) -> str:
    return scenario.name if scenario.bundled else reference


def _examples(scenario: Scenario) -> list[str]:
    model = scenario.model
    examples = [f"[run]\ndays = {model.run.days}", *_parameter(scenario.tables)]
    for office in model.offices[:1]:
        examples.append(
            f"[[offices]]\nid = {_quoted(office.id)}\nopens = {office.opens.isoformat()}\n\n"
            f"[offices.components]\nlink = {str(office.components.link).lower()}\n"
            f"training = {_judged(office.components.training)}"
        )
    taken = {office.post for office in model.offices}
    used = {row["id"] for rows in scenario.tables.values() if isinstance(rows, list) for row in rows}
    free = [post for post in model.posts if post.id not in taken and f"{post.id}-blo-new" not in used]
    for post in free[:1]:
        link = f"link = {str(model.link is not None).lower()}"
        equipment = _quoted(model.methods[-1].id) if model.methods else ""
        examples.append(
            f"[[offices]]\nid = {_quoted(f'{post.id}-blo-new')}\npost = {_quoted(post.id)}\n"
            f"opens = {model.run.grant.isoformat()}\npartners = []\n\n"
            f"[offices.components]\n{link}\nequipment = [{equipment}]\ntraining = {_judged(0.2)}"
        )
    for flow in model.flows[:1]:
        examples.append(
            f"[[flows]]\nid = {_quoted(flow.id)}\nvolume_kg_per_year = {_judged(flow.volume_kg_per_year)}"
        )
    return examples


def _parameter(tables: dict[str, Any]) -> list[str]:
    """The first parameter that is a number."""
    for name, row in tables.get("parameters", {}).items():
        value = row.get("value") if isinstance(row, dict) else row
        if isinstance(value, int | float):
            key = name if re.fullmatch(r"[A-Za-z0-9_-]+", name) else _quoted(name)
            return [f"[parameters]\n{key} = {_judged(value)}"]
    return []


def _judged(value: float) -> str:
    low, high = sorted((value / 2, value * 2))
    return (
        f'{{ value = {value!r}, grade = "judged", reason = "say why", range = [{low!r}, {high!r}] }}'
    )
