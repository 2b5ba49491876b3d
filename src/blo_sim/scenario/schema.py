"""The keys of a scenario file: what a user may write, with units, defaults and limits.

Every class is one table of the file. A number may be written in three ways (see
`blo_sim.scenario.values`): plainly, as the name of a row of ``[parameters]``, or in long form with
source, grade and range; after loading it is a plain ``float``. Units stand in the key.
"""

from __future__ import annotations

import datetime as dt
import math
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from blo_sim.scenario.values import Distribution, Quantity

Identifier = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_.-]*$")]
Country = Annotated[str, Field(pattern=r"^[A-Z]{2}$")]
Grade = Literal["seed", "published", "derived", "judged"]
Hour = Annotated[int, Field(ge=0, le=24)]
Positive = Annotated[Quantity, Field(gt=0)]
NotNegative = Annotated[Quantity, Field(ge=0)]
Share = Annotated[Quantity, Field(ge=0, le=1)]
Opening = Annotated[tuple[Hour, Hour], Field(strict=False)]
Countries = Annotated[tuple[Country, Country], Field(strict=False)]
Month = Annotated[int, Field(ge=1, le=12)]
BehaviourName = Literal["fixed", "learning", "best-reply"]
LayoutName = Literal["isolated", "capitals", "pairs", "hub", "mesh", "pairs+hub", "tree", "channels"]
MOST_OFFICERS = 90
DESK = "terms of its desk, a row of [[desks]]; left out, it handles every message at once"
WILLING = "probability that an office passes a message on, before trust"


