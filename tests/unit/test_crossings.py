"""Weekly tables of posts, computed by hand."""

from __future__ import annotations

import math

import pytest
from runs import load, world_of
from worlds import small_world

from blo_sim.errors import ScenarioError
from blo_sim.model.border.records import hours_until_change
from blo_sim.scenario.schema import Desk, Profile, Roster
from blo_sim.world import crossings

SMALL = small_world()
WEEK = range(168)


def roster(*shifts: tuple[int, int, int, int]) -> Roster:
    """Shifts of (from, to, lanes for cars, officers)."""
    return Roster.model_validate(
        {
            "id": "r",
            "shifts": [
                {"from_hour": a, "to_hour": b, "lanes": {"car": lanes}, "bay_officers": officers}
                for a, b, lanes, officers in shifts
            ],
        }
    )


def test_hours_of_a_shift() -> None:
    assert crossings.shift_hours(8, 12) == [8, 9, 10, 11]
    assert crossings.shift_hours(22, 2) == [22, 23, 0, 1]
    assert crossings.shift_hours(22, 24) == [22, 23]
    assert sorted(crossings.shift_hours(6, 6)) == list(range(24))
    assert crossings.open_hours((8, 18)) == set(range(8, 18))
    assert crossings.open_hours((0, 24)) == set(range(24))


def test_lanes_and_officers_follow_shifts_and_opening_hours() -> None:
    staff = roster((8, 20, 3, 2), (20, 8, 1, 0))
    lanes = crossings.lane_table(staff, (6, 22), "car")
    assert len(lanes) == 168
    assert lanes[:24] == (0,) * 6 + (1,) * 2 + (3,) * 12 + (1,) * 2 + (0,) * 2
    assert lanes[24:48] == lanes[144:] == lanes[:24]
    assert crossings.officer_table(staff, (6, 22))[:24] == (0,) * 8 + (2,) * 12 + (0,) * 4
    assert crossings.lane_table(staff, (0, 24), "truck") == (0,) * 168


def test_demand_is_spread_by_the_profile_over_open_hours() -> None:
    lanes = crossings.lane_table(roster((8, 12, 1, 0)), (0, 24), "car")
    flat = crossings.demand(10.0, lanes, None)
    assert [flat[hour] for hour in (7, 8, 11, 12)] == [0.0, 2.5, 2.5, 0.0]

    hours = [0.0] * 24
    hours[9], hours[10], hours[20] = 1.0, 3.0, 99.0  # closed at 20 h
    weekdays = [1.0, 1.0, 1.0, 1.0, 1.0, 2.0, 0.0]
    profile = Profile(id="p", hours=hours, weekdays=weekdays)
    rates = crossings.demand(10.0, lanes, profile)
    assert math.fsum(rates) == pytest.approx(70.0)
    assert rates[9] == pytest.approx(70 / 7 / 4)
    assert rates[10] == pytest.approx(3 * 70 / 7 / 4)
    assert rates[5 * 24 + 10] == pytest.approx(2 * rates[10])
    assert {rates[hour] for hour in WEEK if hour % 24 not in (9, 10) or hour >= 144} == {0.0}
    assert crossings.demand(10.0, (0,) * 168, profile) == (0.0,) * 168


def test_month_factors_have_mean_one() -> None:
    assert crossings.month_factors(None) == (1.0,) * 12
    factors = crossings.month_factors(Profile(id="p", months=[4.0] + [1.0] * 11))
    assert factors[0] == pytest.approx(4 / 1.25)
    assert math.fsum(factors) == pytest.approx(12.0)


def test_lane_groups_of_a_post() -> None:
    model = load(SMALL).model
    groups = crossings.lane_groups(model.posts[0], model)
    assert [(g.id, g.direction) for g in groups] == [
        ("bridge-aa/0/truck", 0), ("bridge-aa/0/car", 0), ("bridge-aa/1/truck", 1), ("bridge-aa/1/car", 1),
    ]  # fmt: skip
    assert [math.fsum(g.rate) / 7 for g in groups] == pytest.approx([100, 150, 100, 150])
    only_trucks = "rosters.medium.shifts=[{from_hour=0, to_hour=24, lanes={truck=1}, bay_officers=1}]"
    model = load(SMALL, only_trucks).model
    assert [g.traffic_class for g in crossings.lane_groups(model.posts[0], model)] == ["truck", "truck"]
    assert [crossings.direction_of(model.crossings[0], country) for country in ("AA", "BB")] == [0, 1]


FLAT_DEMAND = (
    "profiles.by-day.hours=[1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1]",
    "crossings.bridge.daily={truck=240, car=240}",
)


