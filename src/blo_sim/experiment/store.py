"""Where finished replications are kept: in memory, or in a folder that outlives the program.

A folder has ``manifest.json``, which says everything about the experiment (its scenarios as they were
resolved with their digests, seed, version and machine), ``ensemble.json`` if its parameters are drawn, and
``runs.sqlite`` with the sums of every replication. Replications are committed as they come, always a prefix
0, 1, 2, ... without a gap, so that the program can be killed at any moment. The same experiment goes on
there, with more replications if more are asked for.

The file of sums first takes whole replications (table ``recent``). `SEGMENT` of them are turned into columns
(table ``columns``), so that one measure of very many replications can be read without the others.
"""

from __future__ import annotations

import json
import math
import os
import platform
import sqlite3
import time
import zlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, fields
from functools import cached_property
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from blo_sim.errors import SimulationError, UsageError
from blo_sim.experiment.design import CENTRAL, PLAUSIBLE
from blo_sim.experiment.output import as_json, try_to_write, write_whole
from blo_sim.results.columns import packed, unpacked
from blo_sim.results.runs import Key, ListedRuns, Pair, Runs
from blo_sim.results.summary import Summary

if TYPE_CHECKING:
    from blo_sim.experiment.design import Design
    from blo_sim.experiment.ensemble import Ensemble
    from blo_sim.experiment.replications import Outcome
    from blo_sim.scenario import Scenario

FORMAT = 1
MANIFEST, RUNS, ENSEMBLE = "manifest.json", "runs.sqlite", "ensemble.json"
SEGMENT = 2000
SECONDS_BETWEEN_COMMITS = 1.0
WHOLE = "main"
"""Section of an experiment that has only one."""
ROLES = ("summaries", "unchanged", "pairs")
IDENTITY = (
    "version",
    "seed",
    "days",
    "clock",
    "estimator",
    "behaviour",
    "parameters",
    "scenarios",
    "alternatives",
)
"""What may not differ from what a store holds; the number of replications may."""
_PACKAGES = ("numpy", "numba", "simpy", "networkx", "scipy")
_TABLES = """
CREATE TABLE IF NOT EXISTS recent (
    section TEXT, first INTEGER, count INTEGER, data BLOB, PRIMARY KEY (section, first)
);
CREATE TABLE IF NOT EXISTS columns (
    section TEXT, role TEXT, scenario TEXT, name TEXT, key TEXT, first INTEGER, count INTEGER, data BLOB,
    PRIMARY KEY (section, role, scenario, name, key, first)
) WITHOUT ROWID;
"""


class Keeper(Protocol):
    """Takes finished replications in order and gives them back as columns."""

    replications: int

    def add(self, outcome: Outcome) -> None:
        """Take in the next replication."""
        ...

    def flush(self) -> None:
        """Keep for good what was taken in."""
        ...

    def close(self) -> None:
        """The same; there will be no more."""
        ...

    def runs(self, count: int) -> dict[str, dict[str, Runs]]:
        """The first ``count`` replications, by role (`ROLES`) and scenario."""
        ...


class Memory:
    """Keeps replications as long as the program runs."""

    def __init__(self, names: Sequence[str]) -> None:
        self.names = names
        self.replications = 0
        self.rows: dict[str, dict[str, list[Any]]] = {role: {} for role in ROLES}

    def add(self, outcome: Outcome) -> None:
        """Take in the next replication."""
        for role in ROLES:
            for name, row in getattr(outcome, role).items():
                self.rows[role].setdefault(name, []).append(row)
        self.replications += 1

    def flush(self) -> None:
        """Nothing to do."""

    def close(self) -> None:
        """Nothing to do."""

    def runs(self, count: int) -> dict[str, dict[str, Runs]]:
        """The first ``count`` replications, by role and scenario."""
        found: dict[str, dict[str, Runs]] = {
            role: {name: ListedRuns(rows[:count]) for name, rows in kept.items()}
            for role, kept in self.rows.items()
        }
        for name in self.names:
            found["summaries"].setdefault(name, ListedRuns())
        return found


