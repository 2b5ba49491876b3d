"""What `layouts` prints for people: the layouts side by side, their graphs, hub against mesh."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

from blo_sim.cli.report import NOT_MODELLED, why_late
from blo_sim.cli.tables import UNDEFINED, amount, interval, paragraph, percent, section, table
from blo_sim.experiment.exchange import DAYS_PER_YEAR
from blo_sim.experiment.layouts import RIVALS, LayoutsResult

MINUTES = 60.0
MEASURES = {
    "tips_in_time_share": ("in time", "reports in time"),
    "intercepted_share": ("intercepted", "the intercepted share"),
}
"""What hub and mesh are compared by: in a column's title, and in a sentence."""
LEGEND = (
    "kg: intercepted, +-: half of its 95 % Monte Carlo interval; time: reports on loads that another "
    "office than their own read in time; late by: what most often made messages late for a load that came; "
    "busiest, load, wait h: the desk with most work for its officers' hours, and mean hours until it takes a "
    "report up; false h: hours that all desks work on false reports a year; per off.: reports in time a year "
    "for each desk officer; leak kg: delivered of loads that a leak made wait or take another way; min: "
    "lawful travellers' mean wait at both posts; wrong: lawful vehicles a year searched on a lookout"
)
GRAPH_LEGEND = (
    "All channels open, edges one way each; delay h, diameter: mean and largest shortest way between "
    "offices, hours and hops; between: the office that most shortest ways go through, and their share; "
    "degree: offices that the post of a BLO sends to"
)


def layouts_text(result: LayoutsResult) -> str:
    """The report of a comparison of layouts."""
    parts = [_headline(result), _layouts(result), _graph(result), _crossover(result), _left_out(result)]
    return "\n\n".join(part for part in [*parts, paragraph(NOT_MODELLED)] if part) + "\n"


def _headline(result: LayoutsResult) -> str:
    layouts = result.document()["layouts"]
    caught = {name: entry["intercepted_kg"]["mean"] for name, entry in layouts.items()}
    best, worst = (choose(caught, key=caught.__getitem__) for choose in (max, min))
    count = _replications(result.replications)
    if len(caught) == 1:
        return paragraph(f"{result.scenario} under the layout {best}, {_period(result)}: {count}.")
    title = result.design.scenarios[0].model.headline.name
    if caught[best] == caught[worst]:
        words = f"all intercept the same, {amount(caught[best])} kg {_period(result)} ({count})"
    else:
        words = (
            f"{best} intercepts most, {amount(caught[best])} kg {_period(result)}, and {worst} least, "
            f"{amount(caught[worst])} kg ({count}; {_told_apart(result.lead(best, worst))})"
        )
    return paragraph(
        f"{result.scenario} under {len(caught)} layouts: of {title}, {words}. "
        "Central parameters only: the intervals are simulation noise, not the uncertainty of the answer."
    )


def _told_apart(lead: dict[str, Any]) -> str:
    """Whether the interval of a paired difference leaves an order."""
    if lead["mc_ci"] is None:
        return "one replication tells no order"
    if lead["mc_ci"][0] <= 0.0:
        return f"not told apart: interval of the difference {interval(lead)}"
    return f"interval of the difference {interval(lead)}"


def _replications(count: int) -> str:
    return f"{count} replication{'s' if count != 1 else ''}"


def _period(result: LayoutsResult) -> str:
    days = result.design.days
    return "a year" if days == DAYS_PER_YEAR else f"in {days} days"


def _layouts(result: LayoutsResult) -> str:
    columns = [
        "layout", "kg", "+-", "time %", "late by, %", "busiest", "load %", "wait h", "false h", "per off.",
        "leak kg", "min", "wrong",
    ]  # fmt: skip
    rows = [_row(name, entry) for name, entry in result.document()["layouts"].items()]
    title = f"Layouts, {result.design.scenarios[0].model.headline.name} {_period(result)}"
    return section(title, f"{table(columns, rows)}\n{paragraph(LEGEND)}")


