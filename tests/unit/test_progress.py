"""The progress bar tells the truth about rate and time left."""

from __future__ import annotations

import sys

import pytest

from blo_sim.cli import progress
from blo_sim.cli.progress import Pace, progress_bar


@pytest.mark.parametrize(
    ("calls", "note"),
    [
        ([(0, 10, 0.0)], "starting"),
        ([(0, 10, 0.0), (2, 10, 6.0)], "3.0 s each, 24 s left"),
        ([(0, 1000, 0.0), (500, 1000, 5.0)], "100.0 a second, 5 s left"),
        ([(0, 1000, 0.0), (1, 1000, 60.0)], "60.0 s each, 16 h 39 min left"),
        ([(0, 100, 0.0), (50, 100, 600.0)], "12.0 s each, 10 min left"),
        ([(90, 100, 2.0), (95, 100, 10.0)], "2.0 s each, 10 s left"),
        ([(0, 4, 0.0), (4, 4, 8.0)], "2.0 s each, 8 s in all"),
        ([(0, 50, 0.0), (1, 50, 10.0), (2, 50, 10.5)], "5.2 s each, 4 min left"),
        ([(0, 50, 0.0), (1, 50, 10.0), (11, 50, 20.0)], "1.8 s each, 71 s left"),
        ([(0, 50, 0.0), (1, 50, 10.0), (26, 50, 35.0)], "1.0 a second, 24 s left"),
    ],
)
def test_rate_and_time_left_are_those_of_what_was_run(calls: list[tuple[int, int, float]], note: str) -> None:
    """One case goes on with a store: its ninety runs took no time here. At last, a slow start."""
    pace = Pace(0.0)
    assert [pace.note(*call) for call in calls][-1] == note


def test_the_bar_is_drawn_for_who_looks_and_not_too_often(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True, raising=False)
    clock = iter([0.0, 0.0, *(0.001 * each for each in range(1, 2000))])
    monkeypatch.setattr(progress.time, "monotonic", lambda: next(clock))
    with progress_bar(quiet=False) as draw:
        assert draw is not None
        for done in range(1001):
            draw(done, 1000)
    drawn = capsys.readouterr().err.split("\r")[1:]
    assert len(drawn) in range(8, 14)
    assert drawn[0].startswith("[" + "." * 40 + "] 0 of 1000 runs, starting")
    assert drawn[-1].startswith("[" + "#" * 40 + "] 1000 of 1000 runs, ")
    with progress_bar(quiet=True) as draw:
        assert draw is None
