"""The bundled scenarios: package data of a wheel, ``scenarios/`` of a checkout."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from pathlib import Path

from blo_sim.errors import UsageError


@dataclass(frozen=True, slots=True)
class BundledScenario:
    """A bundled scenario's name and title."""

    name: str
    title: str


def package_directory() -> Path:
    """Where the package is installed."""
    return Path(__file__).resolve().parents[1]


def directory() -> Path:
    """The folder of the bundled scenarios.

    Raises
    ------
    UsageError
        If the installation has lost it.
    """
    package = package_directory()
    packed = package / "_scenarios"
    if packed.is_dir():
        return packed
    for parent in package.parents:
        if (parent / "pyproject.toml").is_file() and (parent / "scenarios").is_dir():
            return parent / "scenarios"
    raise UsageError(f"no bundled scenarios beside {package}: install blo-sim again")


def names() -> list[str]:
    """Names of the bundled scenarios, sorted; one in a folder is called ``folder/stem``."""
    top = directory()
    return sorted(path.relative_to(top).with_suffix("").as_posix() for path in top.rglob("*.toml"))


def path_of(name: str) -> Path | None:
    """The file of a bundled scenario, or None."""
    return directory() / f"{name}.toml" if name in names() else None


def bundled_scenarios() -> list[BundledScenario]:
    """The bundled scenarios with their titles, in the order of their names."""
    return [BundledScenario(name, _title(directory() / f"{name}.toml")) for name in names()]


def _title(path: Path) -> str:
    """The title, from the lines above the first table where they can stand alone: files are long."""
    text = path.read_text(encoding="utf-8-sig")
    try:
        top = tomllib.loads(text.split("\n[", 1)[0])
    except tomllib.TOMLDecodeError:
        top = tomllib.loads(text)
    return str(top.get("title", ""))
