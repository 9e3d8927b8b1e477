"""A network with very few units, worked out number by number: for examples and counterexamples.

Comes in: a network, how many units each population has, and the values of what is free (states, parameters, clamped outputs). Goes out: the value of any
variable, expression or observable at one moment. Slow and plain; definitions and undelayed sums are followed by their text.
"""

from __future__ import annotations

import hashlib
import itertools
import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

from plasticdsl.model.expr import At, Expr, Incoming, Number, Ref, Special, SumOver, rebuild, walk
from plasticdsl.model.model import Distribution, Network, Population, Projection, Role, SumInto, Variable
from plasticdsl.model.owners import OfPopulation, OfProjection, Owner, Whose, owner_text
from plasticdsl.symbolic.numeric import evaluate

Place = tuple[int, ...]
Key = tuple[Ref, Place]


@dataclass(slots=True)
class Small:
    """`units`: of every population. `seed` chooses the free values; `given` overrides some of them, by variable and place. `used`: the free values
    read so far. Places count from 0: of a connection the post, then the pre unit."""

    network: Network
    units: int
    seed: int = 0
    given: dict[Key, float] = field(default_factory=dict)
    used: dict[Key, float] = field(default_factory=dict)
    _known: dict[Key, float] = field(default_factory=dict)

    def variable(self, ref: Ref, place: Place) -> float:
        """The value of a variable of a population or projection."""
        key = (ref, place)
        if key not in self._known:
            if len(self._known) > 100_000:
                return math.nan
            self._known[key] = self._found(ref, place)
        return self._known[key]

    def at_unit(self, expr: Expr, population: str, unit: int) -> float:
        """An expression of a unit."""
        owner = OfPopulation(population)
        return self._value(expr, lambda r: self.variable(Ref(owner, r.name), (unit,)) if r.owner is Whose.OWN else self._outside(r), None)

    def at_connection(self, expr: Expr, projection: Projection, post: int, pre: int) -> float:
        """An expression of a connection and its two units."""

        def look_up(ref: Ref) -> float:
            match ref.owner:
                case Whose.OWN:
                    return self.variable(projection.from_outside(ref), (post, pre))
                case Whose.PRE:
                    return self.variable(projection.from_outside(ref), (pre,))
                case Whose.POST:
                    return self.variable(projection.from_outside(ref), (post,))
                case OfProjection():
                    return self.variable(ref, (pre, post))  # another projection's, transposed
                case _:
                    return self._outside(ref)

        def summed(node: Expr) -> Expr:
            if not isinstance(node, Incoming):
                return rebuild(node, summed)
            reaching = [j for i, j in self.connections(projection) if i == post]
            return Number(sum(self.at_connection(node.body, projection, post, j) for j in reaching))

        return self._value(summed(expr), look_up, projection)

    def observable(self, name: str) -> float:
        """The value of an observable."""
        return self._outside(Ref(Whose.NETWORK, name))

    def connections(self, projection: Projection) -> Iterator[Place]:
        """(post, pre) of each connection: one to one as it says, all others complete."""
        kind = projection.connectivity.kind
        if kind == "transposed":
            original = next(p for p in self.network.projections if p.name == projection.connectivity.of)
            yield from ((pre, post) for post, pre in self.connections(original))
            return
        for post, pre in itertools.product(range(self.units), repeat=2):
            alike = post == pre and projection.pre == projection.post
            if (kind != "one" or post == pre) and (projection.connectivity.self_connections or not alike):
                yield post, pre

    # --- look-ups ----------------------------------------------------------------------------------------------------

    def _value(self, expr: Expr, look_up: Callable[[Ref], float], projection: Projection | None) -> float:
        values: dict[Expr, float] = {}
        for node in walk(expr):
            match node:
                case Ref():
                    values[node] = look_up(node)
                case Special("N_pre" | "N_post"):
                    values[node] = float(self.units)
                case Special("dt"):
                    values[node] = 1.0
                case Special():
                    values[node] = 0.5
                case _:
                    pass
        return evaluate(expr, values)

    def _outside(self, ref: Ref) -> float:
        variable = next((v for v in self.network.variables if v.name == ref.name and ref.owner in (Whose.NETWORK, Whose.OWN)), None)
        if variable is None:
            return math.nan
        if variable.formula is None:
            return self._free(Ref(Whose.NETWORK, variable.name), variable, ())
        return self._observed(variable.formula, {})

    def _observed(self, expr: Expr, bound: Mapping[str, int]) -> float:
        """An observable's formula, its sums carried out one after the other."""

        def read(node: Expr) -> Expr:
            match node:
                case At(ref, letters):
                    place = tuple(bound[k] if k in bound else int(k) - 1 for k in letters)
                    return Number(self.variable(ref, place))
                case SumOver():
                    return Number(self._sum(node, bound))
                case Ref(Whose.INDEX, letter):
                    return Number(bound[letter] + 1.0)
                case Ref(Whose.NETWORK | Whose.OWN, _):
                    return Number(self._outside(node))
                case Ref():
                    return Number(self.variable(node, (0,)))
                case _:
                    return rebuild(node, read)

        return evaluate(read(expr), {})

    def _sum(self, node: SumOver, bound: Mapping[str, int]) -> float:
        of_connections = [
            (n.indices, tuple(self.connections(p)))
            for n in walk(node.body)
            if isinstance(n, At)
            for p in self.network.projections
            if p.as_owner == n.ref.owner
        ]
        total = 0.0
        for places in itertools.product(range(self.units), repeat=len(node.indices)):
            inner = {**bound, **dict(zip(node.indices, places, strict=True))}
            exist = all(tuple(inner.get(k, 0) for k in letters) in known for letters, known in of_connections)
            if exist and (node.where is None or self._observed(node.where, inner)):
                total += self._observed(node.body, inner)
        return total

    def _found(self, ref: Ref, place: Place) -> float:
        part, block = self._part(ref.owner), self.network.blocks.get(ref.owner)
        variable = None if block is None else block.variable(ref.name)
        if variable is None:
            return math.nan
        into = self.network.sums_into(owner_text(ref.owner), ref.name)
        if isinstance(part, Population) and variable.role is Role.INPUT and not any(projection.delays for projection, _ in into):
            return self._summed(into, place[0])
        if variable.formula is not None:
            return self._within(variable.formula, part, place)
        return self._free(ref, variable, place)

    def _part(self, owner: Owner) -> Population | Projection | None:
        parts: tuple[Population | Projection, ...] = (*self.network.projections, *self.network.populations)
        return next((p for p in parts if p.as_owner == owner), None)

    def _within(self, expr: Expr, part: Population | Projection | None, place: Place) -> float:
        """An expression of a connection, of a unit or of the network itself."""
        match part:
            case Projection():
                return self.at_connection(expr, part, *place)
            case Population():
                return self.at_unit(expr, part.name, place[0])
            case None:
                return self._observed(expr, {})

    def _summed(self, into: tuple[tuple[Projection, SumInto], ...], unit: int) -> float:
        found = ((p, one, post, pre) for p, one in into for post, pre in self.connections(p) if post == unit)
        return sum((self.at_connection(one.body, p, post, pre) for p, one, post, pre in found), 0.0)

    def _free(self, ref: Ref, variable: Variable, place: Place) -> float:
        key = (ref, place)
        if key in self.given:
            value = self.given[key]
        elif variable.role is Role.PARAMETER and isinstance(variable.value, Expr):
            return self._within(variable.value, self._part(ref.owner), place)
        else:
            value = self._drawn(key, variable)
        self.used[key] = value
        return value

    def _drawn(self, key: Key, variable: Variable) -> float:
        """A number of two digits that depends on nothing but the name, the place and the seed."""
        ref, place = key
        text = f"{(owner_text(ref.owner), ref.name, place)}{self.seed}"
        digest = hashlib.blake2b(text.encode(), digest_size=4).digest()
        chance = int.from_bytes(digest, "big") / 2**32
        if variable.values:
            return variable.values[int(chance * len(variable.values))]
        low, high = (evaluate(e, {}) if e is not None else math.nan for e in (variable.low, variable.high))
        if math.isfinite(low) and math.isfinite(high):
            return round(low + chance * (high - low), 2)
        if isinstance(variable.value, Distribution) or not math.isfinite(low):
            return round(2.0 * chance - 1.0, 2) or 0.5
        return round(low + 0.1 + chance, 2)
