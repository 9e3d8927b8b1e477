"""Sums over the connections of a unit that a connection's own flows read: `dw/dt = η (x y − y² Σ w²)`.

Comes in: the block of a connection. Goes out: the same block with an input of its own for each such sum (`Block.totals`), which is evaluated with the
inputs of the units and keeps its value over the flow. Definitions that hold sums are written out in the flows.
"""

from __future__ import annotations

from dataclasses import replace
from itertools import count

from plasticdsl.model.expr import Expr, Incoming, Ref, rebuild
from plasticdsl.model.mapping import expressions, mapped
from plasticdsl.model.model import Block, Role, Total, Variable
from plasticdsl.model.owners import Whose
from plasticdsl.symbolic.block_contents import definitions_with_sums, holds_sum


def with_totals(block: Block) -> Block:
    """The block with every sum in its flows read from an input; a sum within a sum comes first."""
    holding = definitions_with_sums(block)
    if not any(holds_sum(expr, holding) for expr in expressions(block.flows)):
        return block
    definitions, taken = block.definitions, {v.name for v in block.variables}
    free = (name for name in (f"sum_{number}" for number in count(1)) if name not in taken)
    names: dict[Expr, str] = {}

    def read(expr: Expr) -> Expr:
        match expr:
            case Ref(Whose.OWN, name, "") if name in holding:
                return read(definitions[name])
            case Incoming(body):
                inner = read(body)
                if inner not in names:
                    names[inner] = next(free)
                return Ref(Whose.OWN, names[inner])
            case _:
                return rebuild(expr, read)

    flows = mapped(block.flows, read)
    inputs = (Variable(name, name, Role.INPUT) for name in names.values())
    totals = (Total(name, body) for body, name in names.items())
    return replace(block, flows=flows, variables=(*block.variables, *inputs), totals=(*block.totals, *totals))
