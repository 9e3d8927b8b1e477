"""In which order inputs and definitions are evaluated across the populations of a network.

Comes in: composed populations and projections and the network's observables. Goes out: every input, and every definition that a
connection, an observable or another entry reads, each after what it depends on, or an error that shows the circle.

An input depends on what the sums into it read of both units; a sum over connections with a delay reads earlier values and depends on
nothing. States, parameters and clamped outputs have their value already.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from plasticdsl.diagnostics.diagnostic import Diagnostic, Label
from plasticdsl.graph import ordered, reached
from plasticdsl.model.expr import Ref, refs
from plasticdsl.model.mapping import expressions
from plasticdsl.model.model import Owned, Population, Projection, Role, Variable
from plasticdsl.model.owners import OfPopulation, Whose
from plasticdsl.source import Span

Edges = Mapping[Owned, tuple[Owned, ...]]

_EVALUATED = (Role.INPUT, Role.DEFINITION)


def evaluation_order(
    populations: Sequence[Population], projections: Sequence[Projection], observables: Sequence[Variable]
) -> tuple[tuple[Owned, ...], tuple[Diagnostic, ...]]:
    """The order, and one finding for the first circle met (the order is then that of the text)."""
    edges = _edges(populations, projections)
    wanted = _needed(edges, _roots(edges, populations, projections, observables))
    order, circles = ordered(wanted, edges.__getitem__)
    return (wanted, (_circle_finding(circles[0], populations),)) if circles else (order, ())


def _edges(populations: Sequence[Population], projections: Sequence[Projection]) -> Edges:
    """What each input and definition reads directly, in the order written."""
    by_name = {p.name: p for p in populations}
    edges: dict[Owned, list[Owned]] = {}
    for population in populations:
        for variable in population.block.variables:
            if variable.role in _EVALUATED:
                own = variable.formula
                edges[population.name, variable.name] = list(_own(population, refs(own))) if own is not None else []
    for projection in projections:
        for target, read in _sum_reads(projection, by_name):
            if target in edges:
                edges[target].extend(r for r in read if r not in edges[target])
    return {entry: tuple(read) for entry, read in edges.items()}


def _own(population: Population, read: Iterable[Ref]) -> Iterator[Owned]:
    """The inputs and definitions of a unit among what it reads of itself."""
    for ref in sorted(read, key=lambda r: r.name):
        variable = population.block.variable(ref.name) if ref.owner is Whose.OWN else None
        if variable is not None and variable.role in _EVALUATED:
            yield (population.name, ref.name)


def _sum_reads(projection: Projection, by_name: Mapping[str, Population]) -> Iterator[tuple[Owned, tuple[Owned, ...]]]:
    for total in projection.connection.sums:
        read = () if projection.delays else tuple(_of_units(projection, by_name, projection.connection.read_through([total.body])))
        yield (projection.post, total.target), read


def _of_units(projection: Projection, by_name: Mapping[str, Population], read: Iterable[Ref]) -> Iterator[Owned]:
    """The inputs and definitions of the two units among what a connection reads."""
    for ref in sorted(read, key=lambda r: r.order):
        if ref.owner in projection.ends:
            yield from _own(by_name[projection.ends[ref.owner]], [Ref(Whose.OWN, ref.name)])


# --- what has to be evaluated ----------------------------------------------------------------------------------------


def _roots(
    edges: Edges, populations: Sequence[Population], projections: Sequence[Projection], observables: Sequence[Variable]
) -> Iterator[Owned]:
    """All inputs; definitions that connections or the network read."""
    by_name = {p.name: p for p in populations}
    roles = {(p.name, v.name): v.role for p in populations for v in p.block.variables}
    yield from (entry for entry in edges if roles[entry] is Role.INPUT)
    for projection in projections:
        yield from _of_units(projection, by_name, projection.connection.read_through(expressions(projection.connection)))
    for observable in observables:
        value = observable.formula
        for ref in sorted(refs(value), key=lambda r: r.order) if value is not None else ():
            if isinstance(ref.owner, OfPopulation):
                yield from _own(by_name[ref.owner.name], [Ref(Whose.OWN, ref.name)])


def _needed(edges: Edges, roots: Iterable[Owned]) -> tuple[Owned, ...]:
    """The roots and all they depend on, in the order written."""
    found = reached((r for r in roots if r in edges), edges.__getitem__)
    return tuple(e for e in edges if e in found)


def _circle_finding(circle: Sequence[Owned], populations: Sequence[Population]) -> Diagnostic:
    by_name = {p.name: p for p in populations}

    def variable(entry: Owned) -> Variable:
        found = by_name[entry[0]].block.variable(entry[1])
        assert found is not None, "edges hold declared variables only"
        return found

    def text(entry: Owned) -> str:
        return f"{by_name[entry[0]].symbol}.{variable(entry).symbol}"

    shown = " → ".join(text(e) for e in circle)
    labels = tuple(Label(variable(e).span, text(e)) for e in circle[1:-1])
    place: Span = variable(circle[0]).span
    hint = "Make one of them a state (a flow or a jump), or give one of the projections a delay."
    return Diagnostic("definition-cycle", f"These values depend on each other at one moment: {shown}.", place, hint, labels)