# In a folder ----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Call:
    """What made a store: the public function, its scenarios in order, and its other arguments."""

    function: str
    scenarios: tuple[Scenario, ...]
    settings: dict[str, Any]


class Store:
    """The folder of an experiment.

    Parameters
    ----------
    folder : str or path
        Made if it does not exist.
    call : Call, optional
        What is run. Without it the folder must be a store, which is opened for reading only.

    Raises
    ------
    UsageError
        If the folder cannot be written to, or holds something else.
    """

    def __init__(self, folder: str | os.PathLike[str], call: Call | None = None) -> None:
        self.folder = Path(folder)
        self.manifest: dict[str, Any] = {}
        if (self.folder / MANIFEST).exists() or call is None:
            self.manifest = _read_manifest(self.folder)
        self.ensemble: Ensemble | None = None
        self.is_written = True
        self.reads_only = call is None
        if call is not None:
            self._begin(call)
            with _told(self.folder):
                try_to_write(next(each for each in (self.folder, *self.folder.parents) if each.exists()))

    @cached_property
    def connection(self) -> sqlite3.Connection:
        """Of the file of sums, for reading and writing."""
        if self.reads_only:
            return self.reader()
        with _told(self.folder):
            connection = sqlite3.connect(self.folder / RUNS)
            connection.execute("PRAGMA journal_mode=WAL")
            connection.execute("PRAGMA synchronous=NORMAL")
            connection.executescript(_TABLES)
        return connection

    def reader(self) -> sqlite3.Connection:
        """A connection to what is there, for reading."""
        return _read_only(self.folder / RUNS)

    def section(self, label: str, design: Design) -> Section:
        """The part of the store that keeps a design's replications.

        Raises
        ------
        UsageError
            If it holds replications of another design: the message says what differs.
        """
        known = self.manifest["sections"]
        wanted = identity(design)
        if label in known:
            _check_same(self.folder, known[label], wanted)
        known[label] = wanted | {"replications": design.replications}
        self.ensemble = design.ensemble
        self.is_written = False
        return Section(self, label)

    def write(self) -> None:
        """Write the manifest, if something in it is new: before the first replication of a section."""
        if not self.is_written and not self.reads_only:
            with _told(self.folder):
                self.folder.mkdir(parents=True, exist_ok=True)
                if self.ensemble is not None:
                    write_whole(self.folder / ENSEMBLE, self.ensemble.text())
                write_whole(self.folder / MANIFEST, as_json(_plain(self.manifest)))
            self.is_written = True

    def most(self, label: str) -> float:
        """Replications that a section can have: as many as are there, if the store is only read."""
        return self.counts().get(label, 0) if self.reads_only else math.inf

    def counts(self) -> dict[str, int]:
        """Finished replications by section, of those that were begun."""
        return {label: Section(self, label).replications for label in self.manifest["sections"]}

    def scenarios(self) -> list[Scenario]:
        """The scenarios of the call, as they were resolved when the store was made."""
        from blo_sim.scenario.load import from_tables

        return [
            from_tables(
                each["name"], each["tables"], bundled=each["bundled"], file=str(self.folder / MANIFEST)
            )
            for each in self.manifest["call"]["scenarios"]
        ]

    def _begin(self, call: Call) -> None:
        content = {
            "function": call.function,
            "scenarios": [
                {"name": each.name, "sha256": each.sha256, "bundled": each.bundled, "tables": each.tables}
                for each in call.scenarios
            ],
            "settings": call.settings,
        }
        if self.manifest:
            before = self.manifest["call"]["function"]
            if before != call.function:
                raise UsageError(
                    f"--out {self.folder}: holds what {before} made, not {call.function}; choose another "
                    "folder"
                )
            self.manifest["call"] = content
            return
        self.manifest = {
            "format": FORMAT,
            "call": content,
            "sections": {},
            "environment": environment(),
        }

    def close(self) -> None:
        """Let go of the file."""
        connection = self.__dict__.pop("connection", None)
        if connection is not None:
            # So that it can be read even from a folder that cannot be written to; while others read, or on a
            # full disk, it stays as it is, which loses nothing.
            with suppress(sqlite3.Error):
                connection.execute("PRAGMA journal_mode=DELETE")
            connection.close()


