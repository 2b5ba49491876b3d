"""Rung 0: the rules that never break, on random small worlds."""

from __future__ import annotations

from collections import Counter, defaultdict

import pytest
from choices import overrides
from hypothesis import given, settings
from hypothesis import strategies as st
from runs import SEED, departures, log_of, stories, world_of
from worlds import small_world

from blo_sim.model.events import (
    ARRIVE,
    DELIVERED,
    DEPART,
    ENCOUNTER,
    EXPIRED,
    LOST,
    MERGED,
    READ,
    REPORT,
    SEIZED,
    SENT,
    WITHHELD,
    EventLog,
)
from blo_sim.model.replication import replicate
from blo_sim.model.traffic.demand import consignments
from blo_sim.results.summary import Summariser, Summary, summarise
from blo_sim.world.compile import World

SMALL = small_world()
ENDS = (READ, LOST, WITHHELD, EXPIRED, MERGED)
SHORT = ("run.days=10", "run.dated_days=30", "run.warmup_days=3")

CHOICES: dict[str, list[str]] = {
    "flows.heroin-north.volume_kg_per_year": ["0", "5000", "20000", "60000"],
    "sources.informants-origin.probability": ["0.0", "0.3", "1.0"],
    "reports.other_side.probability": ["0.0", "1.0"],
    "reports.seizure.probability": ["0.0", "0.2", "1.0"],
    "reports.half_life_h": ["2.0", "168.0"],
    "reports.expiry_h": ["3.0", "672.0"],
    "lookouts.match": ["0.3", "1.0"],
    "lookouts.find": ["0.0", "0.8"],
    "lookouts.intercept": ["0.2", "1.0"],
    "posts.bridge-aa.queue_limit": ["0", "1", "8"],
    "posts.bridge-bb.hours": ["[0, 24]", "[7, 15]"],
    "posts.bridge-aa.hours": ["[0, 24]", "[9, 18]"],
    "sectors.hills-bb.detection": ["0.0", "0.3", "1.0"],
    "units.north-unit.detection": ["0.0", "0.4"],
    "channels.posts-capitals.loss": ["0.0", "0.5"],
    "link.loss": ["0.0", "0.3"],
    "offices.blo-bridge.components.link": ["true", "false"],
    "offices.blo-bridge.components.training": ["0.0", "1.5"],
    "offices.blo-bridge.full_effect": ["1.0", "0.5"],
    "organisations.gangs.number": ["1", "20"],
    "legs.north-market.hours": ["8.0", "4000.0"],
}
"""What random worlds vary."""


clocks = st.sampled_from(["steady", "dated"])
replications = st.integers(0, 10**6)


def run(world: World, replication: int) -> tuple[EventLog, Summary]:
    log = replicate(world, SEED, replication)
    return log, summarise(world, log)


# Conservation ---------------------------------------------------------------------------------------


@settings(max_examples=60, deadline=None)
@given(overrides(CHOICES, SHORT), clocks, replications)
def test_consignments_and_messages_are_conserved(
    changes: tuple[str, ...], clock: str, replication: int
) -> None:
    world = world_of(SMALL, *changes, clock=clock)
    log, summary = run(world, replication)
    kinds = Counter((event.kind, event.consignment) for event in log.rows())
    for number in range(len(log.names)):
        assert kinds[DEPART, number] == 1
        assert kinds[SEIZED, number] + kinds[DELIVERED, number] <= 1
    sent = [event.amount for event in log.rows() if event.kind == SENT]
    ends = Counter(event.amount for event in log.rows() if event.kind in ENDS)
    assert sent == list(range(len(sent)))
    assert set(ends) <= set(sent)
    assert max(ends.values(), default=0) <= 1

    flows = Counter(summary.flows)
    for year in range(world.years):
        for commodity in world.commodities:
            ended = [flows[end, year, commodity] for end in ("seized_g", "delivered_g", "in_transit_g")]
            assert flows["attempted_g", year, commodity] == sum(ended)
            by_control = [v for key, v in summary.seized_by.items() if key[:2] == (year, commodity)]
            assert flows["seized_g", year, commodity] == sum(by_control)
            expected = [v for key, v in summary.expected_by.items() if key[:2] == (year, commodity)]
            assert flows["expected_ug", year, commodity] == sum(expected)


