"""The parameter table of ``docs/assumptions.md``, written from the scenario itself.

Renew it with ``python tests/data/render_assumptions.py``.
"""

from __future__ import annotations

import csv
import tomllib
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "assumptions.md"
EVIDENCE = ROOT / "docs" / "evidence.csv"
BASELINE = ROOT / "scenarios" / "k22-baseline.toml"
EXTENSION = ROOT / "scenarios" / "k22-extension.toml"
TEAMS = ROOT / "scenarios" / "k22-teams.toml"
BEGIN = "<!-- parameters: begin, written by tests/data/render_assumptions.py -->"
END = "<!-- parameters: end -->"


def evidence() -> dict[str, dict[str, str]]:
    """Rows of ``docs/evidence.csv`` by id."""
    with EVIDENCE.open(encoding="utf-8", newline="") as file:
        return {row["id"]: row for row in csv.DictReader(file)}


def parameter_table(parameters: dict[str, dict[str, Any]], rows: dict[str, dict[str, str]]) -> str:
    """Markdown table of ``[parameters]``: value, grade, range, and reason or evidence row."""
    lines = ["| parameter | value | grade | range | reason or evidence |", "|---|---|---|---|---|"]
    for name, entry in parameters.items():
        span = "-"
        if "range" in entry:
            low, high = entry["range"]
            span = f"{low:g} to {high:g}" + (", log" if entry.get("scale") == "log" else "")
        why = entry.get("reason", "")
        if "source" in entry:
            why = f"{entry['source']}: {rows[entry['source']]['figure']}"
        lines.append(f"| `{name}` | {entry['value']:g} | {entry['grade']} | {span} | {why} |")
    return "\n".join(lines)


def with_table(page: str, table: str) -> str:
    """``page`` with the text between the two markers replaced by ``table``."""
    head, rest = page.split(BEGIN)
    tail = rest.split(END)[1]
    return f"{head}{BEGIN}\n\n{table}\n\n{END}{tail}"


def renewed() -> str:
    """What the page should read now."""
    parameters: dict[str, dict[str, Any]] = {}
    for path in (BASELINE, EXTENSION, TEAMS):
        parameters |= tomllib.loads(path.read_text(encoding="utf-8"))["parameters"]
    return with_table(PAGE.read_text(encoding="utf-8"), parameter_table(parameters, evidence()))


if __name__ == "__main__":
    PAGE.write_text(renewed(), encoding="utf-8", newline="\n")
