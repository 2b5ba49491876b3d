"""What `run` and `compare` print for people: the answer in words, then the tables."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from blo_sim.cli.tables import (
    UNDEFINED,
    amount,
    factor,
    interval,
    paragraph,
    percent,
    points,
    section,
    signed,
    table,
    within_noise,
)
from blo_sim.experiment.breakdown import by_cause
from blo_sim.experiment.document import waits
from blo_sim.experiment.exchange import DAYS_PER_YEAR
from blo_sim.experiment.result import CompareResult, Result, RunResult
from blo_sim.experiment.values import value
from blo_sim.model.events import ELSEWHERE
from blo_sim.results.network import TIP_OUTCOMES
from blo_sim.results.response import RESPONSE
from blo_sim.results.spread import FEW
from blo_sim.results.statistics import ratio_difference

if TYPE_CHECKING:
    from blo_sim.experiment.behaviours import BehavioursResult

NOT_MODELLED = "Not modelled yet: what offices cost."
THRESHOLD = (
    "Smugglers who learn change nothing where they believe in a risk of loss below a threshold. No source "
    "says how large it is, so both ends of its range stand here too."
)
MINUTES = 60.0
SMALLEST_SHARE = 0.01
BUSIEST = 5
MESSAGE_COLUMNS = {
    "in_time": "read in time",
    "late": "read late",
    "lost": "lost",
    "withheld": "withheld",
    "expired": "expired",
    "merged": "not needed",
    "under_way": "under way",
    "leaked": "leaked",
}
ONLY_IF_ANY = ("withheld", "merged", "leaked")
"""Columns of messages that are left out if no scenario has any."""
LEDGER = {
    "detection": "detection, on unchanged flows",
    "overload": "overload: waits at desks",
    "staff": "staff: officers drawn to desks",
    "false_reports": "false reports: waits for them",
    "displacement": "displacement: sent another way",
    "deterred": "deterred: not sent",
    "replacement": "replacement: sent again",
    "interaction": "interaction: the same way, met otherwise",
    "net": "net gain",
    "attribution_shift": "attribution shift (not a gain)",
}
GAIN_COLUMNS = [
    "behaviour", "alternative", "kept", "interval", "unchanged", "interval", "response", "interval",
]  # fmt: skip
RUN_COLUMNS = [
    "behaviour", "scenario", "attempted", "not sent", "intercepted", "interval", "share", "other ways",
]  # fmt: skip
BEHAVIOURS = {
    "fixed": "Smugglers keep their ways",
    "learning": "Smugglers learn from losses",
    "best-reply": "Smugglers take the most profitable ways from the start",
}


def result_text(result: RunResult | CompareResult | BehavioursResult) -> str:
    """What people read of any experiment."""
    if isinstance(result, CompareResult):
        return compare_text(result)
    return run_text(result) if isinstance(result, RunResult) else behaviours_text(result)


def run_text(result: RunResult) -> str:
    """The report of one scenario."""
    return _joined(
        [
            _run_headline(result),
            _measures(result),
            _years(result),
            _sent(result),
            _places(result),
            _causes(result),
            _lawful(result),
            _messages(result),
            _tips(result),
            _desks(result),
            _fit(result),
            paragraph(NOT_MODELLED),
        ]
    )


def compare_text(result: CompareResult) -> str:
    """The report of a comparison."""
    headlines = [_compare_headline(result, name) for name in result.design.alternatives]
    return _joined(
        [
            *headlines,
            _measures(result),
            _gains(result),
            _years(result),
            _ledger(result),
            _sent(result),
            _places(result),
            _causes(result),
            _lawful(result),
            _messages(result),
            _tips(result),
            _desks(result),
            _needed(result),
            paragraph(NOT_MODELLED),
        ]
    )


def behaviours_text(result: BehavioursResult) -> str:
    """What each behaviour makes of the same question, side by side."""
    words = [words for each in result.results.values() for words in _headlines(each)]
    rows = [[label, *cells] for label, each in result.results.items() for cells in _cells(each)]
    rows += [
        [f"learning at {end:g}", *cells]
        for end, each in result.ends.items()
        for cells in _cells(each)
    ]
    last = list(result.results.values())[-1]
    columns = GAIN_COLUMNS if last.paired else RUN_COLUMNS
    title = f"Under each behaviour: {_headline(last)[0]}, kg {_period(last)}"
    return _joined(
        [
            *words,
            section(title, table(columns, rows, left=2)),
            paragraph(THRESHOLD) if result.ends else "",
            paragraph(NOT_MODELLED),
        ]
    )


def _headlines(result: Result) -> list[str]:
    if isinstance(result, CompareResult):
        return [_compare_headline(result, name) for name in result.design.alternatives]
    return [_run_headline(result)]


def _cells(result: Result) -> list[list[str]]:
    _, block = _headline(result)
    if isinstance(result, CompareResult):
        return [_gain_cells(block, name) for name in result.design.alternatives]
    name = result.design.baseline
    return [[name, *_run_cells(block["measures"][name])]]


def _run_cells(entry: dict[str, Any]) -> list[str]:
    return [
        amount(entry["attempted_kg"]["mean"]),
        amount(entry["deterred_kg"]["mean"]),
        amount(entry["intercepted_kg"]["mean"]),
        interval(entry["intercepted_kg"]),
        percent(entry["intercepted_share"]["mean"]),
        percent(entry["other_way_share"]["mean"]),
    ]


def _gain_cells(block: dict[str, Any], name: str) -> list[str]:
    kept, parts = block["gains"][name]["kept_kg"], block["response"].get(name)
    cells = [name, signed(kept["mean"]), interval(kept)]
    for part in ("unchanged_kg", "response_kg"):
        cells += [signed(parts[part]["mean"]), interval(parts[part])] if parts else [UNDEFINED, UNDEFINED]
    return cells


def _joined(parts: list[str]) -> str:
    return "\n\n".join(part for part in parts if part) + "\n"


def _headline(result: Result) -> tuple[str, dict[str, Any]]:
    content = result.document()
    block: dict[str, Any] = content["commodities"][content["headline"]]
    return result.design.scenarios[0].model.headline.name, block


def _period(result: Result) -> str:
    days = result.design.days
    return "a year" if days == DAYS_PER_YEAR else f"in {days} days"


def _caveat(result: Result, p_gain: float | None = None) -> str:
    grades = Counter(each.grade for each in result.design.scenarios[-1].assumptions)
    total = sum(grades.values())
    behaviour = BEHAVIOURS[result.design.behaviour]
    ensemble = result.design.ensemble
    if ensemble is not None:
        signs = "" if p_gain is None else f" The expected gain is above 0 in {percent(p_gain)} of them."
        changed = len(ensemble.differing(result.design.scenarios[0]))
        if changed:
            signs += f" {changed} of the ranges are not those with which these were found."
        return (
            f"{behaviour}. Plausible worlds are {_draws(result)} of the {len(ensemble.kept)} sets of values, "
            f"out of {len(ensemble.draws)} tried, with which {ensemble.scenario} comes near what is "
            f"published.{signs}"
        )
    judged = f", {grades['judged']} of {total} of them judged" if total else ""
    return (
        f"{behaviour}. Central parameters only{judged}: the interval is simulation "
        "noise, not the uncertainty of the answer."
    )


def _draws(result: Result) -> int:
    """How many draws of the parameters the replications had."""
    return len(set(result.design.draws(result.replications) or ()))


def _noise(entry: dict[str, Any], result: Result) -> str:
    count = f"{result.replications} replication{'s' if result.replications != 1 else ''}"
    if entry["plausible"] is not None:
        draws = _draws(result)
        if within_noise(entry):
            return (
                f"{draws} plausible worlds differ by no more than noise does; {count}, Monte Carlo interval "
                f"of the mean {interval(entry)}"
            )
        range_of = f"range of {draws} draws" if draws < FEW else f"middle 90 % of {draws} draws"
        mean_of_all = (
            f"; mean over all such worlds {interval(entry, of='draws_ci')}"
            if entry.get("draws_ci")
            else ""
        )
        return (
            f"in plausible worlds {interval(entry, of='plausible')}, {range_of}{mean_of_all}; {count}, "
            f"Monte Carlo interval of the mean of these draws {interval(entry)}"
        )
    if entry["mc_ci"] is None:
        same = "the same in every one of " if result.replications > 1 else "no Monte Carlo interval, "
        return same + count
    return f"Monte Carlo interval {interval(entry)}, {count}"


def _compare_headline(result: CompareResult, name: str) -> str:
    title, block = _headline(result)
    gain = block["gains"][name]
    kept, share = gain["kept_kg"], gain["intercepted_share"]["mean"]
    before = block["measures"][result.design.baseline]["intercepted_share"]["mean"]
    after = block["measures"][name]["intercepted_share"]["mean"]
    shares = ""
    if share is not None:
        shares = f" The intercepted share goes from {percent(before)} to {percent(after)}."
    answer = _taken_back(block["response"].get(name))
    return paragraph(
        f"{name} against {result.design.baseline}: {signed(kept['mean'])} kg {_period(result)} of {title} "
        f"kept from delivery ({_noise(kept, result)}).{shares}{answer} "
        f"{_caveat(result, kept['p_gain'])}"
    )


def _taken_back(parts: dict[str, Any] | None) -> str:
    """How much of the gain on unchanged flows the smugglers' response takes back, or adds."""
    if parts is None:
        return " The two plan different loads, so the gain has no parts."
    gained, answered = parts["unchanged_kg"]["mean"], parts["response_kg"]
    if not answered["mean"]:
        return ""
    verb = "takes back" if answered["mean"] < 0 else "adds"
    share = f", {percent(abs(answered['mean']) / gained)} of it" if gained > 0 else ""
    return (
        f" On unchanged flows it would be {signed(gained)} kg; the smugglers' response {verb} "
        f"{amount(abs(answered['mean']))} kg{share}."
    )


