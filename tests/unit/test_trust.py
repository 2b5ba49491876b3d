"""Trust between neighbours, by hand."""

from __future__ import annotations

import pytest

from blo_sim.model.intelligence.trust import TrustBook, pair_of
from blo_sim.scenario.schema import Trust
from blo_sim.scenario.values import Distribution
from blo_sim.world.offices import Hop

YEAR = 8760.0
AB = ("a", "b")


def hop(tail: str, head: str, willing: float = 0.4) -> Hop:
    return Hop(tail, head, f"x:{tail}>{head}", Distribution.constant(1.0), 0.0, "", willing, "x")


def book(seed: int = 1, replication: int = 0, **changes: float) -> TrustBook:
    rules = {"initial": 0.5, "confirmed": 0.2, "false_alarm": 0.1} | changes
    return TrustBook(Trust.model_validate(rules, context={"parameters": {}}), seed, replication, YEAR)


def test_a_pair_has_no_direction() -> None:
    assert pair_of(hop("b", "a")) == pair_of(hop("a", "b")) == AB


def test_willingness_grows_with_trust_from_that_of_the_channel_to_one() -> None:
    assert book(initial=0.0).willingness(hop("a", "b"), 0.0) == pytest.approx(0.4)
    assert book(initial=0.5).willingness(hop("b", "a"), 0.0) == pytest.approx(0.7)
    assert book(initial=1.0).willingness(hop("a", "b"), 0.0) == pytest.approx(1.0)


def test_seizures_add_a_part_of_what_is_missing() -> None:
    trust = book()
    trust.confirmed([AB], 10.0)
    assert trust.level(AB, 10.0) == pytest.approx(0.6)
    trust.confirmed([AB], 20.0)
    assert trust.level(AB, 30.0) == pytest.approx(0.68)
    assert trust.level(("a", "c"), 30.0) == 0.5


def test_searches_in_vain_take_a_part_away() -> None:
    trust = book()
    trust.false_alarm([AB], 10.0)
    assert trust.level(AB, 10.0) == pytest.approx(0.45)
    trust.false_alarm([AB], 10.0)
    assert trust.level(AB, 10.0) == pytest.approx(0.405)


def test_a_pair_that_a_message_crossed_twice_counts_once() -> None:
    trust = book()
    trust.confirmed([AB, ("b", "c"), AB], 10.0)
    assert trust.level(AB, 10.0) == trust.level(("b", "c"), 10.0) == pytest.approx(0.6)


def test_a_rotation_of_either_side_loses_a_part() -> None:
    changes = {"rotation_days": 100.0, "rotation_loss": 0.5, "initial": 1.0}
    trust = book(**changes)
    moments = sorted(
        moment for office in AB for moment in trust._rotations(office) if moment <= YEAR
    )
    assert len(moments) >= 3
    for number, moment in enumerate(moments):
        assert trust.level(AB, moment - 1e-6) == 0.5**number
        assert trust.level(AB, moment) == 0.5 ** (number + 1)
    # Nobody need have looked meanwhile.
    assert book(**changes).level(AB, moments[-1]) == trust.level(AB, moments[-1])


def test_rotations_belong_to_the_office() -> None:
    changes = {"rotation_days": 50.0, "rotation_loss": 0.5}
    trust, other = book(**changes), book(**changes)
    other.level(("c", "d"), 400.0)
    assert trust._rotations("a") == other._rotations("a") != trust._rotations("b")
    assert trust._rotations("a") != book(replication=1, **changes)._rotations("a")
    assert trust._rotations("a") != book(seed=2, **changes)._rotations("a")


def test_the_mean_time_between_rotations() -> None:
    changes = {"rotation_days": 50.0, "rotation_loss": 0.5}
    counts = [sum(t <= YEAR for t in book(seed=s, **changes)._rotations("a")) for s in range(200)]
    assert sum(counts) / 200 == pytest.approx(365 / 50, abs=4 * (365 / 50 / 200) ** 0.5)


@pytest.mark.parametrize("changes", [{"rotation_days": 1.0}, {"rotation_loss": 0.5}])
def test_without_time_or_loss_nobody_rotates(changes: dict[str, float]) -> None:
    trust = book(**changes)
    assert trust.level(AB, YEAR) == 0.5
    assert trust._rotations("a") == []