def _row(name: str, entry: dict[str, Any]) -> list[str]:
    caught, busiest, wait = entry["intercepted_kg"], entry["busiest"], entry["wait_h"]["mean"]
    return [
        name,
        amount(caught["mean"]),
        UNDEFINED if caught["mc_ci"] is None else amount((caught["mc_ci"][1] - caught["mc_ci"][0]) / 2),
        _bare(percent(entry["tips_in_time_share"]["mean"])),
        _bare(why_late(entry)),
        _short(busiest["office"]),
        _bare(percent(busiest["load"]["mean"])),
        amount(busiest["wait_h"]["mean"]),
        amount(entry["false_work_h_per_year"]["mean"]),
        amount(entry["tips_per_officer_year"]["mean"]),
        amount(entry["leaked_kg"]["mean"]),
        amount(None if wait is None else MINUTES * wait),
        amount(entry["mistaken_per_year"]["mean"]),
    ]


def _bare(share: str) -> str:
    """A share whose sign stands in the column's title."""
    return share.removesuffix(" %")


def _short(office: str | None) -> str:
    return UNDEFINED if office is None else office.replace("headquarters", "HQ")


def _graph(result: LayoutsResult) -> str:
    columns = ["layout", "offices", "edges", "density", "delay h", "diameter", "between", "share", "degree"]
    rows = [
        [
            name,
            str(graph["nodes"]),
            str(graph["edges"]),
            amount(graph["density"]),
            amount(graph["mean_delay_h"]),
            UNDEFINED if graph["diameter"] is None else str(graph["diameter"]),
            _short(graph["between"]),
            percent(graph["betweenness"]),
            amount(graph["degree"]),
        ]
        for name, graph in result.document()["graph"].items()
    ]
    return section("Office networks as graphs", f"{table(columns, rows)}\n{paragraph(GRAPH_LEGEND)}")


def _crossover(result: LayoutsResult) -> str:
    if not result.crossover or result.crossing is None:
        return ""
    design, finished = result.crossing[0].design, result.crossing[1]
    rows = [
        [f"{point['factor']:g}"]
        + [percent(point[name][measure]["mean"]) for measure in MEASURES for name in RIVALS]
        for point in result.crossover
    ]
    title = paragraph(
        "Hub (need-to-know) against mesh (broadcast) as false reports multiply: reports on loads in time, "
        f"intercepted share ({_replications(finished.replications)} of {design.days} days, full operation)"
    )
    columns = ["false reports x", *(f"{name} {short}" for short, _ in MEASURES.values() for name in RIVALS)]
    words = " ".join(
        f"By {what}: {crossover_sentence(result.crossover, measure)}"
        for measure, (_, what) in MEASURES.items()
    )
    words += " Means of few runs: a small difference is noise."
    return section(title, f"{table(columns, rows, left=0)}\n{paragraph(words)}")


def crossover_sentence(points: list[dict[str, Any]], measure: str) -> str:
    """Where the order of hub and mesh changes, from the smallest factor to the largest."""
    ahead = [(point["factor"], _ahead(point, measure)) for point in points if _ahead(point, measure)]
    if not ahead:
        return "neither is ahead at any load."
    low, high = points[0]["factor"], points[-1]["factor"]
    turns = [(before, after) for before, after in pairwise(ahead) if before[1] != after[1]]
    if not turns:
        return f"no crossing between {low:g} and {high:g} times, the {ahead[0][1]} is ahead."
    parts = [
        f"the {before[1]} is ahead up to a load of {before[0]:g}, the {after[1]} from {after[0]:g} on"
        for before, after in turns
    ]
    return "; then ".join(parts) + "."


def _ahead(point: dict[str, Any], measure: str) -> str:
    hub, mesh = (point[name][measure]["mean"] for name in RIVALS)
    if hub is None or mesh is None or hub == mesh:
        return ""
    return "hub" if hub > mesh else "mesh"


def _left_out(result: LayoutsResult) -> str:
    if not result.left_out:
        return ""
    by_reason: dict[str, list[str]] = {}
    for name, reason in result.left_out.items():
        by_reason.setdefault(reason.replace(f"the layout {name!r}", "it"), []).append(name)
    parts = [f"{', '.join(names)} ({reason})" for reason, names in by_reason.items()]
    return paragraph(f"Left out: {'; '.join(parts)}.")
