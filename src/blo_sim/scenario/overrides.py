"""``--set KEY=VALUE``: one key of a scenario, addressed by its dotted path with ids for rows."""

from __future__ import annotations

import copy
import tomllib
from collections.abc import Sequence
from typing import Any

from blo_sim.errors import Problem
from blo_sim.scenario.keys import below, is_free, keys_of, table_of
from blo_sim.scenario.layers import OVERRIDE, is_rows, is_value, merge
from blo_sim.scenario.lines import Key, label_of
from blo_sim.scenario.names import suggestion
from blo_sim.scenario.schema import ScenarioModel
from blo_sim.scenario.values import NOTES

_EXTENT = frozenset({"range", "scale"})
"""Notes that a value loses when it is set: it is known then, and not drawn."""


class Refused(Exception):  # noqa: N818 - never leaves this package
    """An override that cannot be applied; the message says why."""


def apply(tree: dict[str, Any], overrides: Sequence[str]) -> tuple[dict[str, Any], list[Key], list[Problem]]:
    """A scenario with overrides laid over it.

    Parameters
    ----------
    tree : dict
        The merged scenario; it is not changed.
    overrides : sequence of str
        Each ``KEY=VALUE``; later ones win.

    Returns
    -------
    tree, keys, problems
        The new scenario, the keys that were overridden, and what was wrong.
    """
    if not overrides:
        return tree, [], []
    tree = copy.deepcopy(tree)
    keys: list[Key] = []
    problems: list[Problem] = []
    for text in overrides:
        dotted, equals, value = text.partition("=")
        dotted = dotted.strip()
        try:
            if not equals or not dotted:
                raise Refused(f"{text!r} is not KEY=VALUE, such as run.days=30")
            key = resolve(tree, dotted)
            _put(tree, key, parse_value(value))
            keys.append(key)
        except Refused as refused:
            problems.append(Problem(OVERRIDE, 0, dotted, str(refused)))
    return tree, keys, problems


def parse_value(text: str) -> Any:
    """A value as TOML writes it; what is not TOML is a string."""
    try:
        read = tomllib.loads(f"value = {text}")
    except (ValueError, RecursionError):
        return text.strip()
    return read["value"] if len(read) == 1 else text.strip()


def resolve(tree: dict[str, Any], dotted: str) -> Key:
    """The key that a dotted path means; tables that the file leaves out count as empty.

    Raises
    ------
    Refused
        If a scenario can have no such key.
    """
    node: Any = tree
    kind: Any = ScenarioModel
    rest = dotted.split(".")
    key: Key = ()
    while True:
        label, used = _step(node, kind, rest, key)
        key, rest, kind = (*key, label), rest[used:], below(kind, label)
        if not rest:
            return key
        node = _child(node, label)
        if not isinstance(node, dict | list):
            raise Refused(f"{'.'.join(str(part) for part in key)} is a value without keys of its own")


def _step(node: Any, kind: Any, rest: list[str], key: Key) -> tuple[str | int, int]:
    """The label that the next parts of a dotted path mean, and how many parts it takes.

    Ids may hold dots, so the longest label that fits is taken.
    """
    options = _labels(node, kind)
    for used in range(len(rest), 0, -1):
        label = options.get(".".join(rest[:used]))
        if label is not None:
            return label, used
    if is_free(kind) and key != ("parameters",) and rest[0] and isinstance(node, dict) and not is_value(node):
        return rest[0], 1
    where = f"[{'.'.join(str(part) for part in key)}]" if key else "a scenario"
    what = "row" if isinstance(node, list) else "key"
    raise Refused(f"{rest[0]!r} is an unknown {what} of {where}{suggestion(rest[0], options)}")


def _labels(node: Any, kind: Any) -> dict[str, str | int]:
    """Labels below a node, by how a dotted path writes them."""
    if isinstance(node, list):
        labels = [label_of(item, position) for position, item in enumerate(node)]
        return {str(label): label for label in labels}
    known: list[str] = list(node) if isinstance(node, dict) else []
    table = table_of(kind)
    if table is not None:
        known += keys_of(table)
    if is_value(node):
        known += NOTES
    return {name: name for name in known}


def _child(node: Any, label: str | int) -> Any:
    if isinstance(node, list):
        return node[_position(node, label)]
    return node.get(label, {})


def _position(rows: list[Any], label: str | int) -> int:
    return next(i for i, row in enumerate(rows) if label_of(row, i) == label)


def _put(tree: dict[str, Any], key: Key, value: Any) -> None:
    if len(key) == 3 and key[-1] == "id":
        raise Refused("an id cannot be overridden: other rows refer to it")
    node: Any = tree
    for label in key[:-1]:
        if isinstance(node, dict):
            node.setdefault(label, {})
        node = _child(node, label)
        if is_value(node) and key[-1] not in NOTES - {"value"}:
            for note in _EXTENT:
                node.pop(note, None)
    label = key[-1]
    if isinstance(node, list):
        position = _position(node, label)
        node[position] = _laid_over(node[position], value)
        return
    if is_rows(node.get(label)):
        raise Refused(f"an array of tables is overridden row by row: {label}.ID.KEY=VALUE")
    node[label] = _laid_over(node.get(label), value)


def _laid_over(old: Any, value: Any) -> Any:
    """The new value; a plain number keeps source, grade and reason of the old one, but has no range."""
    if is_value(old) and isinstance(value, int | float):
        kept = {note: old[note] for note in old if note in NOTES - _EXTENT}
        return {**kept, "value": value}
    return merge(old, value)
