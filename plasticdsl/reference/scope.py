"""What names mean to a unit and to a connection.

A definition is evaluated whenever it is read, from whatever its own names mean at that moment.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np

from plasticdsl.model.expr import Expr, Limit, Ref
from plasticdsl.model.model import Block, Role, Variable
from plasticdsl.model.owners import OfProjection, Whose
from plasticdsl.reference.evaluate import Array, evaluate
from plasticdsl.reference.structure import Frame, Index, Structure
from plasticdsl.runtime.instance.instance import Floats

NOTHING: Mapping[str, Floats] = {}


@dataclass(frozen=True, slots=True)
class UnitScope:
    """Units of a population.

    `own`: values of these very units that stand in place of those of the frame; `plain`, `before`: what a name without limit and with ⁻
    means where that differs. `limit` is the one under which a definition is read.
    """

    structure: Structure
    frame: Frame
    population: str
    units: Index
    own: Mapping[str, Floats] = field(default_factory=dict)
    plain: Mapping[str, Floats] = field(default_factory=dict)
    before: Mapping[str, Floats] = field(default_factory=dict)
    limit: Limit = ""
    at_grid: bool = False

    def at_grid_time(self) -> UnitScope:
        """Its own `t` does not move with the stages of an integrator."""
        return replace(self, at_grid=True)

    def ref(self, ref: Ref) -> Array:
        """Own names and parameters of the network."""
        if ref.owner is Whose.NETWORK:
            return network_parameter(self.structure, ref.name)
        if ref.owner is not Whose.OWN:
            raise KeyError(f"{self.population}: a unit cannot read {ref.path}")
        limit = ref.limit or self.limit
        table = {"": self.plain, "before": self.before, "after": NOTHING}[limit]
        if ref.name in table:
            return table[ref.name]
        if ref.name in self.own:
            return self.own[ref.name]
        values = self.frame.values[self.population]
        if ref.name in values:
            return values[ref.name][self.units]
        parameters = self.structure.parameters(self.population)
        if ref.name in parameters:
            return _chosen(parameters[ref.name], self.units)
        return evaluate(_definition(self.structure.block(self.population), ref.name), replace(self, limit=limit))

    def incoming(self, body: Expr) -> Array:
        """Only connections sum over connections."""
        raise KeyError(f"{self.population}: a unit has no sums over connections of its own")

    def special(self, name: str) -> Array:
        """`t`, `dt`, `i`."""
        if name in ("i", "j"):
            return np.asarray(self.units + 1, dtype=np.float64)
        return _clock(self.structure, self.frame, name, self.at_grid)


@dataclass(frozen=True, slots=True)
class ConnectionScope:
    """Connections of a projection.

    Own names: `plain`, `before`, `after` hold what a name without limit, with ⁻ and with ⁺ means where that differs from `own`; `own`
    holds the values of these very connections, and where it is None the frame's do. `limit` is the one under which a definition is read.
    `lag`: of one spike pair per connection. `pre_frame`: where the pre units are read, if not in `frame`. `elsewhere`: for sums, what a name
    means at connections that are not among these, where that differs from the frame. `sums`: what sums have come to, by body and limit; it
    is filled while they are evaluated.
    """

    structure: Structure
    frame: Frame
    projection: str
    connections: Index
    own: Mapping[str, Floats] | None = None
    plain: Mapping[str, Floats] = field(default_factory=dict)
    before: Mapping[str, Floats] = field(default_factory=dict)
    after: Mapping[str, Floats] = field(default_factory=dict)
    limit: Limit = ""
    lag: Floats | None = None
    pre_frame: Frame | None = None
    elsewhere: Mapping[str, Floats] = field(default_factory=dict)
    sums: dict[tuple[Expr, Limit], Array] | None = None
    at_grid: bool = False

    def at_grid_time(self) -> ConnectionScope:
        """Its own `t` does not move with the stages of an integrator."""
        return replace(self, at_grid=True)

    def ref(self, ref: Ref) -> Array:
        """Names of the connection, of the two units, of other projections and parameters of the network."""
        match ref.owner:
            case Whose.OWN:
                return self._own(ref)
            case Whose.NETWORK:
                return network_parameter(self.structure, ref.name)
            case Whose.PRE | Whose.POST:
                return self._unit(ref)
            case OfProjection(other):
                return self._other(other, ref.name)
            case _:
                raise KeyError(f"{self.projection}: a connection cannot read {ref.path}")

    def _own(self, ref: Ref) -> Array:
        limit = ref.limit or self.limit
        table = {"": self.plain, "before": self.before, "after": self.after}[limit]
        if ref.name in table:
            return table[ref.name]
        if self.own is not None and ref.name in self.own:
            return self.own[ref.name]
        values = self.frame.values[self.projection]
        if ref.name in values:
            return values[ref.name][self.connections]
        parameters = self.structure.parameters(self.projection)
        if ref.name in parameters:
            return _chosen(parameters[ref.name], self.connections)
        return evaluate(_definition(self.structure.block(self.projection), ref.name), replace(self, limit=limit))

    def _unit(self, ref: Ref) -> Array:
        if ref.limit:
            raise ValueError(f"{self.projection}: ⁻ and ⁺ say nothing about {ref.path}, which is not the connection's own")
        projection = self.structure.projections[self.projection]
        if ref.owner is Whose.PRE:
            units = self.structure.sources[self.projection][self.connections]
            return UnitScope(self.structure, self.pre_frame or self.frame, projection.pre, units).ref(Ref(Whose.OWN, ref.name))
        units = self.structure.targets[self.projection][self.connections]
        return UnitScope(self.structure, self.frame, projection.post, units).ref(Ref(Whose.OWN, ref.name))

    def _other(self, other: str, name: str) -> Array:
        """A variable of another projection between the same two units, in either direction."""
        here, there = self.structure.projections[self.projection], self.structure.projections[other]
        pre, post = self.structure.sources[self.projection], self.structure.targets[self.projection]
        first, second = (pre, post) if (there.pre, there.post) == (here.pre, here.post) else (post, pre)
        found = matching(self.structure, other, first[self.connections], second[self.connections])
        return ConnectionScope(self.structure, self.frame, other, found).ref(Ref(Whose.OWN, name))

    def incoming(self, body: Expr) -> Array:
        """The sum over all connections that reach the post unit of each of these."""
        found = self.sums.get((body, self.limit)) if self.sums is not None else None
        if found is None:
            found = self._summed(body)
        if self.sums is not None:
            self.sums[body, self.limit] = found
        return found

    def _summed(self, body: Expr) -> Array:
        targets = self.structure.targets[self.projection]
        summed = np.flatnonzero(np.isin(targets, targets[self.connections]))
        frame = self.frame.values[self.projection]
        scope = replace(
            self,
            connections=summed,
            own=None if self.own is None else self._widened(self.own, frame, summed),
            plain=self._widened(self.plain, {**frame, **self.elsewhere}, summed),
            before=self._widened(self.before, {**frame, **self.elsewhere}, summed),
            after=self._widened(self.after, {**frame, **self.elsewhere}, summed),
            sums=None,
        )
        terms = np.broadcast_to(evaluate(body, scope), summed.shape)
        totals = np.zeros(self.structure.count(self.structure.projections[self.projection].post))
        np.add.at(totals, targets[summed], terms)
        return np.asarray(totals[targets[self.connections]])

    def _widened(self, known: Mapping[str, Floats], others: Mapping[str, Floats], summed: Index) -> Mapping[str, Floats]:
        """Values of these connections and of all others that are summed."""
        found: dict[str, Floats] = {}
        for name, values in known.items():
            whole = others[name].copy()
            whole[self.connections] = values
            found[name] = whole[summed]
        return found

    def special(self, name: str) -> Array:
        """Everything of `model.expr.Special`."""
        projection = self.structure.projections[self.projection]
        match name:
            case "lag":
                if self.lag is None:
                    raise KeyError(f"{self.projection}: there is no spike pair here")
                return self.lag
            case "N_pre" | "N_post":
                population = projection.pre if name == "N_pre" else projection.post
                return np.asarray(self.structure.count(population), dtype=np.float64)
            case "i" | "j":
                ends = self.structure.targets if name == "i" else self.structure.sources
                return np.asarray(ends[self.projection][self.connections] + 1, dtype=np.float64)
            case "now_pre" | "now_post":
                arrived = self.frame.arrived_pre if name == "now_pre" else self.frame.arrived_post
                return np.asarray(arrived[self.projection][self.connections], dtype=np.float64)
            case _:
                return _clock(self.structure, self.frame, name, self.at_grid)


def everything(structure: Structure, frame: Frame, owner: str) -> UnitScope | ConnectionScope:
    """All units or connections of an owner."""
    index = np.arange(structure.count(owner))
    if owner in structure.populations:
        return UnitScope(structure, frame, owner, index)
    return ConnectionScope(structure, frame, owner, index)


def bounded(variable: Variable, values: Array, scope: UnitScope | ConnectionScope) -> Floats:
    """`values` brought into the bounds of the variable."""
    result = np.asarray(values, dtype=np.float64)
    if variable.low is not None:
        result = np.maximum(result, evaluate(variable.low, scope))
    if variable.high is not None:
        result = np.minimum(result, evaluate(variable.high, scope))
    return np.asarray(result, dtype=np.float64)


def variable_of(structure: Structure, owner: str, name: str) -> Variable:
    """The declaration of a name of a population or projection."""
    found = structure.block(owner).variable(name)
    if found is None:
        raise KeyError(f"{owner} has no variable {name}")
    return found


def network_parameter(structure: Structure, name: str) -> Array:
    """A parameter of the network."""
    return np.asarray(structure.instance.parameters[name], dtype=np.float64)


def matching(structure: Structure, projection: str, pre: Index, post: Index) -> Index:
    """The connections of a projection between these units, one for each pair. Raises `KeyError` where there is none."""
    ends = zip(structure.sources[projection], structure.targets[projection], strict=True)
    numbers = {(int(j), int(i)): number for number, (j, i) in enumerate(ends)}
    return np.array([numbers[int(j), int(i)] for j, i in zip(pre, post, strict=True)], dtype=np.int64)


def _chosen(value: float | Floats, index: Index) -> Array:
    array = np.asarray(value, dtype=np.float64)
    return array if array.ndim == 0 else array[index]


def _definition(block: Block, name: str) -> Expr:
    variable = block.variable(name)
    if variable is None or variable.role is not Role.DEFINITION or not isinstance(variable.value, Expr):
        raise KeyError(f"{block.name}: {name} has no value")
    return variable.value


def _clock(structure: Structure, frame: Frame, name: str, at_grid: bool) -> Array:
    match name:
        case "t":
            return np.asarray(frame.time if at_grid else frame.time + frame.ahead, dtype=np.float64)
        case "dt":
            return np.asarray(structure.instance.dt, dtype=np.float64)
        case _:
            raise KeyError(f"{name} means nothing here")
