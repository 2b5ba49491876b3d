"""Blocks of the document about offices: messages, reports, channels, desks and leaks."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from blo_sim.clock import HOURS_PER_WEEK, TICKS_PER_HOUR
from blo_sim.experiment.masses import MICROGRAMS_PER_GRAM, kilograms
from blo_sim.experiment.values import CENTRAL, Numbers
from blo_sim.model.events import LATE, SOURCES
from blo_sim.results.network import ENDS, TIP_OUTCOMES, TIP_SOURCES
from blo_sim.results.runs import summed

if TYPE_CHECKING:
    from blo_sim.results.runs import Runs
    from blo_sim.scenario.schema import ScenarioModel
    from blo_sim.world.compile import World

DAYS_PER_YEAR = 365
ALL = "all"
LINKS = "links of offices"
KINDS = {
    "posts": "post",
    "sectors": "sector",
    "units": "unit",
    "headquarters": "headquarters",
    "centres": "centre",
}
"""Tables of offices, and what one of their rows is called."""


def messages(world: World, runs: Runs, of: Numbers = CENTRAL) -> dict[str, Any]:
    """Lookouts for loads by how they ended, then all messages by source and by channel, then reports."""
    sent, late, ticks = (runs.column("messages", name) for name in ("sent", "late", "late_ticks"))
    shares = {
        f"{end}_share": of.ratio(runs.column("messages", end), sent) for end in (*ENDS, "leaked")
    }
    return {
        "sent": of.mean(sent),
        **shares,
        "late_h": of.ratio([each / TICKS_PER_HOUR for each in ticks], late),
        "late_by": {
            reason: of.ratio(runs.column("late_by", reason), late) for reason in LATE
        },
        "tips": tips(runs, of),
        "by_source": {source: _source(runs, source, of) for source in SOURCES},
        "by_channel": {label: _channel(runs, names, of) for label, names in channels(world).items()},
    }


def tips(runs: Runs, of: Numbers = CENTRAL) -> dict[str, Any]:
    """Reports on loads, by source and together: how many were born, and the shares of them by outcome."""
    return {
        name: {
            "born": of.mean(tip_counts(runs, "born", sources)),
            **{
                f"{outcome}_share": of.ratio(
                    tip_counts(runs, outcome, sources), tip_counts(runs, "born", sources)
                )
                for outcome in TIP_OUTCOMES
            },
        }
        for name, sources in {ALL: TIP_SOURCES, **{each: (each,) for each in TIP_SOURCES}}.items()
    }


def tip_counts(
    runs: Runs, outcome: str, sources: Sequence[str] = TIP_SOURCES
) -> list[int]:
    """Reports of some sources with an outcome, one value a replication."""
    return summed(runs, "tips", [(source, outcome) for source in sources])


def channels(world: World) -> dict[str, list[str]]:
    """Channels that a message can take, by what results call them, in alphabetical order.

    In a real place the links of all offices are one, since an office's name is that of a crossing.
    """
    tables = [world.standing_routes, *(table for _, table in world.message_routes)]
    names = {(hop.channel, hop.office) for table in tables for hop in table.hops()}
    found: dict[str, list[str]] = {}
    for name, office in sorted(names):
        found.setdefault(LINKS if office and world.place == "real" else name, []).append(name)
    return found


def leaks(runs: Runs, weights: Mapping[str, float], of: Numbers = CENTRAL) -> dict[str, Any]:
    """Loads that heard of a lookout and what they did, and the weighted kilograms that got through by it."""
    counts = {
        measure: of.mean(_leak_sum(runs, measure))
        for measure in ("warned", "rerouted", "waited")
    }
    return {**counts, "delivered_kg": of.mean(leaked_kilograms(runs, weights))}


def leaked_kilograms(runs: Runs, weights: Mapping[str, float]) -> list[float]:
    """Weighted kilograms delivered of loads that a leak made wait or take another way."""
    series = {
        commodity: [
            MICROGRAMS_PER_GRAM * grams for grams in runs.column("leaks", ("delivered_g", commodity))
        ]
        for commodity in weights
    }
    return kilograms(series, weights)


# Desks ----------------------------------------------------------------------------------------------


def desks(
    model: ScenarioModel, world: World, runs: Runs, of: Numbers = CENTRAL
) -> dict[str, Any]:
    """Work of the desks, by office; of a real place by kind and country of the office."""
    return {
        label: _desk(group, world, runs, of) for label, group in sorted(desk_groups(model, world).items())
    }


def desk_groups(model: ScenarioModel, world: World) -> dict[str, list[str]]:
    """Ids of the offices with a desk, under the names that results may give them."""
    names = office_labels(model)
    groups: dict[str, list[str]] = {}
    for office in world.desks:
        groups.setdefault(names[office], []).append(office)
    return groups


def office_labels(model: ScenarioModel) -> dict[str, str]:
    """What results call each office: its id, or only kind and country for a real place."""
    kinds = {
        row.id: f"{kind} {getattr(row, 'country', '')}".strip()
        for table, kind in KINDS.items()
        for row in getattr(model, table)
    }
    return kinds if model.place == "real" else {office: office for office in kinds}


def officer_hours(world: World, office: str) -> float | None:
    """Hours that the officers of a desk are there in the measured window; None if nothing limits them."""
    stages = world.desks[office]
    total = 0
    ends = [start for start, _ in stages[1:]] + [math.inf]
    for (start, tables), end in zip(stages, ends, strict=True):
        first = math.ceil(max(start, world.warmup_hours))
        last = math.ceil(min(end, world.end_hours))
        if first < last and is_unlimited(tables.officers):
            return None
        total += _sum_of_hours(tables.officers, first, last)
    return float(total)


def is_unlimited(officers: Sequence[int]) -> bool:
    """Whether a desk has as many officers as it needs in some hour of the week."""
    from blo_sim.world.compile import MANY

    return max(officers) >= MANY


def hours(runs: Runs, measure: str, offices: Sequence[str]) -> list[float]:
    """A measure of desks in ticks, as hours of some offices together, one value a replication."""
    return [value / TICKS_PER_HOUR for value in desk_counts(runs, measure, offices)]


def desk_counts(runs: Runs, measure: str, offices: Sequence[str]) -> list[int]:
    """A measure of some offices' desks together, one value a replication."""
    return summed(runs, "desks", [(office, measure) for office in offices])


