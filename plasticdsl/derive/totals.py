"""Sums over the connections of a unit that a connection's own flows read: `dw/dt = η (x y − y² Σ w²)`.

Comes in: the block of a connection. Goes out: the same block with an input of its own for each such sum (`Block.totals`), which is evaluated with the
inputs of the units and keeps its value over the flow. Definitions that hold sums are written out in the flows.
"""

from __future__ import annotations

from dataclasses import replace

from plasticdsl.model import Block, Role, Total, Variable
from plasticdsl.model.expr import Expr, Ref
from plasticdsl.model.inline import Scope, inline, without_sums
from plasticdsl.model.mapping import expressions, mapped
from plasticdsl.model.owners import Whose
from plasticdsl.names import numbered
from plasticdsl.symbolic.block_contents import definitions_with_sums, holds_sum


def with_totals(block: Block) -> Block:
    """The block with every sum in its flows read from an input; a sum within a sum comes first."""
    holding = definitions_with_sums(block)
    if not any(holds_sum(expr, holding) for expr in expressions(block.flows)):
        return block
    scope: Scope = {Whose.OWN: {name: value for name, value in block.definitions.items() if name in holding}}
    taken, names = {v.name for v in block.variables}, dict[Expr, str]()

    def name_of(body: Expr) -> Expr:
        names[body] = names.get(body) or numbered("sum", taken.union(names.values()))
        return Ref(Whose.OWN, names[body])

    flows = mapped(block.flows, lambda expr: without_sums(inline(expr, scope), name_of))
    inputs = (Variable(name, name, Role.INPUT) for name in names.values())
    totals = (Total(name, body) for body, name in names.items())
    return replace(block, flows=flows, variables=(*block.variables, *inputs), totals=(*block.totals, *totals))
