"""How smoothly a film plays: ``python -m benchmarks.player``.

Films with 300 and 1,000 loads that all move all the time over the region's map, in one world, in headless
Chromium (Debian's, or the one that ``BLO_SIM_CHROMIUM`` names); frames a second as the page itself counts
them over some seconds, and the time from opening the file to the first picture. Headless Chromium draws by
the processor: a laptop's graphics are quicker. Needs playwright.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import shutil
import statistics
import sys
import tempfile
from pathlib import Path
from typing import Any

from benchmarks.machine import in_words, machine
from blo_sim.experiment.design import make_design
from blo_sim.workshop.film import filmed
from blo_sim.workshop.replay import page

DOTS = (300, 1000)
HOURS = 480
SEED = 20131022
COUNT = """(seconds) => new Promise((done) => {
  let frames = 0;
  const begun = performance.now();
  const count = (now) => {
    frames += 1;
    if (now - begun < 1000 * seconds) requestAnimationFrame(count);
    else done(1000 * frames / (now - begun));
  };
  requestAnimationFrame(count);
})"""
DRAWN = """() => performance.getEntriesByName("first-contentful-paint")[0].startTime"""


def main(arguments: list[str] | None = None) -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.player")
    parser.add_argument("--format", choices=("table", "json"), default="table")
    parser.add_argument("--rounds", type=int, default=3, help="of each film (default 3)")
    parser.add_argument("--seconds", type=float, default=4.0, help="of play a round (default 4)")
    options = parser.parse_args(arguments)
    if options.rounds < 1 or options.seconds <= 0:
        parser.error("--rounds must be at least 1, --seconds above 0")
    chromium = os.environ.get("BLO_SIM_CHROMIUM") or shutil.which("chromium")
    if chromium is None:
        parser.error("there is no chromium on this machine")
    films = measured(chromium, options.rounds, options.seconds)
    document = {"machine": machine("playwright"), "films": films}
    print(json.dumps(document, indent=2) if options.format == "json" else table(document))
    return 0


def measured(chromium: str, rounds: int, seconds: float) -> list[dict[str, Any]]:
    """A row for each number of dots; the films alternate."""
    from playwright.sync_api import sync_playwright

    found: dict[int, list[tuple[float, float]]] = {dots: [] for dots in DOTS}
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as player:
        files = {dots: Path(folder) / f"{dots}.html" for dots in DOTS}
        for dots, path in files.items():
            path.write_text(page(document_of(dots)), encoding="utf-8")
        browser = player.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        for _ in range(rounds):
            for dots, path in files.items():
                view = browser.new_page(viewport={"width": 1280, "height": 800})
                view.goto(path.as_uri())
                view.click("#play")
                rate = view.evaluate(COUNT, seconds)
                found[dots].append((rate, view.evaluate(DRAWN)))
                view.close()
        browser.close()
    return [
        {
            "dots": dots,
            "frames_a_second": statistics.median(rate for rate, _ in rows),
            "first_picture_ms": statistics.median(first for _, first in rows),
        }
        for dots, rows in found.items()
    ]


def document_of(dots: int) -> dict[str, Any]:
    """The region's map with so many loads that go to and fro between its points all the time."""
    design = make_design(["k22-baseline"], replications=1, days=HOURS // 24, seed=SEED, behaviour="fixed")
    world = design.worlds[0]
    shot = filmed(design, 0, 0)
    draw = random.Random(SEED)
    points = range(len(shot["points"]))
    template = shot["loads"][0]
    shot["loads"] = [
        {
            **template,
            "id": f"dot:{number}",
            "end": "delivered",
            "story": [],
            "track": [part for hour in range(0, HOURS + 1, 20) for part in (hour, draw.choice(points))],
        }
        for number in range(dots)
    ]
    return {
        "version": "benchmark",
        "language": "en",
        "seed": SEED,
        "replication": 0,
        "behaviour": "fixed",
        "place": world.place,
        "first_day": "2013-01-01",
        "days": HOURS // 24,
        "hours": HOURS,
        "worlds": [shot],
        "run": {"name": "dots", "value": 0.0, "runs": 1, "less": 0.0, "mean": 0.0, "interval": None},
    }


def table(document: dict[str, Any]) -> str:
    """The figures for people."""
    head = f"{'dots':>6} {'frames a second':>16} {'first picture, ms':>18}"
    lines = [in_words(document["machine"]), "", head]
    lines += [
        f"{row['dots']:6,} {row['frames_a_second']:16.1f} {row['first_picture_ms']:18.0f}"
        for row in document["films"]
    ]
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
