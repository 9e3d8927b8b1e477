"""Gradients through a network: reverse mode as a change of the model.

Comes in: a checked network whose rules ask for `Call("partial", (Ref(Whose.NETWORK, L), w))`, L an observable. Goes out: the same network in
which units carry `dL_dv`, the derivative of L by their variable v (an adjoint), worked out by
definitions and by sums, and the rules read them. So a gradient is the same kind of dataflow as
the model itself, and nothing after this stage knows of derivatives.

    dL_dv  =  ∂L/∂v  +  Σ over definitions d that read v:  dL_dd ∂d/∂v
                     +  Σ over connections of each sum h += body that reads v:  dL_dh ∂body/∂v
    ∂L/∂w  =  ∂L/∂w  +  Σ over sums of w's own projection:  dL_dh ∂body/∂w

(the chain rule backwards; Linnainmaa 1970, Rumelhart, Hinton & Williams 1986). A sum that reads the presynaptic unit is followed from post to pre by a
hidden projection whose connections are those of the original, transposed. States are constant: they were settled before this moment; so is what a
delayed sum brings.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace

from plasticdsl.derive.gradient_seeds import NotLocal, Share, shares
from plasticdsl.graph import ordered
from plasticdsl.model import Block, Connectivity, Network, Projection, Role, SumInto, Variable
from plasticdsl.model.expr import Expr, Ref, refs
from plasticdsl.model.inline import Scope, inline, map_refs, turned
from plasticdsl.model.owners import OfPopulation, OfProjection, Whose, owner_text
from plasticdsl.names import free_name
from plasticdsl.symbolic.algebra import ZERO, add, is_number, mul
from plasticdsl.symbolic.derivative import differentiate
from plasticdsl.units.display import display_unit


@dataclass(frozen=True, slots=True)
class Summed:
    """One sum of an undelayed projection, its connection's definitions written out."""

    projection: Projection
    target: str
    body: Expr

    @property
    def into(self) -> Ref:
        """The input it fills."""
        return Ref(OfPopulation(self.projection.post), self.target)

    def reads(self) -> set[Ref]:
        """The variables of units that it reads."""
        return self.projection.of_units(r for r in refs(self.body) if not r.limit)


def formula_of(network: Network, name: str) -> Expr:
    """An observable with the observables it reads written out."""
    formulas = {v.name: v.formula for v in network.variables if v.formula is not None and not v.indices}
    return inline(Ref(Whose.NETWORK, name), {Whose.NETWORK: formulas})


def undelayed_sums(network: Network) -> Iterator[Summed]:
    """Every sum whose values are those of this moment."""
    for projection in network.projections:
        if not projection.delays:
            own: Scope = {Whose.OWN: projection.connection.definitions}
            yield from (Summed(projection, s.target, inline(s.body, own)) for s in projection.connection.sums)


