"""Chance at events: `u ~ Bernoulli(p)` under a trigger, and the condition `chance(p)`.

Comes in: a draw under a trigger, or the context of one. Goes out: an assignment of what is drawn; a context that knows `chance`.
"""

from __future__ import annotations

from plasticdsl.check.blocks.block_scope import BlockScope
from plasticdsl.check.likes import path_text, subject
from plasticdsl.check.terms.context import Context, Typed
from plasticdsl.check.terms.distributions import distribution
from plasticdsl.check.terms.expressions import translate_number
from plasticdsl.check.terms.mismatch import require_dimension, require_same
from plasticdsl.check.terms.scope import DISTRIBUTIONS
from plasticdsl.check.terms.unification import PURE
from plasticdsl.model import Assign, Distribution
from plasticdsl.model.expr import Compare, Drawn, Number, Ref
from plasticdsl.model.owners import Whose
from plasticdsl.symbolic.algebra import ONE, ZERO
from plasticdsl.syntax import tree


def draw(statement: tree.Draw, scope: BlockScope, context: Context) -> Assign | None:
    """`u ~ N(1, 0.2)` under a trigger: u is what is drawn at the event. None after reporting a target that the block does not own."""
    target, node = subject(statement), statement.distribution
    if isinstance(target, tree.Member):
        hint = f"Draw a number of the block’s own and add it: ‘q ~ …’, and below ‘{path_text(target, as_written=True)} += q’."
        context.report.error("not-owned", "This belongs to another unit and cannot be drawn here.", target.span, hint)
        return None
    if not isinstance(target, tree.Name):
        context.report.error("bad-left-side", "Only a variable can be drawn.", statement.span)
        return None
    if target.name in scope.contents.inputs:
        hint = "Synapses fill an input; a quantity of the neuron's own needs another name."
        context.report.error("not-owned", f"‘{target.text}’ is an input and cannot be drawn here.", target.span, hint)
        return None
    variable = context.scope.find(target)
    if variable is None or variable.dim is None:
        return None
    drawn, dim = distribution(node, context)
    require_same(target, variable.dim, node, dim, context)
    _require_allowed(drawn, target, node, context)
    return Assign(Ref(Whose.OWN, target.name), _drawn(drawn, scope), statement.span)


def with_chance(scope: BlockScope, context: Context) -> Context:
    """The context of an event, in which `chance(p)` is a condition that is true with probability p, drawn anew wherever it is written."""
    outer = context.extend

    def extend(node: tree.Expr, inner: Context) -> Typed | None:
        match node:
            case tree.Apply(function=tree.Name(name="chance") as name, arguments=(tree.Argument(keyword=None, value=p),), primes=0) if (
                inner.scope.find(name) is None
            ):
                return Typed(chance(p, scope, inner), PURE, is_condition=True)
            case tree.Apply(function=tree.Name(name="chance") as name) if inner.scope.find(name) is None:
                return inner.refuse("wrong-number-of-arguments", "‘chance’ takes one argument, a probability: chance(p).", node.span)
            case _:
                return None if outer is None else outer(node, inner)

    return context.extended(extend)


def _require_allowed(drawn: Distribution, target: tree.Name, node: tree.Expr, context: Context) -> None:
    """Reports arguments that are numbers in the text and not allowed."""
    from plasticdsl.support.distributions import require_allowed

    values = [a.value for a in drawn.arguments[: len(DISTRIBUTIONS[drawn.name])] if isinstance(a, Number)]
    if len(values) < len(DISTRIBUTIONS[drawn.name]):
        return
    try:
        require_allowed(drawn.name, values)
    except ValueError as problem:
        context.report.error("out-of-range", f"‘{target.text}’ cannot be drawn: {problem}.", node.span)


def _drawn(drawn: Distribution, scope: BlockScope) -> Drawn:
    own = len(DISTRIBUTIONS[drawn.name])
    return Drawn(drawn.name, drawn.arguments[:own], drawn.arguments[own:], scope.source, next(scope.numbers))


def chance(probability: tree.Expr, scope: BlockScope, context: Context) -> Compare:
    """A condition that is true with this probability: a number drawn between 0 and 1 is below it."""
    value = translate_number(probability, context)
    require_dimension(probability, value.dim, PURE, "A probability", context)
    if isinstance(value.expr, Number) and not 0.0 <= value.expr.value <= 1.0:
        message = f"A probability lies between 0 and 1; this is {value.expr.value:g}."
        context.report.error("out-of-range", message, probability.span)
    return Compare("<", _drawn(Distribution("U", (ZERO, ONE)), scope), value.expr)