class Table(BaseModel):
    """A table of the scenario file: unknown keys are errors, values never change after loading.

    Strict: ``"30"`` and ``true`` are no numbers, and ``5`` is no date.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, allow_inf_nan=False)


class Row(Table):
    """A row of an array of tables, with an ``id`` that is unique in the whole file.

    ``grade``, ``source``, ``reason`` and ``range_factor`` speak for every plain number of the row
    that has no long form of its own: a judged number lies between value / range_factor and
    value x range_factor.
    """

    id: Identifier
    name: str = ""
    grade: Grade | None = None
    source: str = ""
    reason: str = ""
    range_factor: float | None = Field(default=None, ge=1)


class Run(Table):
    """``[run]``: the length of a replication and the defaults of an experiment."""

    days: int = Field(default=365, gt=0, description="measured days, steady clock")
    dated_days: int = Field(default=1095, gt=0, description="measured days from the grant, dated clock")
    warmup_days: int = Field(default=60, ge=0, description="days before the measured window")
    replications: int = Field(default=20, gt=0)
    first_day: dt.date = Field(default=dt.date(2013, 1, 1), description="first measured day, steady clock")
    grant: dt.date = Field(default=dt.date(2013, 10, 22), description="first measured day, dated clock")


class Headline(Table):
    """``[headline]``: the commodities that the headline adds up, and their weights."""

    id: Identifier
    name: str
    weights: dict[str, NotNegative] = Field(description="kg of headline for one kg of each commodity")


class Commodity(Row):
    """``[[commodities]]``."""


class Place(Row):
    """``[[places]]``: an origin, junction or destination."""

    country: Country
    kind: Literal["origin", "junction", "destination"] = "junction"
    lat: float = Field(ge=-90, le=90, description="degrees north, WGS 84")
    lon: float = Field(ge=-180, le=180, description="degrees east, WGS 84")
    within_km: float | None = Field(default=None, gt=0, description="uncertainty of a judged position")


class Profile(Row):
    """``[[profiles]]``: relative demand by hour of day, weekday (Monday first) and month."""

    hours: list[float] = Field(default=[1.0] * 24, min_length=24, max_length=24)
    weekdays: list[float] = Field(default=[1.0] * 7, min_length=7, max_length=7)
    months: list[float] = Field(default=[1.0] * 12, min_length=12, max_length=12)


class Concealment(Row):
    """``[[concealments]]``: a way to hide a load."""


class TrafficClass(Row):
    """``[[classes]]``: a class of vehicles or persons, with its primary inspection."""

    mode: Identifier = Field(description="the mode of loads that travel in this class")
    share: Share = Field(default=1.0, description="share of that mode's loads in this class")
    service_h: Distribution = Field(description="primary inspection, hours")
    policy_cap: Share = Field(description="largest share of lawful traffic referred to the search bay")
    concealment: dict[str, Share] = Field(description="shares of loads by concealment; sum 1")


class Method(Row):
    """``[[methods]]``: a way to search in the bay."""

    minutes: Positive
    availability: Share = Field(default=1.0, description="probability that it works on a given day")
    used: Literal["always", "lookout"] = "always"
    sensitivity: dict[str, Share] = Field(description="probability to find a load, by concealment")
    commodity_factor: dict[str, Share] = Field(default={}, description="multiplies sensitivity; 1 if absent")


class Shift(Table):
    """One shift of a roster, every day of the week; wraps around midnight if ``to <= from``."""

    from_hour: Annotated[int, Field(ge=0, le=23)]
    to_hour: Annotated[int, Field(ge=1, le=24)]
    lanes: dict[str, Annotated[int, Field(ge=0, le=90)]] = Field(
        description="open lanes by traffic class, in each direction"
    )
    bay_officers: int = Field(default=0, ge=0, le=90, description="searches that the bay can make at once")


class Roster(Row):
    """``[[rosters]]``: staffing that several posts share (large, medium, small)."""

    shifts: list[Shift]


class Crossing(Row):
    """``[[crossings]]``: a border crossing point with a post on each side."""

    countries: Countries
    lat: float = Field(ge=-90, le=90)
    lon: float = Field(ge=-180, le=180)
    within_km: float | None = Field(default=None, gt=0)
    status: Literal["open", "closed"] = "open"
    daily: dict[str, NotNegative] = Field(
        default={}, description="lawful crossings a day in both directions together, by traffic class"
    )
    profile: Identifier | None = None
    gap_h: Distribution = Field(default=Distribution.constant(0.1), description="drive between its posts")


class Post(Row):
    """``[[posts]]``: one side of a crossing."""

    crossing: Identifier
    country: Country
    roster: Identifier
    hours: Opening = Field(default=(0, 24), description="opening hours, from and to")
    d_prime: Quantity = Field(description="separation of contraband from lawful traffic in profiling")
    methods: list[Identifier] = []
    search_cv: NotNegative = Field(default=0.5, description="coefficient of variation of a search's length")
    queue_limit: int = Field(
        default=8, ge=0, le=200, description="waiting vehicles at which the bay releases others"
    )
    desk: Identifier | None = Field(default=None, description=DESK)


class Sector(Row):
    """``[[sectors]]``: a patrol sector on a stretch of green border."""

    country: Country
    border: str = Field(description="the two countries, such as TJ-AF")
    detection: Share = Field(description="probability that a load is seized without a lookout")
    detection_factor: dict[str, NotNegative] = Field(default={}, description="by commodity; 1 if absent")
    desk: Identifier | None = Field(default=None, description=DESK)


class Unit(Row):
    """``[[units]]``: an inland unit of police or drug control at a place."""

    country: Country
    place: Identifier
    detection: Share = Field(description="probability that a load is seized without a lookout")
    detection_factor: dict[str, NotNegative] = Field(default={}, description="by commodity; 1 if absent")
    desk: Identifier | None = Field(default=None, description=DESK)


class Team(Row):
    """``[[teams]]``: a mobile team, which stands at one of its sites at a time.

    ``placement``: ``fixed`` at the first of ``sites``; ``rotating`` through them in order, one period each;
    ``random``, drawn anew each period with the probabilities of ``mix``. A placement passes over the keys
    that it does not need, so that it can be changed alone.
    """

    country: Country = Field(description="whose team it is; its sites are of this country")
    sites: list[Identifier] = Field(
        min_length=1, description="sectors, units or places; a load meets the team right after the site's own"
    )
    placement: Literal["fixed", "rotating", "random"] = Field(description="how its site is chosen, see above")
    mix: dict[str, Share] = Field(
        default={}, description="probabilities of its sites, sum 1; needed by `random`"
    )
    period_days: Positive | None = Field(
        default=None, description="how long it stays at a site; needed by `rotating` and `random`"
    )
    detection: Share = Field(description="probability that it seizes a load that passes where it stands")
    detection_factor: dict[str, NotNegative] = Field(default={}, description="by commodity; 1 if absent")


class Leg(Row):
    """``[[legs]]``: a stretch between two places, used both ways unless ``one_way``.

    ``border_at`` is the share of the leg's time, counted from ``from``, at which its border lies; the
    posts of ``crossing`` (or the ``sectors``, in order from ``from``) are met there.
    """

    from_: Identifier = Field(alias="from")
    to: Identifier
    mode: Literal["road", "rail", "river", "foot"]
    km: Positive
    hours: Distribution = Field(description="travel time without waits")
    crossing: Identifier | None = None
    sectors: list[Identifier] = []
    border_at: float = Field(default=0.5, ge=0, le=1)
    closed_months: list[Month] = []
    one_way: bool = False


class Mode(Row):
    """``[[modes]]``: how a load travels, as the legs it may use and what they cost it.

    ``legs`` multiplies the free cost of a leg by its mode (a mode not listed cannot be used);
    ``entry_legs`` does the same, in a flow with ``via``, until the first border is behind the load.
    """

    legs: dict[str, float]
    entry_legs: dict[str, float]
    requires: list[str] = Field(default=[], description="a route must use a leg of one of these modes")
    capacity_kg: Positive | None = Field(
        default=None, description="no larger load changes to this mode; no limit if left out"
    )


class RouteChoice(Table):
    """``[route_choice]``: the choice set and the path-size logit on free cost."""

    paths: int = Field(default=20, ge=1, le=100, description="loopless paths in a choice set")
    usd_per_km: NotNegative
    usd_per_hour: NotNegative
    usd_per_post: NotNegative = Field(description="for each post passed")
    usd_per_sector: NotNegative = Field(description="for each patrol sector passed")
    scale_per_usd: NotNegative = Field(description="logit scale on free cost")
    path_size: NotNegative = Field(default=1.0, description="weight of the logarithm of the path size")


class Organisation(Row):
    """``[[organisations]]``: a group of ``number`` organisations of equal size."""

    number: int = Field(ge=1)
    compromised: Share = Field(
        default=0.0, description="probability that a control's shift waves this organisation through"
    )
    signature: Share = Field(
        default=0.0, description="share of its loads that are hidden in the organisation's usual way"
    )


class Flow(Row):
    """``[[flows]]``: one commodity from one origin to one destination.

    ``via`` lists the first countries entered after the origin's; routes keep to it. Tables by mode
    (``modes``, and where they differ ``mean_load_kg``, ``load_cv`` and ``max_load_kg``) have ids of
    ``[[modes]]``.
    """

    commodity: Identifier
    origin: Identifier
    destination: Identifier
    via: list[Country] = []
    volume_kg_per_year: NotNegative
    modes: dict[str, Share] = Field(description="shares of the kilograms; sum 1")
    mean_load_kg: Positive | dict[str, Positive]
    load_cv: NotNegative | dict[str, NotNegative]
    max_load_kg: Positive | dict[str, Positive] | None = Field(
        default=None, description="no load is larger; the mean stays; left out, any size can occur"
    )
    season: Identifier | None = Field(default=None, description="a profile; its months are used")
    organisations: Identifier

    def sizes(self, mode: str) -> tuple[float, float, float]:
        """Mean, coefficient of variation and bound (infinity for none) of the loads by a mode; kilograms."""
        mean, cv, most = (
            value[mode] if isinstance(value, dict) else value
            for value in (self.mean_load_kg, self.load_cv, self.max_load_kg)
        )
        assert mean is not None
        assert cv is not None
        return mean, cv, math.inf if most is None else most


class Price(Row):
    """``[[prices]]``: what a commodity is worth, at the two ends of its flows."""

    commodity: Identifier
    usd_per_kg: dict[str, NotNegative] = Field(
        description="USD for a kilogram by place or country; the place's own counts first"
    )


class Behaviour(Table):
    """``[behaviour]``: how organisations answer to risk and loss; left out, they can only be ``fixed``.

    ``kind`` is what runs unless ``--behaviour`` says otherwise. The other keys are those of ``learning`` and
    ``best-reply``; the first four of ``learning`` only.
    """

    kind: BehaviourName = "learning"
    risk_threshold: Share = Field(
        description="believed probability of loss on the usual way below which nothing changes"
    )
    prior_losses: Positive = Field(
        description="weight of the long-run detection in a belief, in expected losses"
    )
    memory_days: Positive = Field(description="what was experienced counts half after it")
    rumour: Share = Field(default=0.0, description="share of others' losses that one hears of")
    loss_usd: NotNegative = Field(default=0.0, description="cost of a loss besides the load")
    bribe_usd: NotNegative = Field(default=0.0, description="paid at each shift that waves a load through")
    mode_change_usd: NotNegative = Field(default=0.0, description="cost of another mode than the usual one")
    lay_low: Share = Field(default=0.0, description="probability that a loss makes its organisation lie low")
    lay_low_days: NotNegative = Field(default=0.0, description="how long it then sends nothing")
    new_signature: Share = Field(
        default=0.0, description="probability that a loss makes its organisation hide loads in another way"
    )
    replacement: Share = Field(default=0.0, description="probability that a lost load is sent again")
    replacement_h: Distribution = Field(
        default=Distribution.constant(0.0), description="from the loss to the new departure"
    )
    most_attempts: int = Field(default=3, ge=1, le=20, description="departures of one load in all")


class Headquarters(Row):
    """``[[headquarters]]``: the capital's office of a country."""

    country: Country
    hours: Opening = (9, 18)
    weekdays: int = Field(default=5, ge=1, le=7, description="working days of the week, from Monday")
    desk: Identifier | None = Field(default=None, description=DESK)


