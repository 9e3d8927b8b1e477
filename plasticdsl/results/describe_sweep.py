"""Panels over a swept parameter, as data: a line for each item and each combination of the other parameters, with the spread over repeats, and theory."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from plasticdsl.graph import reachable
from plasticdsl.model.expr import Expr, Ref, refs
from plasticdsl.model.owners import Whose
from plasticdsl.results.labels import along, joined, named, of_run
from plasticdsl.results.picture import Axis, Band, Line, Mark, Panel, Whiskers
from plasticdsl.results.scene import BLACK, called, colour, limits, vertical_limits
from plasticdsl.runtime.play import sweep
from plasticdsl.runtime.play.sweep import Study
from plasticdsl.runtime.watch import series as taken
from plasticdsl.runtime.watch.series import PlotPlan, Series, label_of
from plasticdsl.runtime.watch.statistics import mean_of_known
from plasticdsl.support.arrays import Floats


def over_parameter(study: Study, plan: PlotPlan, panels: Sequence[taken.Panel], number: int) -> Panel:
    """Items of a panel of plot line `number` over an expression of parameters; `panels` of all runs. Where theory stands beside data, data are dots."""
    (axis, *_), labels = plan.axes, panels[0].labels
    own, over = _own_axis(study, axis), label_of(plan.spec.over[0])
    x = np.array([run.facts.over[number][0] for run in study.runs], dtype=np.float64) / over.scale
    lines, names = _lines(study, own), named(labels)
    computed = [series.is_theory for series in panels[0].series]
    beside = any(computed) and not all(computed)
    marks, hues = list[Mark](), itertools.count()
    for item, label in enumerate(labels):
        y = np.array([_value(panel.series[item]) for panel in panels]) / label.scale
        if computed[item] and beside:
            marks += _theory(x, y, list(lines.values()), names.items[item], computed.count(False) == 1)
            continue
        for name, runs in lines.items():
            shown = joined(names.items[item] if len(labels) > 1 else "", name)
            marks += _line(x[runs], y[runs], shown, colour(next(hues)), beside)
    wish = plan.spec
    low, high = limits(plan.horizontal, over.scale)
    least, most = vertical_limits(plan, panels[0])
    counted = not over.unit and not wish.horizontal.logarithmic and bool(np.array_equal(x, np.round(x)))
    note = f"mean ± s.e. of {study.repeats} runs" if study.repeats > 1 else ""
    return Panel(
        "sweep",
        Axis(wish.horizontal.label or along(over), low, high, wish.horizontal.logarithmic, whole=counted),
        Axis(called(wish.vertical, names.axis, (label.dimension for label in labels)), least, most, wish.vertical.logarithmic),
        tuple(marks),
        note=note,
    )


def _theory(x: Floats, y: Floats, lines: Sequence[NDArray[np.int64]], name: str, paired: bool) -> list[Mark]:
    """What parameters alone say, dashed: black where it is the same for all lines of data; else, beside a single item (`paired`), in their colours."""
    at, found = np.unique(x), []
    for runs in lines:
        means = np.array([np.mean(y[runs][x[runs] == value]) for value in at if (x[runs] == value).any()])
        found.append((np.unique(x[runs]), means))
    if all(np.array_equal(one[0], found[0][0]) and np.allclose(one[1], found[0][1], equal_nan=True) for one in found):
        found = found[:1]
    hues = [colour(k) for k in range(len(found))] if paired and len(found) > 1 else [BLACK] * len(found)
    return [Line(*one, hues[k], "" if k else name, dashed=True) for k, one in enumerate(found)]


def _line(x: Floats, y: Floats, name: str, hue: str, beside: bool) -> list[Mark]:
    """Mean over runs with the same x, with the standard error of the mean (s.d./√n, of the sample) where there are several: shaded, or as bars
    (`beside` theory)."""
    at = np.unique(x)
    groups = [y[x == value] for value in at]
    means = np.array([np.mean(group) for group in groups])
    errors = np.array([np.std(group, ddof=1) / np.sqrt(len(group)) if len(group) > 1 else 0.0 for group in groups])
    joined_up = not beside or len(at) > 60
    spread = (Band if joined_up else Whiskers)(at, means - errors, means + errors, hue)
    return [*([spread] if len(x) > len(at) else []), Line(at, means, hue, name, dotted=len(at) <= 60, joined=joined_up)]


def _value(series: Series) -> float:
    """The value of one run; the mean where there is one per unit."""
    return float(mean_of_known(series.done[-1].ravel())) if series.taken else np.nan


def _own_axis(study: Study, expr: Expr) -> sweep.Axis | None:
    """The swept parameter that the horizontal axis shows, itself or through parameters that depend on it."""
    values = {v.name: v.value for v in study.network.variables if isinstance(v.value, Expr)}
    reads = {Ref(owner, name): _read(value) for name, value in values.items() for owner in (Whose.NETWORK, Whose.OWN)}
    return next((axis for axis in study.axes for one in axis.all if not reachable(_read(expr), reads).isdisjoint(one.places)), None)


def _read(expr: Expr) -> set[Ref]:
    return {Ref(r.owner, r.name) for r in refs(expr)}


def _lines(study: Study, along_axis: sweep.Axis | None) -> dict[str, NDArray[np.int64]]:
    """Runs that belong to one line, by the values of the other parameters."""
    found: dict[str, list[int]] = {}
    for number in range(len(study.runs)):
        found.setdefault(of_run(study, number, without=along_axis), []).append(number)
    return {name: np.array(numbers) for name, numbers in found.items()}
