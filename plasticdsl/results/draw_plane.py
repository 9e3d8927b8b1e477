"""Figures of a plane of two variables: paths, and the contours of what depends on both."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from plasticdsl.results.axis import evenly, label_of, legend, shared_label
from plasticdsl.results.style import COLOURS, GREY
from plasticdsl.runtime.watch.series import Label, Landscape, Panel, PlotPlan, Series
from plasticdsl.support.arrays import Floats

#: So many paths are drawn at most, evenly chosen; up to `_FEW` of them in colours of their own.
_MOST_PATHS, _FEW = 60, 6
#: Contours at values that nobody has named.
_LEVELS = 12


def draw_plane(axes: Axes, plan: PlotPlan, panel: Panel) -> None:
    """One variable against another: a path for each unit."""
    assert plan.against is not None, "a plane has two variables"
    single = len(panel.series) == 1
    for number, series in enumerate(panel.series):
        x, y = _paths(plan.against, series)
        colours = [COLOURS[(k if single else number) % len(COLOURS)] for k in range(x.shape[1])]
        _draw_paths(axes, x, y, colours, "" if single else series.label.text)
    axes.set_xlabel(label_of(plan.against.label))
    axes.set_ylabel(shared_label([s.label for s in panel.series]))
    legend(axes)


def draw_contours(axes: Axes, plans: Sequence[PlotPlan]) -> None:
    """Lines of equal value, and the way that each run took between them. Of a sweep, the lines are those of the first run."""
    first = plans[0]
    assert first.landscape is not None and first.against is not None, "contours have a plane"
    _draw_landscape(axes, first.landscape, first.series[0].label, first.against.label, first.spec.items[0].scale)
    shown = evenly(len(plans), _MOST_PATHS)
    for number in shown:
        against = plans[number].against
        assert against is not None, "contours have a plane"
        x, y = _paths(against, plans[number].series[0])
        _draw_paths(axes, x, y, [COLOURS[1]] * x.shape[1], "", alone=len(shown) == 1)
    axes.set_xlabel(label_of(first.against.label))
    axes.set_ylabel(label_of(first.series[0].label))


def _draw_landscape(axes: Axes, landscape: Landscape, vertical: Label, horizontal: Label, scale: float) -> None:
    x, y = landscape.horizontal.points() / horizontal.scale, landscape.vertical.points() / vertical.scale
    z = landscape.values() / scale
    finite = z[np.isfinite(z)]
    if not len(finite):
        return
    levels = [level / scale for level in landscape.levels] or list(np.quantile(finite, np.linspace(0.01, 0.97, _LEVELS)))
    levels = sorted(set(levels))
    shades = colormaps["viridis"](np.linspace(0.15, 0.9, len(levels)))
    lines = axes.contour(
        x, y, np.ma.masked_invalid(z), levels=levels, colors=[tuple(c) for c in shades], linewidths=2.4, linestyles="solid"
    )
    for text in axes.clabel(lines, inline=False, fmt=lambda value: f"{value:.3g}".replace("-", "−"), fontsize=14, zorder=4):
        text.set_bbox({"boxstyle": "round,pad=0.1", "facecolor": "white", "edgecolor": "none", "alpha": 0.85})
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_locator(MaxNLocator(nbins=5))
    axes.set_xlim(x.min(), x.max())
    axes.set_ylim(y.min(), y.max())
    if horizontal.dimension == vertical.dimension:
        axes.set_aspect("equal")


def _paths(horizontal: Series, vertical: Series) -> tuple[Floats, Floats]:
    """Both as float64[moments, units]; what is one value goes with each unit of the other."""
    x, y = (s.done.reshape(s.taken, -1) / s.label.scale for s in (horizontal, vertical))
    moments, units = min(len(x), len(y)), min({x.shape[1], y.shape[1]} - {1}, default=1)
    x, y = np.broadcast_arrays(x[:moments, :units], y[:moments, :units])
    return x, y


def _draw_paths(axes: Axes, x: Floats, y: Floats, colours: Sequence[str], name: str, alone: bool = True) -> None:
    """Each path with a ring where it begins and a dot where it ends."""
    if not len(x):
        return
    shown = evenly(x.shape[1], _MOST_PATHS)
    width = 2.4 if alone and len(shown) <= _FEW else 1.5
    for place, unit in enumerate(shown):
        colour = colours[place]
        axes.plot(x[:, unit], y[:, unit], color=colour, linewidth=width, label=name if name and place == 0 else None)
        axes.plot(x[0, unit], y[0, unit], "o", markersize=8, markerfacecolor="white", markeredgecolor=colour, markeredgewidth=2)
        axes.plot(x[-1, unit], y[-1, unit], "o", markersize=10, color=GREY, zorder=3)
