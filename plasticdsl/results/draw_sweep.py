"""Figures over a swept parameter: one line for each combination of the others, repeats as mean and standard error."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from numpy.typing import NDArray

from plasticdsl.graph import reachable
from plasticdsl.model.expr import Expr, Ref, refs
from plasticdsl.model.owners import Whose
from plasticdsl.results.axis import label_of, legend, note, shared_label
from plasticdsl.results.style import COLOURS
from plasticdsl.runtime.play.sweep import Axis, Study
from plasticdsl.runtime.watch.series import Label, Panel, PlotPlan, Series
from plasticdsl.support.arrays import Floats


def draw_sweep(axes: Axes, study: Study, plan: PlotPlan, panels: Sequence[Panel], number: int) -> None:
    """Items of a panel of plot line `number` over an expression of parameters; `panels` of all runs."""
    axis = plan.axis
    assert axis is not None, "a plot over a sweep says over what"
    along = _own_axis(study, axis)
    scale = along.scale if along is not None and isinstance(axis, Ref) else 1.0
    x = np.array([run.facts.over[number] for run in study.runs], dtype=np.float64) / scale
    labels, lines = [s.label for s in panels[0].series], _lines(study, along)
    colours = itertools.cycle(COLOURS)
    for item, label in enumerate(labels):
        y = np.array([_value(panel.series[item]) for panel in panels]) / label.scale
        for name, runs in lines.items():
            text = ", ".join(p for p in (label.text if len(labels) > 1 else "", name) if p)
            _draw_line(axes, x[runs], y[runs], text, next(colours))
    unit = along.unit if along is not None and isinstance(axis, Ref) else ""
    axes.set_xlabel(label_of(Label(plan.over_text, unit=unit)))
    axes.set_ylabel(shared_label(labels))
    if study.repeats > 1:
        note(axes, f"mean ± s.e. of {study.repeats} runs")
    legend(axes)


def _draw_line(axes: Axes, x: Floats, y: Floats, name: str, colour: str) -> None:
    """Mean over runs with the same x, with the standard error of the mean (sd/√n, of the sample) as a bar where there are several."""
    at = np.unique(x)
    groups = [y[x == value] for value in at]
    means = np.array([np.mean(group) for group in groups])
    errors = np.array([np.std(group, ddof=1) / np.sqrt(len(group)) if len(group) > 1 else 0.0 for group in groups])
    several = len(x) > len(at)
    axes.errorbar(at, means, errors if several else None, marker="o", color=colour, label=name, capsize=5, elinewidth=1.8)


def _value(series: Series) -> float:
    """The value of one run; the mean where there is one per unit."""
    return float(np.mean(series.done[-1])) if series.taken else np.nan


def _own_axis(study: Study, expr: Expr) -> Axis | None:
    """The swept parameter that the horizontal axis shows, itself or through parameters that depend on it."""
    values = {v.name: v.value for v in study.network.variables if isinstance(v.value, Expr)}
    reads = {Ref(owner, name): _read(value) for name, value in values.items() for owner in (Whose.NETWORK, Whose.OWN)}
    return next((axis for axis in study.axes if not reachable(_read(expr), reads).isdisjoint(axis.places)), None)


def _read(expr: Expr) -> set[Ref]:
    return {Ref(r.owner, r.name) for r in refs(expr)}


def _lines(study: Study, along: Axis | None) -> dict[str, NDArray[np.int64]]:
    """Runs that belong to one line, by the values of the other parameters."""
    found: dict[str, list[int]] = {}
    for number in range(len(study.runs)):
        found.setdefault(study.label(number, without=along), []).append(number)
    return {name: np.array(numbers) for name, numbers in found.items()}
