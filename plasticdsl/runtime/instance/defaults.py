"""What the parameters of a network are by default.

Comes in: a network. Goes out: the number of each parameter (in SI) that has one, neither drawn nor different from unit to unit.
"""

from __future__ import annotations

from plasticdsl.model.expr import At, Expr, Ref, Special
from plasticdsl.model.model import Block, Network, Value
from plasticdsl.model.owners import Owner, Whose
from plasticdsl.model.right_sides import PARAMETERS, network_sides, right_sides
from plasticdsl.runtime.instance.instance import Values
from plasticdsl.runtime.numbers.evaluate import evaluate


def defaults(network: Network) -> dict[Ref, float]:
    """By variable, those that follow from others included."""
    parts: list[tuple[Owner, Block, tuple[tuple[str, Value], ...]]] = [(p.as_owner, p.block, p.values) for p in network.populations]
    parts += [(p.as_owner, p.connection, p.values) for p in network.projections]
    sides: dict[Ref, Value | None] = {Ref(Whose.NETWORK, name): side for name, side in network_sides(network, {}).items()}
    parameters = list(sides)
    for owner, block, values in parts:
        sides |= {Ref(owner, name): side for name, side in right_sides(owner, block, values, {}).items()}
        parameters += [Ref(owner, v.name) for v in block.variables if v.role in PARAMETERS]

    def value(ref: Ref) -> Values:
        side = sides[ref]
        if not isinstance(side, Expr):
            raise KeyError(ref)

        def lookup(node: Ref | Special | At) -> Values:
            match node:
                case Ref(Whose.OWN, name):
                    return value(Ref(ref.owner, name))
                case Ref():
                    return value(node)
                case _:
                    raise KeyError(node)

        return evaluate(side, lookup)

    found: dict[Ref, float] = {}
    for ref in parameters:
        try:
            found[ref] = float(value(ref))
        except (KeyError, ValueError):  # drawn, different from unit to unit, or not given
            continue
    return found
