"""A scenario in words and tables: its world, flows, offices, channels and assumptions.

Nothing here is simulated; every number is the scenario's own, or a sum of such numbers.
"""

from __future__ import annotations

import textwrap
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from blo_sim.scenario import Scenario
    from blo_sim.scenario.schema import Flow, Office, ScenarioModel
    from blo_sim.scenario.values import Distribution

DAYS_PER_YEAR = 365
WIDTH, NARROWEST = 110, 30
GRADES = {
    "seed": "from the project's own documents",
    "published": "a published figure",
    "derived": "arithmetic on published figures",
    "judged": "judged, no figure found",
}


@dataclass(frozen=True)
class Section:
    """A titled part: a paragraph, a table, or both. The first ``left`` columns are words."""

    title: str
    text: str = ""
    columns: tuple[str, ...] = ()
    rows: tuple[tuple[str, ...], ...] = ()
    left: int = 1


def describe(scenario: Scenario) -> list[Section]:
    """Describe a scenario.

    Parameters
    ----------
    scenario : Scenario
        From `load_scenario`.

    Returns
    -------
    list of Section
        In the order in which a reader wants them.
    """
    model = scenario.model
    sections = [
        _head(scenario),
        _world(model),
        _borders(model),
        _flows(model),
        _offices(model),
        _channels(model),
        _desks(model),
        _intelligence(model),
        _grades(scenario),
        _judged(scenario),
        _elsewhere(scenario),
    ]
    return [each for each in sections if each.text or each.rows]


def _head(scenario: Scenario) -> Section:
    model = scenario.model
    real = "a real place, with judged parameters" if model.place == "real" else "a made-up place"
    run = model.run
    text = (
        f"{model.title}. {model.description} It describes {real}. A run measures {run.days} days after "
        f"{run.warmup_days} days of warm-up (dated clock: {run.dated_days} days from {run.grant}), "
        f"{run.replications} times."
    )
    return Section(scenario.name, " ".join(text.split()))


def _world(model: ScenarioModel) -> Section:
    kinds = Counter(str(row.kind) for row in model.places)
    open_ = sum(row.status == "open" for row in model.crossings)
    legs = Counter(str(row.mode) for row in model.legs)
    traffic = {
        row.id: DAYS_PER_YEAR * sum(c.daily.get(row.id, 0.0) for c in model.crossings if c.status == "open")
        for row in model.classes
    }
    rows = (
        ("places", _listed(kinds), _number(len(model.places))),
        ("legs", _listed(legs), _number(len(model.legs))),
        ("crossings", f"{open_} open, {len(model.crossings) - open_} closed", _number(len(model.crossings))),
        ("posts", "one on each side of a crossing", _number(len(model.posts))),
        ("patrol sectors", "stretches of green border", _number(len(model.sectors))),
        ("inland units", "police and drug control", _number(len(model.units))),
        ("mobile teams", _listed(Counter(row.placement for row in model.teams)), _number(len(model.teams))),
        ("lawful crossings a year", _listed(traffic), _number(sum(traffic.values()))),
    )
    return Section("World", columns=("what", "of which", "number"), rows=rows, left=2)


def _borders(model: ScenarioModel) -> Section:
    crossings: Counter[str] = Counter()
    traffic: defaultdict[str, float] = defaultdict(float)
    sectors = Counter("-".join(sorted(row.border.split("-"))) for row in model.sectors)
    for row in model.crossings:
        if row.status == "open":
            border = "-".join(sorted(row.countries))
            crossings[border] += 1
            traffic[border] += DAYS_PER_YEAR * sum(row.daily.values())
    rows = tuple(
        (border, _number(crossings[border]), _number(sectors[border]), _number(traffic[border]))
        for border in sorted({*crossings, *sectors})
    )
    columns = ("border", "open crossings", "patrol sectors", "lawful crossings a year")
    return Section("Borders", columns=columns, rows=rows)


