"""Rung 0 for intelligence: messages are conserved and causal, and what is off leaves no trace."""

from __future__ import annotations

import multiprocessing
import pickle
from collections import Counter, defaultdict
from concurrent.futures import ProcessPoolExecutor

import pytest
from choices import overrides
from hypothesis import given, settings
from hypothesis import strategies as st
from runs import SEED, log_of, world_of
from worlds import FORD, SMALL, everything_world, race_world

from blo_sim.model.border import kernel
from blo_sim.model.events import (
    ARRIVE,
    CARRIED,
    DELIVERED,
    DEPART,
    ENCOUNTER,
    EXPIRED,
    FORGONE,
    HELD,
    KINDS,
    LEAKED,
    LOST,
    MECHANISMS,
    MERGED,
    MISTAKEN,
    NOBODY,
    READ,
    REPORT,
    REROUTED,
    SEIZED,
    SENT,
    SOURCES,
    TAKEN,
    WAITED,
    WITHHELD,
    WORKED,
    Event,
    EventLog,
)
from blo_sim.model.replication import Replication, replicate
from blo_sim.world.compile import World

EVERYTHING = everything_world()
OF_SMUGGLERS = {"deterred", "diverted"}
"""Kinds of events that need smugglers who respond: see ``test_smugglers.py``."""
ENDS = (READ, LOST, WITHHELD, EXPIRED, MERGED)
LOOKOUTS = ("surveillance", "other side", "seizure", "chase", "false")
SHORT = ("run.days=10", "run.dated_days=30", "run.warmup_days=3")

CHOICES: dict[str, list[str]] = {
    "reports.addressing": ["need-to-know", "broadcast"],
    "reports.expiry_h": ["3.0", "48.0"],
    "reports.seizure.probability": ["0.0", "1.0"],
    "reports.chase.probability": ["0.0", "1.0"],
    "reports.pattern.probability": ["0.0", "1.0"],
    "reports.request.probability": ["0.0", "0.02", "0.5"],
    "reports.request.to": ["across", "capital", "centre"],
    "reports.request.hold_h": ["0.25", "40.0"],
    "reports.false_factor": ["0.0", "10.0"],
    "lookouts.match": ["0.2", "1.0"],
    "lookouts.false_match": ["0.0", "0.05"],
    "leaks.probability": ["0.0", "1.0"],
    "leaks.reroute": ["0.0", "1.0"],
    "leaks.wait_h": ["0.0", "30.0"],
    "trust.initial": ["0.0", "1.0"],
    "trust.rotation_days": ["0.5", "1000.0"],
    "desks.slow.service_h": ["0.0", "6.0", "{exponential={mean=0.2}}"],
    "desks.slow.officers": ["2", "90"],
    "desks.slow.hours": ["[9, 17]"],
    "desks.slow.on_call": ["1"],
    "desks.slow.call_out_h": ["2.0"],
    "desks.liaison.service_h": ["0.0", "4.0"],
    "desks.liaison.on_call": ["0", "2"],
    "channels.between-capitals.willingness": ["0.0", "1.0"],
    "channels.posts-capitals.willingness": ["0.3"],
    "channels.posts-capitals.delay_h": ["0.0", "1.0"],
    "organisations.gangs.number": ["1", "20"],
    "organisations.gangs.compromised": ["0.0", "0.9"],
    "organisations.gangs.signature": ["0.0", "1.0"],
    "sources.informants-origin.probability": ["0.0", "1.0"],
    "sources.informants-origin.office": ["capital-aa", "centre"],
    "flows.heroin-north.volume_kg_per_year": ["0", "60000"],
    "posts.bridge-bb.hours": ["[7, 20]"],
    "posts.ford-aa.queue_limit": ["0"],
    "legs.origin-south.hours": ["40.0"],
    "offices.blo-bridge.full_effect": ["0.5"],
    "offices.blo-bridge.components.pooling": ["1", "4"],
}
"""What random worlds vary."""


clocks = st.sampled_from(["steady", "dated"])
replications = st.integers(0, 10**6)


