"""What reports, requests, leaks and false matches do, on small worlds whose outcome is known."""

from __future__ import annotations

from collections import Counter, defaultdict

import pytest
from runs import SEED, log_of, world_of
from worlds import BARE, FORD, channel, desk, flow, leg, small_world

from blo_sim.model.events import (
    ARRIVE,
    DELIVERED,
    DEPART,
    ENCOUNTER,
    EXPIRED,
    HELD,
    LEAKED,
    MISTAKEN,
    NOBODY,
    READ,
    REPORT,
    REROUTED,
    SEARCHED,
    SEIZED,
    SENT,
    WAITED,
    WITHHELD,
    Event,
    EventLog,
)
from blo_sim.model.traffic.demand import consignments

SMALL = small_world()
ALL_TOLD = ("sources.informants-origin.probability=1.0", "sources.informants-origin.load_exponent=0.0")
NO_TIPS = "sources.informants-origin.probability=0.0"
SILENT = ("reports.other_side.probability=0.0", "reports.seizure.probability=0.0")


def of(log: EventLog, *kinds: int) -> list[Event]:
    return [event for event in log.rows() if event.kind in kinds]


def source_of(log: EventLog) -> dict[int, str]:
    """Of each message."""
    return {event.amount: event.note for event in of(log, SENT)}


def units(*rows: tuple[str, str]) -> str:
    """Inland units that detect nobody, by id and place."""
    return "".join(
        f'\n[[units]]\nid = "{name}"\ncountry = "BB"\nplace = "{place}"\ndetection = 0.0\n'
        for name, place in rows
    )


WAY = (("first", "p1"), ("second", "p2"), ("third", "market"))


def three_units(delay: str, loads_a_day: float = 5.0, more: str = "") -> str:
    """Ten hours from the origin to each of three units in turn; an owner tells each after ``delay``."""
    stops = ["origin", *(place for _, place in WAY)]
    places = "".join(
        f'\n[[places]]\nid = "{name}"\ncountry = "BB"\nlat = 12.0\nlon = 10.0\n' for name in stops[1:-1]
    )
    legs = "".join(
        leg("10.0").replace('"origin-market"', f'"leg-{i}"').replace('"origin"', f'"{stops[i]}"').replace(
            '"market"', f'"{stops[i + 1]}"'
        )
        for i in range(3)
    )
    channels = channel("owner", "first", delay) + channel("owner", "second", "500.0")
    channels += channel("owner", "third", "500.0") + channel("first", "second", "1.0")
    return f"""{BARE}{flow(loads_a_day)}{places}{legs}{units(*WAY)}
[[centres]]
id = "owner"
{channels}
[[sources]]
id = "informants"
place = "origin"
office = "owner"
probability = 1.0
lag_h = 0.0
{more}"""


# Addressees -----------------------------------------------------------------------------------------


def test_need_to_know_addresses_what_lies_ahead_and_broadcast_all() -> None:
    text = small_world()
    road = "flows.heroin-north.modes={road=1.0, foot=0.0}"
    for addressing, where in (("need-to-know", 3), ("broadcast", 4)):
        log = log_of(text, *ALL_TOLD, *SILENT, f"reports.addressing={addressing}", road,
                     "sources.informants-origin.lag_h=0.0")  # fmt: skip
        sends = {event.p for event in of(log, REPORT)}
        assert sends == {float(where)}
    places = Counter(event.place for event in of(log, SENT))
    assert set(places) == {"bridge-aa", "bridge-bb", "hills-bb", "north-unit"}
    elsewhere = [event for event in of(log, READ) if event.note == "late (elsewhere)"]
    assert {(event.place, event.p) for event in elsewhere} == {("hills-bb", 0.0)}
    assert len(elsewhere) <= places["hills-bb"]


# Chase ----------------------------------------------------------------------------------------------


