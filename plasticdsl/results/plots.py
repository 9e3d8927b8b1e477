"""A figure for each `plot` line of an experiment.

Comes in: a `Study`. Goes out: (file name without ending, matplotlib figure), one for each line. What kind of figure it is was decided when the run was
planned (`runtime.recorder`); the panels themselves are in `draw_*`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from matplotlib.figure import Figure

from plasticdsl.results.draw_plane import draw_contours, draw_plane
from plasticdsl.results.draw_sweep import draw_sweep
from plasticdsl.results.draw_time import draw_raster, draw_time
from plasticdsl.results.draw_values import draw_histogram, draw_units
from plasticdsl.results.style import style
from plasticdsl.runtime.recorder import PlotPlan
from plasticdsl.runtime.sweep import Study


def figures(study: Study) -> Iterator[tuple[str, Figure]]:
    """One figure for each plot line, in order; drawn and handed out in the project's style."""
    if not study.runs:
        return
    for number, plan in enumerate(study.runs[0].recorder.plots):
        with style():
            yield _file_name(number, plan), figure(study, number)


def figure(study: Study, number: int) -> Figure:
    """The figure of plot line `number`."""
    made = Figure()
    plans = [run.recorder.plots[number] for run in study.runs]
    match plans[0].kind:
        case "raster":
            draw_raster(made, study, plans)
        case "time":
            draw_time(made, study, plans)
        case "plane":
            draw_plane(made, study, plans)
        case "contours":
            draw_contours(made, study, plans)
        case "histogram":
            draw_histogram(made, study, plans)
        case "units":
            draw_units(made, study, plans)
        case "sweep":
            draw_sweep(made, study, plans, number)
    _title(made, study)
    return made


def _title(made: Figure, study: Study) -> None:
    text = f"{study.network.name} · {study.experiment.name}"
    if study.interrupted:
        text += " (interrupted)"
    if study.failure:
        text += " (partial)"
    axes = made.axes[0]
    axes.set_title(text, pad=36 if axes.texts else None)  # above the names of phases


def _file_name(number: int, plan: PlotPlan) -> str:
    """`01-rate-cell-over-time`: sorted like the plot lines, readable, and safe on every file system."""
    words = re.sub(r"[^\w.]+", "-", plan.spec.text).strip("-.")
    return f"{number + 1:02d}-{words[:60].rstrip('-.')}"
