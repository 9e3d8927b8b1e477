"""Sums over the connections of a post unit that statements read: where they are kept, and where they are taken."""

from __future__ import annotations

from collections.abc import Sequence

from plasticdsl.kernels.identifiers import Part, of_projection
from plasticdsl.kernels.loops.names import Names, place_sizes, total
from plasticdsl.kernels.loops.walks import Stretch
from plasticdsl.kernels.program import Array, Comment, Let, Read, Statement
from plasticdsl.model.expr import Binary, Number
from plasticdsl.model.model import Total
from plasticdsl.model.pretty import pretty
from plasticdsl.plan.places import Place
from plasticdsl.plan.plan import ProjectionPlan

ZERO = Number(0.0)


def total_arguments(projection: ProjectionPlan) -> list[Array]:
    """Sums over the connections of each post unit, for statements without a spike."""
    p, shape = of_projection(projection.projection.name), (place_sizes(projection)[Place.POST],)
    found = [e.statement for e in projection.without_spike if isinstance(e.statement, Total)]
    return [Array(p.field(Part.SUM, t.name), "float64", shape, doc=f"sum of {pretty(t.value)}") for t in found]


def with_totals(parts: list[Stretch], totals: Sequence[Total], names: Names, same: bool) -> list[Stretch]:
    """The stretches so far with sums after them: in the same walk, unless it leaves out connections of the unit."""
    if not totals:
        return parts
    begin = [Let(total(t.name), ZERO) for t in totals]
    terms: list[Statement] = []
    for t in totals:
        local = total(t.name)
        terms += [Comment(f"{t.name} += {pretty(t.value)}"), Let(local, Binary("+", Read(local), names.resolve(t.value)))]
    if same and parts:
        last = parts[-1]
        return [*parts[:-1], Stretch([*last.unit, *begin], [*last.connections, *terms])]
    return [*parts, Stretch(begin, terms, everyone=True)]
