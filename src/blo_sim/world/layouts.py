"""Layouts: generated office networks across borders, to compare on the same world.

A layout replaces what a scenario has across borders and keeps its *home channels*: standing channels with
both ends in one country (posts, sectors, units and headquarters have one, centres have none), and those
that a BLO's link opens to its country's own posts and units. An *office* is here the post of a BLO whose
link is open. To the home channels the layout adds:

- ``isolated``: nothing.
- ``capitals``: the standing channels between two headquarters.
- ``pairs``: every two offices on the two sides of one crossing.
- ``hub``: every office with every centre, every headquarters with every centre.
- ``mesh``: every two offices of different countries.
- ``pairs+hub``: what ``pairs`` and ``hub`` add.
- ``tree``: every headquarters with every centre; an office with its capital where no channel stands.
- ``channels``: not even home channels of links: the rows of ``[[channels]]`` as they stand, no others.

A post without an office keeps its home channels, so it is part of every layout through its capital. What is
added goes both ways, with delay, loss and willingness of ``[link]``. At an office it is the office's own and
grows with its ramp-up; where both ends are offices each opens it, and the first in the file's order counts.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product
from typing import TYPE_CHECKING

from blo_sim.errors import Problem, ScenarioError
from blo_sim.world.offices import Hop, Reach

if TYPE_CHECKING:
    from blo_sim.scenario.schema import Link, Office, ScenarioModel

CENTRED = frozenset({"hub", "pairs+hub", "tree"})
"""Layouts in which headquarters talk to the centres."""
PAIRED = frozenset({"pairs", "pairs+hub"})
JOINING = PAIRED | {"mesh"}
"""Layouts that join offices with each other."""


def problems(model: ScenarioModel) -> list[tuple[str, str]]:
    """What the scenario lacks for its layout, as keys and messages; nothing without a layout."""
    layout, found = model.layout, []
    if layout in CENTRED and not model.centres:
        found.append(f"the layout {layout!r} needs a row of [[centres]]")
    if layout in JOINING:
        offices = _linked(model, {row.id for row in model.offices})
        if not offices:
            found.append(f"the layout {layout!r} has no office with a link to join")
        elif not any(_partners(model, office, offices) for office in offices):
            where = "in different countries" if layout == "mesh" else "on the two sides of a crossing"
            found.append(f"the layout {layout!r} has no two offices with a link {where} to join")
    if layout in CENTRED | JOINING and model.link is None:
        found.append(f"the layout {layout!r} needs the table [link] with its delay_h and loss")
    return [("layout", message) for message in found]


def hops(model: ScenarioModel, opened: set[str], standing: Sequence[Hop]) -> list[Hop]:
    """All channels of the scenario's layout.

    Parameters
    ----------
    opened : set of str
        Ids of the BLOs whose link is open.
    standing : sequence of Hop
        The rows of ``[[channels]]`` written out.

    Raises
    ------
    ScenarioError
        At the key ``layout``, with all that `problems` finds.
    """
    faults = problems(model)
    if faults:
        raise ScenarioError([Problem("scenario", 0, key, message) for key, message in faults])
    if model.layout == "channels":
        return list(standing)
    kept = _kept(model, standing)
    if model.link is None:
        return kept
    offices = _linked(model, opened)
    added = _centre_hops(model, model.link) if model.layout in CENTRED else []
    reach = Reach(model)
    for office in offices:
        added += _office_hops(model, model.link, office, offices, reach)
    if model.layout == "tree":
        have = {(hop.tail, hop.head) for hop in kept}
        to_capitals = [hop for office in offices for hop in _capital_hops(model, model.link, office)]
        added += [hop for hop in to_capitals if (hop.tail, hop.head) not in have]
    return kept + added


def _linked(model: ScenarioModel, opened: set[str]) -> list[Office]:
    return [office for office in model.offices if office.id in opened and office.components.link]


def _kept(model: ScenarioModel, standing: Sequence[Hop]) -> list[Hop]:
    """Standing channels that the layout leaves: those at home, for ``capitals`` also between capitals."""
    country = _countries(model)
    capitals = {row.id for row in model.headquarters} if model.layout == "capitals" else set()
    return [
        hop
        for hop in standing
        if {hop.tail, hop.head} <= capitals
        or (hop.tail in country and country[hop.tail] == country.get(hop.head))
    ]


def _countries(model: ScenarioModel) -> dict[str, str]:
    tables = (model.posts, model.sectors, model.units, model.headquarters)
    return {row.id: row.country for rows in tables for row in rows}


def _centre_hops(model: ScenarioModel, link: Link) -> list[Hop]:
    layout = str(model.layout)
    ends = product([row.id for row in model.headquarters], [row.id for row in model.centres])
    return [hop for pair in ends for hop in Hop.pair(pair, link, "layout", layout)]


def _office_hops(
    model: ScenarioModel, link: Link, office: Office, offices: list[Office], reach: Reach
) -> list[Hop]:
    """Channels that one office opens in the layout, those at home included."""
    reached = [other.post for other in _partners(model, office, offices)]
    reached += reach.of(office, link.reach_legs)
    if model.layout in ("hub", "pairs+hub"):
        reached += [row.id for row in model.centres]
    return [hop for other in reached for hop in _opened(office, other, link)]


def _partners(model: ScenarioModel, office: Office, offices: list[Office]) -> list[Office]:
    """Offices abroad with which the layout joins an office."""
    if model.layout not in JOINING:
        return []
    post = {row.id: row for row in model.posts}
    own = post[office.post]
    abroad = [other for other in offices if post[other.post].country != own.country]
    if model.layout == "mesh":
        return abroad
    return [other for other in abroad if post[other.post].crossing == own.crossing]


def _capital_hops(model: ScenarioModel, link: Link, office: Office) -> list[Hop]:
    country = _countries(model)[office.post]
    capitals = [row.id for row in model.headquarters if row.country == country]
    return [hop for capital in capitals for hop in _opened(office, capital, link)]


def _opened(office: Office, other: str, link: Link) -> list[Hop]:
    return Hop.pair((office.post, other), link, office.id, office.id, office.id)
