"""What variables that are sums of a part of each unit have beside these parts (`plan.passes.superpose`): a value for each connection, once a program has
written values that no such sum has. Until then arrays of rests have no elements, and nothing is done for them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from plasticdsl.kernels.identifiers import of_projection
from plasticdsl.kernels.loops.flows import FlowContext, flow, let_vanish, scheme_arguments
from plasticdsl.kernels.loops.names import K, Names, has_rests, place_sizes, rest_length
from plasticdsl.kernels.loops.walks import every_connection
from plasticdsl.kernels.program import Array, If, Scalar, Size, Statement, Superposition
from plasticdsl.model.expr import Expr
from plasticdsl.plan.places import Place
from plasticdsl.plan.plan import Plan, ProjectionPlan


def sizes(projection: ProjectionPlan) -> tuple[Size, ...]:
    """Lengths: none at first."""
    return tuple(Size(rest_length(projection, group), 0) for group in projection.superposed)


def arguments(names: Names) -> Iterator[Array | Scalar]:
    """What moves rests."""
    projection = names.projection
    for group in projection.superposed:
        yield from scheme_arguments(group.flow, names, place_sizes(projection)[Place.CONNECTION])


def whole(projection: ProjectionPlan, name: str) -> Expr:
    """What a variable is of which this is the first part."""
    return next(g for g in projection.superposed if name in g.names).value(name)


def moved(names: Names, place: Place) -> Iterator[Statement]:
    """The flow of those rests whose named parts live in `place`, where there are any."""
    projection = names.projection
    for group in projection.superposed:
        if projection.variable(group.names[0]).place is place:
            context = FlowContext(names, K, ())

            def loop(stores: Sequence[Statement]) -> Sequence[Statement]:
                return every_connection(projection, stores)

            step = (*let_vanish([group.flow], context, loop), *loop(flow([group.flow], context)))
            yield If(has_rests(projection, group), step)


def superpositions(plan: Plan) -> Iterator[Superposition]:
    """What the engine has to know."""
    for projection in plan.projections:
        own = of_projection(projection.name).variable
        for group in projection.superposed:
            fields, others, kept = (tuple(map(own, many)) for many in (group.names, group.others, group.rests))
            yield Superposition(fields, others, kept, rest_length(projection, group))


def in_use(array: Array, projection: ProjectionPlan) -> Array:
    """An array of the projection with its length, where it is one of rests."""
    for group in projection.superposed:
        if array.name.of[0] in group.rests:
            return replace(array, shape=(rest_length(projection, group),), narrow=True)
        if array.name.of[0] in group.others:
            return replace(array, narrow=True)
    return array
