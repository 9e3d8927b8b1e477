"""Numbers of files that units and connections read while the network runs: parameters of their own.

Comes in: a checked network. Goes out: the same, where `Poisson(rate = d.r Hz·(1 + sin(ω t)))` reads a parameter of the source that has the value `d.r`,
and `E = ½ Σ_i (y_i − d.target_i)²`, whose gradient units follow, one of the population. What has a value before the run, and what only an experiment looks
at, reads files itself.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from plasticdsl.derive.local_gradient import partials
from plasticdsl.model import Block, Network, Role, Variable
from plasticdsl.model.expr import At, Call, Expr, Ref, SumOver, is_of_file, rebuild, walk
from plasticdsl.model.mapping import expressions, mapped
from plasticdsl.model.owners import OfData, OfProjection, OfTable, Part, Whose, owner_text
from plasticdsl.names import canonical, free_name
from plasticdsl.units.dimension import ONE


@dataclass(slots=True)
class _Held:
    """Parameters that a block gets, by what they stand for."""

    block: Block
    found: dict[Expr, Variable] = field(default_factory=dict)

    def name(self, value: Expr) -> str:
        """The parameter with this value."""
        if value not in self.found:
            ref = next(node for node in walk(value) if isinstance(node, Ref) and is_of_file(node))
            taken = {v.name for v in (*self.block.variables, *self.found.values())}
            name = free_name(f"{owner_text(ref.owner)}_{canonical(ref.name)}", taken)
            self.found[value] = Variable(name, name, Role.PARAMETER, dimension=ONE, value=value, span=self.block.span)
        return self.found[value].name

    def read(self, expr: Expr) -> Expr:
        """An expression with these parameters in the place of arrays and entries of files."""
        if is_of_file(expr) or (isinstance(expr, Call) and expr.function == "pick"):
            return Ref(Whose.OWN, self.name(expr))
        return rebuild(expr, self.read)

    def without_files(self) -> Block:
        """The block that reads no file but in what has a value before the run."""
        before = {"value", "initial"}
        variables = tuple(mapped(v, self.read, before if v.formula is None else {"initial"}) for v in self.block.variables)
        return self.whole(replace(mapped(self.block, self.read, {"variables"}), variables=variables))

    def whole(self, block: Block) -> Block:
        """The block with them, before what reads them."""
        return replace(block, variables=(*self.found.values(), *block.variables)) if self.found else block


def held(network: Network) -> Network:
    """The network in which no unit or connection reads a file while it runs."""
    if not network.data:
        return network
    populations = []
    for population in network.populations:
        own = _Held(population.block)
        source = mapped(population.source, own.read)
        populations.append(replace(population, block=own.without_files(), source=source))
    projections = tuple(replace(p, connection=_Held(p.connection).without_files()) for p in network.projections)
    return replace(network, populations=tuple(populations), projections=projections)


# --- for gradients ---------------------------------------------------------------------------------------------------


def as_parameters(network: Network) -> Network:
    """The network whose observables read, instead of arrays at the letters of units or connections, parameters of these; itself where no rule takes a
    derivative."""
    if not network.data or not any(partials(e) for p in network.projections for e in expressions(p.connection)):
        return network
    kept: dict[Part, _Held] = {p.as_owner: _Held(p.block) for p in network.populations}
    kept |= {p.as_owner: _Held(p.connection) for p in network.projections}
    variables = tuple(v if v.formula is None else replace(v, value=_at_parts(v.formula, network, kept, ())) for v in network.variables)
    return replace(
        network,
        variables=variables,
        populations=tuple(replace(p, block=kept[p.as_owner].whole(p.block)) for p in network.populations),
        projections=tuple(replace(p, connection=kept[p.as_owner].whole(p.connection)) for p in network.projections),
    )


def _at_parts(expr: Expr, network: Network, kept: Mapping[Part, _Held], led: Iterable[At]) -> Expr:
    """`led`: the variables of projections in the sums around it."""

    def read(node: Expr) -> Expr:
        match node:
            case SumOver():
                inside = (n for n in walk(node) if isinstance(n, At) and isinstance(n.ref.owner, OfProjection))
                return rebuild(node, lambda child: _at_parts(child, network, kept, (*led, *inside)))
            case At(Ref(OfTable(data, (over,)), array), (letter,)) if not letter.isdecimal():
                owner = next((p.as_owner for p in network.populations if p.name == over), None)
                return node if owner is None else At(Ref(owner, kept[owner].name(Ref(OfData(data), array))), node.indices)
            case At(Ref(OfTable(data, (_, _)), array), letters):
                found = next((at.ref.owner for at in led if at.indices == letters and isinstance(at.ref.owner, OfProjection)), None)
                return node if found is None else At(Ref(found, kept[found].name(Ref(OfData(data), array))), letters)
            case _:
                return rebuild(node, read)

    return read(expr)
