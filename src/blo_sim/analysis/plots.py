"""Figures of studies, for reports and slides. They need matplotlib, which the extra ``[analysis]`` has."""

from __future__ import annotations

import os
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from blo_sim.errors import UsageError, needing

if TYPE_CHECKING:
    from blo_sim.analysis.warmup import Bias, WarmupResult

FORMATS = (".svg", ".png", ".pdf")
TITLES = {
    "intercepted_share": ("intercepted share", "difference, %"),
    "other_way_share": ("share sent another way", "difference, %"),
    "again_share": ("share sent again", "difference, %"),
    "kept_kg": ("kept from delivery", "difference, kg"),
}
PERCENT = 100.0


def warmup_figure(path: str | os.PathLike[str]) -> Callable[[WarmupResult], None]:
    """What draws a warm-up study into a file: checked now, so that no study is run in vain.

    One panel for each measure, with the difference to the year after by warm-up, its 95 % interval, the band
    that the tolerance allows, and the suggested warm-up. The same study gives the same file.

    Raises
    ------
    UsageError
        If the file has another ending than .svg, .png or .pdf, its folder does not exist, or matplotlib is
        not installed.
    """
    target = Path(path)
    if target.suffix.lower() not in FORMATS:
        raise UsageError(f"--plot {target}: unknown kind of picture; it must end in {', '.join(FORMATS)}")
    if not target.parent.is_dir():
        raise UsageError(f"--plot {target}: there is no folder {target.parent}")
    with needing("analysis", "--plot"):
        matplotlib = import_module("matplotlib")
        figures = import_module("matplotlib.figure")

    def draw(result: WarmupResult) -> None:
        style = {"svg.hashsalt": "blo-sim", "svg.fonttype": "none", "font.size": 9.0}
        with matplotlib.rc_context(style):
            figure = _drawn(figures.Figure, result)
            figure.savefig(target, metadata=_undated(target.suffix.lower()))

    return draw


def _drawn(figure_of: Any, result: WarmupResult) -> Any:
    panels: dict[tuple[str, str], list[Bias]] = {}
    for each in result.biases:
        if each.interval is not None:
            panels.setdefault((each.measure, each.scenario), []).append(each)
    columns = max(1, len(result.design.names))
    rows = max(1, -(-len(panels) // columns))
    figure = figure_of(figsize=(4.2 * columns, 2.4 * rows), layout="constrained")
    for place, ((measure, scenario), biases) in enumerate(sorted(panels.items())):
        axes = figure.add_subplot(rows, columns, place + 1)
        title, label = TITLES[measure]
        _panel(axes, biases, PERCENT if label.endswith("%") else 1.0)
        axes.set_title(f"{scenario}: {title}", fontsize=9.0)
        axes.set_ylabel(label)
        axes.set_xlabel("warm-up, days")
        if result.suggested_days is not None:
            axes.axvline(result.suggested_days, color="black", linestyle=":", linewidth=1.0)
    return figure


def _panel(axes: Any, biases: list[Bias], scale: float) -> None:
    days = [each.warmup_days for each in biases]
    middle = [scale * (each.bias or 0.0) for each in biases]
    around = [each.interval or (0.0, 0.0) for each in biases]
    lengths = [
        [mid - scale * low for mid, (low, _) in zip(middle, around, strict=True)],
        [scale * high - mid for mid, (_, high) in zip(middle, around, strict=True)],
    ]
    allowed = [scale * each.tolerance for each in biases]
    axes.fill_between(days, [-each for each in allowed], allowed, color="0.88", linewidth=0.0)
    axes.axhline(0.0, color="0.6", linewidth=0.8)
    axes.errorbar(days, middle, yerr=lengths, fmt="o", markersize=3.0, capsize=2.0, color="#1f5a85")


def _undated(suffix: str) -> dict[str, Any]:
    """Metadata without a date, so that the same picture is the same file."""
    return {".svg": {"Date": None}, ".pdf": {"CreationDate": None}}.get(suffix, {})
