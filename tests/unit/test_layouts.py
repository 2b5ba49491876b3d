"""Layouts of the office network, and a researcher's own graph."""

from __future__ import annotations

import json
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Any

import networkx as nx
import pytest
from runs import load
from worlds import small_world

from blo_sim.errors import ScenarioError, UsageError
from blo_sim.scenario import Scenario, load_scenario
from blo_sim.scenario.graphs import read_graph, with_layout
from blo_sim.scenario.values import Distribution
from blo_sim.world import layouts, offices

Edge = tuple[str, str]
CENTRE = '\n[[centres]]\nid = "centre"\n'
FORD = """
[[crossings]]
id = "ford"
countries = ["AA", "BB"]
lat = 11.5
lon = 9.0

[[posts]]
id = "ford-aa"
crossing = "ford"
country = "AA"
roster = "medium"
d_prime = 0.0

[[posts]]
id = "ford-bb"
crossing = "ford"
country = "BB"
roster = "medium"
d_prime = 0.0

[[legs]]
id = "ford-leg"
from = "origin"
to = "market"
mode = "foot"
km = 10
hours = 1.0
crossing = "ford"

[[offices]]
id = "blo-ford"
post = "ford-bb"
opens = 2013-02-01

[offices.components]
link = true
"""
WORLD = small_world() + CENTRE + FORD
"""The bridge with an office on either side, a ford with one in BB and a bare post in AA, and a centre."""
ALL = ("blo-bridge", "blo-south", "blo-ford")


def both(*pairs: Edge) -> set[Edge]:
    return {ends for pair in pairs for ends in (pair, pair[::-1])}


HOME = both(
    ("bridge-aa", "capital-aa"), ("ford-aa", "capital-aa"), ("bridge-bb", "capital-bb"),
    ("ford-bb", "capital-bb"), ("hills-bb", "capital-bb"), ("north-unit", "capital-bb"),
    ("bridge-bb", "north-unit"), ("ford-bb", "north-unit"),
    # by the legs of the ford, within two legs of each other:
    ("bridge-aa", "ford-aa"), ("bridge-bb", "ford-bb"),
)  # fmt: skip
CAPITALS = both(("capital-aa", "capital-bb"))
PAIR = both(("bridge-aa", "bridge-bb"))
MESH = PAIR | both(("bridge-aa", "ford-bb"))
CENTRAL = both(("capital-aa", "centre"), ("capital-bb", "centre"))
OFFICES_CENTRE = both(("bridge-aa", "centre"), ("bridge-bb", "centre"), ("ford-bb", "centre"))
ADDED = {
    "isolated": set(),
    "capitals": CAPITALS,
    "pairs": PAIR,
    "hub": CENTRAL | OFFICES_CENTRE,
    "mesh": MESH,
    "pairs+hub": PAIR | CENTRAL | OFFICES_CENTRE,
    "tree": CENTRAL,
}


def network(scenario: Scenario, linked: Iterable[str] = ALL) -> Any:
    return offices.network(scenario.model, linked)


def under(layout: str, linked: Iterable[str] = ALL) -> Any:
    return network(with_layout(load(WORLD), layout), linked)


def hop(graph: Any, tail: str, head: str) -> offices.Hop:
    found: offices.Hop = graph.edges[tail, head]["hop"]
    return found


# The layouts


@pytest.mark.parametrize("layout", ADDED)
def test_edges_of_a_layout(layout: str) -> None:
    assert set(under(layout).edges) == HOME | ADDED[layout]


def test_channels_alone_open_no_links() -> None:
    graph = under("channels")
    assert set(graph.edges) == set(network(load(WORLD), []).edges)
    assert not any(graph.edges[ends]["hop"].office for ends in graph.edges)


