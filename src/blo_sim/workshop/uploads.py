"""Scenario files that somebody sends to the page: bounded, checked, and without a way to other files."""

from __future__ import annotations

import re
import tempfile
import tomllib
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from blo_sim.errors import Problem, ScenarioError, UsageError

if TYPE_CHECKING:
    from blo_sim.scenario import Scenario

LARGEST = 1_000_000
"""Bytes of a file."""
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,60}\.toml")


def read_upload(file: str, content: bytes) -> Scenario:
    """A scenario from what was sent.

    Parameters
    ----------
    file : str
        Its name, for messages and as the name of the scenario.
    content : bytes
        UTF-8, at most `LARGEST`. It may extend a bundled scenario, and no other file.

    Raises
    ------
    UsageError, ScenarioError
        With file, line, key, value and what would be right.
    """
    from blo_sim.scenario import load_scenario
    from blo_sim.scenario.library import names

    if not _NAME.fullmatch(file):
        raise UsageError("the name of the file must end with .toml and have letters, digits, - and _ only")
    if len(content) > LARGEST:
        raise UsageError(f"{file}: has {len(content):,} bytes; at most {LARGEST:,} are read")
    try:
        text = content.decode("utf-8")
        tree = tomllib.loads(text)
    except UnicodeDecodeError:
        raise UsageError(f"{file}: is not a text in UTF-8") from None
    except tomllib.TOMLDecodeError as error:
        raise UsageError(f"{file}: is not TOML: {error}") from None
    for key in ("extends", "ensemble"):
        if key in tree and tree[key] not in names():
            named = str(tree[key])[:80]
            raise UsageError(f"{file}: {key} is {named!r}; a file that is sent can name bundled ones only")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / file
        path.write_text(text, encoding="utf-8")
        try:
            return load_scenario(path)
        except ScenarioError as error:
            raise ScenarioError([_as_sent(problem, path, file) for problem in error.problems]) from None


def _as_sent(problem: Problem, path: Path, file: str) -> Problem:
    """A problem that names the file as it was sent, not where it lay."""
    label = file if Path(problem.file).name == file else problem.file
    return Problem(label, problem.line, problem.key, problem.message.replace(str(path), file))


def with_overrides(name: str, tables: dict[str, Any], overrides: Sequence[str]) -> Scenario:
    """A scenario that was sent, with overrides.

    Raises
    ------
    ScenarioError
    """
    from blo_sim.scenario.load import from_tables
    from blo_sim.scenario.overrides import apply

    tree, _, problems = apply(tables, overrides)
    if problems:
        raise ScenarioError(problems)
    return from_tables(name, tree, bundled=False, file=name)


def as_file(scenario: Scenario) -> str:
    """A whole scenario as TOML, whatever it extended."""
    import tomli_w

    tables = {key: value for key, value in scenario.tables.items() if key != "ensemble"}
    return tomli_w.dumps(tables)
