"""What the figures show, as data: one dataset for each `plot` line.

Comes in: a `Study`. Goes out: `Stacked` arrays, in SI like recordings. Histograms are there as the values that they count.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from plasticdsl.results.stack import Coordinates, Stacked, axes_of, stack_series, stack_spikes
from plasticdsl.results.units import si_unit
from plasticdsl.runtime.play.sweep import Study
from plasticdsl.runtime.watch.landscape import Landscape
from plasticdsl.runtime.watch.panels import PlotPlan
from plasticdsl.runtime.watch.series import Label


def plotted(study: Study, number: int) -> Iterator[Stacked]:
    """The arrays of plot line `number`, each once."""
    plans = [run.recorder.plots[number] for run in study.runs]
    first = plans[0]
    for place, series in enumerate(first.series):
        yield stack_series(study, [plan.series[place] for plan in plans], series)
    if first.against is not None:
        yield stack_series(study, [plan.against for plan in plans if plan.against is not None], first.against)
    for place, record in enumerate(first.spikes):
        yield stack_spikes(study, [plan.spikes[place] for plan in plans], record)
    if first.axis is not None:
        yield _over(study, number, first)
    if first.landscape is not None and first.against is not None:
        yield _landscape(first.landscape, first, first.against.label)


def _over(study: Study, number: int, plan: PlotPlan) -> Stacked:
    """What a sweep is plotted over, for every run; runs that were not made have NaN."""
    axes, coordinates = axes_of(study)
    values = np.full(int(np.prod(study.shape, dtype=np.int64)), np.nan)
    values[: len(study.runs)] = [run.facts.over[number] for run in study.runs]
    text = plan.spec.text.rpartition(" over ")[2]
    return Stacked(f"over {text}", axes, values.reshape(study.shape), {"long_name": text}, coordinates)


def _landscape(landscape: Landscape, plan: PlotPlan, across: Label) -> Stacked:
    """The values on the plane, float64[points of the vertical axis, points of the horizontal axis]."""
    item, up = plan.spec.items[0], plan.series[0].label
    attributes: dict[str, str | float] = {"units": si_unit(item.dimension), "long_name": item.text}
    coordinates: Coordinates = {
        f"plane {label.text}": ((f"plane {label.text}",), side.points(), {"units": si_unit(label.dimension)})
        for label, side in ((up, landscape.vertical), (across, landscape.horizontal))
    }
    return Stacked(item.text, (f"plane {up.text}", f"plane {across.text}"), landscape.values(), attributes, coordinates)