def per_year(values: Sequence[float], days: int) -> list[float]:
    """Values of a window as those of 365 days."""
    return [value * DAYS_PER_YEAR / days for value in values]


def _desk(offices: Sequence[str], world: World, runs: Runs, of: Numbers) -> dict[str, Any]:
    jobs, work = desk_counts(runs, "jobs", offices), hours(runs, "work_ticks", offices)
    there = [officer_hours(world, office) for office in offices]
    limited = sum(each for each in there if each is not None) if None not in there else 0.0
    return {
        "jobs_per_year": of.mean(per_year(jobs, world.days)),
        "load": of.ratio(work, [limited] * len(work)),
        "wait_h": of.ratio(hours(runs, "wait_ticks", offices), jobs),
        "false_share": of.ratio(hours(runs, "false_ticks", offices), work),
    }


def _sum_of_hours(officers: Sequence[int], first: int, last: int) -> int:
    """Officers added up over the hours of the run from ``first`` until before ``last``."""
    weeks, rest = divmod(max(0, last - first), HOURS_PER_WEEK)
    return weeks * sum(officers) + sum(officers[hour % HOURS_PER_WEEK] for hour in range(first, first + rest))


def _source(runs: Runs, source: str, of: Numbers) -> dict[str, Any]:
    sent = runs.column("messages_by", (source, "sent"))
    shares = {f"{end}_share": of.ratio(runs.column("messages_by", (source, end)), sent) for end in ENDS}
    return {"sent": of.mean(sent), **shares}


def _channel(runs: Runs, names: Sequence[str], of: Numbers) -> dict[str, Any]:
    carried, lost, withheld = (
        summed(runs, "channels", [(name, end) for name in names])
        for end in ("carried", "lost", "withheld")
    )
    given = [sum(parts) for parts in zip(carried, lost, withheld, strict=True)]
    return {
        "carried": of.mean(carried),
        "lost_share": of.ratio(lost, given),
        "withheld_share": of.ratio(withheld, given),
    }


def _leak_sum(runs: Runs, measure: str) -> list[int]:
    return summed(runs, "leaks", [key for key in runs.keys("leaks") if key[0] == measure])