def rows(changes: tuple[str, ...], clock: str, replication: int) -> tuple[World, list[Event]]:
    world = world_of(EVERYTHING, *changes, clock=clock)
    return world, list(replicate(world, SEED, replication).rows())


# Conservation ---------------------------------------------------------------------------------------


@settings(max_examples=80, deadline=None)
@given(overrides(CHOICES, SHORT), clocks, replications)
def test_every_message_ends_once(changes: tuple[str, ...], clock: str, replication: int) -> None:
    _, events = rows(changes, clock, replication)
    sent = {event.amount: event for event in events if event.kind == SENT}
    numbers = [event.amount for event in events if event.kind == SENT]
    assert numbers == list(range(len(numbers)))

    ends: Counter[int] = Counter()
    for event in events:
        if event.kind in ENDS:
            ends[event.amount] += 1
            message = sent[event.amount]
            assert (event.consignment, event.place) == (message.consignment, message.place)
    assert max(ends.values(), default=0) <= 1
    # One without an end is still on its way: only where desks have more work than they can do.
    if not any(change.startswith(("desks.", "reports.request", "lookouts")) for change in changes):
        assert set(ends) == set(sent)


@settings(max_examples=40, deadline=None)
@given(overrides(CHOICES, SHORT), clocks, replications)
def test_reports_announce_their_messages(changes: tuple[str, ...], clock: str, replication: int) -> None:
    _, events = rows(changes, clock, replication)
    announced = []
    for event in events:
        if event.kind == REPORT:
            assert event.note in SOURCES
            numbers = range(event.amount, event.amount + int(event.p))
            announced += [(event.time, event.consignment, number, event.note) for number in numbers]
    assert announced == [
        (event.time, event.consignment, event.amount, event.note) for event in events if event.kind == SENT
    ]
    following = 0
    for event in events:
        if event.kind == SENT:
            following = event.amount + 1
        if event.kind == REPORT:
            assert event.amount == following


@settings(max_examples=40, deadline=None)
@given(overrides(CHOICES, SHORT), clocks, replications)
def test_messages_go_over_channels_that_join(
    changes: tuple[str, ...], clock: str, replication: int
) -> None:
    """From the office of its birth, hop by hop, to its addressee, if it is read."""
    world, events = rows(changes, clock, replication)
    hops = {
        (hop.tail, hop.head, hop.channel)
        for _, table in world.message_routes
        for way in table.values()
        for hop in way
    } | {(hop.tail, hop.head, hop.channel) for way in world.standing_routes.values() for hop in way}
    at: dict[int, str] = {}
    target: dict[int, str] = {}
    born: list[tuple[int, str]] = []
    for event in events:
        if event.kind == REPORT:
            born += [(event.amount + i, event.place) for i in range(int(event.p))]
        if event.kind == SENT:
            number, at[event.amount] = born[event.amount]
            assert number == event.amount
            target[event.amount] = event.place
        if event.kind == CARRIED:
            assert (at[event.amount], event.place, event.note) in hops
            assert event.p >= 0.0
            at[event.amount] = event.place
        if event.kind in (READ, MERGED):
            assert at[event.amount] == target[event.amount] == event.place
        if event.kind in (LOST, WITHHELD):
            assert any((at[event.amount], head, event.note) in hops for head in world.reading)


