"""Phases of an experiment: how long, what is shown, held and started from, which rules are off, and what is taken in the phase alone."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from plasticdsl.check.experiments.clamps import check_held, check_start
from plasticdsl.check.experiments.protocol import check_schedule, check_until
from plasticdsl.check.experiments.readings import Taking
from plasticdsl.check.experiments.recordings import recordings
from plasticdsl.check.experiments.shown_items import check_loop
from plasticdsl.check.report import Reporter
from plasticdsl.check.terms.amounts import LENGTH, amount
from plasticdsl.check.terms.unification import SECONDS
from plasticdsl.diagnostics.diagnostic import Hint
from plasticdsl.diagnostics.suggest import did_you_mean
from plasticdsl.model.experiments import Change, Clamp, Phase
from plasticdsl.model.protocol import Order
from plasticdsl.syntax import tree
from plasticdsl.syntax.walk import of_kind

_PLACES = (tree.Define, tree.Start, tree.Schedule, tree.RulesOff, tree.Record, tree.Plot, tree.Expect)


def check_phase(phase: tree.Phase, taking: Taking) -> tuple[Phase, Taking]:
    """The phase with everything in it but what it expects; and what is in sight of its lines, with the parts of the items that it shows."""
    check_places(phase.body, _PLACES, "a phase", taking.context.report)
    inside = replace(taking, phase=phase.name.name)
    each, inside = check_loop(phase.each, inside) if phase.each is not None else (None, inside)
    what, known = "The length of a phase", taking.constants
    held = [check_held(s, inside) for s in of_kind(phase.body, tree.Define)]
    starts = [check_start(s, inside) for s in of_kind(phase.body, tree.Start)]
    made = Phase(
        name=phase.name.name,
        duration=None if phase.duration is None else amount(phase.duration, LENGTH, what, inside.context, known, SECONDS),
        clamps=tuple(c for c in held if isinstance(c, Clamp)),
        rules_off=_rules_off(of_kind(phase.body, tree.RulesOff), inside),
        recordings=tuple(r for s in of_kind(phase.body, tree.Record) for r in recordings(s, inside)),
        span=phase.span,
        each=each,
        until=None if phase.until is None else check_until(phase.until, inside),
        starts=tuple(s for s in starts if s is not None),
        asynchronous=_order(of_kind(phase.body, tree.Schedule), inside),
        changes=tuple(c for c in held if isinstance(c, Change)),
    )
    return made, inside


def _order(schedules: Sequence[tree.Schedule], taking: Taking) -> Order | None:
    for statement in schedules[1:]:
        taking.context.report.error("twice", "This phase says twice how its units update.", statement.span, "Keep one of them.")
    orders = [check_schedule(s, taking) for s in schedules]
    return orders[-1] if orders else None


# --- rules off -------------------------------------------------------------------------------------------------------


def _rules_off(statements: Sequence[tree.RulesOff], taking: Taking) -> tuple[str, ...] | None:
    """Names of rules, or of projections that carry some; none of them for all."""
    plastic = [p for p in taking.network.projections if p.rules]
    known = {p.name for p in plastic} | {rule for p in plastic for rule in p.rules}
    off: tuple[str, ...] | None = None
    for statement in statements:
        off = tuple(name.name for name in statement.names if name.name in known)
        for name in statement.names:
            if name.name not in known:
                message = f"‘{name.text}’ is neither a rule nor a projection with one."
                taking.context.report.error("unknown-rule", message, name.span, did_you_mean(name.name, sorted(known)))
        _check_all_rules(statement.names, off, taking)
    return off


def _check_all_rules(names: Sequence[tree.Name], off: Sequence[str], taking: Taking) -> None:
    """The rules of one projection are on or off together."""
    for p in taking.network.projections:
        left = [rule for rule in p.rules if rule not in off]
        if p.name not in off and left and len(left) < len(p.rules):
            message = f"The rules of ‘{p.symbol}’ can only be off together, and {' and '.join(f'‘{r}’' for r in left)} would stay on."
            hint = Hint(f"Name the projection: ‘rules off for {p.symbol}’.", (p.symbol,), names[0].span.to(names[-1].span))
            taking.context.report.error("unsupported", message, names[0].span, hint)


# --- what has no place -----------------------------------------------------------------------------------------------


def check_places(body: Iterable[tree.Statement], places: tuple[type, ...], where: str, report: Reporter) -> None:
    """Reports the statements that have no place in `where`, which takes those of `places`."""
    for statement in body:
        if not isinstance(statement, places):
            report.error("misplaced-statement", f"This statement has no place in {where}.", statement.span)
