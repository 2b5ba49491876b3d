"""A course is one event of SimPy's that happens again and again."""

from __future__ import annotations

import gc
import weakref

import simpy
from runs import world_of
from simpy.events import NORMAL
from worlds import answering_world

from blo_sim.model.events import REPORT
from blo_sim.model.replication import collector_paused, replicate
from blo_sim.model.traffic.demand import Consignment
from blo_sim.model.traffic.live import FIRST_LIVE, Call, Course, Hold, Steps


def test_a_course_begins_at_once_and_goes_on_after_its_hours() -> None:
    env, seen = simpy.Environment(), []

    def steps() -> Steps:
        for hours in (2.0, 0.0, 0.5):
            seen.append(env.now)
            yield hours
        seen.append(env.now)

    Course(env, FIRST_LIVE, steps())
    assert seen == [0.0]
    env.run()
    assert seen == [0.0, 2.0, 2.0, 2.5]


def test_at_one_instant_other_things_come_first_and_loads_by_number() -> None:
    env, seen = simpy.Environment(), []

    def steps(name: int) -> Steps:
        yield 1.0
        seen.append(name)
        yield 1.0
        seen.append(name)

    for number in (3, 1, 2):
        Course(env, FIRST_LIVE + number, steps(number))
    Call(env, 1.0, seen.append, (0,))
    Course(env, NORMAL, steps(-1))
    env.run()
    assert seen == [0, -1, 1, 2, 3, -1, 1, 2, 3]


def test_a_hold_ends_when_somebody_says_so() -> None:
    env, seen, hold = simpy.Environment(), [], Hold()

    def steps() -> Steps:
        yield 1.0
        yield hold
        seen.append(env.now)

    Course(env, FIRST_LIVE, steps())
    env.run()
    assert seen == []
    Call(env, 4.0, hold.release, ())
    env.run()
    assert seen == [5.0]


def test_a_hold_can_end_before_it_begins() -> None:
    env, seen, hold = simpy.Environment(), [], Hold()

    def steps() -> Steps:
        yield 1.0
        hold.release()
        yield hold
        seen.append(env.now)

    Course(env, FIRST_LIVE, steps())
    env.run()
    assert seen == [1.0]


def test_a_course_that_is_over_is_freed_without_the_collector() -> None:
    env = simpy.Environment()

    def steps() -> Steps:
        yield 1.0

    begun = steps()
    watched = weakref.ref(begun)
    with collector_paused():
        Course(env, FIRST_LIVE, begun)
        del begun
        assert watched() is not None
        env.run()
        assert watched() is None


def test_a_replication_that_is_over_is_freed_without_the_collector() -> None:
    """Its consignments, that is, which are nearly all of its memory; but not those that a report is about."""
    world = world_of(answering_world())
    gc.collect()
    others = {id(each): each for each in gc.get_objects() if isinstance(each, Consignment)}  # of other tests
    with collector_paused():
        log = replicate(world, 1, 0)
        found = [each for each in gc.get_objects() if isinstance(each, Consignment)]
    left = {each.number for each in found if id(each) not in others}
    told = {event.consignment for event in log.rows() if event.kind == REPORT}
    assert left <= told
    assert len(told) < len(log.names) / 2
