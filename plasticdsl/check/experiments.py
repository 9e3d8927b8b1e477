"""Experiments: an `experiment` block → `model.Experiment`.

Comes in: the block (its `like` carried out) and the checked networks. Goes out: time step, settings, phases, recordings, plots, expectations and
sweep, with every name resolved and every duration in seconds (`5 steps` is 5 `dt`).
"""

from __future__ import annotations

from dataclasses import dataclass, field

from plasticdsl.check.bounds import check_held
from plasticdsl.check.constant import constant
from plasticdsl.check.context import Context
from plasticdsl.check.expressions import translate_as
from plasticdsl.check.lookup import Lookup
from plasticdsl.check.phases import check_phase, unavailable
from plasticdsl.check.readings import Sources, Taking
from plasticdsl.check.recordings import expectation, plot, recordings
from plasticdsl.check.report import Reporter
from plasticdsl.check.scope import Scope
from plasticdsl.check.settings import check_set_once, names_set, setting, sweep_axis, whole
from plasticdsl.check.solve import SECONDS, Solver
from plasticdsl.check.suggest import did_you_mean
from plasticdsl.check.views import network_scope
from plasticdsl.diagnostics.diagnostic import Label
from plasticdsl.model.expr import Expr, Special, walk
from plasticdsl.model.model import Expectation, Experiment, Module, Network, Phase, PlotSpec, Recording, SweepAxis, Trigger, Value
from plasticdsl.syntax import tree


@dataclass(slots=True)
class _Parts:
    """What has been read of an experiment so far."""

    dt: Expr | None = None
    phases: list[Phase] = field(default_factory=list)
    recordings: list[Recording] = field(default_factory=list)
    plots: list[PlotSpec] = field(default_factory=list)
    expectations: list[Expectation] = field(default_factory=list)
    sweep: tuple[SweepAxis, ...] = ()
    repeats: Expr | None = None
    settings: list[tuple[str, Value]] = field(default_factory=list)


def check_experiment(block: tree.Block, module: Module, outside: Scope, sources: Sources, report: Reporter) -> Experiment | None:
    """The experiment, or None where its network is not known; findings go to `report`."""
    network = _network(block, module, report)
    if network is None:
        return None
    solver, lookup = Solver(), Lookup(network, module)
    scope = network_scope(lookup, outside, solver)
    phases = tuple(s.name.name for s in block.body if isinstance(s, tree.Phase))
    taking = Taking(Context(scope, solver, report), network, sources, phases, resized=names_set(block.body))
    parts = _Parts()
    whole_of_it = not any(_is_unavailable(s) for s in block.body)
    for statement in sorted(block.body, key=lambda s: not _is_dt(s)):
        if whole_of_it or not isinstance(statement, tree.Record | tree.Plot | tree.Expect):
            _statement(statement, parts, taking, lookup)
    check_set_once(block.body, taking, lookup)
    check_held(network, parts.phases, report)
    _check_phases(block, parts, report)
    _check_time(parts, taking)
    return Experiment(
        block.name.name,
        block.doc,
        network.name,
        parts.dt,
        tuple(parts.phases),
        tuple(parts.recordings),
        tuple(parts.plots),
        tuple(parts.expectations),
        parts.sweep,
        parts.repeats,
        tuple(parts.settings),
        block.span,
    )


def _network(block: tree.Block, module: Module, report: Reporter) -> Network | None:
    names = [n.name for n in module.networks]
    if block.on is None:
        if len(names) == 1:
            return module.networks[0]
        hint = f"Write ‘experiment {block.name.text} on {names[0] if names else 'Network'}:’."
        report.error("missing-network", f"Nothing says on which network ‘{block.name.text}’ is done.", block.name.span, hint)
        return None
    found = next((n for n in module.networks if n.name == block.on.name), None) if block.on else None
    if found is None:
        hint = did_you_mean(block.on.text, names, "The networks are")
        report.error("unknown-network", f"There is no network ‘{block.on.text}’.", block.on.span, hint)
    return found