def _run_headline(result: Result) -> str:
    title, block = _headline(result)
    entries = block["measures"][result.design.baseline]
    caught = entries["intercepted_kg"]
    return paragraph(
        f"{result.design.baseline}: {amount(caught['mean'])} kg {_period(result)} of {title} intercepted of "
        f"{amount(entries['attempted_kg']['mean'])} kg attempted, "
        f"{percent(entries['intercepted_share']['mean'])} ({_noise(caught, result)}). {_caveat(result)}"
    )


def _interval_columns(result: Result, unit: str = "") -> list[str]:
    """Headers of a number's uncertainties."""
    plausible = [] if result.design.ensemble is None else [f"plausible{unit}"]
    return [*plausible, f"interval{unit}"]


def _intervals(result: Result, entry: dict[str, Any], scale: float = 1.0) -> list[str]:
    """The range over plausible worlds, where such were run, and the Monte Carlo interval."""
    found = [] if result.design.ensemble is None else [interval(entry, scale, "plausible")]
    return [*found, interval(entry, scale)]


def _measures(result: Result) -> str:
    rows = []
    for commodity, block in result.document()["commodities"].items():
        for name, entry in block["measures"].items():
            caught, share = entry["intercepted_kg"], entry["intercepted_share"]
            rows.append(
                [
                    commodity,
                    name,
                    amount(entry["attempted_kg"]["mean"]),
                    amount(caught["mean"]),
                    *_intervals(result, caught),
                    percent(share["mean"]),
                    *_intervals(result, share, 100),
                    amount(entry["delivered_kg"]["mean"]),
                ]
            )
    title = f"Measures, kg {_period(result)} ({result.design.estimator} seizures; 95 % Monte Carlo intervals)"
    columns = [
        "commodity",
        "scenario",
        "attempted",
        "intercepted",
        *_interval_columns(result),
        "share",
        *_interval_columns(result, " %"),
        "delivered",
    ]
    return section(title, table(columns, rows, left=2))


