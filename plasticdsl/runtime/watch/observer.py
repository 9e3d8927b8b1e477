"""The value of an expression over a whole network, now: states, definitions, parameters, observables.

Comes in: a checked network and an engine that runs it. Goes out: numbers, or arrays with one value per unit or connection. Statistics are not known
here (`readings`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from plasticdsl.model import Network, Role
from plasticdsl.model.expr import Expr, Incoming, Ref, Special, is_stored
from plasticdsl.model.owners import OfPatterns, OfPopulation, OfProjection, OfSeries, OfTable, Owner, Part, Whose, owner_text
from plasticdsl.model.presence import PRESENT
from plasticdsl.runtime.engine.engine import Engine
from plasticdsl.runtime.instance.arrays import Arrays
from plasticdsl.runtime.instance.instance import Instance, PopulationInstance, ProjectionInstance, Values
from plasticdsl.runtime.instance.pairing import Ends
from plasticdsl.runtime.numbers.evaluate import Lookup, Name, evaluate, evaluate_indexed
from plasticdsl.support.arrays import Integers
from plasticdsl.support.connections import Connections

NOTHING: Mapping[Expr, Values] = {}
_KEPT = (Role.STATE, Role.INPUT, Role.CLAMPED, Role.REFRACTORY)


def _undelayed_sums(network: Network) -> dict[Ref, list[tuple[str, Expr]]]:
    """For each input that undelayed sums fill and nothing else does: the projections and what they sum. Inputs of populations with steps of their own
    are those of their last step."""
    own = {p.as_owner for p in network.populations if p.step is not None}
    late = {Ref(OfPopulation(p.post), s.target) for p in network.projections if p.delays for s in p.connection.sums}
    changed = {p.from_outside(s.target) for p in network.projections for s in p.connection.statements()}
    found: dict[Ref, list[tuple[str, Expr]]] = {}
    for projection in network.projections:
        for total in projection.connection.sums:
            target = Ref(OfPopulation(projection.post), total.target)
            if target not in late | changed and target.owner not in own:
                found.setdefault(target, []).append((projection.name, total.body))
    return found


@dataclass(slots=True)
class Present:
    """What there is to read beside the network itself. `item`: loop name → what a phase shows now. `recorded`: everything recorded so far under a
    name. `instead`: values that count in place of the engine's. `fed`: of variables of populations that a phase takes from tables, for which
    units (or for all). `counts`: which round it is, and which showing of an item."""

    item: Callable[[str], Values] | None = None
    recorded: Callable[[str], NDArray[np.float64]] | None = None
    instead: Mapping[Ref, NDArray[np.float64]] = field(default_factory=dict)
    fed: Mapping[Ref, NDArray[np.bool_]] = field(default_factory=dict)
    counts: Mapping[str, int] = field(default_factory=dict)


class Observer:
    """Reads one engine; also the space that sums over units and connections run over (`runtime.numbers.sums.Space`).

    An input is what it would be now, summed anew from the states; where time is counted in steps (`in_steps`), or where a delay is in between, it is
    what it was in the last step. A variable of a connection that is absent is no number (NaN), but for `present` itself.
    """

    def __init__(self, network: Network, engine: Engine, in_steps: bool = False) -> None:
        self.network = network
        self.engine = engine
        self._sums = {} if in_steps else _undelayed_sums(network)
        self.declared = {Ref(owner, v.name): v for owner, block in network.blocks.items() for v in block.variables}
        self._changing = frozenset(p.name for p in network.projections if p.changing)
        self._ends: dict[str, tuple[Integers, Integers]] = {}
        self.present = Present()
        self._known: dict[str | Ref, Values] | None = None

    @property
    def some_change(self) -> bool:
        """Whether there are connections that come and go."""
        return bool(self._changing)

    @property
    def instance(self) -> Instance:
        """The numbers of the network."""
        return self.engine.instance

    @property
    def time(self) -> float:
        """Seconds since the beginning."""
        return self.engine.step * self.instance.dt

    def value(self, expr: Expr, found: Mapping[Expr, Values] = NOTHING) -> Values:
        """The value of an expression in terms of populations and projections, and of what is `found` already: a float, or float64[units or connections].

        Conditions give 1 and 0. Raises KeyError where it reads something that the network does not have.
        """
        look_up = (lambda node: found[node] if node in found else self.look_up(node)) if found else self.look_up
        return look_up(expr) if isinstance(expr, Ref) else evaluate(expr, look_up, self)

    @contextmanager
    def at_once(self) -> Iterator[None]:
        """Meanwhile nothing moves: an observable or a definition that several read is worked out once."""
        self._known = {}
        try:
            yield
        finally:
            self._known = None

    def variable(self, target: Ref) -> Values:
        """A variable of a population or projection, shared (float) or one value for each unit or connection."""
        if target in self.present.instead:
            return self.present.instead[target]
        match self.how(target):
            case "summed":
                summed = sum(self._per_post_unit(body, projection) for projection, body in self._sums[target])
                return np.where(self.present.fed.get(target, False), self.engine.read(target), summed)
            case "read":
                return self.engine.read(target)
            case "parameter":
                return self.instance.part(target.owner).parameters[target.name]
            case "defined":
                known = {} if self._known is None else self._known
                if target not in known:
                    formula = self.declared[target].formula
                    assert formula is not None, "what is defined has a formula"
                    known[target] = self._inside_of(formula, target.owner)
                return known[target]
            case None:
                raise KeyError(f"{owner_text(target.owner)} has no variable {target.name}")

    def how(self, target: Ref) -> Literal["read", "parameter", "defined", "summed"] | None:
        """Where `variable` has its value from: what the engine keeps, a parameter, a definition, or sums that are formed anew; None where there is no such
        variable."""
        declared = self.declared.get(target)
        if target in self._sums:
            return "summed"
        if declared is not None and declared.role in _KEPT:
            return "read"
        if target.name in self.instance.part(target.owner).parameters:
            return "parameter"
        if declared is None:
            return None
        return "read" if declared.formula is None else "defined"

    def owner_size(self, owner: Owner) -> int:
        """Units of a population, patterns of a set, or connections of a projection."""
        return self.size(owner.name) if isinstance(owner, OfPatterns) else self.instance.part(owner).count

    # --- the space of sums ---

    def size(self, population: str) -> int:
        """The number of units, or of patterns of a set."""
        return self.instance.size(population)

    def connections(self, projection: str) -> tuple[Integers, Integers] | None:
        """Post and pre unit (from 0) of each connection; None for anything but a projection."""
        return self._ends_of(projection) if projection in self.instance.projections else None

    def sizes(self, projection: str) -> tuple[int, int]:
        """How many units there are on the post and on the pre side of a projection."""
        found = self.instance.projections[projection]
        return self.size(found.post), self.size(found.pre)

    def there(self, projection: str) -> NDArray[np.bool_] | None:
        """Which connections are present now; None for a projection whose connections do not come and go."""
        return self.engine.read(Ref(OfProjection(projection), PRESENT)) != 0.0 if projection in self._changing else None

    def numbers(self, array: Ref, owner: Part) -> Values:
        """The numbers of an array of a file for the units of a population or the connections of a projection."""
        stored = self._stored
        match self.instance.part(owner):
            case PopulationInstance(name=name, size=size):
                return stored.of_units(array, size, name)
            case ProjectionInstance() as made:
                found = Connections(made.rows, made.targets, made.order)
                return stored.of_connections(array, found, self.sizes(owner.name)[::-1])

    def given_to(self, owner: Owner) -> Lookup:
        """How names are read in a value for each unit of a population or connection of a projection, where arrays of files have a number for each."""
        if not isinstance(owner, Part):
            return self.look_up
        return lambda node: self.numbers(node, owner) if isinstance(node, Ref) and is_stored(node) else self.look_up(node)

    @property
    def _stored(self) -> Arrays:
        """What is in the files of the network's data sets."""
        return Arrays(self.network.data, self.instance.stored)

    def _ends_of(self, projection: str) -> tuple[Integers, Integers]:
        if projection not in self._ends:
            found = self.instance.projections[projection]
            self._ends[projection] = found.targets.astype(np.int64), found.sources().astype(np.int64)
        return self._ends[projection]

    # --- look-ups ---

    def look_up(self, node: Name) -> Values:
        """A name as it is read outside of blocks. Raises KeyError for what has no meaning there."""
        match node:
            case Ref(OfPopulation()):
                return self.variable(node)
            case Ref(OfPatterns(name)):
                return self.instance.patterns[name]
            case Ref(Whose.NETWORK | Whose.OWN, name):
                return self._of_network(name)
            case Ref(Whose.ITEM, name) if self.present.item is not None:
                return self.present.item(name)
            case Ref(Whose.ROUND, name):
                return float(self.present.counts.get(name, 1))
            case Ref(Whose.RECORDED, name) if self.present.recorded is not None:
                return self.present.recorded(name)
            case Ref(OfProjection(owner), name) if name != PRESENT and (there := self.there(owner)) is not None:
                return np.where(there, self.variable(node), np.nan)
            case Ref(OfProjection()):
                return self.variable(node)
            case Ref(OfSeries()):
                return self.instance.series(node)
            case Ref(OfTable()):
                return self._stored.table(node, self.size)
            case Special("t"):
                return self.time
            case Special("dt"):
                return self.instance.dt
            case _:
                raise KeyError(f"{node} has no meaning outside a block")

    def _of_network(self, name: str) -> Values:
        if name in self.instance.parameters:
            return self.instance.parameters[name]
        observable = next((v for v in self.network.variables if v.name == name), None)
        if observable is None or observable.formula is None:
            raise KeyError(f"the network has no {name}")
        known = {} if self._known is None else self._known
        if name not in known:
            indexed, formula = observable.indices, observable.formula
            known[name] = evaluate_indexed(formula, self.look_up, self, indexed) if indexed else self.value(formula)
        return known[name]

    @contextmanager
    def seen_as(self, values: Mapping[Ref, NDArray[np.float64]]) -> Iterator[None]:
        """Meanwhile these states count in place of the engine's, and inputs are summed anew from them."""
        sums, self._sums = self._sums, _undelayed_sums(self.network)
        known, self._known = self._known, None
        self.present.instead = values
        try:
            yield
        finally:
            self._sums, self._known, self.present.instead = sums, known, {}

    def axes(self, name: str) -> tuple[tuple[str, str], ...]:
        """The index letters of an observable, each with what it runs over."""
        return next((v.indices for v in self.network.variables if v.name == name), ())

    def _inside_of(self, expr: Expr, owner: Owner) -> Values:
        """An expression within a block of this owner."""
        return evaluate(expr, self._inside(owner), self)

    def _per_post_unit(self, body: Expr, projection: str) -> NDArray[np.float64]:
        """A sum over the connections of the same post unit, for each post unit."""
        post, _ = self._ends_of(projection)
        terms = np.broadcast_to(self._inside_of(body, OfProjection(projection)), post.shape)
        return np.bincount(post, terms, minlength=self.size(self.instance.projections[projection].post)).astype(np.float64, copy=False)

    def _inside(self, owner: Owner) -> Lookup:
        """How names are read within a block of this population or projection."""
        around: Lookup = self.look_up
        if isinstance(owner, OfProjection):
            drawn, (post, pre) = self.instance.projections[owner.name], self._ends_of(owner.name)
            projection = next(p for p in self.network.projections if p.as_owner == owner)
            sides, sizes = projection.ends, (self.size(drawn.pre), self.size(drawn.post))
            ends = Ends(
                *sizes,
                lambda side, name: self.variable(Ref(OfPopulation(sides[side]), name)),
                self.look_up,
                self._stored,
                projection.thirds,
            )
            around = ends.lookup(lambda: pre, lambda: post)

        def look_up(node: Name) -> Values:
            match node, owner:
                case Ref(Whose.OWN, name), _:
                    return self.variable(Ref(owner, name))
                case Incoming(body), OfProjection(projection):
                    return self._per_post_unit(body, projection)[self._ends_of(projection)[0]]
                case Special("i"), OfPopulation(population):
                    return np.arange(1.0, self.size(population) + 1.0)
                case _:
                    return around(node)

        return look_up
