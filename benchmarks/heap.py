"""The queues of `heap.c`, compiled where the benchmark runs."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path


def compiled(folder: Path) -> Path | None:
    """The program in a folder; None if there is no C compiler."""
    compiler = shutil.which("cc") or shutil.which("gcc")
    if compiler is None:
        return None
    program, source = folder / "heap", Path(__file__).with_name("heap.c")
    subprocess.run([compiler, "-O3", "-o", program, source, "-lm"], check=True)
    return program


def run_heap(
    program: Path, queues: Sequence[tuple[int, float, float]], hours: float, seed: int
) -> tuple[float, list[int], list[float]]:
    """Seconds of process time, and customers and mean wait in hours of each queue.

    ``queues`` are servers, arrivals an hour and mean service in hours.
    """
    text = "".join(f"{servers} {arrivals!r} {service!r}\n" for servers, arrivals, service in queues)
    done = subprocess.run(
        [program, repr(hours), str(seed)], input=text, check=True, capture_output=True, text=True
    )
    seconds, *rows = done.stdout.splitlines()
    counts, waits = zip(*(row.split() for row in rows), strict=True)
    return float(seconds), [int(count) for count in counts], [float(wait) for wait in waits]
