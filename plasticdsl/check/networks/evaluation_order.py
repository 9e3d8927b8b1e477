"""In which order inputs and definitions are evaluated across the populations of a network.

Comes in: composed populations and projections and the network's observables. Goes out: every input, and every definition that a
connection, an observable or another entry reads, each after what it depends on; and a circle, where there is one.

An input depends on what the sums into it read of both units; a sum over connections with a delay reads earlier values and depends on
nothing. States, parameters and clamped outputs have their value already.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from plasticdsl.graph import ordered, reached
from plasticdsl.model import Population, Projection, Role, Variable
from plasticdsl.model.expr import Expr, Ref, refs
from plasticdsl.model.mapping import expressions
from plasticdsl.model.owners import OfPopulation, Owner, Whose

#: The inputs and definitions of all units.
Evaluated = Mapping[Ref, Variable]


def evaluation_order(
    populations: Sequence[Population], projections: Sequence[Projection], observables: Sequence[Variable]
) -> tuple[tuple[Ref, ...], tuple[Ref, ...]]:
    """The order, and the first circle met, the first of it again at its end (the order is then that of the text)."""
    evaluated = {Ref(p.as_owner, v.name): v for p in populations for v in p.block.variables if v.role in (Role.INPUT, Role.DEFINITION)}
    edges = _edges(evaluated, projections)
    needed = reached(_roots(evaluated, projections, observables), edges.__getitem__)
    wanted = tuple(e for e in edges if e in needed)
    order, circles = ordered(wanted, edges.__getitem__)
    return (wanted, circles[0]) if circles else (order, ())


def _edges(evaluated: Evaluated, projections: Sequence[Projection]) -> Mapping[Ref, Sequence[Ref]]:
    """What each input and definition reads directly, in the order written."""
    edges = {one: _among(evaluated, _refs(v.formula), {Whose.OWN: one.owner}) for one, v in evaluated.items()}
    for projection in projections:
        for total in projection.connection.sums if not projection.delays else ():
            known = edges.get(Ref(OfPopulation(projection.post), total.target))
            if known is not None:
                read = _among(evaluated, projection.connection.read_through([total.body]), _ends(projection))
                known.extend(r for r in read if r not in known)
    return edges


def _refs(formula: Expr | None) -> frozenset[Ref]:
    return frozenset() if formula is None else refs(formula)


def _ends(projection: Projection) -> Mapping[Owner, Owner]:
    return {side: OfPopulation(name) for side, name in projection.ends.items()}


def _among(evaluated: Evaluated, read: Iterable[Ref], units: Mapping[Owner, Owner]) -> list[Ref]:
    """The inputs and definitions among what is read; `units`: the populations of its owners."""
    outside = (Ref(units[ref.owner], ref.name) for ref in sorted(read, key=lambda r: r.order) if ref.owner in units)
    return [ref for ref in outside if ref in evaluated]


def _roots(evaluated: Evaluated, projections: Sequence[Projection], observables: Sequence[Variable]) -> Iterator[Ref]:
    """What has to be evaluated at all: inputs, and definitions that connections or the network read."""
    yield from (entry for entry, variable in evaluated.items() if variable.role is Role.INPUT)
    for projection in projections:
        yield from _among(evaluated, projection.connection.read_through(expressions(projection.connection)), _ends(projection))
    units = {one.owner: one.owner for one in evaluated}
    for observable in observables:
        yield from _among(evaluated, _refs(observable.formula), units)
