"""The story of one consignment, event by event, in one world or two."""

from __future__ import annotations

import datetime as dt
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING

from blo_sim.clock import Calendar
from blo_sim.errors import UsageError
from blo_sim.experiment.design import DEFAULT_SEED, Design, make_design, replicated, whole

if TYPE_CHECKING:
    from blo_sim.model.events import Event, EventLog
    from blo_sim.scenario import Scenario

BOTH = "both"
WAVED = "waved through"
KNOWN = {
    "lookout": ", a lookout for it was read there",
    "request": ", an answer told of it",
    "released": ", the bay is full and releases",
    WAVED: ", a compromised shift waves it through",
}
TAKES = {
    "overload": "waits at desks",
    "staff": "officers drawn to a desk",
    "false reports": "waits at desks for false reports",
}
Fate = tuple[str, str, str]
"""How a load ends (seized, delivered, under way), where, and by which cause."""


@dataclass(frozen=True)
class Line:
    """One event: when, in which world (``both`` if in all), and what happened."""

    moment: dt.datetime
    world: str
    text: str


@dataclass(frozen=True)
class Trace:
    """The story of one consignment.

    ``chosen`` says why this consignment, ``fates`` how it ended in each world, ``place`` whether the
    world is ``real`` or ``synthetic``.
    """

    consignment: str
    chosen: str
    worlds: tuple[str, ...]
    place: str
    fates: dict[str, str]
    lines: tuple[Line, ...]


def trace(
    scenario: str | os.PathLike[str] | Scenario,
    *,
    against: str | os.PathLike[str] | Scenario | None = None,
    consignment: str | None = None,
    seed: int = DEFAULT_SEED,
    replication: int = 0,
    days: int | None = None,
    clock: str = "steady",
    behaviour: str | None = None,
) -> Trace:
    """Tell what happened to one consignment.

    Parameters
    ----------
    scenario : str, path or Scenario
    against : str, path or Scenario, optional
        A second world, under the same draws.
    consignment : str, optional
        Its id, ``flow.mode:number``. By default the first whose fate differs between the worlds, else
        the first seized, else the first of all.
    seed, replication : int
        Name the draws.
    days, clock, behaviour
        As for `simulate`.

    Raises
    ------
    UsageError
        If no consignment has this id; the message gives one that exists.
    """
    whole("replication", replication, at_least=0)
    chosen = [scenario] if against is None else [scenario, against]
    design = make_design(
        chosen, replications=1, seed=seed, days=days, clock=clock, behaviour=behaviour
    )
    logs = {
        name: _Log(design, place, replicated(design, place, replication))
        for place, name in enumerate(design.names)
    }
    name, why = _pick(list(logs.values()), consignment)
    return Trace(
        consignment=name,
        chosen=why,
        worlds=design.names,
        place=design.scenarios[0].model.place,
        fates={world: _in_words(log, log.fate(name)) for world, log in logs.items()},
        lines=tuple(_merged({world: log.story(name) for world, log in logs.items()})),
    )


class _Log:
    """One world's event log, by consignment."""

    def __init__(self, design: Design, place: int, log: EventLog) -> None:
        from blo_sim.model.events import KINDS

        self.kinds = KINDS
        self.world = design.worlds[place]
        self.calendar = Calendar(self.world.first_day)
        self.speaker = Speaker(design.scenarios[place])
        self.index = {name: number for number, name in enumerate(log.names)}
        self.streams = log.streams
        self.events: dict[int, list[Event]] = {}
        for event in log.rows():
            self.events.setdefault(event.consignment, []).append(event)

    def measured(self) -> list[str]:
        """Consignments of the measured window, in the order of their departure."""
        start, end = self.world.warmup_hours, self.world.end_hours
        found = []
        for name, number in self.index.items():
            for event in self.events.get(number, []):
                if self.kinds[event.kind] == "depart" and start <= event.time - event.p < end:
                    found.append((event.time, number, name))
        return [name for _, _, name in sorted(found)]

    def fate(self, name: str) -> Fate:
        """How the consignment ended."""
        for event in self.events.get(self.index.get(name, -1), []):
            if self.kinds[event.kind] in ("seized", "delivered"):
                return self.kinds[event.kind], event.place, event.note
        return "under way", "", ""

    def story(self, name: str) -> list[tuple[float, dt.datetime, str]]:
        """Every event of the consignment in words."""
        if name not in self.index:
            return []
        number = self.index[name]
        stream = self.world.streams[self.streams[number]]
        sent: dict[int, float] = {}
        lines = []
        for event in self.events.get(number, []):
            kind = self.kinds[event.kind]
            if kind == "sent":
                sent[event.amount] = event.time
            if not self.speaker.tells(kind):
                continue
            text = self.speaker.say(kind, event, stream.flow, event.time - sent.get(event.amount, event.time))
            lines.append((event.time, self.calendar.moment(event.time), text))
        return lines


