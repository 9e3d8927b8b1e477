"""By what variables of a projection that decay by themselves are multiplied in each step: recipes for what stands in for the steps."""

from __future__ import annotations

from plasticdsl.kernels.identifiers import Part, of_projection
from plasticdsl.kernels.loops.flows import scheme_arguments
from plasticdsl.kernels.loops.names import Names, place_sizes
from plasticdsl.kernels.recipes import Apply
from plasticdsl.model.schemes import variables_of
from plasticdsl.plan.plan import Plan, ProjectionPlan
from plasticdsl.support.structure import decay_rate


def factor_of(plan: Plan, projection: ProjectionPlan, name: str) -> Apply:
    """The factor itself."""
    placed = next(s for s in projection.schemes if name in variables_of(s.scheme))
    found = scheme_arguments(placed.scheme, Names(plan, projection), place_sizes(projection)[placed.place])
    fill = next(s.fill for s in found if s.name == of_projection(projection.name).field(Part.PROPAGATOR, name, name))
    assert isinstance(fill, Apply)
    return fill


def rate_of(plan: Plan, projection: ProjectionPlan, name: str) -> Apply:
    """By how much the logarithm falls."""
    return Apply(decay_rate, (factor_of(plan, projection, name),))
