"""Sums over the connections of a unit: `post.h = Σ w x` → `SumInto`, and where `Σ w²` in a rule has a meaning.

Comes in: the `post.… = …` statements of a synapse. Goes out: one model `SumInto` each; factors before Σ go inside. Comes in: a checked block, or what a
projection composes. Goes out: findings. A sum that a rule reads is taken when all connections have come to it. That can be at changes without a spike, at
postsynaptic spikes, which reach all connections of the unit, and in flows; not at presynaptic spikes and pairs, which reach them one by one, nor before
the run.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator

from plasticdsl.check.blocks.block_scope import BlockScope
from plasticdsl.check.blocks.flows import settled
from plasticdsl.check.report import Reporter
from plasticdsl.check.terms.context import Typed
from plasticdsl.check.terms.expressions import member_base, translate_number
from plasticdsl.check.terms.mismatch import require_same
from plasticdsl.model import Block, Role, SumInto, Trigger
from plasticdsl.model.expr import Expr, Incoming, Ref, children, substitute, walk
from plasticdsl.model.mapping import expressions
from plasticdsl.model.owners import StandIn, Whose
from plasticdsl.source import Span
from plasticdsl.symbolic.algebra import ZERO, add, is_number, mul
from plasticdsl.symbolic.block_contents import definitions_with_sums, holds_sum
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
    context.report.means(target.attribute, wanted.span, wanted.what)
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


# --- sums that are read ----------------------------------------------------------------------------------------------


_FILL = "Let the synapse fill an input of the postsynaptic unit (‘post.s = Σ …’) and read ‘post.s’"


def check_incoming(block: Block, report: Reporter) -> None:
    """Reports sums over connections that stand where they have no meaning, also through definitions."""
    with_sums = definitions_with_sums(block)
    for part, span, message, hint in _without_sums(block):
        if any(holds_sum(expr, with_sums) for expr in expressions(part)):
            report.error("not-here", message, span, hint)
    definitions = [v for v in block.variables if v.role is Role.DEFINITION]
    for read in (*(s for handler in block.handlers for s in handler.statements), *definitions):
        if any(_has_limit(expr, with_sums, False) for expr in expressions(read)):
            report.error("not-here", "What a sum over connections reads is the value now; ⁻ and ⁺ have no place in it.", read.span)


def _without_sums(block: Block) -> Iterator[tuple[object, Span, str, str]]:
    """The parts of a block in which such a sum has no meaning, why, and what to do instead."""
    elsewhere = f"{_FILL}, or do this under ‘on post:’ or ‘every …:’."
    for handler in block.handlers:
        if handler.trigger in (Trigger.PRE, Trigger.THIRD):
            message = "A presynaptic spike reaches one connection of a unit, not all over which Σ runs."
            if handler.unit is not None:
                message = f"At spikes of ‘{handler.unit.name}’ no sums over connections are taken in this version."
            yield from ((s, s.span, message, elsewhere) for s in handler.statements)
        yield handler.period, handler.span, "A period is one number for all connections; it cannot depend on a sum over them.", ""
    for pair in block.pairs:
        message = "A pair of spikes is about one connection; it knows no sum over all connections of a unit."
        yield pair.increment, pair.span, message, elsewhere
    for total in block.sums:
        message = "A sum into an input cannot read another sum over connections."
        yield total.body, total.span, message, "Fill two inputs of the postsynaptic unit and let it combine them."
    for v in block.variables:
        yield v.initial, v.span, f"‘{v.symbol}’ cannot start at a sum over connections: they begin all at once.", ""
        yield (v.low, v.high), v.span, f"A bound of ‘{v.symbol}’ cannot be a sum over connections.", f"{_FILL}."


def _has_limit(expr: Expr, with_sums: Collection[str], inside: bool) -> bool:
    """Whether a limit stands in a sum, or at a definition that holds one."""
    match expr:
        case Ref(Whose.OWN, name, limit) if limit and (inside or name in with_sums):
            return True
        case Incoming(body):
            return _has_limit(body, with_sums, True)
        case _:
            return any(_has_limit(c, with_sums, inside) for c in children(expr))
