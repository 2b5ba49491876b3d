"""Mobile teams: where they may stand, as controls of the world.

A team at a site is a control of its own, ``team@site``, met right after the sector or unit of that name, or
after all units of a place. Which of its sites a team is at in a period is decided in the model.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import accumulate
from typing import TYPE_CHECKING

from blo_sim.clock import HOURS_PER_DAY

if TYPE_CHECKING:
    from blo_sim.scenario.schema import ScenarioModel, Sector, Team


@dataclass(frozen=True, slots=True)
class Site:
    """A team (by number) at one of its sites.

    ``office`` is the sector or unit there, '' at a bare place; ``share`` that of the periods which it spends
    there in the long run.
    """

    team: int
    site: str
    control: str
    border: str
    office: str
    share: float


@dataclass(frozen=True, slots=True)
class TeamTables:
    """Where one team stands: ``controls`` has the control of each of its sites, ``cumulative`` their shares.

    ``period_h`` is the length of a period in hours, infinite for a team that never moves.
    """

    id: str
    placement: str
    period_h: float
    controls: tuple[int, ...]
    cumulative: tuple[float, ...]


def sites(model: ScenarioModel) -> Iterator[Site]:
    """Every team at each of its sites, in the order of the file."""
    borders = {row.id: border_of(row) for row in model.sectors}
    manned = {*borders, *(row.id for row in model.units)}
    for number, team in enumerate(model.teams):
        for site, share in zip(team.sites, shares(team), strict=True):
            border = borders.get(site, team.country)
            yield Site(number, site, name_at(team, site), border, site if site in manned else "", share)


def shares(team: Team) -> tuple[float, ...]:
    """Share of the periods that a team spends at each of its sites in the long run."""
    if team.placement == "random":
        return tuple(team.mix[site] for site in team.sites)
    if team.placement == "rotating":
        return tuple(1.0 / len(team.sites) for _ in team.sites)
    return tuple(float(number == 0) for number in range(len(team.sites)))


def tables(model: ScenarioModel, number: Mapping[str, int]) -> tuple[TeamTables, ...]:
    """What a replication needs to place the teams; ``number`` has the index of each control."""
    return tuple(
        TeamTables(
            id=team.id,
            placement=team.placement,
            period_h=HOURS_PER_DAY * team.period_days if team.period_days else float("inf"),
            controls=tuple(number[name_at(team, site)] for site in team.sites),
            cumulative=tuple(accumulate(shares(team))),
        )
        for team in model.teams
    )


def name_at(team: Team, site: str) -> str:
    """Id of the control that a team is at a site; ``@`` is in no id of a scenario."""
    return f"{team.id}@{site}"


def border_of(sector: Sector) -> str:
    """The two countries of a sector's border, in alphabetical order."""
    return "-".join(sorted(sector.border.split("-")))
