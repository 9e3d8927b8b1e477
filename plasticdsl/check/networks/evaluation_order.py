"""In which order inputs and definitions are evaluated across the populations of a network.

Comes in: composed populations and projections and the network's observables. Goes out: every input, and every definition that a
connection, an observable or another entry reads, each after what it depends on; and a circle, where there is one.

An input depends on what the sums into it read of both units; a sum over connections with a delay reads earlier values and depends on
nothing. States, parameters and clamped outputs have their value already.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from plasticdsl.graph import ordered, reached
from plasticdsl.model import Owned, Population, Projection, Role, Variable
from plasticdsl.model.expr import Expr, Ref, refs
from plasticdsl.model.mapping import expressions
from plasticdsl.model.owners import OfPopulation, Owner, Whose

#: The inputs and definitions of all units.
Evaluated = Mapping[Owned, Variable]


def evaluation_order(
    populations: Sequence[Population], projections: Sequence[Projection], observables: Sequence[Variable]
) -> tuple[tuple[Owned, ...], tuple[Owned, ...]]:
    """The order, and the first circle met, the first of it again at its end (the order is then that of the text)."""
    evaluated = {(p.name, v.name): v for p in populations for v in p.block.variables if v.role in (Role.INPUT, Role.DEFINITION)}
    edges = _edges(evaluated, projections)
    needed = reached(_roots(evaluated, projections, observables), edges.__getitem__)
    wanted = tuple(e for e in edges if e in needed)
    order, circles = ordered(wanted, edges.__getitem__)
    return (wanted, circles[0]) if circles else (order, ())


def _edges(evaluated: Evaluated, projections: Sequence[Projection]) -> Mapping[Owned, Sequence[Owned]]:
    """What each input and definition reads directly, in the order written."""
    edges = {(unit, name): _among(evaluated, _refs(v.formula), {Whose.OWN: unit}) for (unit, name), v in evaluated.items()}
    for projection in projections:
        for total in projection.connection.sums if not projection.delays else ():
            known = edges.get((projection.post, total.target))
            if known is not None:
                read = _among(evaluated, projection.connection.read_through([total.body]), projection.ends)
                known.extend(r for r in read if r not in known)
    return edges


def _refs(formula: Expr | None) -> frozenset[Ref]:
    return frozenset() if formula is None else refs(formula)


def _among(evaluated: Evaluated, read: Iterable[Ref], units: Mapping[Owner, str]) -> list[Owned]:
    """The inputs and definitions among what is read; `units`: the populations of its owners."""
    found = [ref for ref in read if ref.owner in units and (units[ref.owner], ref.name) in evaluated]
    return [(units[ref.owner], ref.name) for ref in sorted(found, key=lambda r: r.order)]


def _roots(evaluated: Evaluated, projections: Sequence[Projection], observables: Sequence[Variable]) -> Iterator[Owned]:
    """What has to be evaluated at all: inputs, and definitions that connections or the network read."""
    yield from (entry for entry, variable in evaluated.items() if variable.role is Role.INPUT)
    for projection in projections:
        yield from _among(evaluated, projection.connection.read_through(expressions(projection.connection)), projection.ends)
    units: dict[Owner, str] = {OfPopulation(unit): unit for unit, _ in evaluated}
    for observable in observables:
        yield from _among(evaluated, _refs(observable.formula), units)