def test_without_a_layout_the_network_is_the_scenarios_own() -> None:
    """Partners, own posts and units, the centre: what the scenario says, whatever a layout would join."""
    graph = network(load(WORLD))
    assert set(graph.edges) == HOME | CAPITALS | PAIR | OFFICES_CENTRE
    keys = [graph.edges[ends]["hop"].key for ends in graph.edges]
    assert keys[0] == "posts-capitals:bridge-aa>capital-aa"
    assert hop(graph, "bridge-aa", "bridge-bb").key == "blo-bridge:bridge-aa>bridge-bb"


def test_offices_whose_link_is_shut_are_bare_posts() -> None:
    shut = {ends for ends in HOME if "bridge-aa" in ends and "capital-aa" not in ends}
    edges = set(under("mesh", ("blo-bridge", "blo-ford")).edges)
    assert edges == HOME - shut
    assert set(under("hub", ()).edges) == set(network(load(WORLD), ()).edges) - CAPITALS | CENTRAL


def test_degrees_of_hub_and_mesh() -> None:
    hub, mesh = under("hub"), under("mesh")
    assert hub.out_degree("centre") == hub.in_degree("centre") == 5
    assert mesh.out_degree("centre") == 0
    assert mesh.out_degree("bridge-aa") - hub.out_degree("bridge-aa") == 2 - 1


def test_what_a_layout_adds_has_the_terms_of_the_link() -> None:
    terms = ("link.willingness=0.6", "link.loss=0.2")
    graph = network(with_layout(load(WORLD, *terms), "pairs+hub"))
    link = Distribution.exponential(0.5)
    assert hop(graph, "capital-aa", "centre") == offices.Hop(
        "capital-aa", "centre", "layout:capital-aa>centre", link, 0.2, "", 0.6, "pairs+hub"
    )
    assert hop(graph, "centre", "bridge-aa") == offices.Hop(
        "centre", "bridge-aa", "blo-south:centre>bridge-aa", link, 0.2, "blo-south", 0.6, "blo-south"
    )
    assert hop(graph, "bridge-aa", "bridge-bb").key == "blo-bridge:bridge-aa>bridge-bb"


@pytest.mark.parametrize("layout", [None, "tree"])
def test_standing_hops_are_grouped_by_their_row(layout: str | None) -> None:
    willing = load(WORLD, "channels.posts-capitals.willingness=0.4")
    graph = network(with_layout(willing, layout) if layout else willing)
    found = hop(graph, "bridge-aa", "capital-aa")
    assert (found.channel, found.office, found.willing) == ("posts-capitals", "", 0.4)


def test_a_tree_joins_an_office_with_its_capital_where_no_channel_stands() -> None:
    one_way = load(WORLD, "channels.posts-capitals.both_ways=false")
    graph = network(with_layout(one_way, "tree"))
    assert hop(graph, "bridge-aa", "capital-aa").channel == "posts-capitals"
    assert hop(graph, "capital-aa", "bridge-aa").key == "blo-south:capital-aa>bridge-aa"
    assert not graph.has_edge("capital-aa", "ford-aa")
    assert not network(with_layout(one_way, "isolated")).has_edge("capital-aa", "bridge-aa")


def test_home_channels_do_not_cross_borders() -> None:
    abroad = """
[[channels]]
id = "hotline"
from = "bridge-aa"
to = "units"
delay_h = 1.0

[[channels]]
id = "desk-officer"
from = "hills-bb"
to = "centre"
delay_h = 1.0
"""
    scenario = load(WORLD + abroad)
    assert {("bridge-aa", "north-unit"), ("hills-bb", "centre")} <= set(network(scenario).edges)
    for layout, added in ADDED.items():
        assert set(network(with_layout(scenario, layout)).edges) == HOME | added


# What is wrong with a layout


def without_links(text: str) -> str:
    return text.replace("link = true", "link = false")


LINKLESS = without_links(WORLD).replace(
    "[link]\ndelay_h = { exponential = { mean = 0.5 } }\nloss = 0.01\n", ""
)
ALONE = small_world().replace('post = "bridge-aa"', 'post = "ford-bb"') + FORD.partition("[[offices]]")[0]