def shares(*overrides: str, added: tuple[str, ...] = ()) -> tuple[crossings.Bay, list[tuple[float, float]]]:
    """The bay of ``bridge-bb``, and its shares of (truck, car) by hour of the day."""
    model = load(SMALL, *FLAT_DEMAND, *overrides).model
    post = model.posts[1]
    bay = crossings.bay(post, added, crossings.lane_groups(post, model), model)
    assert bay.shares[:2] == bay.shares[2:]
    return bay, list(zip(bay.shares[0][:24], bay.shares[1][:24], strict=True))


def test_shares_by_the_policy_cap() -> None:
    _, by_hour = shares("classes.truck.policy_cap=0.02", "classes.car.policy_cap=0.03")
    assert set(by_hour) == {(0.02, 0.03)}


def test_shares_by_the_capacity_of_the_bay() -> None:
    """20 vehicles an hour; a search takes 40 minutes: 1.5 an hour for each officer, 1.2 of them planned."""
    free = ("classes.truck.policy_cap=1.0", "classes.car.policy_cap=1.0")
    bay, by_hour = shares(*free)
    assert bay.search_mean_h == pytest.approx(2 / 3)
    assert by_hour[7] == pytest.approx((0.06, 0.06))  # one officer
    assert by_hour[8] == pytest.approx((0.12, 0.12))  # two
    assert by_hour[20] == pytest.approx((0.06, 0.06))


def test_equipment_makes_searches_longer_and_referrals_fewer() -> None:
    free = ("classes.truck.policy_cap=1.0", "classes.car.policy_cap=1.0")
    bay, by_hour = shares(*free, added=("scanner",))
    assert bay.methods == ("physical", "scanner")
    assert bay.search_mean_h == pytest.approx((40 + 0.9 * 15) / 60)
    assert by_hour[8][0] == pytest.approx(0.8 * 2 / bay.search_mean_h / 20)
    bay, _ = shares("methods.scanner.used=lookout", added=("scanner",))
    assert bay.search_mean_h == pytest.approx(40 / 60)


def test_a_shift_without_officers_refers_nobody() -> None:
    shifts = (
        "rosters.medium.shifts=[{from_hour=8, to_hour=20, lanes={truck=2, car=2}, bay_officers=1}, "
        "{from_hour=20, to_hour=8, lanes={truck=1, car=1}}]"
    )
    _, by_hour = shares(shifts)
    assert by_hour[19] != (0.0, 0.0) == by_hour[20] == by_hour[7]
    bay, by_hour = shares("posts.bridge-bb.methods=[]")
    assert bay.search_mean_h == 0.0
    assert set(by_hour) == {(0.0, 0.0)}


def test_a_class_without_lanes_uses_the_first_group_of_its_direction() -> None:
    only_cars = "rosters.medium.shifts=[{from_hour=0, to_hour=24, lanes={car=1}, bay_officers=1}]"
    world = world_of(SMALL, only_cars)
    (leg,) = {
        leg
        for stream in world.streams
        for route in stream.routes
        for leg in route.legs
        if len(leg.controls) == 2
    }
    assert [group.id for post in world.posts for group in post.groups] == [
        "bridge-aa/0/car", "bridge-aa/1/car", "bridge-bb/0/car", "bridge-bb/1/car",
    ]  # fmt: skip
    assert leg.lanes == ((0, 0), (2, 2))


def test_tables_start_on_the_first_day_of_the_run() -> None:
    """The run starts ten days before 2013-01-01, on a Saturday."""
    weekdays = "profiles.by-day.weekdays=[1, 1, 1, 1, 1, 8, 1]"
    rate = world_of(SMALL, weekdays).posts[0].groups[0].rate
    assert rate[12] == pytest.approx(8 * rate[24 + 12])
    assert rate[7 * 24 - 12] == pytest.approx(rate[24 + 12])


def test_hours_until_change() -> None:
    table = tuple([1] * 8 + [2] * 12 + [1] * 4) * 7
    ahead = hours_until_change(table)
    assert ahead[:9] == (8, 7, 6, 5, 4, 3, 2, 1, 12)
    assert ahead[20] == 12  # over midnight
    assert ahead[167] == 9
    assert hours_until_change((3,) * 168) == (168,) * 168


def test_the_busiest_load() -> None:
    model = load(SMALL, *FLAT_DEMAND).model
    truck = crossings.lane_groups(model.posts[0], model)[0]
    # 120 a day x 0.1 h, over 12 x 2 + 12 x 1 lane hours
    assert crossings.busiest_load(truck) == pytest.approx(12 / 36)


def test_a_post_without_lanes_on_a_route_is_a_problem() -> None:
    """A load that comes to a post where no lane is ever open could never pass."""
    shut = '\n[[rosters]]\nid = "shut"\nshifts = [{ from_hour = 0, to_hour = 24, lanes = {} }]\n'
    with pytest.raises(ScenarioError, match="'bridge-bb', which has no lanes in that direction"):
        world_of(SMALL + shut, "posts.bridge-bb.roster=shut")


# Officers of a desk -----------------------------------------------------------------------------------------


