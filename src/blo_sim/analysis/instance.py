"""A network instance: arcs that a smuggler passes undetected with a probability, and where he may go.

The file is JSON. Each entry of ``arcs`` has ``tail``, ``head`` and ``evade``, the probability of passing it
undetected; with ``evade_sensor``, that probability beside a sensor (an office), it is a *candidate* for one,
and ``owner`` may say who decides on it. ``od`` lists pairs [origin, destination], ``od_prob`` gives each its
probability (a list) or all the same (a number). ``source``, ``note`` and ``optimum`` inform readers only.

Nodes are whole numbers or texts, and 1 is not "1". Several arcs may join the same two nodes. An arc with
``evade = 0`` is never passed. A pair without any way has evasion 0. Probabilities may sum to less than 1: the
rest is smugglers who stay away, whose evasion counts as 0.
"""

from __future__ import annotations

import json
import math
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from blo_sim.errors import UsageError
from blo_sim.scenario import library
from blo_sim.scenario.names import shown, suggestion

Node = int | str
SUM_TOLERANCE = 1e-9
INFORMATION = ("source", "note", "optimum")
KEYS = ("arcs", "od", "od_prob", *INFORMATION)
ARC_KEYS = ("tail", "head", "evade", "evade_sensor", "owner")
SUFFIX = ".json"


@dataclass(frozen=True, slots=True)
class Arc:
    """A directed arc.

    Parameters
    ----------
    tail, head : int or str
        Where it leaves and where it arrives.
    evade : float
        Probability of passing it undetected, 0 to 1.
    evade_sensor : float, optional
        The same beside a sensor, at most ``evade``; None where no sensor can stand.
    owner : str, optional
        Who decides whether one stands there.
    """

    tail: Node
    head: Node
    evade: float
    evade_sensor: float | None = None
    owner: str | None = None


@dataclass(frozen=True, slots=True)
class Instance:
    """A network with its smugglers.

    Parameters
    ----------
    name : str
        The stem of its file.
    arcs : tuple of Arc
    od : tuple of (node, node)
        Origin and destination of each kind of smuggler.
    probabilities : tuple of float
        One a pair of ``od``; their sum is at most 1.
    source : str
        Where the numbers come from; may be empty.
    """

    name: str
    arcs: tuple[Arc, ...]
    od: tuple[tuple[Node, Node], ...]
    probabilities: tuple[float, ...]
    source: str = ""

    @property
    def candidates(self) -> tuple[int, ...]:
        """Places in ``arcs`` at which a sensor can stand."""
        return tuple(place for place, arc in enumerate(self.arcs) if arc.evade_sensor is not None)

    @property
    def owners(self) -> tuple[str, ...]:
        """The owners of candidates, sorted; empty if no candidate has one."""
        return tuple(sorted({arc.owner for arc in self.arcs if arc.owner and arc.evade_sensor is not None}))

    def document(self) -> dict[str, Any]:
        """What its file would contain, ready for `json.dump`."""
        keys = ("tail", "head", "evade", "evade_sensor", "owner")
        arcs = [
            {key: getattr(arc, key) for key in keys if getattr(arc, key) is not None} for arc in self.arcs
        ]
        content = {
            "arcs": arcs,
            "od": [list(pair) for pair in self.od],
            "od_prob": list(self.probabilities),
        }
        return {"source": self.source, **content} if self.source else content


def instance_names() -> list[str]:
    """Names of the bundled instances, sorted."""
    return sorted(path.stem for path in _bundled().glob(f"*{SUFFIX}"))


def load_instance(source: str | os.PathLike[str] | Instance) -> Instance:
    """Read and check an instance.

    Parameters
    ----------
    source : str, path or Instance
        A file, or the name of a bundled instance such as ``"pcm12"``.

    Raises
    ------
    UsageError
        Naming the file, the key, its value and what would be right.
    """
    if isinstance(source, Instance):
        return source
    path = _path(os.fspath(source))
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
        raise UsageError(f"{path}: cannot be read: {reason or error}") from None
    try:
        content = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise UsageError(f"{path}: is not JSON: {error}") from None
    return parse_instance(content, path.stem, file=str(path))


def parse_instance(content: Any, name: str, *, file: str | None = None) -> Instance:
    """Check the content of an instance's file (see the module).

    Parameters
    ----------
    content : dict
        As `json.load` gives it.
    name : str
        What the instance is called.
    file : str, optional
        What messages call it; ``name`` if left out.

    Raises
    ------
    UsageError
        As for `load_instance`.
    """
    return _Reader(file or name).instance(content, name)


def _bundled() -> Path:
    return library.directory() / "instances"


def _path(source: str) -> Path:
    path = Path(source)
    if path.exists() or path.suffix or path.parent != Path():
        return path
    if source in instance_names():
        return _bundled() / f"{source}{SUFFIX}"
    raise UsageError(
        f"{source}: there is neither such a file nor a bundled instance{suggestion(source, instance_names())}"
    )


