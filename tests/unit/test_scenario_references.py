"""Rows of a scenario that do not fit together."""

from __future__ import annotations

from pathlib import Path

import pytest
from worlds import BEHAVIOUR, small_world

from blo_sim.errors import ScenarioError
from blo_sim.scenario import load_scenario


def found(folder: Path, text: str, *overrides: str) -> list[str]:
    """Problems of a file that extends the small world, without their file and line."""
    (folder / "small.toml").write_text(small_world(), encoding="utf-8")
    path = folder / "child.toml"
    path.write_text(f'extends = "small.toml"\n{text}', encoding="utf-8")
    with pytest.raises(ScenarioError) as caught:
        load_scenario(path, overrides)
    return [f"{problem.key}: {problem.message}" for problem in caught.value.problems]


@pytest.mark.parametrize(
    ("override", "expected"),
    [
        (
            "headline.weights.opim=0.1",
            "headline.weights.opim: 'opim' is not a commodity; did you mean 'opium'?",
        ),
        ("headline.id=heroin", "headline.id: 'heroin' is a commodity; the headline needs another id"),
        (
            "classes.car.mode=raod",
            "classes.car.mode: 'raod' is not a mode of [[modes]]; did you mean 'road'?",
        ),
        (
            "classes.car.concealment.cargo=0.9",
            "classes.car.concealment: the shares of concealments add up to 1.1, must",
        ),
        (
            "classes.car.share=0.5",
            "classes.car.share: the shares of classes of mode 'road' add up to 1.25, must add",
        ),
        (
            "methods.scanner.sensitivity.carg=0.9",
            "methods.scanner.sensitivity.carg: 'carg' is not a concealment; did",
        ),
        ("methods.scanner.sensitivity={cargo=0.6}", None),
        (
            "methods.scanner.commodity_factor.x=1",
            "methods.scanner.commodity_factor.x: 'x' is not a commodity; allowed",
        ),
        (
            "rosters.medium.shifts.0.to_hour=22",
            "rosters.medium.shifts.1: overlaps an earlier shift in the hour from 20",
        ),
        (
            "rosters.medium.shifts.1.to_hour=9",
            "rosters.medium.shifts.1: overlaps an earlier shift in the hour from 8:",
        ),
        (
            "rosters.medium.shifts.0.lanes.bus=1",
            "rosters.medium.shifts.0.lanes.bus: 'bus' is not a traffic class",
        ),
        ("rosters.medium.shifts.0.lanes.car=-1", "rosters.medium.shifts.0.lanes.car: -1 must be at least 0"),
        (
            "profiles.by-day.weekdays=[0,0,0,0,0,0,0]",
            "profiles.by-day.weekdays: [0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0] mu",
        ),
        ("profiles.by-day.months=[1,1,1,1,1,1,1,1,1,1,1,-1]", "profiles.by-day.months: [1.0, 1.0,"),
        (
            "crossings.bridge.daily.bus=3",
            "crossings.bridge.daily.bus: 'bus' is not a traffic class; allowed: car, tru",
        ),
        (
            "crossings.bridge.profile=by-dey",
            "crossings.bridge.profile: 'by-dey' is not a profile; did you mean 'by-day'",
        ),
        ("posts.bridge-aa.roster=small", "posts.bridge-aa.roster: 'small' is not a roster; allowed: medium"),
        (
            'posts.bridge-aa.methods=["x-ray"]',
            "posts.bridge-aa.methods: 'x-ray' is not a search method; allowed: physic",
        ),
        (
            "posts.bridge-aa.hours=[20, 8]",
            "posts.bridge-aa.hours: [20, 8] must be [from, to] with from before to",
        ),
        (
            "sectors.hills-bb.border=AABB",
            "sectors.hills-bb.border: 'AABB' must be two countries, such as AF-TJ",
        ),
        ("sectors.hills-bb.country=CC", "sectors.hills-bb.country: 'CC' is not on the border AA-BB"),
        (
            "sectors.hills-bb.border=BB-CC",
            "sectors.hills-bb.border: 'CC' is not the country of a place; allowed: AA, BB",
        ),
        (
            "sectors.hills-bb.detection_factor.opum=1",
            "sectors.hills-bb.detection_factor.opum: 'opum' is not a commodi",
        ),
        (
            "units.north-unit.place=nort",
            "units.north-unit.place: 'nort' is not a place; did you mean 'north'?",
        ),
        ("units.north-unit.country=AA", "units.north-unit.country: 'AA', but 'north' is in BB"),
        (
            "units.north-unit.detection_factor.x=1",
            "units.north-unit.detection_factor.x: 'x' is not a commodity",
        ),
        (
            "legs.north-market.to=markt",
            "legs.north-market.to: 'markt' is not a place; did you mean 'market'?",
        ),
        (
            "legs.north-market.from=nroth",
            "legs.north-market.from: 'nroth' is not a place; did you mean 'north'?",
        ),
        ("legs.north-market.to=north", "legs.north-market.to: 'north' is also where the leg starts"),
        (
            "legs.south-north-bridge.crossing=bride",
            "legs.south-north-bridge.crossing: 'bride' is not a crossing; did yo",
        ),
        (
            'legs.south-north-hills.sectors=["hills"]',
            "legs.south-north-hills.sectors: 'hills' is not a patrol sector",
        ),
        (
            'legs.south-north-bridge.sectors=["hills-bb"]',
            "legs.south-north-bridge.sectors: a leg has a crossing or patr",
        ),
        (
            "legs.north-market.crossing=bridge",
            "legs.north-market.crossing: 'bridge' joins AA and BB, but the leg runs",
        ),
        (
            "modes.foot.legs.boat=1.0",
            "modes.foot.legs.boat: 'boat' is not a mode of legs; allowed: foot, rail",
        ),
        ("modes.foot.entry_legs.foot=0.0", "modes.foot.entry_legs.foot: 0 must be greater than 0"),
        ('modes.foot.requires=["feet"]', "modes.foot.requires: 'feet' is not a mode of legs"),
        (
            "flows.opium-north.commodity=opum",
            "flows.opium-north.commodity: 'opum' is not a commodity; did you mean",
        ),
        (
            "flows.opium-north.origin=orign",
            "flows.opium-north.origin: 'orign' is not a place; did you mean 'origin'?",
        ),
        (
            "flows.opium-north.destination=origin",
            "flows.opium-north.destination: 'origin' is also the origin",
        ),
        (
            "flows.opium-north.season=summer",
            "flows.opium-north.season: 'summer' is not a profile; allowed: by-day",
        ),
        (
            "flows.opium-north.organisations=gang",
            "flows.opium-north.organisations: 'gang' is not an organisation; did",
        ),
        (
            'flows.opium-north.via=["CC"]',
            "flows.opium-north.via: 'CC' is not the country of a place; allowed: AA, BB",
        ),
        (
            "flows.heroin-north.modes.road=0.8",
            "flows.heroin-north.modes: the shares of modes add up to 1.1, must add",
        ),
        ("flows.heroin-north.mean_load_kg={road=1}", None),
        (
            "flows.heroin-north.mean_load_kg.rail=1",
            "flows.heroin-north.mean_load_kg.rail: 'rail' is not a mode of this",
        ),
        (
            "headquarters.capital-bb.country=AA",
            "headquarters.capital-bb.country: 'AA' has another headquarters already",
        ),
        (
            "headquarters.capital-bb.hours=[9, 9]",
            "headquarters.capital-bb.hours: [9, 9] must be [from, to] with from",
        ),
        (
            "channels.posts-capitals.from=post",
            "channels.posts-capitals.from: 'post' is not a post, sector, unit, headq",
        ),
        ("channels.posts-capitals.to=posts", "channels.posts-capitals.to: 'posts' is also the other end"),
        (
            "sources.informants-origin.place=orign",
            "sources.informants-origin.place: 'orign' is not a place; did you",
        ),
        (
            "sources.informants-origin.office=hills-bb",
            "sources.informants-origin.office: 'hills-bb' is not a post, unit",
        ),
        (
            "offices.blo-bridge.post=bridge-ab",
            "offices.blo-bridge.post: 'bridge-ab' is not a post; did you mean",
        ),
        (
            "offices.blo-south.post=bridge-bb",
            "offices.blo-south.post: the office 'blo-bridge' is at the post 'bridge-bb'",
        ),
        (
            'offices.blo-bridge.partners=["blo-bridge"]',
            "offices.blo-bridge.partners: 'blo-bridge' is not another office",
        ),
        (
            'offices.blo-bridge.components.equipment=["dog"]',
            "offices.blo-bridge.components.equipment: 'dog' is not a sea",
        ),
    ],
)
def test_one_wrong_reference(tmp_path: Path, override: str, expected: str | None) -> None:
    if expected is None:  # tables merge: a shorter one changes nothing
        (tmp_path / "small.toml").write_text(small_world(), encoding="utf-8")
        load_scenario(tmp_path / "small.toml", [override])
        return
    assert any(problem.startswith(expected) for problem in found(tmp_path, "", override))