def desk_terms(**terms: object) -> Desk:
    return Desk.model_validate({"id": "d", "service_h": 1.0, **terms}, context={"parameters": {}})


def test_hours_of_a_desk() -> None:
    own = crossings.desk_hours(desk_terms(), (9, 17), 5)
    assert [hour for hour in range(24) if own[hour]] == list(range(9, 17))
    assert own[:24] == own[96:120]
    assert not any(own[120:])
    terms = crossings.desk_hours(desk_terms(hours=[20, 24], weekdays=7), (9, 17), 5)
    assert terms == ((False,) * 20 + (True,) * 4) * 7
    days = crossings.desk_hours(desk_terms(weekdays=1), (0, 24), 7)
    assert days == (True,) * 24 + (False,) * 144


def staffed(desk: list[int], *shifts: str, hours: str = "[0, 24]") -> crossings.Staff:
    """Who works at bridge-bb, where both directions have lanes for trucks and cars."""
    roster_of = f"rosters.medium.shifts=[{', '.join(shifts)}]"
    model = load(SMALL, roster_of, f"posts.bridge-bb.hours={hours}").model
    post = model.posts[1]
    return crossings.staff(post, crossings.lane_groups(post, model), desk, model)


def shift(trucks: int, cars: int, officers: int, first: int = 0, last: int = 24) -> str:
    lanes = f"{{truck={trucks}, car={cars}}}"
    return f"{{from_hour={first}, to_hour={last}, lanes={lanes}, bay_officers={officers}}}"


@pytest.mark.parametrize(
    ("wanted", "officers", "lanes", "short"),
    [
        (0, 3, (2, 3, 2, 3), 0),
        (1, 2, (2, 3, 2, 3), 0),
        (2, 1, (2, 3, 2, 3), 0),  # one stays in the bay
        (3, 1, (2, 2, 2, 3), 0),  # the first of those with most lanes
        (4, 1, (2, 2, 2, 2), 0),
        (5, 1, (1, 2, 2, 2), 0),
        (8, 1, (1, 1, 1, 1), 0),
        (10, 1, (1, 1, 1, 1), 2),
    ],
)
def test_where_officers_of_a_desk_come_from(
    wanted: int, officers: int, lanes: tuple[int, ...], short: int
) -> None:
    staff = staffed([wanted] * 168, shift(2, 3, 3))
    assert staff.officers == (officers,) * 168
    assert tuple(table[100] for table in staff.lanes) == lanes
    assert staff.short == short


def test_a_bay_without_officers_gives_none() -> None:
    staff = staffed([1] * 168, shift(2, 1, 0))
    assert staff.officers == (0,) * 168
    assert [table[0] for table in staff.lanes] == [1, 1, 2, 1]


def test_officers_are_taken_hour_by_hour() -> None:
    desk = [0] * 8 + [2] * 8 + [0] * 8
    staff = staffed(desk * 7, shift(2, 2, 3, 6, 10), shift(3, 1, 1, 10, 22), hours="[6, 22]")
    assert staff.officers[:24] == (0,) * 6 + (3, 3) + (1, 1) + (1,) * 12 + (0,) * 2
    assert staff.lanes[0][:24] == (0,) * 6 + (2,) * 4 + (2,) * 6 + (3,) * 6 + (0,) * 2
    assert staff.lanes[2][:24] == (0,) * 6 + (2,) * 4 + (2,) * 6 + (3,) * 6 + (0,) * 2
    assert staff.lanes[1][:24] == (0,) * 6 + (2,) * 4 + (1,) * 12 + (0,) * 2
    assert staff.short == 0
    assert staff.officers[24:48] == staff.officers[:24]


def test_a_closed_post_sends_nobody() -> None:
    staff = staffed([1] * 168, shift(1, 1, 2), hours="[8, 20]")
    assert staff.officers[:24] == (0,) * 8 + (1,) * 12 + (0,) * 4
    assert staff.short == 0


def test_a_desk_lowers_the_referral_share_of_its_hours() -> None:
    """Two officers plan 0.12 of 20 vehicles an hour, one plans 0.06; the share is 0 without one."""
    model = load(SMALL, *FLAT_DEMAND, "classes.truck.policy_cap=1.0", "classes.car.policy_cap=1.0").model
    post = model.posts[1]
    groups = crossings.lane_groups(post, model)
    officers = ([0] * 8 + [2] * 4 + [1] * 4 + [0] * 8) * 7
    bay = crossings.bay(post, (), groups, model, officers)
    assert bay.shares[0][8:12] == pytest.approx([0.12] * 4)
    assert bay.shares[0][12:16] == pytest.approx([0.06] * 4)
    assert set(bay.shares[0][:8]) == {0.0}
    own = crossings.bay(post, (), groups, model)
    assert own == crossings.bay(post, (), groups, model, crossings.officer_table(model.rosters[0], (0, 24)))
