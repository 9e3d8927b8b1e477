"""`fit` lines: which parameters are searched, between which ends, and what for.

Comes in: the lines of an experiment. Goes out: `Fit`, its goal as an expectation that expects nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from plasticdsl.check.experiments.readings import Taking, text_of
from plasticdsl.check.experiments.recordings import expectation, with_recorded
from plasticdsl.check.experiments.settings import sweep_axis
from plasticdsl.check.terms.amounts import COUNT, amount, constant
from plasticdsl.check.terms.scope import Declared
from plasticdsl.model.experiments import GOAL, Fit, SweepAxis
from plasticdsl.model.lookup import Lookup
from plasticdsl.syntax import tree


def fit(lines: Sequence[tree.Fit], recorded: Mapping[str, Declared], taking: Taking, lookup: Lookup) -> Fit | None:
    """What an experiment fits; None where it has no such line, or none that can be understood."""
    if not lines:
        return None
    report, line = taking.context.report, lines[0]
    for other in lines[1:]:
        report.twice(
            "There are two lines ‘fit’, and one experiment has one goal.", other.span, line.span, "Write all parameters into one line."
        )
    if not line.axes:
        report.error(
            "empty-fit", "This line names no parameter to fit.", line.span, "For example ‘fit τ in 10 ms … 40 ms, 100 trials to …’."
        )
    found = [(axis, sweep_axis(axis, taking, lookup)) for axis in line.axes]
    searched = tuple(_checked(axis, made, taking) for axis, made in found if made is not None)
    trials = None if line.trials is None else amount(line.trials, COUNT, "The number of trials", taking.context, taking.constants)
    moment = line.moment
    if moment is not None and (moment.over is not None or moment.every is not None):
        hint = "The mean over repeats and over the runs of a sweep is taken anyway; ‘over last 1 s’ is a time."
        report.error("not-here", "A fit has one value for each run, so it is taken once.", moment.span, hint)
        moment = replace(moment, over=None, every=None)
    statement = tree.Expect(line.goal, GOAL, None, None, moment, None, line.span)
    goal = expectation(statement, with_recorded(recorded, taking))
    return Fit(searched, replace(goal, text=text_of(line.goal.span, taking.sources)), line.maximise, trials, line.span)


def _checked(axis: tree.SweepAxis, made: SweepAxis, taking: Taking) -> SweepAxis:
    """The axis, after reporting ends between which nothing lies; those that are not known before the run are left to it."""
    ends = [None if end is None else constant(end, taking.constants) for end in (made.start, made.stop)]
    first, last = ends
    if first is None or last is None:
        return made
    report = taking.context.report
    if not first < last:
        message = f"Between these ends of ‘{made.text}’ nothing lies."
        report.error("empty-fit", message, axis.span, "The smaller one stands first.")
    elif made.logarithmic and first <= 0.0:
        message = f"‘{made.text}’ cannot be searched on a logarithmic scale from 0, or from below."
        report.error("empty-fit", message, axis.span, "Begin with a positive number, or leave out ‘logarithmic’.")
    return made
