"""Scenario files of small worlds, and the same without their liaison office ``blo-bridge``."""

from __future__ import annotations

from pathlib import Path

import pytest
from worlds import small_world, weighing_world


def written(path: Path, text: str) -> str:
    """Path of a new scenario file."""
    path.write_text(text, encoding="utf-8")
    return str(path)


@pytest.fixture
def small(tmp_path: Path) -> str:
    return written(tmp_path / "small.toml", small_world())


@pytest.fixture
def without(tmp_path: Path, small: str) -> str:
    return written(tmp_path / "without.toml", 'extends = "./small.toml"\nremove = ["blo-bridge"]\n')


@pytest.fixture
def weighing(tmp_path: Path) -> str:
    return written(tmp_path / "weighing.toml", weighing_world())


@pytest.fixture
def weighing_without(tmp_path: Path, weighing: str) -> str:
    return written(tmp_path / "unchanged.toml", 'extends = "./weighing.toml"\nremove = ["blo-bridge"]\n')
