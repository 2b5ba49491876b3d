"""A scenario file and the files that it extends, and how they are merged.

Tables merge by key, arrays of tables by the ``id`` of their rows, and anything else of the child
replaces what the parent has. Which layer set a value is looked up afterwards, for messages.
"""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any

from blo_sim.errors import Problem, ScenarioError
from blo_sim.scenario import library
from blo_sim.scenario.lines import Key, label_of, line_numbers, line_of
from blo_sim.scenario.names import nearest, shown, suggestion
from blo_sim.scenario.values import NOTES, SHAPES

DIRECTIVES = ("extends", "remove")
OVERRIDE = "--set"
_FORMS = frozenset({"value", *SHAPES})
_POSITION = re.compile(r"\(at line (\d+), column \d+\)$")


@dataclass(frozen=True)
class Layer:
    """One file: its text, what it says, and how messages call it."""

    label: str
    path: Path
    text: str
    data: dict[str, Any]

    @cached_property
    def keys(self) -> frozenset[Key]:
        """Every place that the file writes."""
        return frozenset(_keys(self.data, ()))

    @cached_property
    def lines(self) -> dict[Key, int]:
        """Lines of its headers and keys."""
        return line_numbers(self.text, self.data)


def _keys(node: Any, above: Key) -> Iterator[Key]:
    if above:
        yield above
    if isinstance(node, dict):
        for name, child in node.items():
            yield from _keys(child, (*above, name))
    elif isinstance(node, list):
        for position, child in enumerate(node):
            yield from _keys(child, (*above, label_of(child, position)))


@dataclass(frozen=True)
class Origins:
    """Finds the layer and line behind a key of the merged scenario."""

    layers: tuple[Layer, ...]
    overridden: tuple[Key, ...] = ()

    def problem(self, key: Key, message: str) -> Problem:
        """A problem at ``key``, with the file and line that set its value."""
        dotted = ".".join(str(part) for part in key)
        if any(key[: len(top)] == top for top in self.overridden):
            return Problem(OVERRIDE, 0, dotted, message)
        for length in range(len(key), 0, -1):
            for layer in reversed(self.layers):
                if key[:length] in layer.keys:
                    return Problem(layer.label, line_of(layer.lines, key), dotted, message)
        return Problem(self.layers[-1].label, 0, dotted, message)

    def folder(self, key: Key) -> Path:
        """The folder of the file that set a key; the current one for an override."""
        if key in self.overridden:
            return Path()
        layers = [layer for layer in self.layers if key in layer.keys]
        return (layers or self.layers)[-1].path.parent


def is_path(name: str) -> bool:
    """Whether a scenario is named by its file, not by a bundled name."""
    return name.endswith(".toml")


def find(name: str, beside: Path, asked_by: Problem | None = None) -> tuple[str, Path]:
    """Label and path of a scenario named on the command line or by ``extends``.

    Parameters
    ----------
    beside : Path
        Folder from which a relative path counts.
    asked_by : Problem, optional
        Where a message about a wrong name belongs (its own message is not used).

    Raises
    ------
    ScenarioError
        If there is no such bundled scenario.
    """
    if "\0" in name:
        raise _error(name, f"{name!r} cannot be the name of a file", asked_by)
    if is_path(name):
        path = beside / name
        return (name if asked_by is None else os.path.normpath(path)), path
    bundled = library.path_of(name)
    if bundled is not None:
        return name, bundled
    if (beside / name).is_dir():
        raise _error(name, f"{name} is a directory, not a scenario file", asked_by)
    message = f"no bundled scenario is called {name!r}"
    near = nearest(name, library.names())
    message += f"; did you mean {near!r}?" if near else ""
    message += f" (there are {', '.join(library.names())}; a file is named with its ending .toml)"
    raise _error(name, message, asked_by)


def _error(label: str, message: str, asked_by: Problem | None, line: int = 0) -> ScenarioError:
    if asked_by is None:
        return ScenarioError([Problem(label, line, "", message)])
    return ScenarioError([Problem(asked_by.file, asked_by.line, asked_by.key, message)])


def read_layers(name: str) -> tuple[Layer, ...]:
    """The layers of a scenario, the outermost parent first.

    Raises
    ------
    ScenarioError
        If a file is missing or is no TOML, or ``extends`` goes round in a circle.
    """
    layers: list[Layer] = []
    wanted: str | None = name
    beside = Path()
    asked_by: Problem | None = None
    while wanted is not None:
        label, path = find(wanted, beside, asked_by)
        trail = [layer.path.resolve() for layer in layers]
        if path.resolve() in trail:
            circle = [layer.label for layer in layers[trail.index(path.resolve()) :]]
            raise _error(label, f"extends goes round in a circle: {' -> '.join([*circle, label])}", asked_by)
        layer = read_layer(label, path, asked_by)
        layers.append(layer)
        wanted, beside = layer.data.get("extends"), path.parent
        asked_by = Problem(label, line_of(layer.lines, ("extends",)), "extends", "")
        if wanted is not None and not isinstance(wanted, str):
            raise _error(label, f"{shown(wanted)} is neither a bundled name nor a path in quotes", asked_by)
    return tuple(reversed(layers))


