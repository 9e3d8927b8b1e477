"""What a fit has tried and found: a `Study` comes in; numbers, lines for people, arrays and a picture go out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from plasticdsl.model.experiments import Expectation, Fit
from plasticdsl.results.labels import with_unit
from plasticdsl.results.picture import Axis, Dots, Line, Panel, Picture
from plasticdsl.results.scene import BLACK, GREY, colour
from plasticdsl.runtime.play import sweep
from plasticdsl.runtime.play.sweep import Fitted, Study
from plasticdsl.support.arrays import Floats
from plasticdsl.units.display import shown

if TYPE_CHECKING:
    from xarray import DataArray

#: What the files of a result, and its figure, are called.
NAME = "trials"

GOAL = "goal"
_DOTS = 18.0


def found(study: Study) -> dict[str, Any] | None:
    """For `summary.json`: the goal, its value in the best trial and the parameters there, in SI and as they are shown; None where nothing was fitted, or
    no trial has a value."""
    fit, fitted = study.experiment.fit, study.fitted
    if fit is None or fitted is None or fitted.best is None:
        return None
    best = fitted.trials[fitted.best]
    shares = zip(fitted.searched, best.values, strict=True)
    return {
        "goal": fit.goal.text,
        "wanted": "largest" if fit.maximise else "smallest",
        "value": best.value,
        "found": goal_text(fit.goal, best.value),
        "trials": len(fitted.trials),
        "best_trial": fitted.best + 1,
        "parameters": {
            axis.name: {"value": value, "found": shown(float(f"{value / axis.scale:.6g}"), unit=axis.unit)} for axis, value in shares
        },
    }


def lines(study: Study) -> list[str]:
    """The same as lines of text."""
    told = found(study)
    if told is None:
        return []
    width = max(map(len, told["parameters"]))
    goal = f"{told['goal']} is {told['found']}, the {told['wanted']} of {told['trials']} trials, with"
    return [goal, *(f"  {name:{width}}  {one['found']}" for name, one in told["parameters"].items())]


def goal_text(goal: Expectation, value: float | None) -> str:
    """A value of a goal in its unit; "" where there is none."""
    return "" if value is None else shown(value / goal.scale, unit=goal.unit)


def values(fitted: Fitted) -> Floats:
    """The values of the goal, float64[trials]; NaN where there is none."""
    return np.array([np.nan if t.value is None else t.value for t in fitted.trials], dtype=np.float64)


def arrays(study: Study) -> list[DataArray]:
    """The values of each parameter, and of the goal, for each trial, in SI."""
    from xarray import DataArray

    from plasticdsl.units.dimension import ONE
    from plasticdsl.units.display import coherent

    fitted, fit = study.fitted, study.experiment.fit
    assert fitted is not None
    assert fit is not None
    along = {"trial": np.arange(1, len(fitted.trials) + 1)}
    made = [
        DataArray(
            np.array([trial.values[place] for trial in fitted.trials], dtype=np.float64),
            dims=("trial",),
            coords=along,
            attrs={"display_unit": axis.unit} if axis.unit else {},
            name=axis.name,
        )
        for place, axis in enumerate(fitted.searched)
    ]
    goal = {"long_name": fit.goal.text, "units": coherent(fit.goal.dimension or ONE)}
    return [*made, DataArray(values(fitted), dims=("trial",), coords=along, attrs=goal, name=GOAL)]


def picture(study: Study) -> Picture:
    """The goal over the trials with the best value so far, and below it where each parameter was looked for, the best one marked."""
    fitted, fit = study.fitted, study.experiment.fit
    assert fitted is not None
    assert fit is not None
    title = " · ".join(name.replace("_", " ") for name in (study.network.name, study.experiment.name))
    numbers = np.arange(1, len(fitted.trials) + 1, dtype=np.float64)
    return Picture(
        title + (" (interrupted)" if study.interrupted else ""), (_of_goal(numbers, fitted, fit), *_of_parameters(numbers, fitted, fit))
    )


def _called(axis: sweep.Axis) -> str:
    """`τ of cell`."""
    return " of ".join(filter(None, (axis.words.quantity, axis.words.of))) or axis.name


def _of_goal(numbers: Floats, fitted: Fitted, fit: Fit) -> Panel:
    every = values(fitted) / fit.goal.scale
    best = (np.fmax if fit.maximise else np.fmin).accumulate(every) if len(every) else every
    above = bool((every[np.isfinite(every)] > 0.0).all()) and not fit.maximise
    marks = (Dots(numbers, every, GREY, _DOTS, "each trial"), Line(numbers, best, colour(1), "best so far"))
    return Panel("sweep", Axis("trial", whole=True), Axis(with_unit("goal", fit.goal.unit), logarithmic=above), marks)


def _of_parameters(numbers: Floats, fitted: Fitted, fit: Fit) -> list[Panel]:
    made = []
    logarithmic = {axis.text: axis.logarithmic for axis in fit.searched}
    for place, axis in enumerate(fitted.searched):
        tried = np.array([trial.values[place] for trial in fitted.trials], dtype=np.float64) / axis.scale
        marks: list[Dots] = [Dots(numbers, tried, GREY, _DOTS)]
        if fitted.best is not None:
            chosen = slice(fitted.best, fitted.best + 1)
            marks.append(Dots(numbers[chosen], tried[chosen], BLACK, 4.0 * _DOTS, hollow=True))
        low, high = (float(end) / axis.scale for end in axis.values)
        label = with_unit(_called(axis), axis.unit)
        made.append(Panel("sweep", Axis("trial", whole=True), Axis(label, low, high, logarithmic[axis.name]), tuple(marks)))
    return made
