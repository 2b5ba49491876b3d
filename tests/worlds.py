"""Small worlds for tests, as the text of scenario files."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

SMALL = """\
title = "Two made-up countries, one crossing, one patrol sector"
place = "synthetic"

[run]
days = 30
dated_days = 60
warmup_days = 10
replications = 4
first_day = 2013-01-01
grant = 2013-01-21

[headline]
id = "opiates"
name = "opiates in heroin equivalent"
weights = { heroin = 1.0, opium = 0.1 }

[parameters]
d_prime_road = { value = 0.5, grade = "judged", reason = "made up", range = [0.0, 1.0] }
post_delay = { lognormal = { mean = 6.0, cv = 0.8 }, grade = "judged", reason = "made up", range = [3, 12] }

[[commodities]]
id = "heroin"

[[commodities]]
id = "opium"

[[places]]
id = "origin"
country = "AA"
kind = "origin"
lat = 10.0
lon = 10.0

[[places]]
id = "south"
country = "AA"
lat = 11.0
lon = 10.0

[[places]]
id = "north"
country = "BB"
lat = 12.0
lon = 10.0

[[places]]
id = "market"
country = "BB"
kind = "destination"
lat = 13.0
lon = 10.0

[[profiles]]
id = "by-day"
hours = [0.2, 0.2, 0.2, 0.2, 0.5, 1, 1, 2, 2, 2, 2, 2, 2, 1.5, 1.5, 1.5, 1.5, 1, 1, 1, 1, 0.5, 0.2, 0.2]

[[concealments]]
id = "cargo"

[[concealments]]
id = "body"

[[classes]]
id = "truck"
mode = "road"
share = 0.75
service_h = { lognormal = { mean = 0.1, cv = 0.5 } }
policy_cap = 0.1
concealment = { cargo = 1.0 }
grade = "judged"
reason = "made up"
range_factor = 1.5

[[classes]]
id = "car"
mode = "road"
share = 0.25
service_h = { exponential = { mean = 0.05 } }
policy_cap = 0.1
concealment = { cargo = 0.8, body = 0.2 }
grade = "judged"
reason = "made up"
range_factor = 1.5

[[methods]]
id = "physical"
minutes = 40
sensitivity = { cargo = 0.3, body = 0.5 }
grade = "judged"
reason = "made up"
range_factor = 1.5

[[methods]]
id = "scanner"
minutes = 15
availability = 0.9
sensitivity = { cargo = 0.6, body = 0.1 }
commodity_factor = { opium = 0.8 }
grade = "judged"
reason = "made up"
range_factor = 1.5

[[rosters]]
id = "medium"
shifts = [
  { from_hour = 8, to_hour = 20, lanes = { truck = 2, car = 2 }, bay_officers = 2 },
  { from_hour = 20, to_hour = 8, lanes = { truck = 1, car = 1 }, bay_officers = 1 },
]

[[crossings]]
id = "bridge"
countries = ["AA", "BB"]
lat = 11.5
lon = 10.0
daily = { truck = 200, car = 300 }
profile = "by-day"
grade = "judged"
reason = "made up"
range_factor = 2.0

[[posts]]
id = "bridge-aa"
crossing = "bridge"
country = "AA"
roster = "medium"
d_prime = "d_prime_road"
methods = ["physical"]

[[posts]]
id = "bridge-bb"
crossing = "bridge"
country = "BB"
roster = "medium"
d_prime = "d_prime_road"
methods = ["physical"]

[[sectors]]
id = "hills-bb"
country = "BB"
border = "AA-BB"
detection = 0.02
grade = "judged"
reason = "made up"
range_factor = 2.0

[[units]]
id = "north-unit"
country = "BB"
place = "north"
detection = 0.03
grade = "judged"
reason = "made up"
range_factor = 2.0

[[legs]]
id = "origin-south"
from = "origin"
to = "south"
mode = "road"
km = 100
hours = { lognormal = { mean = 3.0, cv = 0.3 } }
grade = "judged"
reason = "made up"
range_factor = 1.5