def _is_dt(statement: tree.Statement) -> bool:
    return isinstance(statement, tree.Define) and isinstance(statement.target, tree.Name) and statement.target.name == "dt"


def _is_unavailable(statement: tree.Statement) -> bool:
    """Whether names may be missing because this version cannot read the statement that gives them."""
    return isinstance(statement, tree.Data) or (isinstance(statement, tree.Phase) and statement.duration is None)


# --- statements ------------------------------------------------------------------------------------------------------


def _statement(statement: tree.Statement, parts: _Parts, taking: Taking, lookup: Lookup) -> None:
    match statement:
        case tree.Define(rhs=rhs) if _is_dt(statement):
            parts.dt = _time_step(statement, rhs, parts, taking)
        case tree.Define():
            found = setting(statement, taking, lookup)
            if found is not None:
                parts.settings.append(found)
        case tree.Phase():
            phase, plots = check_phase(statement, taking)
            parts.phases.append(phase)
            parts.plots.extend(plots)
        case tree.Record():
            parts.recordings.extend(recordings(statement, taking))
        case tree.Plot():
            parts.plots.append(plot(statement, taking))
        case tree.Expect():
            parts.expectations.append(expectation(statement, taking))
        case tree.Sweep(axes=axes, repeats=repeats):
            read = [sweep_axis(axis, taking, lookup) for axis in axes]
            parts.sweep += tuple(axis for axis in read if axis is not None)
            parts.repeats = whole(repeats, "The number of repeats", taking) if repeats is not None else parts.repeats
        case _:
            unavailable(statement, "an experiment", taking.context.report)


def _time_step(statement: tree.Define, rhs: tree.Expr, parts: _Parts, taking: Taking) -> Expr:
    report = taking.context.report
    if parts.dt is not None:
        report.error("duplicate-definition", "‘dt’ is given twice.", statement.span)
    before = report.count
    dt = translate_as(rhs, SECONDS, "The time step", taking.context)
    value = constant(dt, {})
    if report.count == before and value is not None and value <= 0:
        report.error("not-positive", "The time step must be greater than 0.", rhs.span)
    return dt


# --- what only the whole can tell ------------------------------------------------------------------------------------


def _check_phases(block: tree.Block, parts: _Parts, report: Reporter) -> None:
    written: dict[str, tree.Phase] = {}
    for statement in block.body:
        if isinstance(statement, tree.Phase):
            first = written.setdefault(statement.name.name, statement)
            if first is not statement:
                labels = (Label(first.name.span, "the first"),)
                message = f"There are two phases ‘{statement.name.text}’."
                report.error("duplicate-definition", message, statement.name.span, labels=labels)
    if not written:
        hint = "For example: ‘phase run for 1 s’."
        report.error("no-phase", f"‘{block.name.text}’ has no phase, so nothing would run.", block.name.span, hint)


def _check_time(parts: _Parts, taking: Taking) -> None:
    """With no `dt`, time is counted in steps: durations must be; with one, nothing may change at every step without saying so."""
    report = taking.context.report
    if parts.dt is None:
        for phase in parts.phases:
            in_steps = phase.duration is None or any(n == Special("dt") for n in walk(phase.duration))
            if not in_steps and constant(phase.duration, {}) != 0.0:
                hint = "Write the time step, for example ‘dt = 0.1 ms’, or the length in steps, for example ‘for 10 steps’."
                message = "This experiment has no time step, so the length of a phase cannot be a time."
                report.error("missing-dt", message, phase.span, hint)
        return
    for projection in taking.network.projections:
        for handler in projection.connection.handlers:
            if handler.trigger is Trigger.STEP and handler.period is None and handler.is_rule:
                hint = "Write ‘every …:’ before it, or a derivative ‘dw/dt = …’; without ‘dt’ in the experiment, time is counted in steps."
                message = f"This change of ‘{handler.source}’ happens at every step, whatever the step is, and the experiment has a ‘dt’."
                report.error("jump-every-step", message, handler.span, hint)
