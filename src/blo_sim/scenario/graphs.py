"""Other office networks for a loaded scenario: a layout by its name, or a researcher's own graph.

Nodes of a graph are ids of posts, sectors, units, headquarters and centres; an undirected edge goes both
ways. An edge may have ``delay_h`` (a mean, hours, of a distribution like that of ``[link]``), ``loss`` and
``willingness``; what it leaves out is that of ``[link]``. The edges replace ``[[channels]]`` except for the
scenario's own *home channels*, which have both ends in one country, so that an office that the graph does not
name still reports to its capital. Where both join the same two offices, messages take the faster channel.
Links of BLOs open nothing beside the graph.
"""

from __future__ import annotations

import json
import math
import os
from collections import Counter
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any

from blo_sim.errors import Problem, ScenarioError, UsageError
from blo_sim.scenario.load import Scenario, rebuilt
from blo_sim.scenario.names import shown, suggestion
from blo_sim.scenario.values import Distribution

if TYPE_CHECKING:
    from blo_sim.scenario.schema import Channel, Link, ScenarioModel

SUFFIXES = (".graphml", ".json")
TERMS = ("delay_h", "loss", "willingness")
CAPITALS = "capitals"
_MALFORMED = (LookupError, ValueError, TypeError, AttributeError, RecursionError)
"""What readers of networkx raise on top of their own errors, where a file has another shape."""


def with_layout(scenario: Scenario, name: str) -> Scenario:
    """The scenario under a layout, as if its file had the key ``layout``; it is called like the layout.

    Parameters
    ----------
    name : str
        A layout, such as ``"hub"`` or ``"pairs+hub"``.

    Raises
    ------
    ScenarioError
        If there is no such layout.
    """
    return rebuilt(scenario, {"layout": name}, name)


def read_graph(path: str | os.PathLike[str], scenario: Scenario) -> Scenario:
    """The scenario with the office network of a graph (see the module), called like the file's stem.

    Parameters
    ----------
    path : str or path
        GraphML (``.graphml``), where a node's attribute ``office`` counts before its key, or node-link JSON
        (``.json``) with its edges under ``edges`` or ``links``. Of parallel edges the fastest counts.

    Raises
    ------
    UsageError
        If the file's ending is neither.
    ScenarioError
        If the file cannot be read, names an unknown office, has an edge that is no channel, or an office
        without a path to any other; if the scenario has no ``[link]``.
    """
    path = Path(path)
    if path.suffix.lower() not in SUFFIXES:
        raise UsageError(f"{path}: a graph is GraphML (.graphml) or node-link JSON (.json)")
    link = scenario.model.link
    if link is None:
        raise _refused(path, ["a graph needs the scenario's table [link], whose terms its edges share"])
    graph = _read(path)
    faults = [*_node_faults(graph, scenario.model), *_edge_faults(graph)]
    if faults:
        raise _refused(path, faults)
    rows = [*_graph_rows(graph, link, scenario), *_home_rows(scenario)]
    return rebuilt(scenario, {"layout": "channels", "channels": rows}, path.stem)


def _refused(path: Path, messages: list[str]) -> ScenarioError:
    return ScenarioError([Problem(str(path), 0, "", message) for message in messages])


# The file