[[legs]]
id = "south-north-bridge"
from = "south"
to = "north"
mode = "road"
km = 80
hours = { lognormal = { mean = 2.0, cv = 0.3 } }
crossing = "bridge"
grade = "judged"
reason = "made up"
range_factor = 1.5

[[legs]]
id = "south-north-hills"
from = "south"
to = "north"
mode = "foot"
km = 60
hours = { lognormal = { mean = 20.0, cv = 0.5 } }
sectors = ["hills-bb"]
grade = "judged"
reason = "made up"
range_factor = 1.5

[[legs]]
id = "north-market"
from = "north"
to = "market"
mode = "road"
km = 300
hours = { lognormal = { mean = 8.0, cv = 0.3 } }
grade = "judged"
reason = "made up"
range_factor = 1.5

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
paths = 5
usd_per_km = 1.0
usd_per_hour = 10.0
usd_per_post = 200.0
usd_per_sector = 100.0
scale_per_usd = 0.01

[[organisations]]
id = "gangs"
number = 5

[[flows]]
id = "heroin-north"
commodity = "heroin"
origin = "origin"
destination = "market"
volume_kg_per_year = 20000
modes = { road = 0.7, foot = 0.3 }
mean_load_kg = { road = 20.0, foot = 8.0 }
load_cv = 1.0
organisations = "gangs"
grade = "judged"
reason = "made up"
range_factor = 2.0

[[flows]]
id = "opium-north"
commodity = "opium"
origin = "origin"
destination = "market"
volume_kg_per_year = 10000
modes = { road = 1.0 }
mean_load_kg = 30.0
load_cv = 1.0
organisations = "gangs"
grade = "judged"
reason = "made up"
range_factor = 2.0

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
delay_h = "post_delay"
loss = 0.05

[[channels]]
id = "sectors-capitals"
from = "sectors"
to = "capitals"
delay_h = "post_delay"

[[channels]]
id = "units-capitals"
from = "units"
to = "capitals"
delay_h = "post_delay"

[[channels]]
id = "between-capitals"
from = "capitals"
to = "capitals"
delay_h = { exponential = { mean = 24.0 } }
loss = 0.1

[link]
delay_h = { exponential = { mean = 0.5 } }
loss = 0.01

[[sources]]
id = "informants-origin"
place = "origin"
office = "bridge-aa"
probability = 0.3
load_exponent = 0.5
lag_h = { exponential = { mean = 1.0 } }
grade = "judged"
reason = "made up"
range_factor = 2.0

[reports]
half_life_h = 168.0
expiry_h = 672.0

[reports.other_side]
probability = 0.5
lag_h = { exponential = { mean = 0.5 } }

[reports.seizure]
probability = 0.2
lag_h = { exponential = { mean = 6.0 } }

[lookouts]
match = 0.7
find = 0.8
intercept = 0.2

[[offices]]
id = "blo-bridge"
post = "bridge-bb"
opens = 2013-02-01
setup_days = 5
ramp_days = 10
grade = "judged"
reason = "made up"
range_factor = 1.5
partners = ["blo-south"]

[offices.components]
link = true
equipment = ["scanner"]
training = 0.3

[[offices]]
id = "blo-south"
post = "bridge-aa"
opens = 2013-02-01
grade = "judged"
reason = "made up"
range_factor = 1.5

[offices.components]
link = true
"""


def small_world() -> str:
    """A small, complete and valid synthetic scenario: two countries, one crossing.

    Two posts (``bridge-aa``, ``bridge-bb``), one patrol sector, one inland unit, heroin and opium
    flows northward by road and on foot. The office ``blo-bridge`` has all components; its partner
    ``blo-south`` has only the link.
    """
    return SMALL


BARE = """\
title = "One leg between two made-up countries"
place = "synthetic"

[run]
days = 100
dated_days = 100
warmup_days = 10
first_day = 2013-01-01
grant = 2013-01-01

[headline]
id = "goods"
name = "goods"
weights = { heroin = 1.0 }