def test_a_method_knows_every_concealment(tmp_path: Path) -> None:
    text = '[[concealments]]\nid = "tank"\n'
    assert found(tmp_path, text) == [
        f"methods.{name}.sensitivity: no value for the concealment 'tank'" for name in ("physical", "scanner")
    ]


def test_a_flow_s_table_has_every_mode(tmp_path: Path) -> None:
    text = '[[flows]]\nid = "opium-north"\nmodes = { road = 0.5, foot = 0.5 }\nload_cv = { road = 1.0 }\n'
    assert found(tmp_path, text) == ["flows.opium-north.load_cv: no value for the mode 'foot'"]


@pytest.mark.parametrize(
    ("sizes", "problem"),
    [
        ("max_load_kg = 9.0", "9 kg by road must be greater than mean_load_kg, 10 kg"),
        ("max_load_kg = 10.0", "10 kg by road must be greater than mean_load_kg, 10 kg"),
        ("max_load_kg = { foot = 90.0 }", "'foot'"),
    ],
)
def test_the_largest_load_is_larger_than_the_mean(tmp_path: Path, sizes: str, problem: str) -> None:
    text = f'[[flows]]\nid = "opium-north"\nmean_load_kg = 10.0\n{sizes}\n'
    assert any(
        line.startswith("flows.opium-north.max_load_kg") and problem in line for line in found(tmp_path, text)
    ), found(tmp_path, text)