@settings(max_examples=20, deadline=None)
@given(overrides(CHOICES, SHORT), clocks, replications)
def test_every_sum_is_a_whole_number(changes: tuple[str, ...], clock: str, replication: int) -> None:
    _, summary = run(world_of(SMALL, *changes, clock=clock), replication)
    sums = [summary.flows, summary.seized_by, summary.expected_by, summary.lawful, summary.messages]
    assert {type(value) for table in sums for value in table.values()} <= {int}  # type: ignore[attr-defined]


@settings(max_examples=20, deadline=None)
@given(overrides(CHOICES, SHORT), clocks, replications)
def test_sums_taken_on_the_way_are_those_of_the_whole(
    changes: tuple[str, ...], clock: str, replication: int
) -> None:
    world = world_of(SMALL, *changes, clock=clock)
    summariser = Summariser(world)
    log = replicate(world, SEED, replication, summariser.read)
    assert not log.events
    assert summariser.summary(log) == run(world, replication)[1]


def test_all_ends_of_messages_occur() -> None:
    """The properties above would say little if a message could only be read."""
    changes = (
        "reports.expiry_h=30.0",
        "channels.posts-capitals.loss=0.3",
        "channels.posts-capitals.willingness=0.8",
        "offices.blo-bridge.components.link=false",
    )
    events = list(log_of(SMALL, *changes).rows())
    assert {event.kind for event in events} >= {READ, LOST, WITHHELD, EXPIRED}
    notes = {event.note for event in events if event.kind == READ}
    assert notes >= {"in time", "late (delay)", "late (closed)"}


