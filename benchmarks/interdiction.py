"""How good the bound is on a large network: ``python -m benchmarks.interdiction``.

A made-up instance of the size that papers on stochastic network interdiction use: 783 nodes, 2,586 arcs,
320 candidates, 456 pairs of origin and destination. For some numbers of offices it prints the bound of the
linear program and its time, then the best design, the proven bound and the gap at the time limit. One core
is used, whatever the machine has.

The exit code is 1 if the linear program takes longer than 30 s, or if evasion and bound contradict each
other.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
import time
from importlib.metadata import version
from typing import Any

from blo_sim.analysis.cuts import linear_bound, solve
from blo_sim.analysis.generate import generate_instance
from blo_sim.analysis.network import Network
from blo_sim.analysis.teams import team_value

SIZE = {"nodes": 783, "arcs": 2586, "candidates": 320, "pairs": 456}
SEED = 20131022
LINEAR_SECONDS = 30.0
ROUNDING = 1e-6


def measured(network: Network, offices: int, seconds: float) -> dict[str, Any]:
    """Bounds and times for one number of offices."""
    start = time.perf_counter()
    linear = linear_bound(network, offices)
    linear_seconds = time.perf_counter() - start
    start = time.perf_counter()
    found = solve(network, offices, time_limit=seconds)
    return {
        "offices": offices,
        "linear_bound": linear,
        "linear_seconds": linear_seconds,
        "evasion": found.evasion,
        "bound": found.bound,
        "proven": found.proven,
        "seconds": time.perf_counter() - start,
    }


def right(row: dict[str, Any]) -> bool:
    """Whether a row holds what the documentation promises."""
    valid = row["linear_bound"] <= row["evasion"] + ROUNDING and row["bound"] <= row["evasion"]
    return bool(valid and row["linear_seconds"] <= LINEAR_SECONDS)


def main() -> int:
    parser = argparse.ArgumentParser(description="Bounds on a large network instance.")
    parser.add_argument("--offices", type=int, nargs="+", default=[5, 10, 20, 40, 80])
    parser.add_argument("--time-limit", type=float, default=60.0, metavar="S")
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")
    chosen = parser.parse_args()
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    network = Network(generate_instance(**SIZE, seed=chosen.seed))
    start = time.perf_counter()
    team = team_value(network)
    team_seconds = time.perf_counter() - start
    rows = [measured(network, offices, chosen.time_limit) for offices in chosen.offices]
    if chosen.json:
        print(json.dumps({"without": network.evasion(), "team": team.value, "rows": rows}, indent=1))
    else:
        print(f"Python {platform.python_version()}, scipy {version('scipy')}, one core, {SIZE}")
        print(f"without offices {network.evasion():.5f}; one team {team.value:.5f} in {team_seconds:.1f} s")
        print("offices  linear bound       s  best design    bound    gap  proven       s")
        for row in rows:
            gap = 0.0 if row["proven"] else 1.0 - row["bound"] / row["evasion"]
            print(
                f"{row['offices']:7d}  {row['linear_bound']:12.5f}  {row['linear_seconds']:6.1f}  "
                f"{row['evasion']:11.5f}  {row['bound']:7.5f}  {100 * gap:4.1f}%  "
                f"{'yes' if row['proven'] else 'no':>6}  {row['seconds']:6.1f}"
            )
    return 0 if all(right(row) for row in rows) else 1


if __name__ == "__main__":
    sys.exit(main())