class _Reader:
    """Checks of one file, whose name every message begins with."""

    def __init__(self, file: str) -> None:
        self.file = file

    def refused(self, key: str, message: str) -> UsageError:
        return UsageError(f"{self.file}: {key}: {message}" if key else f"{self.file}: {message}")

    def instance(self, content: Any, name: str) -> Instance:
        if not isinstance(content, Mapping):
            raise self.refused(
                "", f"must be an object with the keys arcs, od and od_prob, not {shown(content)}"
            )
        self.known("", content, KEYS)
        arcs = tuple(self.arc(place, row) for place, row in enumerate(self.rows(content, "arcs")))
        self.owned(arcs)
        nodes = {arc.tail for arc in arcs} | {arc.head for arc in arcs}
        od = tuple(self.pair(place, row, nodes) for place, row in enumerate(self.rows(content, "od")))
        for key in ("source", "note"):
            if not isinstance(content.get(key, ""), str):
                raise self.refused(key, f"is {shown(content[key])}; it must be a text")
        return Instance(name, arcs, od, self.probabilities(content, len(od)), content.get("source", ""))

    def known(self, within: str, row: Mapping[str, Any], keys: Sequence[str]) -> None:
        for key in row:
            if key not in keys:
                raise self.refused(f"{within}{key}", f"unknown key{suggestion(key, keys)}")

    def required(self, within: str, row: Mapping[str, Any], key: str) -> Any:
        if key not in row:
            raise self.refused(f"{within}{key}", "is missing")
        return row[key]

    def rows(self, content: Mapping[str, Any], key: str) -> list[Any]:
        rows = self.required("", content, key)
        if not isinstance(rows, list) or not rows:
            raise self.refused(key, f"is {shown(rows)}; it must be a list with at least one entry")
        return rows

    def arc(self, place: int, row: Any) -> Arc:
        within = f"arcs[{place}]."
        if not isinstance(row, Mapping):
            raise self.refused(
                within[:-1], f"is {shown(row)}; it must be an object with tail, head and evade"
            )
        self.known(within, row, ARC_KEYS)
        tail, head = (
            self.node(f"{within}{key}", self.required(within, row, key)) for key in ("tail", "head")
        )
        if tail == head:
            raise self.refused(f"{within}head", f"is {shown(head)}, its tail; an arc joins two nodes")
        evade = self.share(f"{within}evade", self.required(within, row, "evade"))
        sensor = None
        if "evade_sensor" in row:
            sensor = self.share(f"{within}evade_sensor", row["evade_sensor"])
            if sensor > evade:
                message = f"is {shown(sensor)}; it must be at most evade, {shown(evade)}"
                raise self.refused(f"{within}evade_sensor", message)
        owner = row.get("owner")
        if "owner" in row and (not isinstance(owner, str) or not owner):
            raise self.refused(f"{within}owner", f"is {shown(owner)}; it must be a text")
        return Arc(tail, head, evade, sensor, owner)

    def owned(self, arcs: Sequence[Arc]) -> None:
        """Either all candidates have an owner or none: there is no right guess for the others."""
        candidates = [place for place, arc in enumerate(arcs) if arc.evade_sensor is not None]
        free = [place for place in candidates if arcs[place].owner is None]
        if free and len(free) < len(candidates):
            message = "is missing; give an owner to every arc with evade_sensor, or to none"
            raise self.refused(f"arcs[{free[0]}].owner", message)

    def pair(self, place: int, row: Any, nodes: set[Node]) -> tuple[Node, Node]:
        key = f"od[{place}]"
        if not isinstance(row, list) or len(row) != 2:
            raise self.refused(key, f"is {shown(row)}; it must be a list of an origin and a destination")
        origin, destination = (self.node(f"{key}[{end}]", node) for end, node in enumerate(row))
        for end, node in enumerate((origin, destination)):
            if node not in nodes:
                raise self.refused(f"{key}[{end}]", f"is {shown(node)}; no arc has this node")
        if origin == destination:
            raise self.refused(key, f"is {shown(row)}; origin and destination must differ")
        return origin, destination

    def probabilities(self, content: Mapping[str, Any], pairs: int) -> tuple[float, ...]:
        given = self.required("", content, "od_prob")
        if isinstance(given, list):
            if len(given) != pairs:
                raise self.refused(
                    "od_prob", f"has {len(given)} entries; it must have one a pair of od, {pairs}"
                )
            found = tuple(self.share(f"od_prob[{place}]", each) for place, each in enumerate(given))
        else:
            found = (self.share("od_prob", given),) * pairs
        total = math.fsum(found)
        if total > 1.0 + SUM_TOLERANCE:
            raise self.refused(
                "od_prob", f"the probabilities of the {pairs} pairs sum to {total:g}; at most 1"
            )
        return found

    def node(self, key: str, value: Any) -> Node:
        if isinstance(value, int | str) and not isinstance(value, bool):
            return value
        raise self.refused(key, f"is {shown(value)}; a node is a whole number or a text")

    def share(self, key: str, value: Any) -> float:
        if isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= 1:
            return float(value)
        raise self.refused(key, f"is {shown(value)}; it must be a number from 0 to 1")