def _gains(result: CompareResult) -> str:
    rows = []
    for commodity, block in result.document()["commodities"].items():
        for name, gain in block["gains"].items():
            kept, share = gain["kept_kg"], gain["intercepted_share"]
            signs = kept["paired_years"]
            rows.append(
                [
                    commodity,
                    name,
                    signed(kept["mean"]),
                    *_intervals(result, kept),
                    signed(kept["median"]),
                    signed(gain["intercepted_kg"]["mean"]),
                    points(share["mean"]),
                    f"{signs['positive']}/{signs['zero']}/{signs['negative']}",
                    factor(kept["variance_reduction"]),
                ]
            )
    title = paragraph(
        f"Gains over {result.design.baseline}, kg {_period(result)} (+/0/-: replications by the sign of "
        "realised kg; var. red.: what sharing the draws divides the variance by)"
    )
    columns = [
        "commodity",
        "alternative",
        "kept",
        *_interval_columns(result),
        "median",
        "intercepted",
        "share pts",
        "+/0/-",
        "var. red.",
    ]
    return section(title, table(columns, rows, left=2))


def _years(result: Result) -> str:
    content = result.document()
    kind, measure = ("gains", "kept_kg") if result.paired else ("measures", "intercepted_kg")
    rows = []
    for year in content.get("years", []):
        for name, entries in year["commodities"][content["headline"]][kind].items():
            entry = entries[measure]
            mean = signed(entry["mean"]) if result.paired else amount(entry["mean"])
            rows.append([year["from"], year["to"], name, mean, interval(entry)])
    if not rows:
        return ""
    what = "kept from delivery" if result.paired else "intercepted"
    title = f"By year: {_headline(result)[0]}, kg {what}"
    return section(title, table(["from", "to", "scenario", "kg", "interval"], rows, left=3))


