"""How messages show a value and suggest a name."""

from __future__ import annotations

import datetime as dt
import difflib
from collections.abc import Iterable
from typing import Any

LONGEST_LIST = 12
"""Names that a message lists when none is near."""
LONGEST_VALUE = 60


def nearest(name: str, options: Iterable[str]) -> str | None:
    """The option that looks most like ``name``, else one that starts with the same word, if any does.

    The same word is enough because keys end in their unit, and a wrong unit is a common mistake.
    """
    known = list(options)
    by_lower = {option.lower(): option for option in known}
    near = difflib.get_close_matches(name.lower(), by_lower, n=1)
    if near:
        return by_lower[near[0]]
    stem = name.lower().partition("_")[0]
    return next((option for option in known if option.lower().startswith(f"{stem}_")), None)


def suggestion(name: str, options: Iterable[str]) -> str:
    """The end of a message about an unknown name: the nearest one, else those there are."""
    known = sorted(options)
    near = nearest(name, known)
    if near is not None:
        return f"; did you mean {near!r}?"
    if not known:
        return "; there are none"
    if len(known) <= LONGEST_LIST:
        return f"; allowed: {', '.join(known)}"
    return ""


def shown(value: Any) -> str:
    """A value as a scenario file would write it, cut off where it is long."""
    if isinstance(value, bool):
        text = str(value).lower()
    elif isinstance(value, dt.date | dt.time):
        text = value.isoformat()
    else:
        text = repr(value)
    return text if len(text) <= LONGEST_VALUE else f"{text[: LONGEST_VALUE - 2]}.."
