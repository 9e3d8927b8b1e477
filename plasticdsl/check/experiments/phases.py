"""Phases of an experiment: how long, what is shown, held and started from, which rules are off, and what is taken in the phase alone."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

from plasticdsl.check.experiments.clamps import Parts, check_clamp, check_start
from plasticdsl.check.experiments.protocol import check_schedule, check_until
from plasticdsl.check.experiments.readings import Taking
from plasticdsl.check.experiments.recordings import expectation, plot, recordings
from plasticdsl.check.experiments.shown_items import Loop, check_loop
from plasticdsl.check.report import Reporter
from plasticdsl.check.terms.amounts import LENGTH, amount
from plasticdsl.check.terms.unification import SECONDS
from plasticdsl.diagnostics.diagnostic import Hint
from plasticdsl.diagnostics.suggest import did_you_mean
from plasticdsl.model.experiments import Clamp, Phase, PlotSpec, Recording
from plasticdsl.model.expr import Expr
from plasticdsl.model.protocol import ForEach, Order, Start, Until
from plasticdsl.syntax import tree


@dataclass(slots=True)
class _Body:
    clamps: list[Clamp] = field(default_factory=list)
    starts: list[Start] = field(default_factory=list)
    rules_off: tuple[str, ...] | None = None
    schedule: tree.Schedule | None = None
    order: Order | None = None
    recordings: list[Recording] = field(default_factory=list)
    plots: list[PlotSpec] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class CheckedPhase:
    """A phase but for its expectations, which may read what other phases record; the plots written in it; and the names of what it shows."""

    phase: Phase
    plots: tuple[PlotSpec, ...]
    expectations: tuple[tree.Expect, ...]
    loop: Loop | None

    def whole(self, taking: Taking) -> Phase:
        """The phase with what it expects; `taking` is that of the experiment, with the names of all recordings in sight."""
        inside = _inside(taking, self.phase.name, self.loop)
        return replace(self.phase, expectations=tuple(expectation(s, inside) for s in self.expectations))


def _inside(taking: Taking, phase: str, loop: Loop | None) -> Taking:
    context = taking.context if loop is None else loop.names(taking.context)
    return replace(taking, phase=phase, context=context)


def check_phase(phase: tree.Phase, taking: Taking) -> CheckedPhase:
    """The phase with everything in it but what it expects."""
    loop = check_loop(phase.each, taking, taking.sizes) if phase.each is not None else None
    inside = _inside(taking, phase.name.name, loop)
    duration, until = _length(phase, inside)
    each, parts = (loop.each, loop.parts) if loop is not None else (None, ())
    body = _Body()
    expected = tuple(s for s in phase.body if isinstance(s, tree.Expect))
    for statement in phase.body:
        if not isinstance(statement, tree.Expect):
            _statement(statement, body, parts, inside)
    return CheckedPhase(_phase(phase, duration, each, until, body), tuple(body.plots), expected, loop)


def _phase(phase: tree.Phase, duration: Expr | None, each: ForEach | None, until: Until | None, body: _Body) -> Phase:
    return Phase(
        phase.name.name,
        duration,
        tuple(body.clamps),
        body.rules_off,
        tuple(body.recordings),
        (),
        phase.span,
        each,
        until,
        tuple(body.starts),
        body.order,
    )


def _length(phase: tree.Phase, taking: Taking) -> tuple[Expr | None, Until | None]:
    if phase.until is not None:
        return None, check_until(phase.until, taking)
    if phase.duration is None:
        return None, None
    return amount(phase.duration, LENGTH, "The length of a phase", taking.context, taking.constants, SECONDS), None


def _statement(statement: tree.Statement, body: _Body, parts: Parts, taking: Taking) -> None:
    match statement:
        case tree.Define():
            clamp = check_clamp(statement, parts, taking)
            if clamp is not None:
                body.clamps.append(clamp)
        case tree.Start():
            start = check_start(statement, parts, taking)
            if start is not None:
                body.starts.append(start)
        case tree.Schedule():
            if body.schedule is not None:
                taking.context.report.error("twice", "This phase says twice how its units update.", statement.span, "Keep one of them.")
            body.schedule, body.order = statement, check_schedule(statement, taking)
        case tree.RulesOff(names=names):
            off = tuple(_rules_named(names, taking))
            _check_all_rules(names, off, taking)
            body.rules_off = off if names else ()
        case tree.Record():
            body.recordings.extend(recordings(statement, taking))
        case tree.Plot():
            body.plots.append(plot(statement, taking))
        case _:
            misplaced(statement, "a phase", taking.context.report)


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
            hint = Hint(f"Name the projection: ‘rules off for {p.symbol}’.", (p.symbol,), names[0].span.to(names[-1].span))
            taking.context.report.error("unsupported", message, names[0].span, hint)


# --- what has no place -----------------------------------------------------------------------------------------------


def misplaced(statement: tree.Statement, where: str, report: Reporter) -> None:
    """Reports a statement that has no place in `where`."""
    report.error("misplaced-statement", f"This statement has no place in {where}.", statement.span)
