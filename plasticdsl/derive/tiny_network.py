"""A network with very few units, worked out number by number: for examples and counterexamples.

Comes in: a network, how many units each population has, and the values of what is free (states, parameters, clamped outputs). Goes out: the value of any
variable, expression or observable at one moment. Slow and plain; definitions and undelayed sums are followed by their text.
"""

from __future__ import annotations

import hashlib
import itertools
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from plasticdsl.derive.written_out import seen_at
from plasticdsl.model import Distribution, Network, Projection, Role, Variable
from plasticdsl.model.expr import At, Expr, Incoming, Number, Ref, Special, SumOver, rebuild, walk
from plasticdsl.model.owners import OfPopulation, Owner, Whose, owner_text
from plasticdsl.symbolic.numeric import evaluate

Place = tuple[int, ...]
Key = tuple[Ref, Place]
MOST_VALUES = 100_000
NO_LETTERS: Mapping[str, int] = {}


@dataclass(slots=True)
class Small:
    """`units`: of every population. `seed` chooses the free values. `used`: the free values read so far. Places count from 0: of a connection the post,
    then the pre unit; the network has an empty one."""

    network: Network
    units: int
    seed: int = 0
    used: dict[Key, float] = field(default_factory=dict)
    _known: dict[Key, float] = field(default_factory=dict)
    _projections: dict[Owner, Projection] = field(default_factory=dict)
    _places: dict[Owner, tuple[Place, ...]] = field(default_factory=dict)
    _variables: dict[tuple[Owner, str], Variable] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._projections |= {p.as_owner: p for p in self.network.projections}
        self._places |= {p.as_owner: tuple(self._connected(p)) for p in self.network.projections}
        self._variables |= {(Whose.NETWORK, v.name): v for v in self.network.variables}
        self._variables |= {(owner, v.name): v for owner, block in self.network.blocks.items() for v in block.variables}

    def value(self, expr: Expr, owner: Owner, place: Place, letters: Mapping[str, int] = NO_LETTERS) -> float:
        """An expression of a unit, a connection or the network. `letters`: those of the sums around it."""
        seen = seen_at(owner, place, self._projections, lambda _: 0)

        def read(node: Expr) -> Expr:
            match node:
                case Ref(Whose.INDEX, letter):
                    return Number(letters[letter] + 1.0)
                case Ref(whose, name):
                    outside, at = seen.get(whose, (whose, (0,)))
                    return Number(self._variable(Ref(outside, name), at))
                case At(ref, indices):
                    return Number(self._variable(ref, tuple(letters[k] if k in letters else int(k) - 1 for k in indices)))
                case SumOver():
                    return Number(self._sum(node, letters))
                case Incoming(body):
                    reaching = (at for at in self.connections(self._projections[owner]) if at[0] == place[0])
                    return Number(sum(self.value(body, owner, at) for at in reaching))
                case Special("N_pre" | "N_post"):
                    return Number(float(self.units))
                case Special(name):
                    return Number(1.0 if name == "dt" else 0.5)
                case _:
                    return rebuild(node, read)

        return evaluate(read(expr), {})

    def connections(self, projection: Projection) -> tuple[Place, ...]:
        """(post, pre) of each connection: one to one as it says, all others complete."""
        return self._places[projection.as_owner]

    def _connected(self, projection: Projection) -> Iterator[Place]:
        kind = projection.connectivity.kind
        if kind == "transposed":
            original = next(p for p in self.network.projections if p.name == projection.connectivity.of)
            yield from ((pre, post) for post, pre in self._connected(original))
            return
        for post, pre in itertools.product(range(self.units), repeat=2):
            alike = post == pre and projection.pre == projection.post
            if (kind != "one" or post == pre) and (projection.connectivity.self_connections or not alike):
                yield post, pre

    # --- look-ups ----------------------------------------------------------------------------------------------------

    def _sum(self, node: SumOver, letters: Mapping[str, int]) -> float:
        """Over the units, or over the connections of the projections in it."""
        connections = self._places
        read = [n for n in walk(node.body) if isinstance(n, At) and n.ref.owner in connections]
        total = 0.0
        for places in itertools.product(range(self.units), repeat=len(node.indices)):
            inner = {**letters, **dict(zip(node.indices, places, strict=True))}
            exist = all(tuple(inner.get(k, 0) for k in n.indices) in connections[n.ref.owner] for n in read)
            if exist and (node.where is None or self.value(node.where, Whose.NETWORK, (), inner)):
                total += self.value(node.body, Whose.NETWORK, (), inner)
        return total

    def _variable(self, ref: Ref, place: Place) -> float:
        """The value of a variable of a population, a projection or the network."""
        key = (ref, () if ref.owner is Whose.NETWORK else place)
        if key not in self._known:
            if len(self._known) > MOST_VALUES:
                return math.nan
            self._known[key] = self._found(*key)
        return self._known[key]

    def _found(self, ref: Ref, place: Place) -> float:
        variable = self._variables.get((ref.owner, ref.name))
        if variable is None:
            return math.nan
        into = self.network.sums_into(owner_text(ref.owner), ref.name)
        if isinstance(ref.owner, OfPopulation) and variable.role is Role.INPUT and not any(p.delays for p, _ in into):
            reaching = ((p, one, at) for p, one in into for at in self.connections(p) if at[0] == place[0])
            return sum((self.value(one.body, p.as_owner, at) for p, one, at in reaching), 0.0)
        if isinstance(variable.value, Expr) and variable.role in (Role.DEFINITION, Role.PARAMETER):
            return self.value(variable.value, ref.owner, place)
        self.used[ref, place] = self._drawn((ref, place), variable)
        return self.used[ref, place]

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