@pytest.mark.parametrize(
    ("text", "layout", "message"),
    [
        (small_world(), "hub", "the layout 'hub' needs a row of [[centres]]"),
        (small_world(), "pairs+hub", "the layout 'pairs+hub' needs a row of [[centres]]"),
        (small_world(), "tree", "the layout 'tree' needs a row of [[centres]]"),
        (without_links(WORLD), "pairs", "the layout 'pairs' has no office with a link to join"),
        (without_links(WORLD), "mesh", "the layout 'mesh' has no office with a link to join"),
        (
            ALONE,
            "pairs",
            "the layout 'pairs' has no two offices with a link on the two sides of a crossing to join",
        ),
        (ALONE, "mesh", "the layout 'mesh' has no two offices with a link in different countries to join"),
        (
            LINKLESS,
            "hub",
            "the layout 'hub' needs the table [link] with its delay_h and loss",
        ),
    ],
)
def test_a_layout_that_lacks_something(text: str, layout: str, message: str) -> None:
    scenario = with_layout(load(text), layout)
    assert layouts.problems(scenario.model) == [("layout", message)]
    with pytest.raises(ScenarioError) as caught:
        network(scenario)
    assert [(problem.key, problem.message) for problem in caught.value.problems] == [("layout", message)]


def test_layouts_that_lack_nothing() -> None:
    assert all(layouts.problems(with_layout(load(WORLD), name).model) == [] for name in ADDED)
    assert layouts.problems(load(without_links(small_world())).model) == []
    assert layouts.problems(with_layout(load(without_links(WORLD)), "hub").model) == []


def test_with_layout_is_the_override() -> None:
    scenario, overridden = with_layout(load(WORLD), "hub"), load(WORLD, 'layout="hub"')
    assert (scenario.name, scenario.bundled) == ("hub", False)
    assert (scenario.sha256, scenario.model) == (overridden.sha256, overridden.model)
    assert scenario.sha256 != load(WORLD).sha256
    assert load(WORLD).model.layout is None
    with pytest.raises(ScenarioError, match=r"layout: 'hubb' must be .*did you mean 'hub'"):
        with_layout(load(WORLD), "hubb")


# Own graphs


def written(folder: Path, graph: Any, form: str) -> Path:
    """The graph as a file of the ending ``form``; ``links`` is node-link JSON with that word."""
    path = folder / f"own.{'graphml' if form == 'graphml' else 'json'}"
    if form == "graphml":
        nx.write_graphml(graph, path)
    else:
        path.write_text(json.dumps(nx.node_link_data(graph, edges=form)), encoding="utf-8")
    return path


def sketch(graph: Any) -> Any:
    graph.add_edge("bridge-aa", "centre", delay_h=2.0, loss=0.25, willingness=0.5)
    graph.add_edge("centre", "bridge-bb")
    graph.add_edge("bridge-bb", "bridge-aa", delay_h=3)
    return graph


STANDING_HOME = {ends for ends in HOME if {"capital-aa", "capital-bb"} & set(ends)}
FORMS = ("graphml", "edges", "links")


@pytest.mark.parametrize("form", FORMS)
def test_an_undirected_graph_goes_both_ways(form: str, tmp_path: Path) -> None:
    scenario = read_graph(written(tmp_path, sketch(nx.Graph()), form), load(WORLD))
    ring = both(("bridge-aa", "centre"), ("centre", "bridge-bb"), ("bridge-bb", "bridge-aa"))
    graph = network(scenario)
    assert (scenario.name, scenario.model.layout) == ("own", "channels")
    assert set(graph.edges) == STANDING_HOME | ring
    given, usual = hop(graph, "centre", "bridge-aa"), hop(graph, "bridge-bb", "centre")
    assert (given.delay, given.loss, given.willing) == (Distribution.exponential(2.0), 0.25, 0.5)
    assert (usual.delay, usual.loss, usual.willing) == (Distribution.exponential(0.5), 0.01, 1.0)
    assert (given.channel, given.office) == ("graph-1", "")