def _ledger(result: CompareResult) -> str:
    title, block = _headline(result)
    rows = []
    for name, lines in block["ledger"].items():
        for line, columns in lines.items():
            if line in RESPONSE and result.design.behaviour == "fixed":
                continue
            caught, kept = columns["intercepted_kg"], columns["kept_kg"]
            rows.append(
                [
                    name,
                    LEDGER[line],
                    signed(caught["mean"]),
                    interval(caught),
                    signed(kept["mean"]),
                    interval(kept),
                ]
            )
    columns_ = ["alternative", "line", "intercepted", "interval", "kept", "interval"]
    return section(f"Ledger: {title}, kg {_period(result)}", table(columns_, rows, left=2))


def _weights(result: Result) -> dict[str, float]:
    return result.design.blocks()[result.document()["headline"]]


def _sent(result: Result) -> str:
    """Loads that were not sent, or sent again."""
    if result.design.behaviour == "fixed":
        return ""
    rows = []
    for commodity, block in result.document()["commodities"].items():
        for name, entry in block["measures"].items():
            cells = [entry["deterred_kg"], entry["again_kg"], entry["again_delivered_kg"]]
            if any(cell["mean"] for cell in cells):
                rows.append(
                    [
                        commodity,
                        name,
                        *(amount(cell["mean"]) for cell in cells),
                        percent(entry["other_way_share"]["mean"]),
                    ]
                )
    if not rows:
        return ""
    title = paragraph(
        f"What smugglers do, kg {_period(result)} (not sent; sent again after a loss; of these, delivered; "
        "share of the kilograms that are not sent the usual way)"
    )
    columns = ["commodity", "scenario", "not sent", "again", "delivered", "other ways"]
    return section(title, table(columns, rows, left=2))