@dataclass(frozen=True)
class Place:
    """A named section of a store, for an experiment that is a part of another."""

    store: Store
    label: str


Kept = str | os.PathLike[str] | Place | Store
"""Where the public functions keep replications."""


def keeper_for(kept: Kept | None, design: Design, call: Call) -> Keeper | None:
    """Where a design's replications are kept; None for in memory."""
    if kept is None:
        return None
    if isinstance(kept, Place):
        return kept.store.section(kept.label, design)
    if isinstance(kept, Store):
        return kept.section(WHOLE, design)
    return Store(kept, call).section(WHOLE, design)


class Section:
    """The replications of one design in a store."""

    def __init__(self, store: Store, label: str) -> None:
        self.store, self.label = store, label
        self.waiting: list[Outcome] = []
        self.written = time.monotonic()
        self.replications = self._count()

    def add(self, outcome: Outcome) -> None:
        """Take in the next replication; it is committed within a second or two."""
        self.waiting.append(outcome)
        self.replications += 1
        late = time.monotonic() - self.written > SECONDS_BETWEEN_COMMITS
        if late or len(self.waiting) >= SEGMENT:
            self.flush()

    def flush(self) -> None:
        """Commit what was taken in."""
        if self.waiting:
            first = self.replications - len(self.waiting)
            data = zlib.compress(json.dumps([_as_json(each) for each in self.waiting]).encode())
            self.store.write()
            with _told(self.store.folder), self.store.connection as connection:
                connection.execute(
                    "INSERT INTO recent VALUES (?, ?, ?, ?)", (self.label, first, len(self.waiting), data)
                )
                self._turn_into_columns(connection)
            self.waiting = []
        self.written = time.monotonic()

    def close(self) -> None:
        """Commit what was taken in; there will be no more."""
        self.flush()
        self.store.close()

    def runs(self, count: int) -> dict[str, dict[str, Runs]]:
        """The first ``count`` replications, by role and scenario."""
        return stored_runs(self.store.reader(), self.label, count)

    def _count(self) -> int:
        found = 0
        if not (self.store.folder / RUNS).exists():
            return found
        for table in ("recent", "columns"):
            (last,) = self.store.connection.execute(
                f"SELECT max(first + count) FROM {table} WHERE section = ?", (self.label,)
            ).fetchone()
            found = max(found, last or 0)
        return found

    def _turn_into_columns(self, connection: sqlite3.Connection) -> None:
        rows = connection.execute(
            "SELECT first, count, data FROM recent WHERE section = ? ORDER BY first", (self.label,)
        ).fetchall()
        total = sum(count for _, count, _ in rows)
        if total < SEGMENT:
            return
        outcomes = [each for _, _, data in rows for each in _decoded(data)]
        for (role, scenario, name, key), values in _columns(outcomes).items():
            connection.execute(
                "INSERT INTO columns VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                (self.label, role, scenario, name, key, rows[0][0], total, packed(values)),
            )
        connection.execute("DELETE FROM recent WHERE section = ?", (self.label,))


class StoredRuns:
    """Replications of one world, or pair, in a store; see `blo_sim.results.runs.Runs`."""

    def __init__(
        self, connection: sqlite3.Connection, place: tuple[str, str, str], count: int, recent: Recent
    ) -> None:
        self.connection, self.place, self.count, self.recent = connection, place, count, recent

    def __len__(self) -> int:
        return self.count

    def keys(self, table: str) -> set[Key]:
        """Keys of a table that any replication has."""
        found = {
            _key(text)
            for (text,) in self.connection.execute(
                "SELECT DISTINCT key FROM columns "
                "WHERE section = ? AND role = ? AND scenario = ? AND name = ?",
                (*self.place, table),
            )
        }
        return found | self.recent.keys(self.place[1:], table)

    def column(self, table: str, key: Key) -> list[int]:
        """One value a replication; 0 where it has no such key."""
        values = [0] * self.count
        rows = self.connection.execute(
            "SELECT first, data FROM columns "
            "WHERE section = ? AND role = ? AND scenario = ? AND name = ? AND key = ?",
            (*self.place, table, _text(key)),
        )
        for first, data in rows:
            part = unpacked(data)[: max(0, self.count - first)]
            values[first : first + len(part)] = part
        for replication, value in self.recent.values(self.place[1:], table, key):
            if replication < self.count:
                values[replication] = value
        return values


