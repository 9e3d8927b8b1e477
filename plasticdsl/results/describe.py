"""What a plot line shows: a `Study` and the number of the line come in, a `Picture` goes out.

Which items share a panel and what kind of panel it is was decided when the run was planned (`runtime.watch.plots`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from plasticdsl.results import describe_maps, describe_sweep, describe_time, describe_values
from plasticdsl.results.picture import OVER_TIME, Panel, Picture
from plasticdsl.results.scene import Scene, called, scene_of, stretches
from plasticdsl.runtime.play.sweep import Study
from plasticdsl.runtime.watch import series as taken
from plasticdsl.runtime.watch.series import PlotPlan
from plasticdsl.units.dimension import TIME


def picture(study: Study, number: int) -> Picture:
    """The figure of plot line `number`, as data."""
    plans = [run.recorder.plots[number] for run in study.runs]
    first, scene = plans[0], scene_of(study, plans)
    panels = tuple(_panel(study, number, plans, [plan.panels[place] for plan in plans], scene) for place in range(len(first.panels)))
    panels = tuple(_with_wish(panel, first, scene) for panel in panels)
    panels = tuple(replace(p, note="") if k and p.note == panels[k - 1].note else p for k, p in enumerate(panels))
    title = first.spec.title or " · ".join(name.replace("_", " ") for name in (study.network.name, study.experiment.name) if name)
    if study.interrupted:
        title += " (interrupted)"
    if study.failure:
        title += " (partial)"
    marked = stretches(scene) if any(panel.kind in OVER_TIME for panel in panels) else ()
    return Picture(title, panels, marked, bool(first.spec.title))


def _with_wish(panel: Panel, plan: PlotPlan, scene: Scene) -> Panel:
    """A time axis with what the line says of it; its ends are those of the scene, and where steps are counted it has no unit."""
    if panel.kind not in OVER_TIME:
        return panel
    wish, axis = plan.spec.horizontal, panel.horizontal
    low = axis.low if axis.low is None or axis.low > 0.0 or not wish.logarithmic else None
    label = called(wish, axis.label, () if scene.axis.unit == "steps" else (TIME,))
    return replace(panel, horizontal=replace(axis, label=label, low=low, logarithmic=wish.logarithmic))


def _panel(study: Study, number: int, plans: Sequence[PlotPlan], every: Sequence[taken.Panel], scene: Scene) -> Panel:
    """One panel of all runs."""
    match every[0].kind:
        case "raster":
            return describe_time.raster(study, every[0], scene)
        case "at spikes":
            return describe_time.at_spikes(study, plans, every[0], scene)
        case "time":
            return describe_time.traces(study, plans, every, scene)
        case "map":
            return describe_time.maps(study, plans, every[0], scene)
        case "plane":
            return describe_values.plane(plans[0], every[0])
        case "contours":
            return describe_values.contours(plans)
        case "intervals":
            return describe_values.of_intervals(study, plans[0], every[0])
        case "histogram":
            return describe_values.of_values(study, plans, every)
        case "curve":
            return describe_values.curves(study, plans, every)
        case "units":
            return describe_values.units(study, plans, every)
        case "sweep":
            return describe_sweep.over_parameter(study, plans[0], every, number)
        case "grid":
            return describe_maps.grid(study, plans[0], every, number)
        case "matrix":
            return describe_maps.matrix(study, plans[0], every[0])
        case "image":
            return describe_maps.image(study, plans[0], every[0])
