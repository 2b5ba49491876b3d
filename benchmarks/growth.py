"""How cost grows: ``python -m benchmarks.growth``.

- crossings: a year of a made-up border (`synthetic_scenario`) of 10, 100 and 1,000 crossings, each with a
  pair of offices and the same mean traffic; process time of one replication with its sums, by crossing-year,
  and the time to compile the world (smugglers keep their ways);
- years: the region over one, two and four years;
- workers: wall time of the same replications of the region in one process and in two;
- replications: a small made-up border, 100 to 10,000 times (``--largest``) on all cores: largest memory of
  the program and of a worker, size of the store, and what the progress bar said was left against what it
  then took.

Sizes alternate; figures are medians of the rounds. The exit code is 1 if results of one and two processes
differ.
"""

from __future__ import annotations

import argparse
import gc
import json
import math
import multiprocessing
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks.machine import in_words, machine, peak_memory_mb
from blo_sim import load_scenario, simulate, synthetic_scenario
from blo_sim.cli.progress import Pace
from blo_sim.world.compile import compile_world

if TYPE_CHECKING:
    from blo_sim.world.compile import World

SEED = 20131022
CROSSINGS = (10, 100, 1000)
YEARS = (1, 2, 4)
SMALL_DAYS = 30
SHORT = 10
TOLD = (0.1, 0.25, 0.5, 0.75)
"""Parts of an experiment after which the time that is left is foretold."""
REGION = "k22-baseline"


