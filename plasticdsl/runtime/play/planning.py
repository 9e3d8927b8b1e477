"""The timeline of an experiment: how many whole steps each of its phases takes.

Comes in: a checked experiment, the network with numbers, what the phases show. Goes out: the `Timeline`, with a warning for each duration that had to be
rounded. A phase with `until` is planned with its longest length.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from plasticdsl.diagnostics.diagnostic import Diagnostic, PlasError, Severity
from plasticdsl.model.experiments import Experiment, Phase
from plasticdsl.runtime.instance.instance import Instance
from plasticdsl.runtime.instance.settings import duration
from plasticdsl.runtime.numbers.evaluate import constant
from plasticdsl.runtime.play.feeds import Show
from plasticdsl.runtime.play.schedule import Timeline, timeline
from plasticdsl.runtime.play.until import MOST_STEPS
from plasticdsl.source import NOWHERE
from plasticdsl.support.steps import is_multiple, to_steps


def plan_timeline(
    experiment: Experiment, instance: Instance, shows: Mapping[str, Show], length: str | float | None
) -> tuple[Timeline, tuple[Diagnostic, ...]]:
    """The phases in steps, and a warning for each duration that had to be rounded. `length` replaces that of the last timed phase."""
    dt = instance.dt
    lengths = {p.name: _length(p, instance, shows.get(p.name)) for p in experiment.phases}
    if length is not None:
        timed = [p.name for p in experiment.phases if p.duration is not None]
        if not timed:
            raise ValueError(f"{experiment.name} has no phase of a given length that could be replaced")
        lengths[timed[-1]] = duration(length, dt)
        to_steps(lengths[timed[-1]], dt)  # what the user asks for has to be a number of steps; the rest is the model's
    found = [_length_problem(p, lengths[p.name], dt) for p in experiment.phases]
    errors = tuple(f for f in found if f is not None and f.severity is Severity.ERROR)
    if errors:
        raise PlasError(errors)
    line = timeline(lengths, lengths.values(), dt, experiment.dt is None)
    spans = zip(line.phases, experiment.phases, strict=True)
    marked = tuple(replace(s, shows=p.each is not None, open_ended=p.until is not None) for s, p in spans)
    return replace(line, phases=marked), tuple(f for f in found if f is not None)


def _length(phase: Phase, instance: Instance, show: Show | None) -> float:
    """In seconds."""
    if show is not None:
        return show.steps * instance.dt
    if phase.until is not None:
        return MOST_STEPS * instance.dt if phase.until.at_most is None else float(constant(phase.until.at_most, instance))
    return 0.0 if phase.duration is None else float(constant(phase.duration, instance))


def _length_problem(phase: Phase, length: float, dt: float) -> Diagnostic | None:
    try:
        steps = to_steps(length, dt)
    except ValueError as error:
        return Diagnostic("not-positive", f"The length of phase ‘{phase.name}’ cannot be used: {error}.", phase.span)
    if steps < 0:
        return Diagnostic("not-positive", f"The length of phase ‘{phase.name}’ is negative: {length:g} s.", phase.span)
    if is_multiple(length, dt):
        return None
    message = f"Phase ‘{phase.name}’ lasts {length:g} s, which is no multiple of dt = {dt:g} s; it is rounded to {steps} steps ({steps * dt:g} s)."
    return Diagnostic("duration-rounded", message, phase.span, severity=Severity.WARNING)


def run_rounded(seconds: float, dt: float) -> Diagnostic:
    """What is said of runs of a network from Python."""
    message = f"A run of {seconds:g} s is no multiple of dt = {dt:g} s; runs are rounded to whole steps, all of them together."
    return Diagnostic("duration-rounded", message, NOWHERE, severity=Severity.WARNING)
