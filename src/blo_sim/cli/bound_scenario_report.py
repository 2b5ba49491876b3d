"""What ``blo-sim bound SCENARIO`` prints for people."""

from __future__ import annotations

from typing import TYPE_CHECKING

from blo_sim.cli.tables import UNDEFINED, amount, paragraph, percent, section, signed, table

if TYPE_CHECKING:
    from blo_sim.analysis.office_sites import SitesPrice
    from blo_sim.analysis.scenario_bound import ClassBound, ScenarioBound

NOTES = (
    "A limit, not a forecast: no delay, no lost or withheld message, every tip of an informant known at once "
    "to all controls ahead that it can reach, all offices at full effect, and smugglers who know every "
    "control's long-run detection. lower: each knows whether he was told of; upper: none knows. best reply: "
    "smugglers who weigh costs too; what they do not send counts as not intercepted."
)


def scenario_text(result: ScenarioBound) -> str:
    """The headline, the classes, and what coordination is worth."""
    parts = [paragraph(_headline(result)), _classes(result)]
    if result.sites is not None:
        parts.append(paragraph(_sites(result.sites, result.total.kg_per_year)))
    return "\n\n".join([*parts, paragraph(NOTES)]) + "\n"


def _headline(result: ScenarioBound) -> str:
    total, model = result.total, result.scenario.model
    return (
        f"{result.scenario.name}: of {amount(total.kg_per_year)} kg a year of {model.headline.name}, "
        f"controls could intercept {percent(total.lower)} to {percent(total.upper)} from smugglers who care "
        f"for the risk alone: {percent(total.untipped)} of what nobody tells of, {percent(total.tipped)} of "
        f"the {percent(total.tipped_share)} that informants tell of."
    )


def _classes(result: ScenarioBound) -> str:
    columns = ["class", "kg a year", "told of", "untold", "told", "lower", "upper", "best reply"]
    rows = [_cells(each) for each in (*result.classes, result.total)]
    return section("Intercepted at best, by class of loads: share of its kilograms", table(columns, rows))


def _cells(found: ClassBound) -> list[str]:
    shares = (found.tipped_share, found.untipped, found.tipped, found.lower, found.upper)
    reply = UNDEFINED if found.best_reply is None else percent(found.best_reply)
    return [found.name, amount(found.kg_per_year), *map(percent, shares), reply]


def _sites(sites: SitesPrice, kilograms: float) -> str:
    coordinated, isolated = (
        signed(kilograms * (share - sites.without)) for share in (sites.coordinated, sites.isolated)
    )
    ratio = "" if sites.ratio is None else f", {100 * sites.ratio:.0f} % of it"
    proven = "" if sites.proven else " The joint design is the best that exchanges found, not a proven one."
    where = ", ".join(f"{country} {count}" for country, count in sites.joint_shares.items())
    more = f"{sites.offices} more {'office' if sites.offices == 1 else 'offices'}"
    return (
        f"{more} at {sites.candidates} posts without one, like the scenario's last one (equipment and "
        f"training, nobody told): placed together they could intercept {coordinated} kg a year more "
        f"({where}); placed by each country alone {isolated} kg{ratio}.{proven}"
    )
