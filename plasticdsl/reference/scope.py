"""What names mean to a unit and to a connection.

A definition is evaluated whenever it is read, from whatever its own names mean at that moment.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np

from plasticdsl.model.expr import Expr, Limit, Ref
from plasticdsl.model.owners import OfProjection, Whose
from plasticdsl.reference.evaluate import Array, evaluate
from plasticdsl.reference.structure import Frame, Index, Structure
from plasticdsl.runtime.instance.instance import Floats


@dataclass(frozen=True, slots=True)
class UnitScope:
    """Units (`index`) of population `owner`.

    `own`: values of these very units that stand in place of those of the frame; `plain`, `before`, `after`: what a name without limit, with ⁻ and
    with ⁺ means where that differs. `limit` is the one under which a definition is read.
    """

    structure: Structure
    frame: Frame
    owner: str
    index: Index
    own: Mapping[str, Floats] | None = None
    plain: Mapping[str, Floats] = field(default_factory=dict)
    before: Mapping[str, Floats] = field(default_factory=dict)
    after: Mapping[str, Floats] = field(default_factory=dict)
    limit: Limit = ""
    at_grid: bool = False

    def at_grid_time(self) -> UnitScope:
        """Its own `t` does not move with the stages of an integrator."""
        return replace(self, at_grid=True)

    def ref(self, ref: Ref) -> Array:
        """Own names and parameters of the network."""
        match ref.owner:
            case Whose.OWN:
                return _own(self, ref)
            case Whose.NETWORK:
                return _network_parameter(self.structure, ref.name)
            case _:
                raise KeyError(f"{self.owner}: a unit cannot read {ref.path}")

    def incoming(self, body: Expr) -> Array:
        """Only connections sum over connections."""
        raise KeyError(f"{self.owner}: a unit has no sums over connections of its own")

    def special(self, name: str) -> Array:
        """`t`, `dt`, `i`."""
        if name in ("i", "j"):
            return np.asarray(self.index + 1, dtype=np.float64)
        return _clock(self.structure, self.frame, name, self.at_grid)


@dataclass(frozen=True, slots=True)
class ConnectionScope:
    """Connections (`index`) of projection `owner`.

    Own names: `plain`, `before`, `after` hold what a name without limit, with ⁻ and with ⁺ means where that differs from `own`; `own`
    holds the values of these very connections, and where it is None the frame's do. `limit` is the one under which a definition is read.
    `lag`: of one spike pair per connection. `pre_frame`: where the pre units are read, if not in `frame`. `elsewhere`: for sums, what a name
    means at connections that are not among these, where that differs from the frame. `sums`: what sums have come to, by body and limit; it
    is filled while they are evaluated.
    """

    structure: Structure
    frame: Frame
    owner: str
    index: Index
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
                return _own(self, ref)
            case Whose.NETWORK:
                return _network_parameter(self.structure, ref.name)
            case Whose.PRE | Whose.POST:
                return self._unit(ref)
            case OfProjection(other):
                return self._other(other, ref.name)
            case _:
                raise KeyError(f"{self.owner}: a connection cannot read {ref.path}")

    def _unit(self, ref: Ref) -> Array:
        if ref.limit:
            raise ValueError(f"{self.owner}: ⁻ and ⁺ say nothing about {ref.path}, which is not the connection's own")
        projection = self.structure.projections[self.owner]
        if ref.owner is Whose.PRE:
            units = self.structure.sources[self.owner][self.index]
            return UnitScope(self.structure, self.pre_frame or self.frame, projection.pre, units).ref(Ref(Whose.OWN, ref.name))
        units = self.structure.targets[self.owner][self.index]
        return UnitScope(self.structure, self.frame, projection.post, units).ref(Ref(Whose.OWN, ref.name))

    def _other(self, other: str, name: str) -> Array:
        """A variable of another projection between the same two units, in either direction."""
        here, there = self.structure.projections[self.owner], self.structure.projections[other]
        pre, post = self.structure.sources[self.owner], self.structure.targets[self.owner]
        first, second = (pre, post) if (there.pre, there.post) == (here.pre, here.post) else (post, pre)
        found = matching(self.structure, other, first[self.index], second[self.index])
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
        targets = self.structure.targets[self.owner]
        summed = np.flatnonzero(np.isin(targets, targets[self.index]))
        frame = self.frame.values[self.owner]
        scope = replace(
            self,
            index=summed,
            own=None if self.own is None else self._widened(self.own, frame, summed),
            plain=self._widened(self.plain, {**frame, **self.elsewhere}, summed),
            before=self._widened(self.before, {**frame, **self.elsewhere}, summed),
            after=self._widened(self.after, {**frame, **self.elsewhere}, summed),
            sums=None,
        )
        terms = np.broadcast_to(evaluate(body, scope), summed.shape)
        totals = np.zeros(self.structure.count(self.structure.projections[self.owner].post))
        np.add.at(totals, targets[summed], terms)
        return np.asarray(totals[targets[self.index]])

    def _widened(self, known: Mapping[str, Floats], others: Mapping[str, Floats], summed: Index) -> Mapping[str, Floats]:
        """Values of these connections and of all others that are summed."""
        found: dict[str, Floats] = {}
        for name, values in known.items():
            whole = others[name].copy()
            whole[self.index] = values
            found[name] = whole[summed]
        return found

    def special(self, name: str) -> Array:
        """Everything of `model.expr.Special`."""
        projection = self.structure.projections[self.owner]
        match name:
            case "lag":
                if self.lag is None:
                    raise KeyError(f"{self.owner}: there is no spike pair here")
                return self.lag
            case "N_pre" | "N_post":
                population = projection.pre if name == "N_pre" else projection.post
                return np.asarray(self.structure.count(population), dtype=np.float64)
            case "i" | "j":
                ends = self.structure.targets if name == "i" else self.structure.sources
                return np.asarray(ends[self.owner][self.index] + 1, dtype=np.float64)
            case "now_pre" | "now_post":
                arrived = self.frame.arrived_pre if name == "now_pre" else self.frame.arrived_post
                return np.asarray(arrived[self.owner][self.index], dtype=np.float64)
            case _:
                return _clock(self.structure, self.frame, name, self.at_grid)


def everything(structure: Structure, frame: Frame, owner: str) -> UnitScope | ConnectionScope:
    """All units or connections of an owner."""
    index = np.arange(structure.count(owner))
    if owner in structure.populations:
        return UnitScope(structure, frame, owner, index)
    return ConnectionScope(structure, frame, owner, index)


def bounded(name: str, values: Array, scope: UnitScope | ConnectionScope) -> Floats:
    """`values` of one of the owner's variables brought into its bounds."""
    variable = scope.structure.block(scope.owner).variable(name)
    if variable is None:
        raise KeyError(f"{scope.owner} has no variable {name}")
    result = np.asarray(values, dtype=np.float64)
    if variable.low is not None:
        result = np.maximum(result, evaluate(variable.low, scope))
    if variable.high is not None:
        result = np.minimum(result, evaluate(variable.high, scope))
    return np.asarray(result, dtype=np.float64)