@settings(max_examples=40, deadline=None)
@given(overrides(CHOICES, SHORT), clocks, replications)
def test_desks_take_and_finish_each_report_once(
    changes: tuple[str, ...], clock: str, replication: int
) -> None:
    world, events = rows(changes, clock, replication)
    open_jobs: dict[tuple[str, int], tuple[float, str]] = {}
    busy: Counter[str] = Counter()
    seen: set[tuple[str, int]] = set()
    came: set[tuple[str, int]] = set()
    report_of = [
        number
        for number, event in enumerate(event for event in events if event.kind == REPORT)
        for _ in range(int(event.p))
    ]
    for event in events:
        if event.kind == TAKEN:
            job = (event.place, report_of[event.amount])
            assert job not in seen
            seen.add(job)
            open_jobs[event.place, event.amount] = event.time, event.note
            busy[event.place] += 1
            officers = {
                tables.officers[hour % 168] for _, tables in world.desks[event.place] for hour in range(168)
            }
            assert busy[event.place] <= max(officers)
            assert event.p >= 0.0
        if event.kind == WORKED:
            since, source = open_jobs.pop((event.place, event.amount))
            assert (event.time - since, event.note) == (event.p, source)
            busy[event.place] -= 1
        if event.kind == CARRIED:
            came.add((event.place, event.amount))
        if event.kind == LEAKED:
            assert event.consignment != NOBODY
            assert (event.place, event.amount) in came
    assert len(open_jobs) == busy.total()


@settings(max_examples=40, deadline=None)
@given(overrides(CHOICES, SHORT), clocks, replications)
def test_every_load_ends_once(changes: tuple[str, ...], clock: str, replication: int) -> None:
    log = replicate(world_of(EVERYTHING, *changes, clock=clock), SEED, replication)
    events, names = list(log.rows()), log.names
    departed: set[int] = set()
    ended: set[int] = set()
    for event in events:
        load = event.consignment
        if event.kind == DEPART:
            assert load not in departed
            departed.add(load)
        if event.kind in (ARRIVE, ENCOUNTER, REROUTED, WAITED, SEIZED, DELIVERED):
            assert load in departed - ended
        if event.kind in (SEIZED, DELIVERED):
            ended.add(load)
    assert len(departed) == len(names)
    # Who has not ended is in transit: at a post whose bay is flooded with vehicles taken for another.
    last = {event.consignment: event.kind for event in events if event.kind in (DEPART, ARRIVE, ENCOUNTER)}
    assert all(last[load] in (ARRIVE, ENCOUNTER) for load in departed - ended)
    assert ended == departed or "lookouts.false_match=0.05" in changes


def test_the_worlds_above_have_every_kind_of_event_and_end() -> None:
    """The properties would say little if a mechanism could never act."""
    kinds: set[str] = set()
    notes: set[str] = set()
    for changes in (
        (),
        ("leaks.probability=1.0", "legs.origin-south.hours=30.0",
         "sources.informants-origin.probability=1.0"),
        ("reports.seizure.probability=1.0", "organisations.gangs.number=1", "desks.slow.service_h=3.0",
         "reports.request.probability=0.2", "reports.expiry_h=48.0", "reports.addressing=broadcast"),
        ("reports.request.to=across", "reports.request.probability=1.0",
         "organisations.gangs.compromised=0.5", "link.willingness=1.0", "lookouts.find=0.1"),
    ):  # fmt: skip
        for event in log_of(EVERYTHING, *changes).rows():
            kinds.add(KINDS[event.kind])
            if event.kind in (READ, SEIZED, ENCOUNTER, REPORT):
                notes.add(event.note)
    assert kinds == set(KINDS) - OF_SMUGGLERS
    assert notes >= {
        *SOURCES, "in time", "late (delay)", "late (closed)", "late (queue)", "late (work)",
        "late (elsewhere)", "lookout", "routine", "profiling", "pattern", "inland", "patrol",
        "waved through", "request",
    }  # fmt: skip


# Causality ------------------------------------------------------------------------------------------


