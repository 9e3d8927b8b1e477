"""Where a sum over the connections of a unit (`Σ w²` in a rule) has a meaning, and where it has none.

Comes in: a checked block, or what a projection composes. Goes out: findings. Such a sum is taken when all connections have come to it. That can be
at changes without a spike, at postsynaptic spikes, which reach all connections of the unit, and in flows; not at presynaptic spikes and pairs, which
reach them one by one, nor before the run.
"""

from __future__ import annotations

from plasticdsl.check.report import Reporter
from plasticdsl.model.expr import Expr, Incoming, Ref, children, walk
from plasticdsl.model.mapping import expressions
from plasticdsl.model.model import Block, Role, Trigger, Variable
from plasticdsl.model.owners import Whose

_FILL = "Let the synapse fill an input of the postsynaptic unit (‘post.s = Σ …’) and read ‘post.s’"


def check_incoming(block: Block, report: Reporter) -> None:
    """Reports sums over connections that stand where they have no meaning, also through definitions."""
    sums = Holding(block)
    if not sums.any:
        return
    for handler in block.handlers:
        for s in handler.statements:
            if handler.trigger is Trigger.PRE and sums.hold(s):
                message = "A presynaptic spike reaches one connection of a unit, not all over which Σ runs."
                report.error("not-here", message, s.span, f"{_FILL}, or do this under ‘on post:’ or ‘every …:’.")
        if sums.hold(handler.period):
            report.error("not-here", "A period is one number for all connections; it cannot depend on a sum over them.", handler.span)
    for pair in block.pairs:
        if sums.hold(pair.increment):
            message = "A pair of spikes is about one connection; it knows no sum over all connections of a unit."
            report.error("not-here", message, pair.span, f"{_FILL}, or do this under ‘on post:’ or ‘every …:’.")
    for total in block.sums:
        if sums.hold(total.body):
            message = "A sum into an input cannot read another sum over connections."
            report.error("not-here", message, total.span, "Fill two inputs of the postsynaptic unit and let it combine them.")
    for variable in block.variables:
        _check_variable(variable, sums, report)
    definitions = [v for v in block.variables if v.role is Role.DEFINITION]
    for read in (*(s for handler in block.handlers for s in handler.statements), *definitions):
        if any(_has_limit(expr, sums, False) for expr in expressions(read)):
            report.error("not-here", "What a sum over connections reads is the value now; ⁻ and ⁺ have no place in it.", read.span)


def _check_variable(variable: Variable, sums: Holding, report: Reporter) -> None:
    if sums.hold(variable.initial):
        report.error("not-here", f"‘{variable.symbol}’ cannot start at a sum over connections: they begin all at once.", variable.span)
    if sums.hold((variable.low, variable.high)):
        message = f"A bound of ‘{variable.symbol}’ cannot be a sum over connections."
        report.error("not-here", message, variable.span, f"{_FILL}.")


class Holding:
    """Which expressions of a block hold sums, and which of its definitions."""

    def __init__(self, block: Block) -> None:
        values = {v.name: v.value for v in block.variables if v.role is Role.DEFINITION and isinstance(v.value, Expr)}
        self.definitions: frozenset[str] = frozenset()
        while more := frozenset(n for n, value in values.items() if n not in self.definitions and self.hold(value)):
            self.definitions |= more
        self.any = bool(self.definitions) or self.hold(block)

    def hold(self, part: object) -> bool:
        """Whether a part of the block holds a sum, also through definitions."""
        return any(
            isinstance(node, Incoming) or (isinstance(node, Ref) and node.owner is Whose.OWN and node.name in self.definitions)
            for expr in expressions(part)
            for node in walk(expr)
        )


def _has_limit(expr: Expr, sums: Holding, inside: bool) -> bool:
    """Whether a limit stands in a sum, or at a definition that holds one."""
    match expr:
        case Ref(Whose.OWN, name, limit) if limit and (inside or name in sums.definitions):
            return True
        case Incoming(body):
            return _has_limit(body, sums, True)
        case _:
            return any(_has_limit(c, sums, inside) for c in children(expr))
