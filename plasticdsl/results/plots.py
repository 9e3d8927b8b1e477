"""The figure of a `plot` line of an experiment.

Comes in: a `Study` and the number of the line. Goes out: a matplotlib figure. Which items share a panel and what kind of panel it is was
decided when the run was planned (`runtime.watch.recorder`); the panels themselves are in `draw_*`, one above the other.
"""

from __future__ import annotations

import io
from collections.abc import Sequence

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from plasticdsl.results.axis import SIZE, finish_time, mark_phases, style
from plasticdsl.results.draw_time import Scene, draw_at_spikes, draw_raster, draw_time, scene_of
from plasticdsl.results.draw_values import draw_contours, draw_curves, draw_histogram, draw_intervals, draw_plane, draw_sweep, draw_units
from plasticdsl.runtime.play.sweep import Study
from plasticdsl.runtime.watch.series import Kind

#: Panels over time share their axis.
_OVER_TIME: tuple[Kind, ...] = ("time", "raster", "at spikes")


#: Of a figure that a notebook displays.
_DOTS_PER_INCH = 65


class Displayed(Figure):
    """A figure that notebooks display by themselves, also where nobody has asked for pyplot."""

    def _repr_png_(self) -> bytes:
        return png(self)


def png(made: Figure) -> bytes:
    """A PNG, small enough for a cell of a notebook."""
    file = io.BytesIO()
    made.savefig(file, format="png", dpi=_DOTS_PER_INCH)
    return file.getvalue()


def figure(study: Study, number: int) -> Figure:
    """The figure of plot line `number`, in the project's style."""
    with style():
        return _drawn(study, number)


def _drawn(study: Study, number: int) -> Figure:
    made = Displayed()
    plans = [run.recorder.plots[number] for run in study.runs]
    kinds = [panel.kind for panel in plans[0].panels]
    made.set_size_inches((9.4, 8.0) if "contours" in kinds else (SIZE[0], SIZE[1] if len(kinds) == 1 else 2.2 + 3.3 * len(kinds)))
    panels: list[Axes] = list(made.subplots(len(kinds), 1, squeeze=False)[:, 0])
    scene = scene_of(study, plans)
    for place, (kind, axes) in enumerate(zip(kinds, panels, strict=True)):
        every = [plan.panels[place] for plan in plans]
        match kind:
            case "raster":
                draw_raster(axes, study, every[0], scene)
            case "at spikes":
                draw_at_spikes(axes, study, every[0], scene)
            case "time":
                draw_time(axes, study, every, scene)
            case "plane":
                draw_plane(axes, plans[0], every[0])
            case "contours":
                draw_contours(axes, plans)
            case "intervals":
                draw_intervals(axes, study, every)
            case "histogram":
                draw_histogram(axes, study, every)
            case "curve":
                draw_curves(axes, study, every)
            case "units":
                draw_units(axes, study, every)
            case "sweep":
                draw_sweep(axes, study, plans[0], every, number)
    _share(panels, kinds, scene)
    text = " · ".join(filter(None, (study.network.name, study.experiment.name)))
    if study.interrupted:
        text += " (interrupted)"
    if study.failure:
        text += " (partial)"
    panels[0].set_title(text, pad=36 if panels[0].texts else None)  # above the names of phases
    return made


def _share(panels: Sequence[Axes], kinds: Sequence[Kind], scene: Scene) -> None:
    """Panels over time begin and end together; what is written along a horizontal axis stands below the last panel in a row that has the same one."""
    timed = [axes for axes, kind in zip(panels, kinds, strict=True) if kind in _OVER_TIME]
    for number, axes in enumerate(timed):
        finish_time(axes, scene.axis)
        mark_phases(axes, scene.line, scene.axis, named=number == 0)
    for upper, lower, kind, below in zip(panels, panels[1:], kinds, kinds[1:], strict=False):
        if kind == below and kind in ("sweep", "plane"):
            upper.sharex(lower)
        if (kind in _OVER_TIME and below in _OVER_TIME) or (kind == below and kind in ("sweep", "plane")):
            upper.set_xlabel("")
            upper.tick_params(labelbottom=False)