@settings(max_examples=60, deadline=None)
@given(overrides(CHOICES, SHORT), clocks, replications)
def test_nothing_acts_before_it_was_read(changes: tuple[str, ...], clock: str, replication: int) -> None:
    _, events = rows(changes, clock, replication)
    before = -1.0
    sent: dict[int, Event] = {}
    lookouts: dict[tuple[int, str], float] = {}
    starts: dict[tuple[int, str], float] = {}
    told: dict[tuple[int, str], bool] = {}
    warned: dict[int, set[str]] = defaultdict(set)
    stands: set[int] = set()
    answered: set[tuple[int, str]] = set()
    for event in events:
        load, place = event.consignment, event.place
        assert event.time >= before
        before = event.time
        if event.kind == SENT:
            sent[event.amount] = event
        if event.kind in (CARRIED, TAKEN, WORKED, LEAKED, *ENDS):
            assert sent[event.amount].time <= event.time
            assert sent[event.amount].consignment == load
        if event.kind == LEAKED:
            warned[load].add(sent[event.amount].place)
        if event.kind in (REROUTED, WAITED):
            assert place in warned[load]
        if event.kind == READ and event.note == "in time":
            stands.add(event.amount)
            if load != NOBODY and sent[event.amount].note in LOOKOUTS:
                lookouts.setdefault((load, place), event.time)
            if sent[event.amount].note == "answer":
                answered.add((load, place))
        if event.kind == MISTAKEN:
            assert event.amount in stands
            assert sent[event.amount].note == event.note
        if event.kind == ARRIVE:
            starts[load, place] = event.time + event.p
        if event.kind == ENCOUNTER and event.note == "request":
            assert (load, place) in answered
        elif event.kind == ENCOUNTER:
            start = starts.get((load, place), event.time)
            told[load, place] = lookouts.get((load, place), start) < start
            if event.note != "waved through":
                assert (event.note == "lookout") == told[load, place]
        if event.kind == SEIZED and event.note == "lookout":
            assert told[load, place]


@settings(max_examples=40, deadline=None)
@given(overrides(CHOICES, SHORT), clocks, replications)
def test_what_mechanisms_take_belongs_to_the_encounter_before(
    changes: tuple[str, ...], clock: str, replication: int
) -> None:
    """Waits and false reports never add to p: who waited less has the lookouts that he had, and more."""
    log = replicate(world_of(EVERYTHING, *changes, clock=clock), SEED, replication)
    encounter: Event | None = None
    taken: set[str] = set()
    grams = {event.consignment: event.amount for event in log.rows() if event.kind == DEPART}
    for event in log.rows():
        if event.kind == ENCOUNTER:
            encounter, taken = event, set()
        elif event.kind == FORGONE:
            assert encounter is not None
            assert (event.time, event.consignment, event.place) == (
                encounter.time, encounter.consignment, encounter.place,
            )  # fmt: skip
            assert event.note in MECHANISMS
            assert event.note not in taken
            taken.add(event.note)
            assert event.amount < 0 or event.note == "staff"
            assert event.amount == pytest.approx(1e6 * grams[event.consignment] * event.p, abs=1.0)
            assert 0.0 <= encounter.p - event.p <= 1.0
        else:
            encounter = None
    if "reports.false_factor=0.0" in changes:
        assert not any(event.note == "false reports" for event in log.rows() if event.kind == FORGONE)


# Independence ---------------------------------------------------------------------------------------


@settings(max_examples=20, deadline=None)
@given(overrides(CHOICES, SHORT), st.lists(st.floats(0.5, 24.0 * 14), max_size=100), st.integers(0, 1000))
def test_looking_at_posts_changes_nothing(
    changes: tuple[str, ...], looks: list[float], replication: int
) -> None:
    world = world_of(EVERYTHING, *changes)
    watched = Replication(world, SEED, replication)
    for i, moment in enumerate(looks):
        post = watched.posts[i % len(watched.posts)]
        watched.at(moment, lambda post=post, moment=moment: kernel.advance(*post.records, moment))
    assert watched.run() == replicate(world, SEED, replication)


def test_what_is_handed_over_on_the_way_is_the_whole() -> None:
    world = world_of(EVERYTHING)
    parts: list[Event] = []
    log = replicate(world, SEED, 0, lambda part: parts.extend(part.rows()))
    assert not log.events
    assert parts == list(log_of(EVERYTHING).rows())


def test_another_process_gives_the_same_events() -> None:
    world = world_of(EVERYTHING)
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as pool:
        other = pool.submit(replicate, pickle.loads(pickle.dumps(world)), SEED, 1).result()
    assert other == log_of(EVERYTHING, replication=1)


