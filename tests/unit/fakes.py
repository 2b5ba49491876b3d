"""Scenarios, worlds and summaries made by hand, to test what is built from them."""

from __future__ import annotations

import datetime as dt
import math
import os
import tomllib
from types import SimpleNamespace
from typing import Any

from worlds import small_world

from blo_sim.experiment.design import Design
from blo_sim.results.summary import Summary
from blo_sim.scenario.schema import ScenarioModel
from blo_sim.world.offices import Routes

HOUR = 2**32
MESSAGES = {
    "sent": 16,
    "in_time": 4,
    "late": 3,
    "lost": 2,
    "withheld": 5,
    "expired": 0,
    "merged": 1,
    "under_way": 1,
    "leaked": 2,
    "late_ticks": 6 * HOUR,
}
TIPS = {"born": 5, "in_time": 2, "late": 1, "failed": 1, "never_sent": 1}


def scenario(name: str = "small", content: str = "a", **changes: Any) -> Any:
    """A small scenario with as much of the interface as experiments use."""
    raw = tomllib.loads(small_world()) | changes
    model = ScenarioModel.model_validate(raw, context={"parameters": raw["parameters"]})
    return SimpleNamespace(name=name, model=model, sha256=content * 64, assumptions=[], bundled=False)


def hop(tail: str, channel: str, office: str = "") -> Any:
    """As much of a channel as results read."""
    return SimpleNamespace(tail=tail, channel=channel, office=office)


def routes(tail: str, head: str, channel: str) -> Routes:
    """A network of one channel."""
    return Routes({tail: [(head, 1.0, hop(tail, channel))]}, [tail])


def world(days: int = 30, years: int = 1) -> Any:
    """The few attributes of a compiled world that experiments read."""
    return SimpleNamespace(
        days=days,
        years=years,
        first_day=dt.date(2012, 12, 22),
        warmup_hours=240.0,
        end_hours=240.0 + 24.0 * days,
        streams=(),
        concealment=(),
        classes=(),
        desks={"bridge-bb": ((-math.inf, SimpleNamespace(officers=(2,) * 168)),)},
        message_routes=((-math.inf, routes("bridge-aa", "bridge-bb", "phone")),),
        standing_routes=routes("bridge-bb", "capital", "post"),
    )


def design(*names: str, alternatives: tuple[str, ...] | None = None, **changes: Any) -> Design:
    """A design of scenarios of these names, the first the baseline."""
    days, years = changes.pop("days", 30), changes.pop("years", 1)
    scenarios = tuple(scenario(name, content) for name, content in zip(names, "abcdef", strict=False))
    settings: dict[str, Any] = {"seed": 1, "replications": 3, "clock": "steady", "estimator": "expected"}
    return Design(
        names=names,
        scenarios=scenarios,
        worlds=tuple(world(days, years) for _ in names),
        alternatives=names[1:] if alternatives is None else alternatives,
        **(settings | changes),
    )


def summary(
    replication: int,
    heroin: tuple[int, int, int],
    opium: tuple[int, int, int] = (1000, 0, 0),
    *,
    seizures: dict[tuple[int, str, str], int] | None = None,
    lawful: tuple[int, int, int, int] = (2000, 2**32 * 100, 40, 10),
    year: int = 0,
    forgone: dict[str, int] | None = None,
) -> Summary:
    """A summary; each commodity is (attempted grams, expected micrograms, seized grams).

    ``forgone`` are micrograms of heroin by mechanism.
    """
    flows: dict[tuple[str, int, str], int] = {}
    for commodity, (attempted, expected, taken) in (("heroin", heroin), ("opium", opium)):
        flows |= {
            ("attempted_g", year, commodity): attempted,
            ("expected_ug", year, commodity): expected,
            ("seized_g", year, commodity): taken,
            ("delivered_g", year, commodity): attempted - taken,
            ("consignments", year, commodity): 10,
        }
    return Summary(
        replication=replication,
        process_id=os.getpid(),
        flows=flows,
        seized_by={(year, "heroin", "post", "AA-BB", "BB", "routine"): heroin[2]},
        expected_by={
            (year, "heroin", "post", "AA-BB", "BB"): heroin[1],
            (year, "opium", "patrol", "AA-BB", "AA"): opium[1],
        },
        forgone={(name, year, "heroin", "post", "AA-BB"): mass for name, mass in (forgone or {}).items()},
        met_by={(year, "heroin", "post", "AA-BB"): heroin[0], (year, "opium", "patrol", "AA-BB"): opium[0]},
        targets={},
        seizures_by=seizures or {},
        lawful=dict(zip(("passages", "wait_ticks", "searched", "released"), lawful, strict=True))
        | {"mistaken": 2, "mistaken_ticks": HOUR, "held": 1, "held_ticks": HOUR},
        messages=MESSAGES,
        messages_by={
            ("surveillance", "sent"): 16,
            ("surveillance", "in_time"): 4,
            ("false", "sent"): 20,
            ("false", "lost"): 5,
        },
        late_by={"queue": 2, "delay": 1},
        channels={("phone", "carried"): 6, ("phone", "lost"): 1, ("phone", "withheld"): 3},
        tips={("surveillance", name): count for name, count in TIPS.items()},
        desks={
            ("bridge-bb", "jobs"): 40,
            ("bridge-bb", "work_ticks"): 36 * HOUR,
            ("bridge-bb", "wait_ticks"): 10 * HOUR,
            ("bridge-bb", "false_jobs"): 20,
            ("bridge-bb", "false_ticks"): 9 * HOUR,
        },
        leaks={
            ("warned", "heroin"): 3,
            ("warned", "opium"): 1,
            ("rerouted", "heroin"): 1,
            ("delivered_g", "heroin"): 4000,
            ("delivered_g", "opium"): 10_000,
        },
    )