class Recent:
    """Replications that are not yet columns, fewer than `SEGMENT`."""

    def __init__(self, first: int, outcomes: list[dict[str, Any]]) -> None:
        self.first = first
        self.outcomes = outcomes

    def keys(self, place: tuple[str, ...], table: str) -> set[Key]:
        """Keys that any of them has."""
        return {key for rows in self._tables(place, table) for key in rows}

    def values(self, place: tuple[str, ...], table: str, key: Key) -> Iterator[tuple[int, int]]:
        """Replications that have a key, with its value."""
        for number, rows in enumerate(self._tables(place, table)):
            if key in rows:
                yield self.first + number, rows[key]

    def names(self, role: str) -> set[str]:
        """Scenarios of a role."""
        return {name for each in self.outcomes for name in each[role]}

    def _tables(self, place: tuple[str, ...], table: str) -> Iterator[dict[Key, int]]:
        role, scenario = place
        for each in self.outcomes:
            yield each[role].get(scenario, {}).get(table, {})


def stored_runs(connection: sqlite3.Connection, label: str, count: int) -> dict[str, dict[str, Runs]]:
    """The first ``count`` replications of a section, by role and scenario."""
    rows = connection.execute(
        "SELECT first, data FROM recent WHERE section = ? ORDER BY first", (label,)
    ).fetchall()
    recent = Recent(rows[0][0] if rows else 0, [each for _, data in rows for each in _decoded(data)])
    found: dict[str, dict[str, Runs]] = {}
    for role in ROLES:
        names = {
            name
            for (name,) in connection.execute(
                "SELECT DISTINCT scenario FROM columns WHERE section = ? AND role = ?", (label, role)
            )
        }
        found[role] = {
            name: StoredRuns(connection, (label, role, name), count, recent)
            for name in sorted(names | recent.names(role))
        }
    return found


def _read_only(path: Path) -> sqlite3.Connection:
    """A connection that writes nothing, not even beside the file where its folder cannot be written to."""
    with _told(path.parent):
        for mode in ("mode=ro", "immutable=1"):
            connection = sqlite3.connect(f"{path.resolve().as_uri()}?{mode}", uri=True)
            try:
                connection.execute("SELECT 1 FROM recent LIMIT 1").fetchall()
            except sqlite3.OperationalError:
                connection.close()
                continue
            return connection
    raise UsageError(f"{path}: cannot be read; name a folder that --out made")


# What is kept ---------------------------------------------------------------------------------------


def identity(design: Design) -> dict[str, Any]:
    """What makes a replication of a design what it is (`IDENTITY`)."""
    from blo_sim import __version__

    return {
        "version": __version__,
        "seed": design.seed,
        "days": design.days,
        "clock": design.clock,
        "estimator": design.estimator,
        "behaviour": design.behaviour,
        "parameters": CENTRAL if design.ensemble is None else f"{PLAUSIBLE} {design.ensemble.digest}",
        "scenarios": {name: each.sha256 for name, each in zip(design.names, design.scenarios, strict=True)},
        "alternatives": list(design.alternatives),
    }


def environment() -> dict[str, Any]:
    """What an experiment was begun on."""
    return {
        "python": platform.python_version(),
        "system": f"{platform.system()} {platform.machine()}",
        **{name: _version_of(name) for name in _PACKAGES},
    }


