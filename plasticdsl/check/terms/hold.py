"""`hold(y)`: y, and constant in a gradient.

Comes in: the application as written, and at last the network with its gradients worked out. Goes out: `Call("hold", (y,))`, and the network in
which that is y again, since nothing after derivatives makes a difference between the two.
"""

from __future__ import annotations

from plasticdsl.check.terms.context import Context, Typed
from plasticdsl.check.terms.expressions import translate_number
from plasticdsl.model.expr import Call
from plasticdsl.model.mapping import mapped
from plasticdsl.model.model import Network
from plasticdsl.symbolic.derivative import HOLD, without_holds
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
    return mapped(network, without_holds)
