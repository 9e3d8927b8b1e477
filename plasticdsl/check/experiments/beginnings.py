"""`start from end of Training`: experiments that go on from the end of another one of their file.

Comes in: the checked experiments. Goes out: the same, each with the seed of the one that it begins with, and findings where it cannot begin there.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from plasticdsl.check.experiments.experiment import check_lengths
from plasticdsl.check.report import Reporter
from plasticdsl.diagnostics.suggest import did_you_mean
from plasticdsl.graph import ordered
from plasticdsl.model.experiments import Experiment
from plasticdsl.syntax import tree


def with_beginnings(experiments: Sequence[Experiment], report: Reporter) -> tuple[Experiment, ...]:
    """The experiments in their order."""
    given = {e.name: e for e in experiments}
    order, circles = ordered(
        given, lambda name: () if (begin := given[name].begin) is None or begin.experiment not in given else (begin.experiment,)
    )
    for circle in circles:
        one = given[circle[-2]]
        _report(one, f"‘{one.name}’ begins with its own end: {' → '.join(circle)}.", report)
    done: dict[str, Experiment] = {}
    for name in order:
        done[name] = _checked(given[name], done, tuple(given), report)
    return tuple(done[e.name] for e in experiments)


def _checked(experiment: Experiment, others: Mapping[str, Experiment], names: Sequence[str], report: Reporter) -> Experiment:
    begin = experiment.begin
    if begin is None or begin.experiment == experiment.name or (begin.experiment in names and begin.experiment not in others):
        return experiment
    first = others.get(begin.experiment)
    if first is None:
        known = [name for name in names if name != experiment.name]
        message = f"There is no experiment ‘{begin.experiment}’ in this file."
        meant = did_you_mean(begin.experiment, known, "The experiments are")
        hint = replace(meant, texts=tuple(f"start from end of {name}" for name in meant.texts))
        report.error("unknown-beginning", message, begin.span, hint)
        return experiment
    report.means(tree.Name(begin.experiment, begin.experiment, begin.span), first.span, "an experiment")
    if first.network != experiment.network:
        _report(experiment, f"‘{first.name}’ is done on {first.network}, and ‘{experiment.name}’ on {experiment.network}.", report)
    if first.fit is not None:
        _report(experiment, f"‘{first.name}’ fits parameters, so it has many ends.", report)
    elif first.sweep:
        _report(experiment, f"‘{first.name}’ is swept, so it has many ends.", report)
    if experiment.dt is None and first.dt is not None:
        words = f"Write the same line ‘dt = …’ as in ‘{first.name}’."
        _report(experiment, f"‘{experiment.name}’ has no time step, and ‘{first.name}’, from whose end it starts, has one.", report, words)
    elif first.dt != experiment.dt:
        _report(experiment, f"‘{first.name}’ has another time step than ‘{experiment.name}’.", report)
    elif experiment.dt is None:
        check_lengths(experiment, report)
    if experiment.seed not in (None, first.seed):
        _report(experiment, f"‘{experiment.name}’ has a seed of its own, and goes on with the draws of ‘{first.name}’.", report)
    return replace(experiment, seed=first.seed)


def _report(experiment: Experiment, message: str, report: Reporter, hint: str = "") -> None:
    assert experiment.begin is not None, "it is about where the experiment begins"
    report.error("unknown-beginning", message, experiment.begin.span, hint)
