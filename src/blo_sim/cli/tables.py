"""Plain text that lines up: tables, and numbers as a planner reads them."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from typing import Any

WIDTH = 110
WITHIN_NOISE = "within noise"
UNDEFINED = "-"
LARGEST_FACTOR = 10_000


def table(columns: Sequence[str], rows: Sequence[Sequence[str]], *, left: int = 1) -> str:
    """Aligned columns under a rule; the first ``left`` to the left, the others to the right."""
    widths = [max(len(column), *(len(row[i]) for row in rows)) for i, column in enumerate(columns)]
    lines = [columns, ["-" * width for width in widths], *rows]
    return "\n".join(_line(line, widths, left) for line in lines)


def section(title: str, body: str) -> str:
    """A titled part of a report."""
    return f"{title}\n{body}"


def paragraph(text: str) -> str:
    """Text wrapped to the width of a report."""
    return textwrap.fill(text, WIDTH, break_long_words=False, break_on_hyphens=False)


def amount(number: float | None) -> str:
    """A number with as many digits as matter; only an exact zero is plain ``0``."""
    if number is None:
        return UNDEFINED
    size = abs(number)
    if size == 0:
        return "0"
    if size >= 100:
        return f"{number:,.0f}"
    return f"{number:.1f}" if size >= 10 else f"{number:.2f}" if size >= 0.1 else f"{number:.3f}"


def signed(number: float | None) -> str:
    """A difference, with its sign."""
    text = amount(number)
    return f"+{text}" if number is not None and number > 0 else text


def factor(number: float | None) -> str:
    """A ratio that may be huge."""
    return f"over {LARGEST_FACTOR:,}" if number is not None and number > LARGEST_FACTOR else amount(number)


def percent(share: float | None) -> str:
    """A share in per cent."""
    return UNDEFINED if share is None else f"{amount(100 * share)} %"


def points(share: float | None) -> str:
    """A difference of shares in percentage points."""
    return UNDEFINED if share is None else signed(100 * share)


def within_noise(entry: dict[str, Any]) -> bool:
    """Whether plausible worlds differ by no more than noise does, so that their range is a point."""
    plausible, interval = entry.get("plausible"), entry["mc_ci"]
    return plausible is not None and interval is not None and plausible[0] == plausible[1]


def interval(entry: dict[str, Any], scale: float = 1.0, of: str = "mc_ci") -> str:
    """An interval of an entry: Monte Carlo, its ``plausible`` range, or that of the mean over all worlds."""
    if entry[of] is None:
        return UNDEFINED
    if of == "plausible" and within_noise(entry):
        return WITHIN_NOISE
    low, high = entry[of]
    return f"{amount(scale * low)} to {amount(scale * high)}"


def _line(cells: Sequence[str], widths: Sequence[int], left: int) -> str:
    parts = [
        cell.ljust(width) if i < left else cell.rjust(width)
        for i, (cell, width) in enumerate(zip(cells, widths, strict=True))
    ]
    return "  ".join(parts).rstrip()