def test_a_lost_race_becomes_a_chase_for_the_next_control() -> None:
    """The first unit reads 2 h after the load left it; the second, 1 h further on, is told in time."""
    chase = "\n[reports.chase]\nprobability = 1.0\nlag_h = 0.25\n"
    log = log_of(three_units("12.0", more=chase))
    loads = len(log.names)
    chases = [event for event in of(log, REPORT) if event.note == "chase"]
    assert Counter(event.place for event in chases) == {"first": loads}
    assert {event.p for event in chases} == {1.0}
    source = source_of(log)
    read = [event for event in of(log, READ) if source[event.amount] == "chase"]
    assert {(event.place, event.note) for event in read} == {("second", "in time")}
    departed = {event.consignment: event.time for event in of(log, DEPART)}
    assert {event.time - departed[event.consignment] for event in read} == {13.25}
    late = [event for event in of(log, READ) if event.place == "first"]
    assert {(event.note, event.p) for event in late} == {("late (delay)", 2.0)}
    acted = {event.place for event in of(log, ENCOUNTER) if event.note == "lookout"}
    assert acted == {"second"}


def test_no_chase_where_the_race_was_won_or_nobody_is_ahead() -> None:
    chase = "\n[reports.chase]\nprobability = 1.0\n"
    for delay in ("5.0", "100.0"):
        log = log_of(three_units(delay, more=chase), "lookouts.intercept=0.0")
        assert all(event.note != "chase" for event in of(log, REPORT))
    assert {event.note for event in of(log, READ) if event.place == "first"} == {"late (delay)"}


def test_the_share_of_chases() -> None:
    chase = "\n[reports.chase]\nprobability = 0.4\n"
    log = log_of(three_units("12.0", 20.0, more=chase))
    n = len(log.names)
    share = sum(event.note == "chase" for event in of(log, REPORT)) / n
    assert share == pytest.approx(0.4, abs=4 * (0.24 / n) ** 0.5)


# Patterns -------------------------------------------------------------------------------------------

PATTERN = """
[reports.pattern]
probability = 1.0
lag_h = 1.0
d_prime = 3.0
half_life_h = 1e9
"""
SIGNED = ("organisations.gangs.signature=1.0", "organisations.gangs.number=1", NO_TIPS, *SILENT,
          "flows.heroin-north.volume_kg_per_year=40000")  # fmt: skip


def test_a_seizure_teaches_a_signature_to_posts() -> None:
    log = log_of(SMALL + PATTERN, *SIGNED)
    without = log_of(SMALL, *SIGNED)
    reports = [event for event in of(log, REPORT) if event.note == "pattern"]
    assert len(reports) == len(of(log, SEIZED))
    assert {event.place for event in of(log, SENT)} <= {"bridge-aa", "bridge-bb"}
    first = min(event.time for event in of(log, READ) if event.place == "bridge-bb")
    before, after = defaultdict(list), defaultdict(list)
    for target, one in ((before, without), (after, log)):
        for event in of(one, ENCOUNTER):
            if event.place == "bridge-bb" and event.note == "":
                target[event.time < first].append(event.p)
    assert before[True] == after[True]
    assert sum(after[False]) / len(after[False]) > 1.5 * sum(before[False]) / len(before[False])
    assert "pattern" in {event.note for event in of(log, SEIZED)}


def test_only_signed_loads_teach_and_are_found_by_a_pattern() -> None:
    half = (*SIGNED, "organisations.gangs.signature=0.5", "posts.bridge-aa.d_prime=2.0")
    log = log_of(SMALL + PATTERN, *half)
    signed = {load.number for load in consignments(world_of(SMALL + PATTERN, *half), SEED, 0) if load.signed}
    assert 0 < len(signed) < len(log.names)
    teachers = {event.consignment for event in of(log, REPORT) if event.note == "pattern"}
    seized = {event.consignment for event in of(log, SEIZED)}
    assert teachers == seized & signed
    assert seized - signed
    by_pattern = {event.consignment for event in of(log, SEIZED) if event.note == "pattern"}
    assert by_pattern <= signed


def test_a_signature_is_one_way_of_hiding_for_each_owner_and_class() -> None:
    world = world_of(SMALL, "organisations.gangs.signature=1.0",
                     "classes.car.concealment={cargo=0.5, body=0.5}")  # fmt: skip
    ways = defaultdict(set)
    for load in consignments(world, SEED, 0):
        if load.concealment:
            ways[load.owner, load.traffic_class].add(load.concealment)
    assert all(len(hidden) == 1 for hidden in ways.values())
    assert len(set().union(*ways.values())) == 2


# Requests -------------------------------------------------------------------------------------------

