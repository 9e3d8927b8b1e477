"""What variables depend on, and an order in which each parameter and definition comes after what it depends on."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from plasticdsl.graph import backwards, ordered, reachable
from plasticdsl.model import Block, Network, Variable
from plasticdsl.model.expr import Ref, refs
from plasticdsl.model.mapping import expressions
from plasticdsl.model.owners import OfPopulation, Owner, Whose
from plasticdsl.model.right_sides import right_sides
from plasticdsl.model.schemes import variables_of


def in_working_order(variables: Iterable[Variable], owner: Owner = Whose.OWN) -> tuple[Variable, ...]:
    """The variables, each after those that its value reads; `owner` is that of references among them."""
    return _in_order(variables, owner)[0]


def circle(variables: Iterable[Variable], owner: Owner = Whose.OWN) -> tuple[str, ...]:
    """Names that depend on each other in a circle, the first again at the end; empty when there is none."""
    return next(iter(_in_order(variables, owner)[1]), ())


def circle_at_start(variables: Iterable[Variable]) -> tuple[Variable, ...]:
    """What cannot be worked out before the run: initial values, with what they read, that depend on each other in a circle, the first again at the end."""
    named = {v.name: v for v in variables}
    sides = right_sides(Whose.OWN, Block("", "", variables=tuple(named.values())), (), {})

    def needed(name: str) -> list[str]:
        return sorted({r.name for expr in expressions(sides[name]) for r in refs(expr) if r.owner is Whose.OWN} & sides.keys())

    return tuple(named[name] for name in next(iter(ordered(sides, needed)[1]), ()))


def read_by_units(network: Network, delayed: bool = False) -> dict[Ref, set[Ref]]:
    """What each definition and input of units reads of units at the same moment; with `delayed`, also what its sums read of earlier ones."""
    found: dict[Ref, set[Ref]] = {}
    for p in network.populations:
        for name, formula in p.block.definitions.items():
            found[Ref(p.as_owner, name)] = {Ref(p.as_owner, ref.name) for ref in refs(formula) if ref.owner is Whose.OWN}
    for q in network.projections:
        for total in q.connection.sums if delayed or not q.delays else ():
            found.setdefault(Ref(OfPopulation(q.post), total.target), set()).update(q.of_units(q.connection.read_through([total.body])))
    return found


def flowing_names(network: Network) -> frozenset[Ref]:
    """The variables of units whose value changes between events: states with a flow (or an integrator), what is defined by them, and undelayed sums over
    them. Populations with steps of their own, which stand still meanwhile, have none."""
    moving = {p.as_owner: p for p in network.populations if p.step is None}
    start = {Ref(owner, f.variable) for owner, p in moving.items() for f in p.block.flows}
    start |= {Ref(owner, v) for owner, p in moving.items() for s in p.block.schemes for v in variables_of(s)}
    reads = {one: read for one, read in read_by_units(network).items() if one.owner in moving}
    return frozenset(reachable(start, backwards(reads)))


def _in_order(variables: Iterable[Variable], owner: Owner) -> tuple[tuple[Variable, ...], tuple[tuple[str, ...], ...]]:
    """Initial values are worked out after all parameters and definitions, so they do not count."""
    named = {v.name: v for v in variables}

    def needed(name: str) -> Iterator[str]:
        read = (ref for expr in expressions(named[name].value) for ref in sorted(refs(expr), key=lambda r: r.order))
        return (ref.name for ref in read if ref.owner == owner and ref.name in named)

    order, circles = ordered(named, needed)
    return tuple(named[name] for name in order), circles
