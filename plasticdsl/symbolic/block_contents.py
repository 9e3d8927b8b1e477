"""What a block says about its names: which hold sums, which expressions are constant, default values.

Comes in: a checked block. Goes out: mappings and answers for the rest of `symbolic`.
"""

from __future__ import annotations

import math
from collections.abc import Collection

from plasticdsl.model import Block, Distribution, Role
from plasticdsl.model.expr import Expr, Incoming, Ref, Special, refs, walk
from plasticdsl.model.owners import Whose
from plasticdsl.symbolic.numeric import evaluate

CHANGING = ("t", "lag", "now_pre", "now_post")


def holds_sum(expr: Expr, summing: Collection[str]) -> bool:
    """Whether an expression of a connection holds a sum over connections, itself or through one of the definitions `summing`."""
    return any(isinstance(n, Incoming) or (isinstance(n, Ref) and n.owner is Whose.OWN and n.name in summing) for n in walk(expr))


def definitions_with_sums(block: Block) -> frozenset[str]:
    """The definitions that hold a sum over connections, also through others."""
    found: set[str] = set()
    for name, formula in block.definitions.items():
        if holds_sum(formula, found):
            found.add(name)
    return frozenset(found)


def is_constant(expr: Expr, block: Block) -> bool:
    """Whether `expr` holds parameters alone (of the block, the network, or given by the projection)."""
    if any(isinstance(node, Special) and node.name in CHANGING for node in walk(expr)):
        return False
    return all(_is_parameter(ref, block) for ref in refs(expr))


def _is_parameter(ref: Ref, block: Block) -> bool:
    if ref.owner is not Whose.OWN:
        return ref.owner is Whose.NETWORK
    variable = block.variable(ref.name)
    return variable is None or variable.role in (Role.PARAMETER, Role.GIVEN)


def default_values(block: Block) -> dict[Expr, float]:
    """Values of the parameters that have a default which is not drawn."""
    found: dict[Expr, float] = {}
    for variable in block.variables:
        if variable.role is Role.PARAMETER and variable.value is not None and not isinstance(variable.value, Distribution):
            value = evaluate(variable.value, found)
            if math.isfinite(value):
                found[Ref(Whose.OWN, variable.name)] = value
    return found
