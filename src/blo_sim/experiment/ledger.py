"""Where a gain comes from.

A comparison has three runs: the baseline (A), the alternative (B), and the alternative's offices facing
exactly the baseline's consignments, sent as they were sent there (F). F - A is the gain on unchanged flows:
what waits at desks (``overload``), officers drawn to desks (``staff``) and false reports (``false_reports``)
take from it, each F's sum over encounters minus A's, and the rest, the line ``detection``. B - F is what
smugglers' response makes of it, told apart load by load in `blo_sim.results.response`. All lines are whole
micrograms in each replication and add up to the net exactly.
Where nobody responds, F is B.

``attribution_shift`` is the realised mass of loads seized in A and in F that intelligence is credited with
only in F. It is shown and never counted: both worlds seized these loads, so nothing more was kept from
delivery, and its second column is 0.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from blo_sim.experiment.masses import MICROGRAMS_PER_GRAM, Series, added, difference, kilograms, masses
from blo_sim.experiment.values import CENTRAL, Numbers
from blo_sim.model.events import MECHANISMS
from blo_sim.results.response import INTERCEPTED, KEPT, RESPONSE
from blo_sim.results.runs import summed
from blo_sim.results.statistics import mean

if TYPE_CHECKING:
    from blo_sim.results.runs import Runs

DETECTION, NET, SHIFT = "detection", "net", "attribution_shift"
MECHANISM_LINES = {mechanism.replace(" ", "_"): mechanism for mechanism in MECHANISMS}
UNCHANGED = (DETECTION, *MECHANISM_LINES)
"""Lines that are the gain on unchanged flows together."""
Columns = tuple[Series, Series]
"""Micrograms intercepted, and micrograms kept from delivery."""


def ledger_lines(
    first: Runs,
    unchanged: Runs | None,
    second: Runs,
    pairs: Runs | None,
    commodities: Sequence[str],
    estimator: str,
    year: int | None = None,
) -> dict[str, Columns]:
    """The lines of a ledger in whole micrograms; all but the last two add up to the one before the last.

    Parameters
    ----------
    first, unchanged, second : Runs
        A, F and B. Without F, as where the two worlds plan other loads, only the net is known.
    pairs : Runs, optional
        What A, F and B tell load by load (`blo_sim.results.runs.Pair`); None of a world against itself.
    commodities : sequence of str
    estimator : {"expected", "realised"}
    year : int, optional
        One year of the dated clock; all of them together by default.
    """
    net = _gain(first, second, commodities, estimator, year)
    if unchanged is None:
        return {NET: net}
    nothing: Series = {each: [0] * len(first) for each in commodities}
    detection = _gain(first, unchanged, commodities, estimator, year)
    taken = {}
    for line, mechanism in MECHANISM_LINES.items():
        part = _forgone(first, unchanged, mechanism, commodities, year)
        detection = difference(part, detection[0]), difference(part, detection[1])
        taken[line] = part, part
    return {
        DETECTION: detection,
        **taken,
        **{line: _response(pairs, line, nothing, year) for line in RESPONSE},
        NET: net,
        SHIFT: (_shift(pairs, nothing, year), nothing),
    }


def _gain(
    first: Runs,
    second: Runs,
    commodities: Sequence[str],
    estimator: str,
    year: int | None,
) -> Columns:
    before, after = (masses(each, commodities, estimator, year) for each in (first, second))
    return difference(before.intercepted, after.intercepted), difference(after.delivered, before.delivered)


def _forgone(
    first: Runs,
    second: Runs,
    mechanism: str,
    commodities: Sequence[str],
    year: int | None,
) -> Series:
    """Micrograms that a mechanism adds in the second runs minus what it adds in the first."""
    def added_by(runs: Runs, commodity: str) -> list[int]:
        keys = [
            key
            for key in runs.keys("forgone")
            if key[0] == mechanism and key[2] == commodity and year in (None, key[1])
        ]
        return summed(runs, "forgone", keys)

    return difference(*({each: added_by(runs, each) for each in commodities} for runs in (first, second)))


def _response(pairs: Runs | None, line: str, nothing: Series, year: int | None) -> Columns:
    if pairs is None:
        return nothing, nothing
    columns: dict[str, Series] = {
        column: {
            commodity: summed(pairs, "response", _of(pairs, "response", (line, column), commodity, year))
            for commodity in nothing
        }
        for column in (INTERCEPTED, KEPT)
    }
    return columns[INTERCEPTED], columns[KEPT]


def _shift(pairs: Runs | None, nothing: Series, year: int | None) -> Series:
    if pairs is None:
        return nothing
    return {
        commodity: [
            MICROGRAMS_PER_GRAM * grams
            for grams in summed(pairs, "shift", _of(pairs, "shift", (), commodity, year))
        ]
        for commodity in nothing
    }


def _of(runs: Runs, table: str, names: tuple[str, ...], commodity: str, year: int | None) -> list[Any]:
    """Keys of a table that are some names, a year and a commodity."""
    return [
        key
        for key in runs.keys(table)
        if key[:-2] == names and key[-1] == commodity and year in (None, key[-2])
    ]


def ledger(
    lines: Mapping[str, Columns], weights: Mapping[str, float], of: Numbers = CENTRAL
) -> dict[str, Any]:
    """The ledger of a block of the document: each line's two columns, with their intervals.

    Parameters
    ----------
    lines : mapping
        From `ledger_lines`.
    weights : mapping
        Of the block that the ledger stands in.
    """
    return {
        name: {
            "intercepted_kg": line(kilograms(intercepted, weights), of),
            "kept_kg": line(kilograms(kept, weights), of),
        }
        for name, (intercepted, kept) in lines.items()
    }


def answered(
    lines: Mapping[str, Columns], weights: Mapping[str, float], of: Numbers = CENTRAL
) -> dict[str, Any]:
    """The kilograms that a gain would keep from delivery on unchanged flows, and what the response adds.

    Parameters
    ----------
    lines, weights : mapping
        As for `ledger`; the lines are those of three runs.
    """
    gained, response = (kilograms(_kept(lines, group), weights) for group in (UNCHANGED, RESPONSE))
    return {
        "unchanged_kg": of.mean(gained),
        "response_kg": of.mean(response),
        "taken_back_share": of.ratio([-each for each in response], gained),
    }


def _kept(lines: Mapping[str, Columns], group: Sequence[str]) -> Series:
    first, *others = (lines[name][1] for name in group)
    for other in others:
        first = added(first, other)
    return first


def line(values: Sequence[float], of: Numbers = CENTRAL) -> dict[str, Any]:
    """One column of one line: its mean and Monte Carlo interval."""
    interval = of.interval(values)
    return {"mean": mean(values), "mc_ci": None if interval is None else list(interval)}
