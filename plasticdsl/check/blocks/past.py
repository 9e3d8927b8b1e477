"""What a variable was some time ago: `V(t − 4 ms)`, in synapses and rules `pre.V(t − 4 ms)`.

Comes in: such an application. Goes out: a `Call` of `model.expr.PAST`, of the variable and of how long ago, which is the same at all times.
"""

from __future__ import annotations

from plasticdsl.check.terms.amounts import POSITIVE, amount
from plasticdsl.check.terms.context import Context, Typed
from plasticdsl.check.terms.expressions import translate
from plasticdsl.check.terms.unification import SECONDS
from plasticdsl.model.expr import PAST, Call, Ref, refs
from plasticdsl.model.owners import Whose
from plasticdsl.syntax import tree


def past(node: tree.Apply, in_neuron: bool, context: Context) -> Typed | None:
    """The value then; None for anything else."""
    match node:
        case tree.Apply(
            function=function, arguments=(tree.Argument(keyword=None, value=tree.Binary("-", tree.Name(name="t"), ago)),), primes=0
        ):
            pass
        case _:
            return None
    if isinstance(function, tree.Name):
        found = context.scope.find(function)
        if found is None or found.function is not None:
            return None
    variable = translate(function, context)
    over = amount(ago, POSITIVE, "How long ago", context, {}, SECONDS)
    if not isinstance(variable.expr, Ref) or (variable.expr.owner is Whose.OWN) is not in_neuron:
        hint = "Let a unit have it, and read it with ‘pre.’ or ‘post.’."
        return context.refuse("unsupported", "Only of variables of units it is kept what they were.", node.span, hint)
    if not in_neuron and any(r.owner is not Whose.NETWORK for r in refs(over)):
        message = "How long ago is the same for all connections."
        return context.refuse("not-a-constant", message, ago.span, "Write a number: ‘4 ms’.")
    return Typed(Call(PAST, (variable.expr, over)), variable.dim)
