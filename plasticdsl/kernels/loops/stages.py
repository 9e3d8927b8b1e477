"""The flow of the whole network from t_n to t_{n+1}.

Populations whose rates read sums of flowing variables of other units are integrated stage by stage together (not here yet split out); all
others, and the variables of projections, each in a kernel of their own. All kernels must read the values at t_n: a kernel that overwrites what
another reads runs after it.
"""

from __future__ import annotations

from plasticdsl.kernels.loops import populations as units
from plasticdsl.kernels.loops import projections as synapses
from plasticdsl.kernels.program import Function
from plasticdsl.plan.plan import Plan


def staged_flow(plan: Plan) -> tuple[Function, ...]:
    """The flow kernels in order: projections first (they read the units at t_n), then populations."""
    found: list[Function] = [f for p in plan.projections for f in synapses.flow_kernels(plan, p)]
    for p in plan.populations:
        function = units.flow_units(plan, p.population)
        if function is not None:
            found.append(function)
    return tuple(found)
