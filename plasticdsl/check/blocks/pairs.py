"""Pairs of spikes: `on all pairs:` → `PairRule`s in terms of the lag t_post − t_pre."""

from __future__ import annotations

from collections.abc import Sequence

from plasticdsl.check.blocks.block_scope import BlockScope
from plasticdsl.check.blocks.flows import settled
from plasticdsl.check.terms.context import Typed
from plasticdsl.check.terms.expressions import case_branches, translate_as, translate_number
from plasticdsl.check.terms.mismatch import require_same
from plasticdsl.check.terms.unification import SECONDS
from plasticdsl.diagnostics.diagnostic import Label
from plasticdsl.model import Pairing, PairRule
from plasticdsl.model.expr import Binary, Choice, Compare, Expr, Negate, Number, Ref, Special, rebuild, refs
from plasticdsl.model.owners import StandIn, Whose
from plasticdsl.symbolic.algebra import mul
from plasticdsl.syntax import tree
from plasticdsl.syntax.walk import names_read, of_kind

_ADDING = ("+=", "-=", "Delta")


def pair_rules(scope: BlockScope) -> tuple[PairRule, ...]:
    """One rule for each statement under `on … pairs:`."""
    events = of_kind(scope.contents.events, tree.OnPairs)
    found = [_pair_rule(event, statement, scope) for event in events for statement in event.body]
    _unused_truncations(events, scope)
    return tuple(rule for rule in found if rule is not None)


def _pair_rule(event: tree.OnPairs, statement: tree.Statement, scope: BlockScope) -> PairRule | None:
    context = scope.context
    if not isinstance(statement, tree.Jump) or statement.operator not in _ADDING or not isinstance(statement.target, tree.Name):
        hint = "Write for example ‘Δw = F(t_post − t_pre)’."
        context.report.error(
            "pair-not-a-sum", "What pairs of spikes do can only be added to a variable of this block.", statement.span, hint
        )
        return None
    target = statement.target
    variable = context.scope.find(target)
    if variable is None or variable.dim is None:
        return None
    context.report.means(target, variable.span, variable.what)
    before = context.report.count
    if isinstance(statement.rhs, tree.Cases):
        branches, otherwise, dim = case_branches(statement.rhs, context)
        value = Typed(Choice(branches, otherwise if otherwise is not None else Number(0.0)), dim)
    else:
        value = translate_number(statement.rhs, context)
    require_same(target, variable.dim, statement.rhs, value.dim, context)
    lagged = in_terms_of_lag(value.expr)
    if any(r.owner is StandIn.PAIR for r in refs(lagged)):
        if context.report.count != before:
            return None  # a product of times, for example, has a unit that fits nowhere
        message = "A pair of spikes counts by the time between them: ‘t_pre’ and ‘t_post’ can only stand as a difference."
        context.report.error("pair-time-outside", message, statement.rhs.span, "For example ‘t_post − t_pre’.")
        return None
    increment = settled(lagged, statement.rhs, scope)
    increment = mul(Number(-1.0), increment) if statement.operator == "-=" else increment
    truncate = _truncation(statement, scope)
    return PairRule(Pairing(event.pairing), Ref(Whose.OWN, target.name), increment, truncate, scope.block.name.name, statement.span)


def in_terms_of_lag(expr: Expr) -> Expr:
    """t_post − t_pre → lag, t_pre − t_post → −lag, and comparisons of the two likewise."""
    pre, post, lag = Ref(StandIn.PAIR, "pre"), Ref(StandIn.PAIR, "post"), Special("lag")
    match expr:
        case Binary("-", left, right) if (left, right) == (post, pre):
            return lag
        case Binary("-", left, right) if (left, right) == (pre, post):
            return Negate(lag)
        case Compare(operator, left, right) if (left, right) == (post, pre):
            return Compare(operator, lag, Number(0.0))
        case Compare(operator, left, right) if (left, right) == (pre, post):
            return Compare(operator, Number(0.0), lag)
        case _:
            return rebuild(expr, in_terms_of_lag)


def _truncation(statement: tree.Jump, scope: BlockScope) -> Expr | None:
    """The longest lag that counts, where `truncate F at T` names a function that this statement applies."""
    read = {n.name for n in names_read(statement.rhs)}
    found = [t for t in scope.contents.truncations if t.function.name in read]
    lags = [translate_as(t.at, SECONDS, "The lag at which a window is cut off", scope.context) for t in found]
    if len(set(lags)) > 1:
        message = "This statement uses two functions that are truncated at different lags."
        labels = tuple(Label(t.span, "truncated here") for t in found)
        scope.context.report.error("two-truncations", message, statement.span, "Write one statement for each function.", labels)
    return lags[0] if lags else None


def _unused_truncations(events: Sequence[tree.OnPairs], scope: BlockScope) -> None:
    used = {n.name for event in events for n in names_read(event.body)}
    for truncation in scope.contents.truncations:
        declared = scope.contents.functions.get(truncation.function.name)
        if declared is not None:
            scope.context.report.means(truncation.function, declared.target.span)
        if truncation.function.name not in used:
            message = f"‘{truncation.function.text}’ is not applied to the time between two spikes in this block."
            scope.context.report.error("unknown-function", message, truncation.function.span)
