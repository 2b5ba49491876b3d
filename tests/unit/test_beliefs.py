"""What organisations believe after losses and passages, in numbers that can be checked by hand."""

from __future__ import annotations

import numpy as np
import pytest

from blo_sim.draws import key_of, uniform
from blo_sim.model.traffic.beliefs import Beliefs
from blo_sim.scenario.schema import Behaviour

OWNERS = ("a", "b", "c")


def beliefs(
    rumour: float = 0.0, memory_days: float = 10.0, owners: tuple[str, ...] = OWNERS, replication: int = 0
) -> Beliefs:
    """Of a prior that weighs 2 expected losses, about three controls."""
    rules = Behaviour.model_validate(
        {"risk_threshold": 0.1, "prior_losses": 2.0, "memory_days": memory_days, "rumour": rumour}
    )
    return Beliefs(owners, 3, rules, 1, replication)


def passes(known: Beliefs, owner: str, *met: tuple[int, float], now: float = 0.0) -> None:
    """A load ends after these controls, each with the detection that was foretold there."""
    known.passed(owner, np.array([place for place, _ in met]), np.array([p for _, p in met]), now)


def factor(known: Beliefs, owner: str, now: float = 0.0) -> list[float]:
    found: list[float] = known.factor(owner, now).tolist()
    return found[:3]


def test_who_has_seen_nothing_believes_the_long_run_detection() -> None:
    assert factor(beliefs(rumour=0.5), "a") == [1.0, 1.0, 1.0]


def test_own_losses_over_what_was_foretold() -> None:
    known = beliefs()
    passes(known, "a", (0, 0.5), (2, 0.25))
    known.lost("a", 2, key_of("load"), 0.0)
    assert factor(known, "a") == [2 / 2.5, 1.0, 3 / 2.25]
    assert factor(known, "b") == [1.0, 1.0, 1.0]


def test_passages_of_others_count_in_the_share_of_rumours() -> None:
    known = beliefs(rumour=0.25)
    passes(known, "a", (0, 0.5))
    passes(known, "b", (0, 0.5), (1, 1.0))
    assert factor(known, "a") == [2 / (2 + 0.5 + 0.25 * 0.5), 2 / (2 + 0.25 * 1.0), 1.0]
    assert factor(known, "b") == [2 / (2 + 0.5 + 0.25 * 0.5), 2 / 3, 1.0]
    assert factor(known, "c") == [2 / (2 + 0.25 * 1.0), 2 / (2 + 0.25 * 1.0), 1.0]


def test_who_hears_of_a_loss_is_keyed_by_organisation_and_load() -> None:
    owners = tuple(f"gang-{n}" for n in range(60))

    def hear(load: int, replication: int) -> set[str]:
        known = beliefs(rumour=0.3, owners=owners, replication=replication)
        known.lost("gang-7", 1, load, 0.0)
        found = {name: factor(known, name) for name in owners}
        assert {tuple(each) for each in found.values()} == {(1.0, 1.0, 1.0), (1.0, 1.5, 1.0)}
        return {name for name, each in found.items() if each[1] == 1.5}

    heard = {(load, n): hear(load, n) for load in (key_of("one"), key_of("two")) for n in (0, 1)}
    for (load, n), names in heard.items():
        drawn = {name for name in owners if uniform(key_of(1, n, "rumour", name) ^ load, 0) < 0.3}
        assert names == drawn | {"gang-7"}
    assert len({frozenset(names) for names in heard.values()}) == 4


def test_a_certain_rumour_reaches_everybody_once() -> None:
    known = beliefs(rumour=1.0)
    known.lost("a", 0, key_of("load"), 0.0)
    assert [factor(known, name) for name in OWNERS] == [[1.5, 1.0, 1.0]] * 3


def test_counts_halve_after_the_memory_at_midnights_only() -> None:
    known = beliefs(memory_days=10.0)
    passes(known, "a", (0, 0.5), now=20.0)
    known.lost("a", 1, key_of("load"), 20.0)
    assert factor(known, "a", 23.999) == [2 / 2.5, 1.5, 1.0]
    left = 2 ** (-1 / 10)
    assert factor(known, "a", 24.0) == pytest.approx([2 / (2 + 0.5 * left), (2 + left) / 2, 1.0])
    assert factor(known, "a", 47.0) == factor(known, "a", 25.0)
    assert factor(known, "a", 240.0) == pytest.approx([2 / 2.25, 1.25, 1.0])  # ten midnights


def test_what_others_foretold_fades_too() -> None:
    known = beliefs(rumour=0.5, memory_days=1.0)
    passes(known, "b", (0, 1.0))
    assert factor(known, "a", 0.0) == [2 / 2.5, 1.0, 1.0]
    assert factor(known, "a", 24.0) == [2 / 2.25, 1.0, 1.0]


@pytest.mark.parametrize("act", ["passed", "lost"])
def test_yesterday_s_counts_have_faded_before_today_s_are_added(act: str) -> None:
    known = beliefs(memory_days=1.0)
    passes(known, "a", (0, 0.5))
    known.lost("a", 0, key_of("load"), 0.0)
    if act == "passed":
        passes(known, "a", (0, 0.5), now=24.0)
        assert factor(known, "a", 24.0)[0] == 2.5 / 2.75
    else:
        known.lost("a", 0, key_of("load"), 24.0)
        assert factor(known, "a", 24.0)[0] == 3.5 / 2.25


def test_a_control_that_is_met_twice_counts_twice() -> None:
    known = beliefs(rumour=0.5)
    passes(known, "a", (1, 0.5), (1, 0.5))
    assert factor(known, "a") == [1.0, 2 / 3, 1.0]
    assert factor(known, "b") == [1.0, 2 / 2.5, 1.0]