[[commodities]]
id = "heroin"

[[places]]
id = "origin"
country = "AA"
kind = "origin"
lat = 10.0
lon = 10.0

[[places]]
id = "market"
country = "BB"
kind = "destination"
lat = 11.0
lon = 10.0

[[modes]]
id = "road"
legs = { road = 1.0 }
entry_legs = { road = 1.0 }

[route_choice]
usd_per_km = 1.0
usd_per_hour = 10.0
usd_per_post = 200.0
usd_per_sector = 100.0
scale_per_usd = 0.01

[[organisations]]
id = "gangs"
number = 5

[lookouts]
match = 0.7
find = 0.8
intercept = 0.2
"""


def flow(loads_a_day: float) -> str:
    """A flow from origin to market, of loads of 10 kg on average."""
    return f"""
[[flows]]
id = "heroin-north"
commodity = "heroin"
origin = "origin"
destination = "market"
volume_kg_per_year = {3650 * loads_a_day}
modes = {{ road = 1.0 }}
mean_load_kg = 10.0
load_cv = 1.0
organisations = "gangs"
"""


def leg(hours: str, rest: str = "") -> str:
    """The leg from origin to market."""
    return f"""
[[legs]]
id = "origin-market"
from = "origin"
to = "market"
mode = "road"
km = 100
hours = {hours}
{rest}
"""


def lanes_world(service: str, lanes: int, lawful_a_day: float, profile: Mapping[str, Sequence[float]]) -> str:
    """One crossing of lawful cars around the clock, no bay, no contraband.

    Parameters
    ----------
    service : str
        Distribution of primary inspection as a scenario writes it, hours.
    lawful_a_day : float
        In each direction.
    profile : mapping
        Keys of ``[[profiles]]``.
    """
    demand = "".join(f"{key} = {list(values)}\n" for key, values in profile.items())
    posts = "".join(
        f"""
[[posts]]
id = "bridge-{country.lower()}"
crossing = "bridge"
country = "{country}"
roster = "all-day"
d_prime = 0.0
"""
        for country in ("AA", "BB")
    )
    return f"""{BARE}{flow(0.0)}{leg("1.0", 'crossing = "bridge"')}
[[profiles]]
id = "demand"
{demand}
[[concealments]]
id = "cargo"

[[classes]]
id = "car"
mode = "road"
service_h = {service}
policy_cap = 0.1
concealment = {{ cargo = 1.0 }}

[[rosters]]
id = "all-day"
shifts = [{{ from_hour = 0, to_hour = 24, lanes = {{ car = {lanes} }} }}]

[[crossings]]
id = "bridge"
countries = ["AA", "BB"]
lat = 10.5
lon = 10.0
daily = {{ car = {2 * lawful_a_day} }}
profile = "demand"
{posts}"""


def series_world(detections: Sequence[float], loads_a_day: float) -> str:
    """One leg with a patrol sector for each of ``detections`` in turn."""
    names = [f"hills-{i}" for i in range(len(detections))]
    sectors = "".join(
        f"""