@pytest.mark.parametrize("form", FORMS)
def test_a_directed_graph_goes_one_way(form: str, tmp_path: Path) -> None:
    graph = network(read_graph(written(tmp_path, sketch(nx.DiGraph()), form), load(WORLD)))
    ring = {("bridge-aa", "centre"), ("centre", "bridge-bb"), ("bridge-bb", "bridge-aa")}
    assert set(graph.edges) == STANDING_HOME | ring
    assert hop(graph, "bridge-bb", "bridge-aa").delay == Distribution.exponential(3.0)


@pytest.mark.parametrize(
    ("link", "delay"),
    [
        ("5.0", Distribution.constant(2.0)),
        ("{lognormal={mean=5.0, cv=0.7}}", Distribution.lognormal(2.0, 0.7)),
    ],
)
def test_delays_are_distributed_like_those_of_the_link(
    link: str, delay: Distribution, tmp_path: Path
) -> None:
    graph = read_graph(written(tmp_path, sketch(nx.Graph()), "edges"), load(WORLD, f"link.delay_h={link}"))
    assert [channel.delay_h for channel in graph.model.channels[:1]] == [delay]


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("kind", [nx.MultiGraph, nx.MultiDiGraph])
def test_of_parallel_edges_the_fastest_counts(kind: Any, form: str, tmp_path: Path) -> None:
    graph = sketch(kind())
    for delay in (1.5, 0.25, 4.0):
        graph.add_edge("bridge-aa", "centre", delay_h=delay)
    graph.add_edge("centre", "bridge-bb", delay_h=0.75)  # slower than one without a delay of its own
    scenario = read_graph(written(tmp_path, graph, form), load(WORLD))
    own = [row for row in scenario.model.channels if row.id.startswith("graph-")]
    delays = {frozenset((row.from_, row.to)): row.delay_h.mean for row in own}
    assert len(own) == 3
    assert delays[frozenset(("bridge-aa", "centre"))] == 0.25
    assert delays[frozenset(("centre", "bridge-bb"))] == 0.5


def test_nodes_of_graphml_may_name_their_office(tmp_path: Path) -> None:
    graph = nx.Graph()
    graph.add_node("bridge-bb", office="bridge-aa")
    graph.add_node("n1", office="bridge-bb")
    graph.add_edge("bridge-bb", "n1")
    row = read_graph(written(tmp_path, graph, "graphml"), load(WORLD)).model.channels[0]
    assert (row.from_, row.to) == ("bridge-aa", "bridge-bb")


def test_defaults_of_graphml_count(tmp_path: Path) -> None:
    graph = nx.Graph([("bridge-aa", "bridge-bb")])
    graph.add_edge("bridge-bb", "centre", loss=0.5)
    path = written(tmp_path, graph, "graphml")
    text = path.read_text(encoding="utf-8")
    default = text.replace('attr.type="double" />', 'attr.type="double"><default>0.125</default></key>')
    assert default != text
    path.write_text(default, encoding="utf-8")
    assert [row.loss for row in read_graph(path, load(WORLD)).model.channels[:2]] == [0.125, 0.5]


def test_only_channels_within_a_country_stand_beside_the_graph(tmp_path: Path) -> None:
    mixed = """
[[channels]]
id = "hotline"
from = "bridge-bb"
to = "posts"
delay_h = 9.0

[[channels]]
id = "unit-sector"
from = "north-unit"
to = "hills-bb"
delay_h = 9.0
"""
    path = written(tmp_path, nx.Graph([("bridge-aa", "bridge-bb")]), "edges")
    scenario = read_graph(path, load(WORLD + mixed))
    edges = STANDING_HOME | PAIR | both(("bridge-bb", "ford-bb"), ("north-unit", "hills-bb"))
    assert set(network(scenario).edges) == edges
    assert [row.id for row in scenario.model.channels] == [
        "graph-1", "posts-capitals", "sectors-capitals", "units-capitals", "hotline.1", "unit-sector",
    ]  # fmt: skip


