"""The document of an experiment: names and numbers that scripts rely on, ready for JSON."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from blo_sim.clock import TICKS_PER_HOUR
from blo_sim.experiment.breakdown import causes, places, shares_of_gain
from blo_sim.experiment.design import same_demand
from blo_sim.experiment.exchange import DAYS_PER_YEAR, desks, leaks, messages
from blo_sim.experiment.ledger import DETECTION, Columns, answered, ledger, ledger_lines
from blo_sim.experiment.masses import Masses, difference, kilograms, masses
from blo_sim.experiment.values import CENTRAL, Numbers
from blo_sim.results.statistics import median, variance_reduction

if TYPE_CHECKING:
    from blo_sim.experiment.design import Design
    from blo_sim.experiment.replications import Finished
    from blo_sim.results.runs import Runs


def document(
    design: Design, finished: Finished, *, paired: bool
) -> dict[str, Any]:
    """Everything that an experiment says.

    Parameters
    ----------
    design : Design
    finished : Finished
    paired : bool
        Whether gains and ledger over the baseline are part of it.

    Returns
    -------
    dict
        Only dictionaries, lists, strings, numbers and None; no NaN.
    """
    summaries, of = finished.summaries, numbers(design, finished.replications)
    content = head(design, finished.replications)
    worlds = dict(zip(design.names, zip(design.scenarios, design.worlds, strict=True), strict=True))
    weights = design.blocks()[content["headline"]]
    content |= {
        "lawful": {name: lawful(summaries[name], of) for name in design.names},
        "messages": {name: messages(world, summaries[name], of) for name, (_, world) in worlds.items()},
        "desks": {
            name: desks(scenario.model, world, summaries[name], of)
            for name, (scenario, world) in worlds.items()
        },
        "leaks": {name: leaks(summaries[name], weights, of) for name in design.names},
        "causes": {name: causes(summaries[name], weights, of) for name in design.names},
        "places": {name: places(summaries[name], design.estimator, weights, of) for name in design.names},
        "commodities": commodities(design, finished, paired=paired),
    }
    if paired:
        content["gain_by_place"] = {
            name: shares_of_gain(
                summaries[design.baseline],
                unchanged(design, finished, name),
                summaries[name],
                design.estimator,
                weights,
                of,
            )
            for name in design.alternatives
        }
    if design.clock == "dated":
        content["years"] = [
            {
                "from": first.isoformat(),
                "to": last.isoformat(),
                "commodities": commodities(design, finished, paired=paired, year=year),
            }
            for year, (first, last) in enumerate(years(design))
        ]
    return content


def head(design: Design, replications: int) -> dict[str, Any]:
    """What was run, under which rules: the first keys of every document.

    Parameters
    ----------
    design : Design
    replications : int
        Those that were finished.
    """
    from blo_sim import __version__

    return {
        "seed": design.seed,
        "replications": replications,
        "days": design.days,
        "clock": design.clock,
        "behaviour": design.behaviour,
        "parameters": design.parameters,
        "estimator": design.estimator,
        "version": __version__,
        "baseline": design.baseline,
        "headline": design.scenarios[0].model.headline.id,
        "scenarios": {name: each.sha256 for name, each in zip(design.names, design.scenarios, strict=True)},
    }


def numbers(design: Design, replications: int) -> Numbers:
    """How means over so many replications of a design are told."""
    draws = design.draws(replications)
    return CENTRAL if draws is None else Numbers(draws)


def years(design: Design) -> list[tuple[dt.date, dt.date]]:
    """First and last day of each measured year of 365 days; the last may be shorter."""
    world = design.worlds[0]
    start = world.first_day + dt.timedelta(hours=world.warmup_hours)
    return [
        (start + dt.timedelta(days=day), start + dt.timedelta(days=min(day + DAYS_PER_YEAR, design.days) - 1))
        for day in range(0, design.days, DAYS_PER_YEAR)
    ]


def commodities(
    design: Design, finished: Finished, *, paired: bool, year: int | None = None
) -> dict[str, Any]:
    """The block of the headline and of every commodity, over all years or one."""
    worlds = {
        name: masses(finished.summaries[name], design.commodities, design.estimator, year)
        for name in design.names
    }
    of = numbers(design, finished.replications)
    blocks: dict[str, Any] = {
        key: {"measures": {name: measures(worlds[name], weights, of) for name in design.names}}
        for key, weights in design.blocks().items()
    }
    if not paired:
        return blocks
    for block in blocks.values():
        block |= {"gains": {}, "ledger": {}, "response": {}}
    for name in design.alternatives:
        pair = worlds[design.baseline], worlds[name]
        lines = lines_of(design, finished, name, year)
        for key, weights in design.blocks().items():
            blocks[key]["gains"][name] = gains(*pair, weights, of)
            blocks[key]["ledger"][name] = ledger(lines, weights, of)
            if DETECTION in lines:
                blocks[key]["response"][name] = answered(lines, weights, of)
    return blocks


def lines_of(design: Design, finished: Finished, name: str, year: int | None = None) -> dict[str, Columns]:
    """The lines of an alternative's ledger against the baseline, by replication and commodity."""
    return ledger_lines(
        finished.summaries[design.baseline],
        unchanged(design, finished, name),
        finished.summaries[name],
        finished.pairs.get(name),
        design.commodities,
        design.estimator,
        year,
    )


