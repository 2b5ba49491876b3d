"""Comparisons that the page asks for: each in a process of its own, which can be ended at any moment."""

from __future__ import annotations

import json
import multiprocessing
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from blo_sim.errors import BloSimError, UsageError
from blo_sim.experiment.design import BEHAVIOURS, CENTRAL, DEFAULT_SEED, LARGEST_SEED
from blo_sim.workshop import LANGUAGES
from blo_sim.workshop.lessons import MOST_DAYS, MOST_REPLICATIONS

if TYPE_CHECKING:
    from multiprocessing.connection import Connection

    from blo_sim.experiment.result import CompareResult
    from blo_sim.scenario import Scenario

RUNNING, DONE, FAILED, CANCELLED = "running", "done", "failed", "cancelled"
PROGRESS, FILM = "progress", "film"
MOST_OVERRIDES, LONGEST_OVERRIDE = 200, 500
KEPT = 8
"""Finished jobs whose films are kept."""
SECONDS_TO_END = 5.0


@dataclass(frozen=True)
class World:
    """A scenario by its bundled name, or the tables of one that was sent, with overrides."""

    name: str
    overrides: tuple[str, ...] = ()
    tables: dict[str, Any] | None = None

    def load(self) -> Scenario:
        """The scenario.

        Raises
        ------
        ScenarioError, UsageError
        """
        from blo_sim.scenario import load_scenario
        from blo_sim.scenario.library import names
        from blo_sim.workshop.uploads import with_overrides

        if self.tables is not None:
            return with_overrides(self.name, self.tables, self.overrides)
        if self.name not in names():
            raise UsageError(f"there is no scenario {self.name!r}")
        return load_scenario(self.name, self.overrides)


@dataclass(frozen=True)
class Order:
    """What is to be run; `order_of` checks one that came over the wire."""

    worlds: tuple[World, ...]
    days: int
    replications: int
    seed: int = DEFAULT_SEED
    behaviour: str | None = None
    language: str = "en"


@dataclass
class Job:
    """One order on its way.

    ``film`` of its first run is there soon, ``result`` or ``error`` at the end; film and result are JSON.
    """

    id: int
    order: Order
    state: str = RUNNING
    done: int = 0
    total: int = 0
    film: str = ""
    result: str = ""
    error: str = ""
    process: Any = None


class Jobs:
    """At most one job at a time; the last few are kept."""

    def __init__(self) -> None:
        self.jobs: dict[int, Job] = {}
        self.next = 1
        self.lock = threading.Lock()
        self.context = multiprocessing.get_context("spawn")
        self.compiling: Any = None

    def compile(self) -> None:
        """Let a process compile what all runs need, so that the first of them need not wait for it."""
        self.compiling = self.context.Process(target=compile_once, daemon=True)
        self.compiling.start()

    def begin(self, order: Order) -> Job:
        """Start an order.

        Raises
        ------
        UsageError
            If another one is running.
        """
        with self.lock:
            if any(job.state == RUNNING for job in self.jobs.values()):
                raise UsageError("another run is under way; wait for it or cancel it")
            job = Job(self.next, order)
            self.next += 1
            self.jobs[job.id] = job
            for old in list(self.jobs)[:-KEPT]:
                del self.jobs[old]
            ours, theirs = self.context.Pipe(duplex=False)
            job.process = self.context.Process(target=work, args=(order, theirs), daemon=False)
            job.process.start()
            theirs.close()
        threading.Thread(target=self._listen, args=(job, ours), daemon=True).start()
        return job

    def cancel(self, job: Job) -> None:
        """End a job; one that has ended stays as it is."""
        with self.lock:
            if job.state != RUNNING:
                return
            job.state = CANCELLED
        _end(job.process)

    def close(self) -> None:
        """End whatever runs, and see the processes of what is done off."""
        for job in list(self.jobs.values()):
            self.cancel(job)
            job.process.join(SECONDS_TO_END)
        if self.compiling is not None:
            _end(self.compiling)

    def _listen(self, job: Job, connection: Connection) -> None:
        """Takes in what the process says until it is gone."""
        said: tuple[str, Any] = ("", "")
        try:
            while True:
                said = connection.recv()
                if said[0] == PROGRESS:
                    job.done, job.total = said[1]
                elif said[0] == FILM:
                    job.film = said[1]
                else:
                    break
        except (EOFError, OSError):
            said = (FAILED, "the run ended without a result; too little memory is the usual cause")
        finally:
            connection.close()
        with self.lock:
            if job.state == RUNNING:
                job.state = said[0]
                if said[0] == DONE:
                    job.result = said[1]
                else:
                    job.error = said[1]
        job.process.join(SECONDS_TO_END)


def _end(process: Any) -> None:
    process.terminate()
    process.join(SECONDS_TO_END)
    if process.is_alive():
        process.kill()
        process.join()


def compile_once() -> None:
    """A short run, after which the compiled code is in its cache."""
    from blo_sim.experiment.design import make_design, replicated

    replicated(make_design(["two-bridges"], replications=1, days=1), 0, 0)


def work(order: Order, connection: Connection) -> None:
    """What the process does."""

    def progress(done: int, total: int) -> None:
        connection.send((PROGRESS, (done, total)))

    def filmed(film: dict[str, Any]) -> None:
        connection.send((FILM, json.dumps(film, allow_nan=False)))

    try:
        connection.send((DONE, json.dumps(carried_out(order, progress, filmed), allow_nan=False)))
    except BloSimError as error:
        connection.send((FAILED, str(error)))
    finally:
        connection.close()


