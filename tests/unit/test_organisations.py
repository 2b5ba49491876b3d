"""What organisations do with their loads, on small worlds whose outcome can be followed by hand."""

from __future__ import annotations

import math
from collections import defaultdict
from functools import lru_cache

import pytest
from runs import SEED, departures, log_of, world_of
from worlds import BARE, BEHAVIOUR, SMALL, flow, leg, series_world, weighing_world

from blo_sim.draws import key_of, uniform
from blo_sim.model.border.long_run import LongRun
from blo_sim.model.events import (
    AGAIN,
    DELIVERED,
    DEPART,
    DETERRED,
    DIVERTED,
    ENCOUNTER,
    READ,
    REPORT,
    SEIZED,
    Event,
)
from blo_sim.model.replication import Replication
from blo_sim.model.traffic.demand import Consignment, consignments
from blo_sim.model.traffic.prospects import detection_along, smugglers
from blo_sim.world.compile import World

WEIGHING = weighing_world()


def calm(**changes: object) -> str:
    """Smugglers whom nothing changes but what is given."""
    keys = {"risk_threshold": 1.0, "prior_losses": 1.0, "memory_days": 100.0} | changes
    rows = "".join(f"{name} = {value}\n" for name, value in keys.items())
    return f"""
[behaviour]
{rows}
[[prices]]
id = "price"
commodity = "heroin"
usd_per_kg = {{ AA = 1000, BB = 5000 }}
"""


def hills(*detections: float) -> str:
    """One leg for each, as long as the others, each past a patrol sector of its own."""
    rows = ""
    for number, detection in enumerate(detections):
        way = leg("3.0", f'sectors = ["hills-{number}"]').replace("origin-market", f"way-{number}")
        rows += f'{way}\n[[sectors]]\nid = "hills-{number}"\ncountry = "BB"\nborder = "AA-BB"\n'
        rows += f"detection = {detection}\n"
    return BARE + flow(5.0) + rows


class Run:
    """One replication: its world, its loads by name, and its events by the name of their load."""

    def __init__(self, world: World, behaviour: str) -> None:
        self.world = world
        self.sim = Replication(world, SEED, 0, smugglers(world, behaviour))
        self.log = self.sim.run()
        self.events = list(self.log.rows())
        self.loads = {load.name: load for load in self.sim.loads}
        self.planned = {load.name: load for load in consignments(world, SEED, 0)}

    def of(self, *kinds: int) -> dict[str, Event]:
        """The only event of these kinds of each load that has one."""
        found: dict[str, Event] = {}
        for event in self.events:
            if event.kind in kinds:
                name = self.log.names[event.consignment]
                assert name not in found
                found[name] = event
        return found

    def owner(self, event: Event) -> str:
        return self.sim.loads[event.consignment].owner


@lru_cache(maxsize=16)
def run(text: str, *overrides: str, behaviour: str = "learning", clock: str = "steady") -> Run:
    return Run(world_of(text, *overrides, clock=clock), behaviour)


# The decision ---------------------------------------------------------------------------------------


def test_below_the_threshold_everything_is_as_under_fixed() -> None:
    overrides = ("behaviour.risk_threshold=1.0", "behaviour.lay_low=0", "behaviour.new_signature=0",
                 "behaviour.replacement=0", "organisations.gangs.signature=0.5")  # fmt: skip
    found = run(WEIGHING, *overrides)
    assert found.of(SEIZED)
    assert found.log.events == log_of(WEIGHING, *overrides).events


def gumbel(key: int, *names: str) -> float:
    return -math.log(-math.log(uniform(key ^ key_of(*names), 0)))


FROZEN = {"risk_threshold": 0.25, "prior_losses": 1e12, "loss_usd": 1e6}


