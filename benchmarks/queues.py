"""Queues alone, against what people use instead: ``python -m benchmarks.queues``.

Both posts of one crossing, both directions: four M/M/4 queues at 80 % load. Here a share of the vehicles is
live, as contraband is: each is a process of its own that decides, while the rest only stands in line. To the
other programs all vehicles are the same:

- a binary heap of events in C (`heap.c`), compiled here with ``cc -O3``;
- cimba: compiled Python on an engine in C; servers take arrivals from a store, its quickest idiom;
- SimPy: a process for each vehicle, a `Resource` for each queue;
- salabim: a component for each vehicle, in its quicker mode without greenlets;
- Ciw: its network of nodes.

Runs alternate, the slow programs simulate less; each figure is the median of the rounds, in nanoseconds of
process time for one passage. Erlang's C formula must lie in a 99.9 % interval of each program's mean wait,
with queues and rounds as batches, or the exit code is 1. A program that is not installed is left out:
``pip install -e '.[benchmarks]'`` has them all.
"""

from __future__ import annotations

import argparse
import gc
import json
import math
import os
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass, field
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from benchmarks.heap import compiled, run_heap
from benchmarks.machine import in_words, machine

SERVERS, ARRIVALS, SERVICE = 4, 32.0, 0.1
"""Of each queue: servers, arrivals an hour, mean service in hours."""
QUEUES = 4
YEAR = 8760.0
SHARES = (0.001, 0.01, 0.05, 0.1)
SEED = 20131022
LEVEL = 0.999
CLOCK = time.process_time

WORLD = """\
title = "Four queues"
place = "synthetic"

[run]
days = 365
warmup_days = 1
first_day = 2013-01-01
grant = 2013-01-01

[headline]
id = "all"
name = "all goods"
weights = {{ goods = 1.0 }}

[[commodities]]
id = "goods"

[[concealments]]
id = "cargo"

[[classes]]
id = "car"
mode = "road"
service_h = {{ exponential = {{ mean = {service} }} }}
policy_cap = 0.0
concealment = {{ cargo = 1.0 }}

[[rosters]]
id = "all-day"
shifts = [{{ from_hour = 0, to_hour = 24, lanes = {{ car = {servers} }} }}]

[[crossings]]
id = "bridge"
countries = ["AA", "BB"]
lat = 10.5
lon = 10.0
daily = {{ car = {lawful} }}

[[posts]]
id = "bridge-aa"
crossing = "bridge"
country = "AA"
roster = "all-day"
d_prime = 0.0

[[posts]]
id = "bridge-bb"
crossing = "bridge"
country = "BB"
roster = "all-day"
d_prime = 0.0

[[modes]]
id = "road"
legs = {{ road = 1.0 }}
entry_legs = {{ road = 1.0 }}

[route_choice]
usd_per_km = 1.0
usd_per_hour = 0.0
usd_per_post = 0.0
usd_per_sector = 0.0
scale_per_usd = 0.01

[[organisations]]
id = "gangs"
number = 5

[lookouts]
match = 0.5
find = 0.5
intercept = 0.0
"""
FLOW = """
[[places]]
id = "from-{origin}"
country = "{start}"
kind = "origin"
lat = 10.0
lon = 10.0

[[places]]
id = "to-{destination}"
country = "{end}"
kind = "destination"
lat = 11.0
lon = 10.0

[[legs]]
id = "{origin}-{destination}"
from = "from-{origin}"
to = "to-{destination}"
mode = "road"
km = 10
hours = 1.0
crossing = "bridge"

[[flows]]
id = "flow-{origin}-{destination}"
commodity = "goods"
origin = "from-{origin}"
destination = "to-{destination}"
volume_kg_per_year = {volume}
modes = {{ road = 1.0 }}
mean_load_kg = 1.0
load_cv = 0.0
organisations = "gangs"
"""


@dataclass(frozen=True)
class Ran:
    """One run of one program: passages, seconds of process time, and mean waits in hours of batches."""

    passages: int
    seconds: float
    waits: list[float]


@dataclass
class Program:
    """Something that simulates the queues for some hours with a seed."""

    name: str
    run: Callable[[float, int], Ran]
    years: float
    runs: list[Ran] = field(default_factory=list)

    @property
    def nanoseconds(self) -> float:
        """Process time of a passage."""
        return 1e9 * statistics.median(ran.seconds / ran.passages for ran in self.runs)