def read_layer(label: str, path: Path, asked_by: Problem | None = None) -> Layer:
    """Read one file.

    Raises
    ------
    ScenarioError
        If it cannot be read, is not UTF-8 or is no TOML.
    """
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        raise ScenarioError([Problem(label, line, "", f"not UTF-8 text ({error.reason})")]) from None
    except (OSError, ValueError) as error:
        raise _error(label, _unreadable(label, path, error), asked_by) from None
    text = text.replace("\r\n", "\n")
    try:
        return Layer(label, path, text, _parsed(text))
    except tomllib.TOMLDecodeError as error:
        found = _POSITION.search(str(error))
        line = int(found[1]) if found else len(text.rstrip().split("\n"))
        raise ScenarioError([Problem(label, line, "", f"not valid TOML: {error}")]) from None
    except (RecursionError, ValueError) as error:
        raise ScenarioError([Problem(label, 0, "", f"not valid TOML: {error}")]) from None


@lru_cache(maxsize=4)
def _parsed(text: str) -> dict[str, Any]:
    """The tables of a text; never changed by anybody, since several scenarios extend the same parent."""
    return tomllib.loads(text)


def _unreadable(label: str, path: Path, error: Exception) -> str:
    if path.is_dir():
        return f"{label} is a directory, not a scenario file"
    if isinstance(error, FileNotFoundError):
        near = nearest(path.stem, library.names())
        return f"no such file: {label}" + (f"; did you mean the bundled scenario {near!r}?" if near else "")
    reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    return f"{label} cannot be read: {reason}"


def is_rows(node: Any) -> bool:
    """Whether a value is an array of tables whose rows have ids."""
    return isinstance(node, list) and bool(node) and all(
        isinstance(row, dict) and isinstance(row.get("id"), str) for row in node
    )


def is_value(node: Any) -> bool:
    """Whether a table is a number or distribution in long form."""
    return isinstance(node, dict) and len(node.keys() & _FORMS) == 1 and node.keys() <= _FORMS | NOTES


def merge(parent: Any, child: Any) -> Any:
    """The value of a parent after a child's is laid over it; neither is changed.

    A number or distribution in long form replaces one of another shape, whose keys mean something else.
    """
    if isinstance(parent, dict) and isinstance(child, dict):
        if is_value(parent) and is_value(child) and parent.keys() & _FORMS != child.keys() & _FORMS:
            return child
        return {
            **parent,
            **{key: merge(parent[key], value) if key in parent else value for key, value in child.items()},
        }
    if is_rows(parent) and is_rows(child):
        rows = {row["id"]: row for row in parent}
        for row in child:
            rows[row["id"]] = merge(rows[row["id"]], row) if row["id"] in rows else row
        return list(rows.values())
    return child


def compose(layers: Sequence[Layer]) -> tuple[dict[str, Any], list[Problem]]:
    """The merged scenario without ``extends`` and ``remove``, and what is wrong with the layers."""
    tree: dict[str, Any] = {}
    problems: list[Problem] = []
    for position, layer in enumerate(layers):
        problems += _twice(layer)
        body = {key: value for key, value in layer.data.items() if key not in DIRECTIVES}
        if "remove" in layer.data:
            tree, found = _without(tree, layer, is_child=position > 0)
            problems += found
        for key, value in body.items():
            if value == [] and is_rows(tree.get(key)):
                message = 'an empty array takes out nothing; use remove = ["id", ..] beside extends'
                problems.append(Origins((layer,)).problem((key,), message))
        tree = merge(tree, body)
    return tree, problems + _shared(tree, Origins(tuple(layers)))


def _without(tree: dict[str, Any], layer: Layer, is_child: bool) -> tuple[dict[str, Any], list[Problem]]:
    """The tree without the rows that a layer removes."""
    at = Origins((layer,))
    wanted = layer.data["remove"]
    if not is_child:
        return tree, [at.problem(("remove",), "only a scenario that extends another can remove rows")]
    if not isinstance(wanted, list) or not all(isinstance(name, str) for name in wanted):
        return tree, [at.problem(("remove",), f"{shown(wanted)} is not a list of ids")]
    known = {row["id"] for rows in tree.values() if is_rows(rows) for row in rows}
    problems = [
        at.problem(("remove",), f"{name!r} is the id of no row of the parent{suggestion(name, known)}")
        for name in wanted
        if name not in known
    ]
    gone = set(wanted)
    kept = {
        key: [row for row in value if row["id"] not in gone] if is_rows(value) else value
        for key, value in tree.items()
    }
    return kept, problems


def _twice(layer: Layer) -> list[Problem]:
    """Ids that a layer gives to two rows of one array."""
    problems = []
    for key, rows in layer.data.items():
        if not is_rows(rows):
            continue
        seen: set[str] = set()
        for row in rows:
            if row["id"] in seen:
                message = f"the id {row['id']!r} is given twice in [[{key}]]"
                problems.append(Origins((layer,)).problem((key, row["id"]), message))
            seen.add(row["id"])
    return problems


def _shared(tree: dict[str, Any], origins: Origins) -> list[Problem]:
    """Ids that rows of different arrays share."""
    problems = []
    owner: dict[str, str] = {}
    for key, rows in tree.items():
        if not is_rows(rows):
            continue
        for row in rows:
            first = owner.setdefault(row["id"], key)
            if first != key:
                message = f"the id {row['id']!r} is also a row of [[{first}]]; ids are unique in a scenario"
                problems.append(origins.problem((key, row["id"], "id"), message))
    return problems
