"""Lessons: a question about two worlds, to be guessed before the map plays and answered by running them.

A lesson is a TOML file of ``lessons/``. Texts are tables by language. The answer is not in the file: it is
what the simulation gives, with its interval, and choices are ranges of it.
"""

from __future__ import annotations

import math
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from itertools import pairwise
from typing import Any

from blo_sim.errors import UsageError
from blo_sim.workshop import LANGUAGES

MOST_DAYS, MOST_REPLICATIONS = 180, 40
TEXTS = ("title", "text", "question", "explanation", "next")
"""Texts that every lesson has."""


@dataclass(frozen=True)
class Choice:
    """An answer to choose: right if the gain in per cent is at least ``low`` and less than ``high``."""

    text: Mapping[str, str]
    low: float
    high: float


@dataclass(frozen=True)
class Lesson:
    """One lesson.

    Attributes
    ----------
    id : str
        Name of its file.
    texts : mapping
        `TEXTS`, each by language.
    worlds : tuple of (str, tuple of str)
        The baseline and the alternative: a bundled scenario and its overrides.
    measure : str
        ``intercepted`` or ``kept``: what the alternative gains, in per cent of what the baseline intercepts.
    choices : tuple of Choice
        Empty if a number is to be guessed.
    days, replications : int
    """

    id: str
    texts: Mapping[str, Mapping[str, str]]
    worlds: tuple[tuple[str, tuple[str, ...]], tuple[str, tuple[str, ...]]]
    measure: str
    choices: tuple[Choice, ...]
    days: int
    replications: int

    def shown(self) -> dict[str, Any]:
        """What the page needs."""
        return {
            "id": self.id,
            **self.texts,
            "worlds": [{"scenario": name, "set": list(overrides)} for name, overrides in self.worlds],
            "measure": self.measure,
            "choices": [
                {"text": each.text, "low": _finite(each.low), "high": _finite(each.high)}
                for each in self.choices
            ],
            "days": self.days,
            "replications": self.replications,
        }


def _finite(bound: float) -> float | None:
    return bound if math.isfinite(bound) else None


@cache
def lessons() -> tuple[Lesson, ...]:
    """The lessons that come with the program, in the order of their files."""
    folder = files("blo_sim.workshop").joinpath("lessons")
    found = {each.name: each for each in folder.iterdir() if each.name.endswith(".toml")}
    return tuple(read_lesson(name, found[name].read_text(encoding="utf-8")) for name in sorted(found))


def read_lesson(file: str, text: str) -> Lesson:
    """A lesson from its file.

    Raises
    ------
    UsageError
        If something in it is missing or wrong; the message names file, key and what would be right.
    """
    try:
        tree = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise UsageError(f"{file}: not TOML: {error}") from error
    read = _Reader(file, tree)
    return Lesson(
        id=file.removesuffix(".toml").partition("-")[2] or file.removesuffix(".toml"),
        texts={name: read.text(name) for name in TEXTS},
        worlds=(read.world("baseline"), read.world("alternative")),
        measure=read.one_of("measure", ("intercepted", "kept")),
        choices=read.choices(),
        days=read.number("days", MOST_DAYS),
        replications=read.number("replications", MOST_REPLICATIONS),
    )


class _Reader:
    def __init__(self, file: str, tree: dict[str, Any]) -> None:
        self.file, self.tree = file, tree
        known = {*TEXTS, "baseline", "alternative", "measure", "choices", "days", "replications"}
        for name in tree:
            if name not in known:
                raise self.fault(name, f"is no key of a lesson; there are {', '.join(sorted(known))}")

    def fault(self, key: str, message: str) -> UsageError:
        return UsageError(f"{self.file}: {key}: {message}")

    def text(self, name: str, tree: Any = None, key: str = "") -> dict[str, str]:
        found = (self.tree if tree is None else tree).get(name)
        key = key or name
        if not isinstance(found, dict) or not all(isinstance(found.get(each), str) for each in LANGUAGES):
            raise self.fault(key, f"must be a table with texts {', '.join(LANGUAGES)}")
        return {each: found[each].strip() for each in LANGUAGES}

    def world(self, name: str) -> tuple[str, tuple[str, ...]]:
        found = self.tree.get(name)
        if not isinstance(found, dict) or not isinstance(found.get("scenario"), str):
            raise self.fault(name, 'must be a table with scenario = "NAME", and perhaps set = ["KEY=VALUE"]')
        return found["scenario"], tuple(map(str, found.get("set", [])))

    def one_of(self, name: str, allowed: tuple[str, ...]) -> str:
        found = self.tree.get(name)
        if found not in allowed:
            raise self.fault(name, f"is {found!r}; must be one of {', '.join(allowed)}")
        return str(found)

    def number(self, name: str, most: int) -> int:
        found = self.tree.get(name)
        if not isinstance(found, int) or isinstance(found, bool) or not 1 <= found <= most:
            raise self.fault(name, f"is {found!r}; must be a whole number from 1 to {most}")
        return found

    def choices(self) -> tuple[Choice, ...]:
        found = []
        for number, each in enumerate(self.tree.get("choices", []), start=1):
            key = f"choices[{number}]"
            low, high = float(each.get("low", "-inf")), float(each.get("high", "inf"))
            if not low < high:
                raise self.fault(key, f"low is {low:g}, high is {high:g}; low must be less")
            found.append(Choice(self.text("text", each, f"{key}.text"), low, high))
        ordered = sorted(found, key=lambda choice: choice.low)
        for one, other in pairwise(ordered):
            if one.high != other.low:
                raise self.fault("choices", f"{one.high:g} and {other.low:g} must be equal, to leave no gap")
        if ordered and (ordered[0].low, ordered[-1].high) != (float("-inf"), float("inf")):
            raise self.fault("choices", "the lowest must have no low and the highest no high")
        return tuple(found)
