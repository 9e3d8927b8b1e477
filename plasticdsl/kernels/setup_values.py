"""The values that the names of a network, a population or a projection have before the first step, as NumPy text.

Comes in: what is written. Goes out: one assignment for each name, in an order in which each follows what it depends on. In the text every value
is an attribute of `a`: `a.cell_tau_m`, `a.ex_w`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from graphlib import TopologicalSorter

from plasticdsl.kernels.identifiers import NETWORK, Field, Group, Part, of_population, of_projection
from plasticdsl.kernels.numpy_printer import numpy_text
from plasticdsl.model.expr import Expr, Number, Ref, Special, refs
from plasticdsl.model.model import Distribution, Network, Population, Projection, Role, Variable
from plasticdsl.model.model import Value as RightSide
from plasticdsl.model.owners import Owner as Of
from plasticdsl.model.owners import Whose
from plasticdsl.model.pretty import pretty
from plasticdsl.runtime.instance.right_sides import network_sides, right_sides
from plasticdsl.runtime.numbers.evaluate import evaluate

_PARAMETERS = (Role.PARAMETER, Role.GIVEN)
_STATES = (Role.STATE, Role.CLAMPED)


@dataclass(frozen=True, slots=True)
class Places:
    """Where everything stands while it is set up: as attributes of `a` with these names."""

    names: Mapping[Field, str]

    def at(self, field: Field) -> str:
        """The text that reads a field."""
        return f"a.{self.names[field]}"


@dataclass(frozen=True, slots=True)
class Value:
    """One assignment. `text`: of the value, or of the arguments of a `distribution`. `constant`: it is one of PARAMETERS and no formula.
    `settable`: it may be given to `allocate`."""

    target: str
    text: str
    second: str = "None"
    distribution: str = ""
    constant: bool = False
    settable: bool = True


@dataclass(frozen=True, slots=True)
class Written:
    """A name with its right side."""

    name: str
    symbol: str
    unit: str
    role: Role
    side: RightSide

    @property
    def is_constant(self) -> bool:
        """A plain number."""
        return isinstance(self.side, Number)

    @property
    def shown(self) -> str:
        """The right side for people."""
        return "drawn" if isinstance(self.side, Distribution) else pretty(self.side)


@dataclass(frozen=True, slots=True)
class Owner:
    """A network, population or projection. `special`: texts of `i`, `j`, …; `pairs`: the same where `pre` and `post` are pairs of units;
    `ends`: side → the population there."""

    group: Group
    itself: Of
    places: Places
    written: Mapping[str, Written]
    special: Mapping[str, str]
    around: Owner | None = None
    pairs: Mapping[str, str] = field(default_factory=dict)
    ends: Mapping[Of, Owner] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """What the author called it."""
        return self.group.name

    def target(self, name: str) -> str:
        """The attribute that holds a value."""
        return self.places.names[self.group.variable(name)]

    def at(self, part: Part) -> str:
        """One of its other fields."""
        return self.places.at(self.group.field(part))

    def text(self, expr: Expr) -> str:
        """An expression in this scope."""
        units = {Whose.PRE: self.at(Part.SOURCES), Whose.POST: self.at(Part.TARGETS)} if self.ends else {}
        return numpy_text(expr, self._naming(units, self.special))

    def pair_text(self, expr: Expr) -> str:
        """An expression for the pairs of units `pre` and `post`."""
        return numpy_text(expr, self._naming({Whose.PRE: "pre", Whose.POST: "post"}, self.pairs))

    def values(self) -> tuple[Value, ...]:
        """All assignments, in order."""
        return tuple(self._assignment(self.written[name]) for name in self._order())

    def value(self, name: str, side: RightSide) -> Value:
        """What is written for something that is no variable."""
        match side:
            case Distribution(distribution, arguments):
                first, second = (*(self.text(e) for e in arguments), "None")[:2]
                return Value(name, first, second, distribution)
            case _:
                return Value(name, self.text(side))

    def all(self) -> Iterator[Written]:
        """Everything that is assigned, in order."""
        return (self.written[name] for name in self._order())

    def parameters(self) -> Iterator[Written]:
        """Those of the assignments that set a parameter."""
        return (written for written in self.all() if written.role in _PARAMETERS)

    def default(self, written: Written, known: Mapping[str, float]) -> float | None:
        """The number a parameter has by default; None where it is drawn or differs from unit to unit."""
        if isinstance(written.side, Distribution):
            return None

        def lookup(node: object) -> float:
            match node:
                case Ref(Whose.NETWORK, name):
                    return known[(self.around or self).target(name)]
                case Ref(owner, name) if owner in (Whose.OWN, self.itself):
                    return known[self.target(name)]
                case _:
                    raise KeyError(node)

        try:
            found = evaluate(written.side, lookup)
        except (KeyError, ValueError):
            return None
        return float(found) if isinstance(found, float) else None

    # --- one name ---

    def _assignment(self, written: Written) -> Value:
        target = self.target(written.name)
        found = self.value(target, written.side)
        constant = written.role in _PARAMETERS and written.is_constant
        return Value(target, found.text, found.second, found.distribution, constant, written.role is not Role.DEFINITION)

    def _naming(self, units: Mapping[Whose, str], special: Mapping[str, str]) -> Callable[[Ref | Special], str]:
        def named(node: Ref | Special) -> str:
            match node:
                case Special(name) if name in special:
                    return special[name]
                case Ref(Whose.NETWORK, name) if self.around is not None:
                    return f"a.{self.around.target(name)}"
                case Ref(Whose.PRE | Whose.POST as side, name) if side in self.ends:
                    return f"at(a.{self.ends[side].target(name)}, {units[side]})"
                case Ref(owner, name) if owner in (Whose.OWN, self.itself) and name in self.written:
                    return f"a.{self.target(name)}"
                case _:
                    raise ValueError(f"‘{pretty(node)}’ has no value before the first step, and {self.name} needs it")

        return named

    def _order(self) -> list[str]:
        """Parameters and states, and the definitions that something reads, each after what it reads."""
        graph: dict[str, list[str]] = {}
        waiting = [name for name, w in self.written.items() if w.role in (*_PARAMETERS, *_STATES)]
        waiting += [r.name for w in self.written.values() for e in _parts(w.side) for r in refs(e) if r.owner == self.itself]
        while waiting:
            name = waiting.pop(0)
            if name not in graph and name in self.written:
                own = [r.name for e in _parts(self.written[name].side) for r in refs(e) if r.owner in (Whose.OWN, self.itself)]
                graph[name] = sorted(set(own) & self.written.keys())
                waiting += graph[name]
        return list(TopologicalSorter(graph).static_order())


def _parts(side: RightSide) -> tuple[Expr, ...]:
    return side.arguments if isinstance(side, Distribution) else (side,)


# --- the three kinds of owners ---------------------------------------------------------------------------------------


def network_owner(network: Network, places: Places) -> Owner:
    """The network's parameters."""
    sides = network_sides(network, {})
    return Owner(NETWORK, Whose.NETWORK, places, _written(network.variables, sides), {"dt": "a.dt", "t": "0.0"})