class Speaker:
    """Turns events into sentences with the names that the scenario gives."""

    def __init__(self, scenario: Scenario) -> None:
        model = scenario.model
        crossing = {row.id: row.name or row.id for row in model.crossings}
        self.shows_chances = model.place == "synthetic"
        self.flows = {row.id: row for row in model.flows}
        self.names: dict[str, str] = {}
        for table in (model.places, model.units, model.sectors, model.headquarters, model.centres):
            self.names |= {row.id: row.name or row.id for row in table}
        self.names |= {
            row.id: row.name or f"{crossing[row.crossing]}, {row.country} post" for row in model.posts
        }

    def name(self, place: str) -> str:
        """What people call a control or office."""
        return self.names.get(place, place)

    def tells(self, kind: str) -> bool:
        """Whether events of a kind are told: in a real place, not those that name a weak desk or post."""
        return kind not in ("leaked", "forgone") or self.shows_chances

    def say(self, kind: str, event: Event, flow: str, since: float) -> str:
        """One sentence; ``since`` is the hours since the message of the event was sent."""
        where = self.name(event.place)
        kg = f"{event.amount / 1000:,.3f} kg"
        sentences: dict[str, Callable[[], str]] = {
            "depart": lambda: self._departs(event, flow, kg),
            "diverted": lambda: "  this is not its usual way: its owner has weighed the risk",
            "deterred": lambda: f"its owner does not send {kg}: no way is worth the risk",
            "arrive": lambda: f"joins the lanes at {where}, inspected after {_hours(event.p)}",
            "encounter": lambda: f"meets {where}{self._chance(event)}{self._known(event)}",
            "forgone": lambda: (
                f"  {TAKES[event.note]} changed this probability at {where} by {100 * event.p:+.2f} points"
            ),
            "searched": lambda: f"searched at {where} in vain; {_hours(event.p)} in the bay",
            "seized": lambda: f"SEIZED at {where}: {kg}, cause {event.note}",
            "delivered": lambda: f"DELIVERED at {where}: {kg}",
            "report": lambda: f"a report on it is born at {where} (from: {event.note})",
            "sent": lambda: f"  a message leaves for {where}",
            "read": lambda: f"  the message is read at {where} {event.note}, {_hours(since)} after it left",
            "lost": lambda: f"  the message to {where} is lost on the way",
            "expired": lambda: (
                f"  the message to {where} is thrown away unread, {_hours(since)} after it left"
            ),
            "withheld": lambda: f"  the message to {where} is withheld by an office on its way",
            "merged": lambda: f"  the message to {where} is not needed: as new a lookout stands there",
            "carried": lambda: f"    goes on to {where} by {event.note}, {_hours(event.p)}",
            "taken": lambda: f"    an officer at {where} takes it up, {_hours(event.p)} after it came",
            "worked": lambda: f"    the officer at {where} is done with it after {_hours(event.p)}",
            "leaked": lambda: f"    LEAKED at {where}: its owner is warned",
            "rerouted": lambda: f"warned, turns back before {where} and takes another way",
            "waited": lambda: f"warned, waits {_hours(event.p)} before {where}",
            "held": lambda: f"was held at {where} for an answer, {_hours(event.p)}",
            "mistaken": lambda: (
                f"  a lawful vehicle is searched at {where} in its place, {_hours(event.p)} in the bay"
            ),
        }
        return sentences[kind]()

    def _chance(self, event: Event) -> str:
        # For a real place, a probability by post would be a map of weak crossings.
        return f", seized with probability {100 * event.p:.2f} %" if self.shows_chances else ""

    def _known(self, event: Event) -> str:
        # Nor may it say where a shift is for sale.
        if event.note == WAVED and not self.shows_chances:
            return ""
        return KNOWN.get(event.note, "")

    def _departs(self, event: Event, flow: str, kg: str) -> str:
        row = self.flows[flow]
        hidden = f" ({event.note})" if event.note else ""
        way = f"{self.name(row.origin)} for {self.name(row.destination)}"
        return f"leaves {way} with {kg} of {row.commodity}{hidden}"


def _hours(hours: float) -> str:
    if hours < 1:
        return f"{60 * hours:.0f} min"
    return f"{hours:.1f} h" if hours < 48 else f"{hours / 24:.1f} days"


def _pick(logs: Sequence[_Log], wanted: str | None) -> tuple[str, str]:
    names = logs[0].measured()
    if wanted is not None:
        if all(wanted in log.index for log in logs):
            return wanted, "as asked for"
        hint = f"; an id that exists is {names[0]!r}" if names else "; this run has no consignments"
        raise UsageError(f"consignment {wanted!r} does not exist in this run{hint}")
    if not names:
        raise UsageError("this run has no consignments to tell of; give more --days")
    for name in names:
        if len({log.fate(name)[0] for log in logs}) > 1:
            return name, "the first whose fate differs"
    for name in names:
        if len({log.fate(name) for log in logs}) > 1:
            return name, "the first that ends at another place or by another cause"
    for name in names:
        if logs[0].fate(name)[0] == "seized":
            return name, "the first seized" if len(logs) == 1 else "no fate differs; the first seized"
    return names[0], "nothing was seized; the first to depart"


def _in_words(log: _Log, fate: Fate) -> str:
    end, place, cause = fate
    if end == "under way":
        return "still under way at the end"
    return f"{end} at {log.speaker.name(place)}" + (f" ({cause})" if cause else "")


def _merged(stories: Mapping[str, list[tuple[float, dt.datetime, str]]]) -> list[Line]:
    """All stories in the order of time; what happened in every world at the same instant stands once."""
    tagged = [
        (time, place, number, moment, text)
        for place, story in enumerate(stories.values())
        for number, (time, moment, text) in enumerate(story)
    ]
    worlds, lines = list(stories), []
    for _, group in groupby(sorted(tagged), key=lambda line: line[0]):
        seen: dict[tuple[str, dt.datetime], list[int]] = {}
        for _, place, _, moment, text in group:
            seen.setdefault((text, moment), []).append(place)
        for (text, moment), places in seen.items():
            everywhere = len(set(places)) == len(worlds)
            lines.append(Line(moment, BOTH if everywhere else worlds[places[0]], text))
    return lines
