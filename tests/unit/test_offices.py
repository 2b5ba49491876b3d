"""The office network: channels, working hours, message routes and the reach of a link."""

from __future__ import annotations

from types import SimpleNamespace

import networkx as nx
import numpy as np
import pytest
from runs import load, world_of
from worlds import small_world

from blo_sim.scenario.schema import ScenarioModel
from blo_sim.world import offices

SEED = 20131230
SMALL = small_world()
BOTH = ("blo-bridge", "blo-south")


def model_of(*overrides: str, more: str = "") -> ScenarioModel:
    return load(SMALL + more, *overrides).model


def hops(model: ScenarioModel, linked: tuple[str, ...], tail: str, head: str) -> list[str] | None:
    found = offices.message_routes(offices.network(model, linked), [tail]).get((tail, head))
    return None if found is None else [hop.key for hop in found]


def test_words_stand_for_offices_of_the_same_country() -> None:
    edges = set(offices.network(model_of(), []).edges)
    pairs = {
        ("bridge-aa", "capital-aa"), ("bridge-bb", "capital-bb"), ("hills-bb", "capital-bb"),
        ("north-unit", "capital-bb"), ("capital-aa", "capital-bb"),
    }  # fmt: skip
    assert edges == pairs | {(head, tail) for tail, head in pairs}


def test_one_way_channels() -> None:
    edges = offices.network(model_of("channels.posts-capitals.both_ways=false"), []).edges
    assert ("bridge-aa", "capital-aa") in edges
    assert ("capital-aa", "bridge-aa") not in edges


def test_without_links_messages_go_through_the_capitals() -> None:
    assert hops(model_of(), (), "bridge-aa", "bridge-bb") == [
        "posts-capitals:bridge-aa>capital-aa",
        "between-capitals:capital-aa>capital-bb",
        "posts-capitals:capital-bb>bridge-bb",
    ]
    assert hops(model_of(), (), "bridge-aa", "bridge-aa") == []


def test_a_link_joins_partners_whose_link_is_open_too() -> None:
    model = model_of()
    direct = hops(model, BOTH, "bridge-aa", "bridge-bb")
    assert direct == ["blo-bridge:bridge-aa>bridge-bb"]
    assert hops(model, ("blo-bridge",), "bridge-aa", "bridge-bb") == hops(model, (), "bridge-aa", "bridge-bb")
    assert hops(model, ("blo-south",), "bridge-aa", "bridge-bb") == hops(model, (), "bridge-aa", "bridge-bb")


def test_a_link_reaches_the_units_of_its_country() -> None:
    assert hops(model_of(), ("blo-bridge",), "bridge-bb", "north-unit") == ["blo-bridge:bridge-bb>north-unit"]
    assert hops(model_of(), ("blo-bridge",), "north-unit", "bridge-bb") == ["blo-bridge:north-unit>bridge-bb"]
    assert len(hops(model_of(), (), "bridge-bb", "north-unit") or []) == 2


CENTRE = """
[[centres]]
id = "centre"
hours = [6, 20]
weekdays = 6
"""


def test_a_link_reaches_the_centres() -> None:
    model = model_of(more=CENTRE)
    assert hops(model, ("blo-bridge",), "bridge-bb", "centre") == ["blo-bridge:bridge-bb>centre"]
    assert hops(model, (), "bridge-bb", "centre") is None


def second_crossing(tail: str, head: str) -> str:
    """Another crossing, between two new places; ``tail`` and ``head`` join them to the first one's."""
    return f"""
[[places]]
id = "west"
country = "AA"
lat = 11.0
lon = 9.0

[[places]]
id = "east"
country = "BB"
lat = 12.0
lon = 9.0

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
id = "west-east"
from = "west"
to = "east"
mode = "road"
km = 10
hours = 1.0
crossing = "ford"

[[legs]]
id = "join"
from = "{tail}"
to = "{head}"
mode = "road"
km = 10
hours = 1.0
"""


@pytest.mark.parametrize(
    ("tail", "head", "legs", "reached"),
    [
        ("north", "east", 1, True),
        ("north", "east", 0, False),
        ("market", "east", 1, False),
        ("market", "east", 2, True),
        ("origin", "west", 1, False),
        ("origin", "west", 2, True),
    ],
)
def test_a_link_reaches_posts_of_its_country_within_some_legs(
    tail: str, head: str, legs: int, reached: bool
) -> None:
    model = model_of(more=second_crossing(tail, head))
    office = next(row for row in model.offices if row.id == "blo-bridge")
    expected = ["ford-bb", "north-unit"] if reached else ["north-unit"]
    assert offices.Reach(model).of(office, legs) == expected