def unchanged(design: Design, finished: Finished, name: str) -> Runs | None:
    """An alternative on the baseline's consignments: itself where nobody responds; None if it was not run."""
    if name in finished.unchanged:
        return finished.unchanged[name]
    worlds = dict(zip(design.names, design.worlds, strict=True))
    given = design.behaviour == "fixed" and same_demand(worlds[design.baseline], worlds[name])
    return finished.summaries[name] if given or name == design.baseline else None


def measures(world: Masses, weights: Mapping[str, float], of: Numbers = CENTRAL) -> dict[str, Any]:
    """Kilograms and shares of one world."""
    attempted, intercepted = kilograms(world.attempted, weights), kilograms(world.intercepted, weights)
    return {
        "attempted_kg": of.mean(attempted),
        "intercepted_kg": of.mean(intercepted),
        "intercepted_share": of.ratio(intercepted, attempted),
        "delivered_kg": of.mean(kilograms(world.delivered, weights)),
        "deterred_kg": of.mean(kilograms(world.deterred, weights)),
        "again_kg": of.mean(kilograms(world.again, weights)),
        "again_delivered_kg": of.mean(kilograms(world.again_delivered, weights)),
        "other_way_share": of.ratio(kilograms(world.other_way, weights), kilograms(world.sent, weights)),
    }


def differences(
    first: Masses, second: Masses, weights: Mapping[str, float]
) -> tuple[list[float], list[float]]:
    """Kilograms more intercepted, and kilograms kept from delivery, by replication."""
    return (
        kilograms(difference(first.intercepted, second.intercepted), weights),
        kilograms(difference(second.delivered, first.delivered), weights),
    )


def gains(
    first: Masses, second: Masses, weights: Mapping[str, float], of: Numbers = CENTRAL
) -> dict[str, Any]:
    """Paired gains of the second world over the first."""
    intercepted, kept = differences(first, second, weights)
    signs = paired_years(kilograms(difference(first.seized, second.seized), weights))
    before, after = kilograms(first.intercepted, weights), kilograms(second.intercepted, weights)
    shares = [_shares(first, before, weights), _shares(second, after, weights)]
    attempted = kilograms(first.attempted, weights), kilograms(second.attempted, weights)
    share = of.ratio_difference((before, attempted[0]), (after, attempted[1]))
    delivered = kilograms(first.delivered, weights), kilograms(second.delivered, weights)
    return {
        "intercepted_kg": _gain(
            of.mean(intercepted), intercepted, signs, variance_reduction(before, after), of
        ),
        "intercepted_share": _share_gain(share, shares, signs, of),
        "kept_kg": _gain(of.mean(kept), kept, signs, variance_reduction(*delivered), of),
    }


def paired_years(realised: Sequence[float]) -> dict[str, int]:
    """Replications by the sign of the realised difference."""
    return {
        "positive": sum(each > 0 for each in realised),
        "zero": sum(each == 0 for each in realised),
        "negative": sum(each < 0 for each in realised),
    }


def lawful(runs: Runs, of: Numbers = CENTRAL) -> dict[str, Any]:
    """What lawful travellers bear: a crossing is one passage at each of two posts; shares are per passage."""
    passages = runs.column("lawful", "passages")
    return {
        "crossings": of.mean([count / 2 for count in passages]),
        "wait_h": of.ratio(waits(runs), passages),
        "searched_share": of.ratio(runs.column("lawful", "searched"), passages),
        "released_share": of.ratio(runs.column("lawful", "released"), passages),
        "mistaken": of.mean(runs.column("lawful", "mistaken")),
        "held": of.mean(runs.column("lawful", "held")),
    }


def waits(runs: Runs) -> list[float]:
    """Hours waited at both posts together; over passages, the mean wait of a crossing."""
    return [2 * (ticks / TICKS_PER_HOUR) for ticks in runs.column("lawful", "wait_ticks")]


def _gain(
    centre: dict[str, Any],
    values: Sequence[float],
    signs: dict[str, int],
    reduction: float | None,
    of: Numbers,
) -> dict[str, Any]:
    over_draws = of.over_draws(values) if values else None
    return centre | {
        "median": median(values) if values else None,
        "draws_ci": None if over_draws is None else list(over_draws),
        "p_gain": of.share_above_0(values),
        "paired_years": signs,
        "variance_reduction": reduction,
    }


def _share_gain(
    centre: dict[str, Any], shares: list[list[float] | None], signs: dict[str, int], of: Numbers
) -> dict[str, Any]:
    before, after = shares
    if before is None or after is None:
        return _gain(centre, [], signs, None, CENTRAL)
    gained = [b - a for a, b in zip(before, after, strict=True)]
    return _gain(centre, gained, signs, variance_reduction(before, after), of)


def _shares(world: Masses, intercepted: Sequence[float], weights: Mapping[str, float]) -> list[float] | None:
    attempted = kilograms(world.attempted, weights)
    if not all(attempted):
        return None
    return [part / whole for part, whole in zip(intercepted, attempted, strict=True)]
