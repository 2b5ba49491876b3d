"""On which line of a TOML text each key stands.

The standard library's reader keeps no positions, so messages find their line here: headers and keys
that start a line count, and what stands inside a value belongs to the key before it.
"""

from __future__ import annotations

import re
import tomllib
from typing import Any

Key = tuple[str | int, ...]
"""A place in a scenario: keys of tables, ids of rows, positions of list items without an id."""

_PART = r"""(?:[A-Za-z0-9_-]+|"(?:[^"\\\n]|\\.)*"|'[^'\n]*')"""
_DOTTED = rf"{_PART}(?:[ \t]*\.[ \t]*{_PART})*"
_HEADER = re.compile(rf"[ \t]*(\[\[?)[ \t]*({_DOTTED})[ \t]*\]")
_ASSIGNMENT = re.compile(rf"[ \t]*({_DOTTED})[ \t]*=")
_TOKEN = re.compile(r'"""|\'\'\'|"(?:[^"\\\n]|\\.)*"|\'[^\'\n]*\'|[\[\]{}#]')
_ENDS = {'"""': re.compile(r'(?:[^"\\]|\\.|"(?!""))*"{3,5}'), "'''": re.compile(r"(?:[^']|'(?!''))*'{3,5}")}


def label_of(row: Any, position: int) -> str | int:
    """How a key names an item of a list: by its id, else by its position."""
    name = row.get("id") if isinstance(row, dict) else None
    return name if isinstance(name, str) else position


def line_numbers(text: str, data: dict[str, Any]) -> dict[Key, int]:
    """Line (from 1) of every header and key that starts a line.

    Parameters
    ----------
    text : str
        Valid TOML.
    data : dict
        The same text, read: gives the ids of rows.
    """
    lines: dict[Key, int] = {}
    counts: dict[tuple[str, ...], int] = {}
    table: tuple[str, ...] = ()
    inside = _Inside()
    for number, line in enumerate(text.split("\n"), start=1):
        if inside.free():
            header = _HEADER.match(line)
            assignment = _ASSIGNMENT.match(line)
            if header:
                table = _parts(header[2])
                if header[1] == "[[":
                    counts[table] = counts.get(table, -1) + 1
                lines[_labelled(table, counts, data)] = number
                continue
            if assignment:
                whole = _labelled((*table, *_parts(assignment[1])), counts, data)
                lines[whole] = number
        inside.read(line)
    return lines


def line_of(lines: dict[Key, int], key: Key) -> int:
    """Line of the nearest key or header around ``key``; 0 if there is none."""
    for length in range(len(key), 0, -1):
        if key[:length] in lines:
            return lines[key[:length]]
    return 0


class _Inside:
    """Whether the end of a line lies within a multi-line string or an unclosed bracket."""

    def __init__(self) -> None:
        self.quote = ""
        self.depth = 0

    def free(self) -> bool:
        return not self.quote and self.depth == 0

    def read(self, line: str) -> None:
        at = 0
        while at <= len(line):
            if self.quote:
                end = _ENDS[self.quote].match(line, at)
                if end is None:
                    return
                self.quote, at = "", end.end()
            token = _TOKEN.search(line, at)
            if token is None or token[0] == "#":
                return
            at = token.end()
            if token[0] in _ENDS:
                self.quote = token[0]
            elif token[0] in "[{":
                self.depth += 1
            elif token[0] in "]}":
                self.depth -= 1


def _parts(dotted: str) -> tuple[str, ...]:
    """The parts of a dotted key, quotes taken off."""
    node: Any = tomllib.loads(f"[{dotted}]")
    parts = []
    while node:
        ((part, node),) = node.items()
        parts.append(part)
    return tuple(parts)


def _labelled(parts: tuple[str, ...], counts: dict[tuple[str, ...], int], data: dict[str, Any]) -> Key:
    """A key with the label of the current row put in after each array of tables."""
    key: list[str | int] = []
    node: Any = data
    for length, part in enumerate(parts, start=1):
        key.append(part)
        node = node.get(part) if isinstance(node, dict) else None
        position = counts.get(parts[:length])
        if position is not None and isinstance(node, list) and position < len(node):
            node = node[position]
            key.append(label_of(node, position))
    return tuple(key)
