"""Connections that vanish and arise: `prune when …` and `grow …` → handlers.

Comes in: the block. Goes out: handlers in terms of two states that a projection with such a block has (`model.presence`): `present`, and `newborn`,
which is not 0 where a connection arises at this moment. They come after all other handlers of a connection (`check.networks.composition`).
"""

from __future__ import annotations

from dataclasses import replace

from plasticdsl.check.blocks.block_scope import BlockScope
from plasticdsl.check.blocks.chance import chance, with_chance
from plasticdsl.check.blocks.flows import settled
from plasticdsl.check.blocks.triggers import statements
from plasticdsl.check.report import Reporter
from plasticdsl.check.terms.context import Context
from plasticdsl.check.terms.expressions import translate_as, translate_condition
from plasticdsl.check.terms.unification import PURE, SECONDS
from plasticdsl.diagnostics.diagnostic import Label
from plasticdsl.model import Assign, AtMost, Handler, Statement, Trigger
from plasticdsl.model.expr import Binary, Choice, Compare, Expr, Incoming, Number, Ref, Special, joined, walk
from plasticdsl.model.owners import Whose
from plasticdsl.model.presence import NEWBORN, PRESENT, is_there
from plasticdsl.source import Span
from plasticdsl.symbolic.algebra import ONE, ZERO
from plasticdsl.syntax import tree


def rewiring(scope: BlockScope) -> tuple[Handler, ...]:
    """One handler for each of these lines, in the order written."""
    written = scope.contents.symbols.get(PRESENT)
    if scope.contents.rewiring and written is not None:
        report_clash(PRESENT, written.span, scope.context.report, Label(scope.contents.rewiring[0].span, "here they do"))
        return ()
    context = with_chance(scope, scope.context)
    return tuple(_prune(s, scope, context) if isinstance(s, tree.Prune) else _grow(s, scope, context) for s in scope.contents.rewiring)


def report_clash(name: str, span: Span, report: Reporter, *labels: Label) -> None:
    """Reports a variable that is called like one of the two states."""
    message = f"‘{name}’ says whether a connection is there where connections come and go; this is something else."
    report.error("name-clash", message, span, "Give it another name.", labels)


def _prune(statement: tree.Prune, scope: BlockScope, context: Context) -> Handler:
    condition = settled(translate_condition(statement.condition, context), statement.condition, scope)
    present = _state(PRESENT, statement.span, scope)
    vanishes = _set_where(condition, present, ZERO, statement.span)
    return _every(statement.period, (_where(is_there(), vanishes),), statement.span, scope)


def _grow(statement: tree.Grow, scope: BlockScope, context: Context) -> Handler:
    span = statement.span
    present, newborn = (_state(name, span, scope) for name in (PRESENT, NEWBORN))
    may: list[Expr] = []
    if statement.condition is not None:
        may.append(settled(translate_condition(statement.condition, context), statement.condition, scope))
    drawn: Expr = ONE
    if statement.probability is not None or statement.degrees:
        below = chance(statement.probability or tree.Number("1", (), span), scope, context)
        may.append(below)
        drawn = Binary("/", below.left, below.right) if statement.degrees else ONE
    candidate = settled(Choice(((joined("and", may), drawn),), ZERO) if may else ONE, statement.probability or statement.period, scope)
    absent = Choice(((is_there(), ZERO),), candidate)
    arises = Compare("!=", newborn, ZERO)
    begins = (_where(arises, s) for s in statements(statement.body, scope) if isinstance(s, Assign))
    limits = (_at_most(degree, newborn, scope) for degree in statement.degrees)
    return _every(statement.period, (Assign(newborn, absent, span), *limits, *begins, _set_where(arises, present, ONE, span)), span, scope)


def _at_most(degree: tree.Connectivity, newborn: Ref, scope: BlockScope) -> AtMost:
    """How many connections a unit may have, by which those are chosen that arise."""
    assert degree.value is not None
    most = settled(translate_as(degree.value, PURE, "A degree", scope.context), degree.value, scope)
    if any(isinstance(node, Incoming) for node in walk(most)):
        scope.context.report.error("not-here", "A degree cannot be compared with a sum over connections.", degree.value.span)
    return AtMost(newborn, most, Whose.POST if degree.kind == "in-degree" else Whose.PRE, degree.span)


def _every(period: tree.Expr | None, done: tuple[Statement, ...], span: Span, scope: BlockScope) -> Handler:
    every = Special("dt") if period is None else translate_as(period, SECONDS, "A period", scope.context)
    return Handler(Trigger.EVERY, done, False, every, scope.source, scope.block.kind == "rule", span)


def _state(name: str, span: Span, scope: BlockScope) -> Ref:
    """One of the two states, which the projection has."""
    declared = scope.need(Whose.OWN, name, tree.Name(name, name, span))
    if declared.dim is not None:
        scope.solver.unify(declared.dim, PURE)
    return Ref(Whose.OWN, name)


def _set_where(condition: Expr, target: Ref, value: Number, span: Span) -> Assign:
    return _where(condition, Assign(target, value, span))


def _where(condition: Expr, statement: Assign) -> Assign:
    """The statement, where a condition holds."""
    return replace(statement, value=Choice(((condition, statement.value),), statement.target))