class Centre(Row):
    """``[[centres]]``: a regional office, such as CARICC."""

    hours: Opening = (0, 24)
    weekdays: int = Field(default=7, ge=1, le=7)
    desk: Identifier | None = Field(default=None, description=DESK)


class Desk(Row):
    """``[[desks]]``: how offices work that have this desk; several offices may share its terms.

    An office without a desk handles every message at once. ``officers`` read in the desk's hours,
    ``on_call`` officers outside of them; a piece of work that one of these takes up needs ``call_out_h``
    more.
    """

    officers: int | None = Field(
        default=None, ge=1, le=MOST_OFFICERS, description="officers in its hours; as many as come if left out"
    )
    service_h: Distribution = Field(
        default=Distribution.constant(0.0), description="work on one report, hours"
    )
    hours: Opening | None = Field(default=None, description="the office's own hours if left out")
    weekdays: int | None = Field(
        default=None, ge=1, le=7, description="working days from Monday; the office's own if left out"
    )
    on_call: int = Field(default=0, ge=0, le=MOST_OFFICERS, description="officers outside its hours")
    call_out_h: NotNegative = Field(default=0.0, description="added to work that is taken up on call")


class Channel(Row):
    """``[[channels]]``: a way for messages between two offices.

    An end is the id of a post, sector, unit, headquarters or centre, or one of the words ``posts``,
    ``sectors``, ``units`` (each of a country with its own capital) and ``capitals`` (all of them; with
    both ends ``capitals``, every pair).
    """

    from_: Identifier = Field(alias="from")
    to: Identifier
    delay_h: Distribution
    loss: Share = 0.0
    willingness: Share = Field(default=1.0, description=WILLING)
    both_ways: bool = True


