"""Sums over connections: `post.h = Σ w x` → `SumInto`.

Comes in: the `post.… = …` statements of a synapse. Goes out: one model `SumInto` each; factors before Σ go inside.
"""

from __future__ import annotations

from plasticdsl.check.blocks.block_scope import BlockScope
from plasticdsl.check.blocks.flows import settled
from plasticdsl.check.terms.context import Typed
from plasticdsl.check.terms.expressions import member_base, translate_number
from plasticdsl.check.terms.mismatch import require_same
from plasticdsl.model.expr import Expr, Incoming, Ref, substitute, walk
from plasticdsl.model.model import SumInto
from plasticdsl.model.owners import StandIn
from plasticdsl.symbolic.algebra import ZERO, add, is_number, mul
from plasticdsl.symbolic.linear import NotLinear, linear_form
from plasticdsl.syntax import tree
from plasticdsl.syntax.walk import nodes


def sums(scope: BlockScope) -> tuple[SumInto, ...]:
    """What the synapse sums into the postsynaptic unit."""
    found = [_sum(statement, scope) for statement in scope.contents.sums]
    return tuple(s for s in found if s is not None)


def _sum(statement: tree.Define, scope: BlockScope) -> SumInto | None:
    context = scope.context
    target = statement.target
    assert isinstance(target, tree.Member)
    base = member_base(target, context)
    if base is None or base.members is None or scope.block.kind == "neuron":
        return None
    text = f"{base.symbol}.{target.attribute.text}"
    if base.name != "post" or scope.block.kind != "synapse":
        owner = "the postsynaptic unit’s inputs" if scope.block.kind == "synapse" else "its own variables"
        context.report.error("not-owned", f"A {scope.block.kind} can set only {owner}, not ‘{text}’.", target.span)
        return None
    if not any(isinstance(n, tree.Sum) for n in nodes(statement.rhs)):
        hint = f"Write ‘{text} = Σ …’: the sum over the connections that reach the unit; at a spike write ‘on pre: {text} += …’."
        context.report.error(
            "not-owned", f"‘{text}’ belongs to the postsynaptic unit, which other connections reach too.", target.span, hint
        )
        return None
    wanted = base.members.lookup(target.attribute)
    body = _body(statement, scope)
    if body is None or wanted is None or wanted.dim is None:
        return None
    require_same(target, wanted.dim, statement.rhs, body.dim, context)
    return SumInto(target.attribute.name, settled(body.expr, statement.rhs, scope), statement.span)


def _body(statement: tree.Define, scope: BlockScope) -> Typed | None:
    """The summed expression: `½ Σ a − Σ b` is Σ (½ a − b)."""
    whole = translate_number(statement.rhs, scope.context)
    found = dict.fromkeys(node for node in walk(whole.expr) if isinstance(node, Incoming))
    totals: dict[Expr, Ref] = {node: Ref(StandIn.SUM, str(number)) for number, node in enumerate(found)}
    try:
        form = linear_form(substitute(whole.expr, totals), frozenset(totals.values()))
    except NotLinear:
        message = "Only multiples and differences of sums can be an input; a function of a sum belongs in the neuron."
        scope.context.report.error("sum-not-linear", message, statement.rhs.span)
        return None
    if not is_number(form.offset, 0.0):
        message = "Beside the sum there is a part that is no sum over connections."
        scope.context.report.error("sum-not-linear", message, statement.rhs.span, "Put it inside Σ, or into the neuron.")
        return None
    body: Expr = ZERO
    for node in found:
        body = add(body, mul(form.coefficient(totals[node]), node.body))
    return Typed(body, whole.dim)