def test_a_graph_leaves_the_scenario_alone_and_counts_in_the_digest(tmp_path: Path) -> None:
    base = load(WORLD)
    before = (base.sha256, len(base.model.channels), len(base.tables["channels"]))
    first = read_graph(written(tmp_path, sketch(nx.Graph()), "edges"), base)
    same = read_graph(written(tmp_path, sketch(nx.Graph()), "graphml"), base)
    other = read_graph(written(tmp_path, nx.Graph([("bridge-aa", "centre")]), "edges"), base)
    assert first.sha256 == same.sha256
    assert len({base.sha256, first.sha256, other.sha256}) == 3
    assert before == (base.sha256, len(base.model.channels), len(base.tables["channels"]))
    again = read_graph(written(tmp_path, nx.Graph([("bridge-aa", "capital-aa")]), "edges"), other)
    assert [row.id for row in again.model.channels[:1]] == ["graph-2"]


def edge(**data: Any) -> Any:
    graph = nx.Graph([("bridge-aa", "bridge-bb")])
    graph.edges["bridge-aa", "bridge-bb"].update(data)
    return graph


WHERE = "edge bridge-aa - bridge-bb: "


@pytest.mark.parametrize(
    ("graph", "message"),
    [
        (
            nx.Graph([("bridge-aa", "brigde-bb")]),
            "'brigde-bb' is no post, sector, unit, headquarters or centre; did you mean 'bridge-bb'?",
        ),
        (
            nx.Graph([("bridge-aa", "bridge-bb"), ("centre", "centre")]),
            "edge centre - centre: an office has no channel to itself",
        ),
        (edge(delay_h=0.0), f"{WHERE}delay_h 0.0 must be a number greater than 0"),
        (edge(delay_h=-1), f"{WHERE}delay_h -1 must be a number greater than 0"),
        (edge(delay_h="soon"), f"{WHERE}delay_h 'soon' must be a number greater than 0"),
        (edge(delay_h=True), f"{WHERE}delay_h true must be a number greater than 0"),
        (edge(delay_h=float("inf")), f"{WHERE}delay_h inf must be a number greater than 0"),
        (edge(loss=1.5), f"{WHERE}loss 1.5 must be a number from 0 to 1"),
        (edge(willingness=-0.5), f"{WHERE}willingness -0.5 must be a number from 0 to 1"),
        (edge(delay=2.0), f"{WHERE}unknown attribute 'delay'; did you mean 'delay_h'?"),
        (nx.Graph(), "the graph has no nodes"),
    ],
)
@pytest.mark.parametrize("form", FORMS)
def test_a_graph_that_is_no_office_network(graph: Any, message: str, form: str, tmp_path: Path) -> None:
    path = written(tmp_path, graph, form)
    with pytest.raises(ScenarioError) as caught:
        read_graph(path, load(WORLD))
    assert f"{path}: {message}" in str(caught.value).split("\n")


@pytest.mark.parametrize("form", FORMS)
def test_an_office_may_only_receive(form: str, tmp_path: Path) -> None:
    graph = nx.DiGraph([("centre", "bridge-aa"), ("centre", "bridge-bb")])
    edges = set(network(read_graph(written(tmp_path, graph, form), load(WORLD))).edges)
    assert {("centre", "bridge-aa"), ("centre", "bridge-bb")} <= edges
    assert ("bridge-aa", "centre") not in edges


def test_json_with_defaults_for_edges_is_read_without_them(tmp_path: Path) -> None:
    path = tmp_path / "own.json"
    nodes = [{"id": "centre"}, {"id": "capital-aa"}]
    links = [{"source": "centre", "target": "capital-aa"}]
    path.write_text(json.dumps({"graph": {"edge_default": "undirected"}, "nodes": nodes, "edges": links}))
    assert ("centre", "capital-aa") in network(read_graph(path, load(WORLD))).edges