class Link(Table):
    """``[link]``: the channels that a BLO's ``link`` opens."""

    delay_h: Distribution
    loss: Share = 0.0
    willingness: Share = Field(default=1.0, description=WILLING)
    reach_legs: int = Field(default=2, ge=0, description="own country's posts within so many legs")


class Trust(Table):
    """``[trust]``: what two offices learn of each other; left out, willingness never changes.

    Trust T of two offices lies in 0 to 1 and moves the willingness w of their channels to
    ``w + (1 - w) T``. A seizure on a lookout adds ``confirmed x (1 - T)``, a search in vain takes
    ``false_alarm x T`` away, for every two neighbours on the lookout's way.
    """

    initial: Share = Field(default=0.0, description="trust at the start")
    confirmed: Share = Field(description="part of the missing trust that a seizure adds")
    false_alarm: Share = Field(description="part of the trust that a search in vain takes away")
    rotation_days: Positive | None = Field(
        default=None, description="mean time between rotations of an office's staff; never if left out"
    )
    rotation_loss: Share = Field(default=0.0, description="part of the trust lost when one side rotates")


class Leaks(Table):
    """``[leaks]``: what a desk may sell; left out, nothing leaks."""

    probability: Share = Field(description="for each agency of a desk and each lookout that it works on")
    reroute: Share = Field(default=1.0, description="share of warned loads that take another way, if any")
    wait_h: NotNegative = Field(default=0.0, description="how long the others wait before they go on")