def main(arguments: list[str] | None = None) -> int:
    """Measure, check, print; 1 if a program does not simulate these queues."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.queues")
    parser.add_argument("--format", choices=("table", "json"), default="table")
    parser.add_argument("--rounds", type=int, default=5, help="alternating runs of each (default 5)")
    parser.add_argument("--years", type=float, default=1.0, help="of the quick programs (default 1)")
    options = parser.parse_args(arguments)
    if options.rounds < 2 or options.years <= 0:
        parser.error("--rounds must be at least 2, --years above 0")
    with tempfile.TemporaryDirectory() as folder:
        found = list(programs(Path(folder)))
        for program in found:
            program.run(20 * 24.0, SEED)  # compiles, and loads what was compiled
        for number in range(options.rounds):
            for program in found:
                gc.collect()  # what another one has left lying about
                program.runs.append(program.run(options.years * program.years * YEAR, SEED + number))
    document = summary(found)
    print(json.dumps(document, indent=2) if options.format == "json" else table(document))
    return 0 if all(row["agrees"] for row in document["programs"]) else 1


def erlang_c() -> float:
    """Mean wait of an M/M/c queue in hours (Erlang 1917)."""
    offered = ARRIVALS * SERVICE
    terms = [offered**n / math.factorial(n) for n in range(SERVERS + 1)]
    waiting = terms[SERVERS] / (1.0 - offered / SERVERS)
    return waiting / (math.fsum(terms[:SERVERS]) + waiting) / (SERVERS / SERVICE - ARRIVALS)


def programs(folder: Path) -> Iterator[Program]:
    """What is installed, the quick ones first."""
    if find_spec("cimba") is not None:
        import_module("cimba")  # what it teaches the compiler must be known before anything is compiled
    for share in SHARES:
        yield Program(f"blo_sim, {share:.1%} live", engine(share), 1.0)
    program = compiled(folder)
    if program is not None:
        yield Program("C, one binary heap", heap(program), 1.0)
    if find_spec("cimba") is not None:
        yield Program("cimba", cimba(), 1.0)
    yield Program("SimPy", plain_simpy, 0.03)
    if find_spec("salabim") is not None:
        yield Program("salabim", salabim, 0.03)
    if find_spec("ciw") is not None:
        yield Program("Ciw", ciw, 0.01)


# Programs -------------------------------------------------------------------------------------------


def engine(share: float) -> Callable[[float, int], Ran]:
    """This model, with a share of the passages by live vehicles."""
    import tomllib

    from blo_sim.clock import TICKS_PER_HOUR
    from blo_sim.model.events import ARRIVE, EventLog
    from blo_sim.model.replication import collector_paused, replicate
    from blo_sim.scenario.load import from_tables
    from blo_sim.world.compile import compile_world

    lawful = 24.0 * ARRIVALS * (1.0 - share) * QUEUES / 2
    text = WORLD.format(service=SERVICE, servers=SERVERS, lawful=lawful)
    for origin, destination in (("aa", "bb"), ("bb", "aa")):
        volume = YEAR * ARRIVALS * share
        text += FLOW.format(
            origin=origin,
            destination=destination,
            start=origin.upper(),
            end=destination.upper(),
            volume=volume,
        )
    scenario = from_tables("queues", tomllib.loads(text), bundled=False, file="queues.toml")

    def run(hours: float, seed: int) -> Ran:
        world = compile_world(scenario, clock="steady", days=round(hours / 24.0))
        live = 0

        def consume(log: EventLog) -> None:
            # As workers do, who sum up the events of a month and forget them.
            nonlocal live
            live += [event[1] for event in log.events].count(ARRIVE)

        started = CLOCK()
        with collector_paused():
            log = replicate(world, seed, 0, consume)
        seconds = CLOCK() - started
        posts = list(log.lawful.values())
        waits = [post.lane_wait / TICKS_PER_HOUR / post.passages for post in posts]
        return Ran(sum(post.passages for post in posts) + live, seconds, waits)

    return run


def heap(program: Path) -> Callable[[float, int], Ran]:
    """The loop in C."""

    def run(hours: float, seed: int) -> Ran:
        seconds, counts, waits = run_heap(program, [(SERVERS, ARRIVALS, SERVICE)] * QUEUES, hours, seed)
        return Ran(sum(counts), seconds, waits)

    return run


def cimba() -> Callable[[float, int], Ran]:
    """Servers that take arrival times from a store; one trial a queue."""
    import cimba as cb

    from benchmarks.cimba_queue import Queue

    model = Queue()

    def run(hours: float, seed: int) -> Ran:
        waits, served, started = [], 0.0, CLOCK()
        for queue in range(QUEUES):
            window = cb.Window(warmup=0, duration=hours)
            found = cb.Experiment(model, replications=1, window=window, seed=QUEUES * seed + queue).run()
            count = float(found[model].served.values[0][0])
            waits.append(float(found[model].waited.values[0][0]) / count)
            served += count
        return Ran(round(served), CLOCK() - started, waits)

    return run


def plain_simpy(hours: float, seed: int) -> Ran:
    """A process for each vehicle."""
    import simpy

    draw = random.Random(seed).expovariate

    def arrivals(line: simpy.Resource, waits: list[float]) -> Generator[simpy.Event, None, None]:
        while True:
            yield env.timeout(draw(ARRIVALS))
            env.process(vehicle(line, waits))

    def vehicle(line: simpy.Resource, waits: list[float]) -> Generator[simpy.Event, None, None]:
        arrived = env.now
        with line.request() as request:
            yield request
            waits.append(env.now - arrived)
            yield env.timeout(draw(1.0 / SERVICE))

    started = CLOCK()
    env = simpy.Environment()
    found: list[list[float]] = [[] for _ in range(QUEUES)]
    for waits in found:
        env.process(arrivals(simpy.Resource(env, SERVERS), waits))
    env.run(until=hours)
    return Ran(sum(map(len, found)), CLOCK() - started, [statistics.fmean(waits) for waits in found])


def salabim(hours: float, seed: int) -> Ran:
    """A component for each vehicle."""
    sim = import_module("salabim")

    draw = random.Random(seed).expovariate

    class Arrivals(sim.Component):  # type: ignore[misc,name-defined]
        def process(self, line: Any, waits: list[float]) -> Iterator[None]:
            while True:
                yield self.hold(draw(ARRIVALS))
                Vehicle(line=line, waits=waits)

    class Vehicle(sim.Component):  # type: ignore[misc,name-defined]
        def process(self, line: Any, waits: list[float]) -> Iterator[None]:
            arrived = env.now()
            yield self.request(line)
            waits.append(env.now() - arrived)
            yield self.hold(draw(1.0 / SERVICE))
            self.release()

    started = CLOCK()
    env = sim.Environment(trace=False, yieldless=False)
    found: list[list[float]] = [[] for _ in range(QUEUES)]
    for waits in found:
        Arrivals(line=sim.Resource(capacity=SERVERS, monitor=False), waits=waits)
    env.run(till=hours)
    return Ran(sum(map(len, found)), CLOCK() - started, [statistics.fmean(waits) for waits in found])


def ciw(hours: float, seed: int) -> Ran:
    """A network of four nodes that nobody leaves for another."""
    library = import_module("ciw")

    started = CLOCK()
    network = library.create_network(
        arrival_distributions=[library.dists.Exponential(rate=ARRIVALS)] * QUEUES,
        service_distributions=[library.dists.Exponential(rate=1.0 / SERVICE)] * QUEUES,
        routing=[[0.0] * QUEUES] * QUEUES,
        number_of_servers=[SERVERS] * QUEUES,
    )
    library.seed(seed)
    simulation = library.Simulation(network)
    simulation.simulate_until_max_time(hours)
    found: list[list[float]] = [[] for _ in range(QUEUES)]
    for record in simulation.get_all_records():
        found[record.node - 1].append(record.waiting_time)
    return Ran(sum(map(len, found)), CLOCK() - started, [statistics.fmean(waits) for waits in found])


# What is printed ------------------------------------------------------------------------------------


def summary(found: list[Program]) -> dict[str, Any]:
    """Times, ratios and checks."""
    exact = erlang_c()
    rows = []
    for program in found:
        waits = [wait for ran in program.runs for wait in ran.waits]
        low, high = interval(waits)
        rows.append(
            {
                "program": program.name,
                "passages": sum(ran.passages for ran in program.runs),
                "nanoseconds": program.nanoseconds,
                "mean_wait_h": statistics.fmean(waits),
                "interval_h": [low, high],
                "agrees": low <= exact <= high,
            }
        )
    times = {program.name: program.nanoseconds for program in found}
    ours = {name: value for name, value in times.items() if name.startswith("blo_sim")}
    ratios = {
        name: {other: value / mine for other, value in times.items() if other not in ours}
        for name, mine in ours.items()
    }
    return {
        "machine": machine("cimba", "salabim", "ciw"),
        "erlang_c_wait_h": exact,
        "programs": rows,
        "times_of_ours": ratios,
    }


def interval(values: list[float]) -> tuple[float, float]:
    """99.9 % interval of the mean of independent batches."""
    from scipy.stats import t

    half = t.ppf(0.5 + LEVEL / 2, len(values) - 1) * statistics.stdev(values) / math.sqrt(len(values))
    return statistics.fmean(values) - half, statistics.fmean(values) + half


def table(document: dict[str, Any]) -> str:
    """The figures for people."""
    head = f"{'program':22} {'ns a passage':>13} {'mean wait, min':>15}   Erlang C"
    lines = [in_words(document["machine"]), "", head]
    for row in document["programs"]:
        verdict = "agrees" if row["agrees"] else "DIFFERS"
        wait = 60.0 * row["mean_wait_h"]
        lines.append(f"{row['program']:22} {row['nanoseconds']:13,.0f} {wait:15.3f}   {verdict}")
    lines += ["", "Times of ours that the others take:"]
    others = list(next(iter(document["times_of_ours"].values())))
    lines.append(f"{'':22} " + " ".join(f"{name:>20}" for name in others))
    for name, ratios in document["times_of_ours"].items():
        lines.append(f"{name:22} " + " ".join(f"{ratios[other]:20,.2f}" for other in others))
    return "\n".join(lines)


if __name__ == "__main__":
    os.environ.setdefault("PYTHONHASHSEED", "0")
    sys.exit(main())