@dataclass(slots=True)
class Backwards:
    """The derivatives of one observable in one network, as far as they were asked for. `adjoints`: the name of dL_dv in its population; `units`: new
    variables by population; `sums`: new sums by projection; `hidden`: sums of hidden projections, by the projection they follow backwards; `shared`:
    projections that sum with the weights of others, by name, and these."""

    network: Network
    observable: Variable
    taken: dict[str, set[str]]
    formula: Expr
    adjoints: dict[Ref, str | None] = field(default_factory=dict)
    units: dict[str, list[Variable]] = field(default_factory=dict)
    sums: dict[str, list[SumInto]] = field(default_factory=dict)
    hidden: dict[str, list[SumInto]] = field(default_factory=dict)
    shared: dict[str, list[str]] = field(default_factory=dict)
    _summed: tuple[Summed, ...] = ()
    _readers: dict[Ref, list[Variable]] = field(default_factory=dict)
    _summing: dict[Ref, list[Summed]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._summed = tuple(undelayed_sums(self.network))
        for population in self.network.populations:
            for variable in population.block.variables:
                if variable.formula is not None:
                    for name in {r.name for r in refs(variable.formula) if r.owner is Whose.OWN}:
                        self._readers.setdefault(Ref(population.as_owner, name), []).append(variable)
        for one in self._summed:
            for read in one.reads():
                self._summing.setdefault(read, []).append(one)

    # --- what is asked for -------------------------------------------------------------------------------------------

    def by_connection(self, projection: Projection, name: str) -> Expr:
        """∂L/∂w for one connection, in its own terms; 0 where L does not reach it. Raises `NotLocal`, `NotDifferentiable`."""
        own, of_projection = Ref(Whose.OWN, name), Ref(projection.as_owner, name)
        total: Expr = ZERO
        for share in shares(self.formula, of_projection, self.network):
            total = add(total, share.value)
        for one in self._summed:
            if one.projection.name == projection.name and own in refs(one.body):
                total = add(total, self._through_sum(one, own))
            elif of_projection in refs(one.body):
                total = add(total, self._through_other(one, projection, name))
        return total

    def by_unit(self, wanted: Ref) -> str | None:
        """The name of ∂L/∂v in the population; None where L does not reach it."""
        for node in ordered([wanted], self._needs)[0]:  # a chain of definitions may be longer than Python's stack
            if node not in self.adjoints:
                self.adjoints[node] = self._adjoint(owner_text(node.owner), node.name)
        return self.adjoints[wanted]

    def _through_sum(self, one: Summed, by: Ref) -> Expr:
        """dL_dh ∂body/∂by, for one connection."""
        above = self.by_unit(one.into)
        return ZERO if above is None else mul(Ref(Whose.POST, above), differentiate(one.body, by))

    def _through_other(self, one: Summed, projection: Projection, name: str) -> Expr:
        """A weight that another projection's sum uses for the same pair of units, in the same direction or (between two populations) the other way
        round. Whether it does so for every connection is seen when both are built."""
        ends, own_ends = (one.projection.pre, one.projection.post), (projection.pre, projection.post)
        if ends not in (own_ends, own_ends[::-1]):
            message = f"‘{one.projection.symbol}’ uses ‘{name}’ of ‘{projection.symbol}’ for other pairs of units than its own."
            raise NotLocal(message, "Only weights between the same two populations can be shared.")
        value = self._through_sum(one, Ref(projection.as_owner, name))
        if any(r.owner is Whose.OWN for r in refs(value)):
            message = f"The derivative needs values of ‘{one.projection.symbol}’ at the connections of ‘{projection.symbol}’."
            raise NotLocal(message, "Keep what both use in one of the two units.")
        shared = self.shared.setdefault(one.projection.name, [])
        if projection.name not in shared:
            shared.append(projection.name)
        own = map_refs(value, lambda r: Ref(Whose.OWN, r.name, r.limit) if r.owner == projection.as_owner else r)
        return own if ends == own_ends else turned(own)

    # --- adjoints ----------------------------------------------------------------------------------------------------

    def _needs(self, node: Ref) -> Iterator[Ref]:
        """What the adjoint of a variable is made of, and is not known yet."""
        above = (*(Ref(node.owner, d.name) for d in self._readers.get(node, ())), *(s.into for s in self._summing.get(node, ())))
        return (one for one in above if one not in self.adjoints)

    def _adjoint(self, population: str, name: str) -> str | None:
        own, itself = Ref(Whose.OWN, name), Ref(OfPopulation(population), name)
        total: Expr = ZERO
        for share in shares(self.formula, itself, self.network):
            total = add(total, share.value if share.through == "unit" else self._collected(population, name, share))
        for definition in self._readers.get(itself, ()):
            above = self.adjoints[Ref(itself.owner, definition.name)]
            if above is not None and definition.formula is not None:
                total = add(total, mul(Ref(Whose.OWN, above), differentiate(definition.formula, own)))
        for one in self._summing.get(itself, ()):
            for side in (Whose.POST, Whose.PRE):
                if one.projection.ends[side] == population and Ref(side, name) in refs(one.body):
                    value = self._through_sum(one, Ref(side, name))
                    if not is_number(value, 0.0):
                        share = Share("post" if side is Whose.POST else "pre", value, one.projection.name)
                        total = add(total, self._collected(population, name, share))
        return None if is_number(total, 0.0) else self._declare(population, name, "", total)

    def _declare(self, population: str, name: str, by: str, value: Expr | None) -> str:
        """A new variable of the population: a definition, or an input where there is no value."""
        letter = self.observable
        differentiated = self.network.blocks[OfPopulation(population)].variable(name)
        wish = f"d{letter.name}_d{name}" + (f"_by_{by}" if by else "")
        own = free_name(wish, self.taken[population])
        self.taken[population].add(own)
        symbol = f"∂{letter.symbol}/∂{differentiated.symbol if differentiated is not None else name}" + (f" by {by}" if by else "")
        dimension = None
        if letter.dimension is not None and differentiated is not None and differentiated.dimension is not None:
            dimension = letter.dimension / differentiated.dimension
        unit, scale = ("", 1.0) if dimension is None else display_unit(dimension)
        role = Role.INPUT if value is None else Role.DEFINITION
        made = Variable(own, symbol, role, dimension, value, unit=unit, scale=scale, span=letter.span)
        self.units.setdefault(population, []).append(made)
        return own

    def _collected(self, population: str, name: str, share: Share) -> Expr:
        """An input of the population that sums a share over the connections of its projection."""
        by = share.projection if share.through == "post" else f"{share.projection}_transposed"
        followed = next(p for p in self.network.projections if p.name == share.projection)
        others = sorted(r.owner.name for r in refs(share.value) if isinstance(r.owner, OfProjection) and r.owner != followed.as_owner)
        if share.through == "pre" and followed.pre == followed.post and others:
            message = f"‘{followed.symbol}’ uses ‘{others[0]}’ between units of one population, so the way back would need its transpose."
            raise NotLocal(message, "Use weights of its own, or let the two sides be two populations.")
        target = self._declare(population, name, by, None)
        if share.through == "post":
            self.sums.setdefault(share.projection, []).append(SumInto(target, share.value, self.observable.span))
        else:
            backwards = SumInto(target, turned(share.value, OfProjection(share.projection)), self.observable.span)
            self.hidden.setdefault(share.projection, []).append(backwards)
        return Ref(Whose.OWN, target)


# --- the new network -------------------------------------------------------------------------------------------------


def extended(network: Network, all_of: Iterable[Backwards]) -> Network:
    """The network with the variables, sums and hidden projections that the derivatives need."""
    found = list(all_of)
    populations = []
    for p in network.populations:  # adjoints follow what they read: each was made after those it needs
        variables = (v for b in found for v in b.units.get(p.name, ()))
        populations.append(replace(p, block=replace(p.block, variables=(*p.block.variables, *variables))))
    projections = []
    for q in network.projections:
        new = (s for b in found for s in b.sums.get(q.name, ()))
        shared = (*q.shared, *(name for b in found for name in b.shared.get(q.name, ())))
        projections.append(
            replace(q, connection=replace(q.connection, sums=(*q.connection.sums, *new)), shared=tuple(dict.fromkeys(shared)))
        )
    taken = {p.name for p in network.populations} | {p.name for p in network.projections}
    hidden = []
    for projection in network.projections:
        sums = tuple(s for b in found for s in b.hidden.get(projection.name, ()))
        if sums:
            name = free_name(f"{projection.name}_transposed", taken)
            taken.add(name)
            hidden.append(_hidden(name, projection, sums))
    return replace(network, populations=tuple(populations), projections=(*projections, *hidden))


def _hidden(name: str, projection: Projection, sums: tuple[SumInto, ...]) -> Projection:
    """A projection from post back to pre over the same connections."""
    block = Block("connection", name, sums=sums, span=projection.span)
    connectivity = Connectivity("transposed", of=projection.name, span=projection.span)
    return Projection(name, f"{projection.symbol} transposed", projection.post, projection.pre, block, connectivity, span=projection.span)