def _places(result: Result) -> str:
    """Flow and seizures by control type and area, before and after."""
    content, names = result.document(), list(result.design.names)
    found = content["places"]
    baseline = found[names[0]]
    least = SMALLEST_SHARE * sum(entry["intercepted_kg"]["mean"] for entry in baseline.values())
    places = sorted({place for each in found.values() for place in each})

    def size(place: str) -> float:
        caught = [found[name][place]["intercepted_kg"]["mean"] for name in names if place in found[name]]
        return float(max([*caught, *(abs(number) for number in _changes(result, place))]))

    shown = [place for place in places if size(place) >= least]
    rest = [place for place in places if place not in shown]

    def cells(group: list[str]) -> list[str]:
        def total(name: str, measure: str) -> float:
            return float(sum(found[name][place][measure]["mean"] for place in group if place in found[name]))

        before = [total(names[0], measure) for measure in ("met_kg", "intercepted_kg")]
        cells = [amount(number) for number in before]
        for name in names[1:]:
            cells.append(signed(total(name, "met_kg") - before[0]))
            cells.append(signed(total(name, "intercepted_kg") - before[1]))
        return cells

    rows = [[place, *cells([place])] for place in shown]
    if rest:
        rows.append([f"{len(rest)} others", *cells(rest)])
    if not rows:
        return ""
    is_real = result.design.scenarios[0].model.place == "real"
    by, which = ("control type and border", "such a") if is_real else ("control", "the")
    title = paragraph(
        f"By {by}: {_headline(result)[0]}, kg {_period(result)} that met {which} control, and that it "
        "intercepted"
    )
    columns = ["control", f"flow {names[0]}", "intercepted"]
    for name in names[1:]:
        columns += [f"change in {name}", "intercepted"]
    return section(title, table(columns, rows))


def _changes(result: Result, place: str) -> list[float]:
    """How much the interception at a place differs from the baseline's, in each other scenario."""
    found = result.document()["places"]

    def caught(name: str) -> float:
        return float(found[name][place]["intercepted_kg"]["mean"]) if place in found[name] else 0.0

    first, *others = result.design.names
    return [caught(name) - caught(first) for name in others]


def _causes(result: Result) -> str:
    names = result.design.names
    found = {name: by_cause(result.summaries[name], _weights(result)) for name in names}
    causes = [cause for cause in found[names[0]] if any(found[name][cause] for name in names)]
    if not causes:
        return ""
    rows = [[cause, *(amount(found[name][cause]) for name in names)] for cause in causes]
    title = f"Seized loads by cause: {_headline(result)[0]}, realised kg {_period(result)}"
    return section(title, table(["cause", *names], rows))


def _lawful(result: Result) -> str:
    rows = []
    for name, entry in result.document()["lawful"].items():
        wait = entry["wait_h"]
        rows.append(
            [
                name,
                amount(entry["crossings"]["mean"]),
                _minutes(wait["mean"]),
                interval(wait, MINUTES),
                percent(entry["searched_share"]["mean"]),
                percent(entry["released_share"]["mean"]),
            ]
        )
    if result.paired:
        rows += [_lawful_change(result, name) for name in result.design.alternatives]
    title = f"Lawful travellers {_period(result)} (mean wait at both posts, minutes; shares per post passage)"
    columns = ["scenario", "crossings", "wait min", "interval", "searched", "released unsearched"]
    return section(title, table(columns, rows))


def _lawful_change(result: Result, name: str) -> list[str]:
    first, second = (result.summaries[each] for each in (result.design.baseline, name))
    passages = [runs.column("lawful", "passages") for runs in (first, second)]

    def change(measure: str) -> float | None:
        parts = [runs.column("lawful", measure) for runs in (first, second)]
        return ratio_difference((parts[0], passages[0]), (parts[1], passages[1]))[0]

    wait = value(*ratio_difference((waits(first), passages[0]), (waits(second), passages[1])))
    crossings = (sum(passages[1]) - sum(passages[0])) / 2 / len(first)
    minutes = None if wait["mean"] is None else MINUTES * wait["mean"]
    return [
        f"change in {name}",
        signed(crossings),
        signed(minutes),
        interval(wait, MINUTES),
        f"{points(change('searched'))} pts",
        f"{points(change('released'))} pts",
    ]


