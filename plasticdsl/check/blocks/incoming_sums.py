"""Where a sum over the connections of a unit (`Σ w²` in a rule) has a meaning, and where it has none.

Comes in: a checked block, or what a projection composes. Goes out: findings. Such a sum is taken when all connections have come to it. That can be
at changes without a spike, at postsynaptic spikes, which reach all connections of the unit, and in flows; not at presynaptic spikes and pairs, which
reach them one by one, nor before the run.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator

from plasticdsl.check.report import Reporter
from plasticdsl.model.expr import Expr, Incoming, Ref, children
from plasticdsl.model.mapping import expressions
from plasticdsl.model.model import Block, Role, Trigger
from plasticdsl.model.owners import Whose
from plasticdsl.source import Span
from plasticdsl.symbolic.block_contents import definitions_with_sums, holds_sum

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
        if handler.trigger is Trigger.PRE:
            message = "A presynaptic spike reaches one connection of a unit, not all over which Σ runs."
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
