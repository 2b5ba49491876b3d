"""Results as plain objects: the document, tables for other programs, and what the tables print."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from importlib import import_module
from typing import TYPE_CHECKING, Any

from blo_sim.errors import needing
from blo_sim.experiment.document import differences, document, lines_of, numbers
from blo_sim.experiment.masses import kilograms, masses
from blo_sim.experiment.values import flat
from blo_sim.results.spread import noise
from blo_sim.results.statistics import replications_needed
from blo_sim.results.summary import PARTS

if TYPE_CHECKING:
    from blo_sim.experiment.design import Design
    from blo_sim.experiment.replications import Finished
    from blo_sim.results.runs import Runs

BLOCKS = ("lawful", "messages", "desks", "leaks", "causes", "places", "gain_by_place")
"""Blocks of the document that are about scenarios, not commodities."""
ROW = (
    "kind",
    "scenario",
    "commodity",
    "measure",
    "mean",
    "mc_low",
    "mc_high",
    "plausible_low",
    "plausible_high",
)
STRETCH = 10_000
"""Replications whose rows are made at once."""
FLOW_COLUMNS = (
    "attempted_g",
    "expected_ug",
    "seized_g",
    "delivered_g",
    "in_transit_g",
    "deterred_g",
    "again_g",
    "again_delivered_g",
    "again_correction_ug",
    "other_way_g",
    "consignments",
    "seizures",
    "deterred",
    "again",
    "other_way",
)


@dataclass(frozen=True)
class Fit:
    """A published range beside the model's value: a fit, not a validation."""

    target: str
    low: float
    high: float
    model: dict[str, Any]

    @property
    def within(self) -> bool | None:
        """Whether the model's value lies in the range; None where it is undefined."""
        centre = self.model["mean"]
        return None if centre is None else self.low <= centre <= self.high


class Result:
    """What an experiment found.

    Attributes
    ----------
    design : Design
    finished : Finished
        The finished replications of each scenario, by name (``summaries``); of each alternative that was run
        on the baseline's consignments too, as `compare` does where smugglers respond (``unchanged``); and
        what the runs of an alternative tell load by load (``pairs``).
    interrupted : bool
        True if Ctrl-C ended the experiment early; ``finished`` then holds the contiguous prefix.
    """

    paired = False

    def __init__(self, design: Design, finished: Finished) -> None:
        self.design = design
        self.finished = finished
        self.interrupted = finished.interrupted
        self.replications = finished.replications

    @property
    def summaries(self) -> Mapping[str, Runs]:
        """The finished replications of each scenario, by name."""
        return self.finished.summaries

    @cached_property
    def _document(self) -> dict[str, Any]:
        return document(self.design, self.finished, paired=self.paired)

    def document(self) -> dict[str, Any]:
        """The JSON document: dictionaries, lists, strings, finite numbers and None."""
        return self._document

    def rows(self) -> list[dict[str, Any]]:
        """Every measure, gain and ledger line, one a row.

        Returns
        -------
        list of dict
            Keys ``kind`` (measure, gain, ledger, response, or one of `BLOCKS`), ``scenario``, ``commodity``
            (empty for the latter), ``measure`` (of a block in a block ``outer.inner``), ``mean``, ``mc_low``,
            ``mc_high``, ``plausible_low``, ``plausible_high``.
        """
        return list(self._rows())

    def to_dataframe(self) -> Any:
        """The `rows` as a pandas ``DataFrame``.

        Raises
        ------
        UsageError
            If pandas is not installed.
        """
        return as_dataframe(self.rows(), ROW)

    def replications_table(self) -> list[dict[str, Any]]:
        """Exact integers of every scenario, replication, year and commodity.

        Returns
        -------
        list of dict
            Grams and counts as they were realised, ``expected_ug`` and ``again_correction_ug`` in
            micrograms; ``year`` is 0 under the steady clock.
        """
        return list(self.replications_rows())

    def replications_rows(self) -> Iterator[dict[str, Any]]:
        """The rows of `replications_table`, without holding them all: replications in stretches."""
        years, commodities = range(self.design.worlds[0].years), self.design.commodities
        for name in self.design.names:
            for first, part in self.finished.stretches(STRETCH):
                runs = part.summaries[name]
                columns = {
                    (year, commodity, measure): runs.column("flows", (measure, year, commodity))
                    for year in years
                    for commodity in commodities
                    for measure in FLOW_COLUMNS
                }
                for place in range(len(runs)):
                    for year in years:
                        for commodity in commodities:
                            yield {
                                "scenario": name,
                                "replication": first + place,
                                "year": year,
                                "commodity": commodity,
                            } | {each: columns[year, commodity, each][place] for each in FLOW_COLUMNS}

    def ledger_table(self) -> list[dict[str, Any]]:
        """The ledger replication by replication, as of `CompareResult`; empty where nothing is compared."""
        return list(self.ledger_rows())

    def ledger_rows(self) -> Iterator[dict[str, Any]]:
        """The rows of `ledger_table`, without holding them all."""
        return iter(())

    def fit(self, name: str | None = None) -> list[Fit]:
        """Published ranges beside the model's values.

        Parameters
        ----------
        name : str, optional
            A scenario of this result; the baseline by default.
        """
        name = name or self.design.baseline
        model = self.design.scenarios[self.design.names.index(name)].model
        return [
            Fit(each.id, each.low, each.high, self._target(name, each.id))
            for each in model.targets
            if (each.id, "above") in self.summaries[name].keys("targets")
        ]

    def _target(self, name: str, target: str) -> dict[str, Any]:
        above, below = (self.summaries[name].column("targets", (target, part)) for part in PARTS)
        return numbers(self.design, self.replications).ratio(above, below)

    def _rows(self) -> Iterator[dict[str, Any]]:
        content = self.document()
        for commodity, block in content["commodities"].items():
            for name, entries in block["measures"].items():
                yield from rows_of("measure", name, commodity, entries)
            for name, entries in block.get("gains", {}).items():
                yield from rows_of("gain", name, commodity, entries)
            for name, lines in block.get("ledger", {}).items():
                yield from rows_of("ledger", name, commodity, lines)
            for name, entries in block.get("response", {}).items():
                yield from rows_of("response", name, commodity, entries)
        for kind in BLOCKS:
            for name, entries in content.get(kind, {}).items():
                yield from rows_of(kind, name, "", entries)