def test_posts_of_an_open_crossing(tmp_path: Path) -> None:
    problems = found(tmp_path, "", "posts.bridge-aa.country=BB")
    assert problems == [
        "crossings.bridge: an open crossing has one post of each of its countries; its posts are of: BB, BB"
    ]
    problems = found(tmp_path, "", "posts.bridge-aa.country=CC")
    assert "posts.bridge-aa.country: 'CC' is not on the crossing 'bridge': it joins AA and BB" in problems


def test_a_post_at_an_unknown_crossing(tmp_path: Path) -> None:
    problems = found(tmp_path, "", "posts.bridge-aa.crossing=brige")
    assert "posts.bridge-aa.crossing: 'brige' is not a crossing; did you mean 'bridge'?" in problems


def test_a_closed_crossing_has_neither_posts_nor_legs(tmp_path: Path) -> None:
    problems = found(tmp_path, "", "crossings.bridge.status=closed")
    assert problems == [
        "crossings.bridge.status: a closed crossing has no posts, but 2 are given",
        "legs.south-north-bridge.crossing: 'bridge' is closed: no leg can use it",
    ]


def test_a_crossing_joins_two_countries(tmp_path: Path) -> None:
    problems = found(tmp_path, "", 'crossings.bridge.countries=["AA", "AA"]')
    assert "crossings.bridge.countries: 'AA' is given twice; a crossing joins two countries" in problems


def test_a_removed_partner_is_missed(tmp_path: Path) -> None:
    assert found(tmp_path, 'remove = ["blo-south"]\n') == [
        "offices.blo-bridge.partners: 'blo-south' is not another office of [[offices]]; there are none"
    ]


def test_a_link_needs_its_table(tmp_path: Path) -> None:
    path = tmp_path / "world.toml"
    start, end = small_world().split("[link]\n")
    path.write_text(start + end.split("\n\n", 1)[1], encoding="utf-8")
    with pytest.raises(ScenarioError, match=r"offices\.blo-bridge\.components\.link: a link needs the table"):
        load_scenario(path)
    switched_off = [f"offices.{name}.components.link=false" for name in ("blo-bridge", "blo-south")]
    assert load_scenario(path, switched_off).model.link is None


def test_an_office_in_a_channel_cannot_be_called_posts(tmp_path: Path) -> None:
    text = '[[centres]]\nid = "posts"\nhours = [8, 8]\n'
    assert found(tmp_path, text) == [
        ": 'posts' means several offices in [[channels]] and cannot be the id of one",
        "centres.posts.hours: [8, 8] must be [from, to] with from before to",
    ]


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("low = 0.5\nhigh = 0.1", "targets.t.low: 0.5 must not be above high, 0.1"),
        (
            'low = 0.1\nhigh = 0.5\nmode = "boat"',
            "targets.t.mode: 'boat' is not a mode of [[modes]]; allowed: foot, ro",
        ),
        ("low = 0.1\nhigh = 0.5", "targets.t: a target of measure 'mode_share' names its mode"),
    ],
)
def test_targets(tmp_path: Path, line: str, expected: str) -> None:
    text = f'[[targets]]\nid = "t"\nmeasure = "mode_share"\ncommodity = "opiates"\n{line}\n'
    assert found(tmp_path, text)[0].startswith(expected)