def main(arguments: list[str] | None = None) -> int:
    """Measure and print; 1 if two processes give other results than one."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.growth")
    parser.add_argument("--format", choices=("table", "json"), default="table")
    parser.add_argument("--part", choices=tuple(PARTS), action="append", help="default: all of them")
    parser.add_argument("--rounds", type=int, default=3, help="alternating runs of each (default 3)")
    parser.add_argument("--largest", type=int, default=10_000, help="replications at most (default 10,000)")
    options = parser.parse_args(arguments)
    if options.rounds < 1 or options.largest < 100:
        parser.error("--rounds must be at least 1, --largest at least 100")
    parts = options.part or list(PARTS)
    document: dict[str, Any] = {"machine": machine()}
    document |= {part: PARTS[part](options) for part in PARTS if part in parts}
    print(json.dumps(document, indent=2) if options.format == "json" else table(document))
    return 0 if document.get("workers", {}).get("agrees", True) else 1


def crossings(options: argparse.Namespace) -> list[dict[str, Any]]:
    """A row for each length of the border."""
    worlds: dict[int, World] = {}
    rows: dict[int, dict[str, Any]] = {}
    for size in CROSSINGS:
        before = time.process_time()
        world = compile_world(synthetic_scenario(size, offices=True), days=365)
        worlds[size], rows[size] = world, {"crossings": size, "compile_s": time.process_time() - before}
        year_of(compile_world(synthetic_scenario(size, offices=True), days=SHORT), 0)
    times = alternating({size: partial(year_of, world) for size, world in worlds.items()}, options.rounds)
    each = {size: times[size] / size for size in CROSSINGS}
    for size, row in rows.items():
        row |= {"seconds": times[size], "ms_per_crossing_year": 1e3 * each[size]}
        row |= {"ratio": each[size] / each[CROSSINGS[0]]}
    return list(rows.values())


def years(options: argparse.Namespace) -> list[dict[str, Any]]:
    """A row for each number of years."""
    worlds = {number: compile_world(load_scenario(REGION), days=365 * number) for number in YEARS}
    year_of(compile_world(load_scenario(REGION), days=SHORT), 0)
    times = alternating({count: partial(year_of, world) for count, world in worlds.items()}, options.rounds)
    each = {count: times[count] / count for count in YEARS}
    return [
        {
            "years": count,
            "seconds": times[count],
            "seconds_per_year": each[count],
            "ratio": each[count] / each[YEARS[0]],
        }
        for count in YEARS
    ]


def workers(options: argparse.Namespace) -> dict[str, Any]:
    """Wall time with one process and with two, and whether they give the same."""
    found: dict[int, str] = {}

    def run(count: int) -> float:
        started = time.perf_counter()
        result = simulate(REGION, replications=12, seed=SEED, workers=count, parameters="central")
        seconds = time.perf_counter() - started
        found[count] = json.dumps(result.document())
        return seconds

    times = alternating({1: lambda _: run(1), 2: lambda _: run(2)}, options.rounds)
    return {
        "seconds": times,
        "speedup": times[1] / times[2],
        "agrees": found[1] == found[2],
    }


def replications(options: argparse.Namespace) -> list[dict[str, Any]]:
    """A row for each number of replications, each in a program of its own."""
    sizes = [100]
    while sizes[-1] * 10 <= options.largest:
        sizes.append(sizes[-1] * 10)
    if sizes[-1] < options.largest:
        sizes.append(options.largest)
    context = multiprocessing.get_context("spawn")
    rows = []
    for size in sizes:
        ours, theirs = context.Pipe(duplex=False)
        program = context.Process(target=many, args=(size, theirs))
        program.start()
        theirs.close()
        rows.append(ours.recv())
        program.join()
    return rows


def many(size: int, answer: Any) -> None:
    """Run a small border very often, with a store, and tell what it took."""
    told: dict[float, tuple[float, float]] = {}
    started = time.monotonic()
    pace = Pace(started)

    def progress(done: int, total: int) -> None:
        now = time.monotonic()
        each = pace.seconds_each(done, now)
        for part in TOLD:
            if part not in told and each is not None and done >= part * total:
                told[part] = now, (total - done) * each

    with tempfile.TemporaryDirectory() as folder:
        store = Path(folder) / "store"
        scenario = synthetic_scenario(2, offices=True)
        simulate(scenario, replications=size, days=SMALL_DAYS, seed=SEED, store=store, progress=progress)
        ended = time.monotonic()
        bytes_ = sum(path.stat().st_size for path in store.rglob("*") if path.is_file())
    answer.send(
        {
            "replications": size,
            "seconds": ended - started,
            "peak_memory_mb": peak_memory_mb(),
            "worker_memory_mb": peak_memory_mb(of_children=True),
            "store_mb": bytes_ / 1e6,
            "foretold_ratio": {part: left / (ended - now) for part, (now, left) in told.items()},
        }
    )


PARTS: dict[str, Callable[[argparse.Namespace], Any]] = {
    "crossings": crossings,
    "years": years,
    "workers": workers,
    "replications": replications,
}


def year_of(world: World, number: int) -> float:
    """Seconds of process time of one replication with its sums."""
    from blo_sim.model.replication import collector_paused, replicate
    from blo_sim.results.summary import Summariser

    gc.collect()
    before = time.process_time()
    with collector_paused():
        summariser = Summariser(world)
        summariser.summary(replicate(world, SEED + number, 0, summariser.read))
    return time.process_time() - before


def alternating(runs: dict[int, Callable[[int], float]], rounds: int) -> dict[int, float]:
    """The median of what each gives, in turn."""
    found: dict[int, list[float]] = {size: [] for size in runs}
    for number in range(rounds):
        for size, run in runs.items():
            found[size].append(run(number))
    return {size: statistics.median(values) for size, values in found.items()}


# What is printed ------------------------------------------------------------------------------------


def table(document: dict[str, Any]) -> str:
    """The figures for people."""
    blocks = [in_words(document["machine"])]
    blocks += [TABLES[part](document[part]) for part in TABLES if part in document]
    return "\n\n".join(blocks)


def crossings_table(rows: list[dict[str, Any]]) -> str:
    """Of `crossings`."""
    head = f"{'crossings':>10} {'compile, s':>11} {'a year, s':>10} {'ms a crossing-year':>19} {'ratio':>6}"
    lines = [head]
    lines += [
        f"{row['crossings']:10,} {row['compile_s']:11.2f} {row['seconds']:10.3f} "
        f"{row['ms_per_crossing_year']:19.2f} {row['ratio']:6.2f}"
        for row in rows
    ]
    return "\n".join(lines)


def years_table(rows: list[dict[str, Any]]) -> str:
    """Of `years`."""
    lines = [f"{'years':>10} {'seconds':>11} {'s a year':>10} {'ratio':>6}"]
    lines += [
        f"{row['years']:10} {row['seconds']:11.2f} {row['seconds_per_year']:10.2f} {row['ratio']:6.2f}"
        for row in rows
    ]
    return "\n".join(lines)


def workers_line(found: dict[str, Any]) -> str:
    """Of `workers`."""
    one, two = found["seconds"][1], found["seconds"][2]
    verdict = "the same digits" if found["agrees"] else "OTHER DIGITS"
    return (
        f"12 replications of the region: {one:.1f} s in one process, {two:.1f} s in two: "
        f"{found['speedup']:.2f} times as fast, {verdict}"
    )


def replications_table(rows: list[dict[str, Any]]) -> str:
    """Of `replications`."""
    parts = ", ".join(f"{part:.0%}" for part in TOLD)
    lines = [
        f"{'replications':>12} {'seconds':>9} {'memory, MB':>11} {'worker, MB':>11} {'store, MB':>10}"
        f"   left as foretold over true after {parts}"
    ]
    for row in rows:
        told = ", ".join(f"{row['foretold_ratio'].get(part, math.nan):.2f}" for part in TOLD)
        lines.append(
            f"{row['replications']:12,} {row['seconds']:9.1f} {row['peak_memory_mb']:11.0f} "
            f"{row['worker_memory_mb']:11.0f} {row['store_mb']:10.2f}   {told}"
        )
    return "\n".join(lines)


TABLES: dict[str, Callable[[Any], str]] = {
    "crossings": crossings_table,
    "years": years_table,
    "workers": workers_line,
    "replications": replications_table,
}


if __name__ == "__main__":
    sys.exit(main())
