"""What smugglers' response adds to a gain or takes from it, load by load.

Two runs of one world are set against each other: its offices facing the baseline's consignments as they were
sent there, and facing what smugglers send there. Each load has one line: sent again after a loss
(`REPLACEMENT`), sent in both runs but another way (`DISPLACEMENT`), in only one of them (`DETERRED`), or in
both the same way but met by something that others changed (`INTERACTION`). So the lines add up to the
difference of the runs, exactly.

Under the estimator ``expected`` what is sent again counts as expected (`blo_sim.results.again`), not as
drawn.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping

from blo_sim.model.events import AGAIN

DISPLACEMENT, DETERRED, REPLACEMENT, INTERACTION = RESPONSE = (
    "displacement", "deterred", "replacement", "interaction",
)  # fmt: skip
INTERCEPTED, KEPT = COLUMNS = ("intercepted", "kept")
MICRO = 1_000_000

INTELLIGENCE = frozenset({"lookout", "request", "pattern"})
"""Causes that need another office's knowledge."""

Response = dict[tuple[str, str, int, str], int]
"""(line, column, year, commodity) to micrograms."""
Shift = dict[tuple[int, str], int]
"""(year, commodity) to grams."""
Seizures = Mapping[str, tuple[int, str, int, str]]
"""Consignment id to (year, commodity, grams, cause)."""


class Shipments:
    """What was sent in the measured window of one run, by load: its way, what it lost, and its end.

    ``correction`` has the micrograms to be added, by year and commodity, to what was sent again.
    """

    def __init__(self) -> None:
        self.loads: dict[str, tuple[int, str, int, str, int]] = {}
        self.expected: defaultdict[int, int] = defaultdict(int)
        self.outcome: dict[int, str] = {}
        self.correction: dict[tuple[int, str], int] = {}

    def depart(self, load: int, name: str, way: str, year: int, commodity: str, grams: int) -> None:
        self.loads[name] = load, way, year, commodity, grams

    def caught(self, load: int, grams: int, estimator: str) -> tuple[int, int]:
        """Micrograms of a load that were intercepted and that were delivered."""
        if estimator == "expected":
            return self.expected[load], grams * MICRO - self.expected[load]
        end = self.outcome.get(load)
        return (end == "seized_g") * grams * MICRO, (end == "delivered_g") * grams * MICRO


def response(unchanged: Shipments, changed: Shipments, estimator: str) -> Response:
    """Lines of the response.

    Parameters
    ----------
    unchanged : Shipments
        A world on the baseline's consignments.
    changed : Shipments
        The same world on its own.
    estimator : {"expected", "realised"}

    Returns
    -------
    dict
        The second column is what was delivered before minus what is delivered now.
    """
    found: Counter[tuple[str, str, int, str]] = Counter()
    for name in unchanged.loads.keys() | changed.loads.keys():
        line = _line(name, unchanged, changed)
        for sign, run in ((-1, unchanged), (1, changed)):
            if name not in run.loads:
                continue
            load, _, year, commodity, grams = run.loads[name]
            intercepted, delivered = run.caught(load, grams, estimator)
            found[line, INTERCEPTED, year, commodity] += sign * intercepted
            found[line, KEPT, year, commodity] -= sign * delivered
    if estimator == "expected":
        for sign, run in ((-1, unchanged), (1, changed)):
            for (year, commodity), micrograms in run.correction.items():
                found[REPLACEMENT, KEPT, year, commodity] -= sign * micrograms
    return dict(found)


def _line(name: str, unchanged: Shipments, changed: Shipments) -> str:
    if AGAIN in name:
        return REPLACEMENT
    before, after = unchanged.loads.get(name), changed.loads.get(name)
    if before is None or after is None:
        return DETERRED
    return INTERACTION if before[1] == after[1] else DISPLACEMENT


def attribution_shift(before: Seizures, after: Seizures) -> Shift:
    """Loads seized in both runs, credited to intelligence only in the second."""
    found: Counter[tuple[int, str]] = Counter()
    for consignment, (year, commodity, grams, cause) in before.items():
        other = after.get(consignment)
        if other is not None and cause not in INTELLIGENCE and other[3] in INTELLIGENCE:
            found[year, commodity] += grams
    return dict(found)
