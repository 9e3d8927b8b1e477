"""Phases of an experiment: how long, what is held, which rules are off, and what is taken in the phase alone."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

from plasticdsl.check.constant import constant
from plasticdsl.check.expressions import translate_as, translate_number
from plasticdsl.check.likes import written_path
from plasticdsl.check.mismatch import require_same
from plasticdsl.check.readings import Taking, undeclared_population
from plasticdsl.check.recordings import expectation, plot, recordings
from plasticdsl.check.report import Reporter
from plasticdsl.check.solve import SECONDS
from plasticdsl.check.suggest import did_you_mean
from plasticdsl.model.expr import Expr, Special, walk
from plasticdsl.model.model import Clamp, Expectation, GivenSpikes, Phase, PlotSpec, Population, Recording, RegularSource, Role, Variable
from plasticdsl.syntax import tree


@dataclass(slots=True)
class _Body:
    clamps: list[Clamp] = field(default_factory=list)
    rules_off: tuple[str, ...] | None = None
    recordings: list[Recording] = field(default_factory=list)
    expectations: list[Expectation] = field(default_factory=list)
    plots: list[PlotSpec] = field(default_factory=list)


def check_phase(phase: tree.Phase, taking: Taking) -> tuple[Phase, tuple[PlotSpec, ...]]:
    """The phase, and the plots written in it (which are of this phase)."""
    inside = replace(taking, phase=phase.name.name)
    body = _Body()
    duration = _duration(phase, inside)
    for statement in phase.body if duration is not None else ():
        _statement(statement, body, inside)
    checked = Phase(
        phase.name.name, duration, tuple(body.clamps), body.rules_off, tuple(body.recordings), tuple(body.expectations), phase.span
    )
    return checked, tuple(body.plots)


def _duration(phase: tree.Phase, taking: Taking) -> Expr | None:
    report = taking.context.report
    if phase.duration is None:
        what = phase.each or phase.until or phase
        words = "Showing data item by item (‘for each’)" if phase.each is not None else "Running until something holds (‘until’)"
        hint = "Give the phase a length: ‘for 1 s’ or ‘for 10 steps’."
        report.error("unsupported", f"{words} is not available in this version.", what.span, hint)
        return None
    return _positive(phase, translate_as(phase.duration, SECONDS, "The length of a phase", taking.context), report)


def _positive(phase: tree.Phase, duration: Expr, report: Reporter) -> Expr:
    value = constant(duration, {})
    if value is not None and value < 0:
        place = phase.duration.span if phase.duration is not None else phase.span
        report.error("not-positive", "The length of a phase cannot be negative.", place)
    return duration


def _statement(statement: tree.Statement, body: _Body, taking: Taking) -> None:
    match statement:
        case tree.Define():
            clamp = _clamp(statement, taking)
            if clamp is not None:
                body.clamps.append(clamp)
        case tree.RulesOff(names=names):
            off = tuple(_rules_named(names, taking))
            _check_all_rules(names, off, taking)
            body.rules_off = off if names else ()
        case tree.Record():
            body.recordings.extend(recordings(statement, taking))
        case tree.Plot():
            body.plots.append(plot(statement, taking))
        case tree.Expect():
            body.expectations.append(expectation(statement, taking))
        case _:
            unavailable(statement, "a phase", taking.context.report)


# --- clamps ----------------------------------------------------------------------------------------------------------


def _clamp(statement: tree.Define, taking: Taking) -> Clamp | None:
    found = _clamped(statement.target, taking)
    if found is None:
        return None
    population, variable = found
    value = translate_number(statement.rhs, taking.context)
    own = taking.context.scope.find(population.name)
    entry = own.members.find(variable.name) if own is not None and own.members is not None else None
    dim = entry.dim if entry is not None and entry.dim is not None else taking.context.solver.fresh()
    require_same(statement.target, dim, statement.rhs, value.dim, taking.context)
    _check_holdable(statement, population, variable, value.expr, taking)
    return Clamp(population.name, variable.name, value.expr, statement.span)


def _check_holdable(statement: tree.Define, population: Population, variable: Variable, value: Expr, taking: Taking) -> None:
    """What is computed cannot be held, and a parameter only at one value."""
    report, text = taking.context.report, written_path(statement.target)
    if variable.role in (Role.DEFINITION, Role.INPUT):
        what = "computed from other values" if variable.role is Role.DEFINITION else "the sum of what synapses send"
        hint = "Hold a state, a parameter or the output of a Source instead."
        report.error("not-clamped", f"‘{text}’ is {what} and cannot be held.", statement.span, hint)
    elif isinstance(population.source, RegularSource | GivenSpikes):
        hint = "Use two sources, or a Poisson source, whose rate a phase can hold."
        report.error(
            "not-clamped", f"‘{text}’ says when ‘{population.symbol}’ fires, which is laid down before the run.", statement.span, hint
        )
    elif variable.role is Role.PARAMETER and any(n == Special("t") for n in walk(value)):
        hint = "Hold it at a constant in this phase, or let a Source or a rate depend on t."
        report.error("not-clamped", f"‘{text}’ is a parameter and cannot change within a phase.", statement.span, hint)


def _clamped(target: tree.Expr, taking: Taking) -> tuple[Population, Variable] | None:
    """What `bell = 1` or `dog.y = 1` holds."""
    report, network = taking.context.report, taking.network
    populations = {p.name: p for p in network.populations}
    match target:
        case tree.Name() if target.name in populations:
            population = populations[target.name]
            variable = population.block.variable(population.block.output or "")
            if variable is not None:
                return population, variable
            names = ", ".join(f"{target.text}.{v.symbol}" for v in population.block.variables)
            hint = f"Name what is held: {names}." if names else ""
            report.error("not-clamped", f"‘{target.text}’ has no output that could be held.", target.span, hint)
        case tree.Member(base=tree.Name() as base, attribute=attribute) if base.name in populations:
            found = populations[base.name].block.variable(attribute.name)
            if found is not None:
                return populations[base.name], found
            translate_number(target, taking.context)  # reports the unknown name with what is near
        case tree.Name() if any(v.name == target.name for v in network.variables):
            message = f"‘{target.text}’ is a parameter of the network, constant during a run; a phase cannot change it."
            hint = "Hold a variable of a population instead, for example ‘inputs.rate = 40 Hz’, or set the parameter outside the phases."
            report.error("not-clamped", message, target.span, hint)
        case tree.Member(base=tree.Name() as base) if any(p.name == base.name for p in network.projections):
            message = f"‘{base.text}’ is a projection; a phase can only hold variables of populations."
            report.error("not-clamped", message, target.span)
        case tree.Member(base=base):
            undeclared_population(base, taking.context, network)
        case _:
            undeclared_population(target, taking.context, network)
    return None


# --- rules off -------------------------------------------------------------------------------------------------------


def _rules_named(names: Sequence[tree.Name], taking: Taking) -> Iterator[str]:
    """Names of rules, or of projections that carry some."""
    plastic = [p for p in taking.network.projections if p.rules]
    known = {p.name for p in plastic} | {rule for p in plastic for rule in p.rules}
    for name in names:
        if name.name in known:
            yield name.name
            continue
        hint = did_you_mean(name.name, sorted(known))
        message = f"‘{name.text}’ is neither a rule nor a projection with one."
        taking.context.report.error("unknown-rule", message, name.span, hint)


def _check_all_rules(names: Sequence[tree.Name], off: Sequence[str], taking: Taking) -> None:
    """The rules of one projection are on or off together."""
    for p in taking.network.projections:
        left = [rule for rule in p.rules if rule not in off]
        if p.name not in off and left and len(left) < len(p.rules):
            message = f"The rules of ‘{p.symbol}’ can only be off together, and {' and '.join(f'‘{r}’' for r in left)} would stay on."
            taking.context.report.error("unsupported", message, names[0].span, f"Name the projection: ‘rules off for {p.name}’.")


# --- what has no place, or is not there yet --------------------------------------------------------------------------

_NOT_YET = {
    tree.Data: "Data from a file is",
    tree.Start: "‘start … from …’ is",
    tree.Schedule: "‘update …’ is",
    tree.Patterns: "Random patterns are",
}


def unavailable(statement: tree.Statement, where: str, report: Reporter) -> None:
    """Reports a statement that this version cannot run, or that has no place in `where`."""
    words = _NOT_YET.get(type(statement))
    if words is not None:
        report.error("unsupported", f"{words} not available in this version.", statement.span)
    else:
        report.error("misplaced-statement", f"This statement has no place in {where}.", statement.span)