def _read(path: Path) -> Any:
    """The graph (networkx, of whichever class), its nodes called by their offices."""
    from xml.etree.ElementTree import ParseError

    import networkx as nx

    is_xml = path.suffix.lower() == ".graphml"
    try:
        graph = nx.read_graphml(path) if is_xml else _node_link(path.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise _refused(path, [f"cannot be read: {error.strerror or error}"]) from None
    except (nx.NetworkXException, ParseError, *_MALFORMED) as error:
        what = "GraphML" if is_xml else 'node-link JSON with "nodes" and "edges" (or "links")'
        raise _refused(path, [f"is not {what}: {error}"]) from None
    names = [_office(node, data if is_xml else {}) for node, data in graph.nodes(data=True)]
    twice = [name for name, times in Counter(names).items() if times > 1]
    if twice:
        raise _refused(path, [f"the office {name!r} is given by several nodes" for name in twice])
    defaults = graph.graph.get("edge_default", {}) if is_xml else {}
    for *_, data in graph.edges(data=True):
        for key, value in defaults.items():
            data.setdefault(key, value)
    return nx.relabel_nodes(graph, dict(zip(graph, names, strict=True)))


def _node_link(text: str) -> Any:
    import networkx as nx

    data = json.loads(text)
    return nx.node_link_graph(data, edges="edges" if "edges" in data else "links")


def _office(node: Any, data: dict[str, Any]) -> str:
    return str(data.get("office", node))


# What is wrong with it


def _node_faults(graph: Any, model: ScenarioModel) -> Iterator[str]:
    import networkx as nx

    known = [row.id for rows in (*_at_home(model).values(), model.centres) for row in rows]
    if not graph:
        yield "the graph has no nodes"
    for node in graph:
        if node not in known:
            yield f"{node!r} is no post, sector, unit, headquarters or centre{suggestion(node, known)}"
        elif not any(other != node for other in nx.all_neighbors(graph, node)):
            yield f"{node!r} has no path to any other office of the graph"


def _edge_faults(graph: Any) -> Iterator[str]:
    for tail, head, data in graph.edges(data=True):
        where = f"edge {tail} - {head}"
        if tail == head:
            yield f"{where}: an office has no channel to itself"
        for name in data:
            yield from (f"{where}: {fault}" for fault in _misspelt(str(name)))
        if "delay_h" in data and not (_is_number(data["delay_h"]) and data["delay_h"] > 0):
            yield f"{where}: delay_h {shown(data['delay_h'])} must be a number greater than 0"
        for name in ("loss", "willingness"):
            if name in data and not (_is_number(data[name]) and 0 <= data[name] <= 1):
                yield f"{where}: {name} {shown(data[name])} must be a number from 0 to 1"


def _misspelt(name: str) -> Iterator[str]:
    """Drawing programs add attributes of their own, so only those that look like ours are refused."""
    for key in TERMS:
        if name != key and name.lower().partition("_")[0] == key.partition("_")[0]:
            yield f"unknown attribute {name!r}; did you mean {key!r}?"


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


# Its channels


def _graph_rows(graph: Any, link: Link, scenario: Scenario) -> list[dict[str, Any]]:
    """Rows of ``[[channels]]``, one for each two offices that an edge joins (each direction of a digraph)."""
    usual = {key: value for key, value in scenario.tables["link"].items() if key in TERMS}
    delay = link.delay_h
    taken = {row["id"] for rows in scenario.tables.values() if isinstance(rows, list) for row in rows}
    names = (name for name in (f"graph-{number}" for number in count(1)) if name not in taken)
    rows = []
    for tail, head, data in _fastest(graph, delay.mean):
        terms = {**usual, **{key: float(data[key]) for key in ("loss", "willingness") if key in data}}
        if "delay_h" in data:
            terms["delay_h"] = Distribution(delay.kind, float(data["delay_h"]), delay.cv).written()
        both_ways = not graph.is_directed()
        rows.append({"id": next(names), "from": tail, "to": head, **terms, "both_ways": both_ways})
    return rows


def _fastest(graph: Any, usual: float) -> list[tuple[str, str, dict[str, Any]]]:
    """Edges, of parallel ones the first of least mean delay, in the order of the file."""
    best: dict[Any, tuple[str, str, dict[str, Any]]] = {}
    for tail, head, data in graph.edges(data=True):
        ends = (tail, head) if graph.is_directed() else frozenset((tail, head))
        known = best.get(ends)
        if known is None or data.get("delay_h", usual) < known[2].get("delay_h", usual):
            best[ends] = (tail, head, data)
    return list(best.values())


def _home_rows(scenario: Scenario) -> list[dict[str, Any]]:
    """The scenario's rows of ``[[channels]]`` within a country; a row that also goes abroad is split up."""
    written = {row["id"]: row for row in scenario.tables.get("channels", [])}
    rows: list[dict[str, Any]] = []
    for channel in scenario.model.channels:
        row = written[channel.id]
        ends = _ends_at_home(scenario.model, channel)
        if ends is None:
            rows.append(row)
        else:
            rows += [
                {**row, "id": f"{channel.id}.{number}", "from": tail, "to": head}
                for number, (tail, head) in enumerate(ends, start=1)
            ]
    return rows


def _ends_at_home(model: ScenarioModel, channel: Channel) -> list[tuple[str, str]] | None:
    """Ends within one country of a channel; None if it joins no others."""
    groups = _at_home(model)
    words = (channel.from_ in groups, channel.to in groups)
    if all(words) and (channel.from_ == CAPITALS) != (channel.to == CAPITALS):
        return None
    country = {row.id: row.country for rows in groups.values() for row in rows}
    tails, heads = (
        [row.id for row in groups[end]] if end in groups else [end] for end in (channel.from_, channel.to)
    )
    joined = [(tail, head) for tail in tails for head in heads if tail != head]
    home = [ends for ends in joined if ends[0] in country and country[ends[0]] == country.get(ends[1])]
    return None if home == joined else home


def _at_home(model: ScenarioModel) -> dict[str, Any]:
    """Offices that have a country, by the word that means them in ``[[channels]]``."""
    return {
        "posts": model.posts, "sectors": model.sectors, "units": model.units, CAPITALS: model.headquarters,
    }  # fmt: skip