[[sectors]]
id = "{name}"
country = "BB"
border = "AA-BB"
detection = {detection}
"""
        for name, detection in zip(names, detections, strict=True)
    )
    return f"{BARE}{flow(loads_a_day)}{leg('3.0', f'sectors = {names}')}{sectors}"


def told_world(ways: Sequence[tuple[str, str, str, float]], informants: Mapping[str, float]) -> str:
    """Places between origin and market, with informants whose tips are known at once and never grow old.

    Parameters
    ----------
    ways : sequence of (str, str, str, float)
        Tail and head of a leg, its patrol sector and the detection of that, which acts on half of the
        lookouts.
    informants : mapping of str to float
        Place to the probability that a load is told of when it leaves it.
    """
    between = {place for tail, head, _, _ in ways for place in (tail, head)} - {"origin", "market"}
    places = "".join(
        f'\n[[places]]\nid = "{name}"\ncountry = "BB"\nlat = 10.5\nlon = 10.0\n' for name in sorted(between)
    )
    legs = "".join(
        leg("3.0", f'sectors = ["{name}"]')
        .replace('"origin-market"', f'"to-{name}"')
        .replace('"origin"', f'"{tail}"')
        .replace('"market"', f'"{head}"')
        + f'\n[[sectors]]\nid = "{name}"\ncountry = "BB"\nborder = "AA-BB"\ndetection = {detection}\n'
        + channel("centre", name, "0.0")
        for tail, head, name, detection in ways
    )
    sources = "".join(
        f'\n[[sources]]\nid = "informants-{place}"\nplace = "{place}"\noffice = "centre"\n'
        f"probability = {probability}\nlag_h = 0.0\n"
        for place, probability in informants.items()
    )
    text = altered(BARE, ("intercept = 0.2", "intercept = 0.5"))
    centre = '\n[[centres]]\nid = "centre"\n\n[reports]\nhalf_life_h = 1e9\n'
    return f"{text}{flow(20.0)}{places}{legs}{centre}{sources}"


def relay_world(early: float, late: float) -> str:
    """One way by two sectors that detect a load in ten, with informants before each of them."""
    ways = [("origin", "middle", "first", 0.1), ("middle", "market", "second", 0.1)]
    return told_world(ways, {"origin": early, "middle": late})


def fork_world(told: float) -> str:
    """Two ways: one that is safer, but has informants, and one without any."""
    safe = [("origin", "inn", "lane", 0.0), ("inn", "market", "safe", 0.1)]
    return told_world([*safe, ("origin", "market", "other", 0.3)], {"inn": told})


def race_world(links: int, delay_rate: float, travel_rate: float, loads_a_day: float) -> str:
    """Every load is reported at its departure; the message takes ``links`` hops to the unit at the market.

    Delays are exponential with ``delay_rate`` an hour, the way to the market with ``travel_rate``.
    """
    centres = [f"centre-{i}" for i in range(links)]
    way = [*centres, "unit"]
    offices = "".join(f'\n[[centres]]\nid = "{name}"\n' for name in centres)
    channels = "".join(
        f"""
[[channels]]
id = "channel-{i}"
from = "{way[i]}"
to = "{way[i + 1]}"
delay_h = {{ exponential = {{ mean = {1 / delay_rate} }} }}
"""
        for i in range(links)
    )
    return f"""{BARE}{flow(loads_a_day)}{leg(f"{{ exponential = {{ mean = {1 / travel_rate} }} }}")}
[[units]]
id = "unit"
country = "BB"
place = "market"
detection = 0.1
{offices}{channels}
[[sources]]
id = "informants"
place = "origin"
office = "centre-0"
probability = 1.0
lag_h = 0.0
"""


def desk(name: str, service: str, rest: str = "officers = 1") -> str:
    """Terms of a desk."""
    return f'\n[[desks]]\nid = "{name}"\nservice_h = {service}\n{rest}\n'


def exponential(rate: float) -> str:
    """An exponential distribution of so many an hour, as a scenario writes it."""
    return f"{{ exponential = {{ mean = {1 / rate!r} }} }}"


def channel(tail: str, head: str, delay: str, rest: str = "") -> str:
    """A channel there and back between two offices."""
    return f"""
[[channels]]
id = "{tail}-to-{head}"
from = "{tail}"
to = "{head}"
delay_h = {delay}
{rest}
"""


def hub_world(load: float, service_rate: float, delay_rate: float, travel_rate: float) -> str:
    """`race_world` of two links with a desk of one officer at the centre between them.

    All rates are an hour; ``load`` is that of reports.
    """
    text = race_world(2, delay_rate, travel_rate, loads_a_day=24.0 * load)
    hub = 'id = "centre-1"\n'
    return text.replace(hub, f'{hub}desk = "one-officer"\n') + desk("one-officer", exponential(service_rate))


def layout_world(
    hub_rate: float | None,
    load: float,
    service_rate: float,
    delay_rate: float,
    travel_rate: float,
    posts: int = 8,
) -> str:
    """So many legs that are equally likely, each with a patrol sector at its end that has a desk.

    Every load is reported at its departure by one office. Without ``hub_rate`` the report goes straight
    to every sector; else it goes through a centre whose desk serves so many an hour, and to the sector
    ahead only. All rates are an hour; ``load`` is that of reports.
    """
    names = [f"hills-{i}" for i in range(posts)]
    legs = "".join(
        leg(exponential(travel_rate), f'sectors = ["{name}"]\nborder_at = 1.0').replace(
            '"origin-market"', f'"way-{name}"'
        )
        for name in names
    )
    sectors = "".join(
        f"""
