"""How long to an interval of plus or minus 10 % on the gain: ``python -m benchmarks.interval``.

This program against the naive way, which is to write the model in plain SimPy, run either world with seeds of
its own, and count seizures. The gain is in kilograms intercepted, `k22-extension` against `k22-baseline`,
central parameters. Both need z^2 var / (0.1 gain)^2 replications:

- ours: var is that of the paired difference of expected seizures; a replication has three runs, with the
  ledger; its process time is measured here, in one process;
- naive: var is that of the difference of two independent worlds, each with its realised seizures, estimated
  from the same runs; its process time is that of the lawful traffic alone in SimPy (`benchmarks.simpy_world`,
  some days, scaled to warm-up and year), twice. Contraband and messages are given to it for nothing.

The ratio of the times is that of the variances times that of the times of a replication; it needs no value of
the gain. Its interval is by leaving out one replication at a time (jackknife of the logarithm).
"""

from __future__ import annotations

import argparse
import gc
import json
import math
import statistics
import sys
import time
from typing import TYPE_CHECKING, Any

from benchmarks.machine import in_words, machine
from benchmarks.simpy_world import timed
from blo_sim import compare, load_scenario
from blo_sim.results.statistics import t_quantile
from blo_sim.world.compile import compile_world

if TYPE_CHECKING:
    from collections.abc import Sequence

    from benchmarks.simpy_world import Sums
    from blo_sim.experiment.result import CompareResult

BASELINE, ALTERNATIVE = "k22-baseline", "k22-extension"
BEHAVIOURS = ("fixed", "learning", "best-reply")
HALF_WIDTH, Z = 0.1, 1.96
SEED = 20131022
CLOCK = time.process_time


def main(arguments: list[str] | None = None) -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.interval")
    parser.add_argument("--format", choices=("table", "json"), default="table")
    parser.add_argument("--replications", type=int, default=24, help="of the comparison (default 24)")
    parser.add_argument("--simpy-days", type=int, default=7, help="days of the SimPy version (default 7)")
    parser.add_argument("--behaviour", choices=BEHAVIOURS, default="learning")
    options = parser.parse_args(arguments)
    if options.replications < 5 or options.simpy_days < 1:
        parser.error("--replications must be at least 5, --simpy-days at least 1")
    document = measured(options)
    print(json.dumps(document, indent=2) if options.format == "json" else table(document))
    return 0


def measured(options: argparse.Namespace) -> dict[str, Any]:
    """Both ways."""
    compare(BASELINE, ALTERNATIVE, replications=1, days=5, workers=1, parameters="central")
    gc.collect()
    before = CLOCK()
    result = compare(
        BASELINE,
        ALTERNATIVE,
        replications=options.replications,
        seed=SEED,
        behaviour=options.behaviour,
        parameters="central",
        workers=1,
    )
    ours_s = (CLOCK() - before) / options.replications
    expected = [kilograms(result, name, "expected_ug", 1e-9) for name in (BASELINE, ALTERNATIVE)]
    realised = [kilograms(result, name, "seized_g", 1e-3) for name in (BASELINE, ALTERNATIVE)]
    gain = [with_ - without for without, with_ in zip(*expected, strict=True)]
    variances = jackknifed(realised, gain)
    naive_s = 2.0 * naive_seconds(options.simpy_days)
    mean = statistics.fmean(gain)
    needed = {
        "ours": needed_for(statistics.variance(gain), mean),
        "naive": needed_for(sum(map(statistics.variance, realised)), mean),
    }
    seconds = {"ours": ours_s, "naive": naive_s}
    return {
        "machine": machine(),
        "behaviour": options.behaviour,
        "replications": options.replications,
        "gain_kg": mean,
        "sd_kg": {
            "ours": statistics.stdev(gain),
            "naive": math.sqrt(sum(map(statistics.variance, realised))),
        },
        "seconds_a_replication": seconds,
        "replications_needed": needed,
        "hours": {way: needed[way] * seconds[way] / 3600.0 for way in needed},
        "variance_ratio": variances,
        "time_ratio": [each * naive_s / ours_s for each in variances],
    }


def kilograms(result: CompareResult, scenario: str, column: str, kg: float) -> list[float]:
    """The headline of each replication of a scenario."""
    weights = result.design.scenarios[0].model.headline.weights
    sums = [0.0] * result.replications
    for row in result.replications_rows():
        if row["scenario"] == scenario:
            sums[row["replication"]] += weights.get(row["commodity"], 0.0) * row[column] * kg
    return sums


def needed_for(variance: float, mean: float) -> float:
    """Replications for the half-width."""
    return Z**2 * variance / (HALF_WIDTH * mean) ** 2


def jackknifed(realised: Sequence[Sequence[float]], gain: Sequence[float]) -> list[float]:
    """Ratio of the variances, naive over ours, with its 95 % interval."""

    def logarithm(left_out: int | None) -> float:
        def kept(values: Sequence[float]) -> list[float]:
            return [value for place, value in enumerate(values) if place != left_out]

        return math.log(
            sum(statistics.variance(kept(world)) for world in realised) / statistics.variance(kept(gain))
        )

    count = len(gain)
    parts = [logarithm(place) for place in range(count)]
    half = t_quantile(count - 1) * math.sqrt((count - 1) ** 2 / count * statistics.variance(parts))
    centre = logarithm(None)
    return [math.exp(centre + shift) for shift in (0.0, -half, half)]


def naive_seconds(days: int) -> float:
    """Process time of one world's warm-up and year in SimPy, scaled from some days."""
    scenario = load_scenario(BASELINE)
    short = compile_world(load_scenario(BASELINE, ["run.warmup_days=1"]), days=days)
    sums: Sums
    seconds, sums = timed(short, SEED, CLOCK)
    run = scenario.model.run
    per_day = seconds * (sums.passages / sums.arrivals) / days
    return per_day * float(run.warmup_days + run.days)


def table(document: dict[str, Any]) -> str:
    """The figures for people."""
    lines = [
        in_words(document["machine"]),
        "",
        f"{ALTERNATIVE} against {BASELINE}, {document['behaviour']}, {document['replications']} "
        f"replications: +{document['gain_kg']:.1f} kg intercepted",
        "",
        f"{'':22} {'sd, kg':>10} {'s a replication':>16} {'replications':>13} {'hours':>12}",
    ]
    for way, name in (("ours", "this program"), ("naive", "SimPy, own seeds")):
        lines.append(
            f"{name:22} {document['sd_kg'][way]:10.1f} {document['seconds_a_replication'][way]:16.1f} "
            f"{document['replications_needed'][way]:13,.0f} {document['hours'][way]:12,.2f}"
        )
    centre, low, high = document["time_ratio"]
    lines += ["", f"{centre:,.0f} times the time (95 %: {low:,.0f} to {high:,.0f})"]
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