ASKED = """
[reports.request]
probability = 1.0
to = "centre"
hold_h = 5.0

[[centres]]
id = "centre"
"""
LINE = channel("bridge-aa", "centre", "1.0").replace("bridge-aa-to-centre", "line-aa")
REFERRED = (*SILENT, "classes.truck.policy_cap=1.0", "classes.car.policy_cap=1.0",
            "methods.physical.sensitivity={cargo=0.0, body=0.0}", "lookouts.find=1.0",
            "parameters.d_prime_road=9.0", "crossings.bridge.daily={truck=1, car=1}",
            "flows.heroin-north.modes={road=1.0, foot=0.0}", "offices.blo-south.components.link=false",
            "offices.blo-bridge.components.link=false")  # fmt: skip
"""Everything is referred, and nothing is found without a lookout."""


def test_a_request_that_nobody_can_answer_holds_the_vehicle_and_lets_it_go() -> None:
    log = log_of(SMALL + ASKED + LINE, *REFERRED, NO_TIPS)
    searched = [event for event in of(log, SEARCHED) if event.place == "bridge-aa"]
    held = [event for event in of(log, HELD) if event.consignment != NOBODY]
    held = [event for event in held if event.place == "bridge-aa"]
    assert len(held) == len(searched) > 20
    # One hour there and one back: less than the limit.
    assert {event.p for event in held} == {2.0}
    assert [event.time for event in held if event.consignment == searched[0].consignment] == [
        searched[0].time + 2.0
    ]
    asked = [event for event in of(log, REPORT) if event.note == "request"]
    assert {event.p for event in asked} == {1.0}
    assert not [event for event in of(log, ENCOUNTER) if event.note == "request"]


def test_a_slow_answer_comes_after_the_limit() -> None:
    log = log_of(SMALL + ASKED + LINE, *REFERRED, NO_TIPS, "channels.line-aa.delay_h=4.0")
    held = [event for event in of(log, HELD) if event.place == "bridge-aa"]
    assert {event.p for event in held} == {5.0}
    # It is not even answered if it is read after that.
    slower = log_of(SMALL + ASKED + LINE, *REFERRED, NO_TIPS, "channels.line-aa.delay_h=6.0")
    assert {event.p for event in of(slower, HELD) if event.place == "bridge-aa"} == {5.0}
    assert not [event for event in of(slower, REPORT) if event.note == "answer"]


def test_an_office_that_knows_of_the_load_has_it_searched_again() -> None:
    """Informants tell the centre, which cannot reach the post in time: 99 h one way, 1 h the other."""
    text = SMALL.replace('office = "bridge-aa"', 'office = "centre"') + ASKED + LINE
    # The centre knows at once; its messages to posts never match, its answers count.
    blind = ("lookouts.match=0.0", *ALL_TOLD)
    log = log_of(text, *REFERRED, *blind)
    again = [event for event in of(log, ENCOUNTER) if event.note == "request"]
    assert len(again) > 20
    # `lookouts.find` is 1: what is known is found.
    assert {event.p for event in again} == {1.0}
    seized = [event for event in of(log, SEIZED) if event.note == "request"]
    assert {event.consignment for event in seized} == {event.consignment for event in again}
    none_known = log_of(text, *REFERRED, "lookouts.match=0.0", NO_TIPS)
    assert not [event for event in of(none_known, ENCOUNTER) if event.note == "request"]


def test_what_a_post_told_is_no_answer_to_what_it_asks() -> None:
    """Each search in vain is told to the other side, which is then asked."""
    asked = ASKED.replace('to = "centre"', 'to = "across"').replace("hold_h = 5.0", "hold_h = 24.0")
    text = SMALL + asked + channel("bridge-aa", "bridge-bb", "1.0")
    log = log_of(text, *REFERRED, NO_TIPS, "reports.other_side.probability=1.0", "lookouts.match=0.0")
    told = [event for event in of(log, READ) if event.place == "bridge-bb" and event.note == "in time"]
    assert len(told) > 20
    assert [event for event in of(log, REPORT) if event.note == "answer"]
    assert not [event for event in of(log, ENCOUNTER) if event.note == "request"]


def test_requests_on_lawful_vehicles_load_the_network_and_are_never_known() -> None:
    log = log_of(SMALL + ASKED + LINE, *SILENT, "reports.request.probability=0.1",
                 "offices.blo-south.components.link=false")  # fmt: skip
    lawful = [event for event in of(log, HELD) if event.consignment == NOBODY]
    posts = Counter(event.place for event in lawful)
    assert min(posts["bridge-aa"], posts["bridge-bb"]) > 50
    assert {event.p for event in lawful if event.place == "bridge-aa"} == {2.0}
    assert all(event.consignment != NOBODY for event in of(log, ENCOUNTER))