def test_a_target_names_its_countries(tmp_path: Path) -> None:
    text = '[[targets]]\nid = "t"\nmeasure = "seized_share"\ncommodity = "opiats"\nlow = 0\nhigh = 1\n'
    assert found(tmp_path, text) == [
        "targets.t.commodity: 'opiats' is not a commodity or the headline; did you mean 'opiates'?",
        "targets.t.countries: a target of measure 'seized_share' names its countries",
    ]


@pytest.mark.parametrize(("old", "new"), [("origin", "junction"), ("destination", "junction")])
def test_a_world_has_origins_and_destinations(tmp_path: Path, old: str, new: str) -> None:
    name = {"origin": "origin", "destination": "market"}[old]
    assert found(tmp_path, "", f"places.{name}.kind={new}") == [f"places: no place has kind = '{old}'"]


# Prices ---------------------------------------------------------------------------------------------

NEEDED = "where 'opium-north' starts or ends; [behaviour] needs one"


@pytest.mark.parametrize(
    ("override", "expected"),
    [
        (
            "prices.opium-price.commodity=opum",
            [
                "prices.opium-price.commodity: 'opum' is not a commodity; did you mean 'opium'?",
                f"prices: no price of 'opium' in AA, {NEEDED}",
                f"prices: no price of 'opium' in BB, {NEEDED}",
            ],
        ),
        (
            "prices.opium-price.usd_per_kg.markt=5",
            [
                "prices.opium-price.usd_per_kg.markt: 'markt' is not a place or its country; "
                "did you mean 'market'?",
            ],
        ),
        (
            "prices.opium-price.usd_per_kg.CC=5",
            [
                "prices.opium-price.usd_per_kg.CC: 'CC' is not a place or its country; "
                "allowed: AA, BB, market, north, origin, south",
            ],
        ),
        (
            "prices.opium-price.commodity=heroin",
            [
                "prices.opium-price.commodity: 'heroin' has prices in 'heroin-price' already",
                f"prices: no price of 'opium' in AA, {NEEDED}",
                f"prices: no price of 'opium' in BB, {NEEDED}",
            ],
        ),
    ],
)
def test_prices(tmp_path: Path, override: str, expected: list[str]) -> None:
    assert found(tmp_path, BEHAVIOUR, override) == expected


def test_both_ends_of_every_flow_have_a_price(tmp_path: Path) -> None:
    def prices(heroin: str) -> str:
        return BEHAVIOUR.replace("{ AA = 1000, BB = 4000 }", f"{{ {heroin} }}")

    where = "prices.heroin-price.usd_per_kg: no price of 'heroin' in"
    why = "where 'heroin-north' starts or ends; [behaviour] needs one"
    assert found(tmp_path, prices("AA = 1")) == [f"{where} BB, {why}"]
    assert found(tmp_path, prices("market = 1")) == [f"{where} AA, {why}"]
    # A place that is no end of the flow has no use here.
    assert found(tmp_path, prices("north = 1, south = 1")) == [f"{where} AA, {why}", f"{where} BB, {why}"]
    path = tmp_path / "child.toml"
    path.write_text(f'extends = "small.toml"\n{prices("origin = 1, market = 2")}', encoding="utf-8")
    assert load_scenario(path).model.behaviour is not None


def test_a_scenario_without_behaviour_needs_no_prices(tmp_path: Path) -> None:
    (tmp_path / "small.toml").write_text(small_world(), encoding="utf-8")
    path = tmp_path / "child.toml"
    some = '[[prices]]\nid = "p"\ncommodity = "heroin"\nusd_per_kg = { AA = 1.0 }\n'
    path.write_text(f'extends = "small.toml"\n{some}', encoding="utf-8")
    assert load_scenario(path).model.behaviour is None


def test_behaviour_without_any_prices(tmp_path: Path) -> None:
    table = "[behaviour]\nrisk_threshold = 0.1\nprior_losses = 1\nmemory_days = 1\n"
    needs = "where '{}-north' starts or ends; [behaviour] needs one"
    assert found(tmp_path, table) == [
        f"prices: no price of '{name}' in {place}, {needs.format(name)}"
        for name in ("heroin", "opium")
        for place in ("AA", "BB")
    ]
