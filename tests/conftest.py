"""For all tests.

Where ``BLO_SIM_NO_SKIPS`` is set, as in ``.ci/run``, a test that skips itself fails. A replication takes two
to three times as long where it is traced for coverage, so that the folders in `UNTRACED` are not, nor are
single tests with the mark ``no_cover``; but kernels are where they run uncompiled, which is for their
coverage.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

UNTRACED = ("browser", "property", "region", "theory")
HERE = Path(__file__).parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    uncompiled = bool(os.environ.get("NUMBA_DISABLE_JIT"))
    for item in items:
        if not uncompiled and item.path.relative_to(HERE).parts[0] in UNTRACED:
            item.add_marker(pytest.mark.no_cover)


@pytest.hookimpl(wrapper=True, trylast=True)
def pytest_runtest_setup(item: pytest.Item) -> Generator[None, Any, Any]:
    """Nothing traces the fixtures that a test with ``no_cover`` is the first to need."""
    with untraced(item):
        return (yield)


@pytest.hookimpl(wrapper=True, trylast=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, Any, Any]:
    """Nothing traces a test with ``no_cover``.

    In a process of pytest-xdist, pytest-cov starts two tracers, one on the other, and pauses the upper one
    just before this.
    """
    with untraced(item):
        return (yield)


@contextmanager
def untraced(item: pytest.Item) -> Iterator[None]:
    """As it was, except for a test with ``no_cover``."""
    if item.get_closest_marker("no_cover") is None:
        yield
        return
    tracer = sys.gettrace()
    sys.settrace(None)
    try:
        yield
    finally:
        sys.settrace(tracer)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    # A test that is expected to fail is reported as skipped, too.
    if report.skipped and not hasattr(report, "wasxfail") and os.environ.get("BLO_SIM_NO_SKIPS"):
        report.outcome = "failed"
        report.longrepr = f"skipped, where nothing may be: {report.longrepr}"
    return report


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report(collector: pytest.Collector) -> Generator[None, Any, Any]:
    report = yield
    if report.outcome == "skipped" and os.environ.get("BLO_SIM_NO_SKIPS"):
        report.outcome = "failed"
        report.longrepr = f"skipped, where nothing may be: {report.longrepr}"
    return report
