"""What a connection computes, written out over the units of the network: definitions, and sums over connections where they are wanted.

Comes in: an expression of one connection of a projection. Goes out: the same in terms of `At`: `pre.y` of the connection (i, j) is y at j,
its input φ at j the
sum over k of what reaches it. So expressions of different projections can be compared.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TypeVar

from plasticdsl.model import Block, Network, Projection, Role, Third
from plasticdsl.model.expr import At, Expr, Incoming, Ref, Special, SumOver, rebuild, walk
from plasticdsl.model.owners import OfPopulation, OfProjection, Owner, StandIn, Whose, owner_text
from plasticdsl.model.pretty import pretty
from plasticdsl.symbolic.algebra import ZERO, add

#: The letters of the connection that is looked at: its post and its pre unit.
CONNECTION = ("i", "j")

Letter = TypeVar("Letter", str, int)
Seen = dict[Owner, tuple[Owner, tuple[Letter, ...]]]


def seen_at(
    owner: Owner, place: tuple[Letter, ...], projections: Mapping[Owner, Projection], unit: Callable[[Third], Letter]
) -> Seen[Letter]:
    """Whose the names are that something of `owner` at a place reads, and where: its own, of a connection at (post, pre) also those of its units, and
    those of another projection between them, the other way round. `unit`: where the unit is that all connections take as an argument."""
    seen: Seen[Letter] = {Whose.OWN: (owner, place)}
    if owner in projections:
        post, pre = place
        ends = projections[owner].ends
        seen |= {side: (OfPopulation(ends[side]), (unit,)) for side, unit in ((Whose.POST, post), (Whose.PRE, pre))}
        seen |= {t.owner: (OfPopulation(t.population), (post if t.each else unit(t),)) for t in projections[owner].thirds}
        seen |= {other: (other, (pre, post)) for other in projections}
    return seen


@dataclass(slots=True)
class Writer:
    """`letters`: how many letters have been used for sums; each sum has one of its own."""

    network: Network
    letters: int = 0
    _projections: dict[Owner, Projection] = field(default_factory=dict)
    _blocks: dict[Owner, Block] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._projections = {p.as_owner: p for p in self.network.projections}
        self._blocks |= self.network.blocks

    def written(self, expr: Expr, owner: Owner, letters: tuple[str, ...] = CONNECTION) -> Expr:
        """An expression of a connection or unit at its letters, all definitions written out."""
        seen = seen_at(owner, letters, self._projections, lambda third: pretty(third.first))

        def read(node: Expr) -> Expr:
            match node:
                case Ref(whose, name) if whose in seen:
                    outside, at = seen[whose]
                    formula = self._blocks[outside].definition(Ref(Whose.OWN, name))
                    return At(Ref(outside, name), at) if formula is None else self.written(formula, outside, at)
                case Incoming(body):
                    return self._sum(body, self._projections[owner], letters[0])
                case Special("N_pre"):
                    return Ref(StandIn.SIZE, self._projections[owner].pre)
                case Special("N_post"):
                    return Ref(StandIn.SIZE, self._projections[owner].post)
                case _:
                    return rebuild(node, read)

        return read(expr)

    def inputs(self, expr: Expr) -> frozenset[At]:
        """The inputs in an expression that are sums of this moment."""
        return frozenset(n for n in walk(expr) if isinstance(n, At) and self._is_sum(n.ref))

    def _is_sum(self, ref: Ref) -> bool:
        block = self._blocks.get(ref.owner)
        variable = block.variable(ref.name) if block is not None else None
        if variable is None or variable.role is not Role.INPUT or not isinstance(ref.owner, OfPopulation):
            return False
        into = self.network.sums_into(ref.owner.name, ref.name)
        return bool(into) and not any(projection.delays for projection, _ in into)

    def expanded(self, expr: Expr, inputs: frozenset[At]) -> Expr:
        """The expression with these inputs written as the sums that fill them."""

        def read(node: Expr) -> Expr:
            return self._sums(node) if isinstance(node, At) and node in inputs else rebuild(node, read)

        return read(expr)

    def _sums(self, node: At) -> Expr:
        (post,) = node.indices
        total: Expr = ZERO
        for projection, one in self.network.sums_into(owner_text(node.ref.owner), node.ref.name):
            total = add(total, self._sum(one.body, projection, post))
        return total

    def _sum(self, body: Expr, projection: Projection, post: str) -> Expr:
        """Over the connections of a projection that reach a unit."""
        self.letters += 1
        letter = f"k{self.letters}"
        return SumOver((letter,), (self.over(projection, post),), self.written(body, projection.as_owner, (post, letter)))

    def over(self, projection: Projection, post: str) -> str:
        """What a sum over the presynaptic units of a projection runs over; two projections that connect the same units have the same."""
        connected = projection.connectivity
        if connected.kind == "transposed":
            original = self._projections[OfProjection(connected.of)]
            if original.connectivity.kind == "all":
                return self._all(original, original.post, post)
            return f"post of {post} in {original.name}"
        if connected.is_full:
            return self._all(projection, projection.pre, post)
        return f"pre of {post} in {projection.name}"

    def _all(self, projection: Projection, units: str, post: str) -> str:
        if not projection.connectivity.is_full:
            return f"{units} of {post} in {projection.name}"
        is_without = not projection.connectivity.self_connections and projection.pre == projection.post
        return f"{units} but {post}" if is_without else units
