"""Where each mobile team stands: by draws of its own, hence the same in every world of a comparison."""

from __future__ import annotations

from typing import TYPE_CHECKING

from blo_sim.draws import key_of, uniform

if TYPE_CHECKING:
    from blo_sim.world.compile import Control, World
    from blo_sim.world.teams import TeamTables


class Teams:
    """The mobile teams of one replication."""

    def __init__(self, world: World, seed: int, replication: int) -> None:
        self.tables = world.teams
        self.keys = [key_of(seed, replication, "team", team.id) for team in world.teams]

    def stands_at(self, control: Control, now: float) -> bool:
        """Whether the team of a control is there at an hour of the run."""
        return place_of(self.tables[control.team], self.keys[control.team], now) == control.index


def place_of(team: TeamTables, key: int, now: float) -> int:
    """The control that a team is at an hour of the run; ``key`` is its own, for the draws of a random mix.

    Periods count from hour 0 of the run; a load that comes at the change meets the new placement.
    """
    if team.placement == "fixed":
        return team.controls[0]
    period = int(now / team.period_h)
    if team.placement == "rotating":
        return team.controls[period % len(team.controls)]
    u = uniform(key, period)
    for control, share in zip(team.controls, team.cumulative, strict=True):
        if u < share:
            return control
    return team.controls[-1]  # only where rounding leaves the shares below 1