[[sectors]]
id = "{name}"
country = "BB"
border = "AA-BB"
detection = 0.1
desk = "sector"
"""
        for name in names
    )
    delay = exponential(delay_rate)
    offices = f'\n[[centres]]\nid = "owner"\n{desk("sector", exponential(service_rate))}'
    if hub_rate is None:
        offices += '\n[reports]\naddressing = "broadcast"\n'
        offices += "".join(channel("owner", name, delay) for name in names)
    else:
        offices += f'\n[[centres]]\nid = "hub"\ndesk = "fast"\n{desk("fast", exponential(hub_rate))}'
        offices += channel("owner", "hub", delay)
        offices += "".join(channel("hub", name, delay) for name in names)
    return f"""{BARE}{flow(24.0 * load)}{legs}{sectors}{offices}
[[sources]]
id = "informants"
place = "origin"
office = "owner"
probability = 1.0
lag_h = 0.0
"""


FORD = """
[[crossings]]
id = "ford"
countries = ["AA", "BB"]
lat = 11.6
lon = 10.2
daily = { truck = 100, car = 100 }
grade = "judged"
reason = "made up"
range_factor = 2.0

[[posts]]
id = "ford-aa"
crossing = "ford"
country = "AA"
roster = "medium"
d_prime = "d_prime_road"
methods = ["physical"]

[[posts]]
id = "ford-bb"
crossing = "ford"
country = "BB"
roster = "medium"
d_prime = "d_prime_road"
methods = ["physical"]

[[legs]]
id = "south-north-ford"
from = "south"
to = "north"
mode = "road"
km = 90
hours = { lognormal = { mean = 2.5, cv = 0.3 } }
crossing = "ford"
grade = "judged"
reason = "made up"
range_factor = 1.5
"""
"""A second way by road for `SMALL`."""

INTELLIGENCE = """
[[centres]]
id = "centre"
desk = "slow"

[[channels]]
id = "capitals-centre"
from = "capitals"
to = "centre"
delay_h = { exponential = { mean = 2.0 } }
loss = 0.05
willingness = 0.7

[[desks]]
id = "slow"
officers = 1
service_h = { lognormal = { mean = 1.0, cv = 1.0 } }
grade = "judged"
reason = "made up"
range_factor = 2.0

[[desks]]
id = "liaison"
service_h = { exponential = { mean = 0.5 } }
hours = [8, 20]
weekdays = 6
on_call = 1
call_out_h = 1.0
grade = "judged"
reason = "made up"
range_factor = 2.0

[trust]
initial = 0.2
confirmed = 0.3
false_alarm = 0.1
rotation_days = 20.0
rotation_loss = 0.5

[leaks]
probability = 0.3
reroute = 0.6
wait_h = 12.0

[reports.chase]
probability = 0.8
lag_h = { exponential = { mean = 0.5 } }

[reports.pattern]
probability = 0.9
lag_h = { exponential = { mean = 5.0 } }
d_prime = 1.0

[reports.request]
probability = 0.05
to = "capital"
hold_h = 12.0
"""
"""Every mechanism of intelligence for `SMALL`."""

BEHAVIOUR = """
[behaviour]
kind = "learning"
risk_threshold = 0.1
prior_losses = 2.0
memory_days = 90.0
rumour = 0.5
loss_usd = 2000
bribe_usd = 50
mode_change_usd = 100
lay_low = 0.3
lay_low_days = 5.0
new_signature = 0.3
replacement = 0.6
replacement_h = { lognormal = { mean = 100.0, cv = 1.0 } }