def _flows(model: ScenarioModel) -> Section:
    rows = []
    for commodity in model.commodities:
        flows = [row for row in model.flows if row.commodity == commodity.id]
        volume = sum(row.volume_kg_per_year for row in flows)
        if not flows:
            continue
        ways = sorted({(row.origin, row.destination) for row in flows})
        modes: defaultdict[str, float] = defaultdict(float)
        for row in flows:
            for mode, share in row.modes.items():
                modes[mode] += share * row.volume_kg_per_year
        ranked = sorted(modes.items(), key=lambda item: -item[1])
        shares = ", ".join(f"{mode} {100 * kg / volume:.0f} %" for mode, kg in ranked) if volume else "-"
        loads = sum(_loads(row) for row in flows)
        rows.append((commodity.id, shares, _number(volume), _number(loads), _number(len(ways))))
    columns = ("commodity", "kg by mode", "kg a year", "loads a year", "origin-destination pairs")
    return Section("Flows", columns=columns, rows=tuple(rows), left=2)


def _loads(flow: Flow) -> float:
    return sum(
        share * flow.volume_kg_per_year / flow.sizes(mode)[0]
        for mode, share in flow.modes.items()
        if share
    )


def _offices(model: ScenarioModel) -> Section:
    if not model.offices:
        return Section("Border Liaison Offices", "None.")
    rows = [
        (
            row.id,
            row.opens.isoformat(),
            f"{row.setup_days:g} + {row.ramp_days:g}",
            f"{100 * row.full_effect:.0f} %",
            f"{_components(row)}; partners: {', '.join(row.partners) or 'none'}",
        )
        for row in model.offices
    ]
    columns = ("office", "opens", "set-up + ramp days", "effect", "components and partners")
    return Section("Border Liaison Offices", columns=columns, rows=_wrapped(columns, rows), left=len(columns))


def _components(office: Office) -> str:
    parts = office.components
    named = ["link"] if parts.link else []
    named += [f"desk ({parts.desk}, {office.desk})"] if parts.desk else []
    named += [f"pooling ({parts.pooling} agencies)"] if parts.desk and parts.pooling > 1 else []
    named += [f"equipment ({', '.join(parts.equipment)})"] if parts.equipment else []
    named += [f"training (d' + {parts.training:g})"] if parts.training else []
    return ", ".join(named) or "neutral"


def _channels(model: ScenarioModel) -> Section:
    rows = [
        (
            row.from_,
            row.to,
            "both" if row.both_ways else "one",
            _duration(row.delay_h),
            f"{100 * row.loss:g} %",
            f"{100 * row.willingness:g} %",
        )
        for row in model.channels
    ]
    if model.link is not None and model.layout != "channels":
        rows.append(
            (
                "a BLO with link",
                "its partners",
                "both",
                _duration(model.link.delay_h),
                f"{100 * model.link.loss:g} %",
                f"{100 * model.link.willingness:g} %",
            )
        )
    text = ""
    if model.layout == "channels":
        text = "These and no others: links of BLOs open nothing."
    elif model.layout is not None:
        text = f"Across borders the layout {model.layout!r} stands instead of these."
    columns = ("from", "to", "ways", "delay", "loss", "willing")
    return Section("Channels for messages", text, columns=columns, rows=tuple(rows), left=4)


def _desks(model: ScenarioModel) -> Section:
    """Desks with their terms, and how many offices have each."""
    used: Counter[str | None] = Counter(row.desk for row in model.offices if row.components.desk)
    liaison = set(used)
    for table in (model.posts, model.sectors, model.units, model.headquarters, model.centres):
        used.update(row.desk for row in table)
    rows = [
        (
            row.id,
            f"{used[row.id]}",
            "those of the BLO" if row.id in liaison else f"{row.officers or 'no limit'}",
            _duration(row.service_h),
            f"{row.hours[0]} to {row.hours[1]} h" if row.hours else "the office's",
            f"{row.on_call}",
        )
        for row in model.desks
    ]
    columns = ("desk", "offices", "officers", "work on a report", "hours", "on call")
    return Section("Desks that read messages", columns=columns, rows=tuple(rows), left=1)


