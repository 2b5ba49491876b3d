"""What a scenario says may be otherwise: the ranges of its values, and the scenario at other points of them.

A value in long form has its own ``range``; rows have a ``range_factor``, of which `QUANTITIES` are drawn: one
factor a row. The rest of a row's numbers (rosters, calendars, shares of modes, positions) stay as they are:
they are whole numbers, or must add up. So do the headline's weights, which are a unit of account.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from blo_sim.scenario.layers import is_rows, is_value
from blo_sim.scenario.lines import Key
from blo_sim.scenario.load import Scenario, rebuilt
from blo_sim.scenario.values import SHAPES

QUANTITIES = {"flows": "volume_kg_per_year", "legs": "hours", "prices": "usd_per_kg"}
"""By array of tables, the key whose numbers take a row's factor."""
_NOT_DRAWN = frozenset({"run", "headline", "targets"})


@dataclass(frozen=True, slots=True)
class Range:
    """Where a value may lie.

    Parameters
    ----------
    key : tuple
        Of the value, or of the quantity of a row.
    low, high : float
        In the value's unit; of a row's quantity, factors of what stands there.
    log : bool
        Whether equal ratios are as likely, not equal differences.
    """

    key: Key
    low: float
    high: float
    log: bool

    @property
    def name(self) -> str:
        """The key as a dotted path."""
        return ".".join(str(part) for part in self.key)

    def at(self, position: float) -> float:
        """The value at a position from 0 (low) to 1 (high)."""
        if self.log:
            return self.low * float((self.high / self.low) ** position)
        return self.low + (self.high - self.low) * position


def ranges_of(scenario: Scenario) -> list[Range]:
    """Ranges of a scenario that are wider than a point, in the order of its file."""
    tables = scenario.tables
    weights = {("parameters", each) for each in tables["headline"]["weights"].values()}
    found: list[Range] = []
    for name, child in tables.items():
        if name in _NOT_DRAWN:
            continue
        if is_rows(child):
            for row in child:
                found += _of_row(name, row)
        else:
            found += [each for each in _below((name,), child) if each.key not in weights]
    return found


def with_values(scenario: Scenario, position: Callable[[str], float]) -> Scenario:
    """The scenario with another value in each of its ranges.

    Parameters
    ----------
    position : callable
        Takes a range's name, gives a number from 0 to 1. Two scenarios that have a range of one name thus get
        the same value, if they say the same of it.

    Raises
    ------
    ScenarioError
        If the values do not go together.
    """
    tables = dict(scenario.tables)
    fresh: set[str] = set()
    for each in ranges_of(scenario):
        table = str(each.key[0])
        if table not in fresh:
            tables[table] = copy.deepcopy(tables[table])
            fresh.add(table)
        _put(tables, each, each.at(position(each.name)))
    return rebuilt(scenario, {name: tables[name] for name in fresh}, scenario.name)


def _of_row(table: str, row: dict[str, Any]) -> Iterator[Range]:
    key: Key = (table, row["id"])
    yield from _below(key, row)
    quantity = QUANTITIES.get(table)
    factor = row.get("range_factor", 1.0)
    if quantity in row and factor > 1.0 and not _has_range(row[quantity]):
        yield Range((*key, quantity), 1.0 / factor, factor, log=True)


def _below(key: Key, node: Any) -> Iterator[Range]:
    """Long forms with a range below a node."""
    if not isinstance(node, dict):
        return
    if _has_range(node):
        low, high = node["range"]
        if low < high:
            yield Range(key, float(low), float(high), node.get("scale") == "log")
        return
    for name, child in node.items():
        yield from _below((*key, name), child)


def _has_range(node: Any) -> bool:
    return isinstance(node, dict) and is_value(node) and "range" in node


def _put(tables: dict[str, Any], each: Range, value: float) -> None:
    node: Any = tables
    for label in each.key[:-1]:
        node = next(row for row in node if row["id"] == label) if isinstance(node, list) else node[label]
    label = each.key[-1]
    if _has_range(node[label]):
        _put_mean(node[label], value)
    else:
        node[label] = _scaled(node[label], value)


def _put_mean(form: dict[str, Any], value: float) -> None:
    """Set the number, or the mean of the distribution, of a long form."""
    shape = next(name for name in (*SHAPES, "value") if name in form)
    if isinstance(form[shape], dict):
        form[shape] = {**form[shape], "mean": value}
    else:
        form[shape] = value


def _scaled(node: Any, factor: float) -> Any:
    """Plain numbers below a node times a factor; of a distribution its mean. Names stay."""
    if isinstance(node, dict):
        return {name: child if name == "cv" else _scaled(child, factor) for name, child in node.items()}
    return node * factor if isinstance(node, int | float) and not isinstance(node, bool) else node
