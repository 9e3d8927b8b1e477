"""`hold(y)`: y, and constant in a gradient.

Comes in: the application as written, and at last the network with its gradients worked out. Goes out: `Call("hold", (y,))`, and the network in
which that is y again, since nothing after derivatives makes a difference between the two.
"""

from __future__ import annotations

from dataclasses import replace

from plasticdsl.check.terms.context import Context, Typed
from plasticdsl.check.terms.expressions import translate_number
from plasticdsl.derive.local_gradient import HOLD, without_holds
from plasticdsl.model.expr import Call
from plasticdsl.model.mapping import map_block, map_variable
from plasticdsl.model.model import Block, Network
from plasticdsl.syntax import tree


def read_hold(node: tree.Expr, context: Context) -> Typed | None:
    """What `hold(y)` means, unless the name is declared otherwise."""
    match node:
        case tree.Apply(function=tree.Name(name="hold") as function, arguments=(only,)) if context.scope.find(function) is None:
            inside = translate_number(only.value, context)
            return Typed(Call(HOLD, (inside.expr,)), inside.dim)
        case _:
            return None


def released(network: Network) -> Network:
    """The network with every `hold(y)` read as y."""
    populations = tuple(replace(p, block=_released(p.block)) for p in network.populations)
    projections = tuple(replace(p, connection=_released(p.connection)) for p in network.projections)
    variables = tuple(map_variable(v, without_holds) for v in network.variables)
    return replace(network, populations=populations, projections=projections, variables=variables)


def _released(block: Block) -> Block:
    return replace(map_block(block, without_holds), variables=tuple(map_variable(v, without_holds) for v in block.variables))