def test_only_loads_whose_usual_way_is_too_risky_leave_it() -> None:
    found = run(hills(0.2, 0.4) + calm(**FROZEN))
    assert {event.place for event in found.of(DEPART).values()} == {"way-0"}
    usual = {name for name, load in found.planned.items() if load.route.name == "way-1"}
    assert 100 < len(usual) < len(found.planned) - 100
    diverted = found.of(DIVERTED)
    assert diverted.keys() == usual
    assert {(event.place, event.p) for event in diverted.values()} == {("way-1", 0.0)}
    assert all(event.amount == found.loads[name].load for name, event in diverted.items())


def test_what_is_beyond_the_threshold_is_weighed_against_taste() -> None:
    """Both ways are as dear; the noise of the usual choice decides with the losses beyond 0.25."""
    rules = FROZEN | {"loss_usd": 500}
    found = run(hills(0.4, 0.6) + calm(**rules), "route_choice.scale_per_usd=0.0001")
    departed, deterred = found.of(DEPART), found.of(DETERRED)
    seen = set()
    for name, load in found.planned.items():
        stake = 5.0 * load.load + 500
        worth = [
            found.world.streams[0].routes[n].utility - 0.0001 * beyond * stake
            + gumbel(load.key, "route", f"way-{n}")
            for n, beyond in enumerate((0.15, 0.35))
        ]  # fmt: skip
        stay = -0.0001 * 4.0 * load.load + gumbel(load.key, "not sent")
        if stay > max(worth):
            seen.add("not sent")
            assert name in deterred
            assert name not in departed
        else:
            best = f"way-{worth.index(max(worth))}"
            seen.add(best if best == load.route.name else "other")
            assert departed[name].place == best
    assert seen == {"way-0", "way-1", "other", "not sent"}


