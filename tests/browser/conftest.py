"""A headless Chromium: Debian's, or the one that ``BLO_SIM_CHROMIUM`` names."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from waiting import PATIENCE


@dataclass
class Watched:
    """A page, what it asked for, and what it complained about."""

    page: Any
    requests: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    sync = pytest.importorskip("playwright.sync_api")
    path = os.environ.get("BLO_SIM_CHROMIUM") or shutil.which("chromium")
    if path is None:
        pytest.skip("there is no chromium on this machine")
    with sync.sync_playwright() as player:
        started = player.chromium.launch(
            executable_path=path, args=["--no-sandbox", "--disable-background-networking"]
        )
        yield started
        started.close()


@pytest.fixture
def watched(browser: Any) -> Iterator[Watched]:
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    found = Watched(context.new_page())
    found.page.set_default_timeout(1000 * PATIENCE)
    found.page.on("request", lambda request: found.requests.append(request.url))
    found.page.on(
        "console",
        lambda said: found.complaints.append(said.text) if said.type in ("error", "warning") else None,
    )
    found.page.on("pageerror", lambda error: found.complaints.append(str(error)))
    yield found
    context.close()
