"""From the merged tables to a `ScenarioModel`, with pydantic's complaints in plain words."""

from __future__ import annotations

import copy
from typing import Any

from pydantic import ValidationError

from blo_sim.errors import Problem
from blo_sim.scenario.keys import keys_of, kind_at, table_of
from blo_sim.scenario.layers import Origins
from blo_sim.scenario.lines import Key, label_of
from blo_sim.scenario.names import shown, suggestion
from blo_sim.scenario.schema import ScenarioModel

UNKNOWN_KEY = "extra_forbidden"
_LIMITS = {
    "greater_than": ("greater than", "gt"),
    "greater_than_equal": ("at least", "ge"),
    "less_than": ("less than", "lt"),
    "less_than_equal": ("at most", "le"),
}
_KINDS = {
    "int_type": "a whole number",
    "int_from_float": "a whole number",
    "float_type": "a number",
    "string_type": "text in quotes",
    "bool_type": "true or false",
    "list_type": "an array in [ ]",
    "tuple_type": "an array in [ ]",
    "dict_type": "a table of keys and values",
    "model_type": "a table of keys and values",
    "model_attributes_type": "a table of keys and values",
    "date_type": "a date such as 2013-10-22, without quotes",
    "finite_number": "a finite number",
}
_PATTERNS = {
    "A-Z": "two capital letters, such as TJ",
    "a-z": "an id: lower-case letters, digits, '.', '_' and '-', a letter or digit first",
}


def validate(tree: dict[str, Any], origins: Origins) -> tuple[ScenarioModel | None, set[str], list[Problem]]:
    """Validate a merged scenario.

    Returns
    -------
    model, used, problems
        The model, also where unknown keys are all that is wrong (so that its references can be checked
        too), else None; the rows of ``[parameters]`` that values refer to; and what is wrong.
    """
    model, used, errors = _attempt(tree)
    problems = [_problem(error, tree, origins) for error in errors]
    unknown = [error for error in errors if error["type"] == UNKNOWN_KEY]
    if unknown and len(unknown) == len(errors):
        tree = copy.deepcopy(tree)
        for error in unknown:
            _drop(tree, error["loc"])
        model, used, _ = _attempt(tree)
    return model, used, problems


def _attempt(tree: dict[str, Any]) -> tuple[ScenarioModel | None, set[str], list[Any]]:
    parameters = tree.get("parameters", {})
    used: set[str] = set()
    context = {"parameters": parameters if isinstance(parameters, dict) else {}, "used": used}
    try:
        return ScenarioModel.model_validate(tree, context=context), used, []
    except ValidationError as error:
        errors = [item for item in error.errors(include_url=False) if _is_meant(item["loc"], tree)]
        return None, used, errors


def _drop(tree: Any, place: tuple[str | int, ...]) -> None:
    for step in place[:-1]:
        tree = tree[step]
    del tree[place[-1]]


def _is_meant(place: tuple[str | int, ...], tree: Any) -> bool:
    """Whether an error is about the reading that was meant, where a number or a table by mode may stand."""
    node: Any = tree
    for step in place:
        if _has(node, step):
            node = node[step]
        elif _is_reading(step):
            by_mode = isinstance(node, dict) and "value" not in node
            return str(step).startswith("dict") == by_mode
    return True


def _has(node: Any, step: str | int) -> bool:
    if isinstance(node, dict):
        return step in node
    return isinstance(node, list) and isinstance(step, int) and step < len(node)


def _is_reading(step: str | int) -> bool:
    """Whether pydantic put the name of one side of a union into an error's place."""
    return isinstance(step, str) and "[" in step


def _problem(error: Any, tree: dict[str, Any], origins: Origins) -> Problem:
    key: list[str | int] = []
    node: Any = tree
    for step in error["loc"]:
        if _has(node, step):
            node = node[step]
            key.append(label_of(node, step) if isinstance(step, int) else step)
        elif not _is_reading(step):
            key.append(step)
            node = None
    return origins.problem(tuple(key), _message(error, tuple(key)))


def _message(error: Any, key: Key) -> str:
    kind, value, context = error["type"], error["input"], error.get("ctx", {})
    if kind == "missing" and isinstance(key[-1], int):
        return f"has {key[-1]} items, must have more"
    if kind == "missing":
        return "this key is missing"
    if kind == UNKNOWN_KEY:
        table = table_of(kind_at(ScenarioModel, key[:-1]))
        return "unknown key" + (suggestion(str(key[-1]), keys_of(table)) if table else "")
    if kind == "value_error":
        return str(context["error"])
    if kind in _LIMITS:
        words, limit = _LIMITS[kind]
        return f"{shown(value)} must be {words} {context[limit]:g}"
    if kind in _KINDS:
        return f"{shown(value)} must be {_KINDS[kind]}"
    if kind == "literal_error":
        allowed = context["expected"]
        return f"{shown(value)} must be {allowed}{_near_literal(value, allowed)}"
    if kind == "string_pattern_mismatch":
        meaning = next(words for part, words in _PATTERNS.items() if part in context["pattern"])
        return f"{shown(value)} must be {meaning}"
    if kind in ("too_short", "too_long"):
        length = context.get("min_length") if kind == "too_short" else context.get("max_length")
        bound = "at least" if kind == "too_short" else "at most"
        return f"has {context['actual_length']} items, must have {bound} {length}"
    return f"{shown(value)}: {error['msg'][:1].lower()}{error['msg'][1:]}"


def _near_literal(value: Any, allowed: str) -> str:
    options = [part.strip("'") for part in allowed.replace(" or ", ", ").split(", ")]
    hint = suggestion(value, options) if isinstance(value, str) else ""
    return hint if "did you mean" in hint else ""
