"""Makes ``src/blo_sim/workshop/static/borders.json``: ``python -m tools.borders FILE_50M FILE_10M``.

The two files are ``countries-50m.json`` and ``countries-10m.json`` of the npm package world-atlas 2.0.2
(Natural Earth, public domain). Kept are the borders of states and the coasts within a box around the region
and, from the finer file, those of the Fergana valley, as lines of a TopoJSON topology. They are illustrative:
no opinion on any border is meant.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

OUT = Path(__file__).parents[1] / "src/blo_sim/workshop/static/borders.json"
REGION, FERGANA = (44.0, 27.0, 93.0, 60.0), (69.0, 39.0, 74.5, 42.6)
"""West, south, east, north."""
GRAIN = 1e-3
Point = tuple[float, float]


def main(paths: list[str]) -> int:
    """Read both files, write one."""
    if len(paths) != 2:
        print(__doc__, file=sys.stderr)
        return 2
    coarse, fine = (json.loads(Path(path).read_text(encoding="utf-8")) for path in paths)
    arcs: list[list[list[int]]] = []
    objects = {
        "borders": lines(coarse, REGION, 2, arcs),
        "coasts": lines(coarse, REGION, 1, arcs),
        "fergana": lines(fine, FERGANA, 2, arcs),
    }
    found = {
        "type": "Topology",
        "transform": {"scale": [GRAIN, GRAIN], "translate": [0, 0]},
        "objects": objects,
        "arcs": arcs,
    }
    OUT.write_text(json.dumps(found, separators=(",", ":")) + "\n", encoding="utf-8")
    return 0


def lines(topology: dict[str, Any], box: tuple[float, ...], users: int, arcs: list[Any]) -> dict[str, Any]:
    """The arcs that so many states have, cut to a box, as a MultiLineString."""
    shared: dict[int, set[int]] = {}
    for number, state in enumerate(topology["objects"]["countries"]["geometries"]):
        for arc in numbers(state.get("arcs", [])):
            shared.setdefault(arc if arc >= 0 else ~arc, set()).add(number)
    kept = []
    for arc in sorted(each for each, states in shared.items() if len(states) == users):
        for part in within(decoded(topology, arc), box):
            kept.append([len(arcs)])
            arcs.append(encoded(part))
    return {"type": "MultiLineString", "arcs": kept}


def numbers(nested: Any) -> Iterator[int]:
    """Numbers of arcs, however deep they stand."""
    for each in nested:
        if isinstance(each, int):
            yield each
        else:
            yield from numbers(each)


def decoded(topology: dict[str, Any], arc: int) -> list[Point]:
    """Positions of an arc."""
    (a, b), (c, d) = topology["transform"]["scale"], topology["transform"]["translate"]
    x = y = 0
    found = []
    for dx, dy in topology["arcs"][arc]:
        x, y = x + dx, y + dy
        found.append((a * x + c, b * y + d))
    return found


def within(points: list[Point], box: tuple[float, ...]) -> Iterator[list[Point]]:
    """The parts of a line of which an end of each piece lies in a box."""
    west, south, east, north = box

    def inside(point: Point) -> bool:
        return west <= point[0] <= east and south <= point[1] <= north

    part: list[Point] = []
    for one, other in pairwise(points):
        if inside(one) or inside(other):
            part = part or [one]
            part.append(other)
        elif part:
            yield part
            part = []
    if part:
        yield part


def encoded(points: list[Point]) -> list[list[int]]:
    """An arc on the grid, by differences, without repeated positions."""
    found: list[list[int]] = []
    x = y = 0
    for lon, lat in points:
        dx, dy = round(lon / GRAIN) - x, round(lat / GRAIN) - y
        if not found or dx or dy:
            found.append([dx, dy])
            x, y = x + dx, y + dy
    if len(found) == 1:
        found.append([0, 0])
    return found


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
