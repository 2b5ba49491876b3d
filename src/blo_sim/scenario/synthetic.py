"""Made-up borders of any length, for scale and for teaching without real places.

Two countries share a border that is cut into zones of `ZONE` crossings. Each zone has an origin, a town on
either side, a market, a flow of heroin between them, and a patrol sector in the hills; loads choose among its
crossings and the hills. So a longer border has more of the same: choice sets and, on
average, traffic at a post do not grow with it. Sizes, distances and traffic are drawn by the seed and the
crossing's number, so that a shorter border is the beginning of a longer one.
"""

from __future__ import annotations

import math
import os
import tomllib
from collections.abc import Iterator
from pathlib import Path

from blo_sim.draws import key_of, lognormal_parameters, quantile, uniform
from blo_sim.errors import UsageError
from blo_sim.scenario.layers import merge
from blo_sim.scenario.load import Scenario, from_tables
from blo_sim.scenario.template import write_new

ZONE = 5
LEAST, MOST = 2, 1000
SPREAD = 0.5
"""Coefficient of variation of the traffic of a crossing."""
TRUCKS, CARS = 90.0, 220.0
"""Mean of a day, both directions."""
_WIDTH, _TOP = 0.6, 10.0
"""Degrees of longitude of a zone, and latitude of the border."""

