"""What a scenario assumes: each value with its grade, source or reason, and range.

A value has these notes in its own long form, or shares those of its row. Ranges of a row's plain
numbers are ``range_factor``: from value / factor to value x factor.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, get_args

from blo_sim.scenario.layers import is_rows, is_value
from blo_sim.scenario.lines import Key, label_of
from blo_sim.scenario.names import shown, suggestion
from blo_sim.scenario.schema import Grade
from blo_sim.scenario.values import NOTES, SHAPES

GRADES: tuple[str, ...] = get_args(Grade)
SCALES = ("linear", "log")
SETTINGS = frozenset({("run",), ("route_choice", "paths"), ("link", "reach_legs")})
"""Design of the experiment and whole numbers of tables without notes: nothing that a grade could describe."""
_ROW_NOTES = frozenset({"grade", "source", "reason", "range_factor"})
_POSITION = frozenset({"lat", "lon", "within_km"})
_CALENDAR = frozenset({"from_hour", "to_hour", "closed_months", "weekdays"})


@dataclass(frozen=True, slots=True)
class Assumption:
    """One value, or the plain numbers of one row, with what is known about them (all as text)."""

    key: str
    value: str
    grade: str
    source: str
    reason: str
    range: str


@dataclass(frozen=True, slots=True)
class _Noted:
    """A value in long form, or a row (``row`` is True) with its plain numbers, before it is put in words."""

    key: Key
    table: dict[str, Any]
    owner: dict[str, Any]
    row: bool
    numbers: tuple[tuple[Key, float], ...]

    def note(self, name: str) -> Any:
        """A note of the value itself, else of its row."""
        return self.table.get(name, self.owner.get(name))


def collect(tree: dict[str, Any]) -> tuple[list[Assumption], list[str]]:
    """The assumptions of a merged scenario, and the keys of numbers that have no grade."""
    assumptions: list[Assumption] = []
    ungraded: list[str] = []
    for noted in _all(tree):
        if noted.note("grade") is not None:
            if noted.row or "grade" in noted.table:
                assumptions.append(_in_words(noted))
        else:
            ungraded += [_dotted(key) for key, _ in noted.numbers]
    return assumptions, ungraded


def range_of(tree: dict[str, Any], table: str, name: str) -> tuple[float, float] | None:
    """The range that a value of a table is said to lie in, directly or by the parameter that it names.

    Parameters
    ----------
    tree : dict
        A merged scenario.
    table, name : str
        Such as ``"behaviour"`` and ``"risk_threshold"``.

    Returns
    -------
    (low, high), or None if there is no such range
    """
    value = tree.get(table, {}).get(name)
    if isinstance(value, str):
        value = tree.get("parameters", {}).get(value)
    if not isinstance(value, dict) or "range" not in value:
        return None
    low, high = value["range"]
    return float(low), float(high)


def form_faults(tree: dict[str, Any]) -> list[tuple[Key, str]]:
    """What is wrong with the form of notes, whatever their content."""
    faults: list[tuple[Key, str]] = []
    for noted in _all(tree):
        if not noted.row:
            faults += [((*noted.key, name), message) for name, message in _form(noted.table)]
    return faults


def grade_faults(tree: dict[str, Any]) -> list[tuple[Key, str]]:
    """Values whose notes are not what their grade asks for.

    ``seed``, ``published`` and ``derived`` need a source; ``judged`` needs a reason and a range (or
    ``range_factor`` of the row) that holds the value.
    """
    faults: list[tuple[Key, str]] = []
    for noted in _all(tree):
        grade = noted.note("grade")
        if grade in ("seed", "published", "derived") and not noted.note("source"):
            faults.append((noted.key, f"a {grade} value names its source"))
        if grade == "judged" and not noted.note("reason"):
            faults.append((noted.key, "a judged value gives its reason"))
        if grade == "judged" and not _has_range(noted):
            wanted = "range_factor" if noted.row else "range"
            faults.append((noted.key, f"a judged value gives its {wanted}"))
        mean = None if noted.row else _mean(noted.table)
        if mean is not None and "range" in noted.table:
            low, high = noted.table["range"]
            if not low <= mean <= high:
                message = f"[{low:g}, {high:g}] does not hold the value {mean:g}"
                faults.append(((*noted.key, "range"), message))
    return faults


def _all(tree: dict[str, Any]) -> Iterator[_Noted]:
    """Every long form, every row, and the plain numbers outside rows."""
    for name, child in tree.items():
        if is_rows(child):
            for row in child:
                yield from _row((name, row["id"]), row)
        elif isinstance(child, dict):
            forms, numbers = _below((name,), child, _ROW_NOTES if name != "parameters" else frozenset())
            yield from (_form_of(key, form, {}) for key, form in forms)
            for key, number in numbers:
                yield _Noted(key, {}, {}, False, ((key, number),))


def _row(key: Key, row: dict[str, Any]) -> Iterator[_Noted]:
    forms, numbers = _below(key, row, _ROW_NOTES)
    yield _Noted(key, row, {}, True, tuple(numbers))
    yield from (_form_of(inner, form, row) for inner, form in forms)


def _form_of(key: Key, form: dict[str, Any], owner: dict[str, Any]) -> _Noted:
    _, numbers = _below(key, form, NOTES - {"value"}, inside=True)
    return _Noted(key, form, owner, False, tuple(numbers))


def _below(
    key: Key, node: Any, skip: frozenset[str], inside: bool = False
) -> tuple[list[tuple[Key, dict[str, Any]]], list[tuple[Key, float]]]:
    """Long forms with notes, and plain numbers, below a node."""
    forms: list[tuple[Key, dict[str, Any]]] = []
    numbers: list[tuple[Key, float]] = []
    if key in SETTINGS:
        return forms, numbers
    if isinstance(node, int | float) and not isinstance(node, bool):
        return forms, [(key, node)]
    if is_value(node) and not inside and (len(node) > 1 or "value" in node):
        return [(key, node)], numbers
    children: list[tuple[str | int, Any]] = []
    if isinstance(node, dict):
        children = [(name, child) for name, child in node.items() if name not in skip]
    elif isinstance(node, list):
        children = [(label_of(child, position), child) for position, child in enumerate(node)]
    for label, child in children:
        more_forms, more_numbers = _below((*key, label), child, frozenset())
        forms += more_forms
        numbers += more_numbers
    return forms, numbers


def _form(table: dict[str, Any]) -> Iterator[tuple[str, str]]:
    grade, scale = table.get("grade"), table.get("scale")
    if grade is not None and grade not in GRADES:
        hint = suggestion(grade, GRADES) if isinstance(grade, str) else ""
        yield "grade", f"{shown(grade)} must be one of {', '.join(GRADES)}{hint if 'mean' in hint else ''}"
    for name in ("source", "reason"):
        if not isinstance(table.get(name, ""), str):
            yield name, f"{shown(table[name])} must be text in quotes"
    if scale is not None and scale not in SCALES:
        yield "scale", f"{shown(scale)} must be one of {', '.join(SCALES)}"
    if "range" in table:
        yield from (("range", message) for message in _range_form(table["range"], scale))


def _range_form(pair: Any, scale: Any) -> Iterator[str]:
    if not isinstance(pair, list) or len(pair) != 2 or not all(map(_is_number, pair)) or pair[0] > pair[1]:
        yield f"{shown(pair)} must be [low, high], two numbers of which the first is not the larger"
    elif scale == "log" and pair[0] <= 0:
        yield f"{shown(pair)} must lie above 0 where scale is log"


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _has_range(noted: _Noted) -> bool:
    if not noted.row:
        return "range" in noted.table or "range_factor" in noted.owner
    names = [[part for part in key[2:] if isinstance(part, str)] for key, _ in noted.numbers]
    if any(_needs_factor(name, noted.key) for name in names):
        return "range_factor" in noted.table
    return not any(name[0] in ("lat", "lon") for name in names) or "within_km" in noted.table


def _needs_factor(name: list[str], row: Key) -> bool:
    """Whether a plain number of a row is a quantity, not a position or part of a calendar."""
    if name[-1] in _POSITION:
        return False
    opening = name == ["hours"] and row[0] in ("posts", "headquarters", "centres")
    weekdays = name == ["weekdays"] and row[0] in ("headquarters", "centres")
    return not (opening or weekdays or name[-1] in _CALENDAR - {"weekdays"})


def _mean(table: dict[str, Any]) -> float | None:
    """The number, or the mean of the distribution, of a long form; None where it is a name."""
    shape = next((name for name in (*SHAPES, "value") if name in table), None)
    body = table[shape] if shape else None
    mean = body.get("mean") if isinstance(body, dict) else body
    return float(mean) if _is_number(mean) and mean is not None else None


def _in_words(noted: _Noted) -> Assumption:
    factor = noted.note("range_factor")
    if "range" in noted.table and not noted.row:
        low, high = noted.table["range"]
        extent = f"{low:g} to {high:g}" + (" (log scale)" if noted.table.get("scale") == "log" else "")
    elif noted.row and "within_km" in noted.table and factor is None:
        extent = f"within {noted.table['within_km']:g} km"
    else:
        extent = "" if factor is None else f"value / {factor:g} to value x {factor:g}"
    return Assumption(
        key=_dotted(noted.key),
        value=_value_in_words(noted),
        grade=str(noted.note("grade")),
        source=str(noted.note("source") or ""),
        reason=str(noted.note("reason") or ""),
        range=extent,
    )


def _value_in_words(noted: _Noted) -> str:
    if noted.row:
        return ", ".join(f"{_dotted(key[2:])} {number:g}" for key, number in noted.numbers)
    shape = next(name for name in (*SHAPES, "value") if name in noted.table)
    body = noted.table[shape]
    if not isinstance(body, dict):
        return _plain(body)
    return f"{shape} ({', '.join(f'{name} {_plain(part)}' for name, part in body.items())})"


def _plain(value: Any) -> str:
    return f"{value:g}" if _is_number(value) else str(value)


def _dotted(key: Key) -> str:
    return ".".join(str(part) for part in key)
