"""From the text of a scenario file to worlds, event logs and sums, for tests."""

from __future__ import annotations

import tempfile
from functools import lru_cache
from pathlib import Path

from blo_sim.model.events import DEPART, EventLog
from blo_sim.model.replication import replicate
from blo_sim.scenario import Scenario, load_scenario
from blo_sim.world.compile import World, compile_world

SEED = 20131022


@lru_cache(maxsize=64)
def load(text: str, *overrides: str) -> Scenario:
    """The scenario, read from a file as a user's is."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "world.toml"
        path.write_text(text, encoding="utf-8")
        return load_scenario(path, overrides)


@lru_cache(maxsize=64)
def world_of(text: str, *overrides: str, clock: str = "steady", days: int | None = None) -> World:
    return compile_world(load(text, *overrides), clock=clock, days=days)


@lru_cache(maxsize=64)
def log_of(world_text: str, *overrides: str, seed: int = SEED, replication: int = 0) -> EventLog:
    """One replication of the steady clock. Callers must not change it."""
    return replicate(world_of(world_text, *overrides), seed, replication)


def departures(log: EventLog) -> dict[str, tuple[float, str, int, str]]:
    """Time, route, load, and class with concealment of each consignment, by its id."""
    return {
        log.names[event.consignment]: (event.time, event.place, event.amount, event.note)
        for event in log.rows()
        if event.kind == DEPART
    }


def stories(log: EventLog) -> dict[str, list[tuple[float, int, str, float, str]]]:
    """What happened to each consignment, by its id, without the numbers of messages."""
    result: dict[str, list[tuple[float, int, str, float, str]]] = {name: [] for name in log.names}
    for event in log.rows():
        result[log.names[event.consignment]].append(
            (event.time, event.kind, event.place, event.p, event.note)
        )
    return result