def test_without_a_way_to_the_office_nobody_asks() -> None:
    log = log_of(SMALL + ASKED, "offices.blo-bridge.components.link=false",
                 "offices.blo-south.components.link=false")  # fmt: skip
    assert not of(log, HELD)
    assert all(event.note != "request" for event in of(log, REPORT))


# False reports and mistakes -------------------------------------------------------------------------

FALSE = "sources.informants-origin.false_per_year=2000.0"


def test_false_reports_come_at_their_rate_from_hour_zero_to_the_end_of_the_window() -> None:
    counts, times = [], []
    for replication in range(10):
        log = log_of(SMALL, FALSE, NO_TIPS, *SILENT, replication=replication)
        births = [event.time for event in of(log, REPORT)]
        assert {(event.note, event.consignment) for event in of(log, REPORT)} == {("false", NOBODY)}
        counts.append(len(births))
        times += births
    expected = 2000 / 365 * 40
    assert sum(counts) / 10 == pytest.approx(expected, abs=4 * (expected / 10) ** 0.5)
    assert 0.0 < min(times) < 24.0
    assert 39 * 24.0 < max(times) < 40 * 24.0
    doubled = log_of(SMALL, FALSE, NO_TIPS, *SILENT, "reports.false_factor=2.0")
    assert len(of(doubled, REPORT)) > 1.6 * counts[0]


def test_false_reports_need_no_loads_and_change_none_by_themselves() -> None:
    log = log_of(SMALL, FALSE, *SILENT)
    quiet = log_of(SMALL, *SILENT)
    traffic = (DEPART, ARRIVE, ENCOUNTER, SEARCHED, SEIZED, DELIVERED)
    assert of(log, *traffic) == of(quiet, *traffic)
    assert log.lawful == quiet.lawful
    read = [event for event in of(log, READ) if event.consignment == NOBODY]
    assert {event.note for event in read} == {"in time"}
    # Ways on from the origin: by road over the bridge, on foot over the hills.
    sends = {event.p for event in of(log, REPORT) if event.note == "false"}
    assert sends == {2.0, 3.0}


def test_lawful_vehicles_are_mistaken_from_reading_to_expiry() -> None:
    text = (SMALL, FALSE, NO_TIPS, *SILENT, "lookouts.false_match=0.01", "reports.expiry_h=48.0")
    log = log_of(*text)
    born = {event.amount: event.time for event in of(log, SENT)}
    read = {event.amount: event.time for event in of(log, READ)}
    mistakes = of(log, MISTAKEN)
    assert len(mistakes) > 100
    for event in mistakes:
        assert read[event.amount] <= event.time <= born[event.amount] + 48.0
        assert event.note == "false"
        assert event.p > 0.0
        assert event.place.startswith("bridge")
    assert not of(log_of(*text, "lookouts.false_match=0.0"), MISTAKEN)


def test_the_number_of_mistakes() -> None:
    """Trucks of one direction, 100 a day, each with probability 0.01 while a lookout stands."""
    counts, expected = [], []
    for replication in range(12):
        log = log_of(SMALL, FALSE, NO_TIPS, *SILENT, "lookouts.false_match=0.01", "reports.expiry_h=48.0",
                     "profiles.by-day.hours=[1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1]",
                     replication=replication)  # fmt: skip
        born = {event.amount: event.time for event in of(log, SENT)}
        stood = [
            born[event.amount] + 48.0 - event.time
            for event in of(log, READ)
            if event.place.startswith("bridge")
        ]
        expected.append(sum(stood) * 0.01 * 100 / 24)
        counts.append(len(of(log, MISTAKEN)))
    assert sum(counts) == pytest.approx(sum(expected), abs=4 * sum(expected) ** 0.5)


def test_mistakes_on_a_true_lookout_end_when_its_subject_has_passed() -> None:
    log = log_of(SMALL, *ALL_TOLD, *SILENT, "lookouts.false_match=0.05")
    passed: dict[tuple[int, str], float] = {}
    for event in log.rows():
        if event.kind == ENCOUNTER:
            passed[event.consignment, event.place] = event.time
    mistakes = [event for event in of(log, MISTAKEN) if event.note == "surveillance"]
    assert len(mistakes) > 10
    assert all(event.time <= passed.get((event.consignment, event.place), 1e9) for event in mistakes)


