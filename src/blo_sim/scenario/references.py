"""What a scenario must get right beyond each key for itself: its rows fit together.

Every function yields faults as (key, message); together they are `faults`.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import get_args

from blo_sim.scenario.lines import Key
from blo_sim.scenario.names import shown, suggestion
from blo_sim.scenario.schema import Flow, Leg, ScenarioModel, Shift, Team

Fault = tuple[Key, str]
TOLERANCE = 1e-6
"""How far shares may be from adding up to 1."""
CHANNEL_WORDS = ("posts", "sectors", "units", "capitals")
LEG_MODES: tuple[str, ...] = get_args(Leg.model_fields["mode"].annotation)


def faults(model: ScenarioModel) -> list[Fault]:
    """Everything about a valid model that does not fit together."""
    checks: tuple[Callable[[ScenarioModel], Iterator[Fault]], ...] = (
        _headline, _places, _profiles, _classes, _methods, _rosters, _crossings, _posts, _sectors, _units,
        _teams, _legs, _modes, _flows, _prices, _office_network, _desks, _requests, _sources, _offices,
        _targets,
    )  # fmt: skip
    return [fault for check in checks for fault in check(model)]


def _ids(*arrays: Iterable[object]) -> list[str]:
    return [str(row.id) for rows in arrays for row in rows]  # type: ignore[attr-defined]


def _known(key: Key, name: str | None, what: str, options: Iterable[str]) -> Iterator[Fault]:
    """A fault if ``name`` is not one of ``options``."""
    known = set(options)
    if name is not None and name not in known:
        yield key, f"{name!r} is not {what}{suggestion(name, known)}"


def _known_all(key: Key, names: Iterable[str], what: str, options: Iterable[str]) -> Iterator[Fault]:
    known = set(options)
    for name in names:
        yield from _known((*key, name) if isinstance(names, Mapping) else key, name, what, known)


def _sum_to_one(key: Key, shares: Iterable[float], what: str) -> Iterator[Fault]:
    total = math.fsum(shares)
    if abs(total - 1) > TOLERANCE:
        yield key, f"{what} add up to {total:.6g}, must add up to 1"


def _countries(model: ScenarioModel) -> set[str]:
    return {place.country for place in model.places}


def _headline(model: ScenarioModel) -> Iterator[Fault]:
    commodities = _ids(model.commodities)
    yield from _known_all(("headline", "weights"), model.headline.weights, "a commodity", commodities)
    if model.headline.id in commodities:
        yield ("headline", "id"), f"{model.headline.id!r} is a commodity; the headline needs another id"


def _places(model: ScenarioModel) -> Iterator[Fault]:
    for kind in ("origin", "destination"):
        if not any(place.kind == kind for place in model.places):
            yield ("places",), f"no place has kind = {kind!r}"


def _profiles(model: ScenarioModel) -> Iterator[Fault]:
    for row in model.profiles:
        for name in ("hours", "weekdays", "months"):
            weights: list[float] = getattr(row, name)
            if min(weights) < 0 or max(weights) == 0:
                yield ("profiles", row.id, name), f"{shown(weights)} must be at least 0 and not 0 throughout"


def _classes(model: ScenarioModel) -> Iterator[Fault]:
    shares: dict[str, list[float]] = {}
    for row in model.classes:
        key = ("classes", row.id)
        yield from _known((*key, "mode"), row.mode, "a mode of [[modes]]", _ids(model.modes))
        hiding = (*key, "concealment")
        yield from _known_all(hiding, row.concealment, "a concealment", _ids(model.concealments))
        yield from _sum_to_one(hiding, row.concealment.values(), "the shares of concealments")
        shares.setdefault(row.mode, []).append(row.share)
    for mode, of_mode in shares.items():
        last = [row.id for row in model.classes if row.mode == mode][-1]
        yield from _sum_to_one(("classes", last, "share"), of_mode, f"the shares of classes of mode {mode!r}")


def _methods(model: ScenarioModel) -> Iterator[Fault]:
    concealments = _ids(model.concealments)
    for row in model.methods:
        key = ("methods", row.id)
        found = (*key, "sensitivity")
        yield from _known_all(found, row.sensitivity, "a concealment", concealments)
        for name in concealments:
            if name not in row.sensitivity:
                yield found, f"no value for the concealment {name!r}"
        factors = (*key, "commodity_factor")
        yield from _known_all(factors, row.commodity_factor, "a commodity", _ids(model.commodities))


def _rosters(model: ScenarioModel) -> Iterator[Fault]:
    for row in model.rosters:
        staffed: set[int] = set()
        for number, shift in enumerate(row.shifts):
            key = ("rosters", row.id, "shifts", number)
            hours = shift_hours(shift)
            twice = sorted(staffed & hours)
            if twice:
                yield key, f"overlaps an earlier shift in the hour from {twice[0]}:00"
            staffed |= hours
            yield from _known_all((*key, "lanes"), shift.lanes, "a traffic class", _ids(model.classes))
            for name, lanes in shift.lanes.items():
                if lanes < 0:
                    yield (*key, "lanes", name), f"{lanes} must be at least 0"


def shift_hours(shift: Shift) -> set[int]:
    """Hours of the day of a shift, which may wrap around midnight."""
    first, last = shift.from_hour, shift.to_hour
    return set(range(first, last)) if first < last else set(range(first, 24)) | set(range(last % 24))


def _crossings(model: ScenarioModel) -> Iterator[Fault]:
    for row in model.crossings:
        key = ("crossings", row.id)
        if row.countries[0] == row.countries[1]:
            yield (*key, "countries"), f"{row.countries[0]!r} is given twice; a crossing joins two countries"
        yield from _known_all((*key, "countries"), row.countries, "the country of a place", _countries(model))
        yield from _known_all((*key, "daily"), row.daily, "a traffic class", _ids(model.classes))
        yield from _known((*key, "profile"), row.profile, "a profile", _ids(model.profiles))
        posts = Counter(post.country for post in model.posts if post.crossing == row.id)
        if row.status == "closed" and posts:
            yield (*key, "status"), f"a closed crossing has no posts, but {posts.total()} are given"
        if row.status == "open" and (posts.total() != 2 or any(posts[name] != 1 for name in row.countries)):
            given = ", ".join(sorted(posts.elements())) or "none"
            yield key, f"an open crossing has one post of each of its countries; its posts are of: {given}"


def _posts(model: ScenarioModel) -> Iterator[Fault]:
    crossings = {row.id: row for row in model.crossings}
    for row in model.posts:
        key = ("posts", row.id)
        yield from _known((*key, "crossing"), row.crossing, "a crossing", crossings)
        yield from _known((*key, "roster"), row.roster, "a roster", _ids(model.rosters))
        yield from _known_all((*key, "methods"), row.methods, "a search method", _ids(model.methods))
        yield from _opening((*key, "hours"), row.hours)
        crossing = crossings.get(row.crossing)
        if crossing and row.country not in crossing.countries:
            two = " and ".join(crossing.countries)
            yield (*key, "country"), f"{row.country!r} is not on the crossing {crossing.id!r}: it joins {two}"


def _opening(key: Key, hours: tuple[int, int]) -> Iterator[Fault]:
    if hours[0] >= hours[1]:
        yield key, f"{list(hours)} must be [from, to] with from before to"


def _sectors(model: ScenarioModel) -> Iterator[Fault]:
    for row in model.sectors:
        key = ("sectors", row.id)
        pair = row.border.split("-")
        if not re.fullmatch(r"[A-Z]{2}-[A-Z]{2}", row.border) or pair[0] == pair[1]:
            yield (*key, "border"), f"{row.border!r} must be two countries, such as AF-TJ"
        elif row.country not in pair:
            yield (*key, "country"), f"{row.country!r} is not on the border {row.border}"
        yield from _known_all((*key, "border"), pair, "the country of a place", _countries(model))
        factors = (*key, "detection_factor")
        yield from _known_all(factors, row.detection_factor, "a commodity", _ids(model.commodities))


def _units(model: ScenarioModel) -> Iterator[Fault]:
    country = {place.id: place.country for place in model.places}
    for row in model.units:
        key = ("units", row.id)
        yield from _known((*key, "place"), row.place, "a place", country)
        if country.get(row.place, row.country) != row.country:
            yield (*key, "country"), f"{row.country!r}, but {row.place!r} is in {country[row.place]}"
        factors = (*key, "detection_factor")
        yield from _known_all(factors, row.detection_factor, "a commodity", _ids(model.commodities))


def _teams(model: ScenarioModel) -> Iterator[Fault]:
    country = {row.id: row.country for rows in (model.sectors, model.units, model.places) for row in rows}
    for row in model.teams:
        key = ("teams", row.id)
        yield from _known_all((*key, "sites"), row.sites, "a sector, unit or place", country)
        for site, times in Counter(row.sites).items():
            if times > 1:
                yield (*key, "sites"), f"{site!r} is given {times} times, must be given once"
            if country.get(site, row.country) != row.country:
                yield (*key, "sites"), f"{site!r} is of {country[site]}, but the team of {row.country}"
        yield from _placement(row)
        factors = (*key, "detection_factor")
        yield from _known_all(factors, row.detection_factor, "a commodity", _ids(model.commodities))


def _placement(team: Team) -> Iterator[Fault]:
    """What the placement of a team needs is there, and its mix is one."""
    key = ("teams", team.id)
    if team.placement != "fixed" and team.period_days is None:
        yield key, f"placement = {team.placement!r} needs period_days, the days that it stays at a site"
    if team.placement == "random" and not team.mix:
        yield key, "placement = 'random' needs mix, the probabilities of its sites"
    if team.mix:
        mix = (*key, "mix")
        yield from _known_all(mix, team.mix, "one of its sites", team.sites)
        for site in dict.fromkeys(team.sites):
            if site not in team.mix:
                yield mix, f"no value for the site {site!r}"
        yield from _sum_to_one(mix, team.mix.values(), "the probabilities of sites")


def _legs(model: ScenarioModel) -> Iterator[Fault]:
    country = {place.id: place.country for place in model.places}
    crossings = {row.id: row for row in model.crossings}
    for row in model.legs:
        key = ("legs", row.id)
        yield from _known((*key, "from"), row.from_, "a place", country)
        yield from _known((*key, "to"), row.to, "a place", country)
        yield from _known((*key, "crossing"), row.crossing, "a crossing", crossings)
        yield from _known_all((*key, "sectors"), row.sectors, "a patrol sector", _ids(model.sectors))
        if row.from_ == row.to:
            yield (*key, "to"), f"{row.to!r} is also where the leg starts"
        crossing = crossings.get(row.crossing or "")
        if crossing is None:
            continue
        if row.sectors:
            yield (*key, "sectors"), "a leg has a crossing or patrol sectors, not both"
        if crossing.status == "closed":
            yield (*key, "crossing"), f"{crossing.id!r} is closed: no leg can use it"
        ends = [country[name] for name in (row.from_, row.to) if name in country]
        if len(ends) == 2 and set(ends) != set(crossing.countries):
            joins = " and ".join(crossing.countries)
            yield (
                (*key, "crossing"),
                f"{crossing.id!r} joins {joins}, but the leg runs from {ends[0]} to {ends[1]}",
            )


def _modes(model: ScenarioModel) -> Iterator[Fault]:
    for row in model.modes:
        key = ("modes", row.id)
        for name in ("legs", "entry_legs"):
            factors: dict[str, float] = getattr(row, name)
            yield from _known_all((*key, name), factors, "a mode of legs", LEG_MODES)
            for leg_mode, factor in factors.items():
                if factor <= 0:
                    yield (*key, name, leg_mode), f"{factor:g} must be greater than 0"
        yield from _known_all((*key, "requires"), row.requires, "a mode of legs", LEG_MODES)


def _flows(model: ScenarioModel) -> Iterator[Fault]:
    places, modes, organisations = _ids(model.places), _ids(model.modes), _ids(model.organisations)
    for row in model.flows:
        key = ("flows", row.id)
        yield from _known((*key, "commodity"), row.commodity, "a commodity", _ids(model.commodities))
        yield from _known((*key, "origin"), row.origin, "a place", places)
        yield from _known((*key, "destination"), row.destination, "a place", places)
        yield from _known((*key, "season"), row.season, "a profile", _ids(model.profiles))
        yield from _known((*key, "organisations"), row.organisations, "an organisation", organisations)
        yield from _known_all((*key, "via"), row.via, "the country of a place", _countries(model))
        yield from _known_all((*key, "modes"), row.modes, "a mode of [[modes]]", modes)
        yield from _sum_to_one((*key, "modes"), row.modes.values(), "the shares of modes")
        if row.origin == row.destination:
            yield (*key, "destination"), f"{row.destination!r} is also the origin"
        yield from _sizes(key, row)


def _by_mode(key: Key, value: float | dict[str, float], shares: dict[str, float]) -> Iterator[Fault]:
    if isinstance(value, dict):
        yield from _known_all(key, value, "a mode of this flow", shares)
        for mode, share in shares.items():
            if share > 0 and mode not in value:
                yield key, f"no value for the mode {mode!r}"


def _sizes(key: Key, flow: Flow) -> Iterator[Fault]:
    """Every mode has its sizes of loads, and the largest is larger than the mean one."""
    faults = [
        fault
        for name in ("mean_load_kg", "load_cv", "max_load_kg")
        for fault in _by_mode((*key, name), getattr(flow, name), flow.modes)
    ]
    yield from faults
    for mode, share in flow.modes.items():
        if share > 0 and not faults:
            mean, _, most = flow.sizes(mode)
            if most <= mean:
                problem = f"{most:g} kg by {mode} must be greater than mean_load_kg, {mean:g} kg"
                yield (*key, "max_load_kg"), problem


def _prices(model: ScenarioModel) -> Iterator[Fault]:
    """Smugglers that weigh profit need a price at both ends of every flow."""
    given: dict[str, str] = {}
    known: set[tuple[str, str]] = set()
    for row in model.prices:
        key = ("prices", row.id)
        yield from _known((*key, "commodity"), row.commodity, "a commodity", _ids(model.commodities))
        ends = [*_ids(model.places), *_countries(model)]
        yield from _known_all((*key, "usd_per_kg"), row.usd_per_kg, "a place or its country", ends)
        if row.commodity in given:
            yield (*key, "commodity"), f"{row.commodity!r} has prices in {given[row.commodity]!r} already"
        given.setdefault(row.commodity, row.id)
        known |= {(row.commodity, place) for place in row.usd_per_kg}
    if model.behaviour is None:
        return
    country = {place.id: place.country for place in model.places}
    missing: dict[tuple[str, str], str] = {}
    for flow in model.flows:
        for end in (flow.origin, flow.destination):
            pair = flow.commodity, country.get(end, "")
            if pair[1] and pair not in known and (flow.commodity, end) not in known:
                missing.setdefault(pair, flow.id)
    for (commodity, place), flow_id in missing.items():
        row_id = given.get(commodity)
        where: Key = ("prices", row_id, "usd_per_kg") if row_id else ("prices",)
        yield (
            where,
            f"no price of {commodity!r} in {place}, where {flow_id!r} starts or ends; [behaviour] needs one",
        )


def _office_network(model: ScenarioModel) -> Iterator[Fault]:
    ends = _ids(model.posts, model.sectors, model.units, model.headquarters, model.centres)
    for word in CHANNEL_WORDS:
        if word in ends:
            yield (), f"{word!r} means several offices in [[channels]] and cannot be the id of one"
    capitals: set[str] = set()
    for row in model.headquarters:
        key = ("headquarters", row.id)
        yield from _opening((*key, "hours"), row.hours)
        yield from _known((*key, "country"), row.country, "the country of a place", _countries(model))
        if row.country in capitals:
            yield (*key, "country"), f"{row.country!r} has another headquarters already"
        capitals.add(row.country)
    for centre in model.centres:
        yield from _opening(("centres", centre.id, "hours"), centre.hours)
    for channel in model.channels:
        what = f"a post, sector, unit, headquarters or centre, nor one of {', '.join(CHANNEL_WORDS)}"
        for name, end in (("from", channel.from_), ("to", channel.to)):
            yield from _known(("channels", channel.id, name), end, what, [*ends, *CHANNEL_WORDS])
        if channel.from_ == channel.to and channel.from_ != "capitals":
            yield ("channels", channel.id, "to"), f"{channel.to!r} is also the other end"


def _desks(model: ScenarioModel) -> Iterator[Fault]:
    desks = _ids(model.desks)
    for desk in model.desks:
        if desk.hours is not None:
            yield from _opening(("desks", desk.id, "hours"), desk.hours)
    for name in ("posts", "sectors", "units", "headquarters", "centres", "offices"):
        for row in getattr(model, name):
            yield from _known((name, row.id, "desk"), row.desk, "a desk of [[desks]]", desks)


def _requests(model: ScenarioModel) -> Iterator[Fault]:
    """Somebody must be there to be asked."""
    request = model.reports.request
    if not request.probability:
        return
    key = ("reports", "request", "to")
    if request.to == "centre" and not model.centres:
        yield key, "'centre' needs a row of [[centres]]"
    if request.to == "capital":
        have = {row.country for row in model.headquarters}
        for country in sorted({post.country for post in model.posts} - have):
            yield key, f"'capital' needs a row of [[headquarters]] for {country}, which has posts"


def _sources(model: ScenarioModel) -> Iterator[Fault]:
    owners = _ids(model.posts, model.units, model.headquarters, model.centres)
    for row in model.sources:
        key = ("sources", row.id)
        yield from _known((*key, "place"), row.place, "a place", _ids(model.places))
        yield from _known((*key, "office"), row.office, "a post, unit, headquarters or centre", owners)


def _offices(model: ScenarioModel) -> Iterator[Fault]:
    at: dict[str, str] = {}
    offices = _ids(model.offices)
    for row in model.offices:
        key = ("offices", row.id)
        yield from _known((*key, "post"), row.post, "a post", _ids(model.posts))
        if row.post in at:
            yield (*key, "post"), f"the office {at[row.post]!r} is at the post {row.post!r} already"
        at.setdefault(row.post, row.id)
        partners = [name for name in offices if name != row.id]
        yield from _known_all((*key, "partners"), row.partners, "another office of [[offices]]", partners)
        equipment = (*key, "components", "equipment")
        yield from _known_all(equipment, row.components.equipment, "a search method", _ids(model.methods))
        if row.components.desk and row.desk is None:
            yield (*key, "components", "desk"), "a desk needs its terms: desk = \"...\", a row of [[desks]]"
        if row.components.link and model.link is None:
            yield (*key, "components", "link"), "a link needs the table [link] with its delay_h and loss"


def _targets(model: ScenarioModel) -> Iterator[Fault]:
    for row in model.targets:
        key = ("targets", row.id)
        commodities = [*_ids(model.commodities), model.headline.id]
        yield from _known((*key, "commodity"), row.commodity, "a commodity or the headline", commodities)
        yield from _known_all((*key, "countries"), row.countries, "the country of a place", _countries(model))
        yield from _known((*key, "mode"), row.mode, "a mode of [[modes]]", _ids(model.modes))
        if row.low > row.high:
            yield (*key, "low"), f"{row.low:g} must not be above high, {row.high:g}"
        if row.measure == "mode_share" and row.mode is None:
            yield key, "a target of measure 'mode_share' names its mode"
        if row.measure == "seized_share" and not row.countries:
            yield (*key, "countries"), "a target of measure 'seized_share' names its countries"