_HEAD = """\
# A made-up border with {crossings} crossings, by `blo-sim synthetic {crossings} --seed {seed}`: {zones} zones
# of up to {zone} crossings, each with a flow of its own. Nothing in it is a real place.

title = "A made-up border with {crossings} crossings"
description = "Synthetic: two countries, {zones} zones with a flow each, drawn with seed {seed}."
place = "synthetic"

[run]
days = 365
dated_days = 365
warmup_days = 30
replications = 20
first_day = 2013-01-01
grant = 2013-01-01

[headline]
id = "heroin-kg"
name = "heroin"
weights = {{ heroin = 1.0 }}

[parameters]
"""
_PARAMETERS = {
    "d_prime": (0.3, 0.0, 0.6, ""),
    "physical_cargo": (0.04, 0.01, 0.16, "log"),
    "scanner_cargo": (0.25, 0.1, 0.6, "log"),
    "sector_detection": (0.01, 0.0025, 0.04, "log"),
    "informants": (0.06, 0.02, 0.2, "log"),
    "match": (0.5, 0.25, 1.0, ""),
    "find": (0.5, 0.25, 1.0, ""),
    "training": (0.3, 0.0, 0.6, ""),
    "risk_threshold": (0.03, 0.0, 0.13, ""),
}
_GOODS = """
[[commodities]]
id = "heroin"

[[concealments]]
id = "cargo"

[[profiles]]
id = "by-day"
hours = [
  0.3, 0.3, 0.3, 0.3, 0.5, 1, 1, 1.5, 1.5, 1.5, 1.5, 1.5, 1.5, 1.5, 1.5, 1.5, 1.5, 1, 1, 1, 1, 0.5, 0.3, 0.3
]

[[classes]]
id = "truck"
mode = "road"
share = 0.75
service_h = { lognormal = { mean = 0.15, cv = 0.6 } }
policy_cap = 0.02
concealment = { cargo = 1.0 }

[[classes]]
id = "car"
mode = "road"
share = 0.25
service_h = { lognormal = { mean = 0.07, cv = 0.6 } }
policy_cap = 0.01
concealment = { cargo = 1.0 }

[[methods]]
id = "physical"
minutes = 45
sensitivity = { cargo = "physical_cargo" }

[[methods]]
id = "scanner"
minutes = 10
availability = 0.7
sensitivity = { cargo = "scanner_cargo" }

[[rosters]]
id = "staff"
shifts = [
  { from_hour = 8, to_hour = 20, lanes = { truck = 2, car = 2 }, bay_officers = 2 },
  { from_hour = 20, to_hour = 8, lanes = { truck = 1, car = 1 }, bay_officers = 1 },
]

[[modes]]
id = "road"
legs = { road = 1.0 }
entry_legs = { road = 1.0 }

[[modes]]
id = "foot"
legs = { road = 1.0, foot = 1.0 }
entry_legs = { road = 1.0, foot = 1.0 }
requires = ["foot"]

[route_choice]
paths = 8
usd_per_km = 1.0
usd_per_hour = 10.0
usd_per_post = 200.0
usd_per_sector = 100.0
scale_per_usd = 0.01

[[organisations]]
id = "groups"
number = 10

[[headquarters]]
id = "capital-aa"
country = "AA"

[[headquarters]]
id = "capital-bb"
country = "BB"

[[channels]]
id = "posts-capitals"
from = "posts"
to = "capitals"
delay_h = { lognormal = { mean = 6.0, cv = 0.8 } }
loss = 0.05

[[channels]]
id = "between-capitals"
from = "capitals"
to = "capitals"
delay_h = { exponential = { mean = 48.0 } }
loss = 0.2

[link]
delay_h = { exponential = { mean = 0.5 } }
loss = 0.02
reach_legs = 0

[reports]
half_life_h = 168.0
expiry_h = 672.0

[reports.other_side]
probability = 0.5
lag_h = { exponential = { mean = 0.5 } }

[reports.seizure]
probability = 0.1
lag_h = { exponential = { mean = 6.0 } }

[lookouts]
match = "match"
find = "find"
intercept = 0.0

[[prices]]
id = "price"
commodity = "heroin"
usd_per_kg = { AA = 5000, BB = 9000 }

[behaviour]
kind = "learning"
risk_threshold = "risk_threshold"
prior_losses = 2.0
memory_days = 180.0
rumour = 0.3
replacement = 0.5
replacement_h = { exponential = { mean = 336.0 } }
"""
_ZONE = """
[[places]]
id = "origin-{zone}"
country = "AA"
kind = "origin"
lat = {south:.2f}
lon = {lon:.2f}

[[places]]
id = "town-{zone}-aa"
country = "AA"
lat = {near:.2f}
lon = {lon:.2f}

[[places]]
id = "town-{zone}-bb"
country = "BB"
lat = {far:.2f}
lon = {lon:.2f}

[[places]]
id = "market-{zone}"
country = "BB"
kind = "destination"
lat = {north:.2f}
lon = {lon:.2f}

[[sectors]]
id = "hills-{zone}"
country = "BB"
border = "AA-BB"
detection = "sector_detection"

[[legs]]
id = "from-origin-{zone}"
from = "origin-{zone}"
to = "town-{zone}-aa"
mode = "road"
km = {inland:.0f}
hours = {{ lognormal = {{ mean = {inland_h:.2f}, cv = 0.3 }} }}

[[legs]]
id = "to-market-{zone}"
from = "town-{zone}-bb"
to = "market-{zone}"
mode = "road"
km = {inland:.0f}
hours = {{ lognormal = {{ mean = {inland_h:.2f}, cv = 0.3 }} }}

[[legs]]
id = "over-hills-{zone}"
from = "town-{zone}-aa"
to = "town-{zone}-bb"
mode = "foot"
km = 60
hours = {{ lognormal = {{ mean = 20.0, cv = 0.5 }} }}
sectors = ["hills-{zone}"]

[[flows]]
id = "flow-{zone}"
commodity = "heroin"
origin = "origin-{zone}"
destination = "market-{zone}"
volume_kg_per_year = {volume:.0f}
modes = {{ road = 0.8, foot = 0.2 }}
mean_load_kg = {{ road = 20.0, foot = 8.0 }}
load_cv = 1.0
organisations = "groups"
grade = "judged"
reason = "made up"
range_factor = 1.5

[[sources]]
id = "informants-{zone}"
place = "origin-{zone}"
office = "{first}-aa"
probability = "informants"
load_exponent = 0.5
lag_h = {{ exponential = {{ mean = 6.0 }} }}
"""
_CROSSING = """
[[crossings]]
id = "{name}"
countries = ["AA", "BB"]
lat = {lat:.2f}
lon = {lon:.3f}
daily = {{ truck = {trucks:.0f}, car = {cars:.0f} }}
profile = "by-day"

[[legs]]
id = "by-{name}"
from = "town-{zone}-aa"
to = "town-{zone}-bb"
mode = "road"
km = {km:.0f}
hours = {{ lognormal = {{ mean = {hours:.2f}, cv = 0.3 }} }}
crossing = "{name}"
"""
_POST = """
[[posts]]
id = "{name}-{side}"
crossing = "{name}"
country = "{country}"
roster = "staff"
d_prime = "d_prime"
methods = ["physical"]
"""
_OFFICES = """\
# A liaison office on either side of each of the {crossings} crossings of {base}, linked to the one across.

extends = "{base}"

title = "A made-up border with {crossings} crossings, and a pair of offices at each"
"""
_OFFICE = """
[[offices]]
id = "office-{name}-{side}"
post = "{name}-{side}"
opens = 2013-01-01
partners = ["office-{name}-{other}"]

[offices.components]
link = true
equipment = ["scanner"]
training = "training"
"""
_SIDES = (("aa", "AA", "bb"), ("bb", "BB", "aa"))


def synthetic_scenario(crossings: int, *, seed: int = 0, offices: bool = False) -> Scenario:
    """A made-up border as a scenario.

    Parameters
    ----------
    crossings : int
        From 2 to 1,000.
    seed : int
        Of traffic and distances.
    offices : bool
        Whether each crossing has a pair of liaison offices.

    Raises
    ------
    UsageError
        If a number is out of range.

    Examples
    --------
    >>> len(synthetic_scenario(12, seed=3).model.posts)
    24
    """
    check(crossings, seed)
    name = names(crossings)[offices]
    tables = tomllib.loads(border_text(crossings, seed))
    if offices:
        extra = tomllib.loads(offices_text(crossings))
        del extra["extends"]
        tables = merge(tables, extra)
    return from_tables(name, tables, bundled=False, file=f"{name}.toml")