def test_mistakes_take_time_in_the_bay() -> None:
    """Lawful vehicles wait for searches after false reports."""
    busy = (FALSE, NO_TIPS, *SILENT, "reports.expiry_h=200.0")
    calm = log_of(SMALL, *busy).lawful["bridge-bb"]
    crowded = log_of(SMALL, *busy, "lookouts.false_match=0.0005").lawful["bridge-bb"]
    assert crowded.passages == calm.passages
    assert crowded.bay_wait + crowded.released > calm.bay_wait + calm.released


# Leaks ----------------------------------------------------------------------------------------------

CENTRE = """
[[centres]]
id = "seller"
desk = "fast"

[leaks]
probability = 1.0
reroute = 0.0
wait_h = 7.0
""" + desk("fast", "0.0", "officers = 90")


def leaky(more: str = "") -> str:
    """A centre with a desk that sells all hears of every load at once and tells bridge-bb."""
    text = SMALL[: SMALL.index("[[offices]]")]
    start = text.index("[[channels]]")
    text = text[:start] + text[text.index("[[sources]]") :]
    text = "".join(line for line in text.splitlines(True) if not line.startswith("post_delay"))
    text = text.replace('office = "bridge-aa"', 'office = "owner"')
    far = channel("owner", "seller", "0.0") + channel("seller", "bridge-bb", "0.5")
    return text + CENTRE + '\n[[centres]]\nid = "owner"\n' + far + more


LOADS = (*ALL_TOLD, *SILENT, "sources.informants-origin.lag_h=0.0",
         "flows.heroin-north.modes={road=1.0, foot=0.0}")  # fmt: skip


def test_a_warned_load_waits_once_before_the_border() -> None:
    log = log_of(leaky(), *LOADS, "leaks.reroute=0.0")
    loads = set(range(len(log.names)))
    assert {event.consignment for event in of(log, LEAKED)} == loads
    waited = of(log, WAITED)
    assert sorted(event.consignment for event in waited) == sorted(loads)
    assert {(event.place, event.p) for event in waited} == {("bridge-bb", 7.0)}
    assert not of(log, REROUTED)
    calm = log_of(leaky(), *LOADS, "leaks.probability=0.0")
    came, late = (
        {event.consignment: event.time for event in of(one, ARRIVE) if event.place == "bridge-aa"}
        for one in (calm, log)
    )
    assert all(late[load] == came[load] + 7.0 for load in came)


def test_without_a_time_to_wait_a_warning_changes_nothing() -> None:
    log = log_of(leaky(), *LOADS, "leaks.wait_h=0.0")
    calm = log_of(leaky(), *LOADS, "leaks.probability=0.0")
    assert not of(log, WAITED, REROUTED)
    assert len(of(log, LEAKED)) == len(log.names)
    assert [event for event in log.rows() if event.kind != LEAKED] == calm.events


def test_a_warned_load_takes_another_way_if_there_is_one() -> None:
    log = log_of(leaky(FORD), *LOADS, "leaks.reroute=1.0")
    by_bridge = {event.consignment for event in of(log, DEPART) if "bridge" in event.place}
    rerouted = of(log, REROUTED)
    assert sorted(event.consignment for event in rerouted) == sorted(by_bridge)
    assert {event.note for event in rerouted} == {"origin-south,south-north-ford,north-market"}
    assert {event.place for event in rerouted} == {"bridge-bb"}
    assert not [event for event in of(log, ENCOUNTER) if event.place.startswith("bridge")]
    read = [event for event in of(log, READ) if event.consignment in by_bridge]
    assert {event.note for event in read} == {"in time"}
    # Back and over the other way: never sooner than without the warning.
    calm = log_of(leaky(FORD), *LOADS, "leaks.probability=0.0", "lookouts.match=0.0")
    there, here = (
        {event.consignment: event.time for event in of(one, ARRIVE) if event.place.endswith("-aa")}
        for one in (calm, log)
    )
    both = by_bridge & set(there) & set(here)
    assert len(both) > 20
    assert sum(here[load] - there[load] for load in both) / len(both) > 1.0