def test_a_message_takes_the_least_expected_delay() -> None:
    fast = """
[[channels]]
id = "hotline"
from = "bridge-aa"
to = "capital-bb"
delay_h = 1.0

[[channels]]
id = "slow-line"
from = "bridge-aa"
to = "bridge-bb"
delay_h = 7.5
"""
    route = hops(model_of(more=fast), (), "bridge-aa", "bridge-bb")
    assert route == ["hotline:bridge-aa>capital-bb", "posts-capitals:capital-bb>bridge-bb"]
    slow = model_of("channels.slow-line.delay_h=6.9", more=fast)
    assert hops(slow, (), "bridge-aa", "bridge-bb") == ["slow-line:bridge-aa>bridge-bb"]


def test_of_two_channels_between_two_offices_the_faster_stands() -> None:
    second = """
[[channels]]
id = "telephone"
from = "bridge-aa"
to = "capital-aa"
delay_h = 5.0
"""
    first_hop = hops(model_of(more=second), (), "bridge-aa", "capital-aa")
    assert first_hop == ["telephone:bridge-aa>capital-aa"]
    assert hops(model_of("channels.telephone.delay_h=6.0", more=second), (), "bridge-aa", "capital-aa") == [
        "posts-capitals:bridge-aa>capital-aa"
    ]


def test_working_hours() -> None:
    model = model_of("posts.bridge-aa.hours=[8, 18]", "headquarters.capital-aa.hours=[9, 12]", more=CENTRE)
    table = offices.working_hours(model)
    assert set(table) == {
        "bridge-aa", "bridge-bb", "hills-bb", "north-unit", "capital-aa", "capital-bb", "centre",
    }  # fmt: skip
    assert [hour for hour in range(24) if table["bridge-aa"][hour]] == list(range(8, 18))
    assert table["bridge-aa"][144:] == table["bridge-aa"][:24]  # posts are open on Sundays
    assert all(table["bridge-bb"]) and all(table["hills-bb"]) and all(table["north-unit"])  # noqa: PT018
    assert sum(table["capital-aa"]) == 5 * 3
    assert [table["capital-aa"][24 * day + 9] for day in range(7)] == [True] * 5 + [False] * 2
    assert sum(table["centre"]) == 6 * 14


def test_reading_hours_start_on_the_first_day_of_the_run() -> None:
    """The run starts on Saturday, 2012-12-22."""
    reading = world_of(SMALL).reading["capital-aa"]
    assert [reading[24 * day + 10] for day in range(7)] == [False, False, True, True, True, True, True]


def test_routes_stand_from_the_opening_of_links() -> None:
    """Links open on 1 February (one after five days more); the dated run starts on 11 January."""
    tables = world_of(SMALL, clock="dated").message_routes
    assert [start for start, _ in tables] == [float("-inf"), 21 * 24.0, 26 * 24.0]
    counts = [len(table["bridge-aa", "bridge-bb"]) for _, table in tables]
    assert counts == [3, 3, 1]


def test_effects_ramp_up() -> None:
    effects = world_of(SMALL, "offices.blo-bridge.full_effect=0.8", clock="dated").effects
    opens, ramp = 26 * 24.0, 240.0
    office = effects["blo-bridge"]
    assert [office.at(opens + t) for t in (-1.0, 0.0, ramp / 2, ramp, 9999.0)] == [0.0, 0.0, 0.4, 0.8, 0.8]
    assert effects["blo-south"].at(21 * 24.0) == 1.0
    assert world_of(SMALL, "offices.blo-bridge.full_effect=0.8").effects["blo-bridge"].at(0.0) == 0.8


def test_routes_are_those_of_networkx_in_whatever_order_they_are_asked_for() -> None:
    generator = np.random.default_rng(SEED)
    for _ in range(20):
        graph = nx.DiGraph()
        graph.add_nodes_from(map(str, range(30)))
        for tail, head in generator.integers(0, 30, (90, 2)).tolist():
            hop = SimpleNamespace(tail=str(tail), head=str(head))
            # Few different delays, so that there are ties.
            graph.add_edge(str(tail), str(head), delay=float(generator.integers(1, 4)), hop=hop)
        found = offices.message_routes(graph, list(map(str, range(20))))
        wanted = {
            (tail, head): path
            for tail in map(str, range(20))
            for head, path in nx.single_source_dijkstra_path(graph, tail, weight="delay").items()
        }
        pairs = [(str(tail), str(head)) for tail in range(30) for head in range(30)]
        generator.shuffle(pairs)
        for pair in map(tuple, pairs):
            hops = found.get(pair)
            path = None if hops is None else [pair[0], *(hop.head for hop in hops)]
            assert path == wanted.get(pair)
            assert (pair in found) == (pair in wanted)
        assert dict(found).keys() == wanted.keys()