# What is off leaves no trace ------------------------------------------------------------------------------


def cut(text: str, *tables: str) -> str:
    """The world without these tables, such as ``[trust]``."""
    for table in tables:
        start = text.index(f"\n{table}\n")
        end = text.find("\n[", start + 1)
        text = text[:start] + (text[end:] if end >= 0 else "\n")
    return text


def drop(text: str, *lines: str) -> str:
    """The world without these lines."""
    for line in lines:
        assert text.count(f"\n{line}\n") >= 1, line
        text = text.replace(f"\n{line}\n", "\n")
    return text


WILLING = (
    "channels.between-capitals.willingness=1.0", "channels.capitals-centre.willingness=1.0",
    "link.willingness=1.0",
)  # fmt: skip
BLO = "offices.blo-bridge.components"

NEUTRAL = {
    "trust, all willing": (EVERYTHING, WILLING, cut(EVERYTHING, "[trust]"), WILLING),
    "rotation without loss": (
        EVERYTHING,
        ("trust.rotation_loss=0.0",),
        drop(EVERYTHING, "rotation_days = 20.0", "rotation_loss = 0.5"),
        (),
    ),
    "leaks": (EVERYTHING, ("leaks.probability=0.0",), cut(EVERYTHING, "[leaks]"), ()),
    "false reports": (
        EVERYTHING,
        ("sources.informants-origin.false_per_year=0.0",),
        drop(EVERYTHING, "false_per_year = 400.0"),
        (),
    ),
    "false factor": (
        EVERYTHING,
        ("reports.false_factor=0.0",),
        drop(EVERYTHING, "false_per_year = 400.0"),
        (),
    ),
    "false match": (
        EVERYTHING,
        ("lookouts.false_match=0.0",),
        drop(EVERYTHING, "false_match = 0.0005"),
        (),
    ),
    "chase": (
        EVERYTHING,
        ("reports.chase.probability=0.0",),
        cut(EVERYTHING, "[reports.chase]"),
        (),
    ),
    "pattern": (
        EVERYTHING,
        ("reports.pattern.probability=0.0",),
        cut(EVERYTHING, "[reports.pattern]"),
        (),
    ),
    "request": (
        EVERYTHING,
        ("reports.request.probability=0.0",),
        cut(EVERYTHING, "[reports.request]"),
        (),
    ),
    "signature": (
        EVERYTHING,
        ("organisations.gangs.signature=0.0",),
        drop(EVERYTHING, "signature = 0.5"),
        (),
    ),
    "compromised": (
        EVERYTHING,
        ("organisations.gangs.compromised=0.0",),
        drop(EVERYTHING, "compromised = 0.1"),
        (),
    ),
    "pooling without a desk": (
        EVERYTHING,
        (f"{BLO}.desk=0", f"{BLO}.pooling=3"),
        drop(EVERYTHING, "desk = 1", "pooling = 2"),
        (),
    ),
    "terms of a desk without officers": (
        EVERYTHING,
        (f"{BLO}.desk=0",),
        drop(EVERYTHING, "desk = 1", 'desk = "liaison"'),
        (),
    ),
    "pooling of one agency": (EVERYTHING, (f"{BLO}.pooling=1",), drop(EVERYTHING, "pooling = 2"), ()),
    "willingness": (
        drop(EVERYTHING, "willingness = 0.7", "willingness = 0.8"),
        WILLING,
        drop(EVERYTHING, "willingness = 0.7", "willingness = 0.8"),
        (),
    ),
    "need-to-know": (EVERYTHING, ("reports.addressing=need-to-know",), EVERYTHING, ()),
}
"""By name: a world with the key at its neutral value, and one without the key; each with overrides."""


@pytest.mark.parametrize("clock", ["steady", "dated"])
@pytest.mark.parametrize("name", list(NEUTRAL))
def test_a_neutral_key_leaves_no_trace(name: str, clock: str) -> None:
    written, here, absent, there = NEUTRAL[name]
    neutral, without = (
        replicate(world_of(text, *changes, clock=clock), SEED, 0)
        for text, changes in ((written, here), (absent, there))
    )
    assert neutral == without