def test_attributes_of_drawing_programs_are_let_be(tmp_path: Path) -> None:
    path = written(tmp_path, edge(weight=3.0, label="a"), "graphml")
    assert read_graph(path, load(WORLD)).model.channels[0].id == "graph-1"


def test_a_lonely_node_is_named(tmp_path: Path) -> None:
    graph = edge()
    graph.add_nodes_from(["centre", "north-unit"])
    with pytest.raises(ScenarioError) as caught:
        read_graph(written(tmp_path, graph, "edges"), load(WORLD))
    assert [problem.message for problem in caught.value.problems] == [
        f"'{name}' has no path to any other office of the graph" for name in ("centre", "north-unit")
    ]


def test_two_nodes_of_one_office(tmp_path: Path) -> None:
    graph = edge()
    graph.add_node("n2", office="bridge-aa")
    with pytest.raises(ScenarioError, match="the office 'bridge-aa' is given by several nodes"):
        read_graph(written(tmp_path, graph, "graphml"), load(WORLD))


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("own.graphml", None, "cannot be read: No such file"),
        ("own.json", None, "cannot be read: No such file"),
        ("own.graphml", "<graphml", "is not GraphML: "),
        ("own.graphml", "<graphml/>", "is not GraphML: "),
        ("own.json", "{", "is not node-link JSON"),
        ("own.json", "[1, 2]", "is not node-link JSON"),
        ("own.json", "7", "is not node-link JSON"),
        ("own.json", '{"nodes": []}', "is not node-link JSON"),
        ("own.json", '{"nodes": [], "edges": [{"source": "a"}]}', "is not node-link JSON"),
        ("own.json", '{"nodes": [1, "a"], "edges": []}', "is not node-link JSON"),
        ("own.json", "[" * 100_000, "is not node-link JSON"),
    ],
)
def test_a_file_that_is_no_graph(name: str, text: str | None, message: str, tmp_path: Path) -> None:
    path = tmp_path / name
    if text is not None:
        path.write_text(text, encoding="utf-8")
    with pytest.raises(ScenarioError) as caught:
        read_graph(path, load(WORLD))
    assert str(caught.value).startswith(f"{path}: {message}")


def test_other_endings_and_a_scenario_without_link(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"own\.gml: a graph is GraphML"):
        read_graph(tmp_path / "own.gml", load(WORLD))
    with pytest.raises(ScenarioError, match=r"own\.json: a graph needs the scenario's table \[link\]"):
        read_graph(written(tmp_path, edge(), "edges"), load(LINKLESS))


# The region

REGION = {
    "isolated": "isolated", "capitals": "capitals", "pairs": "pairs", "hub": "hub", "mesh": "mesh",
    "pairs-hub": "pairs+hub", "tree": "tree",
}  # fmt: skip


@cache
def region(stem: str) -> Scenario:
    return load_scenario(f"layouts/{stem}")


@pytest.mark.parametrize("stem", REGION)
def test_a_layout_of_the_region_keeps_every_source_with_its_capital(stem: str) -> None:
    model = region(stem).model
    assert model.layout == REGION[stem]
    assert layouts.problems(model) == []
    graph = offices.network(model, [row.id for row in model.offices])
    country = {row.id: row.country for rows in (model.posts, model.units, model.headquarters) for row in rows}
    capital = {row.country: row.id for row in model.headquarters}
    routes = offices.message_routes(graph, sorted({row.office for row in model.sources}))
    assert len(model.sources) > 10
    assert all((row.office, capital[country[row.office]]) in routes for row in model.sources)


@pytest.mark.no_cover
def test_layouts_of_the_region_differ_in_the_layout_alone() -> None:
    extension = load_scenario("k22-extension")
    for stem, layout in REGION.items():
        assert region(stem).sha256 == with_layout(extension, layout).sha256
    assert len({region(stem).sha256 for stem in REGION} | {extension.sha256}) == len(REGION) + 1
