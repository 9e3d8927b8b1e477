"""How fast each variable relaxes, for the diagnostic "dt is larger than a time constant allows".

Comes in: a block with schemes and the values of its variables. Goes out: time constants in seconds.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from contextlib import suppress

from plasticdsl.model import Block
from plasticdsl.model.expr import Expr, Ref
from plasticdsl.model.owners import Whose
from plasticdsl.model.schemes import Cables, Exact, Jumps, Rosenbrock, linear_parts
from plasticdsl.model.variables import Role
from plasticdsl.symbolic.algebra import add, mul
from plasticdsl.symbolic.block_contents import default_values
from plasticdsl.symbolic.derivative import NotDifferentiable, differentiate
from plasticdsl.symbolic.numeric import evaluate


def time_constants(block: Block, values: Mapping[Expr, float] | None = None) -> list[tuple[str, float]]:
    """(variable, 1/|∂rate/∂variable|) in s for every variable whose scheme limits dt, at `values` (SI, by `Ref`; they
    go before the defaults of parameters; states and inputs that are missing count as 0). Variables whose slope is 0 or unknown there are left out.
    """
    known: dict[Expr, float] = {Ref(Whose.OWN, flow.variable): 0.0 for flow in block.flows}
    known |= {Ref(Whose.OWN, v.name): 0.0 for v in block.variables if v.role is Role.INPUT}
    known |= default_values(block)
    known |= values or {}
    found: list[tuple[str, float]] = []
    for name, slope in _slopes(block):
        value = abs(evaluate(slope, known))
        if value > 0.0 and math.isfinite(value):
            found.append((name, 1.0 / value))
    return found


def _slopes(block: Block) -> Iterator[tuple[str, Expr]]:
    """∂rate/∂variable of each variable that is not integrated exactly and whose rate has a derivative."""
    for scheme in block.schemes:
        for name, slope, offset in () if isinstance(scheme, Exact | Rosenbrock | Jumps | Cables) else linear_parts(scheme):
            own = Ref(Whose.OWN, name)
            with suppress(NotDifferentiable):
                yield name, differentiate(add(mul(slope, own), offset), own)
