"""A comparison as one HTML file that plays without a server or a network."""

from __future__ import annotations

import datetime as dt
import json
import os
from importlib.resources import files
from statistics import fmean, median
from typing import TYPE_CHECKING, Any

from blo_sim.errors import UsageError
from blo_sim.experiment.compare import compare
from blo_sim.experiment.design import CENTRAL, DEFAULT_SEED, whole
from blo_sim.experiment.output import file_to_write, write_whole, writing
from blo_sim.experiment.run import simulate
from blo_sim.workshop import LANGUAGES
from blo_sim.workshop.film import filmed

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from blo_sim.experiment.design import Design
    from blo_sim.experiment.replications import Progress
    from blo_sim.experiment.result import Result
    from blo_sim.scenario import Scenario

VENDOR = ("d3-array.min.js", "d3-geo.min.js", "topojson-client.min.js", "uPlot.iife.min.js")
LONGEST = 365
"""Days that a film can have."""


def write_replay(
    scenario: str | os.PathLike[str] | Scenario,
    against: str | os.PathLike[str] | Scenario | None = None,
    *,
    out: str | os.PathLike[str],
    days: int = 30,
    replications: int = 20,
    replication: int | None = None,
    seed: int = DEFAULT_SEED,
    behaviour: str | None = None,
    language: str = "en",
    workers: int | None = None,
    progress: Progress | None = None,
) -> int:
    """Write one replication as a film: a web page in one file, for `file://`, mail and memory sticks.

    Parameters
    ----------
    scenario : str, path or Scenario
    against : str, path or Scenario, optional
        A second world, shown beside the first under the same draws and on the same clock.
    out : str or path
        The ``.html`` file.
    days : int
        Length of the film, after the scenario's warm-up; at most `LONGEST`.
    replications : int
        So many are run, with the central values, to say where the one that is shown stands among them.
    replication : int, optional
        Which is shown, one of these; by default the one in the middle: of the gain, or of the kilograms
        intercepted.
    seed, behaviour, workers, progress
        As for `simulate`.
    language : {"en", "ru"}
        In which the page opens.

    Returns
    -------
    int
        The replication that is shown.

    Raises
    ------
    ScenarioError, SimulationError
    UsageError
        Also if the file cannot be written.
    """
    whole("days", days, at_least=1)
    whole("replications", replications, at_least=1)
    whole("replication", replication, at_least=0, optional=True)
    if days > LONGEST:
        raise UsageError(f"days is {days}; a film has at most {LONGEST}")
    if replication is not None and replication >= replications:
        raise UsageError(
            f"replication is {replication}; of {replications} replications the last is {replications - 1}"
        )
    if language not in LANGUAGES:
        raise UsageError(f"language is {language!r}; it must be one of {', '.join(LANGUAGES)}")
    path = file_to_write(out)
    settings: dict[str, Any] = {
        "days": days,
        "replications": replications,
        "seed": seed,
        "behaviour": behaviour,
        "workers": workers,
        "progress": progress,
        "parameters": CENTRAL,
    }
    chosen = (scenario,) if against is None else (scenario, against)
    result: Result = simulate(*chosen, **settings) if against is None else compare(*chosen, **settings)
    values = outcomes(result)
    shown = middle(values) if replication is None else min(replication, len(values) - 1)
    document = content(result.design, shown, films(result.design, shown), language) | {
        "run": place_of(result, values, shown)
    }
    with writing(path):
        write_whole(path, page(document))
    return shown


def outcomes(result: Result) -> list[float]:
    """By replication the headline's gain in kilograms kept; without a second world those intercepted."""
    design = result.design
    headline = design.scenarios[0].model.headline
    if design.alternatives:
        lines = (row for row in result.ledger_rows() if row["commodity"] == headline.id)
        return [row["kept_kg"] for row in lines if row["line"] == "net"]
    sums = [0.0] * result.replications
    for row in result.replications_rows():
        sums[row["replication"]] += headline.weights.get(row["commodity"], 0.0) * row["expected_ug"] * 1e-9
    return sums


def middle(values: Sequence[float]) -> int:
    """The first replication that is nearest to the median."""
    centre = median(values)
    return min(range(len(values)), key=lambda number: abs(values[number] - centre))


def content(design: Design, shown: int, worlds: list[dict[str, Any]], language: str) -> dict[str, Any]:
    """What the page plays, without ``run``, where the run stands among others (`place_of`)."""
    from blo_sim import __version__

    world = design.worlds[0]
    start = world.first_day + dt.timedelta(hours=world.warmup_hours)
    return {
        "version": __version__,
        "language": language,
        "seed": design.seed,
        "replication": shown,
        "behaviour": design.behaviour,
        "place": world.place,
        "first_day": start.isoformat(),
        "days": design.days,
        "hours": design.days * 24,
        "worlds": worlds,
        "run": None,
    }


def place_of(result: Result, values: Sequence[float], shown: int) -> dict[str, Any]:
    """Where a run stands among all: its value, in how many per cent of them there is less, and the mean."""
    from blo_sim.results.statistics import mean_interval

    interval = mean_interval(values)
    return {
        "name": result.design.scenarios[0].model.headline.name,
        "value": values[shown],
        "runs": len(values),
        "less": 100.0 * sum(value < values[shown] for value in values) / len(values),
        "mean": fmean(values),
        "interval": None if interval is None else list(interval),
    }


def films(design: Design, replication: int) -> list[dict[str, Any]]:
    """The film of a replication in each world of a design."""
    return [filmed(design, place, replication) for place in range(len(design.worlds))]


def page(document: dict[str, Any]) -> str:
    """The whole page as text."""
    parts = {
        "title": " / ".join(world["scenario"] for world in document["worlds"]),
        "styles": static("vendor/uPlot.min.css") + static("page.css"),
        "markup": static("film.html"),
        "film": _inert(json.dumps(document, separators=(",", ":"), ensure_ascii=False, allow_nan=False)),
        "borders": _inert(static("borders.json")),
        "vendor": "\n".join(static(f"vendor/{name}") for name in VENDOR),
        "places": static("places.js"),
        "words": static("words.js"),
        "player": static("player.js"),
    }
    return filled(static("page.html"), parts)


def filled(text: str, parts: Mapping[str, str]) -> str:
    """A template with each ``{{name}}`` replaced once; what is put in is not looked at again."""
    first, *rest = text.split("{{")
    found = [first]
    for piece in rest:
        name, _, after = piece.partition("}}")
        found += [parts[name], after]
    return "".join(found)


def static(name: str) -> str:
    """Text of a file of the page."""
    return files("blo_sim.workshop").joinpath("static", *name.split("/")).read_text(encoding="utf-8")


def _inert(text: str) -> str:
    """JSON that cannot end the element it stands in."""
    return text.replace("<", "\\u003c")
