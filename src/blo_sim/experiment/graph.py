"""Measures of an office network as a graph, with every channel open."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from blo_sim.experiment.exchange import office_labels

if TYPE_CHECKING:
    from blo_sim.scenario.schema import ScenarioModel
    from blo_sim.world.compile import World


def graph_measures(model: ScenarioModel, world: World) -> dict[str, Any]:
    """Measures of the office network of a scenario.

    Returns
    -------
    dict
        ``nodes`` and directed ``edges``, ``density``; ``mean_delay_h`` and ``diameter`` (hops), the mean
        and the largest of shortest ways between all offices of which one reaches the other;
        ``betweenness``, the largest share of such ways (by delay) through one office, and ``between``,
        which that is; ``degree``, the mean number of offices that the post of a BLO with a link sends to.
        None where undefined.
    """
    import networkx as nx

    from blo_sim.world.offices import network

    graph = network(model, world.effects)
    shares = nx.betweenness_centrality(graph, weight="delay") if graph else {}
    busiest = max(shares, key=shares.__getitem__, default=None)
    hops = [
        length for _, found in nx.all_pairs_shortest_path_length(graph) for length in found.values() if length
    ]
    return {
        "nodes": graph.number_of_nodes(),
        "edges": graph.number_of_edges(),
        "density": float(nx.density(graph)),
        "mean_delay_h": _mean_delay(graph),
        "diameter": max(hops, default=None),
        "betweenness": None if busiest is None else float(shares[busiest]),
        "between": office_labels(model)[busiest] if busiest is not None and shares[busiest] else None,
        "degree": _mean_degree(graph, model, world),
    }


def _mean_delay(graph: Any) -> float | None:
    """Mean over ordered pairs, in hours."""
    import networkx as nx

    delays = [
        delay
        for source, found in nx.all_pairs_dijkstra_path_length(graph, weight="delay")
        for target, delay in found.items()
        if target != source
    ]
    return sum(delays) / len(delays) if delays else None


def _mean_degree(graph: Any, model: ScenarioModel, world: World) -> float | None:
    posts = {row.post for row in model.offices if row.id in world.effects and row.components.link}
    return sum(graph.out_degree(post) for post in posts) / len(posts) if posts else None