def test_years_of_the_dated_clock_begin_with_the_grant() -> None:
    world = world_of(SMALL, "run.dated_days=800", clock="dated")
    log, summary = run(world, 0)
    assert world.years == 3
    counted: Counter[int] = Counter()
    for time, _, _, _ in departures(log).values():
        if world.warmup_hours <= time < world.end_hours:
            counted[int((time - world.warmup_hours) // 8760)] += 1
    flows = Counter(summary.flows)
    assert min(counted[year] for year in range(3)) > 0
    for year in range(3):
        assert sum(flows["consignments", year, what] for what in world.commodities) == counted[year]


# Causality ------------------------------------------------------------------------------------------


@settings(max_examples=60, deadline=None)
@given(overrides(CHOICES, SHORT), clocks, replications)
def test_no_event_precedes_its_cause(changes: tuple[str, ...], clock: str, replication: int) -> None:
    log, _ = run(world_of(SMALL, *changes, clock=clock), replication)
    before = -1.0
    departed, ended, reported = set(), set(), set()
    sent: dict[int, tuple[float, int, str]] = {}
    read: dict[tuple[int, str], float] = {}
    arrived: dict[tuple[int, str], float] = {}
    told: dict[tuple[int, str], bool] = {}
    for event in log.rows():
        assert event.time >= before
        before = event.time
        load, place = event.consignment, event.place
        if event.kind == DEPART:
            departed.add(load)
        assert load in departed
        if event.kind in (ARRIVE, ENCOUNTER, SEIZED, DELIVERED):
            assert load not in ended
        if event.kind in (SEIZED, DELIVERED):
            ended.add(load)
        if event.kind == REPORT:
            reported.add((event.time, load))
        if event.kind == SENT:
            assert (event.time, load) in reported
            assert load not in ended
            sent[event.amount] = (event.time, load, place)
        if event.kind in ENDS:
            assert sent[event.amount][1:] == (load, place)
            assert sent[event.amount][0] <= event.time
        if event.kind == READ:
            if event.note == "in time":
                assert load not in ended
                read.setdefault((load, place), event.time)
            elif load not in ended:
                assert (load, place) in arrived or (load, place) in told
        if event.kind == ARRIVE:
            arrived[load, place] = event.time + event.p
        if event.kind == ENCOUNTER:
            starts = arrived.get((load, place), event.time)
            knew = (load, place) in read and read[load, place] < starts
            assert (event.note == "lookout") == knew
            told[load, place] = knew
        if event.kind == SEIZED and event.note == "lookout":
            assert told[load, place]


def test_a_seizure_names_only_sisters_that_are_under_way() -> None:
    changes = ("reports.seizure.probability=1.0", "reports.seizure.lag_h=0.0",
               "sources.informants-origin.probability=0.0",
               "flows.heroin-north.volume_kg_per_year=60000")  # fmt: skip
    log = log_of(SMALL, *changes)
    owner = [load.owner for load in consignments(world_of(SMALL, *changes), SEED, 0)]
    seized: set[tuple[str, float, str]] = set()
    under_way: set[int] = set()
    named = 0
    for event in log.rows():
        if event.kind == DEPART:
            under_way.add(event.consignment)
        if event.kind in (SEIZED, DELIVERED):
            under_way.remove(event.consignment)
        if event.kind == SEIZED:
            seized.add((owner[event.consignment], event.time, event.place))
        if event.kind == REPORT and event.note == "seizure":
            named += 1
            assert event.consignment in under_way
            assert (owner[event.consignment], event.time, event.place) in seized
    assert named > 0


def test_the_youngest_report_counts_and_fades() -> None:
    """At a sector or unit, p follows from what was read there: recomputed from the messages alone."""
    changes = ("reports.seizure.probability=1.0", "organisations.gangs.number=1", "lookouts.intercept=0.9",
               "flows.heroin-north.volume_kg_per_year=60000", "reports.half_life_h=20.0")  # fmt: skip
    detection = {"hills-bb": 0.02, "north-unit": 0.03}
    log = log_of(SMALL, *changes)
    born: dict[int, float] = {}
    known: dict[tuple[int, str], list[float]] = defaultdict(list)
    overtaken = 0
    for event in log.rows():
        here = (event.consignment, event.place)
        if event.kind == SENT:
            born[event.amount] = event.time
        if event.kind == READ and event.note == "in time":
            known[here].append(born[event.amount])
        if event.kind == ENCOUNTER and event.place in detection and known[here]:
            overtaken += known[here] != sorted(known[here])
            intercept = 0.9 * 2.0 ** (-(event.time - max(known[here])) / 20.0)
            assert event.p == 1.0 - (1.0 - intercept) * (1.0 - detection[event.place])
    assert overtaken > 0


def test_live_vehicles_of_one_instant_go_by_their_number() -> None:
    """All that came in the night and found a lane leave primary inspection at the same time."""
    changes = ("flows.opium-north.volume_kg_per_year=60000", "classes.truck.service_h=0.25",
               "rosters.medium.shifts=[{from_hour=8, to_hour=20, lanes={truck=9, car=9}, bay_officers=1}]",
               "crossings.bridge.daily={truck=1, car=1}")  # fmt: skip
    log = log_of(SMALL, *changes)
    together: dict[tuple[float, str], list[int]] = defaultdict(list)
    came: dict[tuple[float, str], list[int]] = defaultdict(list)
    for event in log.rows():
        if event.kind == ARRIVE:
            came[event.time + event.p + 0.25, event.place].append(event.consignment)
        if event.kind == ENCOUNTER:
            together[event.time, event.place].append(event.consignment)
    assert all(numbers == sorted(numbers) for numbers in together.values())
    assert any(came[key] != sorted(came[key]) for key in together)


# Keyed randomness -----------------------------------------------------------------------------------

FLOW = """
[[flows]]
id = "heroin-more"
commodity = "heroin"
origin = "south"
destination = "market"
volume_kg_per_year = 9000
modes = { road = 1.0 }
mean_load_kg = 12.0
load_cv = 1.0
organisations = "gangs"
grade = "judged"
reason = "made up"
range_factor = 2.0
"""

FAR_CROSSING = """
[[places]]
id = "far-south"
country = "AA"
lat = 20.0
lon = 10.0

[[places]]
id = "far-north"
country = "BB"
lat = 21.0
lon = 10.0

[[crossings]]
id = "far"
countries = ["AA", "BB"]
lat = 20.5
lon = 10.0
daily = { truck = 100 }
grade = "judged"
reason = "made up"
range_factor = 2.0

[[posts]]
id = "far-aa"
crossing = "far"
country = "AA"
roster = "medium"
d_prime = "d_prime_road"
methods = ["physical"]

[[posts]]
id = "far-bb"
crossing = "far"
country = "BB"
roster = "medium"
d_prime = "d_prime_road"
methods = ["physical"]

[[legs]]
id = "far-leg"
from = "far-south"
to = "far-north"
mode = "road"
km = 80
hours = 2.0
crossing = "far"
grade = "judged"
reason = "made up"
range_factor = 1.5
"""

SECOND_ROAD = """
[[legs]]
id = "south-north-detour"
from = "south"
to = "north"
mode = "road"
km = 120
hours = 3.0
crossing = "bridge"
grade = "judged"
reason = "made up"
range_factor = 1.5
"""

NEUTRAL_OFFICE = """
[[offices]]
id = "blo-nothing"
post = "bridge-aa"
opens = 2013-01-25
setup_days = 3
ramp_days = 4
partners = ["blo-bridge"]
grade = "judged"
reason = "made up"
range_factor = 1.5
"""


def without_offices() -> str:
    return SMALL[: SMALL.index("[[offices]]")]


def with_one_office() -> str:
    return SMALL[: SMALL.rindex("[[offices]]")].replace('partners = ["blo-south"]\n', "")


@pytest.mark.parametrize("replication", range(3))
def test_another_flow_changes_no_draw_of_the_others(replication: int) -> None:
    alone = departures(log_of(SMALL, replication=replication))
    together = departures(log_of(SMALL + FLOW, replication=replication))
    assert len(together) > len(alone)
    assert {name: together[name] for name in alone} == alone


@pytest.mark.parametrize("replication", range(3))
def test_an_office_changes_no_departure_load_or_route(replication: int) -> None:
    with_offices, without = (log_of(text, replication=replication) for text in (SMALL, without_offices()))
    assert departures(with_offices) == departures(without)
    assert (
        with_offices.lane_groups["bridge-aa/0/car"].passages
        == without.lane_groups["bridge-aa/0/car"].passages
    )
    assert with_offices.events != without.events


@pytest.mark.parametrize("replication", range(3))
def test_a_crossing_that_nobody_uses_changes_nothing(replication: int) -> None:
    here, there = (log_of(text, replication=replication) for text in (SMALL, SMALL + FAR_CROSSING))
    assert there.events == here.events
    assert {name: there.lawful[name] for name in here.lawful} == here.lawful
    assert there.lawful["far-aa"].passages > 0


@pytest.mark.parametrize("replication", range(3))
def test_a_new_route_is_taken_or_the_old_one_kept(replication: int) -> None:
    """Gumbel noise belongs to (load, route): a new alternative never moves a load between two old ones."""
    no_overlap = "route_choice.path_size=0.0"
    two = SMALL + SECOND_ROAD
    third = SECOND_ROAD.replace("detour", "shortcut").replace("km = 120", "km = 40")
    before = departures(log_of(two, no_overlap, replication=replication))
    after = departures(log_of(two + third, no_overlap, replication=replication))
    assert any("detour" in route for _, route, _, _ in after.values())
    moved = {name for name in before if after[name] != before[name]}
    assert 0 < len(moved) < len(before)
    assert all("south-north-shortcut" in after[name][1] for name in moved)


@pytest.mark.parametrize("replication", range(3))
def test_the_order_of_flows_changes_no_story(replication: int) -> None:
    start, second, end = SMALL.index("[[flows]]"), SMALL.rindex("[[flows]]"), SMALL.index("[[headquarters]]")
    turned = SMALL[:start] + SMALL[second:end] + SMALL[start:second] + SMALL[end:]
    given_order, other_order = (log_of(text, replication=replication) for text in (SMALL, turned))
    assert given_order.names != other_order.names
    assert stories(given_order) == stories(other_order)


@pytest.mark.parametrize("clock", ["steady", "dated"])
@pytest.mark.parametrize("replication", range(2))
def test_a_neutral_office_changes_nothing_bit_for_bit(clock: str, replication: int) -> None:
    one = with_one_office()
    first, second = (world_of(text, clock=clock) for text in (one, one + NEUTRAL_OFFICE))
    assert replicate(first, SEED, replication) == replicate(second, SEED, replication)


def test_offices_with_neutral_components_are_no_offices() -> None:
    neutral = SMALL.replace("link = true", "link = false").replace(
        'equipment = ["scanner"]', "equipment = []"
    )
    neutral = neutral.replace("training = 0.3", "training = 0.0")
    assert log_of(neutral) == log_of(without_offices())


def test_seeds_and_replications_differ() -> None:
    logs = [log_of(SMALL), log_of(SMALL, replication=1), log_of(SMALL, seed=SEED + 1)]
    times = [{departure[0] for departure in departures(log).values()} for log in logs]
    assert not times[0] & times[1]
    assert not times[0] & times[2]
    assert replicate(world_of(SMALL), SEED, 0) == logs[0]


def test_lawful_counts_do_not_depend_on_loads_after_the_window() -> None:
    """A live vehicle that comes after the window makes the kernel look at a post once more."""
    quiet = ("flows.heroin-north.volume_kg_per_year=0", "flows.opium-north.volume_kg_per_year=0")
    # Free lanes, no search: live vehicles change nothing for the lawful ones.
    idle = ("rosters.medium.shifts=[{from_hour=0, to_hour=24, lanes={truck=90, car=90}, bay_officers=1}]",
            "posts.bridge-aa.d_prime=-50.0", "posts.bridge-bb.d_prime=-50.0",
            "lookouts.match=0.0", "run.days=3", "offices.blo-bridge.components.training=0.0")  # fmt: skip
    for replication in range(6):
        alone = log_of(SMALL, *idle, *quiet, replication=replication)
        beside = log_of(SMALL, *idle, replication=replication)
        assert any(event.kind == ENCOUNTER and event.place == "bridge-aa" for event in beside.rows())
        assert beside.lawful == alone.lawful


# Monotone without queues, and not with them -------------------------------------------------------------

NO_QUEUES = (
    "rosters.medium.shifts=[{from_hour=0, to_hour=24, lanes={truck=60, car=60}, bay_officers=60}]",
    "crossings.bridge.daily={truck=20, car=20}",
    "reports.seizure.probability=0.0",
    # Searches take time, and what depends on the time of the next encounter is not monotone:
    "reports.half_life_h=1e30",
    "methods.scanner.availability=1.0",
)


def delays(factor: float) -> tuple[str, ...]:
    """All delays of the office network, scaled."""
    return (
        "parameters.post_delay={lognormal={mean=%r, cv=0.8}, grade='judged', reason='x', range=[0, 99]}"
        % (6.0 * factor),
        f"channels.between-capitals.delay_h={{exponential={{mean={24.0 * factor!r}}}}}",
        f"link.delay_h={{exponential={{mean={0.5 * factor!r}}}}}",
    )


def seized(*changes: str, replication: int) -> set[str]:
    log = log_of(SMALL, *changes, replication=replication)
    return {log.names[event.consignment] for event in log.rows() if event.kind == SEIZED}


@settings(max_examples=25, deadline=None)
@given(st.floats(0.01, 1.0), st.floats(1.0, 20.0), st.integers(0, 1000))
def test_shorter_delays_only_add_seizures(short: float, long: float, replication: int) -> None:
    fast, slow = (seized(*NO_QUEUES, *delays(f), replication=replication) for f in (short, long))
    assert slow <= fast


@settings(max_examples=25, deadline=None)
@given(st.floats(0.0, 0.5), st.floats(0.5, 1.0), st.integers(0, 1000))
def test_higher_sensitivity_only_adds_seizures(low: float, high: float, replication: int) -> None:
    dull, keen = (
        seized(
            *NO_QUEUES, f"methods.physical.sensitivity={{cargo={s!r}, body={s!r}}}", replication=replication
        )
        for s in (low, high)
    )
    assert dull <= keen


@settings(max_examples=15, deadline=None)
@given(st.floats(0.0, 0.5), st.floats(0.5, 2.0), st.integers(0, 1000))
def test_better_profiling_only_adds_seizures(low: float, high: float, replication: int) -> None:
    dull, keen = (
        seized(*NO_QUEUES, f"parameters.d_prime_road={d!r}", replication=replication) for d in (low, high)
    )
    assert dull <= keen


@settings(max_examples=15, deadline=None)
@given(st.floats(0.0, 0.4), st.floats(0.4, 1.0), st.integers(0, 1000))
def test_fewer_compromised_shifts_only_add_seizures(few: float, many: float, replication: int) -> None:
    honest, corrupt = (
        seized(*NO_QUEUES, f"organisations.gangs.compromised={share!r}", replication=replication)
        for share in (few, many)
    )
    assert corrupt <= honest


def test_the_sets_do_grow() -> None:
    for better, worse in (
        (delays(0.1), delays(10.0)),
        (("methods.physical.sensitivity.cargo=0.9",), ("methods.physical.sensitivity.cargo=0.1",)),
        (("parameters.d_prime_road=2.0",), ("parameters.d_prime_road=0.0",)),
        ((), ("organisations.gangs.compromised=0.9",)),
    ):
        more = sum(len(seized(*NO_QUEUES, *better, replication=r)) for r in range(3))
        assert more > sum(len(seized(*NO_QUEUES, *worse, replication=r)) for r in range(3))


def test_with_queues_shorter_delays_can_lose_a_seizure() -> None:
    """One officer and no room to wait: searches after tips crowd out routine ones."""
    crowded = (
        "rosters.medium.shifts=[{from_hour=0, to_hour=24, lanes={truck=9, car=9}, bay_officers=1}]",
        "crossings.bridge.daily={truck=20, car=20}",
        "posts.bridge-aa.queue_limit=0",
        "posts.bridge-bb.queue_limit=0",
        "flows.heroin-north.volume_kg_per_year=200000",
        "reports.seizure.probability=0.0",
        "reports.half_life_h=1e30",
        "methods.scanner.availability=1.0",
        "lookouts.find=0.0",
    )
    lost = [
        seized(*crowded, *delays(10.0), replication=r) - seized(*crowded, *delays(0.1), replication=r)
        for r in range(3)
    ]
    assert any(lost)


# Every mechanism does something -------------------------------------------------------------------------


def expected_at(place: str, log: EventLog) -> int:
    """Micrograms expected to be seized at a control."""
    return sum(event.amount for event in log.rows() if event.kind == ENCOUNTER and event.place == place)


def reports_from(source: str, log: EventLog) -> int:
    return sum(event.kind == REPORT and event.note == source for event in log.rows())


def read_in_time(log: EventLog) -> int:
    return sum(event.kind == READ and event.note == "in time" for event in log.rows())


def seized_by(cause: str, log: EventLog) -> int:
    return sum(event.kind == SEIZED and event.note == cause for event in log.rows())


@pytest.mark.parametrize(
    ("off", "measure", "argument"),
    [
        (("offices.blo-bridge.components.link=false",), read_in_time, None),
        (("offices.blo-south.components.link=false",), read_in_time, None),
        (("offices.blo-bridge.partners=[]",), read_in_time, None),
        (("offices.blo-bridge.components.equipment=[]",), expected_at, "bridge-bb"),
        (("offices.blo-bridge.components.training=0.0",), expected_at, "bridge-bb"),
        (("sources.informants-origin.probability=0.0",), reports_from, "surveillance"),
        (("reports.other_side.probability=0.0",), reports_from, "other side"),
        (("reports.seizure.probability=0.0",), reports_from, "seizure"),
        (("lookouts.match=0.0",), expected_at, "bridge-bb"),
        (("lookouts.find=0.0",), seized_by, "lookout"),
        (("lookouts.intercept=0.0",), expected_at, "north-unit"),
        (("sectors.hills-bb.detection=0.0",), seized_by, "patrol"),
        (("units.north-unit.detection=0.0",), seized_by, "inland"),
        (
            ("parameters.d_prime_road=0.0", "offices.blo-bridge.components.training=0.0"),
            seized_by,
            "profiling",
        ),
        (("classes.truck.policy_cap=0.0", "classes.car.policy_cap=0.0"), seized_by, "routine"),
    ],
)
def test_each_mechanism_acts(off: tuple[str, ...], measure, argument: str | None) -> None:  # type: ignore[no-untyped-def]
    arguments = () if argument is None else (argument,)
    on = sum(measure(*arguments, log_of(SMALL, replication=r)) for r in range(4))
    without = sum(measure(*arguments, log_of(SMALL, *off, replication=r)) for r in range(4))
    assert on > without


@pytest.mark.parametrize("source", ["surveillance", "other side", "seizure"])
def test_a_source_that_is_off_sends_no_report(source: str) -> None:
    off = {
        "surveillance": "sources.informants-origin.probability=0.0",
        "other side": "reports.other_side.probability=0.0",
        "seizure": "reports.seizure.probability=0.0",
    }[source]
    assert reports_from(source, log_of(SMALL, off)) == 0


@pytest.mark.parametrize(
    "change",
    [
        "reports.half_life_h=10.0",
        "reports.expiry_h=5.0",
        "channels.posts-capitals.loss=0.9",
        "link.loss=0.9",
        "headquarters.capital-bb.hours=[0, 24]",
        "headquarters.capital-bb.weekdays=1",
        "sources.informants-origin.load_exponent=0.0",
        "offices.blo-bridge.full_effect=0.3",
        "methods.scanner.availability=0.1",
        "methods.scanner.used=lookout",
        "posts.bridge-bb.queue_limit=0",
        "posts.bridge-bb.hours=[8, 20]",
        "posts.bridge-bb.search_cv=2.0",
        "crossings.bridge.gap_h=5.0",
        "legs.south-north-bridge.border_at=0.1",
        "legs.south-north-bridge.closed_months=[1]",
        "flows.heroin-north.season=by-day",
        "route_choice.scale_per_usd=0.1",
    ],
)
def test_each_setting_is_heard(change: str) -> None:
    months = "months = [9, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1]"
    text = SMALL.replace('id = "by-day"\n', f'id = "by-day"\n{months}\n') + SECOND_ROAD
    assert any(
        stories(log_of(text, replication=r)) != stories(log_of(text, change, replication=r)) for r in range(4)
    )