def test_experience_moves_loads_to_another_way() -> None:
    """Every load meets one sector; what its one organisation believes then is counted along."""
    rules = {"risk_threshold": 0.22, "prior_losses": 2.0, "memory_days": 20.0, "loss_usd": 300}
    found = run(hills(0.2, 0.2) + calm(**rules), "organisations.gangs.number=1")
    lost, foretold, day = [0.0, 0.0], [0.0, 0.0], 0
    kept = left = 0
    for event in found.events:
        fading = 2.0 ** ((day - int(event.time // 24)) / 20.0)
        day = int(event.time // 24)
        lost, foretold = [fading * x for x in lost], [fading * x for x in foretold]
        load = found.sim.loads[event.consignment]
        if event.kind in (SEIZED, DELIVERED):
            way = int(load.route.name[-1])
            foretold[way] += 0.2
            lost[way] += event.kind == SEIZED
        elif event.kind in (DEPART, DETERRED):
            risk = [min(0.99, 0.2 * (2 + lost[n]) / (2 + foretold[n])) for n in (0, 1)]
            usual = int(found.planned[load.name].route.name[-1])
            way = usual
            if risk[usual] > 0.22:
                stake = 5.0 * load.load + 300
                worth = [
                    found.world.streams[0].routes[n].utility
                    - 0.01 * max(0.0, risk[n] - 0.22) * stake
                    + gumbel(load.key, "route", f"way-{n}")
                    for n in (0, 1)
                ]
                way = worth.index(max(worth))
                if -0.01 * 4.0 * load.load + gumbel(load.key, "not sent") > max(worth):
                    assert event.kind == DETERRED
                    continue
            assert (event.kind, event.place) == (DEPART, f"way-{way}")
            kept, left = kept + (way == usual), left + (way != usual)
    assert kept > 100
    assert left > 20


@pytest.mark.parametrize("clock", ["steady", "dated"])
def test_best_reply_takes_the_way_of_least_cost(clock: str) -> None:
    """From the hour on at which the office at the bridge stands, nobody goes through there."""
    overrides = ("behaviour.lay_low=0", "behaviour.replacement=0", "crossings.bridge.daily={truck=2, car=2}",
                 "organisations.gangs.compromised=0.1", "modes.foot.capacity_kg=25",
                 "offices.blo-bridge.components.training=2.0")  # fmt: skip
    found = run(WEIGHING, *overrides, behaviour="best-reply", clock=clock)
    departed, deterred = found.of(DEPART), found.of(DETERRED)
    ways: dict[bool, set[str]] = defaultdict(set)
    for name, load in found.planned.items():
        own = found.world.streams[load.stream]
        office = 624.0 if clock == "dated" and load.departure >= 624.0 else 0.0
        long_run = LongRun(found.world, office)
        stay = load.load * (own.usd_per_kg - own.usd_per_kg_at_origin) / 1000
        best, best_cost = "", stay
        for stream in found.world.streams:
            if stream.flow != own.flow or (stream is not own and load.load > 1000 * stream.capacity_kg):
                continue
            for route in stream.routes:
                passed = math.prod(1 - p for p in detection_along(found.world, stream, route, long_run))
                cost = route.cost + (1 - passed) * (load.load * own.usd_per_kg / 1000 + 2000)
                cost += 50 * 0.1 * len(route.controls) + (0 if stream is own else 100)
                if cost < best_cost:
                    best, best_cost = route.name, cost
        if best:
            assert departed[name].place == best
        else:
            assert name in deterred
        stands = clock == "steady" or load.departure >= 624.0
        ways[stands].add(best.removeprefix("origin-south,").removesuffix(",north-market"))
    with_office = {"south-north-ford", "south-north-hills", ""}
    before = {"south-north-bridge", "south-north-hills"}
    assert ways == ({True: with_office} if clock == "steady" else {False: before, True: with_office})


def test_a_load_that_a_mode_cannot_carry_does_not_change_to_it() -> None:
    """On foot is cheaper and safer; what is above 10 kg stays on the road."""
    overrides = ("modes.foot.capacity_kg=10", "behaviour.mode_change_usd=0", "behaviour.replacement=0",
                 "flows.heroin-north.modes={road=0.999999, foot=0.000001}")  # fmt: skip
    found = run(WEIGHING, *overrides, behaviour="best-reply")
    departed = found.of(DEPART)
    names = [stream.id for stream in found.world.streams]
    on_foot = {name: names[found.loads[name].stream] == "heroin-north.foot" for name in departed
               if name.startswith("heroin-north.road")}  # fmt: skip
    assert on_foot == {name: found.planned[name].load <= 10_000 for name in on_foot}
    assert set(on_foot.values()) == {True, False}
    for name, changed in on_foot.items():
        event = departed[name]
        assert ("hills" in event.place) == changed
        assert (event.note == "") == changed  # nobody on foot has a class
        assert found.log.streams[event.consignment] == found.loads[name].stream


def test_who_changes_to_a_mode_gets_its_class_and_hiding() -> None:
    found = run(WEIGHING, "sectors.hills-bb.detection=0.9", "behaviour.replacement=0",
                "behaviour.new_signature=0", "organisations.gangs.signature=0.3",
                behaviour="best-reply")  # fmt: skip
    changed = {name: event for name, event in found.of(DEPART).items() if ".foot:" in name}
    assert changed
    for name, event in changed.items():
        load = found.planned[name]
        assert load.concealment == ""
        kind = "truck" if uniform(load.key, 1) < 0.75 else "car"
        hidden = uniform(load.key, 2)
        if uniform(load.key, 4) < 0.3:
            hidden = uniform(key_of("signature", load.owner, kind), 0)
        way = "cargo" if kind == "truck" or hidden < 0.8 else "body"
        assert event.note == f"{kind} {way}"
    assert {event.note for event in changed.values()} == {"truck cargo", "car cargo", "car body"}


def test_who_changes_to_a_mode_is_seen_by_those_on_its_way() -> None:
    """The road has no informants; a village on the path has some, who see every load."""
    path = leg("3.0").replace('"origin-market"', '"path-1"').replace('to = "market"', 'to = "village"')
    path += leg("3.0").replace('"origin-market"', '"path-2"').replace('from = "origin"', 'from = "village"')
    village = '\n[[places]]\nid = "village"\ncountry = "AA"\nlat = 10.5\nlon = 10.0\n'
    foot = '\n[[modes]]\nid = "foot"\nlegs = { foot = 1.0 }\nentry_legs = { foot = 1.0 }\n'
    unit = '\n[[units]]\nid = "unit"\ncountry = "BB"\nplace = "market"\ndetection = 0.0\n'
    source = '\n[[sources]]\nid = "villagers"\nplace = "village"\noffice = "unit"\n'
    source += "probability = 1.0\nlag_h = 0.0\n"
    text = (
        hills(0.9).replace("modes = { road = 1.0 }\nmean", "modes = { road = 0.5, foot = 0.5 }\nmean")
        + village + foot + path.replace('mode = "road"', 'mode = "foot"') + unit + source + calm()
    )  # fmt: skip
    found = run(text, behaviour="best-reply")
    changed = {name for name in found.of(DIVERTED) if ".road:" in name}
    assert changed == {name for name in found.planned if ".road:" in name}
    assert found.of(REPORT).keys() == found.planned.keys()


def test_a_way_that_is_closed_when_a_load_has_waited_is_not_taken() -> None:
    """The second way is closed in February; what was planned for it in January may leave only then."""
    rules = {"lay_low": 1.0, "lay_low_days": 8.0}
    found = run(hills(0.1, 0.1) + calm(**rules), "legs.way-1.closed_months=[2]")
    hour = {month: 24.0 * (10 + day) for month, day in (("february", 31), ("march", 59))}
    diverted, ways = found.of(DIVERTED), defaultdict(set)
    late = 0
    for name, event in found.of(DEPART).items():
        usual = found.planned[name].route.name
        if hour["february"] <= event.time < hour["march"]:
            assert event.place == "way-0"
            late += usual == "way-1"
            assert (name in diverted) == (usual == "way-1")
        else:
            assert event.place == usual
            ways[event.time >= hour["march"]].add(usual)
    assert late > 2
    assert ways == {False: {"way-0", "way-1"}, True: {"way-0", "way-1"}}


# Loads that are not sent ----------------------------------------------------------------------------


@pytest.mark.parametrize("behaviour", ["learning", "best-reply"])
def test_nothing_is_sent_when_it_does_not_pay(behaviour: str) -> None:
    """Where goods are worth as much as at their origin, every way only costs."""
    found = run(hills(0.2, 0.4) + calm(risk_threshold=0.0), "prices.price.usd_per_kg={AA=5000, BB=5000}",
                "route_choice.scale_per_usd=1.0", behaviour=behaviour)  # fmt: skip
    assert {event.kind for event in found.events} == {DETERRED}
    deterred = found.of(DETERRED)
    assert deterred.keys() == found.planned.keys()
    for name, event in deterred.items():
        load = found.planned[name]
        assert event[:1] + event[3:] == (load.departure, load.route.name, load.load, 0.0, "")


# After a loss ---------------------------------------------------------------------------------------


def quiet(losses: list[float], planned: float, hours: float) -> float:
    """The first hour from the plan on that lies within no quiet time."""
    while True:
        later = [loss + hours for loss in losses if loss <= planned < loss + hours]
        if not later:
            return planned
        planned = max(later)


def test_an_owner_that_lies_low_sends_nothing_until_its_end() -> None:
    found = run(series_world([0.1], 5.0) + calm(lay_low=1.0, lay_low_days=2.5))
    losses: dict[str, list[float]] = defaultdict(list)
    for event in found.of(SEIZED).values():
        losses[found.owner(event)].append(event.time)
    assert len(losses) == 5
    departed = found.of(DEPART)
    assert departed.keys() == found.planned.keys()
    waits = []
    for name, event in departed.items():
        load = found.planned[name]
        assert event.time == quiet(losses[load.owner], load.departure, 60.0)
        assert event.p == event.time - load.departure
        waits.append(event.p)
    assert sum(wait > 0 for wait in waits) > 50
    assert sum(wait == 0 for wait in waits) > 50
    assert max(waits) > 60.0 - 24.0


def test_loads_that_waited_leave_in_the_order_of_their_plans() -> None:
    found = run(series_world([0.1], 5.0) + calm(lay_low=1.0, lay_low_days=2.5))
    plans: dict[tuple[str, float], list[float]] = defaultdict(list)
    for event in found.events:
        if event.kind == DEPART and event.p:
            plans[found.owner(event), event.time].append(event.time - event.p)
    assert max(len(each) for each in plans.values()) > 2
    assert all(each == sorted(each) for each in plans.values())


def test_who_lies_low_is_drawn_by_the_lost_load() -> None:
    found = run(series_world([0.1], 5.0) + calm(lay_low=0.5, lay_low_days=2.5))
    losses: dict[str, list[float]] = defaultdict(list)
    for name, event in found.of(SEIZED).items():
        if uniform(found.loads[name].key, 6) < 0.5:
            losses[found.owner(event)].append(event.time)
    for name, event in found.of(DEPART).items():
        load = found.planned[name]
        assert event.time == quiet(losses[load.owner], load.departure, 60.0)


SIGNED = ("organisations.gangs.signature=0.8", "organisations.gangs.number=2",
          "posts.bridge-aa.d_prime=2.0", "behaviour.risk_threshold=1.0", "behaviour.lay_low=0",
          "behaviour.replacement=0", "flows.heroin-north.volume_kg_per_year=60000")  # fmt: skip


def test_a_new_signature_is_another_way_of_hiding_from_then_on() -> None:
    found = run(SMALL + BEHAVIOUR, *SIGNED, "behaviour.new_signature=0.6")
    changes: dict[str, int] = defaultdict(int)
    ways = defaultdict(set)
    for event in found.events:
        load = found.sim.loads[event.consignment] if event.consignment >= 0 else None
        if load is None:
            continue
        if event.kind == SEIZED:
            changes[load.owner] += uniform(load.key, 7) < 0.6
        elif event.kind == DEPART and event.note:
            kind, _ = event.note.split()
            hidden = uniform(load.key, 2)
            if uniform(load.key, 4) < 0.8:
                n = changes[load.owner]
                hidden = uniform(key_of("signature", load.owner, kind, *([n] if n else [])), 0)
                ways[load.owner].add((n, kind))
            way = "cargo" if kind == "truck" or hidden < 0.8 else "body"
            assert event.note == f"{kind} {way}"
            assert load.signature == changes[load.owner]
    assert min(len(each) for each in ways.values()) > 5


PATTERN = """
[reports.pattern]
probability = 1.0
lag_h = 400.0
d_prime = 3.0
half_life_h = 1e9
"""
"""Posts read of a signature when the loads that were under way with it have ended."""


def test_a_new_signature_makes_what_posts_have_learned_useless() -> None:
    def met(pattern: str, changes: float) -> tuple[list[float], set[str]]:
        found = run(SMALL + BEHAVIOUR + pattern, *SIGNED, f"behaviour.new_signature={changes}",
                    "run.days=60")  # fmt: skip
        encounters = [
            event.p for event in found.events if event.kind == ENCOUNTER and event.place == "bridge-bb"
        ]
        assert any(event.kind == READ for event in found.events)
        return encounters, {event.note for event in found.of(SEIZED).values()}

    with_it, causes = met(PATTERN, 0.0)
    without, _ = met("", 0.0)
    assert "pattern" in causes
    assert sum(with_it) > 1.5 * sum(without)
    with_it, causes = met(PATTERN, 1.0)
    assert "pattern" not in causes
    assert with_it == met("", 1.0)[0]


# Loads that are sent again --------------------------------------------------------------------------


WAIT = 30.25


def again(most_attempts: int, share: float = 1.0) -> Run:
    rules = {"replacement": share, "replacement_h": WAIT, "most_attempts": most_attempts}
    return run(series_world([0.5], 4.0) + calm(**rules))


@pytest.mark.parametrize("most_attempts", [1, 3])
def test_a_lost_load_is_sent_again_so_often(most_attempts: int) -> None:
    found = again(most_attempts)
    departed, seized = found.of(DEPART), found.of(SEIZED)
    expected = {name: load.departure for name, load in found.planned.items()}
    for name, event in seized.items():
        first, _, attempt = name.partition(AGAIN)
        later = int(attempt or 0) + 1
        if later < most_attempts and event.time + WAIT < found.world.end_hours:
            expected[f"{first}{AGAIN}{later}"] = event.time + WAIT
    assert {name: event.time for name, event in departed.items()} == expected
    assert {event.p for event in departed.values()} == {0.0}
    attempts = {int(name.partition(AGAIN)[2] or 0) for name in departed}
    assert attempts == set(range(most_attempts))


def test_nothing_is_planned_again_for_after_the_window() -> None:
    found = again(3)
    late = [
        name for name, event in found.of(SEIZED).items()
        if AGAIN not in name and event.time + WAIT >= found.world.end_hours
    ]  # fmt: skip
    assert any(found.of(SEIZED)[name].time < found.world.end_hours for name in late)
    assert not any(f"{name}{AGAIN}1" in found.loads for name in late)


def test_what_is_sent_again_is_the_same_load_with_a_key_of_its_own() -> None:
    found = again(3)
    for name, load in found.loads.items():
        first_name, _, attempt = name.partition(AGAIN)
        if not attempt:
            continue
        first: Consignment = found.loads[first_name]
        assert (load.load, load.owner, load.stream) == (first.load, first.owner, first.stream)
        assert load.attempt == int(attempt)
        assert load.key == first.key ^ key_of("again", int(attempt))
        assert load.first_key == first.key
    assert [load.number for load in found.sim.loads] == list(range(len(found.loads)))
    assert found.log.names == [load.name for load in found.sim.loads]


def test_the_share_that_is_sent_again_is_drawn_by_the_lost_load() -> None:
    found = again(3, share=0.4)
    for name, event in found.of(SEIZED).items():
        first, _, attempt = name.partition(AGAIN)
        later = int(attempt or 0) + 1
        in_time = event.time + WAIT < found.world.end_hours
        sent = later < 3 and in_time and uniform(found.loads[name].key, 8) < 0.4
        assert (f"{first}{AGAIN}{later}" in found.loads) == sent


def test_a_load_that_had_changed_its_mode_is_planned_by_the_first_one_again() -> None:
    found = run(WEIGHING, "behaviour.replacement=1.0", "behaviour.replacement_h=1.0",
                "sectors.hills-bb.detection=0.5", "behaviour.loss_usd=0",
                "behaviour.mode_change_usd=0", "units.north-unit.detection=0.5",
                "behaviour.lay_low=0")  # fmt: skip
    modes = [stream.id for stream in found.world.streams]
    changed = [load for load in found.loads.values() if AGAIN in load.name
               and found.loads[load.name.partition(AGAIN)[0]].stream != load.planned_stream]  # fmt: skip
    assert len(changed) > 10
    for load in changed:
        assert load.name.startswith(f"{modes[load.planned_stream]}:")
        first = found.loads[load.name.partition(AGAIN)[0]]
        assert load.planned_stream == first.planned_stream


def test_an_owner_that_lies_low_sends_again_later() -> None:
    """A wait of 6.5 h is within the quiet time of 24 h after the loss."""
    rules = {"replacement": 1.0, "replacement_h": 6.5, "lay_low": 1.0, "lay_low_days": 1.0}
    found = run(series_world([0.5], 1.0) + calm(**rules), "organisations.gangs.number=400")
    departed, seized = found.of(DEPART), found.of(SEIZED)
    sent = [name for name in departed if name.endswith(f"{AGAIN}1")]
    alone = [name for name in sent if departed[name].p == 17.5]
    assert len(alone) > 0.5 * len(sent)
    for name in alone:
        assert departed[name].time == seized[name.partition(AGAIN)[0]].time + 24.0


def test_departures_under_fixed_are_unchanged_by_the_table() -> None:
    assert departures(log_of(SMALL + BEHAVIOUR)) == departures(log_of(SMALL))
