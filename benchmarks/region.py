"""How fast a world-year is: ``python -m benchmarks.region``.

One year of `k22-baseline` at its real size in one process, by `replicate` (everything, with smugglers who
keep their ways and with smugglers who learn) and by `Borders.finish` (the lanes and bays of the lawful
traffic alone), against the lawful traffic of the same world in plain SimPy (`benchmarks.simpy_world`), which
runs for some days and is scaled to the year's number of passages. Runs alternate; each time is the median of
the rounds, in process time. The first year is preceded by a short run, so that compiled code is loaded from
the cache.

Beside them a year of as many passages in C, on one binary heap of events (`heap.c`): a queue for each lane
group with its mean rate, its most lanes and exponential service, without hours, shifts and search bays. It is
left out where there is no C compiler.

Both programs must simulate the same thing, or the exit code is 1: over the days of the SimPy version,
lawful passages agree to 1 %, and its mean waits and shares lie within a 99.9 % interval from replications
of the model.
"""

from __future__ import annotations

import argparse
import gc
import json
import math
import statistics
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, field
from functools import partial
from operator import itemgetter
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks.heap import compiled, run_heap
from benchmarks.machine import in_words, machine, peak_memory_mb
from benchmarks.simpy_world import Sums, timed
from blo_sim.clock import HOURS_PER_DAY
from blo_sim.scenario import load_scenario
from blo_sim.world.compile import compile_world

if TYPE_CHECKING:
    from blo_sim.model.events import EventLog
    from blo_sim.world.compile import World

SCENARIO = "k22-baseline"
SEED = 20131022
CHECK_REPLICATIONS = 20
CHECK_LEVEL = 0.999
PASSAGES_WITHIN = 0.01
RARE = 1e-5
"""Differences below this are not looked at: a handful of releases in a week."""
SECONDS_A_PASSAGE, SECONDS_A_VISIT = 60e-9, 12e-6
CLOCK = time.process_time


@dataclass
class Measured:
    """What the rounds gave; one entry a round."""

    region: list[float] = field(default_factory=list)
    learning: list[float] = field(default_factory=list)
    lanes: list[float] = field(default_factory=list)
    heap: list[float] = field(default_factory=list)
    heap_passages: list[int] = field(default_factory=list)
    simpy: list[float] = field(default_factory=list)
    sums: list[Sums] = field(default_factory=list)
    passages: list[int] = field(default_factory=list)
    visits: list[int] = field(default_factory=list)
    messages: list[int] = field(default_factory=list)
    peak_memory_mb: float = 0.0