class Source(Row):
    """``[[sources]]``: informants and surveillance at a place.

    A load that leaves the place is reported with probability
    ``min(1, probability x (load / reference_load_kg) ^ load_exponent)``.
    """

    place: Identifier
    office: Identifier = Field(description="the post, unit, headquarters or centre that owns the report")
    probability: Share
    reference_load_kg: Positive = 15.0
    load_exponent: NotNegative = 0.0
    lag_h: Distribution = Field(description="from the departure to the report")
    false_per_year: NotNegative = Field(
        default=0.0, description="reports a year on loads that do not exist"
    )


class OtherSide(Table):
    """``[reports.other_side]``: a referral without a find is told to the post across the border."""

    probability: Share = 0.0
    lag_h: Distribution = Distribution.constant(0.0)


class SeizureReports(Table):
    """``[reports.seizure]``: a seizure names sister consignments of the same organisation under way."""

    probability: Share = Field(default=0.0, description="for each sister consignment")
    lag_h: Distribution = Distribution.constant(0.0)


class ChaseReports(Table):
    """``[reports.chase]``: an office that reads a lookout too late tells the next control ahead."""

    probability: Share = 0.0
    lag_h: Distribution = Distribution.constant(0.0)


class PatternReports(Table):
    """``[reports.pattern]``: a seizure teaches the signature of its organisation to posts."""

    probability: Share = 0.0
    lag_h: Distribution = Distribution.constant(0.0)
    d_prime: NotNegative = Field(
        default=0.0, description="added to d' for loads with the signature, when the pattern is fresh"
    )
    half_life_h: Positive = Field(default=720.0, description="what it adds halves in it")


class RequestReports(Table):
    """``[reports.request]``: a post that searched in vain asks another office, and holds the vehicle."""

    probability: Share = Field(default=0.0, description="for each vehicle referred without a find")
    to: Literal["across", "capital", "centre"] = Field(
        default="across", description="the post across the border, the own capital, or the first centre"
    )
    hold_h: Positive = Field(default=1.0, description="longest time that a vehicle is held for the answer")


class Reports(Table):
    """``[reports]``."""

    half_life_h: Positive = Field(default=168.0, description="a lookout's match probability halves in it")
    expiry_h: Positive = Field(default=672.0, description="age at which an unread message is thrown away")
    addressing: Literal["need-to-know", "broadcast"] = Field(
        default="need-to-know", description="the controls ahead of the subject, or every control"
    )
    false_factor: NotNegative = Field(default=1.0, description="multiplies every source's false_per_year")
    other_side: OtherSide = OtherSide()
    seizure: SeizureReports = SeizureReports()
    chase: ChaseReports = ChaseReports()
    pattern: PatternReports = PatternReports()
    request: RequestReports = RequestReports()


