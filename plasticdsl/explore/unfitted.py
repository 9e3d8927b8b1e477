"""A model whose experiment looks at the goal of its fit where it would search: on the page, who moves the sliders does that.

A model comes in; the same without the fit goes out, and what is said of the goal after a run.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace

from plasticdsl.api import Model
from plasticdsl.model.experiments import Experiment
from plasticdsl.results.result import Result
from plasticdsl.results.trials import goal_text
from plasticdsl.results.verdicts import verdicts


def without_fit(model: Model, experiment: Experiment) -> Model:
    """The model with one run, or one for each value that is swept, where the experiment has a fit; what the fit would search has its value of the file."""
    if experiment.fit is None:
        return model
    looked_at = replace(experiment, fit=None, expectations=(*experiment.expectations, experiment.fit.goal))
    module = model.loaded.module
    experiments = tuple(looked_at if e.name == experiment.name else e for e in module.experiments)
    return Model(replace(model.loaded, module=replace(module, experiments=experiments)), model.folder)


def remark(experiment: Experiment) -> str:
    """What is said of a fit that is left out; "" where there is none."""
    if experiment.fit is None:
        return ""
    names = ", ".join(axis.text for one in experiment.fit.searched for axis in (one, *one.together))
    return f"The fit is left out: until you move it, what it would search ({names}) has the value of the file."


def said(experiment: Experiment, result: Result) -> Iterator[str]:
    """What became of expectations, and last of the goal: the mean over all runs, as a trial of the fit would have it."""
    if experiment.fit is None:
        yield from verdicts(result.expectations)
        return
    yield from verdicts(result.expectations[:-1])
    values = [run.outcomes[-1].value for run in result.study.runs]
    known = [value for value in values if value is not None and math.isfinite(value)]
    goal = experiment.fit.goal
    shown = goal_text(goal, math.fsum(known) / len(known)) if known and len(known) == len(values) else "nothing: it has no value"
    yield f"goal     {goal.text}  found {shown}, and the fit wants the {'largest' if experiment.fit.maximise else 'smallest'}"