def _own(scope: UnitScope | ConnectionScope, ref: Ref) -> Array:
    """One of the owner's names: a value that stands in place of the frame's, a value of the frame, a parameter or a definition."""
    limit = ref.limit or scope.limit
    table = {"": scope.plain, "before": scope.before, "after": scope.after}[limit]
    if ref.name in table:
        return table[ref.name]
    if scope.own is not None and ref.name in scope.own:
        return scope.own[ref.name]
    values = scope.frame.values[scope.owner]
    if ref.name in values:
        return values[ref.name][scope.index]
    parameters = scope.structure.parameters(scope.owner)
    if ref.name in parameters:
        array = np.asarray(parameters[ref.name], dtype=np.float64)
        return array if array.ndim == 0 else array[scope.index]
    block = scope.structure.block(scope.owner)
    formula = block.definition(ref)
    if formula is None:
        raise KeyError(f"{block.name}: {ref.name} has no value")
    return evaluate(formula, replace(scope, limit=limit))


def _network_parameter(structure: Structure, name: str) -> Array:
    return np.asarray(structure.instance.parameters[name], dtype=np.float64)


def matching(structure: Structure, projection: str, pre: Index, post: Index) -> Index:
    """The connections of a projection between these units, one for each pair. Raises `KeyError` where there is none."""
    ends = zip(structure.sources[projection], structure.targets[projection], strict=True)
    numbers = {(int(j), int(i)): number for number, (j, i) in enumerate(ends)}
    return np.array([numbers[int(j), int(i)] for j, i in zip(pre, post, strict=True)], dtype=np.int64)


def _clock(structure: Structure, frame: Frame, name: str, at_grid: bool) -> Array:
    match name:
        case "t":
            return np.asarray(frame.time if at_grid else frame.time + frame.ahead, dtype=np.float64)
        case "dt":
            return np.asarray(structure.instance.dt, dtype=np.float64)
        case _:
            raise KeyError(f"{name} means nothing here")