def write_synthetic(
    crossings: int, *, seed: int = 0, out: str | os.PathLike[str] = "."
) -> tuple[Path, Path]:
    """Write two scenario files: a border without offices, and one that adds a pair at each crossing.

    Parameters
    ----------
    crossings, seed
        As for `synthetic_scenario`.
    out : str or path
        Folder of the files; made if it is missing.

    Returns
    -------
    (path, path)

    Raises
    ------
    UsageError
        If a number is out of range, or a file exists or cannot be written. Nothing is overwritten.
    """
    check(crossings, seed)
    texts = border_text(crossings, seed), offices_text(crossings)
    first, second = (Path(out) / f"{name}.toml" for name in names(crossings))
    for path in (first, second):
        if path.exists():
            raise UsageError(f"{path} exists already: choose another folder")
    written: list[Path] = []
    try:
        first.parent.mkdir(parents=True, exist_ok=True)
        for path, text in zip((first, second), texts, strict=True):
            write_new(path, text)
            written.append(path)
    except OSError as error:
        for path in written:
            path.unlink()
        raise UsageError(f"{first} cannot be written: {error.strerror or error}") from None
    return first, second


def names(crossings: int) -> tuple[str, str]:
    """Names of the border, and of the same with offices."""
    return f"synthetic-{crossings}", f"synthetic-{crossings}-offices"


def check(crossings: int, seed: int) -> None:
    """Refuse numbers that are out of range."""
    limits = ("crossings", crossings, LEAST, MOST), ("seed", seed, 0, 2**63 - 1)
    for name, value, least, most in limits:
        if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
            raise UsageError(f"{name} is {value!r}; it must be a whole number from {least} to {most:,}")


def border_text(crossings: int, seed: int) -> str:
    """The file of a border without offices."""
    zones = -(-crossings // ZONE)
    head = _HEAD.format(crossings=crossings, seed=seed, zones=zones, zone=ZONE)
    rows = "".join(
        f'{name} = {{ value = {value}, grade = "judged", reason = "made up", range = [{low}, {high}]'
        + (f', scale = "{scale}" }}\n' if scale else " }\n")
        for name, (value, low, high, scale) in _PARAMETERS.items()
        if name != "training"
    )
    return head + rows + _GOODS + "".join(_zones(crossings, seed))


def offices_text(crossings: int) -> str:
    """The file that extends a border with offices."""
    value, low, high, _ = _PARAMETERS["training"]
    base = f"{names(crossings)[0]}.toml"
    parts = [
        _OFFICES.format(crossings=crossings, base=base),
        "\n[parameters]\n",
        f'training = {{ value = {value}, grade = "judged", reason = "made up", range = [{low}, {high}] }}\n',
    ]
    for number in range(crossings):
        for side, _, other in _SIDES:
            parts.append(_OFFICE.format(name=_name(number), side=side, other=other))
    return "".join(parts)


def _zones(crossings: int, seed: int) -> Iterator[str]:
    for zone, first in enumerate(range(0, crossings, ZONE)):
        members = range(first, min(first + ZONE, crossings))
        lon, draw = -150.0 + _WIDTH * zone, _Draws(seed, f"zone {zone}")
        inland = 100.0 + 200.0 * draw.uniform()
        yield _ZONE.format(
            zone=zone,
            lon=lon,
            south=_TOP - 2.0,
            near=_TOP - 0.5,
            far=_TOP + 0.5,
            north=_TOP + 2.0,
            inland=inland,
            inland_h=inland / 40.0,
            volume=1000.0 * len(members) * draw.lognormal(),
            first=_name(first),
        )
        for place, number in enumerate(members):
            yield from _crossing(number, zone, lon + _WIDTH * (place + 0.5) / ZONE - _WIDTH / 2, seed)


def _crossing(number: int, zone: int, lon: float, seed: int) -> Iterator[str]:
    name, draw = _name(number), _Draws(seed, f"crossing {number}")
    size, km = draw.lognormal(), 40.0 + 80.0 * draw.uniform()
    yield _CROSSING.format(
        name=name,
        zone=zone,
        lat=_TOP,
        lon=lon,
        trucks=TRUCKS * min(size, 1.8),
        cars=CARS * min(size, 1.8),
        km=km,
        hours=km / 40.0,
    )
    for side, country, _ in _SIDES:
        yield _POST.format(name=name, side=side, country=country)


def _name(number: int) -> str:
    return f"crossing-{number + 1}"


class _Draws:
    """Draws of one zone or crossing."""

    def __init__(self, seed: int, name: str) -> None:
        self.key, self.count = key_of(seed, "synthetic", name), 0

    def uniform(self) -> float:
        self.count += 1
        return uniform(self.key, self.count)

    def lognormal(self) -> float:
        """With mean 1."""

        mu, sigma = lognormal_parameters(1.0, SPREAD)
        return math.exp(mu + sigma * quantile(self.uniform()))