def _intelligence(model: ScenarioModel) -> Section:
    """Which reports there are, and what can go wrong with them."""
    reports = model.reports
    parts = [f"Reports go to {'every office' if reports.addressing == 'broadcast' else 'the controls ahead'}"]
    kinds = {
        "the other side": reports.other_side.probability,
        "seizures": reports.seizure.probability,
        "chases": reports.chase.probability,
        "patterns": reports.pattern.probability,
        "requests": reports.request.probability,
    }
    told = [f"{name} ({probability:g})" for name, probability in kinds.items() if probability]
    false = sum(row.false_per_year for row in model.sources) * reports.false_factor
    parts.append(f"their sources are {len(model.sources)} places" + "".join(f", {each}" for each in told))
    if false:
        parts.append(f"{false:,.0f} a year are false")
    if model.trust is not None:
        parts.append(f"trust starts at {model.trust.initial:g} and changes with outcomes")
    if model.leaks is not None and model.leaks.probability:
        parts.append(f"a desk leaks a lookout with probability {model.leaks.probability:g} an agency")
    bribed = sorted({row.compromised for row in model.organisations if row.compromised})
    if bribed:
        parts.append(f"a shift is compromised with probability {', '.join(f'{each:g}' for each in bribed)}")
    return Section("Intelligence", "; ".join(parts) + ".")


def _duration(delay: Distribution) -> str:
    return f"{delay.mean:g} h, {delay.kind}" + (f", cv {delay.cv:g}" if delay.kind == "lognormal" else "")


def _grades(scenario: Scenario) -> Section:
    counts = Counter(str(each.grade) for each in scenario.assumptions)
    rows = tuple(
        (grade, meaning, _number(counts[grade])) for grade, meaning in GRADES.items() if counts[grade]
    )
    columns = ("grade", "what it means", "number")
    return Section("Assumptions by grade", columns=columns, rows=rows, left=2)


def _judged(scenario: Scenario) -> Section:
    rows = [
        (each.key.partition(".")[2], each.value, each.range, each.reason)
        for each in scenario.assumptions
        if each.grade == "judged" and each.key.startswith("parameters.")
    ]
    columns = ("parameter", "value", "range", "reason")
    title = "Judged parameters that many values share"
    return Section(title, columns=columns, rows=_wrapped(columns, rows), left=len(columns))


def _elsewhere(scenario: Scenario) -> Section:
    judged = (each.key.partition(".")[0] for each in scenario.assumptions if each.grade == "judged")
    counts = Counter(table for table in judged if table != "parameters")
    rows = tuple((table, _number(count)) for table, count in counts.items())
    return Section("Other judged values, by table", columns=("table", "values or rows"), rows=rows)


def _wrapped(columns: Sequence[str], rows: Sequence[tuple[str, ...]]) -> tuple[tuple[str, ...], ...]:
    """Rows whose last cell takes as many lines as it needs, so that the table keeps to ``WIDTH``."""
    taken = sum(max(map(len, column)) + 2 for column in list(zip(columns, *rows, strict=True))[:-1])
    blank = ("",) * (len(columns) - 1)
    lines = []
    for row in rows:
        parts = textwrap.wrap(row[-1], max(WIDTH - taken, NARROWEST), break_on_hyphens=False) or [""]
        lines += [(*(row[:-1] if i == 0 else blank), part) for i, part in enumerate(parts)]
    return tuple(lines)


def _number(count: float) -> str:
    return f"{count:,.0f}"


def _listed(counts: Mapping[str, float]) -> str:
    return ", ".join(f"{name} {_number(count)}" for name, count in counts.items() if count) or "-"