class Lookouts(Table):
    """``[lookouts]``: what a lookout that was read in time does."""

    match: Share = Field(description="probability that a fresh lookout is recognised at a post")
    find: Share = Field(description="probability that the search of a matched vehicle finds the load, "
                                    "besides what the methods find")
    intercept: Share = Field(description="probability that a patrol or inland unit acts on a fresh lookout "
                                         "with success")
    false_match: Share = Field(default=0.0, description="probability that a lawful vehicle of the lanes in "
                                                        "question is taken for the subject")


class Components(Table):
    """``[offices.components]``: the parts of a BLO; one that is left out is neutral."""

    link: bool = False
    desk: int = Field(default=0, ge=0, le=20, description="officers for it, taken from the post's own staff")
    equipment: list[Identifier] = Field(default=[], description="search methods added to the post's bay")
    training: NotNegative = Field(default=0.0, description="added to the post's d'")
    pooling: int = Field(
        default=1, ge=1, le=20, description="agencies in one room; without a desk it does nothing"
    )

    def neutral(self) -> bool:
        """Whether the office changes nothing: pooling needs a desk."""
        return not (self.link or self.desk or self.equipment or self.training)


class Office(Row):
    """``[[offices]]``: a Border Liaison Office at a post."""

    post: Identifier
    opens: dt.date
    setup_days: NotNegative = Field(default=0.0, description="from opening to the first effect")
    ramp_days: NotNegative = Field(default=0.0, description="from the first effect to the full effect")
    full_effect: Share = Field(default=1.0, description="effect at the end of the ramp")
    partners: list[Identifier] = Field(default=[], description="offices to which its link is cleared")
    desk: Identifier | None = Field(
        default=None, description="terms of its desk; its officers are those of components.desk"
    )
    components: Components = Components()


class Target(Row):
    """``[[targets]]``: a published range against which a run is printed.

    ``measure``: ``seized_share`` (kg seized in ``countries`` over kg that entered them),
    ``mode_share`` (kg by ``mode`` over kg attempted), ``post_share`` (kg seized at posts over kg seized).
    """

    measure: Literal["seized_share", "mode_share", "post_share"]
    commodity: Identifier
    countries: list[Country] = []
    mode: Identifier | None = None
    low: Share
    high: Share


class ScenarioModel(Table):
    """A whole scenario file after its layers were merged."""

    title: str
    description: str = ""
    place: Literal["real", "synthetic"]
    run: Run = Run()
    headline: Headline
    parameters: dict[str, object] = {}
    commodities: list[Commodity]
    places: list[Place]
    profiles: list[Profile] = []
    concealments: list[Concealment] = []
    classes: list[TrafficClass] = []
    methods: list[Method] = []
    rosters: list[Roster] = []
    crossings: list[Crossing] = []
    posts: list[Post] = []
    sectors: list[Sector] = []
    units: list[Unit] = []
    teams: list[Team] = []
    legs: list[Leg]
    modes: list[Mode]
    route_choice: RouteChoice
    organisations: list[Organisation]
    flows: list[Flow]
    prices: list[Price] = []
    behaviour: Behaviour | None = None
    headquarters: list[Headquarters] = []
    centres: list[Centre] = []
    channels: list[Channel] = []
    desks: list[Desk] = []
    link: Link | None = None
    layout: LayoutName | None = Field(
        default=None, description="office network across borders that replaces the scenario's own"
    )
    trust: Trust | None = None
    leaks: Leaks | None = None
    sources: list[Source] = []
    reports: Reports = Reports()
    lookouts: Lookouts
    offices: list[Office] = []
    targets: list[Target] = []
    ensemble: str | None = Field(
        default=None, description="plausible draws of the ranges: a bundled name, or a .json file"
    )