def _version_of(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def _check_same(folder: Path, known: Mapping[str, Any], wanted: Mapping[str, Any]) -> None:
    for name in IDENTITY:
        if known[name] == wanted[name]:
            continue
        if name == "scenarios":
            said = _differing(known[name], wanted[name])
        else:
            said = f"{name} {_said(known[name])}, not {_said(wanted[name])}"
        raise UsageError(f"--out {folder}: holds an experiment with {said}; choose another folder")


def _differing(known: Mapping[str, str], wanted: Mapping[str, str]) -> str:
    if list(known) != list(wanted):
        return f"the scenarios {', '.join(known)}, not {', '.join(wanted)}"
    changed = [name for name in known if known[name] != wanted[name]]
    return f"another content of {', '.join(changed)}"


def _said(value: Any) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)


def _read_manifest(folder: Path) -> dict[str, Any]:
    path = folder / MANIFEST
    try:
        content: dict[str, Any] = _restored(json.loads(path.read_text(encoding="utf-8")))
    except FileNotFoundError:
        raise UsageError(f"{folder}: there is no {MANIFEST}; name a folder that --out made") from None
    except (OSError, ValueError) as error:
        raise UsageError(f"{path}: cannot be read ({error}); name a folder that --out made") from None
    if content.get("format") != FORMAT:
        raise UsageError(
            f"{path}: format is {content.get('format')!r}; this version reads {FORMAT}: use the one that "
            "made it"
        )
    return content


@contextmanager
def _told(folder: Path) -> Iterator[None]:
    """Errors of the disk as ours."""
    try:
        yield
    except OSError as error:
        reason = error.strerror or str(error)
        raise UsageError(
            f"--out {folder}: cannot write there ({reason}); give a folder that can be written to"
        ) from error
    except sqlite3.Error as error:
        raise SimulationError(
            f"{folder / RUNS}: {error}; what was committed before is still there, and `blo-sim resume "
            f"{folder}` goes on from it"
        ) from error


def _as_json(outcome: Outcome) -> dict[str, Any]:
    return {
        role: {name: _tables_of(row) for name, row in getattr(outcome, role).items()} for role in ROLES
    }


def _tables_of(row: Summary | Pair) -> dict[str, Any]:
    return {
        each.name: [[key, value] for key, value in getattr(row, each.name).items()]
        for each in fields(row)
        if isinstance(getattr(row, each.name), dict)
    }


def _decoded(data: bytes) -> list[dict[str, Any]]:
    """Outcomes as role, scenario, table and key to value."""
    return [
        {
            role: {
                scenario: {
                    table: {_tuple(key): value for key, value in rows} for table, rows in tables.items()
                }
                for scenario, tables in worlds.items()
            }
            for role, worlds in outcome.items()
        }
        for outcome in json.loads(zlib.decompress(data))
    ]


def _columns(outcomes: Sequence[dict[str, Any]]) -> dict[tuple[str, str, str, str], list[int]]:
    found: dict[tuple[str, str, str, str], list[int]] = {}
    for number, outcome in enumerate(outcomes):
        for role, worlds in outcome.items():
            for scenario, tables in worlds.items():
                for table, rows in tables.items():
                    for key, value in rows.items():
                        place = role, scenario, table, _text(key)
                        column = found.get(place)
                        if column is None:
                            column = found[place] = [0] * len(outcomes)
                        column[number] = value
    return found


def _text(key: Key) -> str:
    return json.dumps(key)


def _key(text: str) -> Key:
    return _tuple(json.loads(text))


def _tuple(key: Any) -> Key:
    return tuple(key) if isinstance(key, list) else key


def _plain(node: Any) -> Any:
    """A tree that JSON can have: a date as ``{"date": "2013-10-22"}``."""
    if isinstance(node, Mapping):
        return {key: _plain(value) for key, value in node.items()}
    if isinstance(node, list | tuple):
        return [_plain(value) for value in node]
    return {"date": node.isoformat()} if hasattr(node, "isoformat") else node


def _restored(node: Any) -> Any:
    import datetime as dt

    if isinstance(node, dict):
        if set(node) == {"date"} and isinstance(node["date"], str):
            return dt.date.fromisoformat(node["date"])
        return {key: _restored(value) for key, value in node.items()}
    return [_restored(value) for value in node] if isinstance(node, list) else node