[[prices]]
id = "heroin-price"
commodity = "heroin"
usd_per_kg = { AA = 1000, BB = 4000 }

[[prices]]
id = "opium-price"
commodity = "opium"
usd_per_kg = { AA = 100, BB = 300, market = 400 }
"""
"""Smugglers that weigh risk and profit, for `SMALL`."""


def weighing_world() -> str:
    """`small_world` with a second way by road, and with smugglers that answer to risk and loss."""
    return SMALL + FORD + BEHAVIOUR


def altered(text: str, *changes: tuple[str, str]) -> str:
    """A text with each old part, which it has just once, replaced by the new one."""
    for old, new in changes:
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    return text


def everything_world() -> str:
    """`small_world` with a second crossing and with every mechanism of intelligence at work.

    Both capitals, the centre and the inland unit have a slow desk, ``blo-bridge`` has one with two
    agencies, channels lose and withhold, owners compromise shifts and have a signature, sources send
    false reports.
    """
    text = altered(
        SMALL,
        ('country = "AA"\n\n[[headquarters]]', 'country = "AA"\ndesk = "slow"\n\n[[headquarters]]'),
        ('id = "capital-bb"\ncountry = "BB"\n', 'id = "capital-bb"\ncountry = "BB"\ndesk = "slow"\n'),
        ("number = 5\n", "number = 5\ncompromised = 0.1\nsignature = 0.5\n"),
        ("loss = 0.1\n", "loss = 0.1\nwillingness = 0.7\n"),
        ("loss = 0.01\n", "loss = 0.01\nwillingness = 0.8\n"),
        ("load_exponent = 0.5\n", "load_exponent = 0.5\nfalse_per_year = 400.0\n"),
        ("intercept = 0.2\n", "intercept = 0.2\nfalse_match = 0.0005\n"),
        ("training = 0.3\n", "training = 0.3\ndesk = 1\npooling = 2\n"),
        ('place = "north"\ndetection', 'place = "north"\ndesk = "slow"\ndetection'),
        ('partners = ["blo-south"]\n', 'partners = ["blo-south"]\ndesk = "liaison"\n'),
    )
    return text + FORD + INTELLIGENCE


def answering_world() -> str:
    """`everything_world` with smugglers of small margins, so that some loads are diverted or not sent."""
    return everything_world() + altered(
        BEHAVIOUR,
        ("AA = 1000, BB = 4000", "AA = 300, BB = 600"),
        ("AA = 100, BB = 300, market = 400", "AA = 30, BB = 90"),
        ("threshold = 0.1", "threshold = 0.05"),
        ("lognormal = { mean = 100.0, cv = 1.0 }", "exponential = { mean = 48.0 }"),
        ("days = 5.0", "days = 3.0"),
    )


ROVERS = """
[[teams]]
id = "rovers"
country = "BB"
sites = ["hills-bb", "north-unit", "market"]
placement = "random"
mix = { hills-bb = 0.5, north-unit = 0.3, market = 0.2 }
period_days = 2
detection = 0.2
"""
"""A mobile team for the small world, with a site of each kind."""


def roads_world(roads: int, loads_a_day: float, team: str) -> str:
    """Parallel roads of equal length from origin to market, each with a patrol sector that finds nothing.

    ``team`` has the keys of a team whose sites are the sectors ``hills-0``, ``hills-1``, ...
    """
    names = [f"hills-{i}" for i in range(roads)]
    ways = "".join(
        leg("3.0", f'sectors = ["{name}"]').replace('"origin-market"', f'"road-{name}"')
        + f'\n[[sectors]]\nid = "{name}"\ncountry = "BB"\nborder = "AA-BB"\ndetection = 0.0\n'
        for name in names
    )
    team = f'\n[[teams]]\nid = "rovers"\ncountry = "BB"\nsites = {names}\n{team}\n'
    return f"{BARE}{flow(loads_a_day)}{ways}{team}"