def population_owner(population: Population, around: Owner) -> Owner:
    """A population's values, one per unit or shared."""
    sides = right_sides(population.as_owner, population.block, population.values, {})
    group, places = of_population(population.name), around.places
    special = {"dt": "a.dt", "t": "0.0", "i": f"np.arange(1.0, {places.at(group.field(Part.UNITS))} + 1.0)"}
    return Owner(group, population.as_owner, places, _written(population.block.variables, sides), special, around)


def connection_owner(projection: Projection, owners: Mapping[Group, Owner], around: Owner) -> Owner:
    """A projection's values, one per connection or shared."""
    sides = right_sides(projection.as_owner, projection.connection, projection.values, {})
    group, places = of_projection(projection.name), around.places
    ends = {side: owners[of_population(name)] for side, name in projection.ends.items()}
    shared = {"dt": "a.dt", "t": "0.0", "N_pre": ends[Whose.PRE].at(Part.UNITS), "N_post": ends[Whose.POST].at(Part.UNITS)}
    targets, sources = places.at(group.field(Part.TARGETS)), places.at(group.field(Part.SOURCES))
    special = {**shared, "i": f"({targets} + 1.0)", "j": f"({sources} + 1.0)"}
    pairs = {**shared, "i": "(post + 1.0)", "j": "(pre + 1.0)"}
    return Owner(group, projection.as_owner, places, _written(projection.connection.variables, sides), special, around, pairs, ends)


def _written(variables: tuple[Variable, ...], sides: Mapping[str, object]) -> dict[str, Written]:
    found: dict[str, Written] = {}
    for v in variables:
        side = sides.get(v.name)
        if isinstance(side, Expr | Distribution):
            found[v.name] = Written(v.name, v.symbol, v.unit, v.role, side)
    return found
