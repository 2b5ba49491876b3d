"""Choice sets against Yen's algorithm of networkx, and path sizes."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from itertools import takewhile

import networkx as nx
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from runs import load
from worlds import small_world

from blo_sim.world.compile import choice_set, compile_world, steps_of
from blo_sim.world.routes import Step, cheapest, graph_of, path_sizes

Cost = Callable[[Step, int], float | None]


def steps(legs: list[tuple[str, str, float]], countries: dict[str, str] | None = None) -> list[Step]:
    """Each leg in both directions."""
    result = []
    for number, (tail, head, cost) in enumerate(legs):
        for key, a, b in ((f"leg{number}", tail, head), (f"-leg{number}", head, tail)):
            ends = (countries or {}).get(a, ""), (countries or {}).get(b, "")
            border = None if ends[0] == ends[1] else ends
            result.append(Step(key, number, not key.startswith("-"), a, b, "road", border, cost))
    return result


def plain(step: Step, borders: int) -> float | None:
    return step.cost


def keys(routes: list[tuple[Step, ...]]) -> list[list[str]]:
    return [[step.key for step in route] for route in routes]


def by_yen(
    edges: list[Step], origin: str, destination: str, cost: Cost, most: int
) -> Iterator[tuple[float, list[str]]]:
    """All loopless routes in order of cost, on the graph whose nodes are (step, borders behind it)."""
    graph = nx.DiGraph()
    graph.add_nodes_from(["start", "end"])

    def reach(node: object, place: str, borders: int) -> None:
        for step in edges:
            price = cost(step, borders)
            if step.tail != place or price is None or (node != "start" and step.head == node[0].tail):  # type: ignore[index]
                continue
            after = (step, min(most, borders + (step.border is not None)))
            new = after not in graph
            graph.add_edge(node, after, weight=price)
            if new:
                reach(after, step.head, after[1])
        if place == destination:
            graph.add_edge(node, "end", weight=0.0)

    reach("start", origin, 0)
    if not nx.has_path(graph, "start", "end"):
        return
    for path in nx.shortest_simple_paths(graph, "start", "end", weight="weight"):
        route = [node[0] for node in path[1:-1]]
        places = [origin, *(step.head for step in route)]
        if len(set(places)) == len(places):
            yield nx.path_weight(graph, path, "weight"), [step.key for step in route]


PLACES = "abcde"
COUNTRIES = {"a": "AA", "b": "AA", "c": "BB", "d": "BB", "e": "CC"}
legs = st.lists(
    st.tuples(st.sampled_from(PLACES), st.sampled_from(PLACES), st.integers(1, 9).map(float)).filter(
        lambda leg: leg[0] != leg[1]
    ),
    max_size=8,
)


def entry_is_dear(step: Step, borders: int) -> float | None:
    """Another cost before the first border; the second border must lead to CC."""
    if step.border and borders == 1 and step.border[1] != "CC":
        return None
    return step.cost * (3.0 if borders == 0 else 1.0)


@settings(max_examples=150, deadline=None)
@given(legs, st.integers(1, 12), st.sampled_from([(plain, 1), (entry_is_dear, 2)]))
@example([("a", "e", 1.0), ("a", "e", 1.0), ("a", "b", 0.5), ("b", "e", 0.5)], 3, (plain, 1))
@pytest.mark.no_cover
def test_the_cheapest_routes_are_those_of_yen(
    roads: list[tuple[str, str, float]], k: int, rule: tuple[Cost, int]
) -> None:
    cost, most = rule
    edges = steps(roads, COUNTRIES)
    found = cheapest(edges, "a", "e", k, cost, most_borders=most)
    expected: list[tuple[float, list[str]]] = []
    for price, route in by_yen(edges, "a", "e", cost, most):
        if len(expected) >= k and price > expected[k - 1][0]:
            break
        expected.append((price, route))  # with all that cost as much as the last one
    prices = {tuple(route): price for price, route in expected}
    assert [prices[tuple(route)] for route in keys(found)] == [price for price, _ in expected[:k]]
    assert len({tuple(route) for route in keys(found)}) == len(found)
    cheaper = takewhile(lambda row: row[0] < expected[k - 1][0], expected) if len(expected) >= k else expected
    assert {tuple(route) for _, route in cheaper} <= {tuple(route) for route in keys(found)}


def test_ties_are_broken_by_leg_ids() -> None:
    edges = steps([("a", "e", 2.0), ("a", "b", 1.0), ("b", "e", 1.0), ("a", "e", 2.0)])
    assert keys(cheapest(edges, "a", "e", 9, plain)) == [["leg0"], ["leg1", "leg2"], ["leg3"]]
    assert keys(cheapest(edges[::-1], "a", "e", 9, plain)) == [["leg0"], ["leg1", "leg2"], ["leg3"]]


def test_routes_that_are_not_accepted_are_passed_over() -> None:
    edges = steps([("a", "e", 1.0), ("a", "b", 1.0), ("b", "e", 1.0), ("a", "e", 5.0)])
    long_ones = cheapest(edges, "a", "e", 1, plain, accept=lambda route: len(route) > 1)
    assert keys(long_ones) == [["leg1", "leg2"]]


def test_no_route() -> None:
    assert cheapest(steps([("a", "b", 1.0)]), "a", "e", 3, plain) == []
    assert cheapest(steps([("a", "e", 1.0)]), "a", "e", 3, lambda step, borders: None) == []


def test_the_graph_keeps_parallel_legs() -> None:
    graph = graph_of(steps([("a", "b", 1.0), ("a", "b", 2.0)]))
    assert graph.number_of_edges("a", "b") == graph.number_of_edges("b", "a") == 2
    assert graph.edges["b", "a", "-leg1"]["cost"] == 2.0


@pytest.mark.parametrize(
    ("routes", "costs", "expected"),
    [
        ([["x"]], [[7.0]], [1.0]),
        ([["x"], ["y", "z"]], [[7.0], [1.0, 2.0]], [1.0, 1.0]),  # nothing shared
        ([["x", "y"]] * 3, [[3.0, 1.0]] * 3, [1 / 3] * 3),  # copies
        # half of the first (by cost) and a quarter of the second are shared
        ([["x", "y"], ["x", "z"]], [[2.0, 2.0], [2.0, 6.0]], [0.75, 0.875]),
        ([["x", "y"], ["x", "-y"]], [[2.0, 2.0], [2.0, 2.0]], [0.75, 0.75]),  # directions are apart
    ],
)
def test_path_sizes(routes: list[list[str]], costs: list[list[float]], expected: list[float]) -> None:
    assert path_sizes(routes, costs) == pytest.approx(expected)


# Costs and choice sets of a scenario ------------------------------------------------------------------


def test_free_costs() -> None:
    model = load(small_world()).model
    cost = {step.key: step.cost for step in steps_of(model)}
    assert cost["origin-south"] == cost["-origin-south"] == 100 * 1.0 + 3.0 * 10.0
    assert cost["south-north-bridge"] == 80 + 2.0 * 10 + 2 * 200
    assert cost["south-north-hills"] == 60 + 20.0 * 10 + 100
    one_way = load(small_world(), "legs.north-market.one_way=true").model
    assert [step.key for step in steps_of(one_way) if "market" in step.key] == ["north-market"]


def choices(*overrides: str, mode: str) -> dict[str, list[float]]:
    model = load(small_world(), *overrides).model
    by_id = {row.id: row for row in model.modes}
    found = choice_set(model, steps_of(model), model.flows[0], by_id[mode])
    return {",".join(step.key for step in route): prices for route, prices in found}


def test_a_mode_uses_its_legs_and_what_it_requires() -> None:
    road = choices(mode="road")
    assert list(road) == ["origin-south,south-north-bridge,north-market"]
    assert list(choices(mode="foot")) == ["origin-south,south-north-hills,north-market"]
    both = choices("modes.foot.requires=[]", mode="foot")
    assert list(both) == [
        "origin-south,south-north-hills,north-market",
        "origin-south,south-north-bridge,north-market",
    ]


def test_via_and_entry_legs() -> None:
    via = ("flows.heroin-north.via=['BB']", "modes.road.entry_legs={road=2.0}")
    (prices,) = choices(*via, mode="road").values()
    assert prices == [2 * 130.0, 2 * 500.0, 380.0]
    assert choices("flows.heroin-north.via=['AA']", mode="road") == {}


def test_utilities_of_the_compiled_routes() -> None:
    scenario = load(small_world(), "modes.road.legs={road=1.0, foot=2.0}")
    stream = next(row for row in compile_world(scenario).streams if row.mode == "road")
    by_name = {route.name: route for route in stream.routes}
    hills = by_name["origin-south,south-north-hills,north-market"]
    shared, own = 130.0 + 380.0, 2 * 360.0
    size = (shared / 2 + own) / (shared + own)
    assert hills.utility == pytest.approx(math.log(size) - 0.01 * (shared + own))
    bridge = by_name["origin-south,south-north-bridge,north-market"]
    size = (shared / 2 + 500.0) / (shared + 500.0)
    assert bridge.utility == pytest.approx(math.log(size) - 0.01 * (shared + 500.0))
