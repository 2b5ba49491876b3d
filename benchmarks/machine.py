"""What a benchmark ran on, and how much memory it took."""

from __future__ import annotations

import contextlib
import math
import os
import platform
import sys
from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, version
from typing import Any

PACKAGES = ("simpy", "numba", "numpy")


def machine(*more: str) -> dict[str, Any]:
    """System, processor, and versions of Python and of packages that are installed."""
    found = {
        "system": f"{platform.system()} {platform.machine()}",
        "processor": _processor(),
        "cores": os.cpu_count(),
        "python": platform.python_version(),
    }
    for name in (*PACKAGES, *more):
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found


def in_words(content: Mapping[str, Any]) -> str:
    """The same in a line."""
    return ", ".join(f"{name} {value}" for name, value in content.items())


def peak_memory_mb(*, of_children: bool = False) -> float:
    """Largest memory of this process so far, or of one that it waited for, megabytes.

    nan where the system does not say. Linux hands what getrusage(2) calls the largest on from a parent to
    the program it starts, so a process asks for its own in proc(5), by `VmHWM`.
    """
    if not of_children:
        with contextlib.suppress(OSError, StopIteration), open("/proc/self/status") as status:
            return next(float(line.split()[1]) for line in status if line.startswith("VmHWM")) / 1024.0
    try:
        import resource
    except ImportError:
        return math.nan
    whose = resource.RUSAGE_CHILDREN if of_children else resource.RUSAGE_SELF
    peak = resource.getrusage(whose).ru_maxrss
    return peak / (1024.0 if sys.platform != "darwin" else 1024.0**2)


def _processor() -> str:
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as lines:
            return next(line.split(":", 1)[1].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        return platform.processor() or "unknown"