def test_without_another_way_it_waits() -> None:
    log = log_of(leaky(), *LOADS, "leaks.reroute=1.0")
    assert not of(log, REROUTED)
    assert len(of(log, WAITED)) == len(log.names)


def test_the_share_that_takes_another_way() -> None:
    log = log_of(leaky(FORD), *LOADS, "leaks.reroute=0.4", "flows.heroin-north.volume_kg_per_year=60000")
    turned, waited = len(of(log, REROUTED)), len(of(log, WAITED))
    n = turned + waited
    assert n > 100
    assert turned / n == pytest.approx(0.4, abs=4 * (0.24 / n) ** 0.5)


def test_more_agencies_in_the_room_leak_more() -> None:
    base = leaky().replace('desk = "fast"', "") + channel("owner", "bridge-aa", "0.0")
    room = base + """
[[offices]]
id = "blo"
post = "bridge-bb"
opens = 2013-02-01
desk = "fast"
components = { desk = 1, pooling = 1 }
"""
    shares = []
    for agencies in (1, 3):
        log = log_of(room, *LOADS, "leaks.probability=0.2", f"offices.blo.components.pooling={agencies}",
                     "flows.heroin-north.volume_kg_per_year=60000", "desks.fast.hours=[8, 20]",
                     "desks.fast.on_call=1")  # fmt: skip
        worked = {event.consignment for event in of(log, READ) if event.place == "bridge-bb"}
        shares.append(len(of(log, LEAKED)) / len(worked))
        n = len(worked)
    expected = [0.2, 1 - 0.8**3]
    for share, p in zip(shares, expected, strict=True):
        assert share == pytest.approx(p, abs=4 * (p * (1 - p) / n) ** 0.5)


# Willingness and trust ------------------------------------------------------------------------------


def test_offices_withhold_what_they_do_not_want_to_pass_on() -> None:
    text = three_units("1.0", 20.0)
    log = log_of(text, "channels.owner-to-first.willingness=0.7")
    withheld = of(log, WITHHELD)
    assert {event.note for event in withheld} == {"owner-to-first"}
    n = sum(event.place == "first" for event in of(log, SENT))
    assert sum(event.place == "first" for event in withheld) / n == pytest.approx(
        0.3, abs=4 * (0.21 / n) ** 0.5
    )
    none = log_of(text, "channels.owner-to-first.willingness=0.0")
    assert not [event for event in of(none, READ) if event.place == "first"]
    assert not of(log_of(text), WITHHELD)


TRUST = "\n[trust]\nconfirmed = {confirmed}\nfalse_alarm = {false_alarm}\n"


def test_seizures_on_lookouts_open_a_channel() -> None:
    text = three_units("1.0", 20.0, TRUST.format(confirmed=0.5, false_alarm=0.0))
    sure = ("channels.owner-to-first.willingness=0.2", "lookouts.intercept=1.0", "reports.half_life_h=1e9")
    log = log_of(text, *sure)
    early = [event for event in of(log, WITHHELD) if event.place == "first" and event.time < 100.0]
    late = [event for event in of(log, WITHHELD) if event.place == "first" and event.time > 500.0]
    assert early
    assert not late
    frozen = log_of(text, *sure, "trust.confirmed=0.0")
    assert [event for event in of(frozen, WITHHELD) if event.place == "first" and event.time > 500.0]


def test_mistakes_close_a_channel_again() -> None:
    base = (FALSE, NO_TIPS, *SILENT, "lookouts.false_match=0.02", "link.willingness=0.2")
    full = "\n[trust]\ninitial = 1.0\nconfirmed = 0.0\nfalse_alarm = 0.9\n"
    log = log_of(SMALL + full, *base)
    first = min(event.time for event in of(log, MISTAKEN) if event.place == "bridge-bb")
    withheld = [event.time for event in of(log, WITHHELD)]
    assert withheld
    assert min(withheld) > first
    assert not of(log_of(SMALL + full, *base, "trust.false_alarm=0.0"), WITHHELD)


def test_a_message_that_is_too_old_is_thrown_away_where_it_would_be_read() -> None:
    log = log_of(three_units("12.0"), "reports.expiry_h=11.0")
    assert not of(log, READ)
    assert len(of(log, EXPIRED)) == len(of(log, SENT))
    assert len(of(log, DELIVERED)) == len(log.names)
