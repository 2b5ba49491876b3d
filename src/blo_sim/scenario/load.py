"""`load_scenario`: from a name to a checked `Scenario`, with every problem found on the way."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from blo_sim.errors import Problem, ScenarioError
from blo_sim.scenario import assumptions, references
from blo_sim.scenario.assumptions import Assumption
from blo_sim.scenario.layers import Layer, Origins, compose, is_path, read_layers
from blo_sim.scenario.lines import Key
from blo_sim.scenario.overrides import Refused, apply, resolve
from blo_sim.scenario.schema import ScenarioModel
from blo_sim.scenario.validation import validate

LABELS = frozenset({"title", "description", "name", "source", "reason", "grade", "parameters", "ensemble"})
"""Keys that change no result: they do not count for a scenario's digest."""
_PROSE = frozenset({"id", "name", "title", "description", "source", "reason", "grade", "scale"})


@dataclass(frozen=True)
class Scenario:
    """A scenario that was read, merged and found valid.

    Parameters
    ----------
    name : str
        The stem of its file.
    model : ScenarioModel
        Its tables, with plain numbers where the file has names and long forms.
    sha256 : str
        Digest of everything that can change a result: equal for equal content, whatever the title.
    assumptions : list of Assumption
        Its values with grade, source, reason and range.
    ungraded : list of str
        Keys of numbers that have no grade.
    bundled : bool
        Whether it comes with `blo_sim`.
    """

    name: str
    model: ScenarioModel
    sha256: str
    assumptions: list[Assumption]
    ungraded: list[str]
    bundled: bool
    tables: dict[str, Any] = field(repr=False, compare=False)
    origins: Origins = field(repr=False, compare=False)

    def problem(self, key: str, message: str) -> Problem:
        """A problem at a dotted key, with the file and line that set its value."""
        try:
            parts = resolve(self.tables, key)
        except Refused:
            parts = tuple(key.split("."))
        return self.origins.problem(parts, message)


def load_scenario(name_or_path: str | os.PathLike[str], overrides: Sequence[str] = ()) -> Scenario:
    """Read a scenario, merge the files that it extends, apply overrides and check the whole.

    Parameters
    ----------
    name_or_path : str or path
        A bundled name such as ``"k22-baseline"``, or the path of a ``.toml`` file.
    overrides : sequence of str
        ``KEY=VALUE`` each, addressed by dotted path: ``"offices.dostuk.opens=2014-11-01"``.

    Raises
    ------
    ScenarioError
        With every problem found: file, line, key, value, what is allowed, and the nearest name.

    Examples
    --------
    >>> load_scenario("k22-baseline", ["run.days=30"]).model.run.days
    30
    """
    name = os.fspath(name_or_path)
    layers = read_layers(name)
    tree, problems = compose(layers)
    tree, keys, refused = apply(tree, overrides)
    if refused:
        raise ScenarioError([*problems, *refused])
    origins = Origins(layers, tuple(keys))
    model, used, found = validate(tree, origins)
    faults = assumptions.form_faults(tree)
    if model is not None:
        faults += references.faults(model)
        faults += _unused(tree, used, layers if len(layers) > 1 or keys else ())
    problems += found + [origins.problem(key, message) for key, message in faults]
    if problems or model is None:
        raise ScenarioError(list(dict.fromkeys(problems)))
    noted, ungraded = assumptions.collect(tree)
    return Scenario(
        name=layers[-1].path.stem if is_path(name) else name,
        model=model,
        sha256=_digest(model, noted),
        assumptions=noted,
        ungraded=ungraded,
        bundled=not is_path(name),
        tables=tree,
        origins=origins,
    )


def load_scenarios(
    names_or_paths: Sequence[str | os.PathLike[str]], overrides: Sequence[str] = ()
) -> list[Scenario]:
    """Load scenarios that are run together; an override counts wherever its key exists.

    A baseline has no row for an office that only the alternative has: an override of that row leaves the
    baseline as it is.

    Raises
    ------
    ScenarioError
        As `load_scenario`, and if an override has its key in none of them.
    """
    if not overrides:
        return [load_scenario(name) for name in names_or_paths]
    trees = [compose(read_layers(os.fspath(name)))[0] for name in names_or_paths]
    homeless = [text for text in overrides if not any(_has_key(tree, text) for tree in trees)]
    if homeless:
        return [load_scenario(names_or_paths[0], homeless)]  # which says what is wrong with each
    return [
        load_scenario(name, [text for text in overrides if _has_key(tree, text)])
        for name, tree in zip(names_or_paths, trees, strict=True)
    ]