class RunResult(Result):
    """What `simulate` returns: one scenario."""


class CompareResult(Result):
    """What `compare` returns: a baseline and its alternatives, paired replication by replication."""

    paired = True

    def ledger_table(self) -> list[dict[str, Any]]:
        """The ledger of every alternative, replication by replication.

        Returns
        -------
        list of dict
            Keys ``scenario``, ``replication``, ``commodity`` (the headline's id or a commodity's), ``line``,
            and both columns in kilograms, ``intercepted_kg`` and ``kept_kg``, by the design's estimator.
            Under the dated clock, sums over its years.
        """
        return list(self.ledger_rows())

    def ledger_rows(self) -> Iterator[dict[str, Any]]:
        """The rows of `ledger_table`, without holding them all: replications in stretches."""
        for name in self.design.alternatives:
            for first, part in self.finished.stretches(STRETCH):
                lines = {
                    (key, line): [kilograms(each, weights) for each in columns]
                    for line, columns in lines_of(self.design, part, name).items()
                    for key, weights in self.design.blocks().items()
                }
                for place in range(part.replications):
                    for (key, line), (intercepted, kept) in lines.items():
                        yield {
                            "scenario": name,
                            "replication": first + place,
                            "commodity": key,
                            "line": line,
                            "intercepted_kg": intercepted[place],
                            "kept_kg": kept[place],
                        }

    def replications_for(self, half_width: float = 0.1, alternative: str | None = None) -> int | None:
        """Replications that a relative half-width of the headline gain's interval would take.

        Parameters
        ----------
        half_width : float
            Of the 95 % Monte Carlo interval of ``kept_kg``, over its mean.
        alternative : str, optional
            The first by default.

        Returns
        -------
        int or None
            None where the gain has no spread or is 0.
        """
        design = self.design
        name = alternative or design.alternatives[0]
        first, second = (
            masses(self.summaries[each], design.commodities, design.estimator)
            for each in (design.baseline, name)
        )
        headline = design.blocks()[design.scenarios[0].model.headline.id]
        kept = differences(first, second, headline)[1]
        draws = design.draws(len(kept))
        if draws is None or design.ensemble is None:
            return replications_needed(kept, half_width)
        found = noise(kept, draws)
        if found is None:
            return None
        return replications_needed(kept, half_width, found.variance, design.ensemble.degrees)


def as_dataframe(rows: list[dict[str, Any]], columns: Sequence[str]) -> Any:
    """Rows as a pandas ``DataFrame``.

    Raises
    ------
    UsageError
        If pandas is not installed.
    """
    with needing("analysis", "to_dataframe()"):
        pandas = import_module("pandas")
    return pandas.DataFrame(rows, columns=list(columns))


def rows_of(
    kind: str, scenario: str, commodity: str, entries: Mapping[str, Any]
) -> Iterator[dict[str, Any]]:
    """Rows of a block of the document."""
    for cells in flat(entries):
        yield dict(zip(ROW, (kind, scenario, commodity, *cells), strict=True))