def _minutes(hours: float | None) -> str:
    return amount(None if hours is None else MINUTES * hours)


def _messages(result: Result) -> str:
    blocks = result.document()["messages"]
    ends = [
        end
        for end in MESSAGE_COLUMNS
        if end not in ONLY_IF_ANY or any(entry[f"{end}_share"]["mean"] for entry in blocks.values())
    ]
    rows = [
        [name, amount(entry["sent"]["mean"]), *(percent(entry[f"{end}_share"]["mean"]) for end in ends)]
        for name, entry in blocks.items()
    ]
    columns = ["scenario", "sent", *(MESSAGE_COLUMNS[end] for end in ends)]
    return section(f"Lookouts for loads between offices {_period(result)}", table(columns, rows))


def _tips(result: Result) -> str:
    rows = []
    for name, entry in result.document()["messages"].items():
        tips = entry["tips"]["all"]
        if not tips["born"]["mean"]:
            continue
        shares = [percent(tips[f"{end}_share"]["mean"]) for end in TIP_OUTCOMES]
        rows.append(
            [name, amount(tips["born"]["mean"]), *shares, amount(entry["late_h"]["mean"]), why_late(entry)]
        )
    if not rows:
        return ""
    columns = ["scenario", "reports", "in time", "late", "failed", "never sent", "hours late", "mostly by"]
    title = f"Reports on loads {_period(result)}, by the best of their messages"
    return section(title, table(columns, rows))


def why_late(entry: dict[str, Any]) -> str:
    """What most often took the longest before late lookouts were read, and its share.

    Messages to controls that their load does not come to (``elsewhere``) do not count: broadcast sends many.
    """
    shares = {reason: each["mean"] or 0.0 for reason, each in entry["late_by"].items() if reason != ELSEWHERE}
    reason, total = max(shares, key=shares.__getitem__), sum(shares.values())
    return f"{reason} {percent(shares[reason] / total)}" if total else UNDEFINED


def _desks(result: Result) -> str:
    rows = []
    for name, offices in result.document()["desks"].items():
        loaded = [(office, desk) for office, desk in offices.items() if desk["load"]["mean"]]
        loaded.sort(key=lambda each: -each[1]["load"]["mean"])
        for office, desk in loaded[:BUSIEST]:
            rows.append(
                [
                    name,
                    office,
                    amount(desk["jobs_per_year"]["mean"]),
                    percent(desk["load"]["mean"]),
                    amount(desk["wait_h"]["mean"]),
                    percent(desk["false_share"]["mean"]),
                ]
            )
    if not rows:
        return ""
    title = paragraph(
        "Busiest desks (load: work over officers' hours; wait: mean hours until an officer takes a report "
        "up, closed hours included)"
    )
    columns = ["scenario", "office", "reports a year", "load", "wait h", "false reports' work"]
    return section(title, table(columns, rows, left=2))


def _fit(result: Result) -> str:
    rows = []
    for fit in result.fit():
        verdict = {True: "within", False: "outside", None: "-"}[fit.within]
        rows.append(
            [
                fit.target,
                f"{percent(fit.low)} to {percent(fit.high)}",
                percent(fit.model["mean"]),
                interval(fit.model, 100),
                verdict,
            ]
        )
    if not rows:
        return ""
    title = "Published ranges beside the model (a fit, not a validation: parameters were chosen by them)"
    return section(title, table(["target", "published", "model", "interval %", ""], rows))


def _needed(result: CompareResult) -> str:
    parts = []
    for name in result.design.alternatives:
        count = result.replications_for(0.1, name)
        if count is not None:
            parts.append(f"{name} about {count:,}")
    if not parts:
        return ""
    return paragraph(
        "Replications that an interval of plus or minus 10 % of the headline gain would take: "
        f"{'; '.join(parts)}."
    )