@pytest.mark.parametrize("name", [name for name in NEUTRAL if name not in ("need-to-know", "willingness")])
def test_and_not_neutral_it_does(name: str) -> None:
    """Else the test above could pass because the key does nothing at all."""
    _, _, absent, there = NEUTRAL[name]
    on = {
        "trust, all willing": (),
        "rotation without loss": ("trust.initial=1.0", "trust.rotation_loss=1.0"),
    }.get(name, ())
    assert any(
        log_of(EVERYTHING, *on, replication=r).events != log_of(absent, *there, replication=r).events
        for r in range(4)
    )


INNOCENT = (
    "reports.other_side.probability=0.0", "reports.seizure.probability=0.0", "reports.expiry_h=1e6",
    *(f"headquarters.capital-{one}.{rest}" for one in ("aa", "bb")
      for rest in ("hours=[0, 24]", "weekdays=7")),
)  # fmt: skip
"""One report a load, none thrown away, and no copy that comes where another one waits for the morning."""

FREE = '\n[[desks]]\nid = "free"\nservice_h = 0.0\n'


def outcomes(log: EventLog) -> tuple[list[Event], list[tuple[object, ...]]]:
    """All events but those at desks; apart those whose time is when they are settled, without it."""
    settled = (CARRIED, LOST, WITHHELD)
    rest = sorted(event for event in log.rows() if event.kind not in (*settled, TAKEN, WORKED))
    apart = sorted((e.amount, e.kind, e.p, e.place, e.note) for e in log.rows() if e.kind in settled)
    return rest, list(apart)


@pytest.mark.parametrize("clock", ["steady", "dated"])
def test_desks_without_limits_change_nothing_but_their_own_events(clock: str) -> None:
    plain = SMALL + FORD
    offices = ("posts.bridge-aa", "posts.bridge-bb", "posts.ford-aa", "sectors.hills-bb",
               "units.north-unit", "headquarters.capital-aa", "headquarters.capital-bb")  # fmt: skip
    desks = tuple(f"{office}.desk=free" for office in offices)
    with_desks = replicate(world_of(plain + FREE, *INNOCENT, *desks, clock=clock), SEED, 0)
    without = replicate(world_of(plain, *INNOCENT, clock=clock), SEED, 0)
    assert outcomes(with_desks) == outcomes(without)
    assert with_desks.lawful == without.lawful
    assert with_desks.lane_groups == without.lane_groups
    kinds = Counter(event.kind for event in with_desks.rows())
    assert kinds[TAKEN] == kinds[WORKED] > 10
    assert kinds[MERGED] == kinds[EXPIRED] == kinds[HELD] == 0


def test_a_desk_without_limits_keeps_the_hours_of_its_office() -> None:
    """One message a report, through a centre that is closed at night and on Sundays."""
    hours = ("centres.centre-1.hours=[9, 17]", "centres.centre-1.weekdays=6")
    plain = race_world(2, 2.0, 0.1, loads_a_day=5.0)
    with_desk = log_of(plain + FREE, *hours, "centres.centre-1.desk=free")
    without = log_of(plain, *hours)
    assert outcomes(with_desk) == outcomes(without)
    notes = {event.note for event in with_desk.rows() if event.kind == READ}
    assert notes == {"in time", "late (delay)", "late (closed)"}
    assert outcomes(without) != outcomes(log_of(plain))


@pytest.mark.parametrize("clock", ["steady", "dated"])
def test_trust_that_stays_nothing_changes_nothing_but_when_steps_are_settled(clock: str) -> None:
    nothing = ("trust.initial=0.0", "trust.confirmed=0.0")
    here = replicate(world_of(EVERYTHING, *nothing, clock=clock), SEED, 0)
    there = replicate(world_of(cut(EVERYTHING, "[trust]"), clock=clock), SEED, 0)
    assert outcomes(here) == outcomes(there)
    assert any(event.kind == WITHHELD for event in here.rows())