def carried_out(
    order: Order,
    progress: Callable[[int, int], None] | None = None,
    filmed: Callable[[dict[str, Any]], None] | None = None,
) -> dict[str, Any]:
    """Run an order.

    Parameters
    ----------
    order : Order
    progress : callable, optional
        Told the number of runs done, and of all.
    filmed : callable, optional
        Given the film of replication 0, before the others are run.

    Returns
    -------
    dict
        ``run``: where replication 0 stands among all; ``answer``: of two worlds, `answer_of`, else None.

    Raises
    ------
    BloSimError
    """
    from blo_sim.experiment.compare import compare
    from blo_sim.experiment.design import make_design
    from blo_sim.experiment.run import simulate
    from blo_sim.workshop.replay import content, films, outcomes, place_of

    scenarios = [world.load() for world in order.worlds]
    if filmed is not None:
        first = make_design(
            scenarios, replications=1, days=order.days, seed=order.seed, behaviour=order.behaviour
        )
        filmed(content(first, 0, films(first, 0), order.language))
    settings: dict[str, Any] = {
        "days": order.days,
        "replications": order.replications,
        "seed": order.seed,
        "behaviour": order.behaviour,
        "parameters": CENTRAL,
        "progress": progress,
    }
    if len(scenarios) == 1:
        result: Any = simulate(*scenarios, **settings)
        answer = None
    else:
        result = compare(*scenarios, **settings)
        answer = answer_of(result)
    return {"run": place_of(result, outcomes(result), 0), "answer": answer}


def answer_of(result: CompareResult) -> dict[str, Any]:
    """What the second world gains: kilograms and per cent of what the first intercepts, with intervals.

    Beside it ``lawful``, what travellers bear in the two worlds; empty if there are none.
    """
    document = result.document()
    block = document["commodities"][document["headline"]]
    baseline, alternative = result.design.baseline, result.design.alternatives[0]
    before = block["measures"][baseline]["intercepted_kg"]["mean"]
    gains = block["gains"][alternative]
    found: dict[str, Any] = {"before_kg": before, "lawful": []}
    for name in (baseline, alternative):
        travellers = document["lawful"][name]
        wait, share = travellers["wait_h"]["mean"], travellers["searched_share"]["mean"]
        if wait is not None:
            found["lawful"].append({"wait_min": 60.0 * wait, "searched_percent": 100.0 * share})
    for name in ("intercepted", "kept"):
        gain = gains[f"{name}_kg"]
        interval = gain["mc_ci"]
        found[name] = {
            "kg": gain["mean"],
            "kg_interval": interval,
            "percent": 100.0 * gain["mean"] / before if before else None,
            "percent_interval": [100.0 * end / before for end in interval] if before and interval else None,
        }
    response = block["response"].get(alternative)
    found["response_kg"] = None if response is None else response["response_kg"]["mean"]
    found["unchanged_kg"] = None if response is None else response["unchanged_kg"]["mean"]
    return found


def order_of(sent: Any, uploads: dict[str, dict[str, Any]]) -> Order:
    """An order as the page sends it, checked.

    Parameters
    ----------
    sent : object
        ``{"worlds": [{"scenario": .., "set": [..]}, ..], "days": .., "replications": .., "behaviour": ..}``.
    uploads : dict
        Tables of the scenarios that were sent, by name.

    Raises
    ------
    UsageError
        With what would be right.
    """
    if not isinstance(sent, dict):
        raise UsageError("an order is an object with worlds, days and replications")
    worlds = sent.get("worlds")
    if not isinstance(worlds, list) or len(worlds) not in (1, 2):
        raise UsageError("worlds must be a list of one or two")
    language = sent.get("language", "en")
    if language not in LANGUAGES:
        raise UsageError(f"language is {language!r}; must be {' or '.join(LANGUAGES)}")
    behaviour = sent.get("behaviour")
    if behaviour not in (None, *BEHAVIOURS):
        raise UsageError(f"behaviour is {behaviour!r}; must be one of {', '.join(BEHAVIOURS)}")
    return Order(
        tuple(world_of(each, uploads) for each in worlds),
        _whole(sent, "days", 1, MOST_DAYS),
        _whole(sent, "replications", 1, MOST_REPLICATIONS),
        _whole({"seed": DEFAULT_SEED} | sent, "seed", 0, LARGEST_SEED),
        behaviour,
        language,
    )


def _whole(sent: dict[str, Any], name: str, least: int, most: int) -> int:
    found = sent.get(name)
    if isinstance(found, bool) or not isinstance(found, int) or not least <= found <= most:
        raise UsageError(f"{name} is {str(found)[:40]}; must be a whole number from {least} to {most}")
    return found


def world_of(sent: Any, uploads: dict[str, dict[str, Any]]) -> World:
    """A world as the page sends it, checked; see `order_of`."""
    if not isinstance(sent, dict) or not isinstance(sent.get("scenario"), str):
        raise UsageError("a world is an object with scenario and, if wanted, set")
    overrides = sent.get("set", [])
    if (
        not isinstance(overrides, list)
        or len(overrides) > MOST_OVERRIDES
        or not all(isinstance(each, str) and len(each) <= LONGEST_OVERRIDE for each in overrides)
    ):
        raise UsageError(f"set must be a list of at most {MOST_OVERRIDES} short texts KEY=VALUE")
    return World(sent["scenario"], tuple(overrides), uploads.get(sent["scenario"]))
