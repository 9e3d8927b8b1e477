"""Matrices, images, and maps of two-way sweeps, as data: values as colours on two axes."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from plasticdsl.results.describe_time import which
from plasticdsl.results.describe_values import moments_of
from plasticdsl.results.labels import along, named
from plasticdsl.results.picture import Axis, Field, Panel, Tile
from plasticdsl.results.scene import evenly, limits
from plasticdsl.results.shades import scale_of
from plasticdsl.runtime.play.sweep import Study
from plasticdsl.runtime.watch import series as taken
from plasticdsl.runtime.watch.series import PlotPlan, Series, label_of
from plasticdsl.runtime.watch.statistics import mean_of_known
from plasticdsl.support.arrays import Floats

#: Up to so many values of a swept parameter are marked one by one.
_MOST_PLACES = 8
#: An image for each of so many units, evenly chosen.
_MOST_TILES = 64


def matrix(study: Study, plan: PlotPlan, panel: taken.Panel) -> Panel:
    """A value for each connection: rows are the units that it goes to, columns those that it comes from; nothing where there is none."""
    series, label = panel.series[0], panel.labels[0]
    values, (up, across) = _as_matrix(series, study), _sides(series, study)
    values = values / label.scale
    rows, columns = values.shape
    x, y = np.arange(columns + 1) + 0.5, np.arange(rows + 1) + 0.5
    horizontal, vertical = plan.spec.horizontal, plan.spec.vertical
    return Panel(
        "matrix",
        Axis(horizontal.label or across, 0.5, columns + 0.5, whole=True),
        Axis(vertical.label or up, rows + 0.5, 0.5, whole=True),
        (Field(x, y, values),),
        scale_of(named([label]).axis, values),
        which(study, "values"),
        square=2 * max(rows, columns) <= 3 * min(rows, columns),
    )


def _as_matrix(series: Series, study: Study) -> Floats:
    """float64[post, pre] of a projection, float64[patterns, units] of a set of patterns; in SI."""
    taken_last = series.done[-1] if series.taken else np.zeros(0)
    if np.ndim(taken_last) > 1:
        return taken_last
    ends = study.runs[0].facts.ends.get(series.owner)
    projection = next((p for p in study.network.projections if p.name == series.owner), None)
    if ends is None or projection is None:
        return np.atleast_2d(taken_last)
    chosen = slice(None) if series.units is None else series.units - 1
    pre, post = (end[chosen] for end in ends)
    units = study.runs[0].facts.units
    found = np.full((units[projection.post], units[projection.pre]), np.nan)
    found[post, pre] = taken_last
    return found


def _sides(series: Series, study: Study) -> tuple[str, str]:
    """What rows and columns are numbered by."""
    projection = next((p for p in study.network.projections if p.name == series.owner), None)
    if projection is None:
        return "row", "column"
    symbols = {p.name: p.symbol.replace("_", " ") for p in study.network.populations}
    return f"to unit of {symbols[projection.post]}", f"from unit of {symbols[projection.pre]}"


# --- images ----------------------------------------------------------------------------------------------------------


def image(study: Study, plan: PlotPlan, panel: taken.Panel) -> Panel:
    """The values of all units as an image, at several moments a row of them; the weights onto each unit as an image of its own, in a grid."""
    series, label = panel.series[0], panel.labels[0]
    found = [(name, one) for name, one in _images(series, label.scale, study, panel.shape) if one.size]
    chosen = [found[k] for k in evenly(len(found), _MOST_TILES)]
    columns = math.ceil(math.sqrt(len(chosen))) if len(chosen) > 6 else max(len(chosen), 1)
    tiles = tuple(Tile(one, (k % columns, k // columns), name if len(chosen) > 1 else "") for k, (name, one) in enumerate(chosen))
    everything = np.concatenate([one.ravel() for _, one in chosen]) if chosen else np.zeros(0)
    note = which(study, "values") or (f"{len(chosen)} of {len(found)}" if len(chosen) < len(found) else "")
    return Panel(
        "image", Axis(plan.spec.horizontal.label), Axis(plan.spec.vertical.label), tiles, scale_of(named([label]).axis, everything), note
    )


def _images(series: Series, scale: float, study: Study, shape: tuple[int, int]) -> list[tuple[str, Floats]]:
    """Each image with its name."""
    projection = next((p for p in study.network.projections if p.name == series.owner), None)
    if projection is None and len(series.shape) < 2:
        return [(name, _folded(values, shape)) for name, values in moments_of(series, scale, study)]
    rows = _as_matrix(series, study) / scale
    wanted = math.prod(shape)
    if wanted and rows.shape[1] != wanted and rows.shape[0] == wanted:
        rows = rows.T
    known = [number for number in range(len(rows)) if not np.isnan(rows[number]).all()]
    return [(str(number + 1), _folded(rows[number], shape)) for number in known]


def _folded(values: Floats, shape: tuple[int, int]) -> Floats:
    """In rows, the first on top; as nearly square as possible where no shape is said. What is missing at the end has no colour."""
    rows, columns = shape
    if not rows:
        columns = math.ceil(math.sqrt(values.size))
        rows = math.ceil(values.size / max(columns, 1))
    found = np.full(rows * columns, np.nan)
    found[: values.size] = values[: rows * columns]
    return found.reshape(rows, columns)


# --- a sweep of two parameters ---------------------------------------------------------------------------------------


def grid(study: Study, plan: PlotPlan, panels: Sequence[taken.Panel], number: int) -> Panel:
    """A value of a two-way sweep as a colour for each combination, the mean over repeats and whatever else is swept."""
    label = panels[0].labels[0]
    across, up = (label_of(over) for over in plan.spec.over)
    at = np.array([run.facts.over[number] for run in study.runs], dtype=np.float64).reshape(-1, 2)
    z = np.array([float(mean_of_known(p.series[0].done[-1].ravel())) if p.series[0].taken else np.nan for p in panels]) / label.scale
    x, y = (np.unique(at[:, side]) for side in (0, 1))
    found = np.full((len(y), len(x)), np.nan)
    for row, below in enumerate(y):
        for column, left in enumerate(x):
            there = (at[:, 0] == left) & (at[:, 1] == below)
            if there.any():
                found[row, column] = mean_of_known(z[there])
    axes = []
    for values, name, wish, ends in ((x, across, plan.spec.horizontal, plan.horizontal), (y, up, plan.spec.vertical, plan.vertical)):
        logarithmic = wish.logarithmic or _is_logarithmic(values)
        edges = _edges(values / name.scale, logarithmic)
        low, high = limits(ends, name.scale)
        places = tuple((float(v), f"{v:g}".replace("-", "−")) for v in values / name.scale) if len(values) <= _MOST_PLACES else ()
        low, high = float(edges[0]) if low is None else low, float(edges[-1]) if high is None else high
        axes.append((Axis(wish.label or along(name), low, high, logarithmic, places=places), edges))
    (horizontal, columns), (vertical, rows) = axes
    note = f"mean of {len(study.runs) // max(found.size, 1)} runs" if len(study.runs) >= 2 * found.size else ""
    return Panel("grid", horizontal, vertical, (Field(columns, rows, found),), scale_of(named([label]).axis, found), note)


def _is_logarithmic(values: Floats) -> bool:
    """Whether they are evenly spaced on a logarithmic scale, and not on a linear one."""
    if len(values) < 3 or values[0] <= 0.0:
        return False
    ratios = values[1:] / values[:-1]
    return bool(np.allclose(ratios, ratios[0], rtol=1e-3)) and ratios[0] > 1.05


def _edges(values: Floats, logarithmic: bool) -> Floats:
    """Halfway between neighbours, and as far beyond the last ones."""
    if logarithmic:
        return np.exp(_edges(np.log(values), False))
    if len(values) == 1:
        width = abs(values[0]) * 0.1 or 1.0
        return np.array([values[0] - width, values[0] + width])
    middles = 0.5 * (values[1:] + values[:-1])
    return np.concatenate([[2.0 * values[0] - middles[0]], middles, [2.0 * values[-1] - middles[-1]]])
