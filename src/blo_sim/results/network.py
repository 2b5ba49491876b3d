"""Sums of the offices and their messages: how these ended, what the desks did, who was warned.

A message counts if it concerns a load of the cohort, or nobody's and was sent in the measured window. Desks
and lawful vehicles count by the time of the event.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Container
from typing import TYPE_CHECKING

from blo_sim.clock import TICKS_PER_HOUR
from blo_sim.model.events import (
    CARRIED,
    CHASE,
    EXPIRED,
    FALSE,
    HELD,
    LEAKED,
    LOST,
    MERGED,
    MISTAKEN,
    NOBODY,
    OTHER_SIDE,
    READ,
    REPORT,
    REROUTED,
    SEIZURE,
    SENT,
    SURVEILLANCE,
    TAKEN,
    WAITED,
    WITHHELD,
    WORKED,
)

if TYPE_CHECKING:
    from blo_sim.world.compile import World

Handler = Callable[[float, int, str, int, float, str], None]
"""Takes the time, consignment, place, amount, p and note of an event."""

TIP_SOURCES = (SURVEILLANCE, OTHER_SIDE, SEIZURE, CHASE)
"""Sources of lookouts for a load that exists."""
ENDS = ("in_time", "late", "lost", "withheld", "expired", "merged", "under_way")
"""Each message ends in exactly one of these."""
TIP_OUTCOMES = ("in_time", "late", "failed", "never_sent")
IN_TIME = "in time"
_NOT_SENT, _NONE, _LATE, _IN_TIME = range(4)


class _Report:
    """A report with messages; ``best`` is the best that happened to one that went to another office."""

    __slots__ = ("best", "office", "source")

    def __init__(self, source: str, office: str) -> None:
        self.source = source
        self.office = office
        self.best = _NOT_SENT


class NetworkSums:
    """Adds up the events of offices.

    Parameters
    ----------
    world : World
    cohort : container of int
        Consignments that departed in the measured window so far; the caller keeps it up to date.
    """

    def __init__(self, world: World, cohort: Container[int]) -> None:
        self.start, self.end = world.warmup_hours, world.end_hours
        self.cohort = cohort
        self.handlers: dict[int, Handler] = {
            REPORT: self._report,
            SENT: self._sent,
            CARRIED: self._carried,
            TAKEN: self._taken,
            WORKED: self._worked,
            READ: self._read,
            LOST: self._lost,
            WITHHELD: self._withheld,
            EXPIRED: self._expired,
            MERGED: self._merged,
            LEAKED: self._leaked,
            REROUTED: self._rerouted,
            WAITED: self._waited,
            HELD: self._held,
            MISTAKEN: self._mistaken,
        }
        self.open: dict[int, _Report] = {}
        self.tips: list[_Report] = []
        self.unsent: Counter[str] = Counter()
        self.messages_by: Counter[tuple[str, str]] = Counter()
        self.channels: Counter[tuple[str, str]] = Counter()
        self.desks: Counter[tuple[str, str]] = Counter()
        self.late_by: Counter[str] = Counter()
        self.late_ticks = 0
        self.leaked: set[int] = set()
        self.warned: set[int] = set()
        self.rerouted: set[int] = set()
        self.waited: set[int] = set()
        self.lawful: Counter[str] = Counter()

    def messages(self) -> dict[str, int]:
        """Ends of the cohort's lookouts, how late they were, and how many were leaked, however they ended."""
        totals = {
            end: sum(self.messages_by[source, end] for source in TIP_SOURCES) for end in ("sent", *ENDS[:-1])
        }
        under_way = totals["sent"] - sum(totals[end] for end in ENDS[:-1])
        return {
            **totals,
            "under_way": under_way,
            "leaked": len(self.leaked),
            "late_ticks": self.late_ticks,
        }

    def by_source(self) -> dict[tuple[str, str], int]:
        """Messages by source and end, ``sent`` besides them."""
        found = Counter(self.messages_by)
        for report in self.open.values():
            found[report.source, "under_way"] += 1
        return dict(found)

    def tip_outcomes(self) -> dict[tuple[str, str], int]:
        """By source, how many reports on the cohort were born, and what the best of their messages did."""
        outcomes = {source: dict.fromkeys(("born", *TIP_OUTCOMES), 0) for source in TIP_SOURCES}
        for source, number in self.unsent.items():
            outcomes[source]["born"] += number
            outcomes[source]["never_sent"] += number
        names = {_IN_TIME: "in_time", _LATE: "late", _NONE: "failed", _NOT_SENT: "never_sent"}
        for report in self.tips:
            outcomes[report.source]["born"] += 1
            outcomes[report.source][names[report.best]] += 1
        return {(source, name): count for source, each in outcomes.items() for name, count in each.items()}

    def _counts(self, time: float, load: int) -> bool:
        return load in self.cohort or (load == NOBODY and self.start <= time < self.end)

    def _report(self, time: float, load: int, place: str, first: int, count: float, source: str) -> None:
        if not self._counts(time, load):
            return
        is_tip = source in TIP_SOURCES
        if not count:
            if is_tip:
                self.unsent[source] += 1
            return
        report = _Report(source, place)
        for number in range(first, first + int(count)):
            self.open[number] = report
        if is_tip:
            self.tips.append(report)

    def _sent(self, time: float, load: int, place: str, number: int, p: float, source: str) -> None:
        report = self.open.get(number)
        if report is None:
            return
        self.messages_by[source, "sent"] += 1
        if place != report.office:
            report.best = max(report.best, _NONE)

    def _ended(self, number: int, end: str, place: str, best: int = _NONE) -> bool:
        report = self.open.pop(number, None)
        if report is None:
            return False
        self.messages_by[report.source, end] += 1
        if place != report.office:
            report.best = max(report.best, best)
        return True

    def _read(self, time: float, load: int, place: str, number: int, late: float, note: str) -> None:
        if note == IN_TIME:
            self._ended(number, "in_time", place, _IN_TIME)
        elif self._ended(number, "late", place, _LATE):
            self.late_by[note.removeprefix("late (").removesuffix(")")] += 1
            self.late_ticks += ticks(late)

    def _lost(self, time: float, load: int, place: str, number: int, p: float, channel: str) -> None:
        if self._ended(number, "lost", place):
            self.channels[channel, "lost"] += 1

    def _withheld(self, time: float, load: int, place: str, number: int, p: float, channel: str) -> None:
        if self._ended(number, "withheld", place):
            self.channels[channel, "withheld"] += 1

    def _expired(self, time: float, load: int, place: str, number: int, p: float, note: str) -> None:
        self._ended(number, "expired", place)

    def _merged(self, time: float, load: int, place: str, number: int, p: float, note: str) -> None:
        self._ended(number, "merged", place, _IN_TIME)

    def _carried(self, time: float, load: int, place: str, number: int, p: float, channel: str) -> None:
        if number in self.open:
            self.channels[channel, "carried"] += 1

    def _leaked(self, time: float, load: int, place: str, number: int, p: float, note: str) -> None:
        if load in self.cohort:
            self.leaked.add(number)
            self.warned.add(load)

    def _rerouted(self, time: float, load: int, place: str, number: int, p: float, note: str) -> None:
        if load in self.cohort:
            self.rerouted.add(load)

    def _waited(self, time: float, load: int, place: str, number: int, p: float, note: str) -> None:
        if load in self.cohort:
            self.waited.add(load)

    def _taken(self, time: float, load: int, place: str, number: int, wait: float, source: str) -> None:
        if self.start <= time < self.end:
            self.desks[place, "jobs"] += 1
            self.desks[place, "wait_ticks"] += ticks(wait)
            if source == FALSE:
                self.desks[place, "false_jobs"] += 1

    def _worked(self, time: float, load: int, place: str, number: int, work: float, source: str) -> None:
        if self.start <= time < self.end:
            self.desks[place, "work_ticks"] += ticks(work)
            if source == FALSE:
                self.desks[place, "false_ticks"] += ticks(work)

    def _held(self, time: float, load: int, place: str, number: int, hours: float, note: str) -> None:
        if load == NOBODY and self.start <= time < self.end:
            self.lawful["held"] += 1
            self.lawful["held_ticks"] += ticks(hours)

    def _mistaken(self, time: float, load: int, place: str, number: int, hours: float, note: str) -> None:
        if self.start <= time < self.end:
            self.lawful["mistaken"] += 1
            self.lawful["mistaken_ticks"] += ticks(hours)


def ticks(hours: float) -> int:
    """Hours, which lie on the grid, as whole ticks."""
    return round(hours * TICKS_PER_HOUR)