def rebuilt(scenario: Scenario, changes: Mapping[str, Any], name: str) -> Scenario:
    """A loaded scenario with other values at some top-level keys, checked again.

    Rows of ``[parameters]`` that nobody refers to any more are no fault here.

    Parameters
    ----------
    changes : mapping
        Top-level keys with what a file would hold there; ``scenario`` itself is not changed.
    name : str
        Name of the result, which counts as no bundled scenario.

    Raises
    ------
    ScenarioError
        If the result is not valid.
    """
    return _checked(name, {**scenario.tables, **changes}, scenario.origins, bundled=False)


def from_tables(name: str, tables: dict[str, Any], *, bundled: bool, file: str) -> Scenario:
    """A scenario from its merged tables, as `Scenario.tables` has them, checked again.

    Parameters
    ----------
    file : str
        Where the tables stand; messages name it.

    Raises
    ------
    ScenarioError
        If they are not valid.
    """
    return _checked(name, tables, Origins((Layer(file, Path(file), "", tables),)), bundled=bundled)


def _checked(name: str, tree: dict[str, Any], origins: Origins, *, bundled: bool) -> Scenario:
    model, _, problems = validate(tree, origins)
    if model is not None:
        problems += [origins.problem(key, message) for key, message in references.faults(model)]
    if problems or model is None:
        raise ScenarioError(list(dict.fromkeys(problems)))
    noted, ungraded = assumptions.collect(tree)
    return Scenario(name, model, _digest(model, noted), noted, ungraded, bundled, tree, origins)


def _has_key(tree: dict[str, Any], override: str) -> bool:
    try:
        resolve(tree, override.partition("=")[0].strip())
    except Refused:
        return False
    return True


def grade_problems(scenario: Scenario) -> list[Problem]:
    """Values whose source, reason or range is not what their grade asks for.

    ``seed``, ``published`` and ``derived`` need a source; ``judged`` needs a reason and a range. Numbers
    without any grade are in ``scenario.ungraded``.
    """
    faults = assumptions.grade_faults(scenario.tables)
    return [scenario.origins.problem(key, message) for key, message in faults]


def counts(scenario: Scenario) -> dict[str, int]:
    """Rows of the scenario by array, those that have some."""
    model = scenario.model
    names = ("crossings", "posts", "sectors", "units", "teams", "legs", "flows", "offices", "channels")
    return {name: len(getattr(model, name)) for name in names if getattr(model, name)}


def _unused(tree: dict[str, Any], used: set[str], layers: Sequence[Layer]) -> Iterator[tuple[Key, str]]:
    """Rows of ``[parameters]`` that nobody refers to.

    Where a child or an override replaced the last reference, the parent's row is not at fault: names that
    any layer refers to count as used.
    """
    parameters = tree.get("parameters", {})
    idle = [name for name in parameters if name not in used]
    if not idle:
        return
    mentioned = {text for layer in layers for text in _texts(layer.data)}
    for name in idle:
        if name not in mentioned:
            yield ("parameters", name), "this parameter is used nowhere"


def _texts(node: Any) -> Iterator[str]:
    """Strings that can be references."""
    if isinstance(node, str):
        yield node
    elif isinstance(node, list):
        for child in node:
            yield from _texts(child)
    elif isinstance(node, dict):
        for name, child in node.items():
            if name not in _PROSE:
                yield from _texts(child)


def _digest(model: ScenarioModel, noted: Sequence[Assumption]) -> str:
    # The order of keys counts: cumulative shares, and so draws, follow the order of the file.
    content = {
        "model": _content(model.model_dump(by_alias=True)),
        "ranges": [[row.key, row.range] for row in noted if row.range],
    }
    text = json.dumps(content, separators=(",", ":"), default=_as_text)
    return hashlib.sha256(text.encode()).hexdigest()


def _content(node: Any) -> Any:
    if isinstance(node, dict):
        return {name: _content(child) for name, child in node.items() if name not in LABELS}
    if isinstance(node, list | tuple):
        return [_content(child) for child in node]
    return node


def _as_text(value: object) -> str:
    if isinstance(value, dt.date):
        return value.isoformat()
    raise TypeError(f"{value!r} has no place in a scenario's digest")