def main(arguments: list[str] | None = None) -> int:
    """Measure, check, print; 1 if the two programs do not simulate the same thing."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.region", description=__doc__.split("\n")[0])
    parser.add_argument("--format", choices=("table", "json"), default="table")
    parser.add_argument("--days", type=int, default=365, help="days of the model (default 365)")
    parser.add_argument("--simpy-days", type=int, default=7, help="days of the SimPy version (default 7)")
    parser.add_argument("--rounds", type=int, default=3, help="alternating runs of each (default 3)")
    options = parser.parse_args(arguments)
    if min(options.days, options.simpy_days, options.rounds) < 1:
        parser.error("--days, --simpy-days and --rounds must be at least 1")

    year = compile_world(load_scenario(SCENARIO, ["run.warmup_days=0"]), days=options.days)
    short = compile_world(load_scenario(SCENARIO, ["run.warmup_days=1"]), days=options.simpy_days)
    with tempfile.TemporaryDirectory() as folder:
        measured = measure(year, short, options.rounds, compiled(Path(folder)))
    checks = check(short, measured.sums)
    document = summary(measured, checks, options)
    print(json.dumps(document, indent=2) if options.format == "json" else table(document))
    return 0 if document["agrees"] else 1


def measure(year: World, short: World, rounds: int, heap: Path | None) -> Measured:
    """Alternate the programs."""
    from blo_sim.model.events import ENCOUNTER, SENT, EventLog
    from blo_sim.model.replication import replicate
    from blo_sim.model.traffic.prospects import smugglers

    measured = Measured()
    learners = smugglers(year, "learning")
    replicate(short, SEED, 0)
    for number in range(rounds):
        gc.collect()
        kinds: Counter[int] = Counter()
        before = CLOCK()
        log = replicate(year, SEED, number, partial(count_kinds, kinds))
        measured.region.append(CLOCK() - before)
        measured.passages.append(sum(post.passages for post in log.lawful.values()))
        measured.visits.append(kinds[ENCOUNTER])
        measured.messages.append(kinds[SENT])
        measured.peak_memory_mb = measured.peak_memory_mb or peak_memory_mb()
        del log
        gc.collect()
        before = CLOCK()
        replicate(year, SEED, number, partial(count_kinds, Counter()), smugglers=learners)
        measured.learning.append(CLOCK() - before)
        gc.collect()
        before = CLOCK()
        lawful(year, EventLog(number))
        measured.lanes.append(CLOCK() - before)
        if heap is not None:
            seconds, counts, _ = run_heap(heap, queues(year), year.days * HOURS_PER_DAY, SEED + number)
            measured.heap.append(seconds)
            measured.heap_passages.append(sum(counts))
        gc.collect()
        seconds, sums = timed(short, SEED + number, CLOCK)
        measured.simpy.append(seconds)
        measured.sums.append(sums)
    return measured


def count_kinds(kinds: Counter[int], log: EventLog) -> None:
    """Take in the events of a month, as workers do, who forget them then."""
    kinds.update(map(itemgetter(1), log.events))


def queues(world: World) -> list[tuple[int, float, float]]:
    """Most lanes, mean arrivals an hour and mean service in hours of each lane group that has any traffic."""
    groups = [group for post in world.posts for group in post.groups if max(group.rate) > 0.0]
    return [(max(group.lanes), statistics.fmean(group.rate), group.service.mean) for group in groups]


def lawful(world: World, log: Any) -> Any:
    """The lawful traffic alone, by the model."""
    from blo_sim.model.border.posts import Borders

    Borders(world, SEED, log.replication).finish(log)
    return log


def check(world: World, sums: list[Sums]) -> list[dict[str, Any]]:
    """Hold the SimPy runs against replications of the model over the same days."""
    from blo_sim.model.events import EventLog

    logs = [lawful(world, EventLog(replication)) for replication in range(CHECK_REPLICATIONS)]
    model = [measures(_model_sums(log)) for log in logs]
    simpy = [measures(each) for each in sums]
    results = []
    for name in model[0]:
        ours, theirs = [row[name] for row in model], [row[name] for row in simpy]
        centre, mean = statistics.fmean(ours), statistics.fmean(theirs)
        width = PASSAGES_WITHIN * centre if name == "passages" else half_width(ours, len(theirs))
        width = max(width, RARE)
        results.append(
            {
                "measure": name,
                "model": centre,
                "simpy": mean,
                "allowed": [centre - width, centre + width],
                "agrees": abs(mean - centre) <= width,
            }
        )
    return results


def half_width(values: list[float], others: int) -> float:
    """Half-width of the interval for the mean of so many other runs of the same law."""
    from scipy import stats

    n = len(values)
    spread = statistics.stdev(values) * math.sqrt(1 / n + 1 / others)
    return float(stats.t.ppf(0.5 + CHECK_LEVEL / 2, n - 1)) * spread


def measures(sums: Sums) -> dict[str, float]:
    """What is compared, from the sums of one run; waits in minutes."""
    return {
        "passages": float(sums.passages),
        "lane_wait_min": 60.0 * sums.lane_wait / sums.passages,
        "searched_share": sums.searched / sums.passages,
        "bay_wait_min": 60.0 * sums.bay_wait / max(1, sums.searched),
        "released_share": sums.released / sums.passages,
    }


def _model_sums(log: Any) -> Sums:
    from blo_sim.clock import TICK

    posts = list(log.lawful.values())
    return Sums(
        passages=sum(post.passages for post in posts),
        lane_wait=sum(post.lane_wait for post in posts) * TICK,
        searched=sum(post.searched for post in posts),
        bay_wait=sum(post.bay_wait for post in posts) * TICK,
        released=sum(post.released for post in posts),
    )


def summary(measured: Measured, checks: list[dict[str, Any]], options: argparse.Namespace) -> dict[str, Any]:
    """The document of ``--format json``."""
    passages, visits = statistics.median(measured.passages), statistics.median(measured.visits)
    per_traveller = statistics.median(
        seconds / sums.arrivals for seconds, sums in zip(measured.simpy, measured.sums, strict=True)
    )
    region, lanes = statistics.median(measured.region), statistics.median(measured.lanes)
    learning = statistics.median(measured.learning)
    scaled = per_traveller * passages
    heap = None
    if measured.heap:
        heap = passages * statistics.median(
            seconds / count for seconds, count in zip(measured.heap, measured.heap_passages, strict=True)
        )
    return {
        "scenario": SCENARIO,
        "days": options.days,
        "rounds": options.rounds,
        "ratio": scaled / region,
        "lanes_ratio": scaled / lanes,
        "region_seconds": region,
        "learning_seconds": learning,
        "learning_ratio": learning / region,
        "lanes_seconds": lanes,
        "heap_seconds": heap,
        "heap_ratio": None if heap is None else heap / region,
        "simpy_seconds_scaled": scaled,
        "simpy_days": options.simpy_days,
        "simpy_seconds": statistics.median(measured.simpy),
        "budget_seconds": SECONDS_A_PASSAGE * passages + SECONDS_A_VISIT * visits,
        "lawful_passages": passages,
        "control_visits": visits,
        "messages": statistics.median(measured.messages),
        "peak_memory_mb": measured.peak_memory_mb,
        "agrees": all(row["agrees"] for row in checks),
        "checks": checks,
        "machine": machine(),
    }


def table(document: dict[str, Any]) -> str:
    """The document as people read it."""
    rows = [
        ("everything (replicate)", "region_seconds", f"{document['ratio']:.0f} times as fast as SimPy"),
        ("with smugglers who learn", "learning_seconds", f"{document['learning_ratio']:.2f} times the time"),
        ("lawful traffic alone", "lanes_seconds", f"{document['lanes_ratio']:.0f} times"),
        ("C with one heap", "heap_seconds", "lawful traffic as plain queues"),
        ("SimPy, lawful traffic", "simpy_seconds_scaled", f"{document['simpy_days']} days, scaled"),
        ("budget for everything", "budget_seconds", "60 ns a passage, 12 us a visit"),
    ]
    lines = [
        f"{document['scenario']}, {document['days']} days, one process: "
        f"{document['lawful_passages']:,.0f} lawful passages, {document['control_visits']:,.0f} control "
        f"visits, {document['messages']:,.0f} messages; peak memory {document['peak_memory_mb']:.0f} MB",
        "",
        *(
            f"{name:<26} {document[key]:>8.2f} s   {note}"
            for name, key, note in rows
            if document[key] is not None
        ),
        "",
        f"{'the same days in both':<24} {'model':>12} {'SimPy':>12}   allowed",
    ]
    for row in document["checks"]:
        low, high = row["allowed"]
        verdict = "" if row["agrees"] else "   DISAGREES"
        values = f"{row['model']:>12.5g} {row['simpy']:>12.5g}"
        lines.append(f"{row['measure']:<24} {values}   {low:.5g} to {high:.5g}{verdict}")
    lines += ["", in_words(document["machine"])]
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
