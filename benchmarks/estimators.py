"""What the estimators save: ``python -m benchmarks.estimators``.

The main comparison (`k22-baseline` against `k22-extension`) under each behaviour, twice with the same draws:
by the expected masses of every encounter, and by the loads that were really seized. For the gain and each
line of its ledger it prints the standard deviation of one replication both ways, and the ratio of the
variances: how many times as many replications the count of seizures needs for an interval of the same width.
Ratios have an interval too, by leaving out one replication at a time.

Beside them: how many times as many replications two worlds with draws of their own would need.

Both ways estimate the same thing, or the exit code is 1: the mean difference of each line covers 0 in a
99.9 % interval.
"""

from __future__ import annotations

import argparse
import json
import math
import statistics
import sys
from collections import defaultdict
from typing import TYPE_CHECKING, Any

from benchmarks.machine import in_words, machine
from blo_sim import compare
from blo_sim.results.statistics import t_quantile

if TYPE_CHECKING:
    from collections.abc import Sequence

    from blo_sim.experiment.result import CompareResult

BASELINE, ALTERNATIVE = "k22-baseline", "k22-extension"
BEHAVIOURS = ("fixed", "learning", "best-reply")
SURELY = 0.9995


def main(arguments: list[str] | None = None) -> int:
    """Measure, check, print; 1 if the two estimators do not estimate the same thing."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.estimators", description="What the estimators save."
    )
    parser.add_argument("--format", choices=("table", "json"), default="table")
    parser.add_argument("--replications", type=int, default=24, help="of each world (default 24)")
    parser.add_argument("--days", type=int, help="days of a replication (default: the scenario's)")
    parser.add_argument("--seed", type=int, default=20131022)
    parser.add_argument("--behaviour", choices=BEHAVIOURS, action="append", help="default: all of them")
    options = parser.parse_args(arguments)
    if options.replications < 3:
        parser.error("--replications must be at least 3")
    settings = {name: getattr(options, name) for name in ("replications", "days", "seed")}
    rows = [row for each in options.behaviour or BEHAVIOURS for row in measured(each, settings)]
    document = {
        "baseline": BASELINE,
        "alternative": ALTERNATIVE,
        **settings,
        "agrees": all(row["agrees"] for row in rows),
        "rows": rows,
        "machine": machine(),
    }
    print(json.dumps(document, indent=2) if options.format == "json" else table(document))
    return 0 if document["agrees"] else 1


def measured(behaviour: str, settings: dict[str, Any]) -> list[dict[str, Any]]:
    """A row for each line of the ledger under one behaviour."""
    settings = {"behaviour": behaviour, "parameters": "central", **settings}
    results = {
        estimator: compare(BASELINE, ALTERNATIVE, estimator=estimator, **settings)
        for estimator in ("expected", "realised")
    }
    expected, realised = (lines(each) for each in results.values())
    common = {estimator: common_draws(each) for estimator, each in results.items()}
    return [
        {
            "behaviour": behaviour,
            "line": line,
            "expected_mean_kg": statistics.fmean(expected[line]),
            "realised_mean_kg": statistics.fmean(realised[line]),
            "expected_sd_kg": statistics.stdev(expected[line]),
            "realised_sd_kg": statistics.stdev(realised[line]),
            "variance_ratio": ratio_with_interval(realised[line], expected[line]),
            "common_draws_ratio": common if line == "net" else None,
            "agrees": agree(expected[line], realised[line]),
        }
        for line in expected
        if any(expected[line]) or any(realised[line])
    ]


def lines(result: CompareResult) -> dict[str, list[float]]:
    """Kilograms that each line keeps from delivery, by replication; what is not counted as intercepted."""
    headline = result.document()["headline"]
    found: dict[str, list[float]] = defaultdict(list)
    for row in result.ledger_table():
        if row["commodity"] == headline:
            counted = "intercepted_kg" if row["line"] == "attribution_shift" else "kept_kg"
            found[row["line"]].append(row[counted])
    return found


def common_draws(result: CompareResult) -> float | None:
    """Variance of the difference of two independent worlds over that of the paired ones, as delivered."""
    content = result.document()
    kept = content["commodities"][content["headline"]]["gains"][ALTERNATIVE]["kept_kg"]
    ratio: float | None = kept["variance_reduction"]
    return ratio


def ratio_with_interval(above: Sequence[float], below: Sequence[float]) -> list[float] | None:
    """Ratio of two paired variances and its 95 % interval, by jackknife of the logarithm.

    None where the values but for one do not vary.
    """
    if any(len(set(values)) < 3 for values in (above, below)):
        return None

    def logarithm(left_out: int | None) -> float:
        kept = [
            [value for place, value in enumerate(values) if place != left_out] for values in (above, below)
        ]
        return math.log(statistics.variance(kept[0]) / statistics.variance(kept[1]))

    count = len(above)
    parts = [logarithm(place) for place in range(count)]
    half = t_quantile(count - 1) * math.sqrt((count - 1) ** 2 / count * statistics.variance(parts))
    centre = logarithm(None)
    return [math.exp(centre + shift) for shift in (0.0, -half, half)]


def agree(first: Sequence[float], second: Sequence[float]) -> bool:
    """Whether the mean of the paired differences covers 0."""
    differences = [b - a for a, b in zip(first, second, strict=True)]
    error = math.sqrt(statistics.variance(differences) / len(differences))
    return abs(statistics.fmean(differences)) <= t_quantile(len(differences) - 1, SURELY) * error


def spread(row: dict[str, Any], estimator: str) -> str:
    """Mean and standard deviation of a line."""
    return f"{row[f'{estimator}_mean_kg']:>+10.2f} +- {row[f'{estimator}_sd_kg']:<6.2f}"


def table(document: dict[str, Any]) -> str:
    """The document as people read it."""
    lines = [
        f"{document['alternative']} against {document['baseline']}, {document['replications']} replications: "
        "mean and standard deviation over replications, and ratio of variances",
        "",
        f"{'behaviour':<11} {'line':<18} {'expected, kg':>20} {'realised, kg':>20}   ratio (95 %)",
    ]
    for row in document["rows"]:
        ratio = row["variance_ratio"]
        told = "-" if ratio is None else f"{ratio[0]:.3g} ({ratio[1]:.3g} to {ratio[2]:.3g})"
        lines.append(
            f"{row['behaviour']:<11} {row['line']:<18} {spread(row, 'expected')} {spread(row, 'realised')}   "
            f"{told}{'' if row['agrees'] else '   DISAGREES'}"
        )
    lines += [""]
    lines += [
        f"{row['behaviour']}: common draws divide the variance of the gain by "
        + " and ".join(f"{ratio:.3g} ({name})" for name, ratio in row["common_draws_ratio"].items())
        for row in document["rows"]
        if row["common_draws_ratio"] and None not in row["common_draws_ratio"].values()
    ]
    lines += ["", in_words(document["machine"])]
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
